// Options: how values are written, and how any bytes are shown.
import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import {
  encodeHex,
  encodeIps,
  encodeMessageType,
  encodeRoutes,
  encodeSipIps,
  encodeSipNames,
  encodeText,
  encodeTlv,
  encodeU8,
  encodeU16,
  encodeU32,
  messageTypeOf,
  showOption,
} from '../../src/dhcp/options.ts';
import { ip } from './kit.ts';

test.each([
  { value: 'text', bytes: encodeText('http://a/'), hex: '687474703a2f2f612f' },
  { value: 'text with a NUL', bytes: encodeText('ab', 'nul'), hex: '616200' },
  { value: 'text beyond ASCII', bytes: encodeText('ü'), hex: 'c3bc' },
  { value: 'addresses', bytes: encodeIps([ip('10.20.0.1'), ip('255.255.255.0')]), hex: '0a140001ffffff00' },
  { value: 'no address', bytes: encodeIps([]), hex: '' },
  { value: 'one byte', bytes: encodeU8(255), hex: 'ff' },
  { value: 'two bytes', bytes: encodeU16(0x1234), hex: '1234' },
  { value: 'four bytes', bytes: encodeU32(4_294_967_295), hex: 'ffffffff' },
  { value: 'hex', bytes: encodeHex('00FFab'), hex: '00ffab' },
  { value: 'a message type', bytes: encodeMessageType('nak'), hex: '06' },
])('$value is written as $hex', ({ bytes, hex }) => {
  expect(toHex(bytes)).toBe(hex);
});

test('sub-options stand in their order, without an end mark', () => {
  const bytes = encodeTlv([
    { code: 66, bytes: encodeText('http://a/', 'nul') },
    { code: 132, bytes: encodeText('3') },
    { code: 1, bytes: new Uint8Array() },
  ]);
  expect(toHex(bytes ?? new Uint8Array())).toBe('420a687474703a2f2f612f00840133' + '0100');
});

test('a route has the bytes of its destination that count (RFC 3442)', () => {
  const to = (network: string, prefix: number, gateway: string) => ({
    subnet: { network: ip(network), prefix },
    gateway: ip(gateway),
  });
  const routes = [
    to('0.0.0.0', 0, '10.20.0.1'),
    to('10.0.0.0', 8, '10.20.0.2'),
    to('10.17.0.0', 16, '10.20.0.3'),
    to('10.27.129.0', 24, '10.20.0.4'),
    to('10.229.0.128', 25, '10.20.0.5'),
    to('10.198.122.47', 32, '10.20.0.6'),
  ];
  const hex =
    '000a140001' +
    '080a0a140002' +
    '100a110a140003' +
    '180a1b810a140004' +
    '190ae500800a140005' +
    '200ac67a2f0a140006';
  expect(toHex(encodeRoutes(routes))).toBe(hex);
});

test('SIP servers by name or by address (RFC 3361)', () => {
  expect(toHex(encodeSipNames(['sip.ab', 'b']) ?? new Uint8Array())).toBe(
    '00' + '03736970026162' + '00' + '016200',
  );
  expect(encodeSipNames(['a..b'])).toBeUndefined();
  expect(toHex(encodeSipIps([ip('10.20.0.1')]))).toBe('010a140001');
});

test('a sub-option longer than its length byte cannot be written', () => {
  expect(encodeTlv([{ code: 1, bytes: new Uint8Array(256) }])).toBeUndefined();
});

describe('showing', () => {
  test.each([
    { code: 1, hex: 'ffffff00', shown: '255.255.255.0' },
    { code: 1, hex: 'ffff', shown: 'ffff' },
    { code: 2, hex: 'fffff1f0', shown: '-3600' },
    { code: 6, hex: '0a1400010a140002', shown: '10.20.0.1, 10.20.0.2' },
    { code: 6, hex: '0a14000105', shown: '0a14000105' },
    { code: 13, hex: '0100', shown: '256' },
    { code: 19, hex: '00', shown: 'off' },
    { code: 19, hex: '01', shown: 'on' },
    { code: 25, hex: '05dc0044', shown: '1500, 68' },
    { code: 43, hex: '687474703a2f2f612f', shown: 'http://a/' },
    { code: 43, hex: '42096874702f2f2f2f2f2f0801ff', shown: '66=htp//////, 8=ff' },
    { code: 43, hex: '4299', shown: '4299' },
    { code: 51, hex: '00000e10', shown: '3600 s' },
    { code: 53, hex: '05', shown: 'ack' },
    { code: 53, hex: '63', shown: 'c' },
    { code: 55, hex: '014206', shown: '1,66,6' },
    { code: 61, hex: '01021122334455', shown: '01021122334455' },
    { code: 66, hex: '687474703a2f2f612f00', shown: 'http://a/\\x00' },
    { code: 66, hex: 'c3bc1b', shown: 'ü\\x1b' },
    { code: 66, hex: 'ff41', shown: 'ÿA' },
    { code: 80, hex: '', shown: 'present' },
    { code: 82, hex: '0104000a0001', shown: '1=000a0001' },
    {
      code: 121,
      hex: '180a14010a14000100c0a80101',
      shown: '10.20.1.0/24 via 10.20.0.1, 0.0.0.0/0 via 192.168.1.1',
    },
    { code: 121, hex: '210a', shown: '210a' },
    { code: 121, hex: '', shown: '' },
    {
      code: 33,
      hex: '0a0100000a140001c0a80105c0a80101',
      shown: '10.1.0.0 10.20.0.1, 192.168.1.5 192.168.1.1',
    },
    { code: 33, hex: '0a0100000a140001c0a80105', shown: '0a0100000a140001c0a80105' },
    { code: 117, hex: '0006002c', shown: '6, 44' },
    { code: 77, hex: '0341424302abcd', shown: 'ABC, abcd' },
    { code: 77, hex: '54686f6d736f6e', shown: 'Thomson' },
    { code: 77, hex: '0341', shown: '0341' },
    { code: 81, hex: '0000006162', shown: 'ab (flags 0)' },
    { code: 81, hex: '05ffff026162036c616e00', shown: 'ab.lan (flags 5)' },
    { code: 81, hex: '040000026162', shown: 'ab (flags 4)' },
    { code: 81, hex: '040000', shown: '(flags 4)' },
    { code: 81, hex: '0400', shown: '0400' },
    { code: 119, hex: '03656e6702616200', shown: 'eng.ab' },
    { code: 119, hex: '0161c006016200', shown: '0161c006016200' },
    { code: 119, hex: '03656e6702616200026161c004', shown: 'eng.ab, aa.ab' },
    { code: 119, hex: 'c000', shown: 'c000' },
    { code: 119, hex: '03656e', shown: '03656e' },
    { code: 119, hex: '011b00', shown: '\\x1b' },
    { code: 120, hex: '010a1400010a140002', shown: '10.20.0.1, 10.20.0.2' },
    { code: 120, hex: '000373697002616200', shown: 'sip.ab' },
    { code: 120, hex: '0000', shown: '.' },
    { code: 120, hex: '020a140001', shown: '020a140001' },
    { code: 124, hex: '00000de90403414243', shown: '3561: ABC' },
    { code: 124, hex: '00000de904034142', shown: '00000de904034142' },
    { code: 125, hex: '00000de9060102414204000000040300', shown: '3561: 1=AB, 4=; 1027: ' },
    { code: 125, hex: '00000de9ff01024142', shown: '00000de9ff01024142' },
    { code: 200, hex: '76616c7565', shown: 'value' },
    { code: 200, hex: '00ff', shown: '00ff' },
  ])('option $code with $hex is $shown', ({ code, hex, shown }) => {
    expect(showOption(code, encodeHex(hex))).toBe(shown);
  });

  test('any bytes can be shown for any option', () => {
    const samples = [
      '',
      '00',
      'ff',
      '20',
      '2041',
      '41424344',
      '0a1400010a140001ff',
      '00000de900',
      '04c0c0c0',
      'c000',
    ].map(encodeHex);
    for (let code = 1; code < 255; code += 1) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not come through
      for (const bytes of samples) expect(showOption(code, bytes)).not.toMatch(/[\u0000-\u001f]/);
    }
  });
});

test('message types of RFC 2132 section 9.6', () => {
  const named = Array.from({ length: 10 }, (_, value) => messageTypeOf(value));
  expect(named).toEqual([
    undefined,
    'discover',
    'offer',
    'request',
    'decline',
    'ack',
    'nak',
    'release',
    'inform',
    undefined,
  ]);
});

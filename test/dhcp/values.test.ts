// Values of options as vendor files write them, to exact bytes.
import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import type { Fillings } from '../../src/base/fill.ts';
import { checkShape } from '../../src/base/shape.ts';
import { carriesUrl, encodeValue, placeholdersIn } from '../../src/dhcp/values.ts';
import { type OptionValue, optionValues } from '../../src/phones/option-value.ts';

const FILLINGS: Fillings = {
  url: 'http://10.20.0.1/',
  server: '10.20.0.1',
  mac: '001565aabbcc',
  name: 'sip.ab',
};

/** The value in its checked form, as the doors get it. */
function read(code: number, written: unknown): OptionValue {
  const checked = checkShape(optionValues, { [code]: written });
  const value = checked.ok ? checked.value[String(code)] : undefined;
  if (value === undefined) throw new Error(JSON.stringify(checked));
  return value;
}

function bytesOf(code: number, written: unknown, fillings: Fillings = FILLINGS): string | undefined {
  const bytes = encodeValue(code, read(code, written), fillings);
  return bytes === undefined ? undefined : toHex(bytes);
}

const hex = (text: string): string => Buffer.from(text).toString('hex');
const sub = (code: number, text: string): string =>
  Buffer.concat([Uint8Array.of(code, text.length), Buffer.from(text)]).toString('hex');

describe('option 43 as makers want it', () => {
  test.each([
    {
      who: 'Yealink, Fanvil: the URL alone',
      written: '{url}',
      bytes: '687474703a2f2f31302e32302e302e312f',
    },
    {
      who: 'Snom: 66, 67 and the VLAN in 132, 133, each with a NUL',
      written: {
        tlv: [
          { code: 66, text: 'http://test', nul: true },
          { code: 67, text: '/snom/{mac}.htm', nul: true },
          { code: 132, text: 3, nul: true },
          { code: 133, text: '5', nul: true },
        ],
      },
      // The wiki of the maker: 42:0c:68:74:74:70:3a:2f:2f:74:65:73:74:00 and 84:02:33:00.
      bytes: `420c687474703a2f2f7465737400${sub(67, '/snom/001565aabbcc.htm\0')}840233008502${'3500'}`,
    },
    {
      who: 'Mitel, Aastra: 2 server, 3 contact RCS',
      written: [
        { code: 2, text: '{url}' },
        { code: 3, bool: false },
      ],
      bytes: `${sub(2, 'http://10.20.0.1/')}030100`,
    },
    {
      who: 'ALE: 66 and 67',
      written: {
        tlv: [
          { code: 66, text: '{url}' },
          { code: 67, text: 'a' },
        ],
      },
      bytes: '4211687474703a2f2f31302e32302e302e312f430161',
    },
    {
      who: 'Avaya: 6889 first, then the settings',
      written: {
        tlv: [
          { code: 1, text: '6889' },
          { code: 2, text: '{server}' },
          { code: 4, text: 80 },
          { code: 10, text: '20' },
        ],
      },
      bytes: '010436383839' + '020931302e32302e302e31' + '04023830' + '0a023230',
    },
    {
      who: 'MiVoice 400: numbers and an address',
      written: {
        tlv: [
          { code: 3, ip: '{server}' },
          { code: 4, u16: 5060 },
          { code: 7, u8: 6 },
        ],
      },
      bytes: '03040a140001' + '040213c4' + '070106',
    },
    {
      who: 'TR-069 in full',
      written: { tr069: { url: 'http://acs/', code: 'ABC', retryWait: 5, retryMultiplier: 2000 } },
      bytes: '010b687474703a2f2f6163732f' + '0203414243' + '030135' + '040432303030',
    },
    {
      who: 'TR-069 with a URL only',
      written: { tr069: { url: '{url}' } },
      bytes: sub(1, 'http://10.20.0.1/'),
    },
    {
      who: 'TR-069 without a code',
      written: { tr069: { url: 'a', retryMultiplier: 2000 } },
      bytes: `010161${sub(4, '2000')}`,
    },
    {
      who: 'Mitel MiNet: text of keys and values',
      written: 'id:ipphone.mitel.com;sw_tftp={server};call_srv={server};vlan=20;l2p=6;dscp=46',
      bytes: hex('id:ipphone.mitel.com;sw_tftp=10.20.0.1;call_srv=10.20.0.1;vlan=20;l2p=6;dscp=46'),
    },
    {
      who: 'Eltex: text of pipes',
      written: { text: '5|{url}|6|{mac}.cfg' },
      bytes: hex('5|http://10.20.0.1/|6|001565aabbcc.cfg'),
    },
    { who: 'anything, as bytes', written: { hex: 'f1:04:0A:14:00:01' }, bytes: 'f1040a140001' },
    {
      who: 'sub-options of every form, in their order',
      written: {
        tlv: [
          { code: 9, ips: ['10.0.0.1', '{server}'] },
          { code: 2, u32: 4_294_967_295 },
          { code: 3, i32: -3600 },
          { code: 1, hex: 'ff' },
          { code: 2, bool: 'on' },
        ],
      },
      bytes: '09080a0000010a140001' + '0204ffffffff' + '0304fffff1f0' + '0101ff' + '020101',
    },
  ])('$who', ({ written, bytes }) => {
    expect(bytesOf(43, written)).toBe(bytes);
  });
});

test.each([
  { code: 66, written: '{url}{mac}', bytes: hex('http://10.20.0.1/001565aabbcc') },
  { code: 66, written: { text: 'a', nul: true }, bytes: '6100' },
  { code: 132, written: 20, bytes: '3230' },
  { code: 132, written: { u32: 20 }, bytes: '00000014' },
  { code: 150, written: '{server}', bytes: '0a140001' },
  { code: 42, written: ['10.0.0.1', '10.0.0.2'], bytes: '0a0000010a000002' },
  { code: 33, written: ['10.1.0.5', '10.0.0.1'], bytes: '0a0100050a000001' },
  { code: 16, written: '10.0.0.1', bytes: '0a000001' },
  { code: 26, written: 1400, bytes: '0578' },
  { code: 23, written: 64, bytes: '40' },
  { code: 25, written: [68, 1500], bytes: '004405dc' },
  { code: 2, written: -3600, bytes: 'fffff1f0' },
  { code: 35, written: '10m', bytes: '00000258' },
  { code: 19, written: true, bytes: '01' },
  { code: 19, written: 'off', bytes: '00' },
  { code: 121, written: '10.0.0.0/8 via {server}', bytes: '080a0a140001' },
  { code: 249, written: ['0.0.0.0/0 via 10.0.0.1'], bytes: '000a000001' },
  { code: 119, written: ['a.b', 'c.b'], bytes: '01610162000163c002' },
  { code: 141, written: ['a.b', 'c.b'], bytes: '01610162000163016200' },
  { code: 120, written: ['10.0.0.1', '{server}'], bytes: '010a0000010a140001' },
  { code: 120, written: '{name}', bytes: '000373697002616200' },
  {
    code: 125,
    written: [{ number: 3561, tlv: [{ code: 11, text: '{url}' }] }],
    bytes: `00000de913${sub(11, 'http://10.20.0.1/')}`,
  },
  {
    code: 125,
    written: [
      { number: 1, tlv: [{ code: 1, u8: 5 }] },
      { number: 2, tlv: [{ code: 1, u8: 6 }] },
    ],
    bytes: '0000000103010105' + '0000000203010106',
  },
  { code: 124, written: [{ number: 1027, classes: 'ab' }], bytes: '0000040303026162' },
  { code: 61 + 138, written: 'plain', bytes: hex('plain') },
])('option $code: $written', ({ code, written, bytes }) => {
  expect(bytesOf(code, written)).toBe(bytes);
});

test.each([
  { why: 'a placeholder without a filling', code: 66, written: '{number}.cfg', fillings: FILLINGS },
  { why: 'no address', code: 150, written: '{server}', fillings: { server: 'pbx.example.com' } },
  { why: 'one address of two', code: 6, written: ['10.0.0.1', '{server}'], fillings: { server: '' } },
  { why: 'no gateway', code: 121, written: '10.0.0.0/8 via {server}', fillings: { server: 'pbx' } },
  { why: 'no name', code: 119, written: '{name}', fillings: { name: 'a b' } },
  { why: 'a name and an address', code: 120, written: ['{name}', '{server}'], fillings: FILLINGS },
  {
    why: 'a sub-option too long',
    code: 43,
    written: [{ code: 1, text: '{url}' }],
    fillings: { url: 'x'.repeat(256) },
  },
  {
    why: 'an ACS too long',
    code: 43,
    written: { tr069: { url: '{url}' } },
    fillings: { url: 'x'.repeat(256) },
  },
  {
    why: 'an open sub-option',
    code: 43,
    written: [
      { code: 1, text: 'a' },
      { code: 2, text: '{x}' },
    ],
    fillings: {},
  },
  {
    why: 'an enterprise too long',
    code: 125,
    written: [{ number: 1, tlv: [{ code: 1, text: '{url}' }] }],
    fillings: { url: 'x'.repeat(254) },
  },
  { why: 'an open class', code: 124, written: [{ number: 1, classes: ['{x}'] }], fillings: {} },
])('no bytes for $why', ({ code, written, fillings }) => {
  expect(bytesOf(code, written, fillings)).toBeUndefined();
});

test('a sub-option of 255 bytes fits', () => {
  const filled = bytesOf(43, [{ code: 1, text: '{url}' }], { url: 'x'.repeat(255) });
  expect(filled).toBe(`01ff${'78'.repeat(255)}`);
});

test.each([
  { code: 66, written: '{url}x{mac}{url}', names: ['url', 'mac'] },
  { code: 66, written: 'plain', names: [] },
  { code: 150, written: ['{server}', '10.0.0.1'], names: ['server'] },
  { code: 16, written: '{server}', names: ['server'] },
  { code: 26, written: 1400, names: [] },
  {
    code: 43,
    written: [
      { code: 1, text: '{url}' },
      { code: 2, ip: '{server}' },
    ],
    names: ['url', 'server'],
  },
  { code: 43, written: { tr069: { url: '{url}', code: '{mac}' } }, names: ['url', 'mac'] },
  { code: 43, written: { hex: '7b75726c7d' }, names: [] },
  { code: 121, written: '10.0.0.0/8 via {server}', names: ['server'] },
  { code: 119, written: '{name}', names: ['name'] },
  { code: 120, written: '{name}', names: ['name'] },
  { code: 125, written: [{ number: 1, tlv: [{ code: 1, text: '{mac:colons}' }] }], names: ['mac'] },
  { code: 124, written: [{ number: 1, classes: ['{model}'] }], names: ['model'] },
])('placeholders in $written', ({ code, written, names }) => {
  const value = read(code, written);
  expect(placeholdersIn(value)).toEqual(names);
  expect(carriesUrl(value)).toBe(names.some((name) => name === 'url'));
});

// Packets: bytes as phones send them, and every liberty they take with RFC 2131.
import { describe, expect, test } from 'vitest';
import { latin1 } from '../../src/base/bytes.ts';
import { showIpv4 } from '../../src/base/ipv4.ts';
import { type DhcpMessage, decodePacket, encodePacket } from '../../src/dhcp/packet.ts';
import { ip, phoneMac, said } from './kit.ts';
import { bytesOf, decoded, head, option, shown, text } from './packet-kit.ts';

/** A desk phone with a NUL at the end of its vendor class and the broadcast flag set: 548 bytes. */
const NUL_CLASS = bytesOf(
  head({ flags: '8000', mac: '0019068dabcd' }) +
    option(53, '01') +
    option(61, '010019068dabcd') +
    option(12, text('SEP0019068DABCD')) +
    option(60, `${text('Cisco Systems, Inc. IP Phone CP-7911G')}00`) +
    option(55, '014206030f9623') +
    'ff',
  548,
);

/** A desk phone that pads its BOOTP message to 548 bytes and asks for option 66. */
const PADDED = bytesOf(
  head({ mac: '0021f2010203' }) +
    option(53, '01') +
    option(61, '010021f2010203') +
    option(57, '0240') +
    option(55, '01031c060f2a4243') +
    option(60, text('Flyingvoice FIP15G')) +
    option(12, text('FIP15G')) +
    'ff',
  548,
);

describe('DISCOVERs of phones, three ways', () => {
  test.each([
    {
      name: 'a vendor class with a NUL',
      bytes: NUL_CLASS,
      says: {
        flags: 0x8000,
        chaddr: '0019068dabcd',
        codes: [53, 61, 12, 60, 55],
        class: 'Cisco Systems, Inc. IP Phone CP-7911G\0',
      },
    },
    {
      name: '548 bytes with padding',
      bytes: PADDED,
      says: {
        flags: 0,
        chaddr: '0021f2010203',
        codes: [53, 61, 57, 55, 60, 12],
        class: 'Flyingvoice FIP15G',
      },
    },
  ])('$name', ({ bytes, says }) => {
    const message = decoded(bytes);
    expect(message.op).toBe(1);
    expect(message.htype).toBe(1);
    expect(message.xid).toBe(0x3903f326);
    expect(message.secs).toBe(7);
    expect(message.flags).toBe(says.flags);
    expect(Buffer.from(message.chaddr).toString('hex')).toBe(says.chaddr);
    expect([...message.options.keys()]).toEqual(says.codes);
    expect(latin1(message.options.get(60) ?? new Uint8Array())).toBe(says.class);
    expect(message.malformedTail).toBeUndefined();

    const again = encodePacket(message);
    expect(again.dropped).toEqual([]);
    const end = bytes.lastIndexOf(0xff) + 1;
    expect(Buffer.from(again.bytes.subarray(0, end)).toString('hex')).toBe(
      Buffer.from(bytes.subarray(0, end)).toString('hex'),
    );
    expect(decoded(again.bytes)).toEqual(message);
  });
});

test('addresses stand in the order of RFC 2131 figure 1', () => {
  const addresses = {
    ciaddr: '10.0.0.1',
    yiaddr: '10.0.0.2',
    siaddr: '10.0.0.3',
    giaddr: '10.0.0.4',
  } as const;
  const message: DhcpMessage = {
    ...said({ type: 'discover' }),
    ciaddr: ip(addresses.ciaddr),
    yiaddr: ip(addresses.yiaddr),
    siaddr: ip(addresses.siaddr),
    giaddr: ip(addresses.giaddr),
    sname: 'boot.example',
    file: 'firmware.bin',
  };
  const { bytes } = encodePacket(message);
  expect(Buffer.from(bytes.subarray(12, 28)).toString('hex')).toBe('0a0000010a0000020a0000030a000004');
  expect(latin1(bytes.subarray(44, 57))).toBe('boot.example\0');
  expect(latin1(bytes.subarray(108, 121))).toBe('firmware.bin\0');
  const again = decoded(bytes);
  expect(again).toEqual(message);
  expect(showIpv4(again.giaddr)).toBe('10.0.0.4');
});

test.each([
  { when: 'nothing came', bytes: new Uint8Array(), code: 'too-short', at: 0 },
  { when: '239 bytes', bytes: NUL_CLASS.subarray(0, 239), code: 'too-short', at: 239 },
  {
    when: 'the magic cookie is wrong',
    bytes: bytesOf(head({ mac: '' }).replace(/63825363$/, '63825364')),
    code: 'bad-magic',
    at: 236,
  },
  { when: 'hlen is 17', bytes: bytesOf(head({ start: '01011100', mac: '' })), code: 'bad-value', at: 2 },
])('refused when $when', ({ bytes, code, at }) => {
  const result = decodePacket(bytes);
  expect(result.ok ? 'decoded' : { code: result.error.code, at: result.error.at }).toEqual({ code, at });
});

describe('what is taken as it comes', () => {
  const start = head({ mac: phoneMac(1) });
  test.each([
    { when: 'nothing follows the magic cookie', hex: '', options: [], tail: undefined },
    { when: 'there is no end', hex: option(53, '01'), options: [[53, '01']], tail: undefined },
    {
      when: 'pads stand between',
      hex: `0000${option(53, '01')}000000${option(12, '41')}ff`,
      options: [
        [53, '01'],
        [12, '41'],
      ],
      tail: undefined,
    },
    {
      when: 'bytes follow the end',
      hex: `${option(53, '01')}ff${option(12, '41')}`,
      options: [[53, '01']],
      tail: undefined,
    },
    {
      when: 'an option is empty',
      hex: `${option(53, '01')}0c003c0037003d00ff`,
      options: [
        [53, '01'],
        [12, ''],
        [60, ''],
        [55, ''],
        [61, ''],
      ],
      tail: undefined,
    },
    { when: 'the last option overruns', hex: `${option(53, '01')}0c0541`, options: [[53, '01']], tail: 243 },
    { when: 'the last byte is a code', hex: `${option(53, '01')}0c`, options: [[53, '01']], tail: 243 },
    {
      when: 'an option comes in pieces',
      hex: `3702014237${'02'}0603${option(53, '01')}ff`,
      options: [
        [55, '01420603'],
        [53, '01'],
      ],
      tail: undefined,
    },
    {
      when: 'option 52 makes no sense',
      hex: `${option(53, '01')}340104ff`,
      options: [[53, '01']],
      tail: undefined,
    },
    { when: 'option 52 is empty', hex: `${option(53, '01')}3400ff`, options: [[53, '01']], tail: undefined },
    {
      when: 'option 52 is too long',
      hex: `${option(53, '01')}34020101ff`,
      options: [[53, '01']],
      tail: undefined,
    },
  ])('$when', ({ hex, options, tail }) => {
    const message = decoded(bytesOf(start + hex));
    expect(shown(message)).toEqual(options);
    expect(message.malformedTail).toBe(tail);
  });

  test('hlen 0 and 16', () => {
    expect(decoded(bytesOf(head({ start: '01200000', mac: 'aa' }))).chaddr).toHaveLength(0);
    expect(decoded(bytesOf(head({ start: '01011000', mac: 'ab'.repeat(16) }))).chaddr).toHaveLength(16);
  });

  test('sname without a NUL', () => {
    expect(decoded(bytesOf(head({ mac: '', sname: '41'.repeat(64) }))).sname).toBe('A'.repeat(64));
  });
});

describe('options in file and sname (option 52)', () => {
  const file = `${option(12, '66')}${option(55, '03')}ff`;
  const sname = `${option(55, '06')}${option(53, '01')}ff`;
  test.each([
    {
      overload: '01',
      options: [
        [55, '0103'],
        [12, '66'],
      ],
      file: '',
      sname: latin1(bytesOf(sname)),
    },
    {
      overload: '02',
      options: [
        [55, '0106'],
        [53, '01'],
      ],
      file: latin1(bytesOf(file)),
      sname: '',
    },
    {
      overload: '03',
      options: [
        [55, '010306'],
        [12, '66'],
        [53, '01'],
      ],
      file: '',
      sname: '',
    },
  ])('value $overload: options, then file, then sname', ({ overload, options, ...fields }) => {
    const bytes = bytesOf(`${head({ mac: '', file, sname })}${option(55, '01')}${option(52, overload)}ff`);
    const message = decoded(bytes);
    expect(shown(message)).toEqual(options);
    expect({ file: message.file, sname: message.sname }).toEqual(fields);
  });

  test('an overrun inside file is told and ends there', () => {
    const message = decoded(
      bytesOf(`${head({ mac: '', file: `${option(12, '66')}37ff` })}${option(52, '01')}ff`),
    );
    expect(shown(message)).toEqual([[12, '66']]);
    expect(message.malformedTail).toBe(111);
  });
});

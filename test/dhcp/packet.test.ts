// Packets: bytes as phones send them, and every liberty they take with RFC 2131.
import { describe, expect, test } from 'vitest';
import { fromLatin1, latin1 } from '../../src/base/bytes.ts';
import { showIpv4 } from '../../src/base/ipv4.ts';
import { type DhcpMessage, decodePacket, encodePacket } from '../../src/dhcp/packet.ts';
import { ip, phoneMac, said } from './kit.ts';

/** The fixed part: op, htype, hlen, hops; xid; secs, flags; four addresses; chaddr; sname; file; magic. */
function head(fields: {
  start?: string;
  flags?: string;
  mac: string;
  sname?: string;
  file?: string;
}): string {
  const start = fields.start ?? '01010600';
  const flags = fields.flags ?? '0000';
  return [
    start,
    '3903f326',
    `0007${flags}`,
    '00000000'.repeat(4),
    fields.mac.padEnd(32, '0'),
    (fields.sname ?? '').padEnd(128, '0'),
    (fields.file ?? '').padEnd(256, '0'),
    '63825363',
  ].join('');
}

function bytesOf(hex: string, length = 0): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.padEnd(length * 2, '0'), 'hex'));
}

function option(code: number, value: string): string {
  const byte = (number: number): string => number.toString(16).padStart(2, '0');
  return byte(code) + byte(value.length / 2) + value;
}

const text = (value: string): string => Buffer.from(value, 'latin1').toString('hex');

function decoded(bytes: Uint8Array): DhcpMessage {
  const result = decodePacket(bytes);
  if (!result.ok) throw result.error;
  return result.value;
}

const shown = (message: DhcpMessage): unknown[] =>
  [...message.options].map(([code, bytes]) => [code, Buffer.from(bytes).toString('hex')]);

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

describe('writing', () => {
  const plain = said({ type: 'discover' });
  const withOptions = (...options: (readonly [number, Uint8Array])[]): DhcpMessage => ({
    ...plain,
    options: new Map([...plain.options, ...options]),
  });
  const filled = (count: number): Uint8Array => new Uint8Array(count).fill(0x61);

  test('at least 300 bytes', () => {
    expect(encodePacket(plain).bytes).toHaveLength(300);
  });

  test('option 53 first, 82 last, whatever the order', () => {
    const options = new Map([
      [82, filled(4)],
      [66, filled(3)],
      [53, Uint8Array.of(2)],
      [1, filled(4)],
    ]);
    expect([...decoded(encodePacket({ ...plain, options }).bytes).options.keys()]).toEqual([53, 66, 1, 82]);
  });

  test.each([0, 1, 254, 255, 256, 510, 511, 900])('a value of %i bytes comes back whole', (length) => {
    const message = withOptions([66, filled(length)]);
    const { bytes, dropped } = encodePacket(message, { maxLength: 1500 });
    expect(dropped).toEqual([]);
    expect(decoded(bytes).options.get(66)).toHaveLength(length);
  });

  test.each([
    { when: 'the client names none', maxLength: undefined, most: 548 },
    { when: 'the client claims less than every client must take', maxLength: 300, most: 548 },
    { when: 'the client takes 800', maxLength: 800, most: 772 },
    { when: 'the client takes more than Ethernet', maxLength: 65_535, most: 1472 },
  ])('never above the limit when $when', ({ maxLength, most }) => {
    const many = Array.from({ length: 60 }, (_, index) => [100 + index, filled(40)] as const);
    const { bytes, dropped } = encodePacket(withOptions(...many), { maxLength });
    expect(bytes.length).toBeLessThanOrEqual(most);
    expect(bytes.length).toBeGreaterThan(most - 42);
    expect(dropped.length).toBeGreaterThan(0);
    expect([...decoded(bytes).options.keys(), ...dropped].sort()).toEqual(
      [53, ...many.map(([code]) => code)].sort(),
    );
  });

  test('what does not fit goes to file, then sname, and the last is dropped', () => {
    const message = withOptions(
      [66, filled(250)],
      [160, filled(100)],
      [161, filled(50)],
      [159, filled(60)],
      [82, filled(20)],
    );
    const { bytes, dropped } = encodePacket(message);
    expect(dropped).toEqual([159]);
    expect(bytes[108]).toBe(160);
    expect(bytes[44]).toBe(161);
    const again = decoded(bytes);
    expect([...again.options.keys()]).toEqual([53, 66, 82, 160, 161]);
    expect(again.options.get(160)).toHaveLength(100);
    // The relay looks for its option at the end of the options field.
    expect(bytes.subarray(-23, -1)).toEqual(Uint8Array.from([82, 20, ...filled(20)]));
  });

  test('fields with text take no options', () => {
    const message = { ...withOptions([66, filled(250)], [160, filled(100)]), file: 'boot' };
    const { bytes, dropped } = encodePacket(message);
    expect(dropped).toEqual([160]);
    expect(decoded(bytes).file).toBe('boot');
  });

  test('text longer than its field is cut and still ends in NUL', () => {
    const { bytes } = encodePacket({ ...plain, sname: 'x'.repeat(100) });
    expect(decoded(bytes).sname).toBe('x'.repeat(63));
  });

  test('pad, end and overload are no content', () => {
    const message = withOptions([0, filled(1)], [255, filled(1)], [52, filled(1)]);
    expect([...decoded(encodePacket(message).bytes).options.keys()]).toEqual([53]);
  });

  test('a relay option beyond one piece gives way like any other', () => {
    const message = withOptions([82, filled(400)], [66, filled(200)]);
    const { bytes, dropped } = encodePacket(message);
    expect(dropped).toEqual([82]);
    expect(latin1(decoded(bytes).options.get(66) ?? fromLatin1(''))).toBe('a'.repeat(200));
  });
});

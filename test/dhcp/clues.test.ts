// What a message reveals, whatever state its options are in.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  clientId,
  cluesFromDhcp,
  createHabitReader,
  hostname,
  macOf,
  maxMessageSize,
  messageType,
  parameterRequestList,
  relayInformation,
  requestedAddress,
  serverId,
  subnetSelection,
  userClass,
  vendorClass,
} from '../../src/dhcp/clues.ts';
import { encodeHex, encodeText } from '../../src/dhcp/options.ts';
import { ip, said } from './kit.ts';

const carrying = (code: number, hex: string): ReadonlyMap<number, Uint8Array> =>
  new Map([[code, encodeHex(hex)]]);
const none = new Map<number, Uint8Array>();

describe('options in their types', () => {
  test.each([
    { what: 'no message type', got: messageType(none), is: undefined },
    { what: 'an empty message type', got: messageType(carrying(53, '')), is: undefined },
    { what: 'a message type', got: messageType(carrying(53, '08')), is: 'inform' },
    { what: 'a message type of two bytes', got: messageType(carrying(53, '0100')), is: 'discover' },
    { what: 'a message type of no RFC', got: messageType(carrying(53, '63')), is: 'unknown' },
    { what: 'a requested address', got: requestedAddress(carrying(50, '0a140032')), is: ip('10.20.0.50') },
    {
      what: 'a requested address of three bytes',
      got: requestedAddress(carrying(50, '0a1400')),
      is: undefined,
    },
    { what: 'a server', got: serverId(carrying(54, '0a140001')), is: ip('10.20.0.1') },
    { what: 'an empty server', got: serverId(carrying(54, '')), is: undefined },
    {
      what: 'a request list',
      got: parameterRequestList(carrying(55, '014200ff42')),
      is: [1, 66, 0, 255, 66],
    },
    { what: 'an empty request list', got: parameterRequestList(carrying(55, '')), is: undefined },
    { what: 'an empty client identifier', got: clientId(carrying(61, '')), is: undefined },
    { what: 'a size', got: maxMessageSize(carrying(57, '05dc')), is: 1500 },
    { what: 'a size of one byte', got: maxMessageSize(carrying(57, '05')), is: undefined },
    { what: 'a vendor class with NULs', got: vendorClass(carrying(60, '61620000')), is: 'ab' },
    { what: 'a binary vendor class', got: vendorClass(carrying(60, '0000363d05')), is: '\0\x006=\x05' },
    { what: 'a vendor class of NULs', got: vendorClass(carrying(60, '0000')), is: undefined },
    { what: 'an empty vendor class', got: vendorClass(carrying(60, '')), is: undefined },
    { what: 'a host name', got: hostname(carrying(12, '5345503100')), is: 'SEP1' },
    { what: 'user classes', got: userClass(carrying(77, '03616263026465')), is: ['abc', 'de'] },
    { what: 'a bare user class', got: userClass(carrying(77, '70686f6e6573')), is: ['phones'] },
    { what: 'no user class', got: userClass(none), is: [] },
  ])('$what', ({ got, is }) => {
    expect(got).toEqual(is);
  });
});

describe('clues', () => {
  test('vendor class and request list', () => {
    const message = said({ vendorClass: 'acme A1\0', asks: [1, 3, 66] });
    expect(cluesFromDhcp(message)).toEqual([
      { kind: 'option-60', text: 'acme A1' },
      { kind: 'option-55', codes: [1, 3, 66] },
    ]);
  });

  test('user class, host name and enterprise numbers', () => {
    const more = [
      [77, encodeHex('016101626262')],
      [12, encodeHex('5345503100')],
      [124, encodeHex('000000090000000de900')],
      [125, encodeHex('0000000900')],
    ] as const;
    expect(cluesFromDhcp(said({ more }))).toEqual([
      { kind: 'option-77', classes: ['\x01a\x01bbb'] },
      { kind: 'hostname', text: 'SEP1' },
      { kind: 'enterprise', numbers: [9, 3561] },
    ]);
  });

  test('a message without either tells nothing', () => {
    expect(cluesFromDhcp(said({ vendorClass: '\0', asks: [] }))).toEqual([]);
  });

  test('what is kept of a message has an end', () => {
    const message = said({ vendorClass: 'x'.repeat(5000), asks: Array.from({ length: 5000 }, () => 66) });
    expect(JSON.stringify(cluesFromDhcp(message)).length).toBeLessThan(1200);
  });
});

describe('the MAC', () => {
  const own = '001565aabbcc';
  test.each([
    { when: 'chaddr is Ethernet', htype: 1, chaddr: own, id: undefined, is: own },
    { when: 'chaddr and identifier differ', htype: 1, chaddr: own, id: '01020000000001', is: own },
    { when: 'hlen is 0', htype: 1, chaddr: '', id: `01${own}`, is: own },
    { when: 'hlen is 16', htype: 1, chaddr: own.padEnd(32, '0'), id: undefined, is: undefined },
    { when: 'the hardware is InfiniBand', htype: 32, chaddr: '', id: `01${own}`, is: own },
    { when: 'the hardware is of another type', htype: 6, chaddr: own, id: undefined, is: undefined },
    { when: 'the identifier is no MAC', htype: 1, chaddr: '', id: 'ff00000001000200', is: undefined },
    { when: 'chaddr is all zeros', htype: 1, chaddr: '000000000000', id: undefined, is: undefined },
    {
      when: 'chaddr is all zeros but the identifier is not',
      htype: 1,
      chaddr: '000000000000',
      id: `01${own}`,
      is: own,
    },
    { when: 'chaddr is a group address', htype: 1, chaddr: '01005e000001', id: undefined, is: undefined },
    { when: 'chaddr is broadcast', htype: 1, chaddr: 'ffffffffffff', id: undefined, is: undefined },
  ])('$when', ({ htype, chaddr, id, is }) => {
    const options = id === undefined ? none : new Map([[61, encodeHex(id)]]);
    expect(macOf({ ...said({}), htype, chaddr: encodeHex(chaddr), options })).toBe(is);
  });

  test('is not read out of text', () => {
    expect(macOf({ ...said({}), htype: 0, options: new Map([[61, encodeText('phone-1')]]) })).toBeUndefined();
  });
});

describe('what a relay says (option 82)', () => {
  const read = (hex: string) => relayInformation(carrying(82, hex));
  test.each([
    {
      what: 'circuit and remote',
      hex: '0103676937' + '0202ff80',
      is: { circuitId: 'gi7', remoteId: '\xff\x80' },
    },
    { what: 'the link (RFC 3527)', hex: '05040a1f0000', is: { link: ip('10.31.0.0') } },
    { what: 'a link of three bytes', hex: '05030a1f00', is: { link: undefined } },
    { what: 'the server (RFC 5107)', hex: '0b040a1e0001', is: { server: ip('10.30.0.1') } },
    { what: 'that it sends from any port (RFC 8357)', hex: '1300', is: { isFromAnyPort: true } },
    { what: 'nothing', hex: '', is: { circuitId: undefined, remoteId: undefined, isFromAnyPort: false } },
    { what: 'an empty circuit', hex: '0100', is: { circuitId: '' } },
    { what: 'a sub-option of no RFC, then a circuit', hex: 'c801aa' + '010161', is: { circuitId: 'a' } },
    {
      what: 'a circuit, then what overruns',
      hex: '010161' + '02ff61',
      is: { circuitId: 'a', remoteId: undefined },
    },
    {
      what: 'a circuit, then a code without length',
      hex: '010161' + '02',
      is: { circuitId: 'a', remoteId: undefined },
    },
    { what: 'twice: the last counts', hex: '010161' + '010162', is: { circuitId: 'b' } },
  ])('$what', ({ hex, is }) => {
    expect(read(hex)).toMatchObject(is);
  });

  test('nothing where there is none', () => {
    expect(relayInformation(none)).toBeUndefined();
  });
});

test.each([
  { hex: '0a1e0000', is: ip('10.30.0.0') },
  { hex: '0a1e00', is: undefined },
])('option 118 as $hex', ({ hex, is }) => {
  expect(subnetSelection(carrying(118, hex))).toBe(is);
});

describe('habits', () => {
  const reads = (...options: readonly (readonly [number, string])[]) => ({
    options: new Map(options.map(([code, hex]) => [code, encodeHex(hex)] as const)),
  });

  test('all that tells what a client is', () => {
    const habits = createHabitReader()(
      reads(
        [53, '01'],
        [12, '7031'],
        [60, '61'],
        [77, '0162'],
        [55, '0142'],
        [124, '0000000900'],
        [125, '00000de9080103414243020153'],
      ),
    );
    expect(habits).toMatchObject({
      vendorClass: 'a',
      userClass: ['b'],
      hostname: 'p1',
      asks: [1, 66],
      enterprises: [9, 3561],
      device: { oui: 'ABC', serial: 'S' },
    });
    expect(habits.clues.map(({ kind }) => kind)).toEqual([
      'option-60',
      'option-55',
      'option-77',
      'hostname',
      'enterprise',
    ]);
  });

  test('are one object for all who say the same, whatever else their messages carry', () => {
    const habitsOf = createHabitReader();
    const first = habitsOf(reads([53, '01'], [60, '61'], [55, '0142'], [61, '01']));
    expect(habitsOf(reads([55, '0142'], [53, '03'], [60, '61'], [50, '0a140001']))).toBe(first);
  });

  test.each([
    { when: 'another order of option 55', one: [[55, '0142']], two: [[55, '4201']] },
    { when: 'a NUL more', one: [[60, '61']], two: [[60, '6100']] },
    {
      when: 'a class more',
      one: [[60, '61']],
      two: [
        [60, '61'],
        [77, '0162'],
      ],
    },
    { when: 'the same bytes under another code', one: [[60, '61']], two: [[12, '61']] },
    {
      when: 'bytes that look like the next option',
      one: [
        [55, '3630'],
        [60, '61'],
      ],
      two: [[55, '363036303a313a61']],
    },
    { when: 'an empty option', one: [], two: [[60, '']] },
  ] as const)('are told apart by $when', ({ one, two }) => {
    const habitsOf = createHabitReader();
    expect(habitsOf(reads(...one))).not.toBe(habitsOf(reads(...two)));
  });

  test('are forgotten when there are too many, and read again', () => {
    const habitsOf = createHabitReader(3);
    const first = habitsOf(reads([60, '61']));
    for (const hex of ['62', '63', '64']) habitsOf(reads([60, hex]));
    const again = habitsOf(reads([60, '61']));
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });
});

test('no bytes in the telling options make a reader throw', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const habitsOf = createHabitReader(100);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(12, 50, 53, 54, 55, 57, 60, 61, 77, 82, 118, 124, 125), bytes)),
      (pairs) => {
        const options = new Map(pairs);
        habitsOf({ options });
        relayInformation(options);
        macOf({ ...said({}), options });
        maxMessageSize(options);
      },
    ),
  );
});

// What a message reveals, whatever state its options are in.
import { describe, expect, test } from 'vitest';
import {
  clientId,
  cluesFromDhcp,
  hostname,
  macOf,
  maxMessageSize,
  messageType,
  parameterRequestList,
  requestedAddress,
  serverId,
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

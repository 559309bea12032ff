// The form of a reply: the header after RFC 2131 table 3, its options, and where it goes.
import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { ANY, showIpv4 } from '../../src/base/ipv4.ts';
import { maxMessageSize } from '../../src/dhcp/clues.ts';
import { makeOffer, type Offer } from '../../src/dhcp/offer.ts';
import { encodeHex, encodeU16, encodeU32 } from '../../src/dhcp/options.ts';
import { decodePacket, encodePacket } from '../../src/dhcp/packet.ts';
import { type Said as ReplySaid, replyTo } from '../../src/dhcp/reply.ts';
import { ownScope, questionOf } from '../../src/dhcp/request.ts';
import { ip, lanSite, phoneMac, phoneOf, provisioning, type Said, said, vendor } from './kit.ts';

const lan = lanSite();

function offerOf(dhcp: Record<string, unknown> = {}, url = 'http://10.20.0.1/'): Offer {
  const scope = ownScope(lan);
  return makeOffer({ lan, scope, provisioning, vendor: vendor(dhcp), client: phoneOf(1), url });
}

const OFFER: ReplySaid = { type: 'offer', yiaddr: ip('10.20.0.50'), seconds: 3600, offer: offerOf() };
const ACK: ReplySaid = { ...OFFER, type: 'ack' };
const NAK: ReplySaid = { type: 'nak', yiaddr: ANY };
const INFORM: ReplySaid = { type: 'ack', yiaddr: ANY, offer: offerOf() };

function reply(what: Said, how: ReplySaid) {
  const question = questionOf(said(what), lan);
  if (!question.ok) throw new Error(question.error);
  return replyTo(question.value, how);
}

const relay = encodeHex('0104000a0001');
const id = encodeHex('01020304050607');
const asks = [1, 3, 66, 42, 160];
const more = [
  [82, relay],
  [61, id],
] as const;

test('an OFFER: header of RFC 2131 table 3, options in their order, 61 comes back and 82 comes last', () => {
  const { reply: message } = reply(
    { type: 'discover', flags: 0x8000, giaddr: '10.20.0.2', asks, more },
    { ...OFFER, asks },
  );
  expect(message).toEqual({
    op: 2,
    htype: 1,
    hops: 0,
    xid: 0x3903f326,
    secs: 0,
    flags: 0x8000,
    ciaddr: 0,
    yiaddr: ip('10.20.0.50'),
    siaddr: 0,
    giaddr: ip('10.20.0.2'),
    chaddr: Uint8Array.from(encodeHex(phoneMac(1))),
    sname: '',
    file: '',
    options: expect.any(Map) as unknown,
  });
  expect([...message.options.keys()]).toEqual([53, 54, 61, 51, 1, 3, 66, 160, 58, 59, 82]);
  expect([61, 82].map((code) => message.options.get(code))).toEqual([id, relay]);
});

describe('each type', () => {
  const rows: readonly {
    name: string;
    what: Said;
    how: ReplySaid;
    type: string | undefined;
    codes: readonly number[];
    ciaddr: string;
  }[] = [
    {
      name: 'OFFER',
      what: { type: 'discover' },
      how: { ...OFFER, asks },
      type: '02',
      codes: [53, 54, 51, 1, 3, 66, 160, 58, 59],
      ciaddr: '0.0.0.0',
    },
    {
      name: 'ACK',
      what: { type: 'request', ciaddr: '10.20.0.50' },
      how: { ...ACK, asks },
      type: '05',
      codes: [53, 54, 51, 1, 3, 66, 160, 58, 59],
      ciaddr: '10.20.0.50',
    },
    {
      name: 'ACK to INFORM',
      what: { type: 'inform', ciaddr: '10.20.0.7' },
      how: { ...INFORM, asks: [51, 58, 59, ...asks] },
      type: '05',
      codes: [53, 54, 1, 3, 66, 160],
      ciaddr: '10.20.0.7',
    },
    {
      name: 'NAK',
      what: { type: 'request', ciaddr: '10.20.0.50', asks },
      how: NAK,
      type: '06',
      codes: [53, 54],
      ciaddr: '0.0.0.0',
    },
    {
      name: 'rapid ACK',
      what: { type: 'discover', ciaddr: '10.9.9.9' },
      how: { ...ACK, asks, isRapid: true },
      type: '05',
      codes: [53, 54, 80, 51, 1, 3, 66, 160, 58, 59],
      ciaddr: '0.0.0.0',
    },
    {
      name: 'BOOTP',
      what: {},
      how: { type: 'bootp', yiaddr: ip('10.20.0.50'), offer: offerOf() },
      type: undefined,
      codes: [1, 3, 6, 28, 66, 150, 160],
      ciaddr: '0.0.0.0',
    },
  ];
  test.each(rows)('$name', ({ what, how, type, codes, ciaddr }) => {
    const { reply: message } = reply(what, how);
    expect([...message.options.keys()]).toEqual(codes);
    const said53 = message.options.get(53);
    expect(said53 && toHex(said53)).toBe(type);
    expect(showIpv4(message.ciaddr)).toBe(ciaddr);
  });
});

describe('where it goes (RFC 2131 section 4.1)', () => {
  const rows: readonly { when: string; what: Said; how: ReplySaid; to: string; flags: number }[] = [
    { when: 'nothing is set', what: { type: 'discover' }, how: OFFER, to: '255.255.255.255:68', flags: 0 },
    {
      when: 'the B bit is set',
      what: { type: 'discover', flags: 0x8000 },
      how: OFFER,
      to: '255.255.255.255:68',
      flags: 0x8000,
    },
    {
      when: 'other flags are set',
      what: { type: 'discover', flags: 0x0001 },
      how: OFFER,
      to: '255.255.255.255:68',
      flags: 1,
    },
    {
      when: 'giaddr is set',
      what: { type: 'discover', giaddr: '10.20.0.2' },
      how: OFFER,
      to: '10.20.0.2:67',
      flags: 0,
    },
    {
      when: 'ciaddr is set',
      what: { type: 'request', ciaddr: '10.20.0.50' },
      how: ACK,
      to: '10.20.0.50:68',
      flags: 0,
    },
    {
      when: 'ciaddr and the B bit are set',
      what: { type: 'request', ciaddr: '10.20.0.50', flags: 0x8000 },
      how: ACK,
      to: '10.20.0.50:68',
      flags: 0x8000,
    },
    {
      when: 'giaddr and ciaddr are set',
      what: { type: 'request', ciaddr: '10.20.0.50', giaddr: '10.20.0.2' },
      how: ACK,
      to: '10.20.0.2:67',
      flags: 0,
    },
    {
      when: 'ciaddr is set in a DISCOVER',
      what: { type: 'discover', ciaddr: '192.0.2.1' },
      how: OFFER,
      to: '255.255.255.255:68',
      flags: 0,
    },
    {
      when: 'it is a NAK',
      what: { type: 'request', requested: '10.20.0.50' },
      how: NAK,
      to: '255.255.255.255:68',
      flags: 0,
    },
    {
      when: 'it is a NAK and ciaddr is set',
      what: { type: 'request', ciaddr: '10.20.0.50' },
      how: NAK,
      to: '255.255.255.255:68',
      flags: 0,
    },
    {
      when: 'it is a NAK for a relay to broadcast',
      what: { type: 'request', ciaddr: '10.20.0.50', giaddr: '10.20.0.2' },
      how: NAK,
      to: '10.20.0.2:67',
      flags: 0x8000,
    },
  ];
  test.each(rows)('$when: $to', ({ what, how, to, flags }) => {
    const { reply: message, to: peer } = reply(what, how);
    expect(`${showIpv4(peer.address)}:${peer.port}`).toBe(to);
    expect(message.flags).toBe(flags);
  });
});

test('a lease shorter than the usual one has its own T1 and T2, those asked for and those not', () => {
  const { options } = reply({ type: 'request' }, { ...ACK, seconds: 90, asks: [51, 58, 59] }).reply;
  expect([51, 58, 59].map((code) => options.get(code))).toEqual([90, 45, 78].map(encodeU32));
});

test('a lease as long as its make wants it is said so long', () => {
  const offer = offerOf({ lease: '10m' });
  const { options } = reply({ type: 'discover' }, { ...OFFER, offer, seconds: 600 }).reply;
  expect([51, 58, 59].map((code) => options.get(code))).toEqual([600, 300, 525].map(encodeU32));
});

test('next server, server name and file of the make', () => {
  const offer = offerOf({ siaddr: '{server}', sname: 'boot', file: '{mac}.cfg' });
  for (const [what, how] of [
    [{ type: 'discover' }, { ...OFFER, offer }],
    [
      { type: 'inform', ciaddr: '10.20.0.7' },
      { ...INFORM, offer },
    ],
  ] as const) {
    expect(reply(what, how).reply).toMatchObject({
      siaddr: ip('10.20.0.1'),
      sname: 'boot',
      file: `${phoneMac(1)}.cfg`,
    });
  }
  expect(reply({ type: 'request' }, NAK).reply).toMatchObject({ siaddr: 0, sname: '', file: '' });
});

describe('how long it may be: option 57, never below 576 (RFC 2132 section 9.10)', () => {
  const long = `http://10.20.0.1/${'x'.repeat(180)}/`;
  const offer = offerOf({ options: { 43: { text: long } }, force: [43] }, long);
  /** IP and UDP take 28 bytes of it. */
  const sent = (size: number | undefined, how: ReplySaid) => {
    const what: Said = {
      type: 'discover',
      asks: [66, 160],
      more: size === undefined ? [] : [[57, encodeU16(size)]],
    };
    const request = said(what);
    const { bytes, dropped } = encodePacket(reply(what, { ...how, asks: [66, 160] }).reply, {
      maxLength: maxMessageSize(request.options),
    });
    const read = decodePacket(bytes);
    return { length: bytes.length + 28, dropped, codes: read.ok ? [...read.value.options.keys()] : [] };
  };
  const all = [53, 54, 51, 1, 43, 66, 160, 58, 59];
  const rows: readonly { size: number | undefined; most: number; dropped: readonly number[] }[] = [
    { size: undefined, most: 576, dropped: [66, 160] },
    { size: 300, most: 576, dropped: [66, 160] },
    { size: 576, most: 576, dropped: [66, 160] },
    { size: 1500, most: 1500, dropped: [] },
    { size: 65_535, most: 1500, dropped: [] },
  ];
  test.each(rows)('asked for $size: at most $most, without $dropped', ({ size, most, dropped }) => {
    const packet = sent(size, { ...OFFER, offer });
    expect(packet.length).toBeLessThanOrEqual(most);
    expect(packet.dropped).toEqual(dropped);
    expect(new Set(packet.codes)).toEqual(new Set(all.filter((code) => !dropped.includes(code))));
  });

  test('what does not fit goes into file and sname first, unless these have a text of their own', () => {
    const url = `http://10.20.0.1/${'x'.repeat(90)}/`;
    const free = offerOf({ options: { 43: { text: url } }, force: [43] }, url);
    const named = offerOf({ options: { 43: { text: url } }, force: [43], file: 'a', sname: 'b' }, url);
    expect(sent(576, { ...OFFER, offer: free }).dropped).toEqual([]);
    expect(sent(576, { ...OFFER, offer: named }).dropped).toEqual([160]);
  });
});

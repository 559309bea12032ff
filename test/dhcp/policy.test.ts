// What each question gets: the client states of RFC 2131, one table per rule.
import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { showIpv4 } from '../../src/base/ipv4.ts';
import { messageType } from '../../src/dhcp/clues.ts';
import { bind, createLeaseTable, type Lease, type LeaseTable, offer } from '../../src/dhcp/leases.ts';
import { offeredOptions } from '../../src/dhcp/offer.ts';
import { encodeHex, encodeU32 } from '../../src/dhcp/options.ts';
import type { DhcpMessage } from '../../src/dhcp/packet.ts';
import { type DhcpDecision, decideDhcp } from '../../src/dhcp/policy.ts';
import { questionOf } from '../../src/dhcp/request.ts';
import type { DhcpSite } from '../../src/site/site.ts';
import { HOUR, ip, lanSite, phoneMac, phoneOf, provisioning, type Said, said, vendor } from './kit.ts';

const T0 = 1_000_000;
const URL = 'http://10.20.0.1/';

interface Scene {
  readonly dhcp?: Partial<DhcpSite>;
  /** Phone number 2 has .51 and phone number 3 declined .53, whatever else is stored. */
  readonly stored?: readonly Lease[];
  readonly now?: number;
}

function scene({ dhcp = {}, stored = [] }: Scene = {}): LeaseTable {
  return createLeaseTable(lanSite(dhcp), [
    { address: ip('10.20.0.51'), mac: phoneMac(2), state: 'bound', expires: T0 + HOUR },
    { address: ip('10.20.0.53'), mac: phoneMac(3), state: 'declined', expires: T0 + HOUR },
    ...stored,
  ]);
}

function decide(
  what: Said,
  { dhcp = {}, now = T0, ...more }: Scene & { leases?: LeaseTable } = {},
): DhcpDecision {
  const lan = lanSite(dhcp);
  const question = questionOf(said(what), lan);
  if (!question.ok) throw new Error(question.error);
  const phone = { ...phoneOf(1), mac: question.value.mac };
  const offered = offeredOptions({ lan, provisioning, vendor: vendor(), phone, url: URL });
  return decideDhcp({
    question: question.value,
    phone,
    lan,
    offered,
    leases: more.leases ?? scene({ dhcp, ...more }),
    now,
  });
}

function replyOf({ answer }: DhcpDecision): DhcpMessage {
  if (answer.kind !== 'reply') throw new Error(`no reply but ${JSON.stringify(answer)}`);
  return answer.reply;
}

/** The answer in a line: `ack 10.20.0.50 to 255.255.255.255:68`, `silence companion-mode`, `none`. */
function told(decision: DhcpDecision): string {
  const { answer } = decision;
  if (answer.kind === 'none') return 'none';
  if (answer.kind === 'silence') return `silence ${answer.because}`;
  const { yiaddr, options } = answer.reply;
  return `${messageType(options)} ${showIpv4(yiaddr)} to ${showIpv4(answer.to.address)}:${answer.to.port}`;
}

const kinds = ({ events }: DhcpDecision): readonly string[] => events.map(({ kind }) => kind);
const BROADCAST = '255.255.255.255:68';
const OWN: Lease = { address: ip('10.20.0.52'), mac: phoneMac(1), state: 'bound', expires: T0 + HOUR };

describe('each cell of message, state and lease', () => {
  const ours = '10.20.0.1';
  const rows: readonly { when: string; what: Said; scene?: Scene; is: string; events: readonly string[] }[] =
    [
      // DISCOVER
      {
        when: 'DISCOVER',
        what: { type: 'discover' },
        is: `offer 10.20.0.50 to ${BROADCAST}`,
        events: ['asked-for-address', 'offered'],
      },
      {
        when: 'DISCOVER with a lease',
        what: { type: 'discover' },
        scene: { stored: [OWN] },
        is: `offer 10.20.0.52 to ${BROADCAST}`,
        events: ['asked-for-address', 'offered'],
      },
      {
        when: 'DISCOVER for a free address',
        what: { type: 'discover', requested: '10.20.0.55' },
        is: `offer 10.20.0.55 to ${BROADCAST}`,
        events: ['asked-for-address', 'offered'],
      },
      {
        when: 'DISCOVER for the address of another LAN',
        what: { type: 'discover', requested: '10.99.0.1' },
        is: `offer 10.20.0.50 to ${BROADCAST}`,
        events: ['asked-for-address', 'offered'],
      },
      {
        when: 'DISCOVER with ciaddr',
        what: { type: 'discover', ciaddr: '192.0.2.1' },
        is: `offer 10.20.0.50 to ${BROADCAST}`,
        events: ['asked-for-address', 'offered'],
      },
      {
        when: 'DISCOVER and nothing left',
        what: { type: 'discover' },
        scene: { dhcp: { pool: { first: ip('10.20.0.51'), last: ip('10.20.0.51') } } },
        is: 'silence pool-exhausted',
        events: ['asked-for-address', 'no-answer-given'],
      },
      // SELECTING
      {
        when: 'SELECTING, free',
        what: { type: 'request', server: ours, requested: '10.20.0.50' },
        is: `ack 10.20.0.50 to ${BROADCAST}`,
        events: ['leased'],
      },
      {
        when: 'SELECTING, own lease',
        what: { type: 'request', server: ours, requested: '10.20.0.52' },
        scene: { stored: [OWN] },
        is: `ack 10.20.0.52 to ${BROADCAST}`,
        events: ['leased'],
      },
      {
        when: 'SELECTING, taken',
        what: { type: 'request', server: ours, requested: '10.20.0.51' },
        is: `nak 0.0.0.0 to ${BROADCAST}`,
        events: ['address-refused'],
      },
      {
        when: 'SELECTING, declined',
        what: { type: 'request', server: ours, requested: '10.20.0.53' },
        is: `nak 0.0.0.0 to ${BROADCAST}`,
        events: ['address-refused'],
      },
      {
        when: 'SELECTING, outside the pool',
        what: { type: 'request', server: ours, requested: '10.20.0.60' },
        is: `nak 0.0.0.0 to ${BROADCAST}`,
        events: ['address-refused'],
      },
      {
        when: 'SELECTING without an address',
        what: { type: 'request', server: ours },
        is: `nak 0.0.0.0 to ${BROADCAST}`,
        events: ['address-refused'],
      },
      {
        when: 'SELECTING another server',
        what: { type: 'request', server: '10.20.0.9', requested: '10.20.0.50' },
        is: 'silence another-server-chosen',
        events: ['no-answer-given'],
      },
      // INIT-REBOOT
      {
        when: 'INIT-REBOOT, own lease',
        what: { type: 'request', requested: '10.20.0.52' },
        scene: { stored: [OWN] },
        is: `ack 10.20.0.52 to ${BROADCAST}`,
        events: ['asked-for-address', 'leased'],
      },
      {
        when: 'INIT-REBOOT, unknown and free',
        what: { type: 'request', requested: '10.20.0.55' },
        is: `ack 10.20.0.55 to ${BROADCAST}`,
        events: ['asked-for-address', 'leased'],
      },
      {
        when: 'INIT-REBOOT, taken',
        what: { type: 'request', requested: '10.20.0.51' },
        is: `nak 0.0.0.0 to ${BROADCAST}`,
        events: ['address-refused'],
      },
      {
        when: 'INIT-REBOOT, another subnet',
        what: { type: 'request', requested: '192.168.1.20' },
        is: `nak 0.0.0.0 to ${BROADCAST}`,
        events: ['address-refused'],
      },
      {
        when: 'INIT-REBOOT, our own address',
        what: { type: 'request', requested: ours },
        is: `nak 0.0.0.0 to ${BROADCAST}`,
        events: ['address-refused'],
      },
      {
        when: 'INIT-REBOOT, the broadcast address',
        what: { type: 'request', requested: '10.20.0.255' },
        is: `nak 0.0.0.0 to ${BROADCAST}`,
        events: ['address-refused'],
      },
      // RENEWING and REBINDING
      {
        when: 'RENEWING',
        what: { type: 'request', ciaddr: '10.20.0.52' },
        scene: { stored: [OWN] },
        is: 'ack 10.20.0.52 to 10.20.0.52:68',
        events: ['leased'],
      },
      {
        when: 'RENEWING, unknown and free',
        what: { type: 'request', ciaddr: '10.20.0.55' },
        is: 'ack 10.20.0.55 to 10.20.0.55:68',
        events: ['leased'],
      },
      {
        when: 'RENEWING, taken',
        what: { type: 'request', ciaddr: '10.20.0.51' },
        is: `nak 0.0.0.0 to ${BROADCAST}`,
        events: ['address-refused'],
      },
      {
        when: 'REBINDING, another subnet',
        what: { type: 'request', ciaddr: '172.16.0.9' },
        is: `nak 0.0.0.0 to ${BROADCAST}`,
        events: ['address-refused'],
      },
      {
        when: 'REBINDING through a relay',
        what: { type: 'request', ciaddr: '10.20.0.52', giaddr: '10.20.0.2' },
        scene: { stored: [OWN] },
        is: 'ack 10.20.0.52 to 10.20.0.2:67',
        events: ['leased'],
      },
      // The others
      {
        when: 'RELEASE',
        what: { type: 'release', ciaddr: '10.20.0.52' },
        scene: { stored: [OWN] },
        is: 'none',
        events: ['released'],
      },
      {
        when: 'RELEASE of what another phone has',
        what: { type: 'release', ciaddr: '10.20.0.51' },
        is: 'silence not-its-address',
        events: ['no-answer-given'],
      },
      {
        when: 'RELEASE of what nobody has',
        what: { type: 'release', ciaddr: '10.20.0.55' },
        is: 'none',
        events: [],
      },
      {
        when: 'DECLINE',
        what: { type: 'decline', requested: '10.20.0.52' },
        scene: { stored: [OWN] },
        is: 'none',
        events: ['declined'],
      },
      {
        when: 'DECLINE of what another phone has',
        what: { type: 'decline', requested: '10.20.0.51' },
        is: 'silence not-its-address',
        events: ['no-answer-given'],
      },
      {
        when: 'INFORM',
        what: { type: 'inform', ciaddr: '10.20.0.7' },
        is: 'ack 0.0.0.0 to 10.20.0.7:68',
        events: ['informed'],
      },
      {
        when: 'INFORM through a relay',
        what: { type: 'inform', ciaddr: '10.20.0.7', giaddr: '10.20.0.2' },
        is: 'ack 0.0.0.0 to 10.20.0.2:67',
        events: ['informed'],
      },
      {
        when: 'INFORM from elsewhere',
        what: { type: 'inform', ciaddr: '192.168.5.5' },
        is: 'silence sender-off-the-lan',
        events: ['no-answer-given'],
      },
      {
        when: 'INFORM from nowhere',
        what: { type: 'inform' },
        is: 'silence sender-off-the-lan',
        events: ['no-answer-given'],
      },
      {
        when: 'INFORM from everybody',
        what: { type: 'inform', ciaddr: '10.20.0.255' },
        is: 'silence sender-off-the-lan',
        events: ['no-answer-given'],
      },
      {
        when: 'INFORM from ourselves',
        what: { type: 'inform', ciaddr: ours },
        is: 'silence sender-off-the-lan',
        events: ['no-answer-given'],
      },
    ];
  test.each(rows)('$when: $is', ({ what, scene: there, is, events }) => {
    const decision = decide(what, there);
    expect(told(decision)).toBe(is);
    expect(kinds(decision)).toEqual(events);
  });
});

describe('companion mode', () => {
  test.each([
    {
      what: { type: 'discover' },
      is: 'silence companion-mode',
      events: ['asked-for-address', 'no-answer-given'],
    },
    {
      what: { type: 'request', requested: '10.20.0.50' },
      is: 'silence companion-mode',
      events: ['no-answer-given'],
    },
    {
      what: { type: 'release', ciaddr: '10.20.0.51' },
      is: 'silence companion-mode',
      events: ['no-answer-given'],
    },
    {
      what: { type: 'decline', requested: '10.20.0.51' },
      is: 'silence companion-mode',
      events: ['no-answer-given'],
    },
    {
      what: { type: 'inform', ciaddr: '10.20.0.7' },
      is: 'ack 0.0.0.0 to 10.20.0.7:68',
      events: ['informed'],
    },
  ] as const)('$what.type: $is', ({ what, is, events }) => {
    const decision = decide(what, { dhcp: { mode: 'companion' } });
    expect(told(decision)).toBe(is);
    expect(kinds(decision)).toEqual(events);
    expect(decision.changes).toEqual([]);
  });
});

describe('the reply', () => {
  const relay = encodeHex('0104000a0001');
  const id = encodeHex('01020304050607');
  const asks = [1, 3, 66, 42, 160];
  const more = [
    [82, relay],
    [61, id],
  ] as const;

  test('an OFFER: header of RFC 2131 table 3, options in their order, 82 and 61 come back', () => {
    const reply = replyOf(decide({ type: 'discover', flags: 0x8000, giaddr: '10.20.0.2', asks, more }));
    expect(reply).toMatchObject({
      op: 2,
      htype: 1,
      hops: 0,
      xid: 0x3903f326,
      secs: 0,
      flags: 0x8000,
      ciaddr: 0,
      siaddr: 0,
      sname: '',
      file: '',
    });
    expect(showIpv4(reply.giaddr)).toBe('10.20.0.2');
    expect(toHex(reply.chaddr)).toBe(phoneMac(1));
    expect([...reply.options.keys()]).toEqual([53, 54, 61, 51, 1, 3, 66, 160, 58, 59, 82]);
    expect(reply.options.get(82)).toEqual(relay);
    expect(reply.options.get(61)).toEqual(id);
  });

  test('an ACK repeats ciaddr', () => {
    const reply = replyOf(decide({ type: 'request', ciaddr: '10.20.0.52' }, { stored: [OWN] }));
    expect(showIpv4(reply.ciaddr)).toBe('10.20.0.52');
    expect(reply.options.get(51)).toEqual(encodeU32(3600));
  });

  test('a NAK says little, and has the relay broadcast it', () => {
    const decision = decide({ type: 'request', requested: '10.99.0.1', giaddr: '10.20.0.2', asks, more });
    const reply = replyOf(decision);
    expect(told(decision)).toBe('nak 0.0.0.0 to 10.20.0.2:67');
    expect(reply.flags).toBe(0x8000);
    expect([...reply.options.keys()]).toEqual([53, 54, 61, 82]);
  });

  test('an answer to INFORM speaks of no lease', () => {
    const reply = replyOf(decide({ type: 'inform', ciaddr: '10.20.0.7', asks: [51, 58, 59, ...asks] }));
    expect([...reply.options.keys()]).toEqual([53, 54, 1, 3, 66, 160]);
  });

  test('a lease that runs out outside the pool is promised no longer than it has', () => {
    const outside: Lease = {
      address: ip('10.20.0.90'),
      mac: phoneMac(1),
      state: 'bound',
      expires: T0 + 90_000,
    };
    const decision = decide(
      { type: 'request', ciaddr: '10.20.0.90', asks: [51, 58, 59] },
      { stored: [outside] },
    );
    const { options } = replyOf(decision);
    expect([51, 58, 59].map((code) => options.get(code))).toEqual([90, 45, 78].map(encodeU32));
    expect(decision.events).toMatchObject([{ kind: 'leased', seconds: 90 }]);
  });
});

describe('what is told', () => {
  test.each([
    {
      when: 'the phone asks for the options that carry the URL',
      asks: [1, 66, 160],
      url: URL,
      urlOptions: [66, 160],
    },
    { when: 'it asks for one of them', asks: [1, 160, 3], url: URL, urlOptions: [160] },
    { when: 'it asks for none of them', asks: [1, 3, 6], url: undefined, urlOptions: [] },
    { when: 'it asks for nothing by name', asks: undefined, url: URL, urlOptions: [66, 160] },
  ])('of the URL when $when', ({ asks, url, urlOptions }) => {
    const what: Said = {
      requested: '10.20.0.50',
      server: '10.20.0.1',
      ...(asks === undefined ? {} : { asks }),
    };
    expect(decide({ ...what, type: 'request' }).events).toEqual([
      {
        at: T0,
        mac: phoneMac(1),
        kind: 'leased',
        address: ip('10.20.0.50'),
        seconds: 3600,
        how: 'new',
        url,
        urlOptions,
      },
    ]);
    expect(decide({ ...what, type: 'discover' }).events).toMatchObject([
      { kind: 'asked-for-address' },
      { kind: 'offered', url },
    ]);
  });

  test('what a phone asks for, and as what', () => {
    expect(decide({ type: 'discover', asks: [1, 66], vendorClass: 'acme A1\0' }).events[0]).toEqual({
      at: T0,
      mac: phoneMac(1),
      kind: 'asked-for-address',
      asksOptions: [1, 66],
      vendorClass: 'acme A1',
    });
  });

  test.each([
    { how: 'new', what: { server: '10.20.0.1', requested: '10.20.0.52' }, now: T0 },
    { how: 'rebooted', what: { requested: '10.20.0.52' }, now: T0 },
    { how: 'renewed', what: { ciaddr: '10.20.0.52' }, now: T0 + HOUR / 2 },
    { how: 'rebound', what: { ciaddr: '10.20.0.52' }, now: T0 + HOUR * 0.9 },
    { how: 'rebound', what: { ciaddr: '10.20.0.52', giaddr: '10.20.0.2' }, now: T0 },
  ])('that a lease is $how', ({ how, what, now }) => {
    expect(decide({ type: 'request', ...what }, { stored: [OWN], now }).events.at(-1)).toMatchObject({
      kind: 'leased',
      how,
    });
  });

  test.each([
    { requested: '10.20.0.51', because: 'address-of-another-phone' },
    { requested: '10.20.0.53', because: 'address-not-given-here' },
    { requested: '10.20.0.60', because: 'address-not-given-here' },
    { requested: '192.168.1.20', because: 'address-of-another-subnet' },
  ])('that $requested is refused: $because', ({ requested, because }) => {
    expect(decide({ type: 'request', requested }).events).toEqual([
      { at: T0, mac: phoneMac(1), kind: 'address-refused', address: ip(requested), because },
    ]);
  });
});

describe('the table', () => {
  test('a phone that chose another server leaves its offer to others', () => {
    const leases = scene({ dhcp: { pool: { first: ip('10.20.0.50'), last: ip('10.20.0.50') } } });
    offer(leases, { mac: phoneMac(1), now: T0 });
    decide({ type: 'request', server: '10.20.0.9', requested: '10.20.0.77' }, { leases });
    expect(offer(leases, { mac: phoneMac(4), now: T0 })).toBeDefined();
  });

  test('a second REQUEST finds what the first did', () => {
    const leases = scene();
    const first = decide({ type: 'request', server: '10.20.0.1', requested: '10.20.0.50' }, { leases });
    const other = decide(
      { type: 'request', server: '10.20.0.1', requested: '10.20.0.50', mac: phoneMac(7) },
      { leases },
    );
    expect([told(first), told(other)]).toEqual([
      `ack 10.20.0.50 to ${BROADCAST}`,
      `nak 0.0.0.0 to ${BROADCAST}`,
    ]);
    expect(first.changes).toMatchObject([{ kind: 'bound', expires: T0 + HOUR }]);
    expect(other.changes).toEqual([]);
  });

  test('RELEASE and DECLINE are changes to be stored', () => {
    expect(decide({ type: 'release', ciaddr: '10.20.0.52' }, { stored: [OWN] }).changes).toMatchObject([
      { kind: 'freed' },
    ]);
    const dhcp = { pool: { first: ip('10.20.0.50'), last: ip('10.20.0.99') } };
    expect(
      decide({ type: 'decline', requested: '10.20.0.52' }, { stored: [OWN], dhcp }).changes,
    ).toMatchObject([{ kind: 'declined' }]);
  });

  test('one MAC, a boot loader without and a firmware with a client identifier: one address', () => {
    const leases = scene();
    const loader = decide({ type: 'discover' }, { leases });
    const firmware = decide({ type: 'discover', more: [[61, encodeHex('ff0102030405060708')]] }, { leases });
    expect(told(firmware)).toBe(told(loader));
  });

  test('two MACs with one client identifier: two addresses', () => {
    const leases = scene();
    const more = [[61, encodeHex('01aabbccddeeff')]] as const;
    const one = decide({ type: 'discover', mac: phoneMac(1), more }, { leases });
    const two = decide({ type: 'discover', mac: phoneMac(8), more }, { leases });
    expect(told(one)).not.toBe(told(two));
  });

  test('after an hour without renewal the address goes to whoever asks for it', () => {
    const leases = scene();
    bind(leases, { mac: phoneMac(1), address: ip('10.20.0.50'), now: T0, duration: HOUR });
    const what: Said = { type: 'request', requested: '10.20.0.50', mac: phoneMac(5) };
    expect(told(decide(what, { leases, now: T0 + HOUR - 1 }))).toContain('nak');
    expect(told(decide(what, { leases, now: T0 + HOUR }))).toContain('ack 10.20.0.50');
  });
});

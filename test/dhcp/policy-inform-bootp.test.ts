// Clients that want no lease: INFORM (RFC 2131 section 4.3.5) and plain BOOTP (RFC 951, RFC 1534).
import { describe, expect, test } from 'vitest';
import { showIpv4 } from '../../src/base/ipv4.ts';
import { ip, phoneMac, type Said } from './kit.ts';
import {
  BROADCAST,
  classNamed,
  decide,
  kinds,
  lease,
  relayedSubnet,
  replyOf,
  type Scene,
  STRANGER,
  T0,
  tableOf,
  told,
  URL,
} from './scene.ts';

const relayed = { relayed: [relayedSubnet('10.30.0.0/24')] };

describe('INFORM', () => {
  const rows: readonly { from: string; what: Said; scene?: Scene; is: string }[] = [
    { from: 'the LAN', what: { ciaddr: '10.20.0.7' }, is: 'ack 0.0.0.0 to 10.20.0.7:68' },
    { from: 'an address of our pool', what: { ciaddr: '10.20.0.50' }, is: 'ack 0.0.0.0 to 10.20.0.50:68' },
    {
      from: "another's address",
      what: { ciaddr: '10.20.0.51' },
      scene: { stored: [lease('10.20.0.51', 2)] },
      is: 'ack 0.0.0.0 to 10.20.0.51:68',
    },
    {
      from: 'behind a relay',
      what: { ciaddr: '10.20.0.7', giaddr: '10.20.0.2' },
      is: 'ack 0.0.0.0 to 10.20.0.2:67',
    },
    {
      from: 'a served subnet, through its relay',
      what: { ciaddr: '10.30.0.7', giaddr: '10.30.0.1' },
      scene: { dhcp: relayed },
      is: 'ack 0.0.0.0 to 10.30.0.1:67',
    },
    {
      from: 'a served subnet, past its relay',
      what: { ciaddr: '10.30.0.7' },
      scene: { dhcp: relayed },
      is: 'ack 0.0.0.0 to 10.30.0.7:68',
    },
    {
      from: 'our subnet, through the relay of another',
      what: { ciaddr: '10.20.0.7', giaddr: '10.30.0.1' },
      scene: { dhcp: relayed },
      is: 'silence sender-off-the-lan',
    },
    { from: 'off the LAN', what: { ciaddr: '192.168.5.5' }, is: 'silence sender-off-the-lan' },
    {
      from: 'off the LAN through a relay',
      what: { ciaddr: '192.168.5.5', giaddr: '10.20.0.2' },
      is: 'silence sender-off-the-lan',
    },
    { from: 'nowhere', what: {}, is: 'silence sender-off-the-lan' },
    { from: 'everybody', what: { ciaddr: '10.20.0.255' }, is: 'silence sender-off-the-lan' },
    { from: 'everybody everywhere', what: { ciaddr: '255.255.255.255' }, is: 'silence sender-off-the-lan' },
    { from: 'the LAN itself', what: { ciaddr: '10.20.0.0' }, is: 'silence sender-off-the-lan' },
    { from: 'ourselves', what: { ciaddr: '10.20.0.1' }, is: 'silence sender-off-the-lan' },
    {
      from: 'a stranger while another server is there',
      what: { ciaddr: '10.20.0.7' },
      scene: { client: STRANGER, objection: 'foreign-server-answers' },
      is: 'ack 0.0.0.0 to 10.20.0.7:68',
    },
  ];
  test.each(rows)('from $from: $is', ({ what, scene = {}, is }) => {
    for (const mode of ['full', 'companion'] as const) {
      const decision = decide({ ...what, type: 'inform' }, { ...scene, dhcp: { ...scene.dhcp, mode } });
      expect(told(decision)).toBe(is);
      expect(kinds(decision)).toEqual([is.startsWith('ack') ? 'informed' : 'no-answer-given']);
      expect(decision.changes).toEqual([]);
    }
  });

  test('the answer has no address and speaks of no lease, not even when asked', () => {
    const decision = decide({ type: 'inform', ciaddr: '10.20.0.7', asks: [51, 58, 59, 1, 3, 66, 160] });
    const reply = replyOf(decision);
    expect([...reply.options.keys()]).toEqual([53, 54, 1, 3, 66, 160]);
    expect([showIpv4(reply.ciaddr), reply.yiaddr]).toEqual(['10.20.0.7', 0]);
    expect(decision.events).toEqual([
      { at: T0, mac: phoneMac(1), kind: 'informed', address: ip('10.20.0.7'), url: URL },
    ]);
  });

  test('the lease of a make or a class is not spoken of either', () => {
    const classes = [classNamed('c', { lease: 60_000 })];
    const { options } = replyOf(decide({ type: 'inform', ciaddr: '10.20.0.7' }, { dhcp: { classes } }));
    expect([51, 58, 59].filter((code) => options.has(code))).toEqual([]);
  });

  test('it neither takes nor changes a lease', () => {
    const leases = tableOf({ stored: [lease('10.20.0.51', 2)] });
    const before = structuredClone([...leases.leases]);
    decide({ type: 'inform', ciaddr: '10.20.0.51' }, { leases });
    expect([...leases.leases]).toEqual(before);
    expect(leases.offers.size).toBe(0);
  });
});

describe('BOOTP', () => {
  const list = [{ client: phoneMac(1), address: ip('10.20.0.200') }];
  const rows: readonly { when: string; what?: Said; scene: Scene; is: string }[] = [
    { when: 'an address is kept for it', scene: { list }, is: `bootp 10.20.0.200 to ${BROADCAST}` },
    {
      when: 'it has its address already, or says so',
      what: { ciaddr: '10.20.0.200' },
      scene: { list },
      is: 'bootp 10.20.0.200 to 255.255.255.255:68',
    },
    {
      when: 'it comes through a relay',
      what: { giaddr: '10.20.0.2' },
      scene: { list },
      is: 'bootp 10.20.0.200 to 10.20.0.2:67',
    },
    { when: 'nothing is kept for it', scene: {}, is: 'silence no-reservation' },
    {
      when: 'nothing is kept for it, but it has a lease',
      scene: { stored: [lease('10.20.0.52', 1)] },
      is: 'silence no-reservation',
    },
    {
      when: 'something is kept for another',
      what: { mac: phoneMac(2) },
      scene: { list },
      is: 'silence no-reservation',
    },
    {
      when: 'what is kept for it is of another subnet',
      scene: { list: [{ client: phoneMac(1), address: ip('10.30.0.7') }] },
      is: 'silence no-reservation',
    },
    {
      when: 'what is kept for it is of the subnet behind its relay',
      what: { giaddr: '10.30.0.1' },
      scene: { list: [{ client: phoneMac(1), address: ip('10.30.0.7') }], dhcp: relayed },
      is: 'bootp 10.30.0.7 to 10.30.0.1:67',
    },
    {
      when: 'another server gives the addresses',
      scene: { list, dhcp: { mode: 'companion' } },
      is: 'silence companion-mode',
    },
    {
      when: 'its class gets nothing',
      scene: { list, dhcp: { classes: [classNamed('c', { answer: 'never' })] } },
      is: 'silence class-gets-nothing',
    },
  ];
  test.each(rows)('$when: $is', ({ what = {}, scene, is }) => {
    const decision = decide(what, scene);
    expect(told(decision)).toBe(is);
    expect(kinds(decision)).toEqual([is.startsWith('bootp') ? 'offered' : 'no-answer-given']);
    expect(decision.changes).toEqual([]);
  });

  test('the answer has no message type, no lease and no server, but all that the subnet and the make have', () => {
    const { options, ciaddr } = replyOf(decide({}, { list }));
    expect([...options.keys()]).toEqual([1, 3, 6, 28, 66, 150, 160]);
    expect(ciaddr).toBe(0);
  });
});

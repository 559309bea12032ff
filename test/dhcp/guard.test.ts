// The guard on a LAN in memory, beside servers that answer it, phones that they answer, and our own.
import { expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { ANY, BROADCAST, type Ipv4, showIpv4 } from '../../src/base/ipv4.ts';
import { showMac } from '../../src/base/mac.ts';
import { messageType } from '../../src/dhcp/clues.ts';
import { type Guard, type GuardParts, openGuard } from '../../src/dhcp/guard.ts';
import { decodePacket } from '../../src/dhcp/packet.ts';
import type { Lan } from '../../src/net/ports.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { sentence } from '../../src/timeline/sentence.ts';
import { fakeLan } from '../fakes/lan.ts';
import { fakeWorld } from '../fakes/world.ts';
import { ip, mac, subnetAt } from '../net/watched.ts';
import { PHONE, plugIn, type Reply, reply } from './rogue.ts';

const OURS = ip('10.99.0.1');
const ROGUE = ip('10.99.0.9');
const HARDWARE = mac('4C:5E:0C:00:00:01');

async function bench(changes: Partial<GuardParts> = {}) {
  const world = fakeWorld();
  const lan = fakeLan(world, subnetAt('10.99.0.0/24'));
  const events: PhoneEvent[] = [];
  const guard = await openGuard({
    lan: lan.host(() => OURS),
    world,
    tell: (event) => events.push(event),
    every: 60_000,
    allow: new Set(),
    stops: true,
    neighbourOf: async (address) => await Promise.resolve(address === ROGUE ? HARDWARE : undefined),
    makerOf: (hardware) => (hardware === HARDWARE ? 'MikroTik' : undefined),
    ...changes,
  });
  const begin = world.now();
  return {
    world,
    lan,
    guard,
    /** What was told, with the ms since the start. */
    told: () => events.map((event) => `${Math.round(event.at - begin)}: ${said(event)}`),
    events,
    advance: async (ms: number) => await world.advance(ms),
  };
}

function said(event: PhoneEvent): string {
  return event.mac === undefined ? sentence(event) : `${showMac(event.mac)} ${sentence(event)}`;
}

const FOUND =
  'another server answers at the DHCP door: 10.99.0.9 (4c:5e:0c:00:00:01, MikroTik); no address is offered until it is gone or allowed';

test('alone on the LAN: a second of looking around, then a look a minute, and nothing to object', async () => {
  const { guard, lan, advance, told } = await bench();
  expect(guard.objection()).toBe('looking-around');
  await advance(999);
  expect(guard.objection()).toBe('looking-around');
  expect(lan.wire).toHaveLength(3);
  await advance(1);
  expect(guard.objection()).toBeUndefined();
  await advance(58_999);
  expect(lan.wire).toHaveLength(3);
  await advance(120_301);
  expect(lan.wire).toHaveLength(9);
  expect(told()).toEqual([]);
});

test('its DISCOVER asks as a phone would, for nobody, and the answer is broadcast', async () => {
  const { guard, lan } = await bench();
  const { bytes, from, to } = lan.wire[0] ?? { bytes: new Uint8Array(), from: undefined, to: undefined };
  expect([from?.port, to]).toEqual([68, { address: BROADCAST, port: 67 }]);
  const decoded = decodePacket(bytes);
  if (!decoded.ok) throw decoded.error;
  const { op, flags, ciaddr, giaddr, chaddr, options } = decoded.value;
  expect({ op, flags, ciaddr, giaddr }).toEqual({ op: 1, flags: 0x8000, ciaddr: ANY, giaddr: ANY });
  expect([messageType(options), [...(options.get(55) ?? [])]]).toEqual([
    'discover',
    [1, 3, 6, 15, 66, 43, 150, 160],
  ]);
  // Locally administered, of one station.
  expect((chaddr[0] ?? 0) & 3).toBe(2);
  expect(guard.isProbe(mac(Buffer.from(chaddr).toString('hex')))).toBe(true);
  expect(guard.isProbe(PHONE)).toBe(false);
});

test('a server that is there already is named with hardware and maker, and stops offers until it is gone', async () => {
  const { guard, lan, advance, told } = await bench();
  const rogue = await plugIn(lan.host(() => ROGUE));
  await advance(10);
  expect(guard.objection()).toBe('foreign-server-answers');
  await advance(1990);
  expect(told()).toEqual([`50: ${FOUND}`]);
  // One client for all looks: the other server's pool is not to suffer.
  expect(new Set(rogue.asked.map(({ chaddr }) => Buffer.from(chaddr).toString('hex'))).size).toBe(1);
  expect(guard.foreign()).toMatchObject([{ server: ROGUE, hardware: HARDWARE, maker: 'MikroTik' }]);
  await rogue.unplug();
  // Nobody waits a minute for the end: while it is there a look follows every 10 s.
  await advance(18_900);
  expect(guard.objection()).toBe('foreign-server-answers');
  await advance(200);
  expect(guard.objection()).toBeUndefined();
  expect(told().slice(1)).toEqual([
    '21000: the other server at 10.99.0.9 is not heard any more at the DHCP door',
  ]);
  expect(guard.foreign()).toEqual([]);
});

test('one that appears later is found at the next look', async () => {
  const { guard, lan, advance } = await bench({ every: 2000 });
  await advance(3500);
  await plugIn(lan.host(() => ROGUE));
  await advance(400);
  expect(guard.objection()).toBeUndefined();
  await advance(200);
  expect(guard.objection()).toBe('foreign-server-answers');
});

test('it is heard between looks, too, when it answers a phone', async () => {
  const { guard, lan, advance, told } = await bench({ every: undefined });
  await advance(5000);
  const rogue = await plugIn(lan.host(() => ROGUE));
  rogue.send(reply({ type: 'ack', server: ROGUE }));
  await advance(100);
  expect(guard.objection()).toBe('foreign-server-answers');
  expect(told().map((line) => line.replace(/^\d+: /, ''))).toEqual([
    '00:15:65:00:00:01 obeys the DHCP server 10.99.0.9 and not this one',
    FOUND.replace('; no', '; it caught 00:15:65:00:00:01; no'),
  ]);
});

const heardAsForeign = async (guard: Guard, advance: (ms: number) => Promise<void>): Promise<string[]> => {
  await advance(100);
  return guard.foreign().map(({ server, caught }) => [showIpv4(server), ...caught].join(' '));
};

test.each<{ title: string; answer: Reply; from?: string; foreign: string[] }>([
  {
    title: 'an OFFER: no phone is caught yet',
    answer: { type: 'offer', server: ROGUE },
    foreign: ['10.99.0.9'],
  },
  { title: 'an ACK', answer: { type: 'ack', server: ROGUE }, foreign: ['10.99.0.9 001565000001'] },
  { title: 'a NAK', answer: { type: 'nak', server: ROGUE, address: ANY }, foreign: ['10.99.0.9'] },
  {
    title: 'siaddr without option 54',
    answer: { type: 'offer', siaddr: ip('10.99.0.3') },
    foreign: ['10.99.0.3'],
  },
  { title: 'the source without both', answer: { type: 'offer' }, foreign: ['10.99.0.9'] },
  {
    title: 'a server behind a relay',
    answer: { type: 'offer', server: ip('10.1.2.3') },
    foreign: ['10.1.2.3'],
  },
  { title: 'our own server-id', answer: { type: 'offer', server: OURS }, foreign: [] },
  { title: 'our own address', answer: { type: 'offer', server: ROGUE }, from: '10.99.0.1', foreign: [] },
  { title: 'options for INFORM', answer: { type: 'ack', server: ROGUE, address: ANY }, foreign: [] },
  { title: 'a PXE proxy', answer: { type: 'offer', server: ROGUE, address: ANY }, foreign: [] },
  { title: 'a client', answer: { type: 'request', server: ROGUE }, foreign: [] },
  { title: 'an OFFER marked as a question', answer: { type: 'offer', server: ROGUE, op: 1 }, foreign: [] },
])('heard at port 68: $title', async ({ answer, from = '10.99.0.9', foreign }) => {
  const { guard, lan, advance } = await bench();
  const rogue = await plugIn(lan.host(() => ip(from)));
  await rogue.unplug();
  rogue.send(reply(answer));
  expect(await heardAsForeign(guard, advance)).toEqual(foreign);
});

test('garbage at port 68 is nobody', async () => {
  const { guard, lan, advance, told } = await bench();
  const rogue = await plugIn(lan.host(() => ROGUE));
  await rogue.unplug();
  for (const bytes of [
    new Uint8Array(),
    new Uint8Array(10),
    new Uint8Array(300),
    new Uint8Array(300).fill(255),
  ])
    rogue.send(bytes);
  expect(await heardAsForeign(guard, advance)).toEqual([]);
  expect(told()).toEqual([]);
});

test('an allowed server is no foreign one, nor are its phones caught', async () => {
  const { guard, lan, advance, told } = await bench({ allow: new Set([ROGUE]) });
  const router = await plugIn(lan.host(() => ROGUE));
  router.send(reply({ type: 'ack', server: ROGUE }));
  guard.heard(ROGUE, PHONE);
  await advance(5000);
  expect([guard.objection(), told()]).toEqual([undefined, []]);
});

test('where any server is allowed nobody is asked and no second is lost', async () => {
  const { guard, lan, advance } = await bench({ allow: 'any' });
  expect(guard.objection()).toBeUndefined();
  guard.heard(ROGUE, PHONE);
  await advance(200_000);
  expect([lan.wire.length, guard.foreign()]).toEqual([0, []]);
});

test('a companion is told of it and objects to nothing', async () => {
  const { guard, lan, advance, told } = await bench({ stops: false });
  expect(guard.objection()).toBeUndefined();
  await plugIn(lan.host(() => ROGUE));
  await advance(2000);
  expect(guard.objection()).toBeUndefined();
  expect(told()).toEqual([`50: ${FOUND.replace(/; no.*/, '')}`]);
});

test('a server that a phone names is looked for at once; nobody there means no objection', async () => {
  const { guard, lan, advance, told } = await bench({ every: undefined });
  await advance(20_000);
  expect(lan.wire).toHaveLength(3);
  guard.heard(ROGUE, PHONE);
  guard.heard(ROGUE, PHONE);
  await advance(5000);
  guard.heard(ROGUE, PHONE);
  await advance(2000);
  expect(lan.wire).toHaveLength(5);
  expect(guard.objection()).toBeUndefined();
  expect(told()).toEqual(['20000: 00:15:65:00:00:01 obeys the DHCP server 10.99.0.9 and not this one']);
});

test('a server that a phone names and that is there is found by that look', async () => {
  const { guard, lan, advance } = await bench({ every: undefined });
  await advance(20_000);
  await plugIn(lan.host(() => ROGUE));
  guard.heard(ROGUE, PHONE);
  await advance(100);
  expect(guard.objection()).toBe('foreign-server-answers');
  expect([...(guard.foreign()[0]?.caught ?? [])]).toEqual([PHONE]);
});

test('our own server named by a phone is nothing to tell', async () => {
  const { guard, told } = await bench();
  guard.heard(OURS, PHONE);
  expect(told()).toEqual([]);
});

test('hardware addresses are asked for on our subnet only', async () => {
  const asked: Ipv4[] = [];
  const { lan, advance } = await bench({
    neighbourOf: async (address) => {
      asked.push(address);
      return await Promise.reject(new Error('no table'));
    },
  });
  const far = await plugIn(lan.host(() => ip('172.16.0.1')));
  const near = await plugIn(
    lan.host(() => ip('10.99.0.8')),
    ip('172.16.0.2'),
  );
  await advance(500);
  await far.unplug();
  await near.unplug();
  expect(asked).toEqual([ip('10.99.0.8'), ip('10.99.0.8')]);
  expect(lan.wire.filter(({ to }) => to.port === 9).map(({ to }) => showIpv4(to.address))).toEqual([
    '10.99.0.8',
  ]);
});

test('without port 68 that is told once, phones are still listened to, and nothing is stopped', async () => {
  const world = fakeWorld();
  const taken = new Fault('port-taken', 'UDP port 68 is taken', 'nothing to do');
  const lan: Lan = {
    ...fakeLan(world, subnetAt('10.99.0.0/24')).host(() => OURS),
    openUdp: async () => await Promise.reject(taken),
  };
  const { guard, told, events } = await bench({ lan, world });
  expect(guard.objection()).toBeUndefined();
  guard.heard(ROGUE, PHONE);
  await world.advance(200_000);
  expect(guard.objection()).toBeUndefined();
  expect(told()).toEqual([
    '0: other DHCP servers are not looked for: UDP port 68 is taken (nothing to do)',
    '0: 00:15:65:00:00:01 obeys the DHCP server 10.99.0.9 and not this one',
  ]);
  expect(events[0]).toMatchObject({ kind: 'fault', code: 'port-taken', hint: taken.hint });
});

test('a closed guard sends nothing, tells nothing and objects to nothing', async () => {
  const { guard, lan, advance, told } = await bench();
  const rogue = await plugIn(lan.host(() => ROGUE));
  await advance(10);
  await guard.close();
  await guard.close();
  rogue.send(reply({ type: 'ack', server: ROGUE }));
  guard.heard(ROGUE, PHONE);
  const sent = lan.wire.length;
  await advance(100_000);
  expect([lan.wire.length, told()]).toEqual([sent, []]);
});

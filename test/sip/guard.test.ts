// The PnP guard on a LAN in memory: who answers its SUBSCRIBE beside us.
import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { type Ipv4, ipv4FromNumber } from '../../src/base/ipv4.ts';
import { cluesFromSubscribe, eventOf } from '../../src/sip/clues.ts';
import { openPnpGuard, type PnpGuardParts } from '../../src/sip/guard.ts';
import { decodeMessage, header, type SipRequest, topVia } from '../../src/sip/message.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { sentence } from '../../src/timeline/sentence.ts';
import { fakeLan } from '../fakes/lan.ts';
import { fakeWorld } from '../fakes/world.ts';
import { ip, mac, subnetAt } from '../net/watched.ts';

const OURS = ip('10.99.0.1');
const ROGUE = ip('10.99.0.9');
const GROUP = ipv4FromNumber(0xe000014b);
const HARDWARE = mac('B8:27:EB:00:00:01');
const FOUND = '50: another server answers at the PnP: 10.99.0.9 (b8:27:eb:00:00:01, Raspberry Pi)';

async function bench(changes: Partial<PnpGuardParts> = {}) {
  const world = fakeWorld();
  const lan = fakeLan(world, subnetAt('10.99.0.0/24'));
  const events: PhoneEvent[] = [];
  const guard = await openPnpGuard({
    lan: lan.host(() => OURS),
    world,
    tell: (event) => events.push(event),
    every: 300_000,
    neighbourOf: async () => await Promise.resolve(HARDWARE),
    makerOf: () => 'Raspberry Pi',
    ...changes,
  });
  const begin = world.now();
  /** A host that gives these answers to every SUBSCRIBE of the group. */
  const plugIn = async (address: Ipv4, answers: readonly ((asked: SipRequest) => string)[]) => {
    const heard: SipRequest[] = [];
    const options = { port: 5060, group: GROUP, purpose: 'the rogue', onTrouble: () => undefined };
    const socket = await lan
      .host(() => address)
      .openUdp(options, (bytes, from) => {
        const asked = decodeMessage(bytes);
        if (!asked.ok || asked.value.kind !== 'request') return;
        heard.push(asked.value);
        for (const answer of answers) socket.send(Buffer.from(answer(asked.value)), from);
      });
    return { heard, unplug: async () => await socket.close() };
  };
  const told = (): readonly string[] =>
    events.map((one) => `${Math.round(one.at - begin)}: ${sentence(one)}`);
  return { world, lan, guard, plugIn, told, events };
}

/** Status line or request line, the headers that name the dialog, more lines. */
function message(first: string, asked: SipRequest, ...more: readonly string[]): string {
  const kept = asked.headers.filter(({ name }) => ['Via', 'From', 'To', 'Call-ID'].includes(name));
  return [first, ...kept.map(({ name, value }) => `${name}: ${value}`), ...more, '', ''].join('\r\n');
}

const answered =
  (status: string) =>
  (asked: SipRequest): string =>
    message(`SIP/2.0 ${status}`, asked, 'CSeq: 1 SUBSCRIBE');
const notified = (asked: SipRequest): string =>
  message('NOTIFY sip:10.99.0.1 SIP/2.0', asked, 'CSeq: 1 NOTIFY', 'Event: ua-profile');

test('its SUBSCRIBE is one that responders understand, of a phone that nobody has', async () => {
  const { lan, guard } = await bench();
  const [sent] = lan.wire;
  expect(sent?.to).toEqual({ address: GROUP, port: 5060 });
  const decoded = decodeMessage(sent?.bytes ?? new Uint8Array());
  if (!decoded.ok || decoded.value.kind !== 'request') throw new Error('no request');
  const asked = decoded.value;
  const probe = cluesFromSubscribe(asked).mac ?? mac('000000000000');
  expect(guard.isProbe(probe)).toBe(true);
  expect(guard.isProbe(HARDWARE)).toBe(false);
  expect(Number.parseInt(probe.slice(0, 2), 16) & 3).toBe(2);
  expect([asked.method, asked.uri]).toEqual(['SUBSCRIBE', `sip:MAC%3a${probe}@224.0.1.75`]);
  expect(eventOf(asked).value).toBe('ua-profile');
  const here = `10.99.0.1:${sent?.from.port}`;
  expect(header(asked, 'Contact')).toBe(`<sip:MAC%3a${probe}@${here}>`);
  expect(topVia(asked)).toMatchObject({ host: '10.99.0.1', port: sent?.from.port });
  expect([header(asked, 'Expires'), header(asked, 'Accept')]).toEqual(['0', 'application/url']);
});

test.each([
  { title: '200 and NOTIFY', answers: [answered('200 OK'), notified] },
  { title: '202 alone', answers: [answered('202 Accepted')] },
  { title: 'NOTIFY alone', answers: [notified] },
])('another responder is told of once, with hardware and maker: $title', async ({ answers }) => {
  const { world, guard, plugIn, told, events } = await bench();
  await plugIn(ROGUE, answers);
  await world.advance(5000);
  expect(told()).toEqual([FOUND]);
  expect(events).toMatchObject([
    { kind: 'foreign-server', door: 'pnp', server: ROGUE, stops: false, caught: [] },
  ]);
  expect(guard.foreign()).toMatchObject([{ server: ROGUE, hardware: HARDWARE }]);
});

test.each([
  { title: 'our own door', address: OURS, answers: [answered('200 OK'), notified] },
  { title: 'a PBX that refuses', address: ROGUE, answers: [answered('489 Bad Event')] },
  { title: 'a ringing one', address: ROGUE, answers: [answered('100 Trying')] },
  { title: 'another question', address: ROGUE, answers: [() => 'OPTIONS sip:a SIP/2.0\r\n\r\n'] },
  { title: 'garbage', address: ROGUE, answers: [() => '\0', () => '\r\n', () => 'SIP/2.0 200 OK'] },
])('no responder: $title', async ({ address, answers }) => {
  const { world, guard, plugIn, told } = await bench();
  await plugIn(address, answers);
  await world.advance(5000);
  expect([guard.foreign(), told()]).toEqual([[], []]);
});

test('what a NOTIFY says is neither answered nor fetched', async () => {
  const { world, lan, plugIn } = await bench();
  const url = 'Content-Type: application/url\r\nContent-Length: 21\r\n\r\nhttp://10.99.0.9/evil/';
  await plugIn(ROGUE, [answered('200 OK'), (asked) => notified(asked).replace(/\r\n\r\n$/, `\r\n${url}`)]);
  await world.advance(5000);
  const toRogue = lan.wire.filter(({ to }) => to.address === ROGUE);
  // Nothing but the empty datagram that makes the kernel look for its hardware address.
  expect(toRogue.map(({ to, bytes }) => [to.port, bytes.length])).toEqual([[9, 0]]);
});

test('it is looked for again while it is there, and gone after two looks without it', async () => {
  const { world, guard, plugIn, told } = await bench();
  const rogue = await plugIn(ROGUE, [answered('200 OK')]);
  await world.advance(90_000);
  // Asked twice a look, with the same request: a responder takes the second for a retransmission.
  const calls = rogue.heard.map((asked) => header(asked, 'Call-ID'));
  expect([calls.length, new Set(calls).size]).toEqual([5, 2]);
  await rogue.unplug();
  await world.advance(91_100);
  expect(told()).toEqual([FOUND, '181000: the other server at 10.99.0.9 is not heard any more at the PnP']);
  expect(guard.foreign()).toEqual([]);
});

test('without periodic looks there is one at the start', async () => {
  const { world, lan } = await bench({ every: undefined });
  await world.advance(3_600_000);
  expect(lan.wire).toHaveLength(3);
});

test('a closed guard asks no more', async () => {
  const { world, lan, guard } = await bench();
  await guard.close();
  await world.advance(3_600_000);
  expect(lan.wire).toHaveLength(1);
});

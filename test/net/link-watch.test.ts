import { expect, test } from 'vitest';
import { parseIpv4, parseSubnet } from '../../src/base/ipv4.ts';
import { type InterfaceTable, type LinkState, pickInterface } from '../../src/net/interfaces.ts';
import { watchLink } from '../../src/net/link-watch.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { sentence } from '../../src/timeline/sentence.ts';
import { fakeWorld } from '../fakes/world.ts';

const facts = (text: string) => {
  const [address, subnet] = [parseIpv4(text.split('/')[0] ?? ''), parseSubnet(text)];
  if (address === undefined || subnet === undefined) throw new Error(text);
  return { address, subnet };
};
const OURS = '10.20.0.1/24';

/** An interface whose state the test sets: an address where it has one. */
function watched() {
  const world = fakeWorld();
  const link = { state: 'up' as LinkState | undefined, address: OURS as string | undefined };
  const told: string[] = [];
  const look = (name: string) => {
    const { state, address } = link;
    const states: InterfaceTable['states'] = new Map(state === undefined ? [] : [[name, state]]);
    const usable =
      state === 'up' && address !== undefined ? [{ name, loopback: false, ...facts(address) }] : [];
    return pickInterface(name, { usable, states });
  };
  const watch = watchLink({
    ...{ interface: 'eth1', ...facts(OURS), look, world },
    tell: (event: PhoneEvent) => told.push(sentence(event)),
  });
  return { world, link, told, watch };
}

const BACK = 'phones are served again: the interface eth1 is back';

test.each<[string, Partial<ReturnType<typeof watched>['link']>, string]>([
  [
    'down',
    { state: 'down' },
    'no phone is served: the interface eth1 is down (switch it on: ip link set eth1 up)',
  ],
  [
    'without a cable',
    { state: 'no-link' },
    'no phone is served: the interface eth1 has no link (plug in the cable, and see that the switch at its other end has power)',
  ],
  [
    'away or renamed',
    { state: undefined },
    'no phone is served: there is no interface eth1 (this machine has no interface with an address)',
  ],
  [
    'back without its address',
    { address: undefined },
    'no phone is served: the interface eth1 has no IPv4 address (give it one: ip address add 10.20.0.1/22 dev eth1)',
  ],
  [
    'given another address',
    { address: '192.168.1.7/24' },
    'the interface eth1 has another address (192.168.1.7, 192.168.1.0/24) than the one that is served (10.20.0.1, 10.20.0.0/24) (give it back, or restart unboxd to serve the new one)',
  ],
])('an interface that is %s is told once, and its return once', async (_what, change, words) => {
  const { world, link, told } = watched();
  await world.advance(60_000);
  expect(told).toEqual([]);
  Object.assign(link, change);
  await world.advance(60_000);
  expect(told).toEqual([words]);
  Object.assign(link, { state: 'up', address: OURS });
  await world.advance(60_000);
  expect(told).toEqual([words, BACK]);
});

test('another trouble is told too: gone, then back without its address, then whole', async () => {
  const { world, link, told } = watched();
  link.state = undefined;
  await world.advance(10_000);
  Object.assign(link, { state: 'up', address: undefined });
  await world.advance(10_000);
  link.address = OURS;
  await world.advance(10_000);
  expect(told.map((line) => line.replace(/ \(.*/, ''))).toEqual([
    'no phone is served: there is no interface eth1',
    'no phone is served: the interface eth1 has no IPv4 address',
    BACK,
  ]);
});

test('nobody looks after the end', async () => {
  const { world, link, told, watch } = watched();
  await watch.close();
  link.state = 'down';
  await world.advance(60_000);
  expect(told).toEqual([]);
});

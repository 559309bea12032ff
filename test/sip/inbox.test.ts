import { expect, test } from 'vitest';
import { createInbox } from '../../src/sip/inbox.ts';
import { testWorld } from './stage.ts';

/** An inbox whose items take so many ms of the clock each. */
function slowInbox(cost: number) {
  const world = testWorld();
  let busy = 0;
  const clock = { ...world, now: () => world.now() + busy };
  const handled: { readonly item: number; readonly at: number }[] = [];
  const shed: number[] = [];
  const inbox = createInbox<number>({
    world: clock,
    handle: (item) => {
      busy += cost;
      handled.push({ item, at: clock.now() });
    },
    onShed: (items) => shed.push(...items),
  });
  return { world, inbox, handled, shed };
}

test('what costs nothing is handled at once', () => {
  const { inbox, handled, world } = slowInbox(0);
  for (let item = 0; item < 1000; item += 1) inbox.put(item);
  expect([handled.length, world.timers()]).toEqual([1000, 0]);
});

test('a burst is handled in its order, and a turn of it takes four ms', () => {
  const { inbox, handled, world } = slowInbox(1);
  for (let item = 0; item < 100; item += 1) inbox.put(item);
  expect(handled).toHaveLength(4);
  world.advance(0);
  expect(handled.map(({ item }) => item)).toEqual(Array.from({ length: 100 }, (_, item) => item));
});

test('what waited longer than half a second is dropped, and what came later is served', () => {
  const { inbox, handled, shed, world } = slowInbox(1);
  for (let item = 0; item < 2000; item += 1) inbox.put(item);
  world.advance(0);
  // At a millisecond each, five hundred are done in time; then the others have waited too long.
  expect(handled.length).toBeGreaterThan(490);
  expect(handled.length).toBeLessThan(520);
  expect(handled.length + shed.length).toBe(2000);
  world.advance(10_000);
  inbox.put(2000);
  expect(handled.at(-1)?.item).toBe(2000);
});

test('so many wait and no more: the oldest go', () => {
  const { inbox, handled, shed, world } = slowInbox(1);
  for (let item = 0; item < 100_000; item += 1) inbox.put(item);
  expect(shed.length).toBeGreaterThan(80_000);
  world.advance(0);
  expect(handled.at(4)?.item).toBeGreaterThan(80_000);
});

test('a closed one handles nothing more', async () => {
  const { inbox, handled, world } = slowInbox(1);
  for (let item = 0; item < 10; item += 1) inbox.put(item);
  await inbox.close();
  inbox.put(11);
  world.advance(1000);
  expect(handled).toHaveLength(4);
});

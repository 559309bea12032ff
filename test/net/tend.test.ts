import { expect, test } from 'vitest';
import type { Closable } from '../../src/base/world.ts';
import { tend } from '../../src/net/tend.ts';
import { fakeWorld } from '../fakes/world.ts';

interface Numbered extends Closable {
  readonly number: number;
}

/** An interface that can be taken away and replaced, and a resource that is counted. */
async function tended() {
  const world = fakeWorld();
  const state = { index: 2 as number | undefined, opened: 0, isBroken: false };
  const log: string[] = [];
  const open = async (): Promise<Numbered> => {
    if (state.isBroken) throw new Error('no such device');
    state.opened += 1;
    const number = state.opened;
    log.push(`open ${number}`);
    const close = async (): Promise<void> => {
      log.push(`close ${number}`);
      await Promise.resolve();
    };
    return await Promise.resolve({ number, close });
  };
  const kept = await tend(await open(), {
    world,
    index: async () => await Promise.resolve(state.index),
    open,
    onTrouble: (error) => log.push(error.message),
  });
  return { world, state, log, kept };
}

test('nothing happens while the interface stays', async () => {
  const { world, log, kept } = await tended();
  await world.advance(60_000);
  expect(log).toEqual(['open 1']);
  expect(kept.resource?.number).toBe(1);
});

test('a replaced interface has its socket opened again; a missing one is waited for', async () => {
  const { world, state, log, kept } = await tended();
  state.index = undefined;
  await world.advance(10_000);
  expect(log).toEqual(['open 1']);
  state.index = 7;
  await world.advance(10_000);
  expect(log).toEqual(['open 1', 'close 1', 'open 2']);
  expect(kept.resource?.number).toBe(2);
});

test('a suspected socket is opened again although the interface looks the same', async () => {
  const { world, log, kept } = await tended();
  kept.suspect();
  await world.advance(10_000);
  expect(log).toEqual(['open 1', 'close 1', 'open 2']);
});

test('what cannot be opened is tried until it can, and told once', async () => {
  const { world, state, log, kept } = await tended();
  state.index = 7;
  state.isBroken = true;
  await world.advance(10_000);
  expect(kept.resource).toBeUndefined();
  state.isBroken = false;
  await world.advance(10_000);
  expect(log).toEqual(['open 1', 'close 1', 'no such device', 'open 2']);
});

test('a closed one is looked after no more', async () => {
  const { world, state, log, kept } = await tended();
  await kept.close();
  await kept.close();
  state.index = 7;
  await world.advance(10_000);
  expect(log).toEqual(['open 1', 'close 1']);
});

// A clock that moves only when told to, and dice that always fall the same way.
import type { World } from '../../src/base/world.ts';

export interface FakeWorld extends World {
  /** Moves the clock, calling everything due on the way in its order, and lets promises settle in between. */
  advance(ms: number): Promise<void>;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

/** Starts at 2026-01-01 00:00 UTC. */
export function fakeWorld(seed = 1): FakeWorld {
  let now = Date.UTC(2026, 0, 1);
  let order = 0;
  let dice = seed >>> 0;
  const due = new Set<Due>();

  const next = (until: number): Due | undefined =>
    [...due].filter((one) => one.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0];

  return {
    now: () => now,
    after: (delay, action) => {
      const one = { at: now + Math.max(0, delay), order: order++, action };
      due.add(one);
      return () => due.delete(one);
    },
    random: () => {
      // mulberry32: small, and good enough for tests.
      dice = (dice + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(dice ^ (dice >>> 15), dice | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
    advance: async (ms) => {
      const until = now + ms;
      await settled();
      for (let one = next(until); one !== undefined; one = next(until)) {
        due.delete(one);
        now = one.at;
        one.action();
        await settled();
      }
      now = until;
    },
  };
}

/** Promises of promises, and reads of small files, get their turn. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((done) => setImmediate(done));
}

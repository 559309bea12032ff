// The real clock, timers and dice, behind the door that the tests fake.
import type { World } from '../base/world.ts';

/** Node calls a timer at once when its delay does not fit in 31 bits (24.8 days). */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * The world as it is. Its clock is the wall clock of the start plus the time that went by since: it never runs
 * backwards, and it does not follow a wall clock that is set later.
 */
export function realWorld(): World {
  const startedAt = Date.now();
  const origin = performance.now();
  return {
    now: () => startedAt + Math.floor(performance.now() - origin),
    after,
    random: () => Math.random(),
  };
}

function after(delay: number, action: () => void): () => void {
  let left = Math.max(0, delay);
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const leg = Math.min(left, LONGEST_TIMER);
    left -= leg;
    timer = setTimeout(left > 0 ? wait : action, leg);
  };
  wait();
  return () => clearTimeout(timer);
}

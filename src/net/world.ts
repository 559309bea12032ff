// The real clock, timers and dice, behind the door that the tests fake.
import type { World } from '../base/world.ts';

/** Node calls a timer at once when its delay does not fit in 31 bits (24.8 days). */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * The world as it is. Its clock is the wall clock of the start plus the time that went by since: it never runs
 * backwards, and it does not follow a wall clock that is set later. Threads that are given one start show one time.
 */
export function realWorld(start = Date.now() - monotonic()): World {
  return {
    now: () => Math.floor(start + monotonic()),
    after,
    random: createDice(),
  };
}

/** So many throws are made at a time: a call for each would cost more than the throw. */
const THROWS = 512;

/**
 * Dice that nobody can foresee by what fell before, as Math.random() can be: tags, branches and transaction numbers are
 * made of them, and whoever guesses these answers in the name of a phone.
 */
function createDice(): () => number {
  const words = new Uint32Array(2 * THROWS);
  let next = words.length;
  return () => {
    if (next === words.length) {
      crypto.getRandomValues(words);
      next = 0;
    }
    const [high = 0, low = 0] = [words[next], words[next + 1]];
    next += 2;
    // 53 bits, all that fit: 32 of the first word, 21 of the second.
    return (high * 2 ** 21 + (low >>> 11)) / 2 ** 53;
  };
}

/** Milliseconds on a clock that nobody sets; the same in all threads. */
export function monotonic(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

function after(delay: number, action: () => void): () => void {
  // The shortest timer takes a millisecond, in which a door with a full inbox would stand idle.
  if (delay <= 0) {
    const turn = setImmediate(action);
    return () => clearImmediate(turn);
  }
  let left = delay;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const leg = Math.min(left, LONGEST_TIMER);
    left -= leg;
    timer = setTimeout(left > 0 ? wait : action, leg);
  };
  wait();
  return () => clearTimeout(timer);
}

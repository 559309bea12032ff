// How many clients come that nobody has seen before: a flood of made-up addresses looks like no staging room.
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';

export interface Crowd {
  /** A client that was never seen before and that nobody knows. */
  note(mac: Mac, now: Millis): void;
  /** What to tell now, or undefined when it was told within the last minute. */
  report(now: Millis): { readonly newcomers: number; readonly madeUp: number } | undefined;
}

const MINUTE = 60_000;

export function createCrowd(): Crowd {
  // Counted per second, so that the memory does not grow with the flood.
  let seconds: { readonly from: Millis; newcomers: number; madeUp: number }[] = [];
  let toldAt: Millis | undefined;
  return {
    note: (mac, now) => {
      const latest = seconds.at(-1);
      const second =
        latest !== undefined && now - latest.from < 1000 ? latest : { from: now, newcomers: 0, madeUp: 0 };
      if (second !== latest) seconds.push(second);
      second.newcomers += 1;
      if (isMadeUp(mac)) second.madeUp += 1;
      if (seconds.length > MINUTE / 1000 + 1) seconds = seconds.slice(1);
    },
    report: (now) => {
      if (toldAt !== undefined && now - toldAt < MINUTE) return undefined;
      toldAt = now;
      const recent = seconds.filter(({ from }) => now - from < MINUTE);
      const sum = (key: 'newcomers' | 'madeUp'): number =>
        recent.reduce((total, each) => total + each[key], 0);
      return { newcomers: sum('newcomers'), madeUp: sum('madeUp') };
    },
  };
}

/** The second lowest bit of the first byte: locally administered (IEEE 802 section 8.2). No phone leaves a factory so. */
function isMadeUp(mac: Mac): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 2) !== 0;
}

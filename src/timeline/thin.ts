// The log in a flood: as many lines a second as a person could look through afterwards, and a count of the others. The
// timelines have them all.
import type { Millis } from '../base/world.ts';

export interface Thinner {
  /** Whether a line may be written now, and how many were left out before it. */
  admit(now: Millis): { readonly mayWrite: boolean; readonly left: number };
}

export function createThinner(perSecond: number): Thinner {
  let second = 0;
  let written = 0;
  let left = 0;
  return {
    admit: (now) => {
      const current = Math.floor(now / 1000);
      if (current !== second) {
        second = current;
        written = 0;
      }
      if (written >= perSecond) {
        left += 1;
        return { mayWrite: false, left: 0 };
      }
      written += 1;
      const before = left;
      left = 0;
      return { mayWrite: true, left: before };
    },
  };
}

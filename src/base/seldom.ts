// One word at a time about the same trouble: who is broken comes again and again, and every word costs a line.
import type { Millis } from './world.ts';

/** Whether a word about it may be told now. Asking is telling: who asks and may, tells. */
export type Seldom = (about: string, now: Millis) => boolean;

/** Lets one word about each thing through in `every` ms. */
export function createSeldom(options: { readonly every: number; readonly most: number }): Seldom {
  const toldAt = new Map<string, Millis>();
  return (about, now) => {
    const last = toldAt.get(about);
    if (last !== undefined && now - last < options.every) return false;
    // Forged addresses must not fill the memory; forgetting costs one word too many.
    if (toldAt.size >= options.most) toldAt.clear();
    toldAt.set(about, now);
    return true;
  };
}

// What was made for phones and is made again only when something it was made from changes.
import { isDeepStrictEqual } from 'node:util';
import type { Asker } from './desk.ts';
import type { StaticFile } from './disk.ts';
import type { Prepared } from './make.ts';
import { LONGEST_NAME, type Plan, type Refusal } from './resolve.ts';

/** What is kept of a phone. */
export interface Known {
  /** What names mean, by the name as it was asked. */
  readonly plans: ReadonlyMap<string, Plan | Refusal>;
  note(asked: string, plan: Plan | Refusal): void;
  /** By name and by what the phone may see (`variantOf`). */
  readonly made: ReadonlyMap<string, Made>;
  keep(variant: string, made: Made): void;
}

interface Made {
  readonly gets: Prepared;
  /** The file in the folder that it was made from; absent: a template. */
  readonly from: StaticFile | undefined;
}

/** What a phone gets does not change while it is known by the same words. */
interface Entry extends Pick<Asker, 'identity' | 'listed'> {
  readonly known: Known;
}

/** Phones of which something is kept, names of each, and bytes in all. */
const MOST_PHONES = 20_000;
const MOST_NAMES = 32;
const MOST_BYTES = 64 * 1024 * 1024;
/** A firmware is in memory for as long as somebody loads it, and no longer. */
const LARGEST = 256 * 1024;

/** Gives what is kept of a phone: nothing yet when it is known by other words than before. `most`: bytes in all. */
export function openKept(most = MOST_BYTES): (phone: Asker) => Known {
  const phones = new Map<Asker['mac'], Entry>();
  let bytes = 0;
  const weigh = (size: number): void => {
    bytes += size;
    if (bytes <= most) return;
    // All at once: it is there again by the next boot.
    phones.clear();
    bytes = 0;
  };
  return ({ mac, identity, listed }) => {
    const before = phones.get(mac);
    if (before?.identity === identity && before.listed === listed) return before.known;
    // What comes from another thread is a copy each time: its words count.
    const isSame =
      before !== undefined && isDeepStrictEqual([before.identity, before.listed], [identity, listed]);
    const known = isSame ? before.known : openKnown(weigh);
    if (phones.size >= MOST_PHONES) phones.clear();
    phones.set(mac, { identity, listed, known });
    return known;
  };
}

function openKnown(weigh: (size: number) => void): Known {
  const plans = new Map<string, Plan | Refusal>();
  const made = new Map<string, Made>();
  return {
    plans,
    made,
    note: (asked, plan) => {
      // Names come from outside, in any number and length.
      if (plans.size < MOST_NAMES && asked.length <= LONGEST_NAME) plans.set(asked, plan);
    },
    keep: (variant, one) => {
      const size = one.gets.content.length + (one.gets.sealed?.content.length ?? 0);
      if (size > LARGEST) return;
      if (made.size >= MOST_NAMES) made.clear();
      made.set(variant, one);
      weigh(size);
    },
  };
}

/** The content of a file in memory is the same object for as long as it does not change on disk. */
export function isSameFile(one: StaticFile | undefined, other: StaticFile | undefined): boolean {
  return (
    one?.content === other?.content &&
    one?.path === other?.path &&
    one?.modified === other?.modified &&
    one?.twins === other?.twins
  );
}

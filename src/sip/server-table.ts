// The server transactions of a socket (RFC 3261 section 17.2.2), bounded in number.
import type { Millis } from '../base/world.ts';
import type { ServerMachine } from './transaction.ts';

export interface ServerTable {
  find(key: string, now: Millis): ServerMachine | undefined;
  /** Keeps the machine in the place of what it was before. */
  keep(key: string, machine: ServerMachine): void;
  readonly size: number;
}

/**
 * Two generations and no timers: when the young one has grown to half of `most`, or is as old as a transaction can
 * become, it takes the place of the old one, which is dropped whole. So at least the latest half of `most` are known,
 * however many come, and at most `most`.
 */
export function createServerTable({ most }: { readonly most: number }): ServerTable {
  let young = new Map<string, ServerMachine>();
  let old = new Map<string, ServerMachine>();
  let endOfYoung: Millis | undefined;

  const turnOver = (): void => {
    old = young;
    young = new Map();
    endOfYoung = undefined;
  };
  return {
    find: (key, now) => {
      if (endOfYoung !== undefined && now >= endOfYoung) turnOver();
      endOfYoung ??= now + LONGEST_LIFE;
      const machine = young.get(key) ?? old.get(key);
      if (machine === undefined || machine.state === 'terminated' || machine.endsAt <= now) return undefined;
      return machine;
    },
    keep: (key, machine) => {
      if (machine.state === 'terminated') {
        young.delete(key);
        old.delete(key);
        return;
      }
      if (young.size >= Math.max(1, most >> 1) && !young.has(key)) turnOver();
      young.set(key, machine);
    },
    get size() {
      return young.size + old.size;
    },
  };
}

/** Timer J, twice: a request that is answered late lives that long. */
const LONGEST_LIFE = 64_000;

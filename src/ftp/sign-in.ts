// Who may come in, and how long somebody who guesses passwords is kept waiting.
import { isSameText } from '../base/digest.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { Millis } from '../base/world.ts';
import type { Account } from '../site/accounts.ts';

/**
 * The accounts that user and password open; undefined when there is none and it is not open to everybody. Phones sign
 * in with the name of their factory: where anonymous is on, any name that no account has is let in, by any password.
 */
export function accountsFor(
  { user, password }: { readonly user: string; readonly password: string },
  { accounts, anonymous }: { readonly accounts: readonly Account[]; readonly anonymous: boolean },
): readonly Account[] | undefined {
  const named = accounts.filter((account) => account.user === user);
  if (named.length === 0) return anonymous ? [] : undefined;
  const fitting = named.filter((account) => isSameText(account.password, password));
  return fitting.length === 0 ? undefined : fitting;
}

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
/** A session that was wrong so often is closed. */
export const MOST_FAILURES = 3;

/**
 * How long a password is not even looked at, by how often its sender was wrong before. It holds for the right one too:
 * else whoever does not wait would know it was wrong.
 */
export function waitFor(failures: number): number {
  return failures === 0 ? 0 : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1));
}

export interface Guesses {
  /** A password from there was wrong. */
  note(now: Millis, from: Ipv4): void;
  count(now: Millis, from: Ipv4): number;
}

const FORGET_MS = 600_000;
const MOST_REMEMBERED = 1000;

/** Remembers wrong passwords by address, for ten minutes after the last. */
export function createGuesses(): Guesses {
  const wrong = new Map<Ipv4, { readonly count: number; readonly at: Millis }>();
  const count = (now: Millis, from: Ipv4): number => {
    const known = wrong.get(from);
    return known === undefined || now - known.at > FORGET_MS ? 0 : known.count;
  };
  return {
    count,
    note: (now, from) => {
      const before = count(now, from);
      wrong.delete(from);
      wrong.set(from, { count: before + 1, at: now });
      const [oldest] = wrong.keys();
      if (wrong.size > MOST_REMEMBERED && oldest !== undefined) wrong.delete(oldest);
    },
  };
}

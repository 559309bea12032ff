// What a storm is told to do, and what it remembers of each phone: the part that outlives a restart.
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import type { Transport } from './notify.ts';
import type { WakeEnd } from './wake.ts';

/** 200 OK is not success: a phone is confirmed when it fetched its own file again and, for a reboot, came back. */
export type Verdict =
  | 'confirmed'
  | 'acknowledged' // it said yes, and did not fetch
  | 'refused'
  | 'wants-password' // ours was wrong, or there is none
  | 'unanswered'
  | 'unreachable' // it cannot be sent anything: no address here, or its make is not known
  | 'skipped'; // it was not woken

/** Which wake-up, by the names of vendor files. */
export type WakeKind = 'fetch' | 'reboot' | 'restart' | 'report' | 'profile';

/** How every phone of a storm is woken. */
export interface WakeManner {
  readonly what: WakeKind;
  /** For `profile`: the file to fetch. */
  readonly url?: string | undefined;
  /** That of the vendor file where absent. */
  readonly transport?: Transport | undefined;
  /** Outbound proxy, `host:port`. */
  readonly via?: string | undefined;
  /** By its web server and not by SIP, where the vendor has that. */
  readonly byHttp: boolean;
}

export interface StormPlan {
  readonly id: string;
  readonly madeAt: Millis;
  /** Nobody is woken earlier. */
  readonly startAt: Millis;
  readonly targets: readonly Mac[];
  readonly manner: WakeManner;
  /** Wake-ups a second; 0: as fast as it goes. */
  readonly perSecond: number;
  /** Phones between wake-up and verdict at a time; 0: any number. */
  readonly atOnce: number;
  /** The wake-ups are spread over so many ms. */
  readonly spread: number;
  /** Sizes of the first waves; the rest is the last one. A wave begins when all of the one before have a verdict. */
  readonly waves: readonly number[];
  /** The part of the phones that may fail before the storm stops by itself; 1: all. */
  readonly stopAt: number;
  /** How many more times a phone is woken that gave no sign. */
  readonly retries: number;
  /** How long a phone may take to fetch after its answer, ms; 0: the answer is the end. */
  readonly patience: number;
}

/** What became of a phone. */
export interface Outcome {
  readonly verdict: Verdict;
  readonly at: Millis;
  /** The last word of the phone to the wake-up. */
  readonly end?: WakeEnd | undefined;
  /** Its own file, fetched so long after the wake-up. */
  readonly file?: string | undefined;
  readonly afterMs?: number | undefined;
  /** Why it was not woken, or what else there is to say. */
  readonly why?: Why | undefined;
}

export type Why =
  | 'no-address'
  | 'unknown-make'
  | 'no-such-wake' // its vendor file has no wake-up of that kind
  | 'off-the-lan'
  | 'in-another-storm'
  | 'cancelled'
  | 'restarted' // the daemon ended while it was being woken, so its answer was not heard
  | 'did-not-restart'; // it fetched, but was not seen to restart

/** What is remembered of a phone. */
export interface Past {
  readonly wokenAt: Millis;
  /** How many times it was woken. */
  readonly times: number;
  readonly outcome?: Outcome | undefined;
}

export type StormMode =
  | 'running'
  | 'paused'
  | 'stopped' // too many failures
  | 'cancelled'
  | 'done';

/** Phones that may be woken in a retry: those that gave no sign of having heard. */
export function isWorthARetry({ verdict }: Outcome): boolean {
  return verdict === 'unanswered' || verdict === 'acknowledged';
}

/** A phone that is not there or was left out says nothing about the others. */
export function tellsOfOthers({ verdict }: Outcome): boolean {
  return verdict !== 'unreachable' && verdict !== 'skipped';
}

/** Counts against the threshold. */
export function isFailure(outcome: Outcome): boolean {
  return outcome.verdict !== 'confirmed' && tellsOfOthers(outcome);
}

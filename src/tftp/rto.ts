// When to send again (RFC 1123 section 4.2.3.2 wants it adaptive, RFC 6298 says how), for both directions.
import type { Millis } from '../base/world.ts';

/** What is known of the way to the phone and back. */
export interface Rto {
  /** Smoothed round trip and its deviation, ms (RFC 6298 section 2); absent before the first measurement. */
  readonly trip?: { readonly smooth: number; readonly deviation: number } | undefined;
  /** When to send again if nothing comes, ms; each try doubles it. */
  readonly interval: number;
}

/** The first retransmission, and the least: a LAN answers in a millisecond, a lost packet must not cost a second. */
export const FIRST_RTO = 100;
const LONGEST_RTO = 5_000;
/** Phones that write their flash while they receive are silent for long. */
export const GIVE_UP_AFTER = 60_000;
/** To an address that has acknowledged nothing: this many repetitions, and a shorter wait. */
export const UNCONFIRMED_TRIES = 3;
export const UNCONFIRMED_AFTER = 20_000;
/**
 * After so long without progress the same request is a new beginning: one may be overtaken by an ACK or by DATA in our
 * own queues, but not by this much.
 */
export const BEGINS_ANEW_AFTER = 1_000;
/**
 * So many bytes go to an address that has acknowledged nothing, for each byte it sent: a forged address is no victim.
 * What cannot be kept is the first DATA of a request without options, which RFC 1350 makes 516 bytes long: it goes out
 * once for each request and is never repeated by the clock. The phone asks again by itself.
 */
export const AMPLIFIED = 5;

export const UNMEASURED: Rto = { interval: FIRST_RTO };

/** After a round trip that took `took` ms (RFC 6298 section 2). */
export function measured({ trip }: Rto, took: Millis): Rto {
  const smooth = trip === undefined ? took : trip.smooth + (took - trip.smooth) / 8;
  const deviation =
    trip === undefined ? took / 2 : trip.deviation + (Math.abs(took - trip.smooth) - trip.deviation) / 4;
  return { trip: { smooth, deviation }, interval: Math.max(FIRST_RTO, smooth + 4 * deviation) };
}

/** The interval after so many tries without an answer; `ceiling` is the phone's word. */
export function lengthened(interval: number, tries: number, ceiling: Millis | undefined): number {
  // RFC 2349 reads as a fixed interval, RFC 1123 section 4.2.3.2 wants an adaptive one: the phone's word is a ceiling.
  const most = ceiling !== undefined && ceiling < LONGEST_RTO ? ceiling : LONGEST_RTO;
  // Of every block this is asked, and hardly any is tried again.
  return Math.min(most, tries === 0 ? interval : interval * 2 ** tries);
}

/** How long ACKs take at present, over all transfers. */
export interface Load {
  note(took: Millis): void;
  /** What was sent later than this may well be acknowledged already: that ACK is in a queue of ours. */
  least(): Millis;
}

const LONGEST_QUEUE = 1_000;

/** When a whole fleet asks at once the queue is in this machine, and sending again makes it longer. */
export function createLoad(): Load {
  let smooth = 0;
  return {
    note: (took) => {
      smooth += (took - smooth) / 16;
    },
    least: () => Math.min(LONGEST_QUEUE, 2 * smooth),
  };
}

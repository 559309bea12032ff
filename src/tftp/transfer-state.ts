// The state of a read transfer, and how it changes: written out and not spread, for some of this runs for every block of
// every phone. transfer.ts says when.
import type { Millis } from '../base/world.ts';
import type { Negotiated, Settings } from './negotiate.ts';
import { lengthOf, type TftpOption } from './packet.ts';
import { lengthened, measured, type Rto, UNCONFIRMED_AFTER, UNCONFIRMED_TRIES, UNMEASURED } from './rto.ts';

/** What does not change while a transfer runs. */
interface Plan {
  readonly settings: Settings;
  /** What an OACK must say; empty: the transfer begins with DATA 1. */
  readonly oack: readonly TftpOption[];
  readonly size: number;
  /** Blocks in all; the last one is shorter than blksize, perhaps empty. */
  readonly total: number;
  /** Bytes of the request, and of our first answer to it. */
  readonly asked: number;
  readonly first: number;
  /** Bytes per second at most. */
  readonly pace?: number | undefined;
}

export interface Transfer {
  readonly plan: Plan;
  /** Last block acknowledged; -1 while an OACK waits for its ACK 0. */
  readonly acked: number;
  /** Last block sent. */
  readonly sent: number;
  /** Whether the phone has acknowledged anything: until then it gets little (a forged address costs us nothing). */
  readonly confirmed: boolean;
  /** Bytes that may still go to a phone that is not confirmed, without its asking again. */
  readonly allowance: number;
  /** Retransmissions by the clock since the last progress. */
  readonly tries: number;
  /** Whether what waits for its ACK went out more than once, for whatever cause. */
  readonly resent: boolean;
  readonly progressAt: Millis;
  readonly sentAt: Millis;
  readonly rto: Rto;
  /** With a pace: when all that was sent will have been paid for. */
  readonly paidAt: Millis;
  /** The next window is due, but not before this moment. */
  readonly heldUntil?: Millis | undefined;
  readonly ended: boolean;
}

/** What a paced transfer did not use of so many ms it may use later: timers are not exact. */
const PACE_SLACK = 50;

/** What a transfer carries, and for whom. */
export interface Carried {
  readonly size: number;
  /** Bytes of the request's datagram. */
  readonly asked: number;
  readonly pace?: number | undefined;
}

/** A transfer that has sent nothing yet: feed it `start`. */
export function openTransfer(
  { settings, acknowledged }: Negotiated,
  { size, asked, pace }: Carried,
  now: Millis,
): Transfer {
  const total = Math.floor(size / settings.blksize) + 1;
  const acked = acknowledged.length > 0 ? -1 : 0;
  const first = acked === -1 ? lengthOf(acknowledged) : 4 + Math.min(size, settings.blksize);
  return {
    plan: { settings, oack: acknowledged, size, total, asked, first, pace },
    acked,
    sent: acked,
    confirmed: false,
    allowance: 0,
    tries: 0,
    resent: false,
    progressAt: now,
    sentAt: now,
    rto: UNMEASURED,
    paidAt: now,
    heldUntil: undefined,
    ended: false,
  };
}

/** So many bytes went out, up to that block. */
export function sentUpTo(
  now: Millis,
  before: Transfer,
  { sent, bytes }: { sent: number; bytes: number },
): Transfer {
  const { plan, acked, confirmed, allowance, tries, resent, progressAt, rto, ended: isOver } = before;
  const spared = Math.max(before.paidAt, now - PACE_SLACK);
  const paidAt = plan.pace === undefined ? now : spared + (bytes * 1000) / plan.pace;
  return {
    plan,
    acked,
    sent,
    confirmed,
    allowance,
    tries,
    resent,
    progressAt,
    sentAt: now,
    rto,
    paidAt,
    heldUntil: undefined,
    ended: isOver,
  };
}

/** Progress: the phone lives, and has everything up to `acked`. */
export function progressed(now: Millis, transfer: Transfer, acked: number): Transfer {
  // Karn (RFC 6298 sections 3 and 5): an ACK of what went out twice measures nothing, and the lengthened interval
  // stays until one does. Else a phone slower than FIRST_RTO would get every block twice for ever.
  const rto = transfer.resent
    ? { trip: transfer.rto.trip, interval: intervalOf(transfer) }
    : measured(transfer.rto, now - transfer.sentAt);
  const { plan, sentAt, paidAt } = transfer;
  return {
    plan,
    acked,
    sent: acked,
    confirmed: true,
    allowance: 0,
    tries: 0,
    resent: false,
    progressAt: now,
    sentAt,
    rto,
    paidAt,
    heldUntil: undefined,
    ended: false,
  };
}

/** When to look again: at the next retransmission, or at the end of patience when none is due. */
export function wakeTime(transfer: Transfer): Millis {
  const { confirmed, tries, sentAt, progressAt, heldUntil, allowance, plan } = transfer;
  if (heldUntil !== undefined) return heldUntil;
  if (!confirmed && (tries >= UNCONFIRMED_TRIES || allowance < plan.first)) {
    return progressAt + UNCONFIRMED_AFTER;
  }
  return sentAt + intervalOf(transfer);
}

/** The present interval. */
function intervalOf({ rto, tries, plan }: Transfer): number {
  return lengthened(rto.interval, tries, plan.settings.timeout);
}

/** Bytes that the phone has acknowledged. */
export function bytesOf({ acked, plan }: Transfer): number {
  return Math.min(plan.size, Math.max(0, acked) * plan.settings.blksize);
}

// One read transfer, from OACK or DATA 1 to the last ACK (RFC 1350 section 6, 2347, 7440), as a step machine without
// socket or clock. Blocks are counted without end here and cut to 16 bits on the wire, so that files beyond 65,535
// blocks roll over to 0 as every client expects.
import { printable } from '../base/bytes.ts';
import type { Millis } from '../base/world.ts';
import type { Negotiated, Settings } from './negotiate.ts';
import type { TftpOption } from './packet.ts';

export interface Transfer {
  readonly settings: Settings;
  /** What an OACK must say; empty: the transfer begins with DATA 1. */
  readonly oack: readonly TftpOption[];
  readonly size: number;
  /** Blocks in all; the last one is shorter than blksize, perhaps empty. */
  readonly total: number;
  /** Last block acknowledged; -1 while an OACK waits for its ACK 0. */
  readonly acked: number;
  /** Last block sent. */
  readonly sent: number;
  /** Whether the phone has acknowledged anything: until then it gets little (a forged address costs us nothing). */
  readonly confirmed: boolean;
  /** Retransmissions by the clock since the last progress. */
  readonly tries: number;
  /** Whether what waits for its ACK went out more than once, for whatever cause. */
  readonly resent: boolean;
  readonly progressAt: Millis;
  readonly sentAt: Millis;
  /** Smoothed round trip and its deviation, ms (RFC 6298 section 2). */
  readonly rtt?: RoundTrip | undefined;
  /** When to send again if nothing comes, ms; each try doubles it. */
  readonly rto: number;
  readonly ended: boolean;
}

interface RoundTrip {
  readonly smooth: number;
  readonly deviation: number;
}

export type TransferInput =
  | { readonly kind: 'start' | 'tick' }
  | { readonly kind: 'ack'; readonly block: number }
  /** The same request came again, or another one from the same port. */
  | { readonly kind: 'request-again' | 'request-other' }
  /** The phone's ERROR. */
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  /** We end it; `why` is told. */
  | { readonly kind: 'stop'; readonly why: string };

export type TransferOutput =
  | { readonly kind: 'oack'; readonly options: readonly TftpOption[] }
  /** `length` bytes of the content from `offset`. */
  | { readonly kind: 'data'; readonly block: number; readonly offset: number; readonly length: number }
  | {
      readonly kind: 'ended';
      readonly complete: boolean;
      readonly bytes: number;
      readonly why?: string | undefined;
    };

export interface TransferStep {
  readonly next: Transfer;
  readonly outputs: readonly TransferOutput[];
  readonly wakeAt?: Millis | undefined;
}

/** The first retransmission, and the least: a LAN answers in a millisecond, a lost packet must not cost a second. */
const FIRST_RTO = 100;
const LONGEST_RTO = 5_000;
/** Phones that write their flash while they receive are silent for long. */
const GIVE_UP_AFTER = 60_000;
/** To an address that has acknowledged nothing: this many repetitions, and a shorter wait. */
const UNCONFIRMED_TRIES = 3;
const UNCONFIRMED_AFTER = 20_000;
/** Many clients never acknowledge the last block, and are gone. */
const LAST_BLOCK_TRIES = 5;
const NO_LAST_ACK = 'the last ACK never came';
/** A request may be overtaken by an ACK in our own queues, but not by this much. */
const BEGINS_ANEW_AFTER = 1_000;

/** A transfer of `size` bytes that has sent nothing yet: feed it `start`. */
export function openTransfer({ settings, acknowledged }: Negotiated, size: number, now: Millis): Transfer {
  const total = Math.floor(size / settings.blksize) + 1;
  const acked = acknowledged.length > 0 ? -1 : 0;
  return {
    settings,
    oack: acknowledged,
    size,
    total,
    acked,
    sent: acked,
    confirmed: false,
    tries: 0,
    resent: false,
    progressAt: now,
    sentAt: now,
    rto: FIRST_RTO,
    ended: false,
  };
}

/**
 * The transfer after one input, what to send, and when to call again with a `tick`. `ended` comes exactly once, as the
 * last output; of an ended transfer nothing comes any more. When only the ACK of the last block is missing, and stays
 * away through several retransmissions or the phone asks for something else, the transfer counts as complete: the phone
 * has what it wanted and is gone.
 */
export function stepTransfer(now: Millis, transfer: Transfer, input: TransferInput): TransferStep {
  if (transfer.ended) return { next: transfer, outputs: [] };
  switch (input.kind) {
    case 'start':
      return sendWindow(now, transfer);
    case 'ack':
      return onAck(now, transfer, input.block);
    case 'tick':
      return onTick(now, transfer);
    case 'request-again':
      return onRequestAgain(now, transfer);
    case 'request-other':
      return onRequestOther(transfer);
    case 'error': {
      const why = `the phone sent ERROR ${input.code}: ${printable(input.message, 60)}`;
      return ended(transfer, { complete: false, why });
    }
    case 'stop':
      return ended(transfer, { complete: false, why: input.why });
  }
}

function onAck(now: Millis, transfer: Transfer, block: number): TransferStep {
  const { acked, sent, settings, total } = transfer;
  if (acked === -1) {
    return block === 0 ? sendWindow(now, progressed(now, transfer, 0)) : waiting(transfer, []);
  }
  const ahead = (block - acked) & 0xffff;
  // Not sent yet: the phone cannot have it (RFC 1350 section 2), whatever it says.
  if (ahead > sent - acked) return waiting(transfer, []);
  if (ahead === 0) {
    // An ACK that came twice must not send anything twice (RFC 1123 section 4.2.3.1). With windows it may mean that
    // the first of the window was lost (RFC 7440 section 4): then a round trip must have passed, and it counts once.
    const isOld = now - transfer.sentAt > (transfer.rtt?.smooth ?? FIRST_RTO);
    const isLost = settings.windowsize > 1 && isOld && !transfer.resent;
    return isLost ? sendWindow(now, { ...transfer, resent: true }) : waiting(transfer, []);
  }
  const next = progressed(now, transfer, acked + ahead);
  return next.acked === total ? ended(next, { complete: true }) : sendWindow(now, next);
}

/** Either its answer was lost, or the phone has started anew and uses the same port again. */
function onRequestAgain(now: Millis, transfer: Transfer): TransferStep {
  const { confirmed, progressAt, sentAt } = transfer;
  if (!confirmed && now - sentAt >= FIRST_RTO) return sendWindow(now, { ...transfer, resent: true });
  const isAnew = confirmed && now - progressAt >= BEGINS_ANEW_AFTER;
  return isAnew ? ended(transfer, { complete: false, why: 'the phone began anew' }) : waiting(transfer, []);
}

function onRequestOther(transfer: Transfer): TransferStep {
  if (lacksLastAck(transfer)) return ended(transfer, { complete: true, why: NO_LAST_ACK });
  return ended(transfer, {
    complete: false,
    why: 'the phone asked for something else from the same port',
  });
}

function lacksLastAck({ confirmed, acked, total }: Transfer): boolean {
  return confirmed && acked === total - 1;
}

function onTick(now: Millis, transfer: Transfer): TransferStep {
  const { confirmed, tries } = transfer;
  // Clocks are not exact: what comes a hair early is meant, else it would come again and again.
  if (now < wakeTime(transfer) - 1) return waiting(transfer, []);
  if (lacksLastAck(transfer) && tries >= LAST_BLOCK_TRIES) {
    return ended(transfer, { complete: true, why: NO_LAST_ACK });
  }
  const silent = now - transfer.progressAt;
  if (silent >= (confirmed ? GIVE_UP_AFTER : UNCONFIRMED_AFTER)) {
    const why = `the phone fell silent for ${Math.round(silent / 1000)} s`;
    return ended(transfer, { complete: false, why });
  }
  return sendWindow(now, { ...transfer, tries: tries + 1, resent: true });
}

/** Sends what the window allows beyond the last acknowledged block; the OACK counts as block 0. */
function sendWindow(now: Millis, transfer: Transfer): TransferStep {
  const { acked, oack, settings, size, total } = transfer;
  if (acked === -1) return waiting({ ...transfer, sent: -1, sentAt: now }, [{ kind: 'oack', options: oack }]);
  const last = Math.min(acked + settings.windowsize, total);
  const outputs: TransferOutput[] = [];
  for (let block = acked + 1; block <= last; block += 1) {
    const offset = (block - 1) * settings.blksize;
    outputs.push({
      kind: 'data',
      block: block & 0xffff,
      offset,
      length: Math.min(settings.blksize, size - offset),
    });
  }
  return waiting({ ...transfer, sent: last, sentAt: now }, outputs);
}

/** Progress: the phone lives, and has everything up to `acked`. */
function progressed(now: Millis, transfer: Transfer, acked: number): Transfer {
  const alive = {
    ...transfer,
    acked,
    sent: acked,
    confirmed: true,
    tries: 0,
    resent: false,
    progressAt: now,
  };
  // Karn (RFC 6298 sections 3 and 5): an ACK of what went out twice measures nothing, and the lengthened interval
  // stays until one does. Else a phone slower than FIRST_RTO would get every block twice for ever.
  if (transfer.resent) return { ...alive, rto: lengthened(transfer) };
  const rtt = smoothed(transfer.rtt, now - transfer.sentAt);
  return { ...alive, rtt, rto: Math.max(FIRST_RTO, rtt.smooth + 4 * rtt.deviation) };
}

/** RFC 6298 section 2. */
function smoothed(before: RoundTrip | undefined, trip: number): RoundTrip {
  if (before === undefined) return { smooth: trip, deviation: trip / 2 };
  const { smooth, deviation } = before;
  return {
    smooth: smooth + (trip - smooth) / 8,
    deviation: deviation + (Math.abs(trip - smooth) - deviation) / 4,
  };
}

/** When to look again: at the next retransmission, or at the end of patience when none is due. */
function wakeTime(transfer: Transfer): Millis {
  const { confirmed, tries, sentAt, progressAt } = transfer;
  if (!confirmed && tries >= UNCONFIRMED_TRIES) return progressAt + UNCONFIRMED_AFTER;
  return sentAt + lengthened(transfer);
}

/** The present interval. */
function lengthened({ rto, tries, settings }: Transfer): number {
  // RFC 2349 reads as a fixed interval, RFC 1123 section 4.2.3.2 wants an adaptive one: the phone's word is a ceiling.
  const ceiling = Math.min(LONGEST_RTO, settings.timeout ?? LONGEST_RTO);
  return Math.min(ceiling, rto * 2 ** tries);
}

function waiting(next: Transfer, outputs: readonly TransferOutput[]): TransferStep {
  return { next, outputs, wakeAt: wakeTime(next) };
}

function ended(transfer: Transfer, { complete, why }: { complete: boolean; why?: string }): TransferStep {
  const { acked, settings, size } = transfer;
  const bytes = complete ? size : Math.min(size, Math.max(0, acked) * settings.blksize);
  return { next: { ...transfer, ended: true }, outputs: [{ kind: 'ended', complete, bytes, why }] };
}

// One write transfer, from our ACK 0 or OACK to the last DATA and a little longer (RFC 1350 section 6, RFC 7440), as a
// step machine without socket, clock or disk. Nothing is acknowledged before it is stored: a phone that has its last
// ACK may forget the file.
import { printable } from '../base/bytes.ts';
import type { Millis } from '../base/world.ts';
import { distance, type Negotiated, numberOf, type Settings } from './negotiate.ts';
import { ERROR_CODE, lengthOf, type TftpOption } from './packet.ts';
import {
  AMPLIFIED,
  BEGINS_ANEW_AFTER,
  FIRST_RTO,
  GIVE_UP_AFTER,
  lengthened,
  measured,
  type Rto,
  UNCONFIRMED_AFTER,
  UNCONFIRMED_TRIES,
  UNMEASURED,
} from './rto.ts';

/**
 * receiving: the phone sends. storing: a window is with the disk. dallying: all is stored and acknowledged, and that ACK
 * is said again when it was lost.
 */
export type Stage = 'receiving' | 'storing' | 'dallying' | 'ended';

export interface Receipt {
  readonly settings: Settings;
  /** What an OACK must say; empty: the first answer is ACK 0. */
  readonly oack: readonly TftpOption[];
  readonly stage: Stage;
  /** Last block that came in its turn, and the last one acknowledged. */
  readonly got: number;
  readonly acked: number;
  /** What came since then. */
  readonly pieces: readonly Uint8Array[];
  readonly isLast: boolean;
  readonly bytes: number;
  /** How many more times our first answer may be repeated while nothing has come. */
  readonly repeats: number;
  readonly tries: number;
  /** Whether the last ACK went out more than once. */
  readonly resent: boolean;
  readonly progressAt: Millis;
  readonly sentAt: Millis;
  readonly rto: Rto;
}

export type ReceiptInput =
  | { readonly kind: 'start' | 'tick' }
  | { readonly kind: 'data'; readonly block: number; readonly data: Uint8Array }
  /** What was last given out to be stored, is. */
  | { readonly kind: 'stored' }
  /** It cannot be stored: an ERROR goes to the phone, and nothing is left to be abandoned. */
  | { readonly kind: 'refused'; readonly code: number; readonly message: string }
  | { readonly kind: 'request-again' | 'request-other' }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  | { readonly kind: 'stop'; readonly why: string };

export type ReceiptOutput =
  | { readonly kind: 'oack'; readonly options: readonly TftpOption[] }
  | { readonly kind: 'ack'; readonly block: number }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  /** To be stored; when `isLast` the file is whole and is to be put in its place. Answered by `stored` or `refused`. */
  | { readonly kind: 'store'; readonly pieces: readonly Uint8Array[]; readonly isLast: boolean }
  /** What is stored so far is to be thrown away. */
  | { readonly kind: 'abandon'; readonly why: string }
  /** The file is in its place; only a lost ACK may still be said again. */
  | { readonly kind: 'done' }
  /** The last output. */
  | { readonly kind: 'ended' };

export interface ReceiptStep {
  readonly next: Receipt;
  readonly outputs: readonly ReceiptOutput[];
  readonly wakeAt?: Millis | undefined;
}

/** How long a phone may go on asking for the last ACK. */
const DALLY = 10_000;
/** A block and the ACK of it may cross. A phone that answers every ACK must not be kept doubling (RFC 1123 4.2.3.1). */
const CROSSED = 20;

/** A transfer that has sent nothing yet: feed it `start`. `asked` is the length of the request's datagram. */
export function openReceipt({ settings, acknowledged }: Negotiated, asked: number, now: Millis): Receipt {
  const affordable = Math.floor((AMPLIFIED * asked) / Math.max(4, lengthOf(acknowledged))) - 1;
  return {
    settings,
    oack: acknowledged,
    stage: 'receiving',
    got: 0,
    acked: 0,
    pieces: [],
    isLast: false,
    bytes: 0,
    repeats: Math.max(0, Math.min(UNCONFIRMED_TRIES, affordable)),
    tries: 0,
    resent: false,
    progressAt: now,
    sentAt: now,
    rto: UNMEASURED,
  };
}

/** The transfer after one input, what to do, and when to call again with a `tick`. */
export function stepReceipt(now: Millis, receipt: Receipt, input: ReceiptInput): ReceiptStep {
  if (receipt.stage === 'ended') return { next: receipt, outputs: [] };
  switch (input.kind) {
    case 'start':
      return acknowledged(now, receipt);
    case 'data':
      return onData(now, receipt, input);
    case 'stored':
      return onStored(now, receipt);
    case 'tick':
      return onTick(now, receipt);
    case 'request-again':
      return onRequestAgain(now, receipt);
    case 'request-other':
      return over(receipt, 'the phone asked for something else from the same port');
    case 'refused': {
      const { code, message } = input;
      const next = { ...receipt, stage: 'ended' } as const;
      return { next, outputs: [{ kind: 'error', code, message }, { kind: 'ended' }] };
    }
    case 'error':
      return over(receipt, `the phone sent ERROR ${input.code}: ${printable(input.message, 60)}`);
    case 'stop':
      return over(receipt, input.why);
  }
}

type Data = Extract<ReceiptInput, { kind: 'data' }>;

function onData(now: Millis, receipt: Receipt, { block, data }: Data): ReceiptStep {
  const { settings, got, acked, stage } = receipt;
  const ahead = distance(got, block, settings);
  if (stage === 'storing') return waiting(receipt, []);
  if (ahead === 0) return onLastAgain(now, receipt);
  if (stage === 'dallying') return waiting(receipt, []);
  if (ahead !== 1) return onGap(now, receipt, ahead);
  if (data.length > settings.blksize) return tooLong(receipt, data.length);
  const isLast = data.length < settings.blksize;
  const next = {
    ...measuredBy(now, receipt),
    ...{ got: got + 1, pieces: [...receipt.pieces, data], isLast, bytes: receipt.bytes + data.length },
  };
  return isLast || next.got - acked >= settings.windowsize ? stored(next) : waiting(next, []);
}

/** The last block came again: our ACK was lost, unless it is just under way. */
function onLastAgain(now: Millis, receipt: Receipt): ReceiptStep {
  const { got, acked, sentAt } = receipt;
  const isLost = got > 0 && got === acked && now - sentAt >= CROSSED;
  return isLost ? acknowledged(now, again(receipt)) : waiting(receipt, []);
}

/** In a window one is missing: what came before it is kept and acknowledged, once (RFC 7440 section 4). */
function onGap(now: Millis, receipt: Receipt, ahead: number): ReceiptStep {
  const { settings, pieces, resent } = receipt;
  if (ahead > settings.windowsize) return waiting(receipt, []);
  if (pieces.length > 0) return stored(receipt);
  return resent ? waiting(receipt, []) : acknowledged(now, again(receipt));
}

function tooLong(receipt: Receipt, length: number): ReceiptStep {
  const { blksize } = receipt.settings;
  const message = `a block of ${length} bytes came where ${blksize} were agreed`;
  const { next, outputs } = over(receipt, message);
  return { next, outputs: [{ kind: 'error', code: ERROR_CODE.illegalOperation, message }, ...outputs] };
}

function stored(receipt: Receipt): ReceiptStep {
  const { pieces, isLast } = receipt;
  // No timer while the disk works: its answer always comes.
  return { next: { ...receipt, stage: 'storing', pieces: [] }, outputs: [{ kind: 'store', pieces, isLast }] };
}

function onStored(now: Millis, receipt: Receipt): ReceiptStep {
  const { isLast, got, settings } = receipt;
  // The disk took its time, not the phone.
  const next = { ...receipt, acked: got, progressAt: now, sentAt: now, tries: 0, resent: false };
  if (!isLast) return acknowledged(now, { ...next, stage: 'receiving' });
  const last = { ...next, stage: 'dallying' } as const;
  return waiting(last, [{ kind: 'ack', block: numberOf(got, settings) }, { kind: 'done' }]);
}

function onRequestAgain(now: Millis, receipt: Receipt): ReceiptStep {
  const { got, stage, sentAt, progressAt } = receipt;
  if (stage === 'dallying') return over(receipt, '');
  if (got === 0 && now - sentAt >= FIRST_RTO) return acknowledged(now, again(receipt));
  const isAnew = got > 0 && now - progressAt >= BEGINS_ANEW_AFTER;
  return isAnew ? over(receipt, 'the phone began anew') : waiting(receipt, []);
}

function onTick(now: Millis, receipt: Receipt): ReceiptStep {
  if (receipt.stage === 'storing' || now < wakeTime(receipt) - 1) return waiting(receipt, []);
  if (receipt.stage === 'dallying') return over(receipt, '');
  const silent = now - receipt.progressAt;
  if (silent >= (receipt.got > 0 ? GIVE_UP_AFTER : UNCONFIRMED_AFTER)) {
    return over(receipt, `the phone fell silent for ${Math.round(silent / 1000)} s`);
  }
  const repeats = receipt.repeats - (receipt.got === 0 ? 1 : 0);
  // A window that lost its end waits with us: what came of it is stored, and its ACK asks for the rest.
  if (receipt.pieces.length > 0) return stored(receipt);
  return acknowledged(now, { ...again(receipt), tries: receipt.tries + 1, repeats });
}

/** Says how far we are. */
function acknowledged(now: Millis, receipt: Receipt): ReceiptStep {
  const { acked, oack, settings } = receipt;
  const isFirst = receipt.got === 0 && oack.length > 0;
  const next = { ...receipt, sentAt: now };
  if (isFirst) return waiting(next, [{ kind: 'oack', options: oack }]);
  return waiting(next, [{ kind: 'ack', block: numberOf(acked, settings) }]);
}

function again(receipt: Receipt): Receipt {
  return { ...receipt, resent: true };
}

/** A block in its turn: the phone lives, and if it is the first after our ACK its time is a round trip (Karn). */
function measuredBy(now: Millis, receipt: Receipt): Receipt {
  const isAnswer = receipt.got === receipt.acked;
  const alive = { ...receipt, progressAt: now, tries: 0 };
  if (!isAnswer) return alive;
  if (receipt.resent) {
    return { ...alive, rto: { trip: receipt.rto.trip, interval: intervalOf(receipt) } };
  }
  return { ...alive, rto: measured(receipt.rto, now - receipt.sentAt) };
}

function wakeTime(receipt: Receipt): Millis {
  const { stage, got, repeats, sentAt, progressAt } = receipt;
  if (stage === 'dallying') return progressAt + DALLY;
  if (got === 0 && repeats === 0) return progressAt + UNCONFIRMED_AFTER;
  // Of a window the later blocks count too: its gap is looked for after the last that came.
  return Math.max(sentAt, progressAt) + intervalOf(receipt);
}

function intervalOf({ rto, tries, settings }: Receipt): number {
  return lengthened(rto.interval, tries, settings.timeout);
}

function waiting(next: Receipt, outputs: readonly ReceiptOutput[]): ReceiptStep {
  return { next, outputs, wakeAt: next.stage === 'storing' ? undefined : wakeTime(next) };
}

/** After the file is in its place there is nothing to abandon. */
function over(receipt: Receipt, why: string): ReceiptStep {
  const next = { ...receipt, stage: 'ended' } as const;
  const isDone = receipt.stage === 'dallying';
  return { next, outputs: isDone ? [{ kind: 'ended' }] : [{ kind: 'abandon', why }, { kind: 'ended' }] };
}

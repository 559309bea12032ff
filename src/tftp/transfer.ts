// One read transfer, from OACK or DATA 1 to the last ACK (RFC 1350 section 6, 2347, 7440), as a step machine without
// socket or clock. Blocks are counted without end here and cut to 16 bits on the wire, so that files beyond 65,535
// blocks roll over as every client expects.
import { printable } from '../base/bytes.ts';
import type { Millis } from '../base/world.ts';
import { distance, numberOf } from './negotiate.ts';
import type { TftpOption } from './packet.ts';
import { AMPLIFIED, BEGINS_ANEW_AFTER, FIRST_RTO, GIVE_UP_AFTER, UNCONFIRMED_AFTER } from './rto.ts';
import { bytesOf, progressed, sentUpTo, type Transfer, wakeTime } from './transfer-state.ts';

export type TransferInput =
  | { readonly kind: 'start' }
  /** `least` ms must have gone by since the last sending before anything is sent again. */
  | { readonly kind: 'tick'; readonly least?: Millis | undefined }
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

/** Many clients never acknowledge the last block, and are gone. */
const LAST_BLOCK_TRIES = 5;
const NO_LAST_ACK = 'the last ACK never came';
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
      return sendFirst(now, transfer);
    case 'ack':
      return onAck(now, transfer, input.block);
    case 'tick':
      return onTick(now, transfer, input.least ?? 0);
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

/** Each request is answered once; what its bytes allow beyond that may be repeated. */
function sendFirst(now: Millis, transfer: Transfer): TransferStep {
  const { asked, first } = transfer.plan;
  const allowance = Math.max(0, transfer.allowance + AMPLIFIED * asked - first);
  return sendWindow(now, { ...transfer, allowance });
}

function onAck(now: Millis, transfer: Transfer, block: number): TransferStep {
  const { acked, sent, plan, rto } = transfer;
  if (acked === -1) {
    return block === 0 ? sendWindow(now, progressed(now, transfer, 0)) : waiting(transfer, []);
  }
  const ahead = distance(acked, block, plan.settings);
  // Not sent yet: the phone cannot have it (RFC 1350 section 2), whatever it says.
  if (ahead > sent - acked) return waiting(transfer, []);
  if (ahead === 0) {
    // An ACK that came twice must not send anything twice (RFC 1123 section 4.2.3.1). With windows it may mean that
    // the first of the window was lost (RFC 7440 section 4): then a round trip must have passed, and it counts once.
    const isOld = now - transfer.sentAt > (rto.trip?.smooth ?? FIRST_RTO);
    const isLost = plan.settings.windowsize > 1 && sent > acked && isOld && !transfer.resent;
    return isLost ? sendWindow(now, { ...transfer, resent: true }) : waiting(transfer, []);
  }
  const next = progressed(now, transfer, acked + ahead);
  return next.acked === plan.total ? ended(next, { complete: true }) : sendWindow(now, next);
}

/** Either its answer was lost, or the phone has started anew and uses the same port again. */
function onRequestAgain(now: Millis, transfer: Transfer): TransferStep {
  const { confirmed, progressAt, sentAt } = transfer;
  if (!confirmed && now - sentAt >= FIRST_RTO) return sendFirst(now, { ...transfer, resent: true });
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

function lacksLastAck({ confirmed, acked, plan }: Transfer): boolean {
  return confirmed && acked === plan.total - 1;
}

function onTick(now: Millis, transfer: Transfer, least: Millis): TransferStep {
  const { confirmed, tries, heldUntil, sentAt } = transfer;
  // Clocks are not exact: what comes a hair early is meant, else it would come again and again.
  if (now < wakeTime(transfer) - 1) return waiting(transfer, []);
  if (heldUntil !== undefined) return sendWindow(now, { ...transfer, progressAt: now });
  if (now < sentAt + least - 1) return { next: transfer, outputs: [], wakeAt: sentAt + least };
  if (lacksLastAck(transfer) && tries >= LAST_BLOCK_TRIES) {
    return ended(transfer, { complete: true, why: NO_LAST_ACK });
  }
  const silent = now - transfer.progressAt;
  if (silent >= (confirmed ? GIVE_UP_AFTER : UNCONFIRMED_AFTER)) {
    const why = `the phone fell silent for ${Math.round(silent / 1000)} s`;
    return ended(transfer, { complete: false, why });
  }
  const allowance = confirmed ? 0 : transfer.allowance - transfer.plan.first;
  return sendWindow(now, { ...transfer, tries: tries + 1, resent: true, allowance });
}

/** Sends what the window allows beyond the last acknowledged block; the OACK counts as block 0. */
function sendWindow(now: Millis, transfer: Transfer): TransferStep {
  const { acked, plan } = transfer;
  const { settings, size, total, oack } = plan;
  if (acked === -1) return waiting({ ...transfer, sent: -1, sentAt: now }, [{ kind: 'oack', options: oack }]);
  if (plan.pace !== undefined && !transfer.resent && transfer.paidAt > now) {
    return waiting({ ...transfer, heldUntil: transfer.paidAt }, []);
  }
  const last = Math.min(acked + settings.windowsize, total);
  const outputs: TransferOutput[] = [];
  for (let block = acked + 1; block <= last; block += 1) {
    const offset = (block - 1) * settings.blksize;
    const length = Math.min(settings.blksize, size - offset);
    outputs.push({ kind: 'data', block: numberOf(block, settings), offset, length });
  }
  const bytes = Math.min(last * settings.blksize, size) - acked * settings.blksize;
  return waiting(sentUpTo(now, transfer, { sent: last, bytes }), outputs);
}

function waiting(next: Transfer, outputs: readonly TransferOutput[]): TransferStep {
  return { next, outputs, wakeAt: wakeTime(next) };
}

function ended(transfer: Transfer, { complete, why }: { complete: boolean; why?: string }): TransferStep {
  const bytes = complete ? transfer.plan.size : bytesOf(transfer);
  return { next: { ...transfer, ended: true }, outputs: [{ kind: 'ended', complete, bytes, why }] };
}

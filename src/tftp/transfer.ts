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
  /** Retransmissions since the last progress. */
  readonly tries: number;
  readonly progressAt: Millis;
  readonly sentAt: Millis;
  /** Smoothed round trip and its deviation, ms (RFC 6298 section 2). */
  readonly rtt?: { readonly smooth: number; readonly deviation: number } | undefined;
  readonly ended: boolean;
}

export type TransferInput =
  | { readonly kind: 'start' | 'tick' }
  | { readonly kind: 'ack'; readonly block: number }
  /** The request came again: its answer may have been lost. */
  | { readonly kind: 'request-again' }
  | { readonly kind: 'error'; readonly code: number; readonly message: string };

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
    progressAt: now,
    sentAt: now,
    ended: false,
  };
}

/** The transfer after one input. Of an ended one nothing comes any more. */
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
      return transfer.confirmed || now - transfer.sentAt < FIRST_RTO
        ? waiting(transfer, [])
        : sendWindow(now, { ...transfer, sent: transfer.acked });
    case 'error':
      return ended(transfer, {
        complete: false,
        why: `the phone sent ERROR ${input.code}: ${printable(input.message, 60)}`,
      });
  }
}

function onAck(now: Millis, transfer: Transfer, block: number): TransferStep {
  const { acked, sent, settings, total } = transfer;
  if (acked === -1) {
    return block === 0
      ? sendWindow(now, measured(now, { ...transfer, acked: 0, sent: 0 }))
      : waiting(transfer, []);
  }
  const ahead = (block - acked) & 0xffff;
  // Not sent yet: the phone cannot have it (RFC 1350 section 2), whatever it says.
  if (ahead > sent - acked) return waiting(transfer, []);
  if (ahead === 0) {
    // An ACK that came twice must not send anything twice (RFC 1123 section 4.2.3.1). With windows it may mean that
    // the first of the window was lost (RFC 7440 section 4); then a round trip must have passed.
    const lost = settings.windowsize > 1 && now - transfer.sentAt > (transfer.rtt?.smooth ?? FIRST_RTO);
    return lost ? sendWindow(now, { ...transfer, sent: acked }) : waiting(transfer, []);
  }
  const next = measured(now, { ...transfer, acked: acked + ahead, sent: acked + ahead });
  return next.acked === total ? ended(next, { complete: true }) : sendWindow(now, next);
}

function onTick(now: Millis, transfer: Transfer): TransferStep {
  const { confirmed, tries, acked, total } = transfer;
  const silent = now - transfer.progressAt;
  if (confirmed && acked === total - 1 && tries >= LAST_BLOCK_TRIES) {
    return ended(transfer, { complete: true, why: 'the last ACK never came' });
  }
  if (silent >= (confirmed ? GIVE_UP_AFTER : UNCONFIRMED_AFTER)) {
    return ended(transfer, {
      complete: false,
      why: `the phone fell silent for ${Math.round(silent / 1000)} s`,
    });
  }
  if (now < wakeTime(transfer)) return waiting(transfer, []);
  return sendWindow(now, { ...transfer, sent: acked, tries: tries + 1 });
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

/** Progress: the phone lives. The round trip counts only when nothing was sent twice (Karn, RFC 6298 section 3). */
function measured(now: Millis, transfer: Transfer): Transfer {
  const { rtt, tries } = transfer;
  const trip = now - transfer.sentAt;
  const fresh =
    tries > 0
      ? rtt
      : rtt === undefined
        ? { smooth: trip, deviation: trip / 2 }
        : {
            smooth: rtt.smooth + (trip - rtt.smooth) / 8,
            deviation: rtt.deviation + (Math.abs(trip - rtt.smooth) - rtt.deviation) / 4,
          };
  return { ...transfer, rtt: fresh, confirmed: true, tries: 0, progressAt: now };
}

/** When to look again: at the next retransmission, or at the end of patience when none is due. */
function wakeTime({ confirmed, tries, rtt, sentAt, progressAt, settings }: Transfer): Millis {
  if (!confirmed && tries >= UNCONFIRMED_TRIES) return progressAt + UNCONFIRMED_AFTER;
  const base = Math.max(FIRST_RTO, rtt === undefined ? 0 : rtt.smooth + 4 * rtt.deviation);
  // RFC 2349 reads as a fixed interval, RFC 1123 section 4.2.3.2 wants an adaptive one: the phone's word is a ceiling.
  const ceiling = Math.min(LONGEST_RTO, settings.timeout ?? LONGEST_RTO);
  return sentAt + Math.min(ceiling, base * 2 ** tries);
}

function waiting(next: Transfer, outputs: readonly TransferOutput[]): TransferStep {
  return { next, outputs, wakeAt: wakeTime(next) };
}

function ended(transfer: Transfer, { complete, why }: { complete: boolean; why?: string }): TransferStep {
  const { acked, settings, size } = transfer;
  const bytes = complete ? size : Math.min(size, Math.max(0, acked) * settings.blksize);
  return { next: { ...transfer, ended: true }, outputs: [{ kind: 'ended', complete, bytes, why }] };
}

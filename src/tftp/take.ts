// One write: performs what its machine says, and stores one thing after another.
import { messageOf } from '../base/fault.ts';
import type { Refused, Upload } from '../files/desk.ts';
import { negotiate } from './negotiate.ts';
import { createNetasciiReader, type NetasciiReader } from './netascii.ts';
import { encodePacket } from './packet.ts';
import { errorFor, fitted } from './policy.ts';
import { openReceipt, type ReceiptInput, type ReceiptOutput, stepReceipt } from './receive.ts';
import type { Talk, TalkParts } from './talk.ts';

/** A transfer that waits for `start`; the upload is finished, refused or abandoned when it ends. */
export function openWrite(parts: TalkParts, upload: Upload): Talk {
  const { world, request, asked, peer, line, limits } = parts;
  let receipt = openReceipt(negotiate({ options: request.options, limits }), asked, world.now());
  const store = storing(parts, upload, () => receipt.stage === 'ended');
  /** One after another: what is abandoned must not be written after that. */
  let work: Promise<void> = Promise.resolve();

  const step = (input: ReceiptInput): void => {
    const { next, outputs, wakeAt } = stepReceipt(world.now(), receipt, input);
    if (receipt.got === 0 && next.got > 0) parts.onConfirmed();
    receipt = next;
    alarm.set(wakeAt);
    for (const output of outputs) perform(output);
  };
  const feed = (input: ReceiptInput): void => {
    try {
      step(input);
    } catch (error) {
      parts.onTrouble(error);
    }
  };
  const perform = (output: ReceiptOutput): void => {
    switch (output.kind) {
      case 'oack':
      case 'ack':
        line.send(encodePacket(output), peer);
        return;
      case 'error':
        line.send(encodePacket(fitted(output, asked + receipt.bytes)), peer);
        return;
      case 'store':
        work = work.then(async () => feed(await store.write(output.pieces, output.isLast)));
        return;
      case 'abandon':
        work = work.then(async () => await store.abandon(output.why));
        return;
      case 'done':
        parts.onDone(true);
        return;
      case 'ended':
        parts.onDone(false);
        parts.onOver();
    }
  };
  const alarm = parts.wheel.alarm(() => feed({ kind: 'tick' }));
  return {
    start: () => feed({ kind: 'start' }),
    hear: (packet) => {
      if (packet.kind === 'data') feed(packet);
      else if (packet.kind === 'error') feed(packet);
    },
    again: () => feed({ kind: 'request-again' }),
    other: () => feed({ kind: 'request-other' }),
    stop: (why) => feed({ kind: 'stop', why }),
    settled: async () => await work,
  };
}

interface Store {
  /** Never rejects. */
  write(pieces: readonly Uint8Array[], isLast: boolean): Promise<ReceiptInput>;
  abandon(why: string): Promise<void>;
}

const STORED: ReceiptInput = { kind: 'stored' };

function storing({ request, onTrouble }: TalkParts, upload: Upload, isOver: () => boolean): Store {
  const text = request.mode === 'netascii' ? createNetasciiReader() : undefined;
  let isClosed = false;
  const abandon = async (why: string): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    await upload.abandon(why).catch(onTrouble);
  };
  const refused = (by: Refused): ReceiptInput => {
    isClosed = true;
    const { code, message } = errorFor(by);
    return { kind: 'refused', code, message };
  };
  const written = async (pieces: readonly Uint8Array[], isLast: boolean): Promise<ReceiptInput> => {
    if (isOver()) return STORED;
    const bytes = joined(text === undefined ? pieces : textOf(text, pieces, isLast));
    const kept = bytes.length === 0 ? undefined : await upload.write(bytes);
    if (kept?.ok === false) return refused(kept.error);
    // The phone may have gone meanwhile: what it left half done is not put in its place.
    if (!isLast || isOver()) return STORED;
    const put = await upload.finish();
    isClosed = true;
    return put.ok ? STORED : refused(put.error);
  };
  return {
    abandon,
    write: async (pieces, isLast) =>
      await written(pieces, isLast).catch(async (error: unknown): Promise<ReceiptInput> => {
        onTrouble(error);
        await abandon(messageOf(error));
        return { kind: 'refused', code: 0, message: 'the file could not be stored' };
      }),
  };
}

function textOf(
  { read, rest }: NetasciiReader,
  pieces: readonly Uint8Array[],
  isLast: boolean,
): readonly Uint8Array[] {
  const texts = pieces.map(read);
  return isLast ? [...texts, rest()] : texts;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
}

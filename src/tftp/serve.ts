// One read: performs what its machine says until it has ended.
import type { Millis } from '../base/world.ts';
import type { FileAnswer } from '../files/desk.ts';
import { negotiate } from './negotiate.ts';
import { LARGEST_TEXT, toNetascii } from './netascii.ts';
import { encodePacket } from './packet.ts';
import { fitted } from './policy.ts';
import type { Talk, TalkParts } from './talk.ts';
import { stepTransfer, type TransferInput, type TransferOutput } from './transfer.ts';
import { bytesOf, openTransfer } from './transfer-state.ts';

type ServedFile = Extract<FileAnswer, { kind: 'file' }>;

/** A transfer that waits for `start`; `answer.ended` is called exactly once when it ends. */
export function openRead(parts: TalkParts, answer: ServedFile): Talk {
  const { world, request, peer, line, asked } = parts;
  if (request.mode === 'netascii' && answer.content.length > LARGEST_TEXT) return tooLarge(parts, answer);
  // Sliced and never copied: all phones that fetch the same file share its bytes.
  const content = request.mode === 'netascii' ? toNetascii(answer.content) : answer.content;
  const { length: size } = content;
  const negotiated = negotiate({ options: request.options, size, limits: parts.limits });
  let transfer = openTransfer(negotiated, { size, asked, pace: answer.pace }, world.now());

  const step = (now: Millis, input: TransferInput): void => {
    const { next, outputs, wakeAt } = stepTransfer(now, transfer, input);
    const before = transfer;
    transfer = next;
    alarm.set(wakeAt);
    for (const output of outputs) perform(output);
    if (next.acked === before.acked) return;
    parts.load.note(now - before.sentAt);
    if (!before.confirmed) parts.onConfirmed();
    answer.progress?.(bytesOf(next));
  };
  const feed = (input: TransferInput): void => {
    try {
      step(world.now(), input);
    } catch (error) {
      parts.onTrouble(error);
    }
  };
  const perform = (output: TransferOutput): void => {
    switch (output.kind) {
      case 'oack':
        line.send(encodePacket(output), peer);
        return;
      case 'data':
        line.send(parts.data(content, output), peer);
        return;
      case 'ended': {
        const { complete, bytes, why } = output;
        parts.onDone(complete);
        parts.onOver();
        // What lies in our memory as netascii is longer than the file.
        answer.ended({ complete, bytes: complete ? answer.content.length : bytes, why });
      }
    }
  };
  const alarm = parts.wheel.alarm(() => feed({ kind: 'tick', least: parts.load.least() }));
  return {
    start: () => feed({ kind: 'start' }),
    hear: (packet) => {
      if (packet.kind === 'ack') feed(packet);
      else if (packet.kind === 'error') feed(packet);
    },
    again: () => feed({ kind: 'request-again' }),
    other: () => feed({ kind: 'request-other' }),
    // No ERROR to the phone: on an ERROR it goes on without the file, on silence it asks again.
    stop: (why) => feed({ kind: 'stop', why }),
    settled: async () => await Promise.resolve(),
  };
}

/** netascii of a firmware: an ERROR, and the end. */
function tooLarge({ line, peer, asked, onDone, onOver, onTrouble }: TalkParts, answer: ServedFile): Talk {
  let isOver = false;
  const end = (why: string): void => {
    if (isOver) return;
    isOver = true;
    onDone(false);
    onOver();
    try {
      answer.ended({ complete: false, bytes: 0, why });
    } catch (error) {
      onTrouble(error);
    }
  };
  return {
    start: () => {
      const message = 'too large for netascii: use octet';
      line.send(encodePacket(fitted({ kind: 'error', code: 0, message }, asked)), peer);
      end('it asked in netascii, which is for texts: only octet carries so large a file');
    },
    hear: () => undefined,
    again: () => undefined,
    other: () => end('the phone asked for something else from the same port'),
    stop: end,
    settled: async () => await Promise.resolve(),
  };
}

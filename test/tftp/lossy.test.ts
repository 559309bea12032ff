import { expect, test } from 'vitest';
import { ETHERNET, negotiate } from '../../src/tftp/negotiate.ts';
import { decodePacket, encodePacket, type TftpRequest } from '../../src/tftp/packet.ts';
import { stepTransfer, type TransferInput, type TransferOutput } from '../../src/tftp/transfer.ts';
import { openTransfer, type Transfer } from '../../src/tftp/transfer-state.ts';
import { fakeWorld } from '../fakes/world.ts';
import { tinyClient } from './tiny-client.ts';

type Ended = Extract<TransferOutput, { kind: 'ended' }>;

interface Cable {
  /** Chance that a datagram is lost, and that one which is not lost comes twice. */
  readonly loses: number;
  readonly doubles: number;
  /** Up to so much longer than 1 ms under way: datagrams overtake each other. */
  readonly jitter: number;
  readonly dice: () => number;
}

const GOOD = { loses: 0, doubles: 0, jitter: 0 };
const BAD = { loses: 0.2, doubles: 0.2, jitter: 0.1 };

interface Run {
  readonly content: Buffer;
  readonly options: Readonly<Record<string, string>>;
  readonly cable: Cable;
}

interface Outcome {
  readonly ended: Ended | undefined;
  readonly file: Buffer;
  readonly isDone: boolean;
  readonly lost: number;
  readonly dataSent: number;
}

/** How long the phone waits before it says its last word again, ms. */
const PHONE_WAITS = 1000;
const PHONE_TRIES = 10;
/** More than any window, doubled: something answers each packet with several. */
const MOST_UNDER_WAY = 1000;

test('three thousand transfers over a cable that loses and doubles a fifth of everything arrive bit by bit', () => {
  const runs = 3000;
  const dice = fakeWorld(7).random;
  const seen = { complete: 0, unacknowledged: 0, lost: 0 };
  for (let run = 0; run < runs; run += 1) {
    const content = contentOf(sizeOf(run, dice), dice);
    const options = OPTIONS[run % OPTIONS.length] ?? {};
    const outcome = transferred({ content, options, cable: { ...BAD, dice } });
    seen.lost += outcome.lost;
    // Whatever arrived is right, also when the transfer was given up.
    expect(outcome.file.equals(content.subarray(0, outcome.file.length)), `run ${run}`).toBe(true);
    if (outcome.isDone) expect(outcome.file.length, `run ${run}`).toBe(content.length);
    if (outcome.ended?.complete !== true) continue;
    expect(outcome.ended.bytes).toBe(content.length);
    seen.complete += 1;
    if (outcome.ended.why === undefined) expect(outcome.isDone, `run ${run}`).toBe(true);
    else if (!outcome.isDone) seen.unacknowledged += 1;
  }
  // Without these the test could pass with every transfer given up, or with nothing lost.
  expect(seen.complete).toBeGreaterThan(runs * 0.98);
  expect(seen.lost).toBeGreaterThan(runs * 3);
  // Called complete without proof, and wrongly.
  expect(seen.unacknowledged).toBeLessThan(runs * 0.005);
});

test('over a good cable nothing is sent twice', () => {
  const dice = fakeWorld(3).random;
  for (const size of [0, 1, 511, 512, 513, 1432, 70_000]) {
    for (const options of OPTIONS) {
      const content = contentOf(size, dice);
      const outcome = transferred({ content, options, cable: { ...GOOD, dice } });
      expect(outcome.file.equals(content)).toBe(true);
      expect(outcome.ended).toMatchObject({ complete: true, bytes: size, why: undefined });
      expect(outcome.dataSent).toBe(Math.floor(size / Number(options['blksize'] ?? 512)) + 1);
    }
  }
});

test('duplicated packets alone never multiply', () => {
  const dice = fakeWorld(5).random;
  const content = contentOf(70_000, dice);
  const outcome = transferred({ content, options: {}, cable: { ...GOOD, doubles: 1, dice } });
  expect(outcome.file.equals(content)).toBe(true);
  expect(outcome.dataSent).toBe(137);
});

test.each([65_535, 65_536, 65_537])('%i blocks: the number rolls over to 0', (blocks) => {
  const dice = fakeWorld(blocks).random;
  const content = contentOf((blocks - 1) * 8 + 3, dice);
  const outcome = transferred({ content, options: { blksize: '8' }, cable: { ...GOOD, dice } });
  expect(outcome.file.equals(content)).toBe(true);
  expect(outcome.dataSent).toBe(blocks);
});

test('one packet in a thousand lost at the rollover changes no byte', () => {
  const dice = fakeWorld(9).random;
  const content = contentOf(8 * 66_000, dice);
  const options = { blksize: '8', windowsize: '16' };
  const outcome = transferred({ content, options, cable: { ...GOOD, loses: 0.001, doubles: 0.001, dice } });
  expect(outcome.lost).toBeGreaterThan(10);
  expect(outcome.file.equals(content)).toBe(true);
});

const OPTIONS: readonly Readonly<Record<string, string>>[] = [
  {},
  { blksize: '512', tsize: '0' },
  { blksize: '1432', timeout: '1' },
  { blksize: '100', windowsize: '8' },
];

function sizeOf(run: number, dice: () => number): number {
  const edges = [0, 1, 511, 512, 513, 1432, 5120];
  return run % 2 === 0 ? (edges[(run / 2) % edges.length] ?? 0) : Math.floor(dice() * 9000);
}

function contentOf(size: number, dice: () => number): Buffer {
  const content = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1) content[at] = dice() * 256;
  return content;
}

/** Datagrams under way, in the order of their arrival. */
function openCable({ loses, doubles, jitter, dice }: Cable) {
  const underWay: { readonly at: number; readonly arrive: () => void }[] = [];
  let lost = 0;
  const carry = (now: number, arrive: () => void): void => {
    if (underWay.length > MOST_UNDER_WAY) throw new Error('packets multiply');
    const copies = dice() < loses ? 0 : dice() < doubles ? 2 : 1;
    if (copies === 0) lost += 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const at = now + 1 + dice() * jitter;
      underWay.splice(underWay.findLastIndex((one) => one.at <= at) + 1, 0, { at, arrive });
    }
  };
  return { carry, underWay, lost: () => lost };
}

/** Runs both ends until the sender has ended, in virtual time. */
function transferred({ content, options, cable }: Run): Outcome {
  const phone = tinyClient({ name: 'a.cfg', options });
  const { carry, underWay, lost } = openCable(cable);
  let now = 0;
  let dataSent = 0;
  let phoneAt = PHONE_WAITS;
  let phoneTries = 0;

  const sender = openSender(content, (bytes) => {
    if (bytes[1] === 3) dataSent += 1;
    carry(now, () => {
      phoneAt = now + PHONE_WAITS;
      phoneTries = 0;
      for (const packet of phone.hear(bytes)) carry(now, () => sender.hear(now, packet));
    });
  });
  const onPhoneTimer = (): void => {
    phoneTries += 1;
    const isOver = phone.isDone() || phoneTries > PHONE_TRIES;
    phoneAt = isOver ? Number.POSITIVE_INFINITY : now + PHONE_WAITS;
    const word = phone.again();
    if (!isOver) carry(now, () => sender.hear(now, word));
  };
  const onNext = (): void => {
    const arrival = underWay[0]?.at ?? Number.POSITIVE_INFINITY;
    now = Math.min(arrival, sender.wakeAt(), phoneAt);
    if (now === arrival) underWay.shift()?.arrive();
    else if (now === phoneAt) onPhoneTimer();
    else sender.wake(now);
  };
  const request = phone.start();
  carry(now, () => sender.hear(now, request));
  while (sender.ended() === undefined && Number.isFinite(now)) onNext();
  return { ended: sender.ended(), file: phone.file(), isDone: phone.isDone(), lost: lost(), dataSent };
}

/** The door in small: what it does with the machine's outputs, without a socket. */
function openSender(content: Buffer, send: (bytes: Uint8Array) => void) {
  let transfer: Transfer | undefined;
  let ended: Ended | undefined;
  let wakeAt = Number.POSITIVE_INFINITY;
  const feed = (now: number, input: TransferInput): void => {
    if (transfer === undefined) return;
    const step = stepTransfer(now, transfer, input);
    transfer = step.next;
    wakeAt = step.wakeAt ?? Number.POSITIVE_INFINITY;
    for (const output of step.outputs) perform(output);
  };
  const perform = (output: TransferOutput): void => {
    if (output.kind === 'oack') send(encodePacket(output));
    else if (output.kind === 'ended') ended = output;
    else {
      const data = content.subarray(output.offset, output.offset + output.length);
      send(encodePacket({ kind: 'data', block: output.block, data }));
    }
  };
  const onRequest = (now: number, { options }: TftpRequest, asked: number): void => {
    if (transfer !== undefined) {
      feed(now, { kind: 'request-again' });
      return;
    }
    const size = content.length;
    transfer = openTransfer(negotiate({ options, size, limits: ETHERNET }), { size, asked }, now);
    feed(now, { kind: 'start' });
  };
  const hear = (now: number, bytes: Buffer): void => {
    const packet = decodePacket(bytes);
    if (!packet.ok) throw packet.error;
    if (packet.value.kind === 'rrq') onRequest(now, packet.value, bytes.length);
    else if (packet.value.kind === 'ack') feed(now, { kind: 'ack', block: packet.value.block });
  };
  const wake = (now: number): void => feed(now, { kind: 'tick' });
  return { hear, wake, wakeAt: () => wakeAt, ended: () => ended };
}

// Uploads over a cable that loses and doubles packets, in virtual time. The phone's side is written from RFC 1350 and 7440.
import { expect, test } from 'vitest';
import { ETHERNET, negotiate } from '../../src/tftp/negotiate.ts';
import { openReceipt, type ReceiptInput, stepReceipt } from '../../src/tftp/receive.ts';
import { fakeWorld } from '../fakes/world.ts';

interface Run {
  readonly content: Buffer;
  readonly windowsize: number;
  readonly loses: number;
  readonly dice: () => number;
}

const BLKSIZE = 64;
const PHONE_WAITS = 1000;
const DISK_MS = 3;

/** What arrived, whether it was called whole, and whether the phone believes that it is. */
function uploaded({ content, windowsize, loses, dice }: Run) {
  const due: { at: number; act: () => void }[] = [];
  let now = 0;
  const at = (when: number, act: () => void): void => {
    due.splice(due.findLastIndex((one) => one.at <= when) + 1, 0, { at: when, act });
  };
  const carry = (arrive: () => void): void => {
    const copies = dice() < loses ? 0 : dice() < loses ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) at(now + 1 + (loses > 0 ? dice() : 0), arrive);
  };
  const options = [
    { name: 'blksize', value: String(BLKSIZE) },
    { name: 'windowsize', value: String(windowsize) },
  ];
  let receipt = openReceipt(negotiate({ options, limits: ETHERNET }), 60, 0);
  const stored: Uint8Array[] = [];
  const seen = { whole: false, believed: false, abandoned: false, wakeAt: Number.POSITIVE_INFINITY };
  const feed = (input: ReceiptInput): void => {
    const { next, outputs, wakeAt } = stepReceipt(now, receipt, input);
    receipt = next;
    seen.wakeAt = wakeAt ?? Number.POSITIVE_INFINITY;
    for (const output of outputs) {
      if (output.kind === 'oack') carry(() => hear(0));
      else if (output.kind === 'ack') carry(() => hear(output.block));
      else if (output.kind === 'abandon') seen.abandoned = true;
      else if (output.kind === 'store') {
        stored.push(...output.pieces);
        seen.whole ||= output.isLast;
        at(now + DISK_MS, () => feed({ kind: 'stored' }));
      }
    }
  };
  const total = Math.floor(content.length / BLKSIZE) + 1;
  let acked = -1;
  let timer = 0;
  const send = (): void => {
    timer = now + PHONE_WAITS;
    for (let block = acked + 1; block <= Math.min(total, acked + windowsize); block += 1) {
      const data = content.subarray((block - 1) * BLKSIZE, block * BLKSIZE);
      carry(() => feed({ kind: 'data', block: block & 0xffff, data }));
    }
  };
  const hear = (number: number): void => {
    const block = acked < 0 ? 0 : acked + ((number - acked) & 0xffff);
    // RFC 1123 section 4.2.3.1: an ACK that comes twice sends nothing.
    if (block <= acked || block > acked + windowsize + (acked < 0 ? 1 : 0)) return;
    acked = block;
    seen.believed = acked === total;
    if (seen.believed) timer = Number.POSITIVE_INFINITY;
    else send();
  };
  feed({ kind: 'start' });
  timer = PHONE_WAITS;
  for (let turns = 0; turns < 300_000 && receipt.stage !== 'ended'; turns += 1) {
    const next = due[0]?.at ?? Number.POSITIVE_INFINITY;
    now = Math.min(next, timer, seen.wakeAt);
    if (now === next) due.shift()?.act();
    else if (now === timer && acked < 0) {
      timer = now + PHONE_WAITS;
      carry(() => feed({ kind: 'request-again' }));
    } else if (now === timer) send();
    else feed({ kind: 'tick' });
  }
  return { ...seen, stage: receipt.stage, file: Buffer.concat(stored) };
}

test.each([1, 4, 16])('uploads in windows of %i arrive bit by bit, or are told as lost', (windowsize) => {
  const dice = fakeWorld(windowsize).random;
  const runs = 300;
  let complete = 0;
  for (let run = 0; run < runs; run += 1) {
    const size = [0, 1, 63, 64, 65, 640][run % 8] ?? Math.floor(dice() * 3000);
    const content = Buffer.from(Array.from({ length: size }, () => dice() * 256));
    const { whole, believed, abandoned, stage, file } = uploaded({ content, windowsize, loses: 0.15, dice });
    expect(stage, `run ${run}`).toBe('ended');
    expect(whole).toBe(!abandoned);
    expect(file.equals(content.subarray(0, file.length)), `run ${run}`).toBe(true);
    if (whole) expect(file.length, `run ${run}`).toBe(size);
    // A phone that has its last ACK may forget the file.
    if (believed) expect(whole).toBe(true);
    if (believed) complete += 1;
  }
  expect(complete).toBeGreaterThan(runs * 0.97);
});

test('over a good cable each block is stored once, past 65,535 of them', () => {
  const content = Buffer.alloc(BLKSIZE * 65_540 + 5, 'rolls over ');
  const { whole, file } = uploaded({ content, windowsize: 8, loses: 0, dice: fakeWorld(2).random });
  expect(whole).toBe(true);
  expect(file.equals(content)).toBe(true);
});

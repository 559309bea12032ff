import { expect, test } from 'vitest';
import { ETHERNET, negotiate } from '../../src/tftp/negotiate.ts';
import {
  openTransfer,
  stepTransfer,
  type Transfer,
  type TransferInput,
  type TransferOutput,
} from '../../src/tftp/transfer.ts';
import { fakeWorld } from '../fakes/world.ts';

function opened(size: number, options: Readonly<Record<string, string>> = {}): Transfer {
  const asked = Object.entries(options).map(([name, value]) => ({ name, value }));
  return openTransfer(negotiate({ options: asked, size, limits: ETHERNET }), size, 0);
}

/** A transfer that is driven by hand: what came out of each input, in short. */
function driven(size: number, options: Readonly<Record<string, string>> = {}) {
  let transfer = opened(size, options);
  let wakeAt: number | undefined;
  const feed = (now: number, input: TransferInput): readonly string[] => {
    const step = stepTransfer(now, transfer, input);
    transfer = step.next;
    wakeAt = step.wakeAt;
    return step.outputs.map(brief);
  };
  return { feed, wakeAt: () => wakeAt };
}

function brief(output: TransferOutput): string {
  switch (output.kind) {
    case 'oack':
      return `oack ${output.options.map(({ name, value }) => `${name}=${value}`).join(' ')}`;
    case 'data':
      return `data ${output.block}: ${output.length}`;
    case 'ended':
      return `ended ${output.complete ? 'complete' : 'early'} ${output.bytes}${output.why === undefined ? '' : ` (${output.why})`}`;
  }
}

test.each([
  { size: 0, blocks: ['data 1: 0'] },
  { size: 1, blocks: ['data 1: 1'] },
  { size: 511, blocks: ['data 1: 511'] },
  { size: 512, blocks: ['data 1: 512', 'data 2: 0'] },
  { size: 513, blocks: ['data 1: 512', 'data 2: 1'] },
  { size: 1432, blocks: ['data 1: 512', 'data 2: 512', 'data 3: 408'] },
])('$size bytes go out as $blocks', ({ size, blocks }) => {
  const { feed } = driven(size);
  expect(feed(0, { kind: 'start' })).toEqual([blocks[0]]);
  blocks.forEach((_, index) => {
    const last = index === blocks.length - 1;
    expect(feed(index, { kind: 'ack', block: index + 1 })).toEqual([
      last ? `ended complete ${size}` : blocks[index + 1],
    ]);
  });
  expect(feed(99, { kind: 'ack', block: 1 })).toEqual([]);
});

test('options: OACK first, DATA 1 only after ACK 0', () => {
  const { feed } = driven(1000, { tsize: '0', blksize: '1432' });
  expect(feed(0, { kind: 'start' })).toEqual(['oack tsize=1000 blksize=1432']);
  expect(feed(1, { kind: 'ack', block: 1 })).toEqual([]);
  expect(feed(2, { kind: 'ack', block: 0 })).toEqual(['data 1: 1000']);
  expect(feed(3, { kind: 'ack', block: 0 })).toEqual([]);
  expect(feed(4, { kind: 'ack', block: 1 })).toEqual(['ended complete 1000']);
});

test('an ACK that comes twice sends nothing twice; one of the future is not believed', () => {
  const { feed } = driven(5000);
  feed(0, { kind: 'start' });
  expect(feed(1, { kind: 'ack', block: 1 })).toEqual(['data 2: 512']);
  for (let again = 0; again < 5; again += 1) expect(feed(2, { kind: 'ack', block: 1 })).toEqual([]);
  expect(feed(3, { kind: 'ack', block: 40 })).toEqual([]);
  expect(feed(4, { kind: 'ack', block: 2 })).toEqual(['data 3: 512']);
});

test('a window: eight blocks per ACK, and back to the gap when one is lost', () => {
  const { feed } = driven(8 * 512, { windowsize: '4' });
  feed(0, { kind: 'start' });
  expect(feed(1, { kind: 'ack', block: 0 })).toEqual([
    'data 1: 512',
    'data 2: 512',
    'data 3: 512',
    'data 4: 512',
  ]);
  expect(feed(2, { kind: 'ack', block: 2 })).toEqual([
    'data 3: 512',
    'data 4: 512',
    'data 5: 512',
    'data 6: 512',
  ]);
  expect(feed(3, { kind: 'ack', block: 6 })).toEqual(['data 7: 512', 'data 8: 512', 'data 9: 0']);
  expect(feed(4, { kind: 'ack', block: 9 })).toEqual(['ended complete 4096']);
});

test('what a forged address gets: three repetitions, then nothing, then the end', () => {
  const { feed, wakeAt } = driven(5000);
  const sent = [feed(0, { kind: 'start' }).length];
  const times = [0];
  let now = wakeAt();
  for (; now !== undefined; now = wakeAt()) {
    const outputs = feed(now, { kind: 'tick' });
    if (outputs.some((output) => output.startsWith('data'))) {
      sent.push(outputs.length);
      times.push(now);
    }
    if (outputs.some((output) => output.startsWith('ended'))) {
      expect([now, outputs]).toEqual([20_000, ['ended early 0 (the phone fell silent for 20 s)']]);
      break;
    }
  }
  expect(times).toEqual([0, 100, 300, 700]);
  expect(sent).toEqual([1, 1, 1, 1]);
});

test('a phone that writes its flash may be silent for 40 s; after a minute it is given up', () => {
  const { feed, wakeAt } = driven(5000);
  feed(0, { kind: 'start' });
  feed(1, { kind: 'ack', block: 1 });
  for (let now = wakeAt() ?? 0; now < 40_000; now = wakeAt() ?? Number.POSITIVE_INFINITY)
    feed(now, { kind: 'tick' });
  expect(feed(40_000, { kind: 'ack', block: 2 })).toEqual(['data 3: 512']);
  const ends: string[] = [];
  for (let now = wakeAt(); now !== undefined; now = wakeAt()) {
    const outputs = feed(now, { kind: 'tick' });
    if (outputs[0]?.startsWith('ended') === true) ends.push(`${now} ${outputs[0]}`);
  }
  expect(ends).toEqual([
    expect.stringMatching(/^10\d{4} ended early 1024 \(the phone fell silent for 6\d s\)$/),
  ]);
});

test('a last ACK that never comes is no failure', () => {
  const { feed, wakeAt } = driven(600);
  feed(0, { kind: 'start' });
  feed(1, { kind: 'ack', block: 1 });
  const ends: string[] = [];
  for (let now = wakeAt(); now !== undefined; now = wakeAt())
    ends.push(...feed(now, { kind: 'tick' }).filter((one) => one.startsWith('ended')));
  expect(ends).toEqual(['ended complete 600 (the last ACK never came)']);
});

test('a repeated request is answered again, but not more often than that', () => {
  const { feed } = driven(600);
  feed(0, { kind: 'start' });
  expect(feed(50, { kind: 'request-again' })).toEqual([]);
  expect(feed(150, { kind: 'request-again' })).toEqual(['data 1: 512']);
  feed(160, { kind: 'ack', block: 1 });
  expect(feed(900, { kind: 'request-again' })).toEqual([]);
});

test('an ERROR of the phone ends it, and its text cannot write to a terminal', () => {
  const { feed } = driven(600);
  feed(0, { kind: 'start' });
  expect(feed(1, { kind: 'error', code: 3, message: 'disk \u001b[2J full' })).toEqual([
    'ended early 0 (the phone sent ERROR 3: disk \\x1b[2J full)',
  ]);
});

test('beyond 65,535 blocks the number rolls over to 0', () => {
  const size = 8 * 65_537 + 3;
  const { feed } = driven(size, { blksize: '8' });
  feed(0, { kind: 'start' });
  let outputs = feed(0, { kind: 'ack', block: 0 });
  const seen: string[] = [];
  for (let block = 1; outputs[0]?.startsWith('data') === true; block += 1) {
    if (block > 65_533) seen.push(outputs[0]);
    outputs = feed(block, { kind: 'ack', block: block & 0xffff });
  }
  expect(seen).toEqual(['data 65534: 8', 'data 65535: 8', 'data 0: 8', 'data 1: 8', 'data 2: 3']);
  expect(outputs).toEqual([`ended complete ${size}`]);
});

test('two thousand transfers over a LAN that loses and doubles a fifth of everything arrive bit by bit', () => {
  const runs = 2000;
  let complete = 0;
  let lost = 0;
  const dice = fakeWorld(7).random;
  for (let run = 0; run < runs; run += 1) {
    const size = Math.floor(dice() * 9000);
    const windowsize = run % 3 === 0 ? 4 : 1;
    const result = lossy({ size, windowsize, dice });
    lost += result.lost;
    if (!result.complete) continue;
    complete += 1;
    expect(result.got, `run ${run}`).toBe(size);
  }
  // Without these two the test could pass with every transfer given up, or with nothing lost.
  expect(complete).toBeGreaterThan(runs * 0.9);
  expect(lost).toBeGreaterThan(runs);
});

/** One transfer against a small client of its own, both ways losing and doubling; 1 ms of cable. */
function lossy({ size, windowsize, dice }: { size: number; windowsize: number; dice: () => number }) {
  let transfer = opened(size, { blksize: '512', windowsize: String(windowsize) });
  let lost = 0;
  let got = 0;
  let expected = 0;
  let ended: Extract<TransferOutput, { kind: 'ended' }> | undefined;
  let order = 0;
  const due: { at: number; order: number; act: (now: number) => void }[] = [];
  const later = (at: number, act: (now: number) => void): void => void due.push({ at, order: order++, act });
  const cable = (now: number, act: (now: number) => void): void => {
    const copies = dice() < 0.2 ? 0 : dice() < 0.2 ? 2 : 1;
    if (copies === 0) lost += 1;
    for (let copy = 0; copy < copies; copy += 1) later(now + 1 + dice(), act);
  };
  const ack = (now: number): void =>
    cable(now, (then) => feed(then, { kind: 'ack', block: expected & 0xffff }));
  const client = (now: number, output: TransferOutput): void => {
    if (output.kind === 'oack') ack(now);
    if (output.kind !== 'data') return;
    if (output.block === ((expected + 1) & 0xffff)) {
      expected += 1;
      got += output.length;
    }
    ack(now);
  };
  let ticks = 0;
  const feed = (now: number, input: TransferInput): void => {
    const step = stepTransfer(now, transfer, input);
    transfer = step.next;
    const mine = ++ticks;
    if (step.wakeAt !== undefined)
      later(step.wakeAt, (then) => mine === ticks && feed(then, { kind: 'tick' }));
    for (const output of step.outputs) {
      if (output.kind === 'ended') ended = output;
      else cable(now, (then) => client(then, output));
    }
  };
  // The client's own timer: it asks again until it hears something.
  const ask = (now: number): void => {
    if (expected > 0 || got > 0 || ended !== undefined || now > 8000) return;
    if (now > 0) cable(now, (then) => feed(then, { kind: 'request-again' }));
    later(now + 1000, ask);
  };
  feed(0, { kind: 'start' });
  ask(0);
  for (let steps = 0; due.length > 0 && ended === undefined && steps < 20_000; steps += 1) {
    due.sort((a, b) => a.at - b.at || a.order - b.order);
    const next = due.shift();
    next?.act(next.at);
  }
  return { complete: ended?.complete ?? false, got, lost };
}

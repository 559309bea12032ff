import { expect, test } from 'vitest';
import { ETHERNET, negotiate } from '../../src/tftp/negotiate.ts';
import {
  openTransfer,
  stepTransfer,
  type Transfer,
  type TransferInput,
  type TransferOutput,
} from '../../src/tftp/transfer.ts';

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
  {
    size: 70_000,
    blocks: [...Array.from({ length: 136 }, (_, index) => `data ${index + 1}: 512`), 'data 137: 368'],
  },
])('$size bytes go out in blocks of 512, the last one shorter', ({ size, blocks }) => {
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

test('a phone slower than the first interval gets few blocks twice: the interval learns', () => {
  const { feed, wakeAt } = driven(50 * 512);
  let sent = feed(0, { kind: 'start' }).length;
  let now = 0;
  for (let block = 1; block <= 51; block += 1) {
    now += 250;
    for (let wake = wakeAt(); wake !== undefined && wake < now; wake = wakeAt()) {
      sent += feed(wake, { kind: 'tick' }).length;
    }
    sent += feed(now, { kind: 'ack', block }).filter((output) => output.startsWith('data')).length;
  }
  // 51 blocks; without Karn's second half each of them goes out twice or more.
  expect(sent).toBeLessThanOrEqual(55);
});

test.each([
  { options: {}, waits: [100, 200, 400, 800, 1600, 3200, 5000, 5000] },
  { options: { timeout: '1' }, waits: [100, 200, 400, 800, 1000, 1000, 1000, 1000] },
])('with $options the waits between retransmissions are $waits', ({ options, waits }) => {
  const { feed, wakeAt } = driven(5000, options);
  feed(0, { kind: 'start' });
  feed(1, { kind: 'ack', block: 0 });
  let now = 2;
  feed(now, { kind: 'ack', block: 1 });
  const waited: number[] = [];
  while (waited.length < waits.length) {
    const wake = wakeAt() ?? expect.fail('nothing is due');
    expect(feed(wake, { kind: 'tick' })).toHaveLength(1);
    waited.push(wake - now);
    now = wake;
  }
  expect(waited).toEqual(waits);
});

test('in a window an ACK again means its first block is lost: once, and after a round trip', () => {
  const { feed } = driven(4 * 512, { windowsize: '2' });
  feed(0, { kind: 'start' });
  feed(2, { kind: 'ack', block: 0 });
  expect(feed(3, { kind: 'ack', block: 0 })).toEqual([]);
  expect(feed(6, { kind: 'ack', block: 0 })).toEqual(['data 1: 512', 'data 2: 512']);
  expect(feed(12, { kind: 'ack', block: 0 })).toEqual([]);
  expect(feed(13, { kind: 'ack', block: 2 })).toEqual(['data 3: 512', 'data 4: 512']);
});

test('a phone that has started over is told from a repetition by the time between', () => {
  const { feed } = driven(5000);
  feed(0, { kind: 'start' });
  feed(10, { kind: 'ack', block: 1 });
  expect(feed(900, { kind: 'request-again' })).toEqual([]);
  expect(feed(1500, { kind: 'request-again' })).toEqual(['ended early 512 (the phone began anew)']);
});

test.each([
  { acks: 0, ends: 'ended early 0 (the phone asked for something else from the same port)' },
  { acks: 1, ends: 'ended early 512 (the phone asked for something else from the same port)' },
  { acks: 2, ends: 'ended complete 1300 (the last ACK never came)' },
])('after $acks ACKs of 3 another request means: $ends', ({ acks, ends }) => {
  const { feed } = driven(1300);
  feed(0, { kind: 'start' });
  for (let block = 1; block <= acks; block += 1) feed(block, { kind: 'ack', block });
  expect(feed(10, { kind: 'request-other' })).toEqual([ends]);
  expect(feed(11, { kind: 'request-other' })).toEqual([]);
});

test('what we end is told with the bytes that arrived', () => {
  const { feed } = driven(1300);
  feed(0, { kind: 'start' });
  feed(1, { kind: 'ack', block: 1 });
  expect(feed(2, { kind: 'stop', why: 'unboxd was stopped' })).toEqual([
    'ended early 512 (unboxd was stopped)',
  ]);
});

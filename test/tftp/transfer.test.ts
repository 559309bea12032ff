import { expect, test } from 'vitest';
import { ETHERNET, negotiate } from '../../src/tftp/negotiate.ts';
import { stepTransfer, type TransferInput, type TransferOutput } from '../../src/tftp/transfer.ts';
import { openTransfer, type Transfer } from '../../src/tftp/transfer-state.ts';

function opened(size: number, options: Readonly<Record<string, string>> = {}): Transfer {
  const asked = Object.entries(options).map(([name, value]) => ({ name, value }));
  return openTransfer(negotiate({ options: asked, size, limits: ETHERNET }), { size, asked: 30 }, 0);
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

/** Bytes of the packets that a brief stands for. */
const bytesOf = (outputs: readonly string[]): number =>
  outputs.reduce((sum, output) => {
    if (output.startsWith('data')) return sum + 4 + Number(output.split(': ')[1]);
    // `oack a=1 b=2`: two bytes of opcode, and two NULs for each option of which one stands for the `=`.
    return output.startsWith('oack') ? sum + output.length - 2 : sum;
  }, 0);

test.each([
  // RFC 1350 makes the first answer so long; nothing is added to it.
  { size: 5000, options: {}, times: [0], most: 516 },
  { size: 60, options: {}, times: [0, 100], most: 5 * 30 },
  { size: 5000, options: { tsize: '0', blksize: '1432' }, times: [0, 100, 300, 700], most: 5 * 30 },
  {
    size: 5000,
    options: { tsize: '0', blksize: '1432', timeout: '9', windowsize: '4' },
    times: [0, 100, 300],
    most: 5 * 30,
  },
])('of $size bytes with $options a forged address gets $most at most', ({ size, options, times, most }) => {
  const { feed, wakeAt } = driven(size, options);
  let bytes = bytesOf(feed(0, { kind: 'start' }));
  const sentAt = [0];
  for (let now = wakeAt() ?? expect.fail(); ; now = wakeAt() ?? expect.fail()) {
    const outputs = feed(now, { kind: 'tick' });
    if (outputs.some((output) => output.startsWith('ended'))) {
      expect([now, outputs]).toEqual([20_000, ['ended early 0 (the phone fell silent for 20 s)']]);
      break;
    }
    bytes += bytesOf(outputs);
    if (outputs.length > 0) sentAt.push(now);
  }
  expect(sentAt).toEqual(times);
  expect(bytes).toBeLessThanOrEqual(most);
});

test('each repetition of a request is answered, and no more than that', () => {
  const { feed, wakeAt } = driven(5000);
  const sent = [feed(0, { kind: 'start' })];
  for (const now of [1000, 2000, 3000])
    sent.push(feed(now, { kind: 'request-again' }), feed(now + 500, { kind: 'tick' }));
  expect(sent.flat()).toEqual(Array.from({ length: 4 }, () => 'data 1: 512'));
  expect(wakeAt()).toBe(20_000);
});

test('a pace: windows are held back so that no more goes out in a second', () => {
  const pace = 10_000;
  let transfer = openTransfer(
    negotiate({ options: [], size: 51_200, limits: ETHERNET }),
    { size: 51_200, asked: 30, pace },
    0,
  );
  let now = 0;
  let sent = 0;
  let bytes = 0;
  let wakeAt: number | undefined;
  const feed = (input: TransferInput): void => {
    const step = stepTransfer(now, transfer, input);
    transfer = step.next;
    wakeAt = step.wakeAt;
    for (const output of step.outputs) {
      if (output.kind !== 'data') continue;
      sent = output.block;
      bytes += output.length;
    }
  };
  feed({ kind: 'start' });
  while (!transfer.ended) {
    const before = sent;
    now += 1;
    feed({ kind: 'ack', block: sent });
    // It may wait, but what was acknowledged is not sent again and nothing is sent for an ACK that comes twice.
    feed({ kind: 'ack', block: before });
    while (wakeAt !== undefined && sent === before) {
      now = wakeAt;
      feed({ kind: 'tick' });
    }
    expect(bytes).toBeLessThanOrEqual(512 + ((now + 50) * pace) / 1000);
  }
  expect(bytes).toBe(51_200);
  expect(now).toBeGreaterThan(4_900);
  expect(now).toBeLessThan(5_200);
});

test.each([
  { rollover: '0', numbers: [65_534, 65_535, 0, 1] },
  { rollover: '1', numbers: [65_534, 65_535, 1, 2] },
])('with rollover $rollover the blocks after 65,535 count as asked', ({ rollover, numbers }) => {
  const { feed } = driven(8 * 65_537, { blksize: '8', rollover });
  feed(0, { kind: 'start' });
  let output = feed(0, { kind: 'ack', block: 0 })[0] ?? '';
  const seen: number[] = [];
  for (let count = 1; output.startsWith('data'); count += 1) {
    const number = Number(output.split(/[ :]/)[1]);
    if (count >= 65_534 && count < 65_538) seen.push(number);
    // Of a block not sent, and of the one before: neither moves it.
    if (count === 65_536)
      expect(feed(count, { kind: 'ack', block: 0 })).toEqual(rollover === '0' ? ['data 1: 8'] : []);
    output =
      (rollover === '0' && count === 65_536 ? 'data 1: 8' : feed(count, { kind: 'ack', block: number })[0]) ??
      '';
  }
  expect(seen).toEqual(numbers);
  expect(output).toBe(`ended complete ${8 * 65_537}`);
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

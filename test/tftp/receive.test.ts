import { expect, test } from 'vitest';
import { ETHERNET, negotiate } from '../../src/tftp/negotiate.ts';
import { openReceipt, type ReceiptInput, type ReceiptOutput, stepReceipt } from '../../src/tftp/receive.ts';

/** A write that is driven by hand: what came out of each input, in short. */
function driven(options: Readonly<Record<string, string>> = {}) {
  const asked = Object.entries(options).map(([name, value]) => ({ name, value }));
  let receipt = openReceipt(negotiate({ options: asked, limits: ETHERNET }), 30, 0);
  let wakeAt: number | undefined;
  const feed = (now: number, input: ReceiptInput): readonly string[] => {
    const step = stepReceipt(now, receipt, input);
    receipt = step.next;
    wakeAt = step.wakeAt;
    return step.outputs.map(brief);
  };
  const data = (now: number, block: number, length = 512): readonly string[] =>
    feed(now, { kind: 'data', block, data: new Uint8Array(length) });
  return { feed, data, wakeAt: () => wakeAt };
}

function brief(output: ReceiptOutput): string {
  switch (output.kind) {
    case 'oack':
      return `oack ${output.options.map(({ name, value }) => `${name}=${value}`).join(' ')}`;
    case 'ack':
      return `ack ${output.block}`;
    case 'error':
      return `error ${output.code} ${output.message}`;
    case 'store':
      return `store ${output.pieces.map(({ length }) => length).join('+')}${output.isLast ? ' last' : ''}`;
    case 'abandon':
      return `abandon: ${output.why}`;
    case 'done':
    case 'ended':
      return output.kind;
  }
}

test('ACK 0, and each block is stored before it is acknowledged', () => {
  const { feed, data } = driven();
  expect(feed(0, { kind: 'start' })).toEqual(['ack 0']);
  expect(data(1, 1)).toEqual(['store 512']);
  expect(feed(2, { kind: 'stored' })).toEqual(['ack 1']);
  expect(data(3, 2, 10)).toEqual(['store 10 last']);
  expect(feed(4, { kind: 'stored' })).toEqual(['ack 2', 'done']);
});

test('an OACK stands for ACK 0; the size is echoed', () => {
  const { feed, data } = driven({ tsize: '1300', blksize: '1024', timeout: '3' });
  expect(feed(0, { kind: 'start' })).toEqual(['oack tsize=1300 blksize=1024 timeout=3']);
  expect(data(1, 1, 1024)).toEqual(['store 1024']);
});

test('empty, and an exact multiple: the last block has nothing', () => {
  const empty = driven();
  empty.feed(0, { kind: 'start' });
  expect(empty.data(1, 1, 0)).toEqual(['store 0 last']);
  const full = driven();
  full.feed(0, { kind: 'start' });
  full.data(1, 1);
  full.feed(1, { kind: 'stored' });
  expect(full.data(2, 2, 0)).toEqual(['store 0 last']);
});

test('what comes twice is stored once; a lost ACK is said again, but one that crosses is not', () => {
  const { feed, data } = driven();
  feed(0, { kind: 'start' });
  data(1, 1);
  // It is with the disk.
  expect(data(2, 1)).toEqual([]);
  expect(feed(3, { kind: 'stored' })).toEqual(['ack 1']);
  expect(data(10, 1)).toEqual([]);
  expect(data(1003, 1)).toEqual(['ack 1']);
  expect(data(1004, 3)).toEqual([]);
  expect(data(1005, 0)).toEqual([]);
  expect(data(1006, 2)).toEqual(['store 512']);
});

test('after the last ACK it is said again for ten seconds', () => {
  const { feed, data, wakeAt } = driven();
  feed(0, { kind: 'start' });
  data(1, 1, 5);
  feed(2, { kind: 'stored' });
  expect(data(1002, 1, 5)).toEqual(['ack 1']);
  expect(wakeAt()).toBe(10_002);
  expect(feed(10_002, { kind: 'tick' })).toEqual(['ended']);
  expect(data(10_003, 1, 5)).toEqual([]);
});

test('a window is stored and acknowledged as one; a gap at once, and once', () => {
  const { feed, data } = driven({ windowsize: '4' });
  expect(feed(0, { kind: 'start' })).toEqual(['oack windowsize=4']);
  expect([data(1, 1), data(1, 2), data(1, 3), data(1, 4)].flat()).toEqual(['store 512+512+512+512']);
  expect(feed(2, { kind: 'stored' })).toEqual(['ack 4']);
  expect(data(3, 5)).toEqual([]);
  expect(data(3, 7)).toEqual(['store 512']);
  expect(data(3, 8)).toEqual([]);
  expect(feed(4, { kind: 'stored' })).toEqual(['ack 5']);
  // The first of the next is missing: said once, then it is left to the clock.
  expect(data(5, 7)).toEqual(['ack 5']);
  expect(data(5, 8)).toEqual([]);
  expect(data(6, 6)).toEqual([]);
  expect(data(6, 7, 3)).toEqual(['store 512+3 last']);
  expect(feed(7, { kind: 'stored' })).toEqual(['ack 7', 'done']);
});

test('the end of a window that was lost is asked for by the clock', () => {
  const { feed, data, wakeAt } = driven({ windowsize: '4' });
  feed(0, { kind: 'start' });
  data(1, 1);
  data(1, 2);
  expect(feed(wakeAt() ?? expect.fail(), { kind: 'tick' })).toEqual(['store 512+512']);
  expect(feed(102, { kind: 'stored' })).toEqual(['ack 2']);
});

test.each([
  {
    input: { kind: 'error', code: 0, message: 'gone' },
    outputs: ['abandon: the phone sent ERROR 0: gone', 'ended'],
  },
  { input: { kind: 'stop', why: 'unboxd was stopped' }, outputs: ['abandon: unboxd was stopped', 'ended'] },
  {
    input: { kind: 'request-other' },
    outputs: ['abandon: the phone asked for something else from the same port', 'ended'],
  },
  { input: { kind: 'refused', code: 3, message: 'full' }, outputs: ['error 3 full', 'ended'] },
  {
    input: { kind: 'data', block: 2, data: new Uint8Array(600) },
    outputs: [
      'error 4 a block of 600 bytes came where 512 were agreed',
      'abandon: a block of 600 bytes came where 512 were agreed',
      'ended',
    ],
  },
] as const)('$input.kind ends it', ({ input, outputs }) => {
  const { feed, data } = driven();
  feed(0, { kind: 'start' });
  data(1, 1);
  feed(2, { kind: 'stored' });
  expect(feed(3, input)).toEqual(outputs);
  expect(feed(4, { kind: 'stored' })).toEqual([]);
});

test('a phone that dies is waited for a minute, then its file is thrown away', () => {
  const { feed, data, wakeAt } = driven();
  feed(0, { kind: 'start' });
  data(1, 1);
  feed(2, { kind: 'stored' });
  const heard: string[] = [];
  let now = 2;
  for (let wake = wakeAt(); wake !== undefined; wake = wakeAt()) {
    now = wake;
    heard.push(...feed(now, { kind: 'tick' }));
    if (heard.at(-1) === 'ended') break;
  }
  expect(now).toBeGreaterThanOrEqual(60_000);
  expect(heard.slice(0, -2).every((one) => one === 'ack 1')).toBe(true);
  expect(heard.at(-2)).toMatch(/^abandon: the phone fell silent for 6\d s$/);
});

test('to a forged address our first answer goes four times, and the file is given up after 20 s', () => {
  const { feed, wakeAt } = driven();
  const heard = [...feed(0, { kind: 'start' })];
  for (let now = wakeAt(); now !== undefined && heard.at(-1) !== 'ended'; now = wakeAt())
    heard.push(...feed(now, { kind: 'tick' }));
  expect(heard).toEqual([
    'ack 0',
    'ack 0',
    'ack 0',
    'ack 0',
    'abandon: the phone fell silent for 20 s',
    'ended',
  ]);
});

test('the same request again is answered again, and later means a new beginning', () => {
  const { feed, data } = driven();
  feed(0, { kind: 'start' });
  expect(feed(50, { kind: 'request-again' })).toEqual([]);
  expect(feed(150, { kind: 'request-again' })).toEqual(['ack 0']);
  data(160, 1);
  feed(161, { kind: 'stored' });
  expect(feed(900, { kind: 'request-again' })).toEqual([]);
  expect(feed(2000, { kind: 'request-again' })).toEqual(['abandon: the phone began anew', 'ended']);
});

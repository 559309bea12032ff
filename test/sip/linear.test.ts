// The worst that 64 kB can hold, by how it grows: twice the bytes may take about twice as long, never four times. Timed
// against itself and by the best of many, so that a busy machine does not fail it.
import { expect, test } from 'vitest';
import { decodeMessage } from '../../src/sip/message.ts';
import { strictFault } from '../../src/sip/strict.ts';
import { onWire, W52P } from './dialects.ts';

const GOOD = onWire(W52P.text).toString();
const line = (text: string): string => GOOD.replace('Max-Forwards: 70', text);

const WORST: Readonly<Record<string, (size: number) => string>> = {
  'blanks in Via': (size) => GOOD.replace('UDP 10.1', `UDP h${' '.repeat(Math.min(size, 8000))}x10.1`),
  'blanks in From': (size) => GOOD.replace('From: ', `From: a${' '.repeat(Math.min(size, 8000))}`),
  'blanks before all': (size) => ' '.repeat(size) + GOOD,
  'line ends before all': (size) => '\r\n'.repeat(size / 2) + GOOD,
  'folds of one header': (size) => line(`X: a${'\r\n b'.repeat(size / 4)}`),
  'many headers': (size) => line('a:b\r\n'.repeat(size / 5)),
  'open quotes': (size) => GOOD.replace('From: ', `From: ${'"'.repeat(Math.min(size, 8000))}`),
  'backslashes in quotes': (size) =>
    GOOD.replace('From: ', `From: "${'\\\\'.repeat(Math.min(size, 8000) / 2)}" `),
  'parameters of From': (size) => GOOD.replace(';tag=1536537630', ';a=b'.repeat(Math.min(size, 8000) / 4)),
  'brackets in Contact': (size) =>
    GOOD.replace('Contact: ', `Contact: ${'<>'.repeat(Math.min(size, 8000) / 2)}`),
  'a body': (size) =>
    GOOD.replace('Content-Length: 0\r\n\r\n', `Content-Length: ${size}\r\n\r\n${'x'.repeat(size)}`),
};

function bestOf(bytes: Uint8Array): number {
  const times = Array.from({ length: 30 }, () => {
    const start = performance.now();
    const decoded = decodeMessage(bytes);
    if (decoded.ok && decoded.value.kind !== 'keep-alive') strictFault(bytes, decoded.value);
    return performance.now() - start;
  });
  return Math.min(...times);
}

test.each(Object.entries(WORST))('%s', (_, make) => {
  const small = bestOf(Buffer.from(make(15_000), 'latin1'));
  const large = bestOf(Buffer.from(make(60_000), 'latin1'));
  // Four times the bytes: linear is 4, quadratic 16. What takes less than a tenth of a millisecond is no matter.
  expect(large).toBeLessThan(Math.max(0.1, small) * 10);
});

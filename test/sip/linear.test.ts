// The worst that 64 kB can hold, by how it grows: twice the bytes may take about twice as long, never four times.
import { expect, test } from 'vitest';
import { decodeMessage } from '../../src/sip/message.ts';
import { strictFault } from '../../src/sip/strict.ts';
import { growthOf, MUCH_GROWTH } from '../fakes/effort.ts';
import { onWire, W52P } from './dialects.ts';

const GOOD = onWire(W52P.text).toString();
const line = (text: string): string => GOOD.replace('Max-Forwards: 70', text);

const WORST: Readonly<Record<string, (size: number) => string>> = {
  'blanks in Via': (size) => GOOD.replace('UDP 10.1', `UDP h${' '.repeat(Math.floor(size / 8))}x10.1`),
  'blanks in From': (size) => GOOD.replace('From: ', `From: a${' '.repeat(Math.floor(size / 8))}`),
  'blanks before all': (size) => ' '.repeat(size) + GOOD,
  'line ends before all': (size) => '\r\n'.repeat(size / 2) + GOOD,
  'folds of one header': (size) => line(`X: a${'\r\n b'.repeat(size / 4)}`),
  'many headers': (size) => line('a:b\r\n'.repeat(size / 5)),
  'open quotes': (size) => GOOD.replace('From: ', `From: ${'"'.repeat(Math.floor(size / 8))}`),
  'backslashes in quotes': (size) =>
    GOOD.replace('From: ', `From: "${'\\\\'.repeat(Math.floor(size / 8) / 2)}" `),
  'parameters of From': (size) => GOOD.replace(';tag=1536537630', ';a=b'.repeat(Math.floor(size / 8) / 4)),
  'brackets in Contact': (size) =>
    GOOD.replace('Contact: ', `Contact: ${'<>'.repeat(Math.floor(size / 8) / 2)}`),
  'a body': (size) =>
    GOOD.replace('Content-Length: 0\r\n\r\n', `Content-Length: ${size}\r\n\r\n${'x'.repeat(size)}`),
};

test.each(Object.entries(WORST))('%s', (_, make) => {
  const reading = (size: number) => {
    const bytes = Buffer.from(make(size), 'latin1');
    return () => {
      const decoded = decodeMessage(bytes);
      if (decoded.ok && decoded.value.kind !== 'keep-alive') strictFault(bytes, decoded.value);
    };
  };
  expect(growthOf(reading, 3_750)).toBeLessThan(MUCH_GROWTH);
});

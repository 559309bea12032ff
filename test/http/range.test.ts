import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wantedSpan } from '../../src/http/range.ts';

test.each([
  { header: undefined, is: 'whole' },
  { header: 'bytes=0-0', is: { first: 0, last: 0 } },
  { header: 'bytes=0-', is: { first: 0, last: 99 } },
  { header: 'bytes=10-19', is: { first: 10, last: 19 } },
  { header: 'Bytes= 10-19 ', is: { first: 10, last: 19 } },
  { header: 'bytes=90-1000', is: { first: 90, last: 99 } },
  { header: 'bytes=99-', is: { first: 99, last: 99 } },
  { header: 'bytes=-1', is: { first: 99, last: 99 } },
  { header: 'bytes=-30', is: { first: 70, last: 99 } },
  { header: 'bytes=-100', is: 'whole' },
  { header: 'bytes=-1000', is: 'whole' },
  { header: 'bytes=100-', is: 'beyond' },
  { header: `bytes=${'9'.repeat(400)}-`, is: 'beyond' },
  { header: 'bytes=-0', is: 'beyond' },
  { header: 'bytes=20-10', is: 'whole' },
  { header: 'bytes=0-1,5-6', is: 'whole' },
  { header: 'lines=0-1', is: 'whole' },
  { header: 'bytes=-', is: 'whole' },
  { header: 'bytes=a-b', is: 'whole' },
  { header: 'bytes', is: 'whole' },
])('of 100 bytes, Range $header is $is', ({ header, is }) => {
  expect(wantedSpan(header, 100)).toEqual(is);
});

test.each([
  { header: 'bytes=0-', is: 'beyond' },
  { header: 'bytes=-5', is: 'whole' },
])('of an empty file, Range $header is $is', ({ header, is }) => {
  expect(wantedSpan(header, 0)).toBe(is);
});

test('whatever is asked, a part lies within the file and is not empty', () => {
  let parts = 0;
  const numbers = fc.option(fc.nat(300), { nil: undefined });
  fc.assert(
    fc.property(fc.nat(200), numbers, numbers, (size, from, to) => {
      const span = wantedSpan(`bytes=${from ?? ''}-${to ?? ''}`, size);
      if (typeof span === 'string') return;
      parts += 1;
      expect(span.first).toBeGreaterThanOrEqual(0);
      expect(span.last).toBeGreaterThanOrEqual(span.first);
      expect(span.last).toBeLessThan(size);
    }),
    { numRuns: 500 },
  );
  expect(parts).toBeGreaterThan(50);
});

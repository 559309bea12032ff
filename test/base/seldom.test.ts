import { expect, test } from 'vitest';
import { createSeldom } from '../../src/base/seldom.ts';

test('one word about each thing in its time', () => {
  const mayTell = createSeldom({ every: 10_000, most: 100 });
  const asked = [0, 1, 9999, 10_000, 10_001, 19_999, 20_000, 60_000].map((now) => mayTell('a', now));
  expect(asked).toEqual([true, false, false, true, false, false, true, true]);
  expect(mayTell('b', 60_000)).toBe(true);
});

test('forgets all rather than to remember without end', () => {
  const mayTell = createSeldom({ every: 10_000, most: 2 });
  expect(['a', 'b', 'a', 'b', 'c', 'c', 'a'].map((about) => mayTell(about, 0))).toEqual([
    ...[true, true, false, false],
    ...[true, false, true],
  ]);
});

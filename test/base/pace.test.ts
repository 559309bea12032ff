// How often one sender may ask, and how many senders are remembered.
import { describe, expect, test } from 'vitest';
import { createPace } from '../../src/base/pace.ts';

/** How many of `count` messages pass that come every `every` ms from `start` on. */
function passing(
  pace: ReturnType<typeof createPace>,
  {
    sender = 'a',
    start = 0,
    every = 0,
    count = 1,
  }: Partial<Record<'start' | 'every' | 'count', number>> & {
    readonly sender?: string;
  },
): number {
  return Array.from({ length: count }, (_, index) => pace.mayPass(sender, start + index * every)).filter(
    Boolean,
  ).length;
}

describe('a sender', () => {
  test.each([
    { perSecond: 5, what: 'in an instant', every: 0, count: 1000, passed: 50 },
    { perSecond: 5, what: 'at the pace allowed', every: 200, count: 1000, passed: 1000 },
    { perSecond: 5, what: 'slowly', every: 10_000, count: 100, passed: 100 },
    // The burst of 50, and of the 999 ms that follow what flows in: 5 a second.
    { perSecond: 5, what: 'a thousand times a second, for a minute', every: 1, count: 60_000, passed: 349 },
    { perSecond: 5, what: 'twice as fast as allowed, for 100 s', every: 100, count: 1000, passed: 549 },
    { perSecond: 100, what: 'in an instant', every: 0, count: 5000, passed: 1000 },
    { perSecond: 0.1, what: 'in an instant', every: 0, count: 5, passed: 1 },
    { perSecond: 0.1, what: 'every ten seconds', every: 10_000, count: 50, passed: 50 },
  ])('with $perSecond a second that asks $what', ({ perSecond, every, count, passed }) => {
    expect(passing(createPace(perSecond), { every, count })).toBe(passed);
  });

  test('that was too fast is heard again as soon as one message is due, and no later', () => {
    const pace = createPace(5);
    expect(passing(pace, { count: 51 })).toBe(50);
    expect([pace.mayPass('a', 199), pace.mayPass('a', 200), pace.mayPass('a', 200)]).toEqual([
      false,
      true,
      false,
    ]);
  });

  test('that keeps on asking does not put off its own turn', () => {
    const pace = createPace(5);
    passing(pace, { count: 50 });
    expect(passing(pace, { start: 1, every: 1, count: 10_000 })).toBe(50);
  });

  test('that was silent for an hour has a burst and no more', () => {
    const pace = createPace(5);
    passing(pace, { count: 50 });
    expect(passing(pace, { start: 3_600_000, count: 1000 })).toBe(50);
  });

  test('costs others nothing', () => {
    const pace = createPace(5);
    passing(pace, { sender: 'broken', count: 10_000 });
    expect(passing(pace, { sender: 'phone', count: 4 })).toBe(4);
  });
});

describe('of many senders', () => {
  test('each has its own burst', () => {
    const pace = createPace(1);
    const passed = ['a', 'b', 'c', 'a'].map((sender) => passing(pace, { sender, count: 20 }));
    expect(passed).toEqual([10, 10, 10, 0]);
  });

  test.each([
    { others: 1, passed: 0 },
    { others: 99, passed: 0 },
    // Those that asked before the last 200 are strangers again: memory has an end.
    { others: 200, passed: 10 },
    { others: 5000, passed: 10 },
  ])('the latest hundred are remembered: after $others others $passed pass', ({ others, passed }) => {
    const pace = createPace(1, 100);
    passing(pace, { sender: 'broken', count: 20 });
    for (let other = 0; other < others; other += 1) pace.mayPass(`${other}`, 0);
    expect(passing(pace, { sender: 'broken', count: 20 })).toBe(passed);
  });

  test('one that keeps asking is not forgotten in a flood of others', () => {
    const pace = createPace(1, 100);
    let passed = passing(pace, { sender: 'broken', count: 20 });
    for (let other = 0; other < 10_000; other += 1) {
      pace.mayPass(`${other}`, 0);
      if (other % 90 === 0 && pace.mayPass('broken', 0)) passed += 1;
    }
    expect(passed).toBe(10);
  });

  test('a flood of made-up ones does not slow an honest one down', () => {
    const pace = createPace(5);
    let heard = 0;
    for (let fake = 0; fake < 50_000; fake += 1) {
      pace.mayPass(`02${fake.toString(16).padStart(10, '0')}`, fake);
      if (fake % 1000 === 0 && pace.mayPass('phone', fake)) heard += 1;
    }
    expect(heard).toBe(50);
  });
});

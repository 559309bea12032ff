// Newcomers that nobody knows, counted over the last minute, and told once a minute.
import { describe, expect, test } from 'vitest';
import type { Mac } from '../../src/base/mac.ts';
import { createCrowd } from '../../src/dhcp/crowd.ts';
import { mac } from './kit.ts';

const FACTORY = mac('00156500aabb');
const MADE_UP = mac('02156500aabb');
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const T0 = 1_000_000;

/** `perSecond` clients each second, for so many seconds. */
function* arrivals(seconds: number, perSecond: number): Iterable<number> {
  for (let second = 0; second < seconds; second += 1)
    for (let nth = 0; nth < perSecond; nth += 1) yield T0 + second * SECOND + (nth * SECOND) / perSecond;
}

describe('made up is a MAC that no factory gave', () => {
  test.each<{ what: string; macs: readonly Mac[]; madeUp: number }>([
    { what: 'none', macs: [], madeUp: 0 },
    { what: 'a phone', macs: [FACTORY], madeUp: 0 },
    { what: 'a locally administered address', macs: [MADE_UP], madeUp: 1 },
    {
      what: 'with other bits of the first byte',
      macs: [mac('0c0000000001'), mac('f80000000001')],
      madeUp: 0,
    },
    { what: 'with that bit among others', macs: [mac('06aa00000001'), mac('fe0000000001')], madeUp: 2 },
    { what: 'a mixture', macs: [FACTORY, MADE_UP, FACTORY, MADE_UP, MADE_UP], madeUp: 3 },
  ])('$what: $madeUp', ({ macs, madeUp }) => {
    const crowd = createCrowd();
    for (const each of macs) crowd.note(each, T0);
    expect(crowd.report(T0)).toEqual({ newcomers: macs.length, madeUp });
  });
});

describe('a report', () => {
  test('comes at once, then once a minute', () => {
    const crowd = createCrowd();
    crowd.note(MADE_UP, T0);
    expect(crowd.report(T0)).toEqual({ newcomers: 1, madeUp: 1 });
    crowd.note(FACTORY, T0 + 1);
    expect([crowd.report(T0 + 1), crowd.report(T0 + MINUTE - 1)]).toEqual([undefined, undefined]);
    crowd.note(FACTORY, T0 + MINUTE - 1);
    expect(crowd.report(T0 + MINUTE)).toMatchObject({ madeUp: 0 });
    expect(crowd.report(T0 + MINUTE)).toBeUndefined();
  });

  test.each([
    { at: T0 + 9 * SECOND, newcomers: 10 },
    { at: T0 + MINUTE - 1, newcomers: 10 },
    { at: T0 + MINUTE, newcomers: 9 },
    { at: T0 + MINUTE + 5 * SECOND, newcomers: 4 },
    { at: T0 + MINUTE + 9 * SECOND, newcomers: 0 },
    { at: T0 + 60 * MINUTE, newcomers: 0 },
  ])('counts the last minute, second by second: $newcomers', ({ at, newcomers }) => {
    const crowd = createCrowd();
    for (const now of arrivals(10, 1)) crowd.note(FACTORY, now);
    expect(crowd.report(at)).toEqual({ newcomers, madeUp: 0 });
  });

  test('of a flood of hours counts the last minute and not more', () => {
    const crowd = createCrowd();
    for (const now of arrivals(7200, 20)) crowd.note(MADE_UP, now);
    expect(crowd.report(T0 + 7199 * SECOND + 999)).toEqual({ newcomers: 1200, madeUp: 1200 });
  });

  test('counts a crowd that comes in one instant', () => {
    const crowd = createCrowd();
    for (let client = 0; client < 50_000; client += 1) crowd.note(client % 2 === 0 ? MADE_UP : FACTORY, T0);
    expect(crowd.report(T0 + 999)).toEqual({ newcomers: 50_000, madeUp: 25_000 });
  });

  test('does not tell of those that came before a long silence', () => {
    const crowd = createCrowd();
    for (const now of arrivals(120, 5)) crowd.note(MADE_UP, now);
    crowd.note(FACTORY, T0 + 60 * MINUTE);
    expect(crowd.report(T0 + 60 * MINUTE)).toEqual({ newcomers: 1, madeUp: 0 });
  });
});

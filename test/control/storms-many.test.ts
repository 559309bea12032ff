import { expect, test } from 'vitest';
import type { Mac } from '../../src/base/mac.ts';
import type { StormPlan } from '../../src/sip/storm-plan.ts';
import {
  forgetOldest,
  MOST_PHONES,
  MOST_STORMS,
  replayStorm,
  type StormTable,
} from '../../src/store/storms.ts';
import { fleet } from './storms-fleet.ts';

const ALL = { selection: { all: true }, perSecond: 0, patience: 0 };

test('a daemon that runs for years remembers the last storms, and not all of them', async () => {
  const lan = fleet(2, {});
  const ids: string[] = [];
  for (let count = 0; count < MOST_STORMS + 5; count += 1) {
    ids.push(await lan.start(ALL));
    await lan.world.run((count + 1) * 10_000);
  }
  const listed = lan.keeper.list();
  expect(listed.map(({ id }) => id)).toEqual(ids.slice(-MOST_STORMS));
  expect(listed.every(({ mode }) => mode === 'done')).toBe(true);
  expect(lan.keeper.phones(ids[0] ?? '')).toBeUndefined();
});

/** Sizes in parts of what is kept. */
test.each([
  { what: 'few', sizes: [0.1, 0.2, 0.3], kept: [0, 1, 2] },
  { what: 'more phones than are kept', sizes: [0.5, 0.25, 0.25, 0.25], kept: [1, 2, 3] },
  { what: 'of which one still runs', sizes: [0.5, 0.25, 0.25, 0.25], running: 0, kept: [0, 2, 3] },
  { what: 'a latest one that is larger than all that is kept', sizes: [0.1, 2], kept: [1] },
])('storms, $what: $kept stay', ({ sizes, running, kept }) => {
  const planOf = (size: number): StormPlan =>
    ({ targets: Array.from({ length: size * MOST_PHONES }) }) as unknown as StormPlan;
  const storms = new Map(sizes.map((size, id) => [String(id), { id, plan: planOf(size) }]));
  forgetOldest(storms, { planOf: ({ plan }) => plan, isOver: ({ id }) => id !== running });
  expect([...storms.values()].map(({ id }) => id)).toEqual(kept);
});

const MAC = '001565000001' as Mac;
const YEAR = 365 * 24 * 3_600_000;

/** How often the phone was woken, by what is read again after a restart. */
function timesOf(...moments: readonly number[]): number | undefined {
  const storms: StormTable = new Map();
  const plan = { id: 's', targets: [MAC] } as unknown as StormPlan;
  replayStorm(storms, { kind: 'storm', plan, mode: 'running', past: [] });
  for (const at of moments) replayStorm(storms, { kind: 'storm-woken', id: 's', at, macs: [MAC] });
  return storms.get('s')?.past.get(MAC)?.times;
}

test.each([
  ['once', [YEAR], 1],
  ['twice', [YEAR, YEAR + 60_000], 2],
  ['once, and the journal tells it again', [YEAR, YEAR], 1],
  ['twice, and the journal tells the first one again', [YEAR, YEAR + 2000, YEAR], 2],
  ['twice, the second time after the clock was set back by a year', [YEAR, 60_000], 2],
])('woken %s', (_how, moments, times) => {
  expect(timesOf(...moments)).toBe(times);
});

// Signs that come at odd moments, and phones that no storm can wake: what counts, and what does not.
import { expect, test } from 'vitest';
import { stepStorm } from '../../src/sip/storm.ts';
import type { StormPlan } from '../../src/sip/storm-plan.ts';
import { openStorm } from '../../src/sip/storm-state.ts';
import { fleet } from './storms-fleet.ts';

const ALL = { selection: { all: true }, perSecond: 0 };
const RETRY = { ...ALL, retries: 1, patience: 5000 };

test.each([
  { when: 'answered and did nothing', status: 200, at: 10_000, after: '10 s' },
  { when: 'was silent', status: 0, at: 37_000, after: '37 s' },
])(
  'a phone that $when and fetches while it is left alone is not woken again',
  async ({ status, at, after }) => {
    const lan = fleet(1, { status: () => status, fetches: () => undefined });
    const id = await lan.start(RETRY);
    await lan.world.run(at);
    lan.fetch(0);
    await lan.world.run(200_000);
    expect(lan.heard[0]).toBe(status === 0 ? 0 : 1);
    expect(lan.phones(id)).toMatchObject([
      { verdict: 'confirmed', times: 1, sentence: `confirmed: fetched own.cfg ${after} after the wake-up` },
    ]);
    expect(lan.keeper.list()).toMatchObject([{ mode: 'done', finished: 1 }]);
  },
);

test('the same in a storm that is paused', async () => {
  const lan = fleet(2, { fetches: (index) => (index === 1 ? 100 : undefined) });
  const id = await lan.start(RETRY);
  await lan.world.run(6000);
  lan.keeper.command(id, 'pause');
  await lan.world.run(10_000);
  lan.fetch(0);
  await lan.world.run(60_000);
  lan.keeper.command(id, 'resume');
  await lan.world.run(200_000);
  expect(lan.heard).toEqual([1, 1]);
  expect(lan.counts(id)).toEqual({ confirmed: 2 });
});

test('a restart is confirmed too when the phone comes back while it is left alone', async () => {
  const lan = fleet(1, { fetches: () => undefined, restarts: () => true });
  const id = await lan.start({ ...RETRY, what: 'reboot' });
  await lan.world.run(10_000);
  lan.fetch(0);
  await lan.world.run(200_000);
  expect(lan.heard).toEqual([1]);
  expect(lan.counts(id)).toEqual({ confirmed: 1 });
});

test('a fetch before the first wake-up says nothing about it', async () => {
  const lan = fleet(1, { fetches: () => undefined });
  const id = await lan.start({ ...ALL, startAt: lan.world.now() + 5000, patience: 5000 });
  await lan.world.run(1000);
  lan.fetch(0);
  await lan.world.run(60_000);
  expect(lan.heard).toEqual([1]);
  expect(lan.counts(id)).toEqual({ acknowledged: 1 });
});

test('what is fetched while the wake-up is written down counts from the second one on', () => {
  const mac = fleet(1).macs[0] ?? expect.fail();
  const manner: StormPlan['manner'] = { what: 'fetch', byHttp: false };
  const plan: StormPlan = {
    ...{ id: 's', madeAt: 0, startAt: 0, targets: [mac], manner, waves: [] },
    ...{ perSecond: 0, atOnce: 0, spread: 0, stopAt: 1, retries: 1, patience: 5000 },
  };
  const storm = openStorm(plan, new Map(), 'running', 0);
  const step = (now: number, input: Parameters<typeof stepStorm>[2]) =>
    stepStorm(now, storm, input).outputs.map(({ kind }) => kind);
  const fetched = { kind: 'fetched', mac, file: 'own.cfg' } as const;
  expect(step(0, { kind: 'tick' })).toEqual(['store']);
  expect(step(1, fetched)).toEqual([]);
  expect(step(2, { kind: 'stored', macs: [mac] })).toEqual(['wake']);
  expect(step(3, { kind: 'ended', mac, end: { kind: 'answered', status: 200, reason: 'OK' } })).toEqual([]);
  expect([step(5003, { kind: 'tick' }), storm.active]).toEqual([[], 0]);
  expect([step(15_003, { kind: 'tick' }), storm.active]).toEqual([['store'], 1]);
  expect(step(15_004, fetched)).toEqual(['verdict', 'mode']);
  expect(step(15_005, { kind: 'stored', macs: [mac] })).toEqual([]);
  expect(storm).toMatchObject({ active: 0, finished: 1, mode: 'done' });
  expect(storm.targets.get(mac)?.outcome).toMatchObject({ verdict: 'confirmed', afterMs: 15_002 });
});

test('a storm that is cancelled while a phone is left alone has nobody under way', async () => {
  const lan = fleet(1, { fetches: () => undefined });
  const id = await lan.start(RETRY);
  await lan.world.run(10_000);
  lan.keeper.command(id, 'cancel');
  await lan.world.run(60_000);
  expect(lan.heard).toEqual([1]);
  expect(lan.counts(id)).toEqual({ acknowledged: 1 });
});

test('waves count the phones that are woken, not those that another storm has', async () => {
  const lan = fleet(30, { fetches: () => 5000 });
  const [first, second, third] = lan.macs;
  // They are not woken for an hour, and keep their place in that storm.
  const startAt = lan.world.now() + 3_600_000;
  await lan.start({ selection: { macs: [first, second, third] }, startAt });
  const id = await lan.start({ ...ALL, waves: ['2', '10'], patience: 10_000 });
  const woken = (): number => lan.heard.filter((times) => times > 0).length;
  await lan.world.run(4000);
  expect(woken()).toBe(2);
  await lan.world.run(9000);
  expect(woken()).toBe(12);
  await lan.world.run(60_000);
  expect(lan.counts(id)).toEqual({ skipped: 3, confirmed: 27 });
});

test('phones that cannot be woken do not hide that all the others fail', async () => {
  const lan = fleet(100, { status: () => 489, homes: (index) => index >= 60 });
  const id = await lan.start({ ...ALL, perSecond: 20, stopAt: 0.5 });
  await lan.world.run(60_000);
  const [storm] = lan.keeper.list();
  expect(storm?.mode).toBe('stopped');
  // Ten tell something about a share.
  const { refused = 0 } = lan.counts(id);
  expect(refused).toBeGreaterThan(5);
  expect(refused).toBeLessThan(12);
  expect(storm?.sentence).toContain(`stopped, because ${refused} of ${refused} failed (more than 50 %)`);
});

test('what failed before it was told to go on is not counted again, nor said', async () => {
  const isGood = (index: number): boolean => index >= 6 && index < 16;
  const lan = fleet(60, { status: (index) => (isGood(index) ? 200 : 489), fetches: () => 10 });
  const id = await lan.start({ ...ALL, perSecond: 10, stopAt: 0.5 });
  await lan.world.run(20_000);
  expect(lan.keeper.list()[0]?.sentence).toContain('stopped, because 6 of 6 failed');
  lan.keeper.command(id, 'resume');
  await lan.world.run(60_000);
  expect(lan.keeper.list()[0]?.sentence).toContain('stopped, because 11 of 21 failed');
});

test('phones of a cancelled storm that are still asked are not woken by another one', async () => {
  const lan = fleet(3, { fetches: (index) => (index === 0 ? 20_000 : undefined) });
  const first = await lan.start({ ...ALL, perSecond: 1, patience: 30_000 });
  await lan.world.run(1500);
  lan.keeper.command(first, 'cancel');
  const second = await lan.start(ALL);
  await lan.world.run(200_000);
  // Two were woken and are watched; the third one had not had its turn.
  expect(lan.heard).toEqual([1, 1, 1]);
  expect(lan.counts(first)).toEqual({ confirmed: 1, acknowledged: 1, skipped: 1 });
  expect(lan.counts(second)).toEqual({ skipped: 2, acknowledged: 1 });
});

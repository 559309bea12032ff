import { expect, test } from 'vitest';
import type { StormNews } from '../../src/control/storms-api.ts';
import { fleet } from './storms-fleet.ts';

const ALL = { selection: { all: true }, perSecond: 0 };

test('each phone gets the verdict that it deserves', async () => {
  const said = [200, 200, 0, 489, 401, 403, 503];
  const lan = fleet(7, {
    status: (index) => said[index] ?? 200,
    fetches: (index) => (index === 0 ? 1500 : undefined),
  });
  const id = await lan.start(ALL);
  await lan.world.run(100_000);
  expect(lan.phones(id).map(({ verdict }) => verdict)).toEqual([
    ...['confirmed', 'acknowledged', 'unanswered', 'refused', 'wants-password', 'refused', 'refused'],
  ]);
  expect(lan.phones(id).map(({ sentence }) => sentence)).toEqual([
    'confirmed: fetched own.cfg 1.5 s after the wake-up',
    'answered 200 Word, but did not fetch within 60 s',
    'no answer after 11 tries',
    'refused with 489 Word',
    'answered 401 Word: it wants a password in a way that cannot be computed',
    'refused with 403 Word',
    'refused with 503 Word',
  ]);
  expect(
    lan.phones(id).filter(({ verdict, advice }) => verdict !== 'confirmed' && advice === undefined),
  ).toEqual([]);
  expect(lan.keeper.list()).toMatchObject([{ id, mode: 'done', finished: 7, woken: 7 }]);
});

test('10,000 phones at 20 % loss each way: every reachable one is confirmed, and none is woken twice', async () => {
  const isOff = (index: number): boolean => index % 97 === 0;
  const lan = fleet(10_000, {
    loss: 0.2,
    status: (index) => (isOff(index) ? 0 : 200),
    fetches: (index) => 1000 + (index % 7000),
  });
  const id = await lan.start({ ...ALL, perSecond: 500 });
  await lan.world.run(150_000);
  const off = lan.macs.filter((_, index) => isOff(index)).length;
  expect(lan.counts(id)).toEqual({ confirmed: 10_000 - off, unanswered: off });
  expect(lan.heard.filter((times) => times > 1)).toEqual([]);
  expect(lan.heard.filter((times) => times === 0)).toHaveLength(off);
}, 60_000);

test('a storm that is cut off by crashes goes on, and wakes nobody twice', async () => {
  const lan = fleet(600, { fetches: (index) => 4000 + (index % 3000) });
  const id = await lan.start({ ...ALL, perSecond: 100 });
  for (const at of [1000, 2500, 2600, 5900]) {
    await lan.world.run(at);
    await lan.crash();
  }
  await lan.world.run(200_000);
  expect(lan.keeper.list()).toMatchObject([{ id, mode: 'done', woken: 600, finished: 600 }]);
  expect(lan.heard).toEqual(lan.macs.map(() => 1));
  // Whom the crash caught between wake-up and fetch, the next daemon watched.
  expect(lan.counts(id)).toEqual({ confirmed: 600 });
});

test('a phone that was caught by a crash and never fetches is told so, and not woken again', async () => {
  const lan = fleet(3, { status: () => 0 });
  const id = await lan.start(ALL);
  await lan.world.run(100);
  await lan.crash();
  await lan.world.run(100_000);
  expect(lan.phones(id).map(({ verdict, sentence, times }) => [verdict, sentence, times])[0]).toEqual([
    'unanswered',
    'no answer was heard: the daemon was restarted while it was being woken; it is not woken twice',
    1,
  ]);
});

test('nobody is woken who is not written down before', async () => {
  let works = true;
  const lan = fleet(50, { disk: () => works });
  const id = await lan.start({ ...ALL, perSecond: 10 });
  await lan.world.run(1050);
  const before = lan.heard.filter((times) => times > 0).length;
  expect(before).toBeGreaterThan(5);
  works = false;
  await lan.world.run(20_000);
  expect(lan.heard.filter((times) => times > 0)).toHaveLength(before);
  expect(lan.keeper.list()).toMatchObject([{ mode: 'stopped' }]);
  works = true;
  lan.keeper.command(id, 'resume');
  await lan.world.run(60_000);
  expect(lan.heard).toEqual(lan.macs.map(() => 1));
  expect(lan.counts(id)).toEqual({ confirmed: 50 });
});

test('the rate is kept', async () => {
  const lan = fleet(300);
  await lan.start({ ...ALL, perSecond: 20 });
  const woken = (): number => lan.heard.filter((times) => times > 0).length;
  for (const second of [1, 2, 5, 10]) {
    await lan.world.run(second * 1000);
    expect(Math.abs(woken() - 20 * second), `after ${second} s`).toBeLessThanOrEqual(3);
  }
});

test('the spread is kept, and so is the hour', async () => {
  const lan = fleet(100);
  const now = lan.world.now();
  await lan.start({ ...ALL, startAt: now + 60_000, spread: 100_000 });
  const woken = (): number => lan.heard.filter((times) => times > 0).length;
  await lan.world.run(59_900);
  expect(woken()).toBe(0);
  await lan.world.run(110_000);
  expect(Math.abs(woken() - 50)).toBeLessThanOrEqual(2);
  await lan.world.run(170_000);
  expect(woken()).toBe(100);
});

test('no more phones at a time than asked', async () => {
  const lan = fleet(100, { fetches: () => 2000 });
  await lan.start({ ...ALL, atOnce: 10 });
  await lan.world.run(1900);
  expect(lan.heard.filter((times) => times > 0)).toHaveLength(10);
  await lan.world.run(2900);
  expect(lan.heard.filter((times) => times > 0)).toHaveLength(20);
});

test('a wave waits for all of the one before, and a bad one is the last', async () => {
  const lan = fleet(100, { status: (index) => (index < 2 ? 489 : 200), fetches: () => 5000 });
  const id = await lan.start({ ...ALL, waves: ['5', '20%'], stopAt: 0.2 });
  await lan.world.run(4000);
  expect(lan.heard.filter((times) => times > 0)).toHaveLength(5);
  await lan.world.run(60_000);
  // 2 of 5 failed.
  expect(lan.heard.filter((times) => times > 0)).toHaveLength(5);
  const [storm] = lan.keeper.list();
  expect(storm?.mode).toBe('stopped');
  expect(storm?.sentence).toContain('2 of 5 failed (more than 20 %)');
  lan.keeper.command(id, 'resume');
  await lan.world.run(64_000);
  expect(lan.heard.filter((times) => times > 0)).toHaveLength(25);
  await lan.world.run(200_000);
  expect(lan.counts(id)).toEqual({ confirmed: 98, refused: 2 });
});

test('pause, crash, resume: what was woken stays so', async () => {
  const lan = fleet(100);
  const id = await lan.start({ ...ALL, perSecond: 10 });
  await lan.world.run(3050);
  lan.keeper.command(id, 'pause');
  const woken = lan.heard.filter((times) => times > 0).length;
  await lan.world.run(30_000);
  await lan.crash();
  await lan.world.run(60_000);
  expect(lan.heard.filter((times) => times > 0)).toHaveLength(woken);
  expect(lan.keeper.list()).toMatchObject([{ mode: 'paused', finished: woken }]);
  lan.keeper.command(id, 'resume');
  await lan.world.run(120_000);
  expect(lan.heard).toEqual(lan.macs.map(() => 1));
  expect(lan.counts(id)).toEqual({ confirmed: 100 });
});

test('after a cancel nobody else is woken, and that is said', async () => {
  const lan = fleet(40);
  const id = await lan.start({ ...ALL, perSecond: 10 });
  await lan.world.run(1050);
  const woken = lan.heard.filter((times) => times > 0).length;
  lan.keeper.command(id, 'cancel');
  await lan.world.run(100_000);
  expect(lan.heard.filter((times) => times > 0)).toHaveLength(woken);
  expect(lan.counts(id)).toEqual({ confirmed: woken, skipped: 40 - woken });
  expect(lan.phones(id).at(-1)?.sentence).toBe('skipped: the storm was cancelled before its turn');
});

test('only phones that gave no sign are woken again, and only as often as asked', async () => {
  const lan = fleet(4, {
    status: (index) => [200, 0, 489, 200][index] ?? 200,
    fetches: (index) => (index === 0 ? 100 : undefined),
  });
  const id = await lan.start({ ...ALL, retries: 1, patience: 5000 });
  await lan.world.run(200_000);
  expect(lan.heard).toEqual([1, 0, 1, 2]);
  expect(lan.phones(id).map(({ times }) => times)).toEqual([1, 2, 1, 2]);
  expect(lan.counts(id)).toEqual({ confirmed: 1, unanswered: 1, refused: 1, acknowledged: 1 });
});

test('a restart is confirmed when the phone came back and fetched', async () => {
  const lan = fleet(3, {
    status: (index) => (index === 2 ? 0 : 200),
    restarts: (index) => index === 0,
    fetches: () => 20_000,
  });
  const id = await lan.start({ ...ALL, what: 'reboot' });
  await lan.world.run(200_000);
  expect(lan.phones(id).map(({ verdict, sentence }) => [verdict, sentence])).toEqual([
    ['confirmed', 'confirmed: fetched own.cfg 20 s after the wake-up'],
    ['acknowledged', 'acknowledged, but it fetched its file but was not seen to restart'],
    ['unanswered', 'no answer after 11 tries'],
  ]);
});

test('a phone that was off, comes back and fetches is confirmed, and not woken to fetch once more', async () => {
  let isOn = false;
  const ground = fleet(2, { status: (index) => (isOn || index === 1 ? 200 : 0), fetches: () => 1000 });
  const id = await ground.start(ALL);
  await ground.world.run(5000);
  expect(ground.heard).toEqual([0, 1]);
  isOn = true;
  ground.fetch(0);
  await ground.world.run(120_000);
  expect(ground.counts(id)).toMatchObject({ confirmed: 2 });
  expect(ground.heard).toEqual([0, 1]);
  const kinds = ground.told.filter(({ mac }) => mac === ground.macs[0]).map(({ kind }) => kind);
  expect(kinds).toEqual(['woken', 'fetched', 'wake-confirmed']);
});

test('a phone is in one storm at a time', async () => {
  const lan = fleet(5);
  await lan.start({ ...ALL, perSecond: 1 });
  const second = await lan.start(ALL);
  await lan.world.run(60_000);
  expect(lan.heard).toEqual([1, 1, 1, 1, 1]);
  expect(lan.counts(second)).toEqual({ skipped: 5 });
});

test('whoever follows hears each verdict once and the end', async () => {
  const lan = fleet(20, { fetches: (index) => 100 * index });
  const id = await lan.start({ ...ALL, perSecond: 100 });
  const news: StormNews[] = [];
  let ended = 0;
  lan.keeper.follow(
    id,
    (one) => news.push(one),
    () => {
      ended += 1;
    },
  );
  await lan.world.run(10_000);
  const told = news.flatMap((one) => (one.kind === 'phone' ? [one.phone.mac] : []));
  expect(new Set(told).size).toBe(20);
  expect(told).toHaveLength(20);
  expect(news.at(-1)).toMatchObject({ kind: 'storm', storm: { mode: 'done', finished: 20 } });
  expect(ended).toBeGreaterThan(0);
});

test.each([
  { what: 'nobody', selection: {}, says: 'no phones are named' },
  { what: 'all but', selection: { all: true, vendor: 'acme' }, says: '--all means every phone' },
  { what: 'no subnet', selection: { subnet: 'here' }, says: 'is not a subnet' },
  { what: 'no MAC', selection: { macs: ['02ac3e000000', 'x'] }, says: '"x" is not a MAC' },
  { what: 'a stranger', selection: { macs: ['02ac3effffff'] }, says: 'is not known here' },
  { what: 'another make', selection: { vendor: 'bolt' }, says: 'no phone fits' },
  { what: 'no storm', selection: { unconfirmedOf: 'x' }, says: 'there is no storm x' },
])('a selection of $what is refused: $says', async ({ selection, says }) => {
  await expect(fleet(2).start({ selection })).rejects.toThrow(says);
});

test.each([
  { selection: { all: true }, macs: [0, 1, 2, 3] },
  { selection: { vendor: 'Acme' }, macs: [0, 1, 2, 3] },
  { selection: { label: 'desk 2' }, macs: [2] },
  { selection: { label: '*K 3' }, macs: [3] },
  { selection: { subnet: '10.1.0.2/31' }, macs: [0, 1] },
  { selection: { subnet: '10.1.0.2/31', label: 'desk 1' }, macs: [1] },
  { selection: { macs: ['02:AC:3E:00:00:03', '02ac3e000000'] }, macs: [0, 3] },
])('$selection means phones $macs and nobody else', async ({ selection, macs }) => {
  const lan = fleet(4);
  await lan.start({ selection, perSecond: 0 });
  await lan.world.run(5000);
  expect(lan.heard.flatMap((times, index) => (times > 0 ? [index] : []))).toEqual(macs);
});

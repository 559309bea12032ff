// Who may hold how much: the strangers' share, addresses kept for phones of the list, quotas of classes.
import { describe, expect, test } from 'vitest';
import { collectEnded, strangersIn } from '../../src/dhcp/limits.ts';
import { HOUR, ip, phoneMac } from './kit.ts';
import { classOf, desk, held, isAddress, range, strays, T0 } from './tables.ts';

/** Two hundred addresses; half of them at most for strangers, whose first lease is five minutes. */
const STAGING = { pool: range('10.20.0.50-10.20.0.249') };
const PROBATION = 300_000;
const stranger = { standing: 'stranger', duration: PROBATION } as const;
const listed = { standing: 'listed' } as const;

const numbers = (from: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => from + index);

const served = (results: readonly string[]): number => results.filter(isAddress).length;

describe('a flood of 3,000 made-up MACs', () => {
  test.each([
    { how: 'by DISCOVER alone', isWhole: false },
    { how: 'by DISCOVER and REQUEST', isWhole: true },
  ])('$how fills the share of strangers and nothing more', ({ isWhole }) => {
    const { table, lan, offers, leases, asker } = desk(STAGING);
    const results = numbers(1000, 3000).map((fake) =>
      isWhole ? leases(fake, { ...stranger, now: T0 + fake }) : offers(fake, { ...stranger, now: T0 + fake }),
    );
    expect(served(results)).toBe(100);
    expect(new Set(results.filter((result) => !isAddress(result)))).toEqual(
      new Set(['strangers-share-used']),
    );
    expect(strangersIn(table, asker(0))).toEqual({ held: 100, most: 100 });
    expect(lan.dhcp.strangers.share).toBe(0.5);

    const now = T0 + 4001;
    const honest = numbers(1, 50).map((phone) => leases(phone, { now }));
    const known = numbers(51, 50).map((phone) => leases(phone, { ...listed, now }));
    expect(new Set([...honest, ...known]).size).toBe(100);
    expect([...honest, ...known].every(isAddress)).toBe(true);
    expect(strays(table)).toEqual([]);
  });

  test('is over when its offers have run out', () => {
    const { offers } = desk(STAGING);
    for (const fake of numbers(1000, 3000)) offers(fake, stranger);
    expect(offers(1, { ...stranger, now: T0 + 29_999 })).toBe('strangers-share-used');
    expect(isAddress(offers(1, { ...stranger, now: T0 + 30_000 }))).toBe(true);
  });

  test('is over when its leases of five minutes have ended, and the addresses can be had again', () => {
    const { table, leases } = desk(STAGING);
    for (const fake of numbers(1000, 3000)) leases(fake, stranger);
    expect(leases(1, { ...stranger, now: T0 + PROBATION - 1 })).toBe('strangers-share-used');
    const after = numbers(1, 150).map((phone) => leases(phone, { ...stranger, now: T0 + PROBATION }));
    expect(served(after)).toBe(100);
    expect(strays(table)).toEqual([]);
  });

  test('does not stop strangers that were there before', () => {
    const { offers, binds, leases } = desk(STAGING);
    const address = leases(1, stranger);
    const offered = offers(2, stranger);
    for (const fake of numbers(1000, 3000)) leases(fake, stranger);
    const now = T0 + 1000;
    expect([binds(1, address, { ...stranger, now }), binds(2, offered, { ...stranger, now })]).toEqual([
      address,
      offered,
    ]);
    expect(offers(1, { ...stranger, now })).toBe(address);
  });
});

describe('the share of strangers', () => {
  test.each([
    { share: 0, most: 1 },
    { share: 0.05, most: 1 },
    { share: 0.1, most: 1 },
    { share: 0.25, most: 2 },
    { share: 0.5, most: 5 },
    { share: 1, most: 10 },
  ])('of $share of ten addresses is $most', ({ share, most }) => {
    const { leases, asker, table } = desk({ strangers: { share, probation: PROBATION } });
    expect(strangersIn(table, asker(0))).toEqual({ held: 0, most });
    expect(served(numbers(1, 12).map((phone) => leases(phone, stranger)))).toBe(most);
  });

  test('is not for a REQUEST out of the blue either', () => {
    const { binds } = desk({ strangers: { share: 0.1, probation: PROBATION } });
    expect([binds(1, '10.20.0.55', stranger), binds(2, '10.20.0.56', stranger)]).toEqual([
      '10.20.0.55',
      'strangers-share-used',
    ]);
    expect(binds(3, '10.20.0.56')).toBe('10.20.0.56');
  });

  test('is free again as soon as the stranger is known, gives back, or moves within the pool', () => {
    const { table, leases, binds, releases, asker } = desk({
      strangers: { share: 0.1, probation: PROBATION },
    });
    leases(1, stranger);
    expect(binds(1, '10.20.0.57', stranger)).toBe('10.20.0.57');
    expect(strangersIn(table, asker(0)).held).toBe(1);
    binds(1, '10.20.0.57', { standing: 'recognised' });
    expect(strangersIn(table, asker(0)).held).toBe(0);
    releases(2, leases(2, stranger), stranger);
    expect(isAddress(leases(3, stranger))).toBe(true);
    expect(strays(table)).toEqual([]);
  });

  test('is counted in each subnet by itself', () => {
    const branch = {
      ...desk().lan.dhcp,
      subnet: { network: ip('10.30.0.0'), prefix: 24 },
      pool: range('10.30.0.50-10.30.0.53'),
    };
    const { leases, table } = desk({ relayed: [branch] });
    for (const fake of numbers(1000, 20)) leases(fake, stranger);
    const there = numbers(1, 4).map((phone) => leases(phone, { ...stranger, scope: branch }));
    expect(there).toEqual(['10.30.0.50', '10.30.0.51', 'strangers-share-used', 'strangers-share-used']);
    // Nor does one that holds an address here get past the share over there.
    expect(leases(1000, { ...stranger, scope: branch })).toBe('strangers-share-used');
    expect(strays(table)).toEqual([]);
  });
});

describe('addresses kept for phones of the list that have not come', () => {
  const list = (count: number, address?: (phone: number) => string): Parameters<typeof desk>[2] =>
    numbers(1, count).map((phone) => ({
      client: phoneMac(phone),
      ...(address === undefined ? {} : { address: ip(address(phone)) }),
    }));

  test('are as many as are missing', () => {
    const { leases } = desk({}, [], list(3));
    const others = numbers(100, 9).map((phone) => leases(phone));
    expect(served(others)).toBe(7);
    expect(others.slice(7)).toEqual(['kept-for-listed', 'kept-for-listed']);
    expect(
      numbers(1, 3)
        .map((phone) => leases(phone, listed))
        .every(isAddress),
    ).toBe(true);
    expect(leases(200)).toBe('pool-exhausted');
  });

  test('are fewer with each that has come', () => {
    const { leases } = desk({}, [], list(3));
    for (const phone of numbers(1, 2)) leases(phone, listed);
    expect(served(numbers(100, 9).map((phone) => leases(phone)))).toBe(7);
    expect(isAddress(leases(3, listed))).toBe(true);
  });

  test('are half of the pool at most: a list of phones elsewhere must not lock this room', () => {
    const { leases } = desk({}, [], list(500));
    expect(served(numbers(1000, 9).map((phone) => leases(phone)))).toBe(5);
    expect(served(numbers(1, 9).map((phone) => leases(phone, listed)))).toBe(5);
  });

  test('are none for phones that have an address reserved, come or not', () => {
    const { leases } = desk(
      {},
      [],
      list(4, (phone) => `10.20.0.${200 + phone}`),
    );
    expect(served(numbers(100, 11).map((phone) => leases(phone)))).toBe(10);
  });

  test('stay kept when phones with reservations have come', () => {
    const reserved = list(4, (phone) => `10.20.0.${200 + phone}`) ?? [];
    const { leases, table } = desk({}, [], [...reserved, { client: phoneMac(5) }, { client: phoneMac(6) }]);
    for (const phone of numbers(1, 4)) expect(leases(phone, listed)).toBe(`10.20.0.${200 + phone}`);
    expect(served(numbers(100, 11).map((phone) => leases(phone)))).toBe(8);
    expect([5, 6].map((phone) => leases(phone, listed)).every(isAddress)).toBe(true);
    expect(strays(table)).toEqual([]);
  });

  test('are not those that nobody can have: reserved ones and the server', () => {
    const reserved = list(3, (phone) => `10.20.0.${50 + phone}`) ?? [];
    const { leases } = desk({ router: ip('10.20.0.50') }, [], [...reserved, { client: phoneMac(9) }]);
    expect(served(numbers(100, 9).map((phone) => leases(phone)))).toBe(5);
    expect(leases(9, listed)).toBe('10.20.0.59');
  });

  test('are kept also when one is found free that was not known to be', () => {
    const stored = numbers(0, 10).map((index) =>
      held(100 + index, `10.20.0.${50 + index}`, T0 + HOUR + index),
    );
    const { leases } = desk({}, stored, list(1));
    expect(leases(200, { now: T0 + HOUR })).toBe('kept-for-listed');
    expect(leases(1, { ...listed, now: T0 + HOUR })).toBe('10.20.0.50');
  });
});

describe('the quota of a class', () => {
  const doors = { class: { name: 'door', quota: 2 } };

  test('holds for its own clients alone', () => {
    const { leases } = desk({ classes: [classOf('door', { quota: 2 })] });
    expect(numbers(1, 3).map((phone) => leases(phone, doors))).toEqual([
      '10.20.0.50',
      '10.20.0.51',
      'quota-used',
    ]);
    expect(isAddress(leases(4, { class: { name: 'desk', quota: 1 } }))).toBe(true);
    expect(isAddress(leases(5))).toBe(true);
  });

  test('counts offers, ended leases no more, and a client that asks again once', () => {
    const { table, offers, leases, releases } = desk();
    expect([offers(1, doors), offers(2, doors), offers(3, doors)]).toEqual([
      '10.20.0.50',
      '10.20.0.51',
      'quota-used',
    ]);
    expect([offers(1, doors), leases(1, doors), leases(1, doors)]).toEqual(Array(3).fill('10.20.0.50'));
    leases(2, doors);
    releases(1, '10.20.0.50', doors);
    expect(isAddress(leases(3, doors))).toBe(true);
    expect(leases(4, { ...doors, now: T0 + HOUR - 1 })).toBe('quota-used');
    expect(isAddress(leases(4, { ...doors, now: T0 + HOUR }))).toBe(true);
    expect(strays(table)).toEqual([]);
  });

  test('holds for phones of the list too, and for addresses asked for out of the blue', () => {
    const { leases, binds } = desk();
    leases(1, doors);
    leases(2, doors);
    expect(leases(3, { ...doors, ...listed })).toBe('quota-used');
    expect(binds(3, '10.20.0.57', doors)).toBe('quota-used');
  });

  test('lets a client change within the class, and not slip in from another', () => {
    const { leases, binds } = desk();
    leases(1, doors);
    leases(2, doors);
    leases(3);
    expect(binds(1, '10.20.0.58', doors)).toBe('10.20.0.58');
    expect(binds(3, '10.20.0.59', doors)).toBe('quota-used');
  });
});

describe('leases that have ended', () => {
  test('are found when one can have ended, and not looked for before', () => {
    const { table } = desk({}, [held(1, '10.20.0.50', T0 + 10), held(2, '10.20.0.51', T0 + 20)]);
    collectEnded(table, T0);
    expect([table.nextEnd, table.pools[0]?.taken, table.pools[0]?.free.size]).toEqual([T0 + 10, 2, 0]);
    collectEnded(table, T0 + 9);
    expect(table.collectedAt).toBe(T0);
    collectEnded(table, T0 + 15);
    expect([...table.leases.values()].map(({ state }) => state)).toEqual(['ended', 'bound']);
    expect([table.nextEnd, table.pools[0]?.taken, table.pools[0]?.free.size]).toEqual([T0 + 20, 1, 1]);
    collectEnded(table, T0 + 20);
    expect([table.nextEnd, table.pools[0]?.taken]).toEqual([Number.POSITIVE_INFINITY, 0]);
    expect(strays(table)).toEqual([]);
  });

  test('are looked for again after a new lease, a renewal and a quarantine', () => {
    const { table, binds, declines } = desk();
    collectEnded(table, T0);
    binds(1, '10.20.0.50', { duration: 500 });
    expect(table.nextEnd).toBe(T0 + 500);
    binds(2, '10.20.0.51', { duration: 9 * HOUR });
    declines(2, '10.20.0.51');
    collectEnded(table, T0 + 500);
    expect(table.nextEnd).toBe(T0 + HOUR);
  });

  test('of more than 5,000 are looked for once a second at most', () => {
    const { table } = desk(
      {},
      numbers(0, 5001).map((index) => held(index, `10.50.${index >> 8}.${index & 255}`, T0 + index)),
    );
    const running = (): number => [...table.leases.values()].filter(({ state }) => state === 'bound').length;
    collectEnded(table, T0);
    collectEnded(table, T0 + 999);
    expect(running()).toBe(5000);
    collectEnded(table, T0 + 1000);
    expect(running()).toBe(4000);
  });
});

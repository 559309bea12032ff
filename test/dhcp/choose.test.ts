// Which address a client gets, and what is left when everybody wants one.
import { describe, expect, test } from 'vitest';
import { ipv4FromNumber, subnetOf } from '../../src/base/ipv4.ts';
import { OFFER_KEPT, offer } from '../../src/dhcp/choose.ts';
import { holdingOf, withdraw } from '../../src/dhcp/lease-table.ts';
import { HOUR, ip, phoneMac } from './kit.ts';
import { desk, held, range, strays, T0 } from './tables.ts';

/** 64,000 addresses. */
const WIDE = { subnet: subnetOf(ip('10.21.0.0'), 16), pool: range('10.21.0.1-10.21.250.250') };

describe('which address is offered', () => {
  test('each phone another one, in order, none of them a server', () => {
    const { offers } = desk({
      pool: range('10.20.0.0-10.20.0.7'),
      router: ip('10.20.0.2'),
      dns: [ip('10.20.0.4')],
      ntp: [ip('10.20.0.5')],
    });
    expect([1, 2, 3, 4].map((phone) => offers(phone))).toEqual([
      '10.20.0.3',
      '10.20.0.6',
      '10.20.0.7',
      'pool-exhausted',
    ]);
  });

  test('the broadcast address of the LAN is never given', () => {
    expect(desk({ pool: range('10.20.0.255-10.20.0.255') }).offers(1)).toBe('pool-exhausted');
  });

  test('the same again to a phone that repeats itself', () => {
    const { offers } = desk();
    expect([
      offers(1),
      offers(2),
      offers(1, { now: T0 + 5 }),
      offers(1, { now: T0 + 2 * OFFER_KEPT }),
    ]).toEqual(['10.20.0.50', '10.20.0.51', '10.20.0.50', '10.20.0.50']);
  });

  test('its running lease, and after its end the same address', () => {
    const { offers } = desk({}, [held(1, '10.20.0.57', T0 + HOUR), held(2, '10.20.0.58', T0 - HOUR)]);
    expect([offers(1), offers(2)]).toEqual(['10.20.0.57', '10.20.0.58']);
  });

  test('the same address to the same client over many ends of its lease, while others come and go', () => {
    const { leases } = desk();
    const seen = new Set<string>();
    for (let round = 0; round < 20; round += 1) {
      const now = T0 + round * 3 * HOUR;
      leases(100 + round, { now });
      seen.add(leases(1, { now: now + 10 }));
      leases(200 + round, { now: now + 20 });
    }
    expect([...seen]).toEqual(['10.20.0.51']);
  });

  test.each([
    { when: 'it is free', requested: '10.20.0.55', is: '10.20.0.55' },
    { when: 'another phone has it', requested: '10.20.0.57', is: '10.20.0.50' },
    { when: 'another phone was offered it', requested: '10.20.0.59', is: '10.20.0.50' },
    { when: 'it is in quarantine', requested: '10.20.0.58', is: '10.20.0.50' },
    { when: 'it is not of the pool', requested: '10.20.0.60', is: '10.20.0.50' },
    { when: 'it is of another LAN', requested: '192.168.1.5', is: '10.20.0.50' },
    { when: 'it is reserved for another', requested: '10.20.0.54', is: '10.20.0.50' },
    { when: 'the lease of another phone on it has ended', requested: '10.20.0.56', is: '10.20.0.56' },
  ])('the address it asks for when $when: $is', ({ requested, is }) => {
    const stored = [
      held(2, '10.20.0.57', T0 + HOUR),
      held(3, '10.20.0.58', T0 + HOUR, { state: 'declined' }),
      held(4, '10.20.0.56', T0),
    ];
    const { offers } = desk({}, stored, [{ client: phoneMac(9), address: ip('10.20.0.54') }]);
    offers(5, { requested: '10.20.0.59' });
    expect(offers(1, { requested })).toBe(is);
  });

  test('never used before given back, given back before ended, ended longest first', () => {
    const { leases, releases } = desk({ pool: range('10.20.0.50-10.20.0.54') }, [
      held(91, '10.20.0.50', T0 - 10),
      held(92, '10.20.0.51', T0 - 30),
      held(93, '10.20.0.52', T0 - 20),
    ]);
    leases(94); // takes .53, the first never used
    releases(94, '10.20.0.53');
    expect([1, 2, 3, 4, 5, 6].map((phone) => leases(phone))).toEqual([
      '10.20.0.54',
      '10.20.0.53',
      '10.20.0.51',
      '10.20.0.52',
      '10.20.0.50',
      'pool-exhausted',
    ]);
  });
});

describe('an offer', () => {
  test.each([
    { what: 'a new address', stored: undefined, said: {}, fresh: true },
    { what: 'an address it asks for', stored: undefined, said: { requested: '10.20.0.55' }, fresh: true },
    { what: 'its running lease', stored: held(1, '10.20.0.55', T0 + 1), said: {}, fresh: false },
    { what: 'its ended lease', stored: held(1, '10.20.0.55', T0 - 1), said: {}, fresh: false },
  ])('of $what is unknown to the LAN: $fresh', ({ stored, said, fresh }) => {
    const { table, asker } = desk({}, stored === undefined ? [] : [stored]);
    const { requested } = said as { requested?: string };
    const asked = { ...asker(1), requested: requested === undefined ? undefined : ip(requested) };
    expect(offer(table, asked)).toMatchObject({ ok: true, value: { isFresh: fresh } });
    expect(offer(table, asked)).toMatchObject({ ok: true, value: { isFresh: false } });
  });

  test('holds for thirty seconds and not a millisecond longer', () => {
    const { table, offers, claim } = desk({ pool: range('10.20.0.50-10.20.0.50') });
    offers(1);
    const holding = (now: number): string => holdingOf(table, claim(2, '10.20.0.50', { now }));
    expect(OFFER_KEPT).toBe(30_000);
    expect([holding(T0 + 29_999), holding(T0 + 30_000)]).toEqual(['taken', 'free']);
  });

  test('that ran out leaves nothing behind', () => {
    const { table, offers } = desk();
    for (let phone = 1; phone <= 10; phone += 1) offers(phone);
    expect([table.offers.size, table.pools[0]?.taken]).toEqual([10, 10]);
    expect(offers(11, { now: T0 + OFFER_KEPT })).toBe('10.20.0.50');
    expect([table.offers.size, table.offeredTo.size, table.pools[0]?.taken]).toEqual([1, 1, 1]);
    expect(strays(table)).toEqual([]);
  });

  test('taken back: the address is free for others at once', () => {
    const { table, offers } = desk({ pool: range('10.20.0.50-10.20.0.50') });
    offers(1);
    withdraw(table, phoneMac(1));
    withdraw(table, phoneMac(1));
    expect(offers(2)).toBe('10.20.0.50');
  });

  test('is one of ten thousand at most: the oldest go first', () => {
    const { table, offers } = desk(WIDE);
    for (let phone = 0; phone < 10_003; phone += 1) offers(phone, { now: T0 + (phone >> 10) });
    expect(table.offers.size).toBe(10_000);
    expect([0, 1, 2, 3].map((phone) => table.offers.has(phoneMac(phone)))).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect([table.offeredTo.size, table.pools[0]?.taken]).toEqual([10_000, 10_000]);
  });
});

describe('when the pool is full', () => {
  test('nobody gets a running lease, and the first that ends is given', () => {
    const { leases, offers } = desk({ pool: range('10.20.0.50-10.20.0.51') });
    expect([leases(1), leases(2, { now: T0 + 10 }), offers(3, { now: T0 + 20 })]).toEqual([
      '10.20.0.50',
      '10.20.0.51',
      'pool-exhausted',
    ]);
    expect(offers(3, { now: T0 + HOUR - 1 })).toBe('pool-exhausted');
    expect(offers(3, { now: T0 + HOUR })).toBe('10.20.0.50');
    expect(offers(4, { now: T0 + HOUR })).toBe('pool-exhausted');
    expect(offers(4, { now: T0 + HOUR + 10 })).toBe('10.20.0.51');
  });

  test('two phones race for the last address: the first offered has it, the other gets it when it is not taken', () => {
    const { table, offers, binds, claim } = desk({ pool: range('10.20.0.50-10.20.0.50') });
    expect([offers(1), offers(2, { now: T0 + 10 })]).toEqual(['10.20.0.50', 'pool-exhausted']);
    expect(binds(2, '10.20.0.50', { now: T0 + 10 })).toBe('address-of-another-phone');
    const now = T0 + 6000;
    expect(offers(2, { now })).toBe('10.20.0.50');
    expect(holdingOf(table, claim(1, '10.20.0.50', { now }))).toBe('taken');
    expect(binds(1, '10.20.0.50', { now })).toBe('address-of-another-phone');
    expect(binds(2, '10.20.0.50', { now })).toBe('10.20.0.50');
    expect(strays(table)).toEqual([]);
  });

  test('an offer younger than five seconds is safe', () => {
    const { offers } = desk({ pool: range('10.20.0.50-10.20.0.50') });
    offers(1);
    expect([offers(2, { now: T0 + 4999 }), offers(2, { now: T0 + 5000 })]).toEqual([
      'pool-exhausted',
      '10.20.0.50',
    ]);
  });
});

describe('a dry run', () => {
  const stored = [held(1, '10.20.0.57', T0 + HOUR), held(2, '10.20.0.58', T0 - HOUR)];

  test.each([
    { phone: 1, said: {}, is: '10.20.0.57 its lease' },
    { phone: 2, said: {}, is: '10.20.0.58 its lease' },
    { phone: 3, said: {}, is: '10.20.0.55 reserved' },
    { phone: 4, said: {}, is: '10.20.0.50 offered before' },
    { phone: 5, said: { requested: '10.20.0.53' }, is: '10.20.0.53 asked for' },
    { phone: 5, said: {}, is: '10.20.0.51 free' },
    { phone: 5, said: { standing: 'stranger', strangersShare: 0.1 } as const, is: 'strangers-share-used' },
  ])('says what phone $phone would get: $is', ({ phone, said, is }) => {
    const { chooses, offers, leases } = desk({}, stored, [
      { client: phoneMac(3), address: ip('10.20.0.55') },
    ]);
    offers(4);
    leases(6, { standing: 'stranger', requested: '10.20.0.59' });
    expect([chooses(phone, said), chooses(phone, said)]).toEqual([is, is]);
    expect(offers(phone, said)).toBe(is.split(' ')[0]);
  });

  test('takes nothing from anybody, also from a full pool', () => {
    const { table, chooses, offers, binds } = desk({ pool: range('10.20.0.50-10.20.0.51') });
    offers(1);
    offers(2);
    const now = T0 + 10_000;
    expect(chooses(3, { now })).toBe('10.20.0.50 free');
    expect([...table.offers.keys()]).toEqual([phoneMac(1), phoneMac(2)]);
    expect(binds(1, '10.20.0.50', { now })).toBe('10.20.0.50');
    expect(chooses(3, { now })).toBe('10.20.0.51 free');
    expect(strays(table)).toEqual([]);
  });

  test('of every phone of a LAN leaves all addresses to be had', () => {
    const { table, chooses, leases } = desk();
    for (let phone = 1; phone <= 30; phone += 1) chooses(phone);
    expect(table.pools[0]?.taken).toBe(0);
    const given = Array.from({ length: 10 }, (_, phone) => leases(phone));
    expect(given.sort()).toEqual(Array.from({ length: 10 }, (_, index) => `10.20.0.${50 + index}`));
  });
});

test('50,000 leases: a walk over the pool for each of them would never end', () => {
  const stored = Array.from({ length: 50_000 }, (_, index) =>
    held(index, '10.21.0.1', T0 + index, { address: ipv4FromNumber(ip('10.21.0.1') + index) }),
  );
  const { table, leases } = desk({ ...WIDE, pool: range('10.21.0.1-10.21.195.80') }, stored);
  const given = new Set<string>();
  for (let phone = 0; phone < 50_000; phone += 1) given.add(leases(100_000 + phone, { now: T0 + 50_000 }));
  expect([given.size, given.has('pool-exhausted'), table.leases.size]).toEqual([50_000, false, 50_000]);
});

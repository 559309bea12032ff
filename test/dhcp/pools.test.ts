// Several pools: one of each subnet, one of each class that has its own; addresses kept for one client; clients that move.
import { describe, expect, test } from 'vitest';
import { parseSubnet } from '../../src/base/ipv4.ts';
import { OFFER_KEPT } from '../../src/dhcp/choose.ts';
import { holdingOf, reservedFor } from '../../src/dhcp/lease-table.ts';
import { undo } from '../../src/dhcp/leases.ts';
import { poolFor } from '../../src/dhcp/pools.ts';
import type { Scope } from '../../src/site/site.ts';
import { HOUR, ip, lanSite, phoneMac } from './kit.ts';
import { classOf, desk, held, isAddress, range, strays, T0 } from './tables.ts';

/** A subnet behind a relay with four addresses to give. */
const BRANCH: Scope = {
  ...lanSite().dhcp,
  subnet: parseSubnet('10.30.0.0/24') ?? expect.fail(),
  pool: range('10.30.0.50-10.30.0.53'),
  router: ip('10.30.0.1'),
};
const there = { scope: BRANCH };
const DOORS = classOf('door', { pool: range('10.20.0.200-10.20.0.201') });
const door = { class: { name: 'door' } };

describe('the pool of a client', () => {
  const { table, lan } = desk({
    relayed: [BRANCH],
    classes: [DOORS, classOf('desk'), classOf('branch door', { pool: range('10.30.0.60-10.30.0.60') })],
  });
  const own = { ...lan.dhcp, subnet: lan.subnet };

  test.each([
    { scope: own, group: undefined, first: '10.20.0.50', owner: undefined },
    { scope: own, group: 'desk', first: '10.20.0.50', owner: undefined },
    { scope: own, group: 'door', first: '10.20.0.200', owner: 'door' },
    { scope: own, group: 'branch door', first: '10.20.0.50', owner: undefined },
    { scope: BRANCH, group: undefined, first: '10.30.0.50', owner: undefined },
    { scope: BRANCH, group: 'door', first: '10.30.0.50', owner: undefined },
    { scope: BRANCH, group: 'branch door', first: '10.30.0.60', owner: 'branch door' },
  ])('of class $group begins at $first', ({ scope, group, first, owner }) => {
    expect(poolFor(table.pools, scope, group)).toMatchObject({ first: ip(first), owner });
  });

  test('is none in a subnet that is not served', () => {
    const subnet = parseSubnet('10.40.0.0/24') ?? expect.fail();
    expect(poolFor(table.pools, { ...BRANCH, subnet }, undefined)).toBeUndefined();
  });

  test('counts what anybody can get: neither servers nor reserved addresses', () => {
    const list = [{ client: phoneMac(1), address: ip('10.20.0.52') }, { client: phoneMac(2) }];
    const { table: counted } = desk({ router: ip('10.20.0.50'), ntp: [ip('10.20.0.59')] }, [], list);
    expect(counted.pools[0]?.size).toBe(7);
  });
});

describe('a class with its own pool', () => {
  test('gets addresses from there and nobody else does', () => {
    const { leases, binds } = desk({ classes: [DOORS] });
    expect([leases(1, door), leases(2, door), leases(3, door)]).toEqual([
      '10.20.0.200',
      '10.20.0.201',
      'pool-exhausted',
    ]);
    const common = Array.from({ length: 11 }, (_, phone) => leases(100 + phone));
    expect(common.filter(isAddress)).toHaveLength(10);
    expect(binds(4, '10.20.0.201', { now: T0 + HOUR })).toBe('address-not-given-here');
    expect(binds(1, '10.20.0.50', { ...door, now: T0 + HOUR })).toBe('address-not-given-here');
  });

  test('is not touched by a flood of strangers, nor by addresses kept for the list', () => {
    const list = Array.from({ length: 50 }, (_, phone) => ({ client: phoneMac(5000 + phone) }));
    const { leases } = desk({ classes: [DOORS] }, [], list);
    for (let fake = 1000; fake < 4000; fake += 1) leases(fake, { standing: 'stranger' });
    expect([leases(1, door), leases(2, door)]).toEqual(['10.20.0.200', '10.20.0.201']);
  });

  test('a phone that turns out to be of the class moves there when its lease ends', () => {
    const { table, leases, bound, offers } = desk({ classes: [DOORS] });
    expect(leases(1)).toBe('10.20.0.50');
    const now = T0 + HOUR / 2;
    expect(offers(1, { ...door, now })).toBe('10.20.0.50');
    expect(bound(1, '10.20.0.50', { ...door, now }).lease.expires).toBe(T0 + HOUR);
    expect(leases(1, { ...door, now: T0 + HOUR })).toBe('10.20.0.200');
    expect(table.leases.size).toBe(1);
    expect(strays(table)).toEqual([]);
  });
});

describe('a subnet behind a relay', () => {
  test('gives its own addresses, each subnet the same client its own', () => {
    const { leases } = desk({ relayed: [BRANCH] });
    expect([leases(1), leases(2, there), leases(3), leases(4, there)]).toEqual([
      '10.20.0.50',
      '10.30.0.50',
      '10.20.0.51',
      '10.30.0.51',
    ]);
  });

  test('that is full leaves the others their addresses', () => {
    const { leases } = desk({ relayed: [BRANCH] });
    const given = [1, 2, 3, 4, 5].map((phone) => leases(phone, there));
    expect(given.slice(3)).toEqual(['10.30.0.53', 'pool-exhausted']);
    expect(leases(5)).toBe('10.20.0.50');
  });

  test.each([
    { what: 'of another subnet', address: '10.20.0.50' },
    { what: 'of its router', address: '10.30.0.1' },
    { what: 'outside of its pool', address: '10.30.0.99' },
  ])('does not give an address $what', ({ address }) => {
    const { binds } = desk({ relayed: [BRANCH] });
    expect(binds(1, address, there)).toBe('address-not-given-here');
  });
});

describe('a phone that is carried to another subnet', () => {
  test('gets an address there at once, and its old one is free for others', () => {
    const { table, leases, offers, bound } = desk({ relayed: [BRANCH] });
    expect(leases(1)).toBe('10.20.0.50');
    const now = T0 + 60_000;
    expect(offers(1, { ...there, now })).toBe('10.30.0.50');
    expect(bound(1, '10.30.0.50', { ...there, now }).changes).toMatchObject([
      { kind: 'freed', client: phoneMac(1), address: ip('10.20.0.50') },
      { kind: 'bound', lease: { client: phoneMac(1), address: ip('10.30.0.50') } },
    ]);
    const others = Array.from({ length: 10 }, (_, phone) => leases(100 + phone, { now }));
    expect(others).toContain('10.20.0.50');
    expect(strays(table)).toEqual([]);
  });

  test('and back: it gets another address when its former one was given away meanwhile', () => {
    const { leases } = desk({ pool: range('10.20.0.50-10.20.0.51'), relayed: [BRANCH] });
    expect([leases(1), leases(1, there), leases(2), leases(3)]).toEqual([
      '10.20.0.50',
      '10.30.0.50',
      '10.20.0.51',
      '10.20.0.50',
    ]);
    expect([leases(1), leases(1, there)]).toEqual(['pool-exhausted', '10.30.0.50']);
  });

  test('and asks here and there in turn holds one offer at a time', () => {
    const { table, offers } = desk({ relayed: [BRANCH] });
    for (let turn = 0; turn < 10; turn += 1) offers(1, turn % 2 === 0 ? {} : there);
    expect([table.offers.size, table.pools.map(({ taken }) => taken)]).toEqual([1, [0, 1]]);
    expect(strays(table)).toEqual([]);
  });

  test('before its lease could be stored keeps its one offer, and loses no address', () => {
    const { table, bound, offers, leases } = desk({
      pool: range('10.20.0.50-10.20.0.50'),
      relayed: [BRANCH],
    });
    const { changes } = bound(1, '10.20.0.50');
    expect(offers(1, there)).toBe('10.30.0.50');
    undo(table, changes, T0 + 1);
    expect([table.offers.size, strays(table)]).toEqual([1, []]);
    expect(leases(2, { now: T0 + 1 + OFFER_KEPT })).toBe('10.20.0.50');
  });

  test('can give its address back and decline it from wherever it is heard', () => {
    const { leases, releases, declines } = desk({ relayed: [BRANCH] });
    leases(1, there);
    leases(2, there);
    // RELEASE goes straight to the server, past the relay (RFC 2131 section 4.4.6).
    expect(releases(1, '10.30.0.50')).toHaveLength(1);
    expect(declines(2, '10.30.0.51')).toMatchObject([{ kind: 'declined' }]);
  });
});

describe('a reservation', () => {
  const list = [
    { client: phoneMac(1), address: ip('10.20.0.55') },
    { client: 'id:01ff', address: ip('10.20.0.56') },
    { client: 'port:ge-0/0/7', address: ip('10.20.0.57') },
    { client: phoneMac(4), address: ip('10.20.0.200') },
    { client: phoneMac(5), address: ip('10.30.0.99') },
  ];
  const byPort = { aliases: [phoneMac(3), 'port:ge-0/0/7'] };

  test.each([
    { by: 'its MAC', phone: 1, said: {}, is: '10.20.0.55' },
    { by: 'its identifier', phone: 2, said: { aliases: [phoneMac(2), 'id:01ff'] }, is: '10.20.0.56' },
    { by: 'its switch port', phone: 3, said: byPort, is: '10.20.0.57' },
    { by: 'its MAC, outside of the pool', phone: 4, said: {}, is: '10.20.0.200' },
    { by: 'its MAC, in the subnet behind the relay', phone: 5, said: there, is: '10.30.0.99' },
    { by: 'its MAC, but for another subnet than it is in', phone: 5, said: {}, is: '10.20.0.50' },
    { by: 'nothing', phone: 6, said: {}, is: '10.20.0.50' },
  ])('by $by: $is', ({ phone, said, is }) => {
    const { table, leases, asker } = desk({ relayed: [BRANCH] }, [], list);
    expect([leases(phone, said), leases(phone, { ...said, requested: '10.20.0.51' })]).toEqual([is, is]);
    const { aliases } = asker(phone, said);
    expect(reservedFor(table, aliases)).toBe(list.find(({ client }) => aliases.includes(client))?.address);
    expect(strays(table)).toEqual([]);
  });

  test('is for nobody else: not by chance, not when asked for, not when its lease has ended', () => {
    const { leases, binds, offers } = desk({}, [held(1, '10.20.0.55', T0 - 1)], list);
    expect(binds(9, '10.20.0.55')).toBe('address-not-given-here');
    expect(offers(9, { requested: '10.20.0.200' })).toBe('10.20.0.50');
    const given = Array.from({ length: 9 }, (_, phone) => leases(100 + phone));
    expect(given.filter(isAddress)).toEqual(
      ['51', '52', '53', '54', '58', '59'].map((last) => `10.20.0.${last}`),
    );
    expect(leases(1)).toBe('10.20.0.55');
  });

  test('made while another phone has the address: that one stays until its lease ends, no longer', () => {
    const { table, leases, bound, binds, claim } = desk({}, [held(9, '10.20.0.55', T0 + HOUR)], list);
    expect(leases(1)).toBe('10.20.0.50');
    expect(bound(9, '10.20.0.55', { now: T0 + 1000 }).lease.expires).toBe(T0 + HOUR);
    const now = T0 + HOUR;
    expect(holdingOf(table, claim(9, '10.20.0.55', { now }))).toBe('unusable');
    expect(binds(9, '10.20.0.55', { now })).toBe('address-not-given-here');
    expect([leases(1, { now }), isAddress(leases(9, { now }))]).toEqual(['10.20.0.55', true]);
    expect(strays(table)).toEqual([]);
  });

  test('is left for the time of a quarantine', () => {
    const { leases, declines } = desk({}, [], list);
    declines(1, leases(1));
    expect(leases(1, { now: T0 + 1 })).toBe('10.20.0.50');
    expect(leases(1, { now: T0 + HOUR })).toBe('10.20.0.55');
  });

  test('of a switch port goes from a phone that was taken away to the next one at its end', () => {
    const { leases, releases } = desk({}, [], list);
    const next = { aliases: [phoneMac(8), 'port:ge-0/0/7'] };
    expect([leases(3, byPort), leases(8, next)]).toEqual(['10.20.0.57', '10.20.0.50']);
    expect(leases(8, { ...next, now: T0 + HOUR })).toBe('10.20.0.57');
    releases(8, '10.20.0.57', { ...next, now: T0 + HOUR });
    expect(leases(3, { ...byPort, now: T0 + HOUR })).toBe('10.20.0.57');
  });

  test('taken off the list: its phone keeps the address while it is of the pool, and moves when it is not', () => {
    const stored = [held(1, '10.20.0.55', T0 + HOUR), held(4, '10.20.0.200', T0 + HOUR)];
    const { leases } = desk({}, stored);
    const now = T0 + 2 * HOUR;
    expect([leases(1, { now }), leases(4, { now })]).toEqual(['10.20.0.55', '10.20.0.50']);
  });
});

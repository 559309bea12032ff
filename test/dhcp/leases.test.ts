// What phones do with addresses: take, keep and give them back; and what of it is to be stored.
import { describe, expect, test } from 'vitest';
import { OFFER_KEPT } from '../../src/dhcp/choose.ts';
import { holdingOf } from '../../src/dhcp/lease-table.ts';
import { confirm, createLeaseTable, undo } from '../../src/dhcp/leases.ts';
import { HOUR, ip, lanSite, phoneMac } from './kit.ts';
import { desk, held, range, strays, T0 } from './tables.ts';

const ONE = { pool: range('10.20.0.50-10.20.0.50') };
const TWO = { pool: range('10.20.0.50-10.20.0.51') };

describe('binding', () => {
  test('gives the lease and the change that must be stored', () => {
    const { bound, asker } = desk();
    const lease = { ...held(1, '10.20.0.52', T0 + HOUR), class: 'door' };
    expect(bound(1, '10.20.0.52', { class: { name: 'door' } })).toEqual({
      lease,
      changes: [{ kind: 'bound', lease }],
    });
    expect(asker(1).client).toBe(lease.client);
  });

  test('keeps the MAC of a client that is known by something else', () => {
    const { bound } = desk();
    expect(bound(1, '10.20.0.52', { client: 'id:01ff' }).lease).toMatchObject({
      client: 'id:01ff',
      mac: phoneMac(1),
    });
  });

  test('a renewal knows the end it moves, and never moves it back', () => {
    const { bound } = desk({}, [held(1, '10.20.0.50', T0 + 2 * HOUR)]);
    const end = T0 + 2 * HOUR;
    expect(bound(1, '10.20.0.50').changes).toMatchObject([{ lease: { expires: end, stored: end } }]);
    expect(bound(1, '10.20.0.50', { now: T0 + HOUR + 5 }).changes).toMatchObject([
      { lease: { expires: end + 5, stored: end } },
    ]);
  });

  test.each([
    { at: 'one second before its end', now: T0 + HOUR - 1000, stored: T0 + HOUR },
    { at: 'one second after it', now: T0 + HOUR + 1000, stored: undefined },
  ])('a renewal $at', ({ now, stored }) => {
    const { bound } = desk({}, [held(1, '10.20.0.50', T0 + HOUR)]);
    expect(bound(1, '10.20.0.50', { now }).changes).toMatchObject([
      { kind: 'bound', lease: { expires: now + HOUR, stored } },
    ]);
  });

  test('a phone that moves frees its old address; one that takes an ended lease over ends it for good', () => {
    const { bound, offers } = desk({}, [held(1, '10.20.0.50', T0 + HOUR), held(2, '10.20.0.51', T0 - 1)]);
    expect(bound(1, '10.20.0.51').changes).toMatchObject([
      { kind: 'freed', client: phoneMac(2), address: ip('10.20.0.51') },
      { kind: 'freed', client: phoneMac(1), address: ip('10.20.0.50') },
      { kind: 'bound', lease: { client: phoneMac(1), address: ip('10.20.0.51') } },
    ]);
    expect(offers(2, { requested: '10.20.0.50' })).toBe('10.20.0.50');
  });

  test('the address that a phone left can be given again', () => {
    const { leases, binds, offers } = desk(TWO);
    leases(1);
    binds(1, '10.20.0.51');
    expect(offers(2)).toBe('10.20.0.50');
  });

  test.each([
    { when: 'another phone has it', address: '10.20.0.50', because: 'address-of-another-phone' },
    { when: 'another phone was offered it', address: '10.20.0.52', because: 'address-of-another-phone' },
    { when: 'it is in quarantine', address: '10.20.0.51', because: 'address-not-given-here' },
    { when: 'it is not of the pool', address: '10.20.0.60', because: 'address-not-given-here' },
    { when: 'it is ours', address: '10.20.0.1', because: 'address-not-given-here' },
  ])('is refused when $when: $because', ({ address, because }) => {
    const stored = [held(2, '10.20.0.50', T0 + HOUR), held(3, '10.20.0.51', T0 + 1, { state: 'declined' })];
    const { table, binds, offers } = desk({}, stored);
    offers(4, { requested: '10.20.0.52' });
    expect(binds(1, address)).toBe(because);
    expect(strays(table)).toEqual([]);
  });

  test('of an address that was once offered to another leaves no offer behind', () => {
    const { table, binds, offers, declines } = desk();
    offers(1);
    const now = T0 + OFFER_KEPT;
    expect(binds(2, '10.20.0.50', { now })).toBe('10.20.0.50');
    expect(strays(table)).toEqual([]);
    expect(table.pools[0]?.taken).toBe(1);
    expect(declines(1, '10.20.0.50', { now })).toBeUndefined();
    expect(table.leases.get(ip('10.20.0.50'))).toMatchObject({ client: phoneMac(2), state: 'bound' });
  });

  test('a pool that shrank: the lease outside runs to its end and not longer, then the phone moves', () => {
    const { offers, bound, binds, leases } = desk({}, [held(1, '10.20.0.99', T0 + HOUR)]);
    expect(offers(1)).toBe('10.20.0.99');
    expect(bound(1, '10.20.0.99', { now: T0 + 1000 }).lease.expires).toBe(T0 + HOUR);
    expect(binds(1, '10.20.0.99', { now: T0 + HOUR })).toBe('address-not-given-here');
    expect(leases(1, { now: T0 + HOUR })).toBe('10.20.0.50');
  });
});

describe('giving back', () => {
  test('its own address: another phone may have it, but it is kept for the phone while others are free', () => {
    const { leases, releases, offers } = desk(TWO);
    leases(1);
    expect(releases(1, '10.20.0.50')).toEqual([
      { kind: 'freed', client: phoneMac(1), address: ip('10.20.0.50') },
    ]);
    expect([offers(2), offers(1), offers(3)]).toEqual(['10.20.0.51', '10.20.0.50', 'pool-exhausted']);
  });

  test.each([
    { when: 'it is the lease of another phone', phone: 2, address: '10.20.0.50', now: T0 },
    { when: 'it is only offered to it', phone: 3, address: '10.20.0.52', now: T0 },
    { when: 'it has none', phone: 2, address: '10.20.0.51', now: T0 },
    { when: 'it is of no pool', phone: 2, address: '10.20.0.99', now: T0 },
    { when: 'its lease has ended', phone: 1, address: '10.20.0.50', now: T0 + HOUR },
  ])('does nothing when $when', ({ phone, address, now }) => {
    const { table, leases, offers, releases } = desk();
    leases(1);
    offers(3, { requested: '10.20.0.52' });
    const before = [...table.leases.values()];
    expect(releases(phone, address, { now })).toBeUndefined();
    expect([...table.leases.values()]).toEqual(before);
    expect(strays(table)).toEqual([]);
  });

  test('twice changes nothing more', () => {
    const { table, leases, releases } = desk();
    leases(1);
    releases(1, '10.20.0.50');
    expect(releases(1, '10.20.0.50')).toBeUndefined();
    expect(strays(table)).toEqual([]);
  });
});

describe('changes that could not be stored', () => {
  test('a new lease is an offer again', () => {
    const { table, offers, bound, binds, claim } = desk(ONE);
    offers(1);
    undo(table, bound(1, '10.20.0.50').changes, T0 + 5);
    expect(strays(table)).toEqual([]);
    const holding = (now: number): string => holdingOf(table, claim(2, '10.20.0.50', { now }));
    expect([holding(T0 + 5), holding(T0 + 5 + OFFER_KEPT)]).toEqual(['taken', 'free']);
    expect(binds(1, '10.20.0.50', { now: T0 + 10 })).toBe('10.20.0.50');
  });

  test('a renewed lease ends when it ended before', () => {
    const { table, bound, claim } = desk(ONE, [held(1, '10.20.0.50', T0 + 100)]);
    undo(table, bound(1, '10.20.0.50').changes, T0 + 5);
    const holding = (now: number): string => holdingOf(table, claim(1, '10.20.0.50', { now }));
    expect([holding(T0 + 99), holding(T0 + 100)]).toEqual(['own', 'free']);
    expect(strays(table)).toEqual([]);
  });

  test('a lease that was renewed since is left alone', () => {
    const { table, bound, binds, claim } = desk(ONE);
    const first = bound(1, '10.20.0.50');
    binds(1, '10.20.0.50', { now: T0 + 7 });
    undo(table, first.changes, T0 + 8);
    expect(holdingOf(table, claim(1, '10.20.0.50', { now: T0 + HOUR }))).toBe('own');
  });

  test('two renewals of which the first only is on disk end with the first', () => {
    const { table, bound, claim } = desk(ONE, [held(1, '10.20.0.50', T0 + 100)]);
    const first = bound(1, '10.20.0.50', { now: T0 + 5 });
    const second = bound(1, '10.20.0.50', { now: T0 + 6 });
    confirm(table, first.changes);
    undo(table, second.changes, T0 + 8);
    const holding = (now: number): string => holdingOf(table, claim(1, '10.20.0.50', { now }));
    expect([holding(T0 + HOUR + 4), holding(T0 + HOUR + 5)]).toEqual(['own', 'free']);
  });

  test('two renewals of which neither is on disk end when the lease ended before', () => {
    const { table, bound, claim } = desk(ONE, [held(1, '10.20.0.50', T0 + 100)]);
    const first = bound(1, '10.20.0.50', { now: T0 + 5 });
    const second = bound(1, '10.20.0.50', { now: T0 + 6 });
    undo(table, first.changes, T0 + 7);
    undo(table, second.changes, T0 + 8);
    const holding = (now: number): string => holdingOf(table, claim(1, '10.20.0.50', { now }));
    expect([holding(T0 + 99), holding(T0 + 100)]).toEqual(['own', 'free']);
  });

  test('what was given back stays so', () => {
    const { table, leases, releases, offers } = desk(ONE);
    leases(1);
    undo(table, releases(1, '10.20.0.50') ?? [], T0);
    expect(offers(2)).toBe('10.20.0.50');
  });
});

test('what was stored comes back: addresses, ends and quarantine', () => {
  const stored = [
    held(1, '10.20.0.50', T0 + HOUR),
    held(2, '10.20.0.51', T0 + HOUR, { state: 'declined' }),
    held(3, '10.20.0.52', T0 - HOUR),
  ];
  const table = createLeaseTable(lanSite(), stored);
  expect([...table.leases.values()].map(({ stored: _, ...lease }) => lease)).toEqual(
    expect.arrayContaining(stored),
  );
  expect([...table.quarantine]).toEqual([ip('10.20.0.51')]);
  expect(strays(table)).toEqual([]);
});

// Addresses that nobody may have for a while: declined by phones, or found in use.
import { describe, expect, test } from 'vitest';
import { type Claim, holdingOf, type LeaseTable } from '../../src/dhcp/lease-table.ts';
import { QUARANTINE, quarantine } from '../../src/dhcp/leases.ts';
import { HOUR, ip, phoneMac } from './kit.ts';
import { classOf, desk, held, isAddress, range, strays, T0 } from './tables.ts';

const TWO = { pool: range('10.20.0.50-10.20.0.51') };
const HUNDRED = { pool: range('10.20.0.50-10.20.0.149') };

describe('declining', () => {
  test('quarantines the address for everybody, until that ends', () => {
    const { leases, declines, offers } = desk(TWO);
    leases(1);
    const lease = held(1, '10.20.0.50', T0 + QUARANTINE, { mac: phoneMac(1), state: 'declined' });
    expect(declines(1, '10.20.0.50')).toEqual([
      { kind: 'declined', lease: { ...lease, standing: 'stranger' } },
    ]);
    expect([leases(1), offers(2)]).toEqual(['10.20.0.51', 'pool-exhausted']);
    expect(offers(2, { now: T0 + QUARANTINE - 1 })).toBe('pool-exhausted');
    expect(offers(2, { now: T0 + QUARANTINE })).toBe('10.20.0.50');
  });

  test('ends in time also when the leases around it run for days', () => {
    const { leases, declines, offers } = desk(TWO);
    leases(1, { duration: 48 * HOUR });
    leases(2, { duration: 48 * HOUR });
    expect(offers(3)).toBe('pool-exhausted');
    declines(1, '10.20.0.50', { now: T0 + 1 });
    expect(offers(3, { now: T0 + QUARANTINE })).toBe('pool-exhausted');
    expect(offers(3, { now: T0 + QUARANTINE + 1 })).toBe('10.20.0.50');
  });

  test('works for an offer too, and leaves the former holder of the address without it', () => {
    const { table, offers, declines, leases, claim } = desk(TWO, [held(2, '10.20.0.50', T0 - 1)]);
    offers(1, { requested: '10.20.0.50' });
    expect(declines(1, '10.20.0.50')).toHaveLength(1);
    expect(leases(2)).toBe('10.20.0.51');
    expect(holdingOf(table, claim(2, '10.20.0.50'))).toBe('unusable');
  });

  test.each([
    { whose: 'that another phone holds', address: '10.20.0.50' },
    { whose: 'that another phone was offered', address: '10.20.0.51' },
    { whose: 'that nobody has', address: '10.20.0.52' },
    { whose: 'that is ours', address: '10.20.0.1' },
  ])('is not for an address $whose', ({ address }) => {
    const { table, leases, offers, declines } = desk();
    leases(1);
    offers(3);
    expect(declines(2, address)).toBeUndefined();
    expect([table.quarantine.size, table.leases.size, table.offers.size]).toEqual([0, 1, 1]);
  });

  test('does not empty the pool: a tenth of it at most, and few by one phone', () => {
    const { table, leases, declines } = desk(HUNDRED);
    const declineAll = (phone: number, now: number): unknown =>
      declines(phone, leases(phone, { now }), { now });
    for (let round = 0; round < 30; round += 1) declineAll(1, T0 + round);
    expect(table.quarantine.size).toBe(4);
    for (let phone = 2; phone < 90; phone += 1) declineAll(phone, T0 + 100);
    expect(table.quarantine.size).toBe(10);
    expect(isAddress(leases(1, { now: T0 + 200 }))).toBe(true);
    expect(strays(table)).toEqual([]);
  });

  test('beyond that the address is only free again', () => {
    const { leases, declines, offers } = desk({ pool: range('10.20.0.50-10.20.0.52') }, [
      held(9, '10.20.0.52', T0 + HOUR, { state: 'declined' }),
    ]);
    leases(1);
    expect(declines(1, '10.20.0.50')).toEqual([
      { kind: 'freed', client: phoneMac(1), address: ip('10.20.0.50') },
    ]);
    const offered = offers(2);
    expect(declines(2, offered)).toEqual([]);
  });

  test('counts for its own pool alone', () => {
    const classes = [classOf('door', { pool: range('10.20.0.200-10.20.0.209') })];
    const { table, leases, declines } = desk({ ...HUNDRED, classes });
    for (let phone = 1; phone <= 8; phone += 1) declines(phone, leases(phone));
    expect(table.quarantine.size).toBe(8);
    const said = { class: { name: 'door' } };
    expect(declines(20, leases(20, said), said)).toMatchObject([{ kind: 'declined' }]);
    expect(declines(21, leases(21, said), said)).toMatchObject([{ kind: 'freed' }]);
  });
});

describe('an address found in use', () => {
  const found = (table: LeaseTable, claim: Claim): unknown => quarantine(table, claim);

  test('is left alone, and its asker gets another', () => {
    const { table, offers, claim } = desk();
    offers(1);
    const lease = { client: phoneMac(1), state: 'declined', expires: T0 + QUARANTINE };
    expect(found(table, claim(1, '10.20.0.50'))).toMatchObject([{ kind: 'declined', lease }]);
    expect(offers(1)).toBe('10.20.0.51');
    expect(strays(table)).toEqual([]);
  });

  test('of somebody who answers for every address costs a tenth of the pool and no more', () => {
    const { table, offers, claim } = desk(HUNDRED);
    const quarantined = Array.from({ length: 50 }, (_, phone) =>
      found(table, claim(phone, offers(phone))),
    ).filter((changes) => changes !== undefined);
    expect([quarantined.length, table.quarantine.size]).toEqual([10, 10]);
    expect(strays(table)).toEqual([]);
  });

  test('makes room in quarantine when the oldest has served its time', () => {
    const { table, claim } = desk(TWO);
    expect(found(table, claim(1, '10.20.0.50'))).toBeDefined();
    expect(found(table, claim(1, '10.20.0.51', { now: T0 + QUARANTINE - 1 }))).toBeUndefined();
    expect(found(table, claim(1, '10.20.0.51', { now: T0 + QUARANTINE }))).toBeDefined();
    expect(strays(table)).toEqual([]);
  });
});

// A clock that jumps a year while the appliance is off, as that of a machine without a battery does. While it runs its
// time comes from a clock that nobody sets.
import { expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import type { Lease } from '../../src/dhcp/lease-table.ts';
import { afterSetBack, changesTo, setBackBy } from '../../src/dhcp/leases.ts';

const YEAR = 365 * 24 * 3_600_000;
const NOW = Date.UTC(2026, 0, 1);
const address = parseIpv4('10.20.0.50') as NonNullable<ReturnType<typeof parseIpv4>>;
const lease: Lease = {
  address,
  client: '001565000001',
  state: 'bound',
  expires: NOW + 600_000,
  standing: 'listed',
};

test.each([
  ['nothing was written', undefined, 0],
  ['a year ago', NOW - YEAR, 0],
  ['now', NOW, 0],
  ['a moment from now: clocks differ', NOW + 59_000, 0],
  ['a year from now', NOW + YEAR, YEAR],
])('written %s', (_when, written, by) => {
  expect(setBackBy(written, NOW)).toBe(by);
});

test('a lease of the year to come keeps the time that was left to it', () => {
  const ahead = [{ ...lease, expires: lease.expires + YEAR }];
  const [kept] = afterSetBack(ahead, setBackBy(NOW + YEAR, NOW));
  expect(kept).toEqual(lease);
});

test('without a jump the leases are those that were stored', () => {
  const stored = [lease];
  expect(afterSetBack(stored, 0)).toBe(stored);
});

test('what is stored is what they are now', () => {
  const declined: Lease = { ...lease, state: 'declined' };
  expect(changesTo([lease, declined])).toEqual([
    { kind: 'bound', lease },
    { kind: 'declined', lease: declined },
  ]);
});

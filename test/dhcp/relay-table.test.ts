// A lease table under other settings: what runs runs on, and what is given from now on comes of the new pools.
import { expect, test } from 'vitest';
import { type Ipv4, showIpv4 } from '../../src/base/ipv4.ts';
import { offer } from '../../src/dhcp/choose.ts';
import type { Claim, LeaseTable } from '../../src/dhcp/lease-table.ts';
import { bind, confirm, createLeaseTable, relayTable } from '../../src/dhcp/leases.ts';
import { ownScope } from '../../src/dhcp/request.ts';
import type { LanSite } from '../../src/site/site.ts';
import { HOUR, ip, lanSite, phoneMac } from './kit.ts';
import { range, strays, T0 } from './tables.ts';

const OLD = lanSite({ pool: range('10.20.0.50-10.20.0.59') });
const NEW = lanSite({ pool: range('10.20.0.100-10.20.0.109') });

function claimOf(
  lan: LanSite,
  phone: number,
  address: Ipv4,
  now = T0,
): Claim & { readonly duration: number } {
  const client = phoneMac(phone);
  const asker = {
    client,
    aliases: [client],
    mac: client,
    scope: ownScope(lan),
    standing: 'recognised',
  } as const;
  return { ...asker, strangersShare: 0.5, now, address, duration: HOUR };
}

function offered(table: LeaseTable, lan: LanSite, phone: number, now = T0): string {
  const made = offer(table, claimOf(lan, phone, ip('10.20.0.1'), now));
  return made.ok ? showIpv4(made.value.lease.address) : made.error;
}

test('a lease outside the new pool runs on to its end and no further; its client moves then', () => {
  const table = createLeaseTable(OLD, []);
  const bound = bind(table, claimOf(OLD, 1, ip('10.20.0.50')));
  if (!bound.ok) throw new Error(bound.error);
  relayTable(table, NEW, []);
  // A commit that was under way ends on the lease that it began with.
  confirm(table, bound.value.changes);
  expect(table.leases.get(ip('10.20.0.50'))).toMatchObject({ state: 'bound', stored: T0 + HOUR });
  const renewed = bind(table, claimOf(NEW, 1, ip('10.20.0.50'), T0 + HOUR / 2));
  expect(renewed.ok && renewed.value.lease.expires).toBe(T0 + HOUR);
  expect(offered(table, NEW, 2)).toBe('10.20.0.100');
  expect(offered(table, NEW, 1, T0 + HOUR + 1)).toBe('10.20.0.101');
  expect(strays(table)).toEqual([]);
});

test('what is promised stays promised: leases and offers of before are given to nobody else', () => {
  const wide = lanSite({ pool: range('10.20.0.50-10.20.0.109') });
  const table = createLeaseTable(OLD, []);
  expect(bind(table, claimOf(OLD, 1, ip('10.20.0.50'))).ok).toBe(true);
  expect(offered(table, OLD, 2)).toBe('10.20.0.51');
  relayTable(table, wide, []);
  expect(offered(table, wide, 3)).toBe('10.20.0.52');
  expect(bind(table, claimOf(wide, 2, ip('10.20.0.51'))).ok).toBe(true);
  expect(bind(table, claimOf(wide, 3, ip('10.20.0.51')))).toEqual({
    ok: false,
    error: 'address-of-another-phone',
  });
  expect(strays(table)).toEqual([]);
});

test('an address that is kept for a phone from now on is given to nobody else any more', () => {
  const table = createLeaseTable(OLD, []);
  relayTable(table, OLD, [{ client: phoneMac(7), address: ip('10.20.0.50') }, { client: phoneMac(8) }]);
  expect(offered(table, OLD, 1)).toBe('10.20.0.51');
  expect(offered(table, OLD, 7)).toBe('10.20.0.50');
  expect([...table.listed]).toEqual([phoneMac(7), phoneMac(8)]);
  relayTable(table, OLD, []);
  expect([table.reserved.size, table.listed.size]).toEqual([0, 0]);
  expect(strays(table)).toEqual([]);
});

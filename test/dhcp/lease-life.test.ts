// The life of leases over weeks, in virtual time: renewals, absences, guests, restarts and clocks that are wrong.
import { describe, expect, test } from 'vitest';
import { type Ipv4, ipv4FromNumber, parseSubnet, showIpv4 } from '../../src/base/ipv4.ts';
import { offer } from '../../src/dhcp/choose.ts';
import type { Lease, LeaseChange } from '../../src/dhcp/lease-table.ts';
import { bind } from '../../src/dhcp/leases.ts';
import { HOUR, ip } from './kit.ts';
import { type Desk, desk, held, isAddress, range, strays, T0 } from './tables.ts';

const DAY = 24 * HOUR;
const PROBATION = 300_000;

interface Visit {
  readonly now: number;
  readonly phone: number;
  readonly kind: 'fixed' | 'absent' | 'guest';
}

/** A room of phones that live for days: most stay on, some are away for hours, guests come and go. */
function* month(days: number): Iterable<Visit> {
  for (let now = T0; now < T0 + days * DAY; now += HOUR / 2) {
    for (let phone = 1; phone <= 60; phone += 1) yield { now, phone, kind: 'fixed' };
    // Each of these is away 20 hours of 24, at its own time.
    const hour = Math.floor((now - T0) / HOUR) % 24;
    for (let phone = 100; phone < 130; phone += 1)
      if ((hour + phone) % 24 < 4) yield { now: now + 1, phone, kind: 'absent' };
    // Every half hour three guests that nobody has seen before.
    const nth = (now - T0) / (HOUR / 2);
    for (let guest = 0; guest < 3; guest += 1)
      yield { now: now + 2, phone: 1000 + nth * 3 + guest, kind: 'guest' };
  }
}

/** The phone comes, or renews: its address, and what is to be stored. */
function visited(
  { table, asker }: Desk,
  { now, phone, kind }: Visit,
): readonly [Ipv4, readonly LeaseChange[]] {
  const isGuest = kind === 'guest';
  const asked = asker(phone, { now, standing: isGuest ? 'stranger' : 'recognised' });
  const offered = offer(table, asked);
  if (!offered.ok) return expect.fail(`${kind} ${phone}: ${offered.error}`);
  const { address } = offered.value.lease;
  const bound = bind(table, { ...asked, address, duration: isGuest ? PROBATION : HOUR });
  return bound.ok ? [address, bound.value.changes] : expect.fail(`${kind} ${phone}: ${bound.error}`);
}

test('over thirty days and as many restarts every phone keeps its address, and no address is lost', () => {
  const pool = range('10.20.0.10-10.20.0.250');
  const stored = new Map<Ipv4, Lease>();
  const seen = new Map<number, Set<string>>();
  let room = desk({ pool });
  let startedAt = T0;
  for (const visit of month(30)) {
    if (visit.now - startedAt >= DAY) {
      expect(strays(room.table)).toEqual([]);
      startedAt = visit.now;
      room = desk({ pool }, stored.values());
    }
    const [address, changes] = visited(room, visit);
    for (const change of changes) {
      if (change.kind === 'freed') stored.delete(change.address);
      else stored.set(change.lease.address, change.lease);
    }
    const { phone } = visit;
    seen.set(phone, (seen.get(phone) ?? new Set()).add(showIpv4(address)));
  }
  expect(seen.size).toBe(60 + 30 + 30 * 48 * 3);
  expect([...seen].filter(([, addresses]) => addresses.size !== 1)).toEqual([]);
  expect([stored.size, room.table.leases.size]).toEqual([241, 241]);
});

describe('a restart with another clock', () => {
  const AT = Date.UTC(2026, 0, 1);
  const stored = Array.from({ length: 8 }, (_, phone) => held(phone, `10.20.0.${50 + phone}`, AT + HOUR));

  test.each([
    { clock: 'a day slow', now: AT - DAY, until: AT + HOUR, newcomers: 2 },
    { clock: 'of 1970, before the time came by network', now: 60_000, until: AT + HOUR, newcomers: 2 },
    { clock: 'a day fast', now: AT + DAY, until: AT + DAY + HOUR, newcomers: 2 },
    { clock: 'ten years fast', now: AT + 3652 * DAY, until: AT + 3652 * DAY + HOUR, newcomers: 2 },
    { clock: 'of 2038', now: 2 ** 31 * 1000, until: 2 ** 31 * 1000 + HOUR, newcomers: 2 },
    { clock: 'of 2106', now: 2 ** 32 * 1000, until: 2 ** 32 * 1000 + HOUR, newcomers: 2 },
  ])('$clock leaves every phone its address, and newcomers the rest', ({ now, until, newcomers }) => {
    const { table, bound, leases } = desk({}, stored);
    for (let phone = 0; phone < 8; phone += 1)
      expect(bound(phone, `10.20.0.${50 + phone}`, { now }).lease.expires).toBe(until);
    const others = [100, 101, 102].map((phone) => leases(phone, { now }));
    expect(others.filter(isAddress)).toHaveLength(newcomers);
    expect(strays(table)).toEqual([]);
  });

  test('ten thousand leases that end at once are found at once', () => {
    const subnet = parseSubnet('10.21.0.0/16') ?? expect.fail();
    const many = Array.from({ length: 10_000 }, (_, phone) =>
      held(phone, '10.21.0.0', AT, { address: ipv4FromNumber(ip('10.21.0.1') + phone) }),
    );
    const { table, leases } = desk({ subnet, pool: range('10.21.0.1-10.21.39.16') }, many);
    expect([leases(20_000, { now: AT - 1 }), leases(20_000, { now: AT + 1000 })]).toEqual([
      'pool-exhausted',
      '10.21.0.1',
    ]);
    expect([table.pools[0]?.taken, table.pools[0]?.free.size]).toEqual([1, 9999]);
  });
});

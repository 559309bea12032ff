// The lease table at random: whatever happens, nobody gets what another was promised, no count is wrong, no address is
// lost, and what was stored brings the table back.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Ipv4, ipv4FromNumber, parseSubnet, showIpv4 } from '../../src/base/ipv4.ts';
import { offer } from '../../src/dhcp/choose.ts';
import {
  type Asker,
  type Claim,
  type Lease,
  type LeaseChange,
  type LeaseTable,
  withdraw,
} from '../../src/dhcp/lease-table.ts';
import {
  bind,
  createLeaseTable,
  decline,
  quarantine,
  relayTable,
  release,
  undo,
} from '../../src/dhcp/leases.ts';
import { collectEnded } from '../../src/dhcp/limits.ts';
import { inPool, type Reservation } from '../../src/dhcp/pools.ts';
import { scopesOf } from '../../src/dhcp/request.ts';
import { HOUR, ip, lanSite, phoneMac } from './kit.ts';
import { classOf, range, strays, T0 } from './tables.ts';

const DAY = 24 * HOUR;

/** Twenty addresses here, six behind a relay, three for a class; two phones with reservations, one outside the pool. */
const LAN = lanSite({
  pool: range('10.20.0.50-10.20.0.69'),
  router: ip('10.20.0.51'),
  classes: [
    classOf('door', { pool: range('10.20.0.200-10.20.0.202'), quota: 2 }),
    classOf('desk', { quota: 5 }),
  ],
  relayed: [
    {
      ...lanSite().dhcp,
      subnet: parseSubnet('10.30.0.0/24') ?? expect.fail(),
      pool: range('10.30.0.50-10.30.0.55'),
    },
  ],
});
const LIST: readonly Reservation[] = [
  { client: phoneMac(1), address: ip('10.20.0.60') },
  { client: phoneMac(2), address: ip('10.20.0.99') },
  ...[3, 4, 5].map((phone) => ({ client: phoneMac(phone) })),
];

interface Step {
  readonly what: keyof typeof DEEDS;
  readonly phone: number;
  readonly scope: 0 | 1;
  readonly group: number;
  /** Which address, where the step names one out of the blue. */
  readonly at: number;
  readonly later: number;
}

function askerOf({ phone, scope, group }: Pick<Step, 'phone' | 'scope' | 'group'>, now: number): Asker {
  const client = phoneMac(phone);
  return {
    client,
    aliases: [client],
    mac: client,
    scope: scopesOf(LAN)[scope] ?? expect.fail(),
    standing: phone <= 5 ? 'listed' : phone % 2 === 0 ? 'recognised' : 'stranger',
    class: LAN.dhcp.classes[group],
    strangersShare: 0.5,
    now,
  };
}

type Deed = (
  table: LeaseTable,
  claim: Claim & { readonly duration: number },
  named: Ipv4,
) => readonly LeaseChange[];

const NOTHING: readonly LeaseChange[] = [];

const leaseAt: Deed = (table, claim) => {
  const offered = offer(table, claim);
  if (!offered.ok) return NOTHING;
  const bound = bind(table, { ...claim, address: offered.value.lease.address });
  return bound.ok ? bound.value.changes : NOTHING;
};

/** What a phone can do with the address it has or one out of the blue; gives what is to be stored. */
const DEEDS = {
  lease: leaseAt,
  fail: (table, claim, named) => {
    const changes = leaseAt(table, claim, named);
    undo(table, changes, claim.now);
    return changes;
  },
  ask: (table, claim, named) => {
    offer(table, { ...claim, requested: named % 2 === 0 ? named : undefined });
    return NOTHING;
  },
  take: (table, claim) => {
    const bound = bind(table, claim);
    return bound.ok ? bound.value.changes : NOTHING;
  },
  release: (table, claim) => release(table, claim) ?? NOTHING,
  decline: (table, claim) => decline(table, claim) ?? NOTHING,
  'found in use': (table, claim) => {
    const offered = offer(table, claim);
    if (!offered.ok || !offered.value.isFresh) return NOTHING;
    return quarantine(table, { ...claim, address: offered.value.lease.address }) ?? NOTHING;
  },
  'choose another': (table, claim) => {
    withdraw(table, claim.client);
    return NOTHING;
  },
  'lay out anew': (table) => {
    relayTable(table, LAN, LIST);
    return NOTHING;
  },
  collect: (table, claim) => {
    collectEnded(table, claim.now);
    return NOTHING;
  },
} as const satisfies Record<string, Deed>;

function take(table: LeaseTable, { what, at, ...one }: Step, now: number): readonly LeaseChange[] {
  const asker = askerOf(one, now);
  const known = table.offers.get(asker.client)?.address ?? table.addressOf.get(asker.client);
  const named = ipv4FromNumber((one.scope === 0 ? ip('10.20.0.45') : ip('10.30.0.45')) + at);
  const address = at % 3 === 0 ? named : (known ?? named);
  return DEEDS[what](table, { ...asker, address, duration: HOUR }, named);
}

const deedNames = Object.keys(DEEDS) as (keyof typeof DEEDS)[];

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom(...deedNames, 'lease', 'take'),
  phone: fc.integer({ min: 1, max: 30 }),
  scope: fc.constantFrom<0 | 1>(0, 0, 0, 1),
  group: fc.integer({ min: 0, max: 7 }),
  at: fc.integer({ min: 0, max: 30 }),
  later: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
    { weight: 1, arbitrary: fc.constantFrom(30_000, HOUR / 2, HOUR, 3 * HOUR) },
  ),
});

/** What a journal would hold. */
function store(stored: Map<Ipv4, Lease>, changes: readonly LeaseChange[]): void {
  for (const change of changes) {
    if (change.kind === 'freed') stored.delete(change.address);
    else stored.set(change.lease.address, change.lease);
  }
}

function mayBeGiven(address: Ipv4, client: string): boolean {
  const reserved = LIST.find((each) => each.address === address);
  if (reserved !== undefined) return reserved.client === client;
  const pools = [
    ...scopesOf(LAN).map(({ pool }) => pool),
    ...LAN.dhcp.classes.flatMap(({ pool }) => pool ?? []),
  ];
  return pools.some((pool) => inPool(pool, address)) && address !== ip('10.20.0.51');
}

/** What phones believe to have: kept apart from the table, to judge it by. Gives what the table did wrong. */
function broken(
  promised: Map<Ipv4, Lease>,
  { what, changes, now }: { what: string; changes: readonly LeaseChange[]; now: number },
): readonly string[] {
  return changes.flatMap((change) => {
    const { address, client } = change.kind === 'freed' ? change : change.lease;
    const other = promised.get(address);
    const isTheirs = other !== undefined && other.expires > now && other.client !== client;
    if (change.kind !== 'bound') promised.delete(address);
    // What could not be stored was promised to nobody.
    else if (what !== 'fail') promised.set(address, change.lease);
    const isForbidden = change.kind === 'bound' && !mayBeGiven(address, client);
    const told = `${showIpv4(address)} ${change.kind} for ${client}`;
    return [...(isTheirs ? [`${told}: ${other.client} has it`] : []), ...(isForbidden ? [told] : [])];
  });
}

describe('in random steps of thirty phones', () => {
  const steps = fc.array(step, { minLength: 200, maxLength: 400 });

  test('nobody is given what another was promised, nothing is given that is not ours, and all counts are right', () => {
    const bitten = new Map<string, number>();
    const property = fc.property(steps, (all) => {
      const table = createLeaseTable(LAN, [], LIST);
      const promised = new Map<Ipv4, Lease>();
      let now = T0;
      for (const one of all) {
        now += one.later;
        const changes = take(table, one, now);
        if (changes.length > 0) bitten.set(one.what, (bitten.get(one.what) ?? 0) + 1);
        expect(broken(promised, { ...one, changes, now })).toEqual([]);
        expect(strays(table)).toEqual([]);
      }
    });
    fc.assert(property, { numRuns: 50 });
    const often = [...bitten].filter(([, times]) => times > 50).map(([what]) => what);
    expect(often.sort()).toEqual(['decline', 'fail', 'found in use', 'lease', 'release', 'take']);
  });

  test('what was stored brings every running lease and every quarantine back', () => {
    const property = fc.property(steps, (all) => {
      const table = createLeaseTable(LAN, [], LIST);
      const stored = new Map<Ipv4, Lease>();
      let now = T0;
      for (const one of all) {
        now += one.later;
        if (one.what !== 'fail') store(stored, take(table, one, now));
      }
      const running = (leases: Iterable<Lease>): readonly Lease[] =>
        [...leases]
          .filter(({ state, expires }) => state !== 'ended' && expires > now)
          .map(({ stored: _, ...lease }) => lease)
          .sort((a, b) => a.address - b.address);
      const again = createLeaseTable(LAN, stored.values(), LIST);
      expect(running(again.leases.values())).toEqual(running(table.leases.values()));
      expect(strays(again)).toEqual([]);
    });
    fc.assert(property, { numRuns: 40 });
  });

  test('a clock that jumps to and fro spoils no count and gives no running lease away', () => {
    const jumps = fc.array(fc.tuple(step, fc.constantFrom(0, 0, 0, 0, DAY, -DAY, 3650 * DAY, -HOUR)), {
      minLength: 40,
      maxLength: 150,
    });
    const property = fc.property(jumps, (all) => {
      const table = createLeaseTable(LAN, [], LIST);
      const promised = new Map<Ipv4, Lease>();
      let now = T0 + 10_000 * DAY;
      for (const [one, jump] of all) {
        now += one.later + jump;
        // Over a jump back, what had ended by the later clock is nobody's any more.
        if (jump !== 0) promised.clear();
        expect(broken(promised, { ...one, changes: take(table, one, now), now })).toEqual([]);
        expect(strays(table)).toEqual([]);
      }
    });
    fc.assert(property, { numRuns: 40 });
  });
});

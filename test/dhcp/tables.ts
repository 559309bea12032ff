// What the tests of the lease table share: phones that ask, take and give back by their number, addresses as text, and
// a recount of all that the table counts.
import { type Ipv4, ipv4FromNumber, type Subnet, showIpv4 } from '../../src/base/ipv4.ts';
import { choose, offer } from '../../src/dhcp/choose.ts';
import type { Asker, Claim, Lease, LeaseTable } from '../../src/dhcp/lease-table.ts';
import { type Bound, bind, createLeaseTable, decline, release } from '../../src/dhcp/leases.ts';
import type { Reservation } from '../../src/dhcp/pools.ts';
import { ownScope } from '../../src/dhcp/request.ts';
import type { ClientClass, DhcpSite, LanSite } from '../../src/site/site.ts';
import { HOUR, ip, lanSite, phoneMac } from './kit.ts';

export const T0 = 1_000_000;

/** What may be said of a phone that asks; the rest is as usual: our own subnet, recognised, at T0. */
export type Said = Partial<Omit<Asker, 'client'>> & {
  readonly client?: string;
  readonly requested?: string;
  readonly duration?: number;
};

/** A class as the settings file has it where nothing is written. */
export function classOf(name: string, more: Partial<ClientClass> = {}): ClientClass {
  return { name, when: {}, answer: 'always', options: {}, force: [], suppress: [], ...more };
}

export function range(text: string): { readonly first: Ipv4; readonly last: Ipv4 } {
  const [first = '', last = ''] = text.split('-');
  return { first: ip(first), last: ip(last) };
}

/** A lease as it was stored. */
export function held(phone: number, address: string, expires: number, more: Partial<Lease> = {}): Lease {
  return {
    address: ip(address),
    client: phoneMac(phone),
    mac: undefined,
    state: 'bound',
    expires,
    standing: 'recognised',
    class: undefined,
    ...more,
  };
}

export interface Desk {
  readonly lan: LanSite;
  readonly table: LeaseTable;
  readonly asker: (phone: number, said?: Said) => Asker;
  readonly claim: (phone: number, address: string, said?: Said) => Claim;
  /** The address that the phone is offered, or why none. */
  readonly offers: (phone: number, said?: Said) => string;
  /** The same as a dry run, and how it came to it. */
  readonly chooses: (phone: number, said?: Said) => string;
  /** The address that it gets, or why it does not. */
  readonly binds: (phone: number, address: string, said?: Said) => string;
  /** All that came of it. */
  readonly bound: (phone: number, address: string, said?: Said) => Bound;
  /** Offered, then bound to what was offered. */
  readonly leases: (phone: number, said?: Said) => string;
  readonly releases: (phone: number, address: string, said?: Said) => ReturnType<typeof release>;
  readonly declines: (phone: number, address: string, said?: Said) => ReturnType<typeof decline>;
}

/** A lease table and phones before it. The pool is .50 to .59 of 10.20.0.0/24 unless the settings say another. */
export function desk(
  { subnet, ...dhcp }: Partial<DhcpSite> & { readonly subnet?: Subnet } = {},
  stored: Iterable<Lease> = [],
  list: readonly Reservation[] = [],
): Desk {
  const usual = lanSite(dhcp);
  const lan = subnet === undefined ? usual : { ...usual, subnet };
  const table = createLeaseTable(lan, stored, list);
  const asker: Desk['asker'] = (phone, { requested: _, duration: __, ...said } = {}) => {
    const client = said.client ?? phoneMac(phone);
    return {
      aliases: [client],
      mac: phoneMac(phone),
      scope: ownScope(lan),
      standing: 'recognised',
      strangersShare: lan.dhcp.strangers.share,
      now: T0,
      ...said,
      client,
    };
  };
  const asking = (phone: number, said?: Said): Asker & { readonly requested?: Ipv4 | undefined } => ({
    ...asker(phone, said),
    requested: said?.requested === undefined ? undefined : ip(said.requested),
  });
  const claim: Desk['claim'] = (phone, address, said) => ({ ...asker(phone, said), address: ip(address) });
  const taking = (phone: number, address: string, said?: Said): ReturnType<typeof bind> =>
    bind(table, { ...claim(phone, address, said), duration: said?.duration ?? HOUR });

  const offers: Desk['offers'] = (phone, said) => {
    const offered = offer(table, asking(phone, said));
    return offered.ok ? showIpv4(offered.value.lease.address) : offered.error;
  };
  const binds: Desk['binds'] = (phone, address, said) => {
    const result = taking(phone, address, said);
    return result.ok ? showIpv4(result.value.lease.address) : result.error;
  };
  return {
    lan,
    table,
    asker,
    claim,
    offers,
    binds,
    chooses: (phone, said) => {
      const choice = choose(table, asking(phone, said));
      return choice.ok ? `${showIpv4(choice.value.address)} ${choice.value.because}` : choice.error;
    },
    bound: (phone, address, said) => {
      const result = taking(phone, address, said);
      if (!result.ok) throw new Error(result.error);
      return result.value;
    },
    leases: (phone, said) => {
      const address = offers(phone, said);
      return isAddress(address) ? binds(phone, address, said) : address;
    },
    releases: (phone, address, said) => release(table, claim(phone, address, said)),
    declines: (phone, address, said) => decline(table, claim(phone, address, said)),
  };
}

export function isAddress(text: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(text);
}

/** Where an index or a count of the table is not what its leases and offers say. */
export function strays(table: LeaseTable): readonly string[] {
  const counting = [...table.leases.values(), ...table.offers.values()].filter(
    ({ state }) => state !== 'ended',
  );
  return [...strayIndexes(table), ...strayCounts(table, counting), ...lostAddresses(table)];
}

function* strayIndexes({ leases, addressOf, offers, offeredTo, quarantine }: LeaseTable): Iterable<string> {
  for (const [address, { address: own, client, state }] of leases) {
    const shown = showIpv4(address);
    if (own !== address) yield `${shown}: the lease is of another address`;
    if (state !== 'bound') continue;
    if (addressOf.get(client) !== address) yield `${shown}: addressOf does not know it`;
    if (quarantine.has(address)) yield `${shown}: bound in quarantine`;
  }
  const homeless = [...addressOf].filter(([client, address]) => leases.get(address)?.client !== client);
  yield* homeless.map(([client]) => `${client}: addressOf names the lease of another`);
  const unknown = [...offers].filter(([client, { address }]) => offeredTo.get(address) !== client);
  yield* unknown.map(([client]) => `${client}: offeredTo does not know the offer`);
  if (offeredTo.size !== offers.size) yield 'offeredTo knows more than there is';
}

function* strayCounts(
  { pools, held: counted, reserved, reservedTo, excluded }: LeaseTable,
  counting: readonly Lease[],
): Iterable<string> {
  const open = counting.filter(({ address }) => !reservedTo.has(address) && !excluded.has(address));
  const wrong = (what: string, is: number, ought: number): string[] =>
    is === ought ? [] : [`${what}: counted ${is}, there are ${ought}`];
  for (const pool of pools) {
    const within = open.filter(({ address }) => address >= pool.first && address <= pool.last);
    const strangers = within.filter(({ standing, state }) => standing === 'stranger' && state !== 'declined');
    yield* wrong(`${showIpv4(pool.first)} taken`, pool.taken, within.length);
    yield* wrong(`${showIpv4(pool.first)} strangers`, pool.strangers, strangers.length);
  }
  const listed = open.filter(
    ({ standing, state, client }) => standing === 'listed' && state !== 'declined' && !reserved.has(client),
  );
  yield* wrong('listed', counted.listed, listed.length);
  const classes = counting.filter(({ state }) => state !== 'declined').map((lease) => lease.class);
  for (const name of new Set([...classes, ...counted.byClass.keys()])) {
    if (name === undefined) continue;
    yield* wrong(
      `class ${name}`,
      counted.byClass.get(name) ?? 0,
      classes.filter((each) => each === name).length,
    );
  }
}

/** Addresses that nobody holds and that nobody could ever get again. */
function* lostAddresses(table: LeaseTable): Iterable<string> {
  for (const pool of table.pools) {
    for (let number: number = pool.first; number < pool.untried; number += 1) {
      const address = ipv4FromNumber(number);
      const lease = table.leases.get(address);
      const isHeld = (lease !== undefined && lease.state !== 'ended') || table.offeredTo.has(address);
      const isKept = table.excluded.has(address) || table.reservedTo.has(address);
      if (!isHeld && !isKept && !pool.free.has(address)) yield `${showIpv4(address)} is lost`;
    }
  }
}

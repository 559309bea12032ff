// The table of leases: what it holds, whose an address is, and the one way into it that keeps its indexes true.
import { type Ipv4, isWithin } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import type { Scope } from '../site/site.ts';
import { count, type Standing, uncount } from './limits.ts';
import { inPool, type Pool, poolFor } from './pools.ts';

/** A MAC, or `id:` and the client identifier in hex, or `hw`, the hardware type, `:` and the address in hex. */
export type ClientKey = string;

interface Whose {
  readonly address: Ipv4;
  /** The holder; of a declined address, the client that declined it. */
  readonly client: ClientKey;
  /** Where the client is not known by its MAC but has one. */
  readonly mac?: Mac | undefined;
}

/** An address that somebody has, or had: a lease that has ended is kept, so that its client gets the address again. */
export interface Lease extends Whose {
  /** ended: is known to have ended, and counts no more. A bound lease may have ended without being known to. */
  readonly state: 'offered' | 'bound' | 'ended' | 'declined';
  readonly expires: Millis;
  readonly standing: Standing;
  readonly class?: string | undefined;
  /** The end that is on disk; absent while none is. Changes when a commit is done, which may be after the next one. */
  stored?: Millis | undefined;
}

/** A change of what is stored. */
export type LeaseChange =
  | { readonly kind: 'bound'; readonly lease: Lease }
  | (Whose & { readonly kind: 'freed' })
  | { readonly kind: 'declined'; readonly lease: Lease };

export interface LeaseTable {
  readonly pools: readonly Pool[];
  /** Addresses within the pools that are never given. */
  readonly excluded: ReadonlySet<Ipv4>;
  /** Addresses that one client gets and no other. */
  readonly reserved: ReadonlyMap<ClientKey, Ipv4>;
  readonly reservedTo: ReadonlyMap<Ipv4, ClientKey>;
  /** The clients of the phone list. */
  readonly listed: ReadonlySet<ClientKey>;
  /** Bound and declined, running and ended. */
  readonly leases: Map<Ipv4, Lease>;
  /** Where each client has or had its lease. */
  readonly addressOf: Map<ClientKey, Ipv4>;
  /** Offers by client, oldest first. They live in memory only. */
  readonly offers: Map<ClientKey, Lease>;
  readonly offeredTo: Map<Ipv4, ClientKey>;
  /** Addresses in quarantine, oldest first. */
  readonly quarantine: Set<Ipv4>;
  /** How many addresses are held or offered. */
  readonly held: {
    /** By clients of the phone list that have none reserved. */
    listed: number;
    readonly byClass: Map<string, number>;
  };
  /** No lease ends before this moment. */
  nextEnd: Millis;
  /** When ended leases were last looked for. */
  collectedAt: Millis;
}

/** Who wants an address, and what is known of it. */
export interface Asker {
  readonly client: ClientKey;
  /** All keys by which an address may be reserved for it. */
  readonly aliases: readonly ClientKey[];
  readonly mac?: Mac | undefined;
  readonly scope: Scope;
  readonly standing: Standing;
  readonly class?: { readonly name: string; readonly quota?: number | undefined } | undefined;
  /** The most addresses that strangers may hold together, as a part of the pool. */
  readonly strangersShare: number;
  readonly now: Millis;
}

/** An asker, and the address it is about. */
export interface Claim extends Asker {
  readonly address: Ipv4;
}

/** What an address is to a client. unusable: not for this client, or in quarantine. */
export type Holding = 'own' | 'free' | 'taken' | 'unusable';

export function holdingOf(table: LeaseTable, claim: Claim): Holding {
  return holding(table, claim, claim.address);
}

/** The same, for an asker that has not settled for the address. */
export function holding(table: LeaseTable, asker: Asker, address: Ipv4): Holding {
  const { client, now } = asker;
  const lease = table.leases.get(address);
  if (lease !== undefined && lease.state !== 'ended' && lease.expires > now) {
    if (lease.state === 'declined') return 'unusable';
    return lease.client === client ? 'own' : 'taken';
  }
  if (!mayEver(table, asker, address)) return 'unusable';
  const other = table.offeredTo.get(address);
  if (other === undefined || other === client) return 'free';
  return (table.offers.get(other)?.expires ?? 0) > now ? 'taken' : 'free';
}

/** Whether the address is of the client's pool, or reserved for it. */
export function mayEver(table: LeaseTable, asker: Asker, address: Ipv4): boolean {
  const { aliases, scope, class: group } = asker;
  const owner = table.reservedTo.get(address);
  if (owner !== undefined) return aliases.includes(owner) && isWithin(scope.subnet, address);
  const pool = poolFor(table.pools, scope, group?.name);
  return pool !== undefined && inPool(pool, address) && !table.excluded.has(address);
}

/** The address that is kept for the client. */
export function reservedFor(table: LeaseTable, aliases: readonly ClientKey[]): Ipv4 | undefined {
  if (table.reserved.size === 0) return undefined;
  const alias = aliases.find((each) => table.reserved.has(each));
  return alias === undefined ? undefined : table.reserved.get(alias);
}

/** Takes an offer back, for example when the client chose another server. */
export function withdraw(table: LeaseTable, client: ClientKey): void {
  const offered = table.offers.get(client);
  if (offered === undefined) return;
  table.offers.delete(client);
  table.offeredTo.delete(offered.address);
  uncount(table, offered);
  poolOf(table, offered.address)?.free.add(offered.address);
}

/** Takes an address out of those that the pool has left. */
export function occupy(table: LeaseTable, address: Ipv4): void {
  const pool = poolOf(table, address);
  if (pool === undefined) return;
  pool.free.delete(address);
  if (pool.untried === address) pool.untried += 1;
}

/** The pool that an address is of. */
export function poolOf(table: LeaseTable, address: Ipv4): Pool | undefined {
  return table.pools.find((pool) => inPool(pool, address));
}

/** The one way into the table: keeps its indexes true. */
export function put(table: LeaseTable, lease: Lease): void {
  const { address, client } = lease;
  const former = table.leases.get(address);
  if (former !== undefined) {
    if (table.addressOf.get(former.client) === address) table.addressOf.delete(former.client);
    uncount(table, former);
  }
  table.leases.set(address, lease);
  count(table, lease);
  if (lease.state !== 'ended') table.nextEnd = Math.min(table.nextEnd, lease.expires);
  table.quarantine.delete(address);
  if (lease.state === 'declined') table.quarantine.add(address);
  else table.addressOf.set(client, address);
}

/** Takes a lease out: another client gets the address, or its client another address. */
export function forget(table: LeaseTable, lease: Lease): LeaseChange {
  const { client, address } = lease;
  table.leases.delete(address);
  uncount(table, lease);
  if (table.addressOf.get(client) === address) table.addressOf.delete(client);
  return { kind: 'freed', client, address };
}

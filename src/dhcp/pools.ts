// The ranges of addresses: one of each subnet, and one of each class that has its own.
import { broadcastOf, type Ipv4, isWithin } from '../base/ipv4.ts';
import type { AddressRange, LanSite, Scope } from '../site/site.ts';
import type { ClientKey, Lease, LeaseTable } from './lease-table.ts';
import { scopesOf } from './request.ts';

export interface Pool extends AddressRange {
  /** Addresses in it that anybody can get: neither excluded nor reserved. */
  readonly size: number;
  /** The class that has it for itself. */
  readonly owner?: string | undefined;
  /** Was used or offered and is free again, free for longest first. May hold addresses taken since. */
  readonly free: Set<Ipv4>;
  /** No address from here on was tried yet. */
  untried: number;
  /** Those of them that are leased, offered or in quarantine. */
  taken: number;
  /** Those that strangers hold or are offered. */
  strangers: number;
}

/** A client of the phone list, and the address that is kept for it. */
export interface Reservation {
  readonly client: ClientKey;
  readonly address?: Ipv4 | undefined;
}

export function inPool({ first, last }: AddressRange, address: Ipv4): boolean {
  return address >= first && address <= last;
}

/** The pool from which a client gets its address: that of its class in this subnet, else the subnet's own. */
export function poolFor(
  pools: readonly Pool[],
  { subnet }: Scope,
  group: string | undefined,
): Pool | undefined {
  let common: Pool | undefined;
  for (const pool of pools) {
    if (!isWithin(subnet, pool.first)) continue;
    if (pool.owner === undefined) common ??= pool;
    else if (pool.owner === group) return pool;
  }
  return common;
}

/** An empty table for the settings of the LAN and the phone list. */
export function emptyTable(lan: LanSite, list: readonly Reservation[] = []): LeaseTable {
  const scopes = scopesOf(lan);
  const ranges = [
    ...scopes.map(({ pool }) => ({ ...pool, owner: undefined })),
    ...lan.dhcp.classes.flatMap(({ name, pool }) => (pool === undefined ? [] : [{ ...pool, owner: name }])),
  ];
  const reserved = new Map(
    list.flatMap(({ client, address }) => (address === undefined ? [] : [[client, address] as const])),
  );
  const reservedTo = new Map([...reserved].map(([client, address]) => [address, client]));
  const excluded = new Set([lan.address, ...scopes.flatMap(serversOf)]);
  const kept = [...new Set([...excluded, ...reservedTo.keys()])];
  return {
    pools: ranges.map((range) => ({
      ...range,
      size: range.last - range.first + 1 - kept.filter((address) => inPool(range, address)).length,
      free: new Set(),
      untried: range.first,
      taken: 0,
      strangers: 0,
    })),
    excluded,
    reserved,
    reservedTo,
    listed: new Set(list.map(({ client }) => client)),
    leases: new Map<Ipv4, Lease>(),
    addressOf: new Map(),
    offers: new Map(),
    offeredTo: new Map(),
    quarantine: new Set(),
    held: { listed: 0, byClass: new Map() },
    nextEnd: 0,
    collectedAt: 0,
  };
}

/** Addresses of a subnet that hosts have already, or that no host can have. */
function serversOf({ subnet, router, dns, ntp }: Scope): readonly Ipv4[] {
  return [subnet.network, broadcastOf(subnet), ...(router === undefined ? [] : [router]), ...dns, ...ntp];
}

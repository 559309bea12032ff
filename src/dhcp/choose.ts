// Which address a client gets.
import { type Ipv4, ipv4FromNumber, isWithin } from '../base/ipv4.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Millis } from '../base/world.ts';
import type { Reason } from '../timeline/reason.ts';
import {
  type Asker,
  type ClientKey,
  holding,
  type Lease,
  type LeaseTable,
  occupy,
  reservedFor,
  withdraw,
} from './lease-table.ts';
import { admit, collectEnded, count } from './limits.ts';
import { inPool, type Pool, poolFor } from './pools.ts';

/** How long an offer waits for its REQUEST. */
export const OFFER_KEPT = 30_000;
/** When nothing else is free, an offer of this age may go to another client: most take theirs within a second. */
const OFFER_SURE = 5_000;
/** Offers at a time: a flood of DISCOVERs must not eat the memory. */
const MOST_OFFERS = 10_000;

export interface Offered {
  readonly lease: Lease;
  /** The client neither holds the address nor was offered it before: somebody else may use it unasked. */
  readonly isFresh: boolean;
}

/** What `choose` found: an address and how it came to it. */
export interface Choice {
  readonly address: Ipv4;
  readonly because: 'reserved' | 'offered before' | 'its lease' | 'asked for' | 'free';
}

/**
 * The address for a client that asks for one, without reserving it; or why there is none. In this order: its
 * reservation, what it was offered before, its lease or its last one, the address it asks for, one never used, one given
 * back, the one whose lease ended first (RFC 2131 section 4.3.1), and at last an offer that nobody took up.
 */
export function choose(
  table: LeaseTable,
  asked: Asker & { readonly requested?: Ipv4 | undefined },
): Result<Choice, Reason> {
  const { client, now } = asked;
  const held = asIs(table, asked);
  if (held !== undefined) return ok(held);
  dropOffers(table, now);
  const admitted = admit(table, asked);
  if (!admitted.ok) return admitted;
  for (const { address, because } of [
    { address: table.addressOf.get(client), because: 'its lease' },
    { address: asked.requested, because: 'asked for' },
  ] as const) {
    if (address !== undefined && holding(table, asked, address) === 'free') return ok({ address, because });
  }
  const address = nextFree(table, asked);
  return address === undefined ? err('pool-exhausted') : ok({ address, because: 'free' });
}

/** What the client has a right to already, whatever others hold. */
function asIs(table: LeaseTable, asked: Asker): Choice | undefined {
  const reserved = reservedFor(table, asked.aliases);
  if (reserved !== undefined && isOpen(table, asked, reserved))
    return { address: reserved, because: 'reserved' };
  const offered = table.offers.get(asked.client)?.address;
  if (offered !== undefined && isOpen(table, asked, offered))
    return { address: offered, because: 'offered before' };
  const leased = table.addressOf.get(asked.client);
  if (leased === undefined || !isWithin(asked.scope.subnet, leased)) return undefined;
  return holding(table, asked, leased) === 'own' ? { address: leased, because: 'its lease' } : undefined;
}

/** A lease of another subnet runs on, but is of no use to a client that has moved. */
function isOpen(table: LeaseTable, asker: Asker, address: Ipv4): boolean {
  if (!isWithin(asker.scope.subnet, address)) return false;
  const held = holding(table, asker, address);
  return held === 'own' || held === 'free';
}

/** Reserves an address for a client for a while, or says why it gets none. */
export function offer(
  table: LeaseTable,
  asked: Asker & { readonly requested?: Ipv4 | undefined },
): Result<Offered, Reason> {
  const choice = choose(table, asked);
  if (!choice.ok) return choice;
  const { client, mac, now, standing } = asked;
  const { address, because } = choice.value;
  const isFresh =
    because === 'free' ||
    because === 'asked for' ||
    (because === 'reserved' && !isKnown(table, client, address));
  const lease: Lease = {
    address,
    client,
    mac: mac === client ? undefined : mac,
    state: 'offered',
    expires: now + OFFER_KEPT,
    standing,
    class: asked.class?.name,
  };
  withdraw(table, client);
  // A running lease reserves its address better than an offer does.
  if (holding(table, asked, address) === 'own') return ok({ lease, isFresh: false });
  makeRoom(table, address);
  table.offers.set(client, lease);
  table.offeredTo.set(address, client);
  count(table, lease);
  occupy(table, address);
  return ok({ lease, isFresh });
}

/** The offer that this one takes the address from, and the oldest where there are too many. */
function makeRoom(table: LeaseTable, address: Ipv4): void {
  const other = table.offeredTo.get(address);
  if (other !== undefined) withdraw(table, other);
  const [oldest] = table.offers.size >= MOST_OFFERS ? table.offers.keys() : [];
  if (oldest !== undefined) withdraw(table, oldest);
}

function isKnown(table: LeaseTable, client: ClientKey, address: Ipv4): boolean {
  return table.addressOf.get(client) === address || table.offers.get(client)?.address === address;
}

function nextFree(table: LeaseTable, asker: Asker): Ipv4 | undefined {
  const pool = poolFor(table.pools, asker.scope, asker.class?.name);
  if (pool === undefined) return undefined;
  const isFree = (address: Ipv4): boolean => holding(table, asker, address) === 'free';
  while (pool.untried <= pool.last) {
    const address = ipv4FromNumber(pool.untried);
    if (!table.leases.has(address) && isFree(address)) return address;
    pool.untried += 1;
  }
  const returned = nextReturned(pool, isFree);
  if (returned !== undefined) return returned;
  collectEnded(table, asker.now);
  return nextReturned(pool, isFree) ?? oldestOffer(table, pool, asker.now);
}

function nextReturned(pool: Pool, isFree: (address: Ipv4) => boolean): Ipv4 | undefined {
  for (const address of pool.free) {
    if (isFree(address)) return address;
    pool.free.delete(address);
  }
  return undefined;
}

function oldestOffer(table: LeaseTable, pool: Pool, now: Millis): Ipv4 | undefined {
  for (const oldest of table.offers.values()) {
    if (oldest.expires - OFFER_KEPT + OFFER_SURE > now) return undefined;
    if (inPool(pool, oldest.address)) return oldest.address;
  }
  return undefined;
}

/** All offers are kept equally long, so those that have run out are the first ones. */
function dropOffers(table: LeaseTable, now: Millis): void {
  for (const [client, { expires }] of table.offers) {
    if (expires > now) return;
    withdraw(table, client);
  }
}

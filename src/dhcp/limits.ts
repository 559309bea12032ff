// Who may hold how many addresses. A staging server knows what a phone looks like: a flood of made-up clients fills the
// strangers' share and nothing more, and phones of the list always find an address.
import { err, ok, type Result } from '../base/result.ts';
import type { Millis } from '../base/world.ts';
import type { Reason } from '../timeline/reason.ts';
import type { Asker, Lease, LeaseTable } from './lease-table.ts';
import { inPool, type Pool, poolFor } from './pools.ts';

/** listed: of the phone list. recognised: of a make or a class that is known. */
export type Standing = 'listed' | 'recognised' | 'stranger';

/** Of a pool at most this part is kept for phones of the list that have not come yet. */
const MOST_KEPT = 0.5;
/** A walk over so many leases takes no time; over more it is made once a second at most. */
const FEW_LEASES = 5_000;
const COLLECTED_EVERY = 1_000;

/** Counts a lease, where it takes an address from others. */
export function count(table: LeaseTable, lease: Lease): void {
  add(table, lease, 1);
}

export function uncount(table: LeaseTable, lease: Lease): void {
  add(table, lease, -1);
}

function add(
  { held, pools, excluded, reserved, reservedTo }: LeaseTable,
  { address, client, state, standing, class: group }: Lease,
  by: 1 | -1,
): void {
  if (state === 'ended') return;
  // What nobody else could have is taken from nobody.
  const isKept = reservedTo.has(address) || excluded.has(address);
  const pool = isKept ? undefined : pools.find((each) => inPool(each, address));
  if (pool !== undefined) pool.taken += by;
  if (state === 'declined') return;
  if (pool !== undefined && standing === 'stranger') pool.strangers += by;
  if (standing === 'listed' && !isKept && !reserved.has(client)) held.listed += by;
  if (group !== undefined) held.byClass.set(group, (held.byClass.get(group) ?? 0) + by);
}

/** How many addresses of the subnet strangers hold or are offered, and how many they may. */
export function strangersIn(
  table: LeaseTable,
  asker: Pick<Asker, 'scope' | 'strangersShare'>,
): { readonly held: number; readonly most: number } {
  const { size, strangers } = poolFor(table.pools, asker.scope, undefined) ?? { size: 0, strangers: 0 };
  return { held: strangers, most: Math.max(1, Math.floor(size * asker.strangersShare)) };
}

/** Whether the client may have one more address, or why not. */
export function admit(table: LeaseTable, asker: Asker): Result<undefined, Reason> {
  const pool = poolFor(table.pools, asker.scope, asker.class?.name);
  const isFull = pool !== undefined && pool.taken >= pool.size;
  if (!isFull && refusalOf(table, asker, pool) === undefined) return ok(undefined);
  collectEnded(table, asker.now);
  const refusal = refusalOf(table, asker, pool);
  return refusal === undefined ? ok(undefined) : err(refusal);
}

/** What it holds or is offered it gives up for another: within a class or a pool that takes nothing from others. */
function heldBy({ offers, addressOf, leases }: LeaseTable, { client, now }: Asker): readonly Lease[] {
  const address = addressOf.get(client);
  const known = [offers.get(client), address === undefined ? undefined : leases.get(address)];
  return known.flatMap((lease) =>
    lease === undefined || lease.state === 'ended' || lease.expires <= now ? [] : [lease],
  );
}

function refusalOf(table: LeaseTable, asker: Asker, pool: Pool | undefined): Reason | undefined {
  const { standing, class: group } = asker;
  const held = heldBy(table, asker);
  const isUsed = group?.quota !== undefined && (table.held.byClass.get(group.name) ?? 0) >= group.quota;
  if (isUsed && held.every((lease) => lease.class !== group.name)) return 'quota-used';
  if (pool === undefined || held.some(({ address }) => inPool(pool, address))) return undefined;
  if (standing === 'stranger') {
    const share = strangersIn(table, asker);
    if (share.held >= share.most) return 'strangers-share-used';
  }
  if (standing === 'listed' || pool.owner !== undefined) return undefined;
  const free = pool.size - pool.taken;
  return free > 0 && free <= keptIn(table, pool) ? 'kept-for-listed' : undefined;
}

/** Addresses kept for phones of the list that hold none yet and have none reserved. */
function keptIn({ listed, reserved, held }: LeaseTable, pool: Pool): number {
  const missing = listed.size - reserved.size - held.listed;
  return Math.min(Math.max(0, missing), Math.floor(pool.size * MOST_KEPT));
}

/** Frees addresses whose lease has ended. A walk over all leases, but only when one can have ended. */
export function collectEnded(table: LeaseTable, now: Millis): void {
  if (now < table.nextEnd) return;
  if (table.leases.size > FEW_LEASES && now - table.collectedAt < COLLECTED_EVERY) return;
  table.collectedAt = now;
  table.nextEnd = Number.POSITIVE_INFINITY;
  const ended: Lease[] = [];
  for (const lease of table.leases.values()) {
    if (lease.state === 'ended') continue;
    if (lease.expires <= now) ended.push(lease);
    else table.nextEnd = Math.min(table.nextEnd, lease.expires);
  }
  for (const lease of ended.sort((a, b) => a.expires - b.expires)) {
    uncount(table, lease);
    table.leases.set(lease.address, { ...lease, state: 'ended' });
    table.pools.find((pool) => inPool(pool, lease.address))?.free.add(lease.address);
  }
}

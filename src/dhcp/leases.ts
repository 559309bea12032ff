// What clients do with addresses: take, give back, decline. Every change that must outlive a restart is given back as a
// value, so that the door can store it before it answers (RFC 2131 section 3.1). All steps are cheap at any pool size.
import { err, ok, type Result } from '../base/result.ts';
import type { Millis } from '../base/world.ts';
import type { LanSite } from '../site/site.ts';
import type { Reason } from '../timeline/reason.ts';
import { OFFER_KEPT } from './choose.ts';
import {
  type Claim,
  forget,
  holdingOf,
  type Lease,
  type LeaseChange,
  type LeaseTable,
  mayEver,
  occupy,
  poolOf,
  put,
  reservedFor,
  withdraw,
} from './lease-table.ts';
import { admit, count } from './limits.ts';
import { emptyTable, type Reservation } from './pools.ts';

/** How long a declined address is left alone. */
export const QUARANTINE = 3_600_000;
/** The part of a pool that may be in quarantine at a time: a phone that declines everything must not empty it. */
const MOST_QUARANTINED = 0.1;
const MOST_QUARANTINED_BY_ONE = 4;

/** Clocks of the same moment may differ by so much, ms: a file system has its own. */
const SAME_TIME = 60_000;

/** By how much the clock was set back since something was written; 0 where it was not. */
export function setBackBy(written: Millis | undefined, now: Millis): number {
  const by = (written ?? now) - now;
  return by > SAME_TIME ? by : 0;
}

/**
 * Leases as they are after the clock was set back: each keeps the time that was left to it. As they were they would hold
 * their addresses for a year after a phone was carried away, when a clock that was a year ahead is put right.
 */
export function afterSetBack(stored: readonly Lease[], by: number): readonly Lease[] {
  return by === 0 ? stored : stored.map((lease) => ({ ...lease, expires: lease.expires - by }));
}

/** What has to be stored so that leases are found again as they are. */
export function changesTo(leases: readonly Lease[]): readonly LeaseChange[] {
  return leases.map((lease) => ({ kind: lease.state === 'declined' ? 'declined' : 'bound', lease }));
}

/** Makes the table from the settings of the LAN, the phone list and what was stored. Leases outside the pools run on until they end. */
export function createLeaseTable(
  lan: LanSite,
  stored: Iterable<Lease>,
  list: readonly Reservation[] = [],
): LeaseTable {
  const table = emptyTable(lan, list);
  for (const lease of [...stored].sort((a, b) => a.expires - b.expires))
    put(table, { ...lease, stored: lease.expires });
  return table;
}

/**
 * Lays the table out anew for other settings or another phone list. Leases and offers stay as they are: a lease outside
 * the new pools runs on until it ends, and what is offered is looked at again when it is asked for.
 */
export function relayTable(table: LeaseTable, lan: LanSite, list: readonly Reservation[]): void {
  const { pools, excluded, reserved, reservedTo, listed, held } = emptyTable(lan, list);
  Object.assign(table, { pools, excluded, reserved, reservedTo, listed, held });
  const ended = [...table.leases.values()].filter(({ state }) => state === 'ended');
  for (const lease of table.leases.values()) count(table, lease);
  for (const offer of table.offers.values()) count(table, offer);
  // Free for longest first, as it was.
  for (const { address } of ended.sort((a, b) => a.expires - b.expires))
    if (!table.offeredTo.has(address)) poolOf(table, address)?.free.add(address);
}

export interface Bound {
  readonly lease: Lease;
  readonly changes: readonly LeaseChange[];
}

/**
 * Gives the address to the client for `duration` ms, or says why not. The end of a running lease never moves back, and
 * that of a lease outside the client's pool does not move: there the client moves when it ends.
 */
export function bind(table: LeaseTable, claim: Claim & { readonly duration: number }): Result<Bound, Reason> {
  const { client, mac, address, now, standing } = claim;
  const holding = holdingOf(table, claim);
  if (holding === 'taken') return err('address-of-another-phone');
  if (holding === 'unusable') return err('address-not-given-here');
  const isPromised =
    table.offers.get(client)?.address === address || reservedFor(table, claim.aliases) === address;
  const admitted = holding === 'own' || isPromised ? ok(undefined) : admit(table, claim);
  if (!admitted.ok) return admitted;
  const known = holding === 'own' ? table.leases.get(address) : undefined;
  const end = mayEver(table, claim, address) ? now + claim.duration : now;
  const lease: Lease = {
    address,
    client,
    mac: mac === client ? undefined : mac,
    state: 'bound',
    expires: Math.max(known?.expires ?? 0, end),
    standing,
    class: claim.class?.name,
    stored: known?.stored,
  };
  const changes = makeWay(table, lease);
  withdraw(table, client);
  occupy(table, address);
  put(table, lease);
  return ok({ lease, changes: [...changes, { kind: 'bound', lease }] });
}

/** Forgets who had the address before, and which other address its new holder had. */
function makeWay(table: LeaseTable, { address, client }: Lease): readonly LeaseChange[] {
  const changes: LeaseChange[] = [];
  const offered = table.offeredTo.get(address);
  if (offered !== undefined) withdraw(table, offered);
  const known = table.leases.get(address);
  if (known !== undefined && known.state !== 'declined' && known.client !== client) {
    changes.push(forget(table, known));
  }
  const old = table.leases.get(table.addressOf.get(client) ?? address);
  if (old !== undefined && old.address !== address) {
    changes.push(forget(table, old));
    poolOf(table, old.address)?.free.add(old.address);
  }
  return changes;
}

/** Ends the lease of a client that gives it back, or undefined when it is not its own (RFC 2131 section 4.3.4). */
export function release(table: LeaseTable, claim: Claim): readonly LeaseChange[] | undefined {
  const lease = table.leases.get(claim.address);
  if (lease === undefined || holdingOf(table, claim) !== 'own') return undefined;
  const { address, client } = lease;
  put(table, { ...lease, state: 'ended', expires: claim.now });
  poolOf(table, address)?.free.add(address);
  return [{ kind: 'freed', client, address }];
}

/**
 * Puts an address into quarantine that the client found in use (RFC 2131 section 4.3.3), or undefined when the client
 * neither holds it nor was offered it. With the quarantine full, the address only becomes free again.
 */
export function decline(table: LeaseTable, claim: Claim): readonly LeaseChange[] | undefined {
  const { client, address } = claim;
  const holds = holdingOf(table, claim) === 'own';
  if (!holds && table.offers.get(client)?.address !== address) return undefined;
  withdraw(table, client);
  const byThisOne = [...table.quarantine].filter((each) => table.leases.get(each)?.client === client);
  const changes = byThisOne.length < MOST_QUARANTINED_BY_ONE ? quarantine(table, claim) : undefined;
  return changes ?? (holds ? release(table, claim) : []);
}

/** Leaves an address alone that somebody else was found to use; undefined when too many of its pool are already. */
export function quarantine(
  table: LeaseTable,
  { client, mac, address, now }: Claim,
): readonly LeaseChange[] | undefined {
  for (const each of table.quarantine) {
    if ((table.leases.get(each)?.expires ?? 0) > now) break;
    table.quarantine.delete(each);
  }
  const pool = poolOf(table, address);
  const most = Math.max(1, (pool?.size ?? 0) * MOST_QUARANTINED);
  const already = [...table.quarantine].filter((each) => poolOf(table, each) === pool);
  if (already.length >= most) return undefined;
  const offered = table.offeredTo.get(address);
  if (offered !== undefined) withdraw(table, offered);
  pool?.free.delete(address);
  const expires = now + QUARANTINE;
  const lease: Lease = { address, client, mac, state: 'declined', expires, standing: 'stranger' };
  put(table, lease);
  return [{ kind: 'declined', lease }];
}

/** Notes that changes are on disk. What was extended meanwhile keeps at least that. */
export function confirm(table: LeaseTable, changes: readonly LeaseChange[]): void {
  for (const change of changes) {
    if (change.kind !== 'bound') continue;
    const { address, client, expires } = change.lease;
    const lease = table.leases.get(address);
    if (lease?.client === client) lease.stored = expires;
  }
}

/**
 * Mends the table after changes could not be stored. A new lease becomes an offer again, an extended one ends when it
 * ended before; both unless the client has asked once more since. The others stay: what is stored promises more than the
 * table then, which harms nobody.
 */
export function undo(table: LeaseTable, changes: readonly LeaseChange[], now: Millis): void {
  for (const change of changes) {
    if (change.kind !== 'bound' || table.leases.get(change.lease.address) !== change.lease) continue;
    const { lease } = change;
    const { stored } = lease;
    put(table, { ...lease, expires: stored ?? now, state: stored === undefined ? 'ended' : 'bound' });
    if (stored !== undefined) continue;
    withdraw(table, lease.client);
    const offered: Lease = { ...lease, state: 'offered', expires: now + OFFER_KEPT };
    table.offers.set(lease.client, offered);
    table.offeredTo.set(lease.address, lease.client);
    count(table, offered);
  }
}

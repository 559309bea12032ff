// The address pool: who holds which address until when. Every change that must outlive a restart is given back as a
// value, so that the door can store it before it answers (RFC 2131 section 3.1). All steps are cheap at any pool size.
import { broadcastOf, type Ipv4, ipv4FromNumber } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import type { LanSite } from '../site/site.ts';

interface Whose {
  readonly address: Ipv4;
  /** The holder; of a declined address, the phone that declined it. */
  readonly mac: Mac;
}

/** An address that somebody has, or had: a lease that has ended is kept, so that its phone gets the address again. */
export interface Lease extends Whose {
  readonly state: 'offered' | 'bound' | 'declined';
  readonly expires: Millis;
}

/** A change of what is stored. */
export type LeaseChange =
  // before: the end of the lease that this one extends.
  | (Whose & { readonly kind: 'bound'; readonly expires: Millis; readonly before?: Millis | undefined })
  | (Whose & { readonly kind: 'freed' })
  | (Whose & { readonly kind: 'declined'; readonly until: Millis });

export interface LeaseTable {
  readonly first: Ipv4;
  readonly last: Ipv4;
  /** Addresses within the pool that are never given. */
  readonly excluded: ReadonlySet<Ipv4>;
  /** Bound and declined, running and ended. */
  readonly leases: Map<Ipv4, Lease>;
  /** Where each phone has or had its lease. */
  readonly addressOf: Map<Mac, Ipv4>;
  /** Offers by phone, oldest first. They live in memory only. */
  readonly offers: Map<Mac, Lease>;
  readonly offeredTo: Map<Ipv4, Mac>;
  /** Was used or offered and is free again, free for longest first. May hold addresses taken since. */
  readonly free: Set<Ipv4>;
  /** Declined addresses, oldest first. */
  readonly quarantine: Set<Ipv4>;
  /** No address from here on was tried yet. */
  untried: number;
  /** No lease ends before this moment. */
  nextEnd: Millis;
}

/** How long an offer waits for its REQUEST. */
export const OFFER_KEPT = 30_000;
/** When nothing else is free, an offer of this age may go to another phone: most phones take theirs within a second. */
const OFFER_SURE = 5_000;
/** Offers at a time: a flood of DISCOVERs must not eat the memory. */
const MOST_OFFERS = 10_000;
/** How long a declined address is left alone. */
export const QUARANTINE = 3_600_000;
/** The part of the pool that may be in quarantine at a time: a phone that declines everything must not empty it. */
const MOST_QUARANTINED = 0.1;
const MOST_QUARANTINED_BY_ONE = 4;

/** Makes the table from the settings of the LAN and what was stored. Leases outside the pool run on until they end. */
export function createLeaseTable(
  lan: Pick<LanSite, 'address' | 'subnet' | 'dhcp'>,
  stored: Iterable<Lease>,
): LeaseTable {
  const { pool, router, dns, ntp } = lan.dhcp;
  const servers = [
    lan.address,
    lan.subnet.network,
    broadcastOf(lan.subnet),
    router ?? lan.address,
    ...dns,
    ...ntp,
  ];
  const table: LeaseTable = {
    first: pool.first,
    last: pool.last,
    excluded: new Set(servers),
    leases: new Map(),
    addressOf: new Map(),
    offers: new Map(),
    offeredTo: new Map(),
    free: new Set(),
    quarantine: new Set(),
    untried: pool.first,
    nextEnd: 0,
  };
  for (const lease of [...stored].sort((a, b) => a.expires - b.expires)) put(table, lease);
  return table;
}

/** A phone, the address it is about, and the moment. */
export interface Claim extends Whose {
  readonly now: Millis;
}

/** What an address is to a phone. unusable: not of the pool, or in quarantine. */
export type Standing = 'own' | 'free' | 'taken' | 'unusable';

export function standingOf(table: LeaseTable, { mac, address, now }: Claim): Standing {
  const lease = table.leases.get(address);
  if (lease !== undefined && lease.expires > now) {
    if (lease.state === 'declined') return 'unusable';
    return lease.mac === mac ? 'own' : 'taken';
  }
  if (!inPool(table, address)) return 'unusable';
  const other = table.offers.get(table.offeredTo.get(address) ?? mac);
  return other !== undefined && other.mac !== mac && other.expires > now ? 'taken' : 'free';
}

/**
 * Reserves an address for a phone that asks for one, or undefined when none is left. In this order: what it was offered
 * before, its lease or its last one, the address it asks for, one never used, one given back, the one whose lease ended
 * first (RFC 2131 section 4.3.1), and at last an offer that nobody took up.
 */
export function offer(
  table: LeaseTable,
  asked: Omit<Claim, 'address'> & { readonly requested?: Ipv4 | undefined },
): Lease | undefined {
  const { mac, now, requested } = asked;
  const wanted = [table.offers.get(mac)?.address, table.addressOf.get(mac), requested];
  dropOffers(table, now);
  const address =
    wanted.find((one) => one !== undefined && mayHave(table, { mac, now, address: one })) ??
    nextFree(table, asked);
  if (address === undefined) return undefined;
  const lease: Lease = { address, mac, state: 'offered', expires: now + OFFER_KEPT };
  withdraw(table, mac);
  // A running lease reserves its address better than an offer does.
  if (standingOf(table, { mac, address, now }) === 'own') return lease;
  table.offers.set(mac, lease);
  table.offeredTo.set(address, mac);
  table.free.delete(address);
  return lease;
}

/** Takes an offer back, for example when the phone chose another server. */
export function withdraw(table: LeaseTable, mac: Mac): void {
  const offered = table.offers.get(mac);
  if (offered === undefined) return;
  table.offers.delete(mac);
  table.offeredTo.delete(offered.address);
  table.free.add(offered.address);
}

/**
 * Gives the address to the phone for `duration` ms, or undefined where it may not have it. The end of a running lease
 * never moves back, and that of a lease outside the pool does not move: there the phone moves when it ends.
 */
export function bind(
  table: LeaseTable,
  claim: Claim & { readonly duration: number },
): { readonly lease: Lease; readonly changes: readonly LeaseChange[] } | undefined {
  const { mac, address, now } = claim;
  const standing = standingOf(table, claim);
  if (standing !== 'own' && standing !== 'free') return undefined;
  const known = table.leases.get(address);
  const before = standing === 'own' ? known?.expires : undefined;
  const end = inPool(table, address) ? now + claim.duration : now;
  const lease: Lease = { address, mac, state: 'bound', expires: Math.max(before ?? 0, end) };

  const changes: LeaseChange[] = [];
  if (known?.state === 'bound' && known.mac !== mac) changes.push(forget(table, known));
  const old = table.leases.get(table.addressOf.get(mac) ?? address);
  if (old !== undefined && old.address !== address) {
    changes.push(forget(table, old));
    table.free.add(old.address);
  }
  withdraw(table, mac);
  table.free.delete(address);
  put(table, lease);
  changes.push({ kind: 'bound', mac, address, expires: lease.expires, before });
  return { lease, changes };
}

/** Ends the lease of a phone that gives it back, or undefined when it is not its own (RFC 2131 section 4.3.4). */
export function release(table: LeaseTable, claim: Claim): readonly LeaseChange[] | undefined {
  if (standingOf(table, claim) !== 'own') return undefined;
  const { mac, address, now } = claim;
  put(table, { address, mac, state: 'bound', expires: now });
  table.free.add(address);
  return [{ kind: 'freed', mac, address }];
}

/**
 * Puts an address into quarantine that the phone found in use (RFC 2131 section 4.3.3), or undefined when the phone
 * neither holds it nor was offered it. With the quarantine full, the address only becomes free again.
 */
export function decline(table: LeaseTable, claim: Claim): readonly LeaseChange[] | undefined {
  const { mac, address, now } = claim;
  const holds = standingOf(table, claim) === 'own';
  if (!holds && table.offers.get(mac)?.address !== address) return undefined;
  withdraw(table, mac);
  if (!mayQuarantine(table, claim)) return holds ? release(table, claim) : [];
  const until = now + QUARANTINE;
  table.free.delete(address);
  put(table, { address, mac, state: 'declined', expires: until });
  return [{ kind: 'declined', mac, address, until }];
}

/**
 * Mends the table after changes could not be stored. A new lease becomes an offer again, an extended one ends when it
 * ended before; both unless the phone has asked once more since. The others stay: what is stored promises more than the
 * table then, which harms nobody.
 */
export function undo(table: LeaseTable, changes: readonly LeaseChange[], now: Millis): void {
  for (const change of changes) {
    const lease = table.leases.get(change.address);
    if (change.kind !== 'bound' || lease?.mac !== change.mac || lease.expires !== change.expires) continue;
    put(table, { ...lease, expires: change.before ?? now });
    if (change.before === undefined) offer(table, { mac: change.mac, now });
  }
}

function inPool(table: LeaseTable, address: Ipv4): boolean {
  return address >= table.first && address <= table.last && !table.excluded.has(address);
}

function mayHave(table: LeaseTable, claim: Claim): boolean {
  const standing = standingOf(table, claim);
  return standing === 'own' || standing === 'free';
}

function nextFree(table: LeaseTable, who: Omit<Claim, 'address'>): Ipv4 | undefined {
  while (table.untried <= table.last) {
    const address = ipv4FromNumber(table.untried);
    table.untried += 1;
    if (!table.leases.has(address) && mayHave(table, { ...who, address })) return address;
  }
  const returned = nextReturned(table, who);
  if (returned !== undefined) return returned;
  collectEnded(table, who.now);
  return nextReturned(table, who) ?? oldestOffer(table, who.now);
}

function nextReturned(table: LeaseTable, who: Omit<Claim, 'address'>): Ipv4 | undefined {
  for (const address of table.free) {
    if (mayHave(table, { ...who, address })) return address;
    table.free.delete(address);
  }
  return undefined;
}

/** Moves addresses whose lease has ended to the free ones. A walk over all leases, but only when one can have ended. */
function collectEnded(table: LeaseTable, now: Millis): void {
  if (now < table.nextEnd) return;
  const ended: Lease[] = [];
  table.nextEnd = Number.POSITIVE_INFINITY;
  for (const lease of table.leases.values()) {
    if (lease.expires <= now) ended.push(lease);
    else table.nextEnd = Math.min(table.nextEnd, lease.expires);
  }
  for (const { address } of ended.sort((a, b) => a.expires - b.expires)) table.free.add(address);
}

function oldestOffer(table: LeaseTable, now: Millis): Ipv4 | undefined {
  const [oldest] = table.offers.values();
  if (oldest === undefined || oldest.expires - OFFER_KEPT + OFFER_SURE > now) return undefined;
  withdraw(table, oldest.mac);
  return oldest.address;
}

/** All offers are kept equally long, so those that have run out are the first ones. */
function dropOffers(table: LeaseTable, now: Millis): void {
  for (const [mac, { expires }] of table.offers) {
    if (expires > now && table.offers.size < MOST_OFFERS) return;
    withdraw(table, mac);
  }
}

function mayQuarantine(table: LeaseTable, { mac, now }: Claim): boolean {
  for (const address of table.quarantine) {
    if ((table.leases.get(address)?.expires ?? 0) > now) break;
    table.quarantine.delete(address);
  }
  if (table.quarantine.size >= Math.max(1, (table.last - table.first + 1) * MOST_QUARANTINED)) return false;
  const byThisOne = [...table.quarantine].filter((address) => table.leases.get(address)?.mac === mac);
  return byThisOne.length < MOST_QUARANTINED_BY_ONE;
}

/** The one way into the table: keeps its indexes true. */
function put(table: LeaseTable, lease: Lease): void {
  const { address, mac } = lease;
  const former = table.leases.get(address)?.mac;
  if (former !== undefined && table.addressOf.get(former) === address) table.addressOf.delete(former);
  table.leases.set(address, lease);
  table.nextEnd = Math.min(table.nextEnd, lease.expires);
  table.quarantine.delete(address);
  if (lease.state === 'declined') table.quarantine.add(address);
  if (lease.state === 'bound') table.addressOf.set(mac, address);
}

function forget(table: LeaseTable, { mac, address }: Lease): LeaseChange {
  table.leases.delete(address);
  if (table.addressOf.get(mac) === address) table.addressOf.delete(mac);
  return { kind: 'freed', mac, address };
}

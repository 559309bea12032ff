// All phones that are known: those of the list and those that came. Bounded: strangers that say no more are forgotten first.
import type { Ipv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import type { DoorName, PhoneEvent } from '../timeline/event.ts';
import type { Clue, ClueKind } from './clues.ts';
import { identify } from './identify.ts';
import type { ListedPhone, Phone } from './phone.ts';
import { type Catalogue, vendorOf } from './vendor.ts';

/** How many phones are kept; beyond it the unlisted one that was silent longest goes. */
const MOST_PHONES = 20_000;

export interface Register {
  readonly catalogue: Catalogue;
  readonly phones: Map<Mac, Phone>;
  /** Who holds an address by a lease of ours: this is sure. */
  readonly byAddress: Map<Ipv4, Mac>;
  /** Who said to be at an address that we did not give. Anybody may say so; the latest counts. */
  readonly claims: Map<Ipv4, Mac>;
}

/** What a door knows of a phone at the moment it speaks. */
export interface Meeting {
  readonly mac: Mac;
  readonly door: DoorName;
  readonly clues: readonly Clue[];
  readonly at: Millis;
  readonly from?: string | undefined;
}

/** A phone as it was known before a restart. */
interface Remembered {
  readonly mac: Mac;
  readonly clues: readonly Clue[];
}

export interface RegisterParts {
  readonly catalogue: Catalogue;
  readonly list: readonly ListedPhone[];
  readonly remembered?: readonly Remembered[];
}

export function createRegister({ catalogue, list, remembered = [] }: RegisterParts): Register {
  const register: Register = { catalogue, phones: new Map(), byAddress: new Map(), claims: new Map() };
  const add = (mac: Mac, said: readonly Clue[], listed?: ListedPhone): void => {
    const clues = cluesWith(said, [{ kind: 'oui', mac }]);
    register.phones.set(mac, { mac, listed, clues, identity: identify(catalogue, clues.values()) });
  };
  for (const { mac, clues } of remembered)
    add(
      mac,
      clues.filter(({ kind }) => kind !== 'listed'),
    );
  for (const row of list) {
    const known = register.phones.get(row.mac)?.clues.values() ?? [];
    add(row.mac, [...known, { kind: 'listed', vendor: row.vendor, model: row.model }], row);
  }
  return register;
}

/** Notes that a phone spoke, and gives it as it is known now together with what that taught. */
export function meet(
  register: Register,
  meeting: Meeting,
): { readonly phone: Phone; readonly events: readonly PhoneEvent[] } {
  const { mac, at, from, door } = meeting;
  const before = register.phones.get(mac);
  const isNew = before?.firstSeen === undefined;
  const clues = cluesWith(before?.clues.values() ?? [], [{ kind: 'oui', mac }, ...meeting.clues]);
  const learned = isNew || !sameClues(before.clues, clues);
  const identity = learned ? identify(register.catalogue, clues.values()) : before.identity;
  const phone: Phone = { ...before, mac, clues, identity, firstSeen: before?.firstSeen ?? at, lastSeen: at };
  // Deleting first moves the phone to the end of the Map: its order is the order of last contact.
  register.phones.delete(mac);
  register.phones.set(mac, phone);
  if (before === undefined) forgetStrangers(register);

  const who = { at, mac, from };
  const { model, firmware, by } = identity;
  const vendor = vendorOf(register.catalogue, identity.vendor)?.name;
  const events: PhoneEvent[] = [];
  if (isNew) events.push({ ...who, kind: 'appeared', door, vendor, model, firmware, by });
  else if (!sameIdentity(before.identity, identity))
    events.push({ ...who, kind: 'identified', vendor, model, firmware, by });
  if (
    identity.conflicts.join() !== (before?.identity.conflicts ?? []).join() &&
    identity.conflicts.length > 0
  ) {
    events.push({
      ...who,
      kind: 'evidence-conflicts',
      says: [`${by} says ${vendor}`, ...identity.conflicts],
    });
  }
  return { phone, events };
}

/** The phone holds a lease on that address from now on; whoever held it before does so no more. */
export function bindAddress(register: Register, mac: Mac, address: Ipv4): void {
  const phone = register.phones.get(mac);
  if (phone === undefined || (phone.address === address && register.byAddress.get(address) === mac)) return;
  const previous = register.byAddress.get(address);
  if (previous !== undefined && previous !== mac) freeAddress(register, previous);
  if (phone.address !== undefined) register.byAddress.delete(phone.address);
  register.byAddress.set(address, mac);
  register.phones.set(mac, { ...phone, address });
}

/** The phone has given its address back. */
export function freeAddress(register: Register, mac: Mac): void {
  const phone = register.phones.get(mac);
  if (phone?.address === undefined) return;
  register.byAddress.delete(phone.address);
  register.phones.set(mac, { ...phone, address: undefined });
}

/** The phone says to be at that address. Counts only while no lease says otherwise. */
export function claimAddress(register: Register, mac: Mac, address: Ipv4): void {
  const phone = register.phones.get(mac);
  if (phone === undefined || register.byAddress.has(address)) return;
  if (register.claims.size >= MOST_PHONES) register.claims.clear();
  register.claims.set(address, mac);
  if (phone.address === undefined) register.phones.set(mac, { ...phone, address });
}

/** Where the phone hears SIP, as its PnP request told. */
export function noteSipPort(register: Register, mac: Mac, sipPort: number): void {
  const phone = register.phones.get(mac);
  if (phone !== undefined && phone.sipPort !== sipPort) register.phones.set(mac, { ...phone, sipPort });
}

/** The phone that holds a lease on the address. */
export function leaseHolderAt(register: Register, address: Ipv4): Phone | undefined {
  const mac = register.byAddress.get(address);
  return mac === undefined ? undefined : register.phones.get(mac);
}

/** The phone at the address: by lease, else by its own word. */
export function phoneAt(register: Register, address: Ipv4): Phone | undefined {
  const mac = register.byAddress.get(address) ?? register.claims.get(address);
  return mac === undefined ? undefined : register.phones.get(mac);
}

function cluesWith(known: Iterable<Clue>, fresh: readonly Clue[]): ReadonlyMap<ClueKind, Clue> {
  const clues = new Map<ClueKind, Clue>();
  for (const clue of known) clues.set(clue.kind, clue);
  for (const clue of fresh) clues.set(clue.kind, clue);
  return clues;
}

function sameClues(a: ReadonlyMap<ClueKind, Clue>, b: ReadonlyMap<ClueKind, Clue>): boolean {
  if (a.size !== b.size) return false;
  return [...b].every(([kind, clue]) => JSON.stringify(a.get(kind)) === JSON.stringify(clue));
}

function sameIdentity(a: Phone['identity'], b: Phone['identity']): boolean {
  return a.vendor === b.vendor && a.model === b.model && a.firmware === b.firmware;
}

function forgetStrangers(register: Register): void {
  if (register.phones.size <= MOST_PHONES) return;
  for (const [mac, phone] of register.phones) {
    if (phone.listed !== undefined) continue;
    freeAddress(register, mac);
    register.phones.delete(mac);
    return;
  }
}

// All phones that are known: those of the list and those that came. Bounded: strangers that say no more are forgotten first.
import type { Ipv4 } from '../base/ipv4.ts';
import { type Mac, ouiOf } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import type { DoorName, PhoneEvent } from '../timeline/event.ts';
import type { Clue, ClueKind } from './clues.ts';
import { identify } from './identify.ts';
import type { ListedPhone, Phone } from './phone.ts';
import { type Catalogue, vendorOf } from './vendor.ts';

/** How many phones are kept; beyond it the unlisted one that was silent longest goes. */
const MOST_PHONES = 20_000;
/** How many clients that nobody can place are kept beside them: a flood of made-up addresses must not eat the memory. */
const MOST_STRANGERS = 4_000;

export interface Register {
  /** A reload may bring another one. */
  catalogue: Catalogue;
  readonly phones: Map<Mac, Phone>;
  /** Those of them that are neither listed nor recognised, longest silent first. */
  readonly strangers: Set<Mac>;
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
  const register: Register = {
    catalogue,
    phones: new Map(),
    strangers: new Set(),
    byAddress: new Map(),
    claims: new Map(),
  };
  const add = (mac: Mac, said: readonly Clue[], listed?: ListedPhone): void => {
    const clues = cluesWith(said, [ouiClue(mac)]);
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
  const { mac, at } = meeting;
  const before = register.phones.get(mac);
  const { clues, identity } = known(register, before, meeting);
  const phone: Phone = {
    mac,
    listed: before?.listed,
    clues,
    identity,
    address: before?.address,
    sipPort: before?.sipPort,
    firstSeen: before?.firstSeen ?? at,
    lastSeen: at,
  };
  note(register, before, phone);
  const isNews = before?.firstSeen === undefined || before.identity !== identity;
  return { phone, events: isNews ? newsOf(register, meeting, { before, identity }) : NO_NEWS };
}

/** Maps keep the order of last contact, to the second: deleting first moves a phone to the end. */
function note(register: Register, before: Phone | undefined, phone: Phone): void {
  const { phones, strangers } = register;
  const { mac, lastSeen = 0 } = phone;
  const isLate = before?.lastSeen === undefined || lastSeen - before.lastSeen >= MOVED_EVERY;
  if (isLate) phones.delete(mac);
  phones.set(mac, phone);
  if (!isStranger(phone)) strangers.delete(mac);
  else if (isLate) {
    strangers.delete(mac);
    strangers.add(mac);
  }
  if (before === undefined) forgetStrangers(register);
}

const MOVED_EVERY = 1000;

const NO_NEWS: readonly PhoneEvent[] = [];

/** Neither the phone list nor any clue says what it is. */
export function isStranger({ listed, identity }: Pick<Phone, 'listed' | 'identity'>): boolean {
  return listed === undefined && identity.vendor === undefined;
}

type Known = Pick<Phone, 'clues' | 'identity'>;

/** What the clues come to. Phones of a make say the same: what newcomers say is worked out once for all of them. */
function known(register: Register, before: Phone | undefined, { mac, clues }: Meeting): Known {
  if (before !== undefined) {
    if (clues.every((clue) => sameClue(before.clues.get(clue.kind), clue)) && before.clues.has('oui')) {
      return before;
    }
    const all = cluesWith(before.clues.values(), [ouiClue(mac), ...clues]);
    return { clues: all, identity: identify(register.catalogue, all.values()) };
  }
  const oui = ouiOf(mac);
  const byOui = newcomers.get(clues) ?? new Map<string, Known & { readonly catalogue: Catalogue }>();
  newcomers.set(clues, byOui);
  const same = byOui.get(oui);
  if (same?.catalogue === register.catalogue) return same;
  const all = cluesWith([], [{ kind: 'oui', oui }, ...clues]);
  const made = {
    clues: all,
    identity: identify(register.catalogue, all.values()),
    catalogue: register.catalogue,
  };
  if (byOui.size >= MOST_OUIS) byOui.clear();
  byOui.set(oui, made);
  return made;
}

/** By the clues as a door hands them over: doors that give the same list for the same words save the work. */
const newcomers = new WeakMap<readonly Clue[], Map<string, Known & { readonly catalogue: Catalogue }>>();
const MOST_OUIS = 1000;

/** The clues of a client that is not met, with that of its MAC; the latest of each kind. */
export function newcomerClues(mac: Mac, clues: readonly Clue[]): Iterable<Clue> {
  return cluesWith([ouiClue(mac)], clues).values();
}

export function ouiClue(mac: Mac): Clue {
  return { kind: 'oui', oui: ouiOf(mac) };
}

interface News {
  readonly before: Phone | undefined;
  readonly identity: Phone['identity'];
}

function newsOf(register: Register, meeting: Meeting, { before, identity }: News): readonly PhoneEvent[] {
  const { mac, at, from, door } = meeting;
  const { model, firmware, by, conflicts } = identity;
  const vendor = vendorOf(register.catalogue, identity.vendor)?.name;
  const events: PhoneEvent[] = [];
  if (before?.firstSeen === undefined) {
    events.push({ at, mac, from, kind: 'appeared', door, vendor, model, firmware, by });
  } else if (!sameIdentity(before.identity, identity)) {
    events.push({ at, mac, from, kind: 'identified', vendor, model, firmware, by });
  }
  if (conflicts.length > 0 && conflicts.join() !== (before?.identity.conflicts ?? []).join()) {
    events.push({ at, mac, from, kind: 'evidence-conflicts', says: [`${by} says ${vendor}`, ...conflicts] });
  }
  return events;
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

export function cluesWith(known: Iterable<Clue>, fresh: readonly Clue[]): ReadonlyMap<ClueKind, Clue> {
  const clues = new Map<ClueKind, Clue>();
  for (const clue of known) clues.set(clue.kind, clue);
  for (const clue of fresh) clues.set(clue.kind, clue);
  return clues;
}

function sameClue(a: Clue | undefined, b: Clue): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function sameIdentity(a: Phone['identity'], b: Phone['identity']): boolean {
  return a.vendor === b.vendor && a.model === b.model && a.firmware === b.firmware;
}

/** Many at a time: looking for the oldest one of a Map costs as much as walking over all that were deleted before it. */
const FORGOTTEN_AT_A_TIME = 500;

function forgetStrangers(register: Register): void {
  const { strangers, phones } = register;
  if (strangers.size > MOST_STRANGERS) forgetFirst(register, strangers, () => true);
  if (phones.size > MOST_PHONES)
    forgetFirst(register, phones.keys(), (mac) => phones.get(mac)?.listed === undefined);
}

function forgetFirst(register: Register, macs: Iterable<Mac>, may: (mac: Mac) => boolean): void {
  let left = FORGOTTEN_AT_A_TIME;
  for (const mac of macs) {
    if (!may(mac)) continue;
    forget(register, mac);
    left -= 1;
    if (left === 0) return;
  }
}

function forget({ phones, strangers, byAddress }: Register, mac: Mac): void {
  const address = phones.get(mac)?.address;
  if (address !== undefined && byAddress.get(address) === mac) byAddress.delete(address);
  phones.delete(mac);
  strangers.delete(mac);
}

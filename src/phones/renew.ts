// The register under another phone list or other vendor files: who is known stays known, with what it said and where it is.
import type { Ipv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Clue } from './clues.ts';
import { identify } from './identify.ts';
import type { ListedPhone, Phone } from './phone.ts';
import { bindAddress, cluesWith, isStranger, ouiClue, type Register } from './register.ts';
import type { Catalogue } from './vendor.ts';

export interface RegisterNews {
  readonly catalogue: Catalogue;
  readonly list: readonly ListedPhone[];
}

/**
 * Takes over the list at once, and the vendor files phone by phone: between two steps there is time for others. A phone
 * that is listed no more is forgotten where it has never come, and a phone like others where it has.
 */
export function* renewRegister(register: Register, { catalogue, list }: RegisterNews): Generator<void> {
  const isSameCatalogue = register.catalogue === catalogue;
  register.catalogue = catalogue;
  renewList(register, list);
  if (isSameCatalogue) return;
  let left = AT_A_TIME;
  for (const mac of [...register.phones.keys()]) {
    if (left === 0) yield;
    left = left === 0 ? AT_A_TIME : left - 1;
    const phone = register.phones.get(mac);
    if (phone !== undefined) replace(register, phone, phone.listed);
  }
}

/** Weighing the clues of so many takes some ms. */
const AT_A_TIME = 100;

function renewList(register: Register, list: readonly ListedPhone[]): void {
  const rows = new Map(list.map((row) => [row.mac, row]));
  for (const phone of [...register.phones.values()]) {
    const row = rows.get(phone.mac);
    rows.delete(phone.mac);
    if (row === phone.listed) continue;
    if (row === undefined && !hasCome(phone)) register.phones.delete(phone.mac);
    else replace(register, phone, row);
  }
  for (const row of rows.values()) replace(register, { mac: row.mac, clues: NO_CLUES }, row);
}

/** A lease that came from elsewhere: its holder is known from now on, and where it is. */
export function admitHolder(register: Register, mac: Mac, address: Ipv4): void {
  if (!register.phones.has(mac)) replace(register, { mac, clues: NO_CLUES }, undefined);
  bindAddress(register, mac, address);
}

const NO_CLUES: Phone['clues'] = new Map();

/** It has spoken, holds an address or is remembered from before: more is known of it than the list says. */
function hasCome({ firstSeen, address, clues }: Phone): boolean {
  return (
    firstSeen !== undefined || address !== undefined || [...clues.keys()].some((kind) => !FROM_US.has(kind))
  );
}

const FROM_US: ReadonlySet<Clue['kind']> = new Set(['oui', 'listed'] as const);

/** In its place in the Map, which is in the order of last contact. */
function replace(
  register: Register,
  phone: Omit<Phone, 'identity' | 'listed'>,
  listed: ListedPhone | undefined,
): void {
  const { mac } = phone;
  const said = [...phone.clues.values()].filter(({ kind }) => kind !== 'listed');
  const row: readonly Clue[] =
    listed === undefined ? [] : [{ kind: 'listed', vendor: listed.vendor, model: listed.model }];
  const clues = cluesWith(said, [ouiClue(mac), ...row]);
  const renewed: Phone = { ...phone, listed, clues, identity: identify(register.catalogue, clues.values()) };
  register.phones.set(mac, renewed);
  if (isStranger(renewed)) register.strangers.add(mac);
  else register.strangers.delete(mac);
}

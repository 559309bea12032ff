// Whom a storm means: never anybody beyond what was said.
import { isWithin, parseSubnet } from '../base/ipv4.ts';
import { type Mac, parseMac, showMac } from '../base/mac.ts';
import type { Phone } from '../phones/phone.ts';
import type { Vendor } from '../phones/vendor.ts';
import type { StormSelection } from './storms-api.ts';

export interface SelectParts {
  readonly phones: Iterable<Phone>;
  readonly vendorOf: (phone: Phone) => Vendor | undefined;
  /** Where each phone stands; asked only when the selection speaks of it. */
  readonly stages: () => Promise<ReadonlyMap<Mac, string>>;
  /** The phones of a storm that are not confirmed; undefined: there is no such storm. */
  readonly unconfirmedOf: (id: string) => readonly Mac[] | undefined;
}

/** The phones for which everything holds that was said, by MAC; or what is wrong with what was said. */
export async function selectPhones(
  selection: StormSelection,
  parts: SelectParts,
): Promise<readonly Phone[] | string> {
  const { all, macs, subnet, stage, unconfirmedOf } = selection;
  const conditions = Object.entries(selection).filter(([, value]) => value !== undefined && value !== false);
  if (conditions.length === 0) return 'no phones are named: use --all, or say which';
  if (all && conditions.length > 1) return '--all means every phone: leave it out to narrow the selection';
  const range = subnet === undefined ? undefined : parseSubnet(subnet);
  if (subnet !== undefined && range === undefined) return `"${subnet}" is not a subnet (write 10.20.0.0/24)`;
  const named = macs?.map(parseMac);
  const odd = named?.indexOf(undefined) ?? -1;
  if (odd >= 0) return `"${macs?.[odd]}" is not a MAC address`;
  const members = unconfirmedOf === undefined ? undefined : parts.unconfirmedOf(unconfirmedOf);
  if (unconfirmedOf !== undefined && members === undefined) return `there is no storm ${unconfirmedOf}`;
  const known = [...parts.phones];
  const there = new Set<Mac | undefined>(known.map(({ mac }) => mac));
  const missing = named?.find((mac) => !there.has(mac));
  if (missing !== undefined)
    return `${showMac(missing)} is not known here: it is not on the list and was not seen`;
  const only = named && new Set(named);
  const still = members && new Set(members);
  const stages = stage === undefined ? undefined : await parts.stages();
  return known
    .filter((phone) => only?.has(phone.mac) ?? true)
    .filter((phone) => still?.has(phone.mac) ?? true)
    .filter((phone) => isMade(phone, parts.vendorOf(phone), selection))
    .filter(({ address }) => range === undefined || (address !== undefined && isWithin(range, address)))
    .filter(({ mac }) => stages === undefined || stages.get(mac) === stage)
    .sort((a, b) => (a.mac < b.mac ? -1 : 1));
}

function isMade(
  phone: Phone,
  vendor: Vendor | undefined,
  { vendor: maker, model, label }: StormSelection,
): boolean {
  const isMaker = maker === undefined || [vendor?.id, vendor?.name].some((name) => isLike(name, maker));
  const isModel = model === undefined || isLike(phone.identity.model ?? phone.listed?.model, model);
  return isMaker && isModel && (label === undefined || isLike(phone.listed?.label, label));
}

/** Whatever the case; `*` stands for anything. */
function isLike(text: string | undefined, wanted: string): boolean {
  if (text === undefined) return false;
  const parts = wanted.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'is').test(text);
}

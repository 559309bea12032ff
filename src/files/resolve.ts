// One rule for every door: this phone asks for that name, so it gets its rendered file, a static file, or a reason.
import { latin1 } from '../base/bytes.ts';
import { type Mac, parseMac } from '../base/mac.ts';
import { err, ok, type Result } from '../base/result.ts';
import { matchesOf, nameFor } from '../phones/files.ts';
import { type Catalogue, type Vendor, type VendorFile, vendorOf } from '../phones/vendor.ts';
import type { FileRole } from '../timeline/event.ts';
import type { Reason } from '../timeline/reason.ts';
import type { Asker } from './desk.ts';

/** What to do for a name. Static files come first: what an installer puts into the files folder is meant. */
export interface Plan {
  /** The name to tell: as the phone's vendor spells it, else as asked. */
  readonly name: string;
  readonly role: FileRole;
  /** Paths below the files folder to try in this order. */
  readonly statics: readonly string[];
  /** What to do when none of them exists. */
  readonly otherwise: { readonly kind: 'render'; readonly file: VendorFile } | Refusal;
}

export interface Refusal {
  readonly kind: 'refuse';
  readonly because: Reason;
  readonly detail?: string | undefined;
}

export interface Question {
  /** A name that `cleanName` let through. */
  readonly name: string;
  /** The phone that asks, where it is known. */
  readonly phone: Asker | undefined;
  readonly catalogue: Catalogue;
}

const MAC_IN_NAME = /(?:^|[^0-9a-z])([0-9a-f]{12}|[0-9a-f]{2}(?:[-:][0-9a-f]{2}){5})(?![0-9a-z])/i;
/** In characters. */
export const LONGEST_NAME = 512;

/**
 * The asked name as a relative path that stays below the files folder, or why it is refused. Phones write slashes at
 * either end, doubled or backwards, and `x/../y` for y; names that climb out, hide or hold control bytes are nobody's.
 */
export function cleanName(asked: string): Result<string, string> {
  if (asked.length > LONGEST_NAME) return err('the name is too long');
  if (/\p{Cc}/u.test(asked)) return err('the name holds control characters');
  const parts: string[] = [];
  for (const part of asked.replaceAll('\\', '/').split('/')) {
    // RFC 3986 section 5.2.4, for phones that put `../x.cfg` of a boot file behind their URL as it is written.
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  if (parts.length === 0) return err('the name is empty');
  if (parts.some((part) => part.startsWith('.'))) return err('the name climbs or is hidden');
  return ok(parts.join('/'));
}

/** File names on the wire are bytes: UTF-8 where they are, else Latin-1. */
export function nameFromBytes(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  return text.includes('\ufffd') ? latin1(bytes) : text;
}

/** The MAC that a file name speaks of, by the naming of any vendor or as a word of its own. */
export function macInName(catalogue: Catalogue, name: string): Mac | undefined {
  const matches = matchesOf(catalogue, name);
  // A common file such as y000000000066.cfg or f0C006200000.cfg has twelve hex digits that are no MAC.
  if (matches.some((match) => match.mac === undefined)) return undefined;
  if (matches[0] !== undefined) return matches[0].mac;
  const said = MAC_IN_NAME.exec(name)?.[1];
  const mac = said === undefined ? undefined : parseMac(said);
  return mac === '000000000000' ? undefined : mac;
}

/** Decides what the phone gets for the name. */
export function resolve({ name, phone, catalogue }: Question): Plan | Refusal {
  const vendor = vendorOf(catalogue, phone?.identity.vendor);
  const match = matchesOf(catalogue, name).find((one) => one.vendor === vendor);
  const owner = match === undefined ? macInName(catalogue, name) : match.mac;
  if (owner !== undefined && phone !== undefined && owner !== phone.mac) {
    return { kind: 'refuse', because: 'file-of-another-phone' };
  }
  const spelled = vendor && match && phone && nameFor(vendor, match.file, phone);
  return {
    name: spelled ?? name,
    role: match?.file.role ?? 'other',
    statics: [...new Set([name, ...(spelled === undefined ? [] : [spelled])])],
    otherwise: otherwise(phone, vendor, match?.file),
  };
}

function otherwise(
  phone: Asker | undefined,
  vendor: Vendor | undefined,
  file: VendorFile | undefined,
): Plan['otherwise'] {
  if (phone === undefined) return { kind: 'refuse', because: 'unknown-phone' };
  if (vendor === undefined)
    return { kind: 'refuse', because: 'no-such-file', detail: 'the make of the phone is not known' };
  if (file === undefined) return { kind: 'refuse', because: 'no-such-file' };
  if (file.template !== undefined) return { kind: 'render', file };
  if (file.never !== undefined) return { kind: 'refuse', because: 'left-out-on-purpose', detail: file.never };
  return {
    kind: 'refuse',
    because: file.role === 'optional' || file.role === 'boot' ? 'optional-file' : 'no-such-file',
  };
}

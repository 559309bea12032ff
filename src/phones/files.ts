// File names by meaning: which file of a vendor a name stands for, whatever its zeros, its case or the form of its MAC.
import { fill } from '../base/fill.ts';
import { type Mac, parseMac } from '../base/mac.ts';
import type { Phone } from './phone.ts';
import {
  type Catalogue,
  type Model,
  modelOf,
  type Vendor,
  type VendorFile,
  type VendorUpload,
} from './vendor.ts';

export interface FileMatch {
  readonly file: VendorFile;
  /** The MAC in the name, where the name holds one. */
  readonly mac?: Mac | undefined;
  /** The model that the name belongs to, where it tells. */
  readonly model?: Model | undefined;
}

const NOBODY = '000000000000';
const MAC_FORM = '(?:[0-9a-f]{12}|[0-9a-f]{2}(?:[-:][0-9a-f]{2}){5})';

/** What a name stands for with one make. */
export interface VendorMatch extends FileMatch {
  readonly vendor: Vendor;
}

const MOST_NAMES = 4096;
const matched = new WeakMap<Catalogue, Map<string, readonly VendorMatch[]>>();

/**
 * The makes whose phones ask for such a name, each with the file that it stands for. Remembered for a while: one
 * question of one phone wants to know it several times.
 */
export function matchesOf(catalogue: Catalogue, name: string): readonly VendorMatch[] {
  const names = matched.get(catalogue) ?? new Map<string, readonly VendorMatch[]>();
  const known = names.get(name);
  if (known !== undefined) return known;
  const matches = catalogue.vendors.flatMap((vendor) => {
    const match = matchFile(vendor, name);
    return match === undefined ? [] : { vendor, file: match.file, mac: match.mac, model: match.model };
  });
  if (names.size >= MOST_NAMES) names.clear();
  matched.set(catalogue, names.set(name, matches));
  return matches;
}

/** The file of that vendor which the name stands for. Only the last part of a path counts. */
export function matchFile(vendor: Vendor, name: string): FileMatch | undefined {
  const last = name.slice(name.lastIndexOf('/') + 1);
  const lower = last.toLowerCase();
  for (const { file, pattern, head, tail } of matchersOf(vendor)) {
    const match = lower.startsWith(head) && lower.endsWith(tail) ? pattern.exec(last) : null;
    if (match === null) continue;
    const groups = match.groups ?? {};
    const mac = groups['mac'] === undefined ? undefined : parseMac(groups['mac']);
    // Twelve zeros in the place of the MAC mean every phone: some makers name their common file so.
    if (mac !== NOBODY) return { file, mac, model: modelByTokens(vendor, groups) };
  }
  return undefined;
}

/** The name under which that phone asks for the file, or undefined while its model is needed and not known. */
export function nameFor(
  vendor: Vendor,
  file: VendorFile,
  phone: Pick<Phone, 'mac' | 'identity'>,
): string | undefined {
  const { text, unknown } = fill(file.ask, {
    mac: phone.mac,
    MAC: phone.mac.toUpperCase(),
    model: phone.identity.model,
    ...modelOf(vendor, phone.identity.model)?.tokens,
  });
  return unknown.length === 0 ? text : undefined;
}

/** The upload of that vendor which the name stands for, and the MAC in it. Only the last part of a path counts. */
export function matchUpload(
  vendor: Vendor,
  name: string,
): { readonly upload: VendorUpload; readonly mac: Mac } | undefined {
  const last = name.slice(name.lastIndexOf('/') + 1);
  for (const { upload, pattern } of uploadMatchersOf(vendor)) {
    const said = pattern.exec(last)?.groups?.['mac'];
    const mac = said === undefined ? undefined : parseMac(said);
    if (mac !== undefined && mac !== NOBODY) return { upload, mac };
  }
  return undefined;
}

/** The name under which an upload of that phone is kept. */
export function uploadNameFor(upload: VendorUpload, mac: Mac): string {
  return fill(upload.ask, { mac, MAC: mac.toUpperCase() }).text;
}

interface UploadMatcher {
  readonly upload: VendorUpload;
  readonly pattern: RegExp;
}

const madeForUploads = new WeakMap<Vendor, readonly UploadMatcher[]>();

function uploadMatchersOf(vendor: Vendor): readonly UploadMatcher[] {
  const known = madeForUploads.get(vendor);
  if (known !== undefined) return known;
  const matchers = vendor.uploads.map((upload) => ({ upload, pattern: patternOf(vendor, upload.ask) }));
  madeForUploads.set(vendor, matchers);
  return matchers;
}

/** A form of the name of a file. It begins and ends so, in lower case: most names are told apart by that alone. */
interface Matcher {
  readonly file: VendorFile;
  readonly pattern: RegExp;
  readonly head: string;
  readonly tail: string;
}

/** Matchers are made once per vendor; the vendor object is their key, so that a reload makes new ones. */
const made = new WeakMap<Vendor, readonly Matcher[]>();

function matchersOf(vendor: Vendor): readonly Matcher[] {
  const known = made.get(vendor);
  if (known !== undefined) return known;
  const matchers = vendor.files.flatMap((file) => [
    { file, pattern: patternOf(vendor, file.ask), ...endsOf(file.ask) },
    ...(file.like === undefined ? [] : [{ file, pattern: file.like, head: '', tail: '' }]),
  ]);
  made.set(vendor, matchers);
  return matchers;
}

/** What stands before the first placeholder, and after the last. */
function endsOf(ask: string): Pick<Matcher, 'head' | 'tail'> {
  const parts = ask.toLowerCase().split(PLACEHOLDER);
  return { head: parts[0] ?? '', tail: parts.at(-1) ?? '' };
}

const PLACEHOLDER = /\{\w+(?::\w+)?\}/;

/** `y{number:12}.cfg` as a pattern: placeholders become named groups, the rest is literal. */
function patternOf(vendor: Vendor, ask: string): RegExp {
  const seen = new Set<string>();
  const source = ask
    .split(/(\{\w+(?::\w+)?\})/)
    .map((part) => {
      const name = /^\{(\w+)/.exec(part)?.[1];
      if (name === undefined) return literal(part);
      const group = name.toLowerCase() === 'mac' ? 'mac' : name;
      const form = group === 'mac' ? MAC_FORM : tokenForms(vendor, name);
      if (seen.has(group)) return `\\k<${group}>`;
      seen.add(group);
      return `(?<${group}>${form})`;
    })
    .join('');
  return new RegExp(`^${source}$`, 'i');
}

function tokenForms(vendor: Vendor, token: string): string {
  if (token === 'model') return '[\\w.-]+';
  const values = new Set(vendor.models.flatMap((model) => model.tokens[token] ?? []));
  // Longest first, so that no value hides a longer one that begins with it.
  const longest = [...values].sort((a, b) => b.length - a.length).map(literal);
  return longest.length === 0 ? '(?!)' : `0*(?:${longest.join('|')})`;
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function modelByTokens(
  vendor: Vendor,
  groups: Readonly<Record<string, string | undefined>>,
): Model | undefined {
  for (const [token, said] of Object.entries(groups)) {
    if (said === undefined || token === 'mac') continue;
    if (token === 'model') return modelOf(vendor, said);
    const fitting = vendor.models.filter((candidate) => sameToken(candidate.tokens[token], said));
    // Models that share a file are not told apart by it.
    if (fitting.length === 1) return fitting[0];
  }
  return undefined;
}

/** Numbers are compared by value (guides print any count of zeros), other tokens without regard to case. */
function sameToken(known: string | undefined, said: string): boolean {
  if (known === undefined) return false;
  if (/^\d+$/.test(known) && /^\d+$/.test(said)) return Number(known) === Number(said);
  return known.toLowerCase() === said.toLowerCase();
}

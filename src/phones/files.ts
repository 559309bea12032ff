// File names by meaning: which file of a vendor a name stands for, whatever its zeros, its case or the form of its MAC.
import { fill } from '../base/fill.ts';
import { type Mac, parseMac } from '../base/mac.ts';
import { likeOf, type NamePattern, patternOf, readName } from './name-pattern.ts';
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
  const spelt = spelling(name);
  const matches: VendorMatch[] = [];
  for (const { vendor, matchers } of makesOf(catalogue, spelt)) {
    const match = firstMatch(vendor, matchers, spelt);
    if (match !== undefined) matches.push(match);
  }
  if (names.size >= MOST_NAMES) names.clear();
  matched.set(catalogue, names.set(name, matches));
  return matches;
}

/** The file of that vendor which the name stands for. Only the last part of a path counts. */
export function matchFile(vendor: Vendor, name: string): FileMatch | undefined {
  return firstMatch(vendor, matchersOf(vendor), spelling(name));
}

/** The last part of a name. */
interface Spelling {
  readonly last: string;
  readonly lower: string;
}

function spelling(name: string): Spelling {
  const last = name.slice(name.lastIndexOf('/') + 1);
  return { last, lower: last.toLowerCase() };
}

function firstMatch(
  vendor: Vendor,
  matchers: readonly Matcher[],
  { last, lower }: Spelling,
): VendorMatch | undefined {
  for (const matcher of matchers) {
    const match = readName(matcher, last, lower);
    if (match === null) continue;
    const { file, tells } = matcher;
    const said = match.groups?.['mac'];
    const mac = said === undefined ? undefined : parseMac(said);
    // Twelve zeros in the place of the MAC mean every phone: some makers name their common file so.
    if (mac === NOBODY) continue;
    return { vendor, file, mac, model: tells ? modelByTokens(vendor, match.groups ?? {}) : undefined };
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
  const { last, lower } = spelling(name);
  for (const matcher of uploadMatchersOf(vendor)) {
    const said = readName(matcher, last, lower)?.groups?.['mac'];
    const mac = said === undefined ? undefined : parseMac(said);
    if (mac !== undefined && mac !== NOBODY) return { upload: matcher.upload, mac };
  }
  return undefined;
}

/** The name under which an upload of that phone is kept. */
export function uploadNameFor(upload: VendorUpload, mac: Mac): string {
  return fill(upload.ask, { mac, MAC: mac.toUpperCase() }).text;
}

interface UploadMatcher extends NamePattern {
  readonly upload: VendorUpload;
}

const madeForUploads = new WeakMap<Vendor, readonly UploadMatcher[]>();

function uploadMatchersOf(vendor: Vendor): readonly UploadMatcher[] {
  const known = madeForUploads.get(vendor);
  if (known !== undefined) return known;
  const matchers = vendor.uploads.map((upload) => ({ upload, ...patternOf(vendor, upload.ask) }));
  madeForUploads.set(vendor, matchers);
  return matchers;
}

/** A form of the name of a file. */
interface Matcher extends NamePattern {
  readonly file: VendorFile;
}

/** Matchers are made once per vendor; the vendor object is their key, so that a reload makes new ones. */
const made = new WeakMap<Vendor, readonly Matcher[]>();

function matchersOf(vendor: Vendor): readonly Matcher[] {
  const known = made.get(vendor);
  if (known !== undefined) return known;
  const matchers = vendor.files.flatMap((file) => [
    { file, ...patternOf(vendor, file.ask) },
    ...(file.like === undefined ? [] : [{ file, ...likeOf(file.like) }]),
  ]);
  made.set(vendor, matchers);
  return matchers;
}

/** The forms of a make that a name may have. */
interface Make {
  readonly vendor: Vendor;
  readonly matchers: readonly Matcher[];
}

/** By the extension: `.cfg` finds those that end so, or of which it is not known how they end. */
const madeByExtension = new WeakMap<Catalogue, ReadonlyMap<string, readonly Make[]>>();
const ANY = '';

function makesOf(catalogue: Catalogue, { lower }: Spelling): readonly Make[] {
  let makes = madeByExtension.get(catalogue);
  if (makes === undefined) {
    makes = byExtension(catalogue);
    madeByExtension.set(catalogue, makes);
  }
  return makes.get(extensionOf(lower)) ?? makes.get(ANY) ?? [];
}

function byExtension({ vendors }: Catalogue): ReadonlyMap<string, readonly Make[]> {
  const extensions = new Set([ANY, ...vendors.flatMap(matchersOf).map(({ tail }) => extensionOf(tail))]);
  return new Map(
    [...extensions].map((extension) => {
      const fits = ({ tail }: Matcher): boolean => [ANY, extension].includes(extensionOf(tail));
      const makes = vendors.map((vendor) => ({ vendor, matchers: matchersOf(vendor).filter(fits) }));
      return [extension, makes.filter(({ matchers }) => matchers.length > 0)];
    }),
  );
}

function extensionOf(end: string): string {
  const dot = end.lastIndexOf('.');
  return dot < 0 ? ANY : end.slice(dot);
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

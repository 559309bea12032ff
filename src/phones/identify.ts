// Clues to one identity: each clue is read by the vendors' own patterns; the weights of those that agree add up, the
// rest may object.
import { fromLatin1, toHex } from '../base/bytes.ts';
import { type Mac, parseMac } from '../base/mac.ts';
import { CLUE_NAME, type Clue, WEIGHT, WHOLE } from './clues.ts';
import { matchesOf } from './files.ts';
import type { Identity } from './phone.ts';
import { type Catalogue, modelOf, type Vendor, vendorOf } from './vendor.ts';

/** What one clue says. */
interface Reading {
  readonly clue: Clue;
  readonly vendor?: Vendor | undefined;
  readonly model?: string | undefined;
  readonly firmware?: string | undefined;
  /** More than the weight of its kind. */
  readonly extra?: number | undefined;
}

/** How much speaks for one vendor. */
export interface Score {
  readonly vendor: Vendor;
  readonly score: number;
  /** The clues that speak for it, heaviest first, each with its weight. */
  readonly clues: readonly { readonly clue: Clue; readonly weight: number }[];
}

/** What the clues say for each vendor that any of them names, highest first. */
export function scoresOf(catalogue: Catalogue, clues: Iterable<Clue>): readonly Score[] {
  return scored(readingsOf(catalogue, clues)).map(({ vendor, score, readings }) => ({
    vendor,
    score,
    clues: readings.map((reading) => ({ clue: reading.clue, weight: weightOf(reading) })),
  }));
}

/** The identity that the clues give together. Fields the heaviest clue leaves open are filled by lighter ones of the same vendor. */
export function identify(catalogue: Catalogue, clues: Iterable<Clue>): Identity {
  const [best, ...others] = scored(readingsOf(catalogue, clues));
  const first = best?.readings[0];
  if (best === undefined || first === undefined) return UNKNOWN;
  const { vendor, readings } = best;
  const model = readings.find((reading) => reading.model !== undefined)?.model;
  return {
    vendor: vendor.id,
    model: modelOf(vendor, model)?.name ?? model,
    firmware: readings.find((reading) => reading.firmware !== undefined)?.firmware,
    by: CLUE_NAME[first.clue.kind],
    conflicts: others.flatMap((other) =>
      other.readings.map(({ clue }) => `${CLUE_NAME[clue.kind]} says ${other.vendor.name}`),
    ),
  };
}

/** One object for all strangers, so that what follows from it is worked out once. */
const UNKNOWN: Identity = { by: 'nothing it has said so far', conflicts: [] };

type Telling = Reading & { readonly vendor: Vendor };

/** Readings that name a vendor, heaviest first. */
function readingsOf(catalogue: Catalogue, clues: Iterable<Clue>): readonly Telling[] {
  return [...clues]
    .map((clue) => readClue(catalogue, clue))
    .filter((reading): reading is Telling => reading.vendor !== undefined)
    .sort((a, b) => weightOf(b) - weightOf(a));
}

function scored(
  readings: readonly Telling[],
): readonly { readonly vendor: Vendor; readonly score: number; readonly readings: readonly Telling[] }[] {
  const vendors = [...new Set(readings.map(({ vendor }) => vendor))];
  return vendors
    .map((vendor) => {
      const own = readings.filter((reading) => reading.vendor === vendor);
      return { vendor, readings: own, score: own.reduce((sum, reading) => sum + weightOf(reading), 0) };
    })
    .sort((a, b) => b.score - a.score);
}

function weightOf({ clue, extra = 0 }: Reading): number {
  return WEIGHT[clue.kind] + extra;
}

/** The MAC that a User-Agent ends in, by the pattern of its vendor. */
export function macInUserAgent(catalogue: Catalogue, text: string): Mac | undefined {
  for (const vendor of catalogue.vendors) {
    for (const pattern of vendor.recognise.userAgent) {
      const mac = pattern.exec(text)?.groups?.['mac'];
      if (mac !== undefined) return parseMac(mac);
    }
  }
  return undefined;
}

/** Whether the clue names a vendor by itself. */
export function tells(catalogue: Catalogue, clue: Clue): boolean {
  return readClue(catalogue, clue).vendor !== undefined;
}

function readClue(catalogue: Catalogue, clue: Clue): Reading {
  switch (clue.kind) {
    case 'user-agent':
      return byPattern(catalogue, clue, clue.text, (vendor) => vendor.recognise.userAgent);
    case 'option-60':
      return byVendorClass(catalogue, clue, clue.text);
    case 'option-77':
      return byPattern(catalogue, clue, clue.classes.join('\n'), (vendor) => vendor.recognise.option77);
    case 'hostname':
      return byPattern(catalogue, clue, clue.text, (vendor) => vendor.recognise.hostname);
    case 'enterprise':
      return {
        clue,
        vendor: onlyOne(catalogue, (vendor) =>
          vendor.recognise.enterprises.some((number) => clue.numbers.includes(number)),
        ),
      };
    case 'pnp-event':
      return {
        ...byPattern(catalogue, clue, clue.vendor ?? '', (vendor) => vendor.recognise.pnpVendor),
        model: clue.model,
        firmware: clue.version,
      };
    case 'listed':
      return { clue, vendor: vendorOf(catalogue, clue.vendor?.toLowerCase()), model: clue.model };
    case 'file-name':
      return byFileName(catalogue, clue, clue.text);
    case 'option-55':
      return {
        clue,
        vendor: onlyOne(catalogue, (vendor) =>
          vendor.recognise.option55.some((print) => print.join() === clue.codes.join()),
        ),
      };
    case 'oui':
      return { clue, vendor: onlyOne(catalogue, (vendor) => hasOui(vendor, clue.oui)) };
  }
}

function byPattern(
  catalogue: Catalogue,
  clue: Clue,
  text: string,
  patterns: (vendor: Vendor) => readonly RegExp[],
): Reading {
  for (const vendor of catalogue.vendors) {
    for (const pattern of patterns(vendor)) {
      const groups = pattern.exec(text);
      if (groups === null) continue;
      return { clue, vendor, model: groups.groups?.['model'], firmware: groups.groups?.['firmware'] };
    }
  }
  return { clue };
}

/** Bytes that the vendor's file lists come before its expressions; a model or the whole text named counts for more. */
function byVendorClass(catalogue: Catalogue, clue: Clue, text: string): Reading {
  const hex = toHex(fromLatin1(text));
  const vendor = catalogue.vendors.find(({ recognise }) =>
    recognise.option60Hex.some((start) => hex.startsWith(start.toLowerCase())),
  );
  if (vendor !== undefined) return { clue, vendor };
  const reading = byPattern(catalogue, clue, text, (candidate) => candidate.recognise.option60);
  const isWhole = reading.model !== undefined && text.endsWith(reading.model);
  return { ...reading, extra: isWhole ? WHOLE : 0 };
}

/** A file name speaks for a vendor only when no other vendor's phones ask for it too. */
function byFileName(catalogue: Catalogue, clue: Clue, name: string): Reading {
  const [only, ...others] = matchesOf(catalogue, name);
  return others.length > 0 ? { clue } : { clue, vendor: only?.vendor, model: only?.model?.name };
}

function onlyOne(catalogue: Catalogue, fits: (vendor: Vendor) => boolean): Vendor | undefined {
  const fitting = catalogue.vendors.filter(fits);
  return fitting.length === 1 ? fitting[0] : undefined;
}

function hasOui(vendor: Vendor, oui: string): boolean {
  return vendor.recognise.ouis.some((known) => known.toLowerCase() === oui);
}

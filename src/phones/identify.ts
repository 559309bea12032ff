// Clues to one identity: each clue is read by the vendors' own patterns, the heaviest clue wins, the rest may object.
import { type Mac, ouiOf, parseMac } from '../base/mac.ts';
import { CLUE_NAME, type Clue, WEIGHT } from './clues.ts';
import { matchFile } from './files.ts';
import type { Identity } from './phone.ts';
import { type Catalogue, modelOf, type Vendor, vendorOf } from './vendor.ts';

/** What one clue says. */
interface Reading {
  readonly clue: Clue;
  readonly vendor?: Vendor | undefined;
  readonly model?: string | undefined;
  readonly firmware?: string | undefined;
}

/** The identity that the clues give together. Fields the heaviest clue leaves open are filled by lighter ones of the same vendor. */
export function identify(catalogue: Catalogue, clues: Iterable<Clue>): Identity {
  const readings = [...clues]
    .map((clue) => readClue(catalogue, clue))
    .filter((reading) => reading.vendor !== undefined)
    .sort((a, b) => WEIGHT[b.clue.kind] - WEIGHT[a.clue.kind]);
  const winner = readings[0];
  if (winner?.vendor === undefined) return { by: 'nothing it has said so far', conflicts: [] };
  const vendor = winner.vendor;
  const same = readings.filter((reading) => reading.vendor === vendor);
  const model = same.find((reading) => reading.model !== undefined)?.model;
  return {
    vendor: vendor.id,
    model: modelOf(vendor, model)?.name ?? model,
    firmware: same.find((reading) => reading.firmware !== undefined)?.firmware,
    by: CLUE_NAME[winner.clue.kind],
    conflicts: readings
      .filter((reading) => reading.vendor !== vendor)
      .map((reading) => `${CLUE_NAME[reading.clue.kind]} says ${reading.vendor?.name}`),
  };
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
      return byPattern(catalogue, clue, clue.text, (vendor) => vendor.recognise.option60);
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
      return { clue, vendor: onlyOne(catalogue, (vendor) => hasOui(vendor, ouiOf(clue.mac))) };
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

/** A file name speaks for a vendor only when no other vendor's phones ask for it too. */
function byFileName(catalogue: Catalogue, clue: Clue, name: string): Reading {
  const vendor = onlyOne(catalogue, (candidate) => matchFile(candidate, name) !== undefined);
  return { clue, vendor, model: vendor && matchFile(vendor, name)?.model?.name };
}

function onlyOne(catalogue: Catalogue, fits: (vendor: Vendor) => boolean): Vendor | undefined {
  const fitting = catalogue.vendors.filter(fits);
  return fitting.length === 1 ? fitting[0] : undefined;
}

function hasOui(vendor: Vendor, oui: string): boolean {
  return vendor.recognise.ouis.some((known) => known.toLowerCase() === oui);
}

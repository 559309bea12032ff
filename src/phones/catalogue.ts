// Reads the vendor files: the built-in ones, and whole or partial overrides of the site in the same shape.
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { placeholdersOf } from '../base/fill.ts';
import { checkShape } from '../base/shape.ts';
import { type Mistake, readYaml, type YamlText } from '../base/yaml-text.ts';
import { type Catalogue, type Vendor, vendorShape } from './vendor.ts';

interface Read {
  readonly catalogue: Catalogue;
  readonly mistakes: readonly Mistake[];
}

/** Overrides by vendor id, as the site's file holds them, and the place of each for mistakes. */
export interface Overrides {
  readonly values: Readonly<Record<string, unknown>>;
  readonly at: YamlText['at'];
}

/** All vendor files of the folder (`<id>.yaml`), in the order of their names, with every mistake in them. */
export async function readCatalogue(folder: string, overrides: Overrides): Promise<Read> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  const vendors: Vendor[] = [];
  const mistakes: Mistake[] = [];
  const known = new Set(names.map((name) => basename(name, '.yaml')));
  for (const name of names) {
    const id = basename(name, '.yaml');
    const file = join(folder, name);
    const yaml = readYaml(file, await readFile(file, 'utf8'));
    if (yaml.mistakes.length > 0) {
      mistakes.push(...yaml.mistakes);
      continue;
    }
    const override = overrides.values[id];
    const at: YamlText['at'] = (path, message) =>
      reaches(override, path) ? overrides.at(['vendors', id, ...path], message) : yaml.at(path, message);
    checkVendor({ id, raw: merged(yaml.value, override), at }, vendors, mistakes);
  }
  for (const [id, raw] of Object.entries(overrides.values)) {
    if (known.has(id)) continue;
    const at: YamlText['at'] = (path, message) => overrides.at(['vendors', id, ...path], message);
    checkVendor({ id, raw, at }, vendors, mistakes);
  }
  return { catalogue: { vendors }, mistakes };
}

interface Candidate {
  readonly id: string;
  readonly raw: unknown;
  readonly at: YamlText['at'];
}

function checkVendor({ id, raw, at }: Candidate, vendors: Vendor[], mistakes: Mistake[]): void {
  const checked = checkShape(vendorShape, raw);
  if (!checked.ok) {
    mistakes.push(...checked.error.map(({ path, message }) => at(path, message)));
    return;
  }
  const vendor: Vendor = { id, ...checked.value };
  mistakes.push(...namesWithoutMeaning(vendor).map(({ path, message }) => at(path, message)));
  vendors.push(vendor);
}

/** Placeholders that no phone of this vendor could ever fill are mistakes of the file. */
function namesWithoutMeaning(vendor: Vendor): readonly { path: (string | number)[]; message: string }[] {
  const known = new Set([
    'mac',
    'MAC',
    'model',
    ...vendor.models.flatMap((model) => Object.keys(model.tokens)),
  ]);
  const unknown = vendor.files.flatMap((file, index) =>
    placeholdersOf(file.ask)
      .filter((name) => !known.has(name))
      .map((name) => ({ path: ['files', index, 'ask'], message: `nothing fills {${name}}` })),
  );
  if (vendor.files.some((file) => file.role === 'own' && file.template !== undefined)) return unknown;
  return [
    ...unknown,
    { path: ['files'], message: 'no file of role "own" has a template, so no phone could ever be proven' },
  ];
}

function reaches(value: unknown, path: readonly (string | number)[]): boolean {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !(step in here)) return false;
    here = (here as Readonly<Record<string | number, unknown>>)[step];
  }
  return here !== undefined;
}

/** Maps are merged key by key; anything else of the override replaces what stood there. */
function merged(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (!isPlain(base) || !isPlain(over)) return over;
  const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, merged(base[key], over[key])]));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

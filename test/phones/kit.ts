// The built-in vendor data as the tests of this folder read it.
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { type Mac, parseMac } from '../../src/base/mac.ts';
import { checkShape } from '../../src/base/shape.ts';
import type { Identity } from '../../src/phones/phone.ts';
import { type Catalogue, type Vendor, vendorShape } from '../../src/phones/vendor.ts';

export const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
export const list = (path: string): readonly string[] =>
  readdirSync(new URL(`../../${path}`, import.meta.url)).sort();

export const IDS = [
  'alcatel',
  'audiocodes',
  'avaya',
  'cisco',
  'fanvil',
  'flyingvoice',
  'gigaset',
  'grandstream',
  'htek',
  'mitel',
  'panasonic',
  'poly',
  'snom',
  'spa',
  'vtech',
  'yealink',
] as const;

function load(id: string): Vendor {
  const checked = checkShape(vendorShape, parse(read(`config/vendors/${id}.yaml`)));
  if (!checked.ok) throw new Error(`${id}.yaml: ${JSON.stringify(checked.error)}`);
  return { id, ...checked.value };
}

export const catalogue: Catalogue = { vendors: IDS.map(load) };
export const vendors = catalogue.vendors;
export const vendor = (id: string): Vendor =>
  vendors.find((each) => each.id === id) ?? expect.fail(`no vendor ${id}`);
export const mac = (text: string): Mac => parseMac(text) ?? expect.fail(`${text} is no MAC`);

/** The rows of a capture table; `-` is nothing. */
export function capture(name: string): readonly Readonly<Record<string, string | undefined>>[] {
  const [head = '', ...lines] = read(`test/captures/${name}`).trimEnd().split('\n');
  const keys = head.split('\t');
  return lines.map((line) => {
    const cells = line.split('\t');
    expect(cells, line).toHaveLength(keys.length);
    return Object.fromEntries(
      keys.map((key, index) => [key, cells[index] === '-' ? undefined : cells[index]]),
    );
  });
}

export const named = (model: string | undefined): Identity => ({ by: 'a test', conflicts: [], model });

// Reads the templates: the site's own folder first, then the built-in one. All are read at start and kept.
import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { errnoOf } from '../base/fault.ts';
import { parseMac } from '../base/mac.ts';
import type { Mistake } from '../base/yaml-text.ts';
import { type Catalogue, modelOf, type Vendor } from '../phones/vendor.ts';
import { EVERYBODY, modelKey, phoneKey, SINGLE, type Templates, templateKey } from './layers.ts';
import { type ParsedTemplate, parseTemplate } from './render.ts';

interface TemplateFile {
  /** Below its folder: `acme/phone.cfg`. */
  readonly name: string;
  readonly file: string;
  readonly text: string;
}

/** Reads the templates of all vendors from the folders (the first that has one wins), with every mistake. */
export async function readTemplates(
  folders: readonly string[],
  catalogue: Catalogue,
): Promise<{ readonly templates: Templates; readonly mistakes: readonly Mistake[] }> {
  const found = new Map<string, TemplateFile>();
  for (const folder of [...folders].reverse()) {
    for (const file of await filesIn(folder)) found.set(file.name, file);
  }
  // Templates may render each other, so each may be a part of others.
  const partials = Object.fromEntries([...found.values()].map(({ name, text }) => [name, text]));
  const templates = new Map<string, ParsedTemplate>();
  const mistakes: Mistake[] = [];
  for (const { name, file, text } of found.values()) {
    const key = keyOf(name, catalogue);
    if (key === undefined) continue;
    const parsed = parseTemplate(file, text, partials);
    if (parsed.ok) templates.set(key, parsed.value);
    else mistakes.push({ file, ...parsed.error });
  }
  mistakes.push(...missing(found, folders.at(-1) ?? '', catalogue));
  return { templates, mistakes };
}

/** Templates that vendor files name and no folder has. */
function missing(
  found: ReadonlyMap<string, unknown>,
  folder: string,
  catalogue: Catalogue,
): readonly Mistake[] {
  return catalogue.vendors.flatMap((vendor) =>
    [...templatesOf(vendor)]
      .filter((name) => !found.has(templateKey(vendor.id, name)) && !found.has(templateKey(EVERYBODY, name)))
      .map((name) => ({
        file: join(folder, templateKey(vendor.id, name)),
        message: 'the template is missing',
      })),
  );
}

/** Files of the site's template folder that nothing names: a typing error waiting to be wondered about. */
export async function strayTemplates(folder: string, templates: Templates): Promise<readonly Mistake[]> {
  const used = new Set([...templates.values()].map(({ file }) => file));
  const rendered = [...templates.values()]
    .flatMap(({ partials }) => Object.values(partials))
    .flatMap(partsIn);
  const parts = new Set(rendered);
  return (await filesIn(folder)).flatMap(({ name, file }) =>
    used.has(file) || parts.has(name) ? [] : [{ file, message: 'no vendor file names this template' }],
  );
}

/** What a template renders or includes by a name that is written out. */
function partsIn(text: string): readonly string[] {
  return [...text.matchAll(/\{%-?\s*(?:render|include|layout)\s+['"]([^'"]+)['"]/g)].map(
    (match) => match[1] ?? '',
  );
}

function templatesOf(vendor: Vendor): ReadonlySet<string> {
  return new Set(vendor.files.flatMap((file) => file.template ?? []));
}

/** The place that a file's name says, where any vendor has such a template. */
function keyOf(name: string, catalogue: Catalogue): string | undefined {
  const parts = name.split('/');
  const last = parts.at(-1) ?? '';
  const [first = '', second = ''] = parts;
  if (parts.length === 3 && first === SINGLE) {
    const mac = parseMac(second);
    const isNamed = catalogue.vendors.some((vendor) => templatesOf(vendor).has(last));
    return mac === undefined || !isNamed ? undefined : phoneKey(mac, last);
  }
  if (parts.length === 2 && first === EVERYBODY)
    return catalogue.vendors.some((vendor) => templatesOf(vendor).has(last))
      ? templateKey(EVERYBODY, last)
      : undefined;
  const vendor = catalogue.vendors.find(({ id }) => id === first);
  if (vendor === undefined || !templatesOf(vendor).has(last)) return undefined;
  // A folder of a model that nobody knows would be looked at for no phone.
  if (parts.length === 3) return modelOf(vendor, second) && modelKey(vendor.id, second, last);
  return parts.length === 2 ? templateKey(vendor.id, last) : undefined;
}

async function filesIn(folder: string): Promise<readonly TemplateFile[]> {
  const files: TemplateFile[] = [];
  for (const entry of await entriesOf(folder)) {
    if (!entry.isFile() || entry.name.startsWith('.')) continue;
    const file = join(entry.parentPath, entry.name);
    files.push({
      name: relative(folder, file).replaceAll(sep, '/'),
      file,
      text: await readFile(file, 'utf8'),
    });
  }
  return files;
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error;
    return [];
  }
}

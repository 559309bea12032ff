// Finds the templates on disk: the site's own folder first, then the built-in one. All are read at start and kept.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../base/fault.ts';
import type { Mistake } from '../base/yaml-text.ts';
import type { Catalogue } from '../phones/vendor.ts';
import { type ParsedTemplate, parseTemplate } from './render.ts';

/** Parsed templates under `<vendor>/<name>`. */
export type Templates = ReadonlyMap<string, ParsedTemplate>;

export function templateKey(vendor: string, template: string): string {
  return `${vendor}/${template}`;
}

/** Reads the templates of all vendors from the folders (the first that has one wins), with every mistake. */
export async function readTemplates(
  folders: readonly string[],
  catalogue: Catalogue,
): Promise<{ readonly templates: Templates; readonly mistakes: readonly Mistake[] }> {
  const templates = new Map<string, ParsedTemplate>();
  const mistakes: Mistake[] = [];
  for (const vendor of catalogue.vendors) {
    const needed = new Set(vendor.files.flatMap((file) => file.template ?? []));
    for (const name of needed) {
      const key = templateKey(vendor.id, name);
      const found = await firstReadable(folders.map((folder) => join(folder, vendor.id, name)));
      if (found === undefined) {
        mistakes.push({ file: join(folders.at(-1) ?? '', key), message: 'the template is missing' });
        continue;
      }
      const parsed = parseTemplate(found.file, found.text);
      if (parsed.ok) templates.set(key, parsed.value);
      else mistakes.push({ file: found.file, ...parsed.error });
    }
  }
  return { templates, mistakes };
}

/** Files of the site's template folder that no vendor file names: a typing error waiting to be wondered about. */
export async function strayTemplates(folder: string, templates: Templates): Promise<readonly Mistake[]> {
  const strays: Mistake[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith('.')) continue;
    const file = join(entry.parentPath, entry.name);
    if ([...templates.values()].some((template) => template.file === file)) continue;
    strays.push({ file, message: 'no vendor file names this template' });
  }
  return strays;
}

async function firstReadable(files: readonly string[]): Promise<{ file: string; text: string } | undefined> {
  for (const file of files) {
    try {
      return { file, text: await readFile(file, 'utf8') };
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error;
    }
  }
  return undefined;
}

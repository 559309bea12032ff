// What README, SECURITY and the pages of the makes say must be so: commands that can be typed, sentences that are said,
// links that lead somewhere, settings that exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { checkShape, shape } from '../../src/base/shape.ts';
import { siteShape } from '../../src/site/schema.ts';
import { argvOf, parse } from '../cli/typed.ts';

const PAPERS = ['README.md', 'CHANGELOG.md', '.github/SECURITY.md', 'config/vendors/README.md'];
const textOf = (file: string): string => readFileSync(file, 'utf8');
const readme = textOf('README.md');

/** What stands in quotes of code, and the lines of blocks; a line that ends in a backslash goes on. */
function codeIn(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^ *```\w*\n([\s\S]*?)^ *```$/gm)].map(([, block = '']) => block);
  const lines = blocks.flatMap((block) => block.replaceAll(/\\\n/g, '').split('\n'));
  const spans = text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/`([^`]+)`/g);
  return [...lines, ...[...spans].map(([, code = '']) => code.replaceAll('\n', ' '))];
}

/** Without what follows as a comment, and without the brackets of what may be left out. */
function commandsIn(text: string): readonly string[] {
  const typed = codeIn(text).map((code) =>
    code
      .trim()
      .replace(/\s+#.*$/, '')
      .replaceAll(/[[\]]/g, ''),
  );
  return [...new Set(typed)].filter((code) => /^(?:sudo )?unboxd [a-z]/.test(code) && code !== 'unboxd help');
}

describe.each(PAPERS)('%s', (paper) => {
  const text = textOf(paper);

  // A page may speak of a command without all it needs ("unboxd resync with --via"): what is typed must exist.
  test('names commands and flags that exist', async () => {
    for (const code of commandsIn(text)) {
      const { notes } = await parse(argvOf(code) ?? []);
      expect(notes.join(' '), code).not.toMatch(/unknown|too many/);
    }
  });

  test('links to what is there', () => {
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, to = '']) => to);
    for (const to of links.filter((link) => !/^https?:/.test(link))) {
      const [file = '', anchor] = to.split('#');
      if (file !== '') expect(existsSync(join(dirname(paper), file)), to).toBe(true);
      if (file === '' && anchor !== undefined) expect(anchorsOf(text), to).toContain(anchor);
    }
  });

  test('names settings that exist, and that config/unboxd.yaml shows', () => {
    const shown = textOf('config/unboxd.yaml');
    const paths = settingsIn(text);
    expect(paths.filter((path) => !isSetting(path))).toEqual([]);
    for (const path of paths)
      for (const key of path.split('.')) expect(shown, path).toMatch(new RegExp(`\\b${key}\\b`));
  });
});

function settingsIn(text: string): readonly string[] {
  const sections = ['dhcp', 'pnp', 'files', 'doors', 'control', 'provisioning', 'wake', 'log', 'lans'].join(
    '|',
  );
  const named = [...text.matchAll(new RegExp(`\`((?:${sections})\\.[a-zA-Z0-9.]+)`, 'g'))];
  // Phones ask for files of such names too.
  return named.map(([, path = '']) => path).filter((path) => !/\.(?:xml|cfg|txt)$/.test(path));
}

/** As much of JSON Schema as settings are made of. */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
}

const written = shape.toJSONSchema(siteShape, { io: 'input', unrepresentable: 'any' }) as Shape;

/** Key by key, whatever form the setting may have. Entries of lists have no name in a path. */
function isSetting(path: string): boolean {
  const keys = path.split('.');
  // What is of a LAN is named without it.
  return [keys, ['lans', ...keys]].some((whole) => {
    return whole.reduce<readonly Shape[]>(below, formsOf(written)).length > 0;
  });
}

function below(forms: readonly Shape[], key: string): readonly Shape[] {
  return forms.flatMap(({ properties }) => formsOf(properties?.[key]));
}

function formsOf(one: Shape | undefined): readonly Shape[] {
  if (one === undefined) return [];
  return [one, ...formsOf(one.items), ...(one.anyOf ?? []).flatMap(formsOf)];
}

test('the guard is awake: it saw commands, and knows a wrong one', async () => {
  expect(commandsIn(readme).length).toBeGreaterThan(40);
  const wrong = commandsIn('`unboxd phones --colour` and `unboxd phone`');
  expect(wrong).toHaveLength(2);
  for (const code of wrong)
    expect((await parse(argvOf(code) ?? [])).notes.join(' '), code).toContain('unknown');
});

test('the guard is awake: it saw settings, and knows those that stand elsewhere', () => {
  expect(settingsIn(readme).length).toBeGreaterThan(20);
  const wrong = settingsIn(
    '`files.httpsLegacy`, `dhcp.guard.share`, `lans.provisioning` and `doors.http.port`',
  );
  expect(wrong).toHaveLength(4);
  expect(wrong.filter(isSetting)).toEqual([]);
  const right = settingsIn(
    '`doors.httpsLegacy`, `doors.https.names`, `pnp.limits.total` and `lans.dhcp.guard.allow`',
  );
  expect(right).toHaveLength(4);
  expect(right.filter((path) => !isSetting(path))).toEqual([]);
});

function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** All that the program can say, with … where a name or a number is filled in. */
const sayings = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => textOf(join('src', file)).replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…'))
  .join('\n');

function rowsOf(heading: string): readonly string[] {
  const section = readme.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| (.+?) +\|/gm)]
    .map(([, cell = '']) => cell)
    .filter((cell) => !/^(it says|-+)$/.test(cell));
}

const sentences = rowsOf('When a phone is stuck');

test('the sentences of the table are many', () => {
  expect(sentences.length).toBeGreaterThan(25);
});

test.each(sentences)('it really says: %s', (sentence) => {
  const fragments = sentence
    .split('…')
    .map((fragment) => fragment.trim())
    .filter((fragment) => fragment.length > 2);
  expect(fragments.length).toBeGreaterThan(0);
  expect(fragments.filter((fragment) => !sayings.includes(fragment))).toEqual([]);
});

test('the settings with two LANs can be read', () => {
  const [, yaml = ''] = /```yaml\n(lans:[\s\S]*?)```\n/.exec(readme) ?? [];
  const found = checkShape(siteShape, parseYaml(yaml));
  if (!found.ok) throw new Error(JSON.stringify(found.error));
  expect(found.value.lans.map((lan) => [lan.interface, lan.dhcp.mode])).toEqual([
    ['eth1', 'full'],
    ['eth0', 'companion'],
  ]);
});

// What the packages carry of others: their licences, and the list of parts that `npm sbom` makes.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { allowedLicence, copyrightText, productionDependencies } from '../../systemd/deb/licences.ts';

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const wanted = { ...manifest.dependencies, ...manifest.optionalDependencies };
const carried = productionDependencies('.', ['x64', 'arm64', 'arm']);

test.each(carried)('$name $version may be given on, with its text', ({ licence, texts }) => {
  expect(allowedLicence(licence), `"${licence}" needs a look`).toBeDefined();
  expect(texts.join('\n')).toMatch(/copyright|licen[cs]e/i);
});

test('each dependency of package.json and the native parts of all three architectures are among them', () => {
  const named = carried.map(({ name, version }) => `${name} ${version}`);
  expect(named).toEqual(
    expect.arrayContaining(Object.entries(wanted).map(([name, version]) => `${name} ${version}`)),
  );
  for (const cpu of ['arm', 'arm64', 'x64'])
    expect(named).toContainEqual(expect.stringMatching(`^@koromix/koffi-linux-${cpu} `));
  expect(named.join('\n')).not.toMatch(/win32|darwin|vitest|esbuild/);
});

test.each([
  { expression: 'MIT', taken: 'MIT' },
  { expression: '(BSD-3-Clause OR GPL-2.0)', taken: 'BSD-3-Clause' },
  { expression: 'GPL-3.0-only OR ISC', taken: 'ISC' },
  { expression: 'GPL-3.0-only', taken: undefined },
  { expression: 'MIT AND GPL-2.0', taken: undefined },
  { expression: 'SEE LICENSE IN x', taken: undefined },
])('of "$expression" we take $taken', ({ expression, taken }) => {
  expect(allowedLicence(expression)).toBe(taken);
});

test('the copyright file names every part once, and holds its text whole', () => {
  const text = copyrightText('OUR LICENCE', carried);
  expect(text.startsWith('unboxd is under this licence:\n\nOUR LICENCE\n')).toBe(true);
  for (const { name, version, texts } of carried) {
    expect(text.split('\n').filter((line) => line.startsWith(`  ${name} ${version}: `))).toHaveLength(1);
    for (const one of texts) expect(text).toContain(one);
  }
});

test.each([
  { licence: 'AGPL-3.0', texts: ['x'], says: 'x 1 is under "AGPL-3.0"' },
  { licence: 'MIT', texts: [], says: 'x 1 has no licence text' },
])('a package cannot be built with $licence and $texts.length texts', ({ licence, texts, says }) => {
  expect(() => copyrightText('', [{ name: 'x', version: '1', licence, texts }])).toThrow(says);
});

interface Component {
  readonly purl: string;
  readonly licenses: readonly { readonly license?: { readonly id: string }; readonly expression?: string }[];
  readonly properties: readonly { readonly name: string }[];
}

// Not with --omit=dev, by which npm leaves out what a tool for development happens to need as well (yaml, zod).
test('npm sbom tells what runs here from tools for development: names, versions, licences', () => {
  const said = execFileSync('npm', ['sbom'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const { bomFormat, metadata, components } = JSON.parse(said) as {
    readonly bomFormat: string;
    readonly metadata: { readonly component: unknown };
    readonly components: readonly Component[];
  };
  expect(bomFormat).toBe('CycloneDX');
  const ourselves = { type: 'application', purl: `pkg:npm/unboxd@${manifest.version}` };
  expect(metadata.component).toMatchObject(ourselves);
  const running = components.filter(
    ({ properties }) => !properties.some(({ name }) => name === 'cdx:npm:package:development'),
  );
  const told = running.map(({ purl, licenses: [one] }) => [purl, one?.license?.id ?? one?.expression]);
  const here = productionDependencies('.', [process.arch]);
  expect(here.length).toBeGreaterThan(Object.keys(wanted).length);
  expect(told.sort()).toEqual(here.map((one) => [purlOf(one), one.licence]).sort());
});

function purlOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

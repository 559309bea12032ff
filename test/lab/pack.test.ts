// The npm package as users have it: packed, installed for the whole machine into a folder of its own, and run from
// elsewhere.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder = '';
let packed: readonly string[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unboxd-pack-'));
  // Without the build that npm would run first: `npm test` made it, and other tests run what is in dist.
  const said = run('npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', folder);
  const [made] = JSON.parse(said) as readonly [
    { readonly filename: string; readonly files: readonly { readonly path: string }[] },
  ];
  packed = made.files.map(({ path }) => path);
  // npm ci filled its cache with all that is needed.
  const where = ['--prefix', folder, '--prefer-offline', '--ignore-scripts'];
  run('npm', 'install', '--global', ...where, join(folder, made.filename));
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** From a folder that is not ours. */
function unboxd(...args: readonly string[]): string {
  const program = join(folder, 'bin/unboxd');
  return execFileSync(program, args, { encoding: 'utf8', cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
}

test('it holds the program, its data and its papers, and nothing that only builds or tests it', () => {
  expect(new Set(packed.map((path) => path.replace(/\/.*/, '')))).toEqual(
    new Set(['.github', 'CHANGELOG.md', 'LICENSE', 'README.md', 'config', 'dist', 'package.json', 'systemd']),
  );
  expect(packed).toEqual(
    expect.arrayContaining([
      ...['.github/SECURITY.md', 'config/unboxd.yaml', 'config/vendors/README.md', 'config/grafana.json'],
      ...['dist/main.js', 'dist/back/worker.js', 'systemd/unboxd.service'],
    ]),
  );
  expect(packed.filter((path) => /\.(?:deb|tgz|ts)$|^systemd\/deb\//.test(path))).toEqual([]);
});

test('installed, it knows its version, checks settings and renders the file of a phone', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
  expect(unboxd('--version')).toBe(`${version}\n`);

  const example = join(folder, 'lib/node_modules/unboxd/config/phones.example.csv');
  expect(unboxd('check', '--phones', example)).toMatch(
    /^no mistakes: \d+ vendors, \d+ templates, \d+ phones\n$/,
  );
  const [, row = ''] = readFileSync(example, 'utf8').split('\n');
  const [mac = '', vendor] = row.split(',');
  expect(vendor).toBe('yealink');
  const file = unboxd('render', mac, `${mac.replaceAll(':', '')}.cfg`, '--phones', example);
  expect(file).toMatch(/^#!version:1\.0\.0\.1\n/);
  expect(file).toContain('\naccount.1.user_name = 101\n');
});

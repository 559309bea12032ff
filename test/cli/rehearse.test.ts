// `unboxd rehearse` as it is typed: what is wrong is told before anything is started.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rehearse } from '../../src/cli/commands/rehearse.ts';
import { runProgram } from '../../src/cli/program.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-rehearse-test-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

async function run(...argv: readonly string[]) {
  const notes: string[] = [];
  const terminal = {
    out: (line: string) => void notes.push(line),
    note: (line: string) => void notes.push(line),
    raw: () => expect.fail('no bytes are written'),
    ...{ isTty: false, columns: 200, rows: 24, env: {}, pid: 1 },
    onStop: () => undefined,
  };
  const code = await runProgram({ version: '1', commands: [rehearse], terminal }, ['rehearse', ...argv]);
  return { code, notes: notes.join('\n') };
}

test.each([
  { argv: ['--phones', '0'], says: '--phones 0: write a number from 1 to 5000' },
  { argv: ['--phones', '2e3'], says: '--phones 2e3: write a number' },
  { argv: ['--loss', '80%'], says: '--loss 80%: write a share from 0% to 50%' },
  { argv: ['--loss', 'some'], says: '--loss some: write a share' },
  { argv: ['--concurrency', '-1'], says: '--concurrency -1: write a number' },
  { argv: ['--phones', '5'], says: 'say what the others are with --vendor and --model' },
  { argv: ['--phones', '5', '--vendor', 'nobody'], says: 'there is no vendor "nobody"' },
  { argv: ['--phones', '5', '--vendor', 'yealink', '--model', 'X1'], says: 'model "X1" is not in' },
  { argv: [], says: 'no phone to rehearse' },
  { argv: ['--speed', '3'], says: "unknown option '--speed'" },
])('wrong usage: $argv', async ({ argv, says }) => {
  const { code, notes } = await run(...argv);
  expect([code, notes]).toEqual([2, expect.stringContaining(says)]);
});

test.each([
  { title: 'a key that is none', settings: 'lanz: []\n', says: ':1:1: ' },
  {
    title: 'a pool that cannot be',
    settings: 'lans:\n  - interface: nosuch9\n    dhcp: { pool: 10.0.0.9-10.0.0.1 }\n',
    says: ':3:13: ',
  },
  { title: 'no such list', settings: 'phones: none.csv\n', says: 'none.csv does not exist' },
])('bad settings are listed with their place: $title', async ({ settings, says }) => {
  const file = join(folder, 'unboxd.yaml');
  await writeFile(file, settings);
  const { code, notes } = await run('--config', file, '--phones', '2', '--vendor', 'yealink');
  expect(code).toBe(1);
  expect(notes).toContain(says);
  expect(await readdir(folder)).toEqual(['unboxd.yaml']);
});

test('settings that are not there', async () => {
  const { code, notes } = await run('--config', join(folder, 'gone.yaml'));
  expect([code, notes]).toEqual([1, expect.stringContaining('there is no such file')]);
});

// Completion as the shells themselves do it, for the commands of a small table.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { makeCompletion } from '../../src/cli/commands/completion.ts';
import { completionScript } from '../../src/cli/completion.ts';
import { runProgram } from '../../src/cli/program.ts';
import { findCommand } from '../../src/rehearse/stage.ts';
import { listeningTerminal } from './listening-terminal.ts';

const run: Command['run'] = async () => await Promise.resolve(0);
const COMMANDS: readonly Command[] = [
  {
    name: 'serve',
    summary: "serve phones: it's the daemon [really]",
    flags: [
      { flags: '--config <file>', what: 'settings: the $file `x`' },
      { flags: '--state <dir>', what: 'folder' },
      { flags: '--mac <mac>', what: 'a phone' },
      { flags: '--json', what: 'for machines' },
    ],
    examples: [],
    run,
  },
  { name: 'backup', args: '<file>', summary: 'one file', flags: [], examples: [], run },
  { name: 'secret', summary: 'not for people', flags: [], examples: [], hidden: true, run },
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unboxd-completion-'));
  for (const shell of ['bash', 'fish', 'zsh'] as const) {
    writeFileSync(join(folder, shell), completionScript(shell, COMMANDS));
  }
  writeFileSync(join(folder, 'my.yaml'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers for these words; the last is being typed. */
function bash(...words: readonly string[]): readonly string[] {
  const script = `source ./bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _unboxd; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['-c', script, 'bash', ...words], { cwd: folder, encoding: 'utf8' });
  return out
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

describe('bash', () => {
  test.each([
    { words: ['unboxd', ''], offers: ['backup', 'help', 'serve'] },
    { words: ['unboxd', 's'], offers: ['serve'] },
    { words: ['unboxd', 'serve', '--'], offers: ['--config', '--help', '--json', '--mac', '--state'] },
    { words: ['unboxd', 'serve', '--config', 'my'], offers: ['my.yaml'] },
    { words: ['unboxd', 'serve', '--mac', ''], offers: [] },
    { words: ['unboxd', 'backup', 'm'], offers: ['my.yaml'] },
    { words: ['unboxd', 'backup', '--'], offers: ['--help'] },
    { words: ['unboxd', 'help', 'b'], offers: ['backup'] },
    { words: ['unboxd', 'nonsense', ''], offers: [] },
  ])('$words', ({ words, offers }) => {
    expect(bash(...words)).toEqual(offers);
  });
});

const [fish, zsh] = [findCommand('fish'), findCommand('zsh')];
/** As in the lab: where everything is required, a shell that is not there fails its tests. */
const withShell = (shell: string | undefined) =>
  shell === undefined && process.env['UNBOXD_LAB'] !== 'required' ? test.skip : test;
const [withFish, withZsh] = [withShell(fish), withShell(zsh)];

withFish.each([
  { line: 'unboxd s', offers: ['serve'] },
  { line: 'unboxd serve --', offers: ['--config', '--help', '--json', '--mac', '--state'] },
  { line: 'unboxd serve --config my', offers: ['my.yaml'] },
])('fish: $line', ({ line, offers }) => {
  const env = { ...process.env, HOME: folder };
  const script = `source ./fish; complete -C '${line}'`;
  const out = execFileSync(fish ?? '', ['--no-config', '-c', script], { cwd: folder, encoding: 'utf8', env });
  const words = out.split('\n').flatMap((row) => (row === '' ? [] : [row.split('\t')[0] ?? '']));
  expect(words.sort()).toEqual(offers);
});

withZsh('zsh reads it and knows the function for the command', () => {
  const script =
    'autoload -Uz compinit; compinit -u -d ./dump; source ./zsh; print $_comps[unboxd]; functions _unboxd';
  const out = execFileSync(zsh ?? '', ['-f', '-c', script], { cwd: folder, encoding: 'utf8' });
  expect(out.split('\n')[0]).toBe('_unboxd');
  expect(out).toContain('--config[settings');
  expect(out).toContain(':file:_files');
});

test('the command prints the script; another shell is wrong usage', async () => {
  const { terminal, outs, notes } = listeningTerminal();
  const completion = makeCompletion(async () => await Promise.resolve(COMMANDS));
  const called = async (...argv: readonly string[]) =>
    await runProgram({ version: '1', commands: [completion], terminal }, ['completion', ...argv]);
  expect([await called('fish'), outs.join('\n')]).toEqual([0, completionScript('fish', COMMANDS)]);
  expect([await called('csh'), notes.join()]).toEqual([2, expect.stringContaining('bash, zsh or fish')]);
});

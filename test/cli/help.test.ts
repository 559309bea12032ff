// The help of every command, whichever there are: what it must have, and that what it says can be typed.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { listeningTerminal } from './listening-terminal.ts';
import { allCommands, argvOf, parse } from './typed.ts';

const commands = allCommands.filter(({ hidden }) => hidden !== true);

test('every file of the folder holds a command of its name, and the program knows it', () => {
  const names = readdirSync('src/cli/commands')
    .map((file) => file.replace('.ts', ''))
    .sort();
  expect(allCommands.map(({ name }) => name).sort()).toEqual(names);
  const main = readFileSync('src/main.ts', 'utf8');
  for (const name of names)
    expect(main).toContain(`  ${name}: async () => (await import('./cli/commands/${name}.ts'))`);
});

describe.each(commands)('unboxd $name', (command) => {
  const { name, summary, flags, examples, notes = [] } = command;

  test('says in one line what it does, and what each flag means', () => {
    expect(summary).toMatch(/^\S.{10,110}$/);
    for (const { flags: written, what } of flags) expect(what, written).toMatch(/^\S.{3,}$/);
    for (const note of notes) expect(note).toMatch(/^[A-Z"a-z-].*\.$/);
  });

  test('has examples that can be typed', async () => {
    const own = examples.map(argvOf).filter((argv) => argv !== undefined);
    expect(own.length).toBeGreaterThan(0);
    for (const argv of own)
      expect(await parse(argv), argv.join(' ')).toEqual({ code: 0, called: name, notes: [] });
    const others = examples.filter((example) => argvOf(example) === undefined);
    for (const other of others) expect(other).toMatch(/^(?:curl|sudo systemctl) /);
  });

  test('shows all of that with --help, and where the exit codes are', async () => {
    const { terminal, outs } = listeningTerminal();
    expect(await runProgram({ version: '1', commands: allCommands, terminal }, [name, '--help'])).toBe(0);
    const help = outs.join('\n');
    expect(help).toContain(`Usage: unboxd ${name}`);
    for (const line of [...flags.map(({ flags: written }) => written), ...examples, ...notes])
      expect(help).toContain(line);
    expect(help).toMatch(/Exit codes: unboxd help exit-codes$/);
  });
});

test('a wrong example would be found', async () => {
  expect(await parse(argvOf('sudo unboxd phones --colour | head') ?? [])).toMatchObject({ code: 2 });
  expect(await parse(argvOf('unboxd render') ?? [])).toMatchObject({ code: 2, called: undefined });
});

test('exit codes have a page of their own, and stand below the list of commands', async () => {
  const { terminal, outs } = listeningTerminal();
  expect(await runProgram({ version: '1', commands: allCommands, terminal }, ['help', 'exit-codes'])).toBe(0);
  expect(outs[0]).toMatch(/^Exit codes, the same for every command.*\n {2}0 {2}done\n {2}1 {2}failed/);
  expect(await runProgram({ version: '1', commands: allCommands, terminal }, ['--help'])).toBe(0);
  expect(outs.join('\n').split(outs[0] ?? '?')).toHaveLength(3);
});

/** They list nothing: they run until they are stopped, ask a person, or print a text or a file. */
const NO_LISTS = new Set(['serve', 'init', 'completion', 'seal', 'unseal']);

test('whatever tells more than one thing has --json', () => {
  const without = commands.filter(({ flags }) => !flags.some(({ flags: written }) => written === '--json'));
  expect(without.map(({ name }) => name).filter((name) => !NO_LISTS.has(name))).toEqual([]);
});

test.each([
  { argv: ['phones'] },
  { argv: ['leases'] },
  { argv: ['story'] },
  { argv: ['storms'] },
  { argv: ['storms', 'show', '3f2a9c01'] },
])('$argv --json is one JSON text, also where there is nothing', async ({ argv }) => {
  const folder = mkdtempSync(join(tmpdir(), 'unboxd-help-'));
  const socket = join(folder, 'sock');
  const daemon = createServer((_, answer) => answer.setHeader('content-type', 'application/json').end('[]'));
  await new Promise<void>((open) => daemon.listen(socket, open));
  try {
    const { terminal, outs } = listeningTerminal();
    const typed = [...argv, '--json', '--control', socket];
    expect(await runProgram({ version: '1', commands: allCommands, terminal }, typed)).toBe(0);
    expect(JSON.parse(outs.join('\n'))).toEqual([]);
  } finally {
    daemon.close();
    rmSync(folder, { recursive: true });
  }
});

async function json(argv: readonly string[]) {
  const { terminal, outs } = listeningTerminal();
  const code = await runProgram({ version: '1', commands: allCommands, terminal }, [...argv, '--json']);
  return [code, JSON.parse(outs.join('\n')) as unknown];
}

test('check and render --json need no daemon', async () => {
  const list = ['--phones', 'config/phones.example.csv'];
  expect(await json(['check', ...list])).toEqual([0, []]);
  const mistake = {
    file: 'the command line',
    message: 'phones: nowhere.csv does not exist or cannot be read',
  };
  expect(await json(['check', '--phones', 'nowhere.csv'])).toEqual([1, [mistake]]);

  const [code, files] = await json(['render', '00:15:65:00:00:01', ...list]);
  expect(code).toBe(0);
  expect(files).toContainEqual({
    name: '001565000001.boot',
    gets: 'none, because it is left out on purpose',
  });
  const own = (files as readonly { name: string; bytes?: number; gets: string }[]).at(3);
  expect(own).toMatchObject({ name: '001565000001.cfg', gets: 'rendered' });
  expect(own?.bytes).toBeGreaterThan(100);
});

import { expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import type { Command } from '../../src/cli/command.ts';
import { explain } from '../../src/cli/commands/explain.ts';
import { phones } from '../../src/cli/commands/phones.ts';
import { resync } from '../../src/cli/commands/resync.ts';
import { liveTable } from '../../src/cli/live.ts';
import { runProgram } from '../../src/cli/program.ts';
import { countStages, phoneTable, table } from '../../src/cli/table.ts';
import type { PhoneLine } from '../../src/control/api.ts';
import { listeningTerminal } from './listening-terminal.ts';

async function run(argv: readonly string[], commands: readonly Command[] = [phones, explain, resync]) {
  const { terminal, outs, notes } = listeningTerminal();
  const code = await runProgram({ version: '1.2.3', commands, terminal }, argv);
  return { code, out: outs.join('\n'), notes: notes.join('\n') };
}

const failing = (error: unknown): Command => ({
  name: 'fail',
  summary: '',
  flags: [],
  examples: [],
  run: async () => await Promise.reject(error instanceof Error ? error : new Error('?')),
});

test('help and version are no failure', async () => {
  expect(await run(['--version'])).toMatchObject({ code: 0, out: '1.2.3' });
  const help = await run(['--help']);
  expect(help.code).toBe(0);
  expect(help.out).toContain('resync');
  expect((await run(['resync', '--help'])).out).toContain('unboxd resync --mac 00:15:65:aa:bb:cc');
});

test.each([
  { argv: ['resnc'], says: 'resync' },
  { argv: ['phones', '--colour'], says: "unknown option '--colour'" },
  { argv: ['explain'], says: 'name a MAC or a word of the timeline' },
  { argv: ['resync'], says: 'name the phone: --mac' },
  { argv: ['resync', '--mac', '00:15:65:aa:bb:cc', '--wait', 'long'], says: 'write --wait as a duration' },
  { argv: ['explain', 'gibberish'], says: '"gibberish" is neither a MAC nor a word of the timeline' },
])('wrong usage $argv is exit code 2 with a hint', async ({ argv, says }) => {
  const { code, notes } = await run(argv);
  expect(code).toBe(2);
  expect(notes).toContain(says);
  expect(notes).not.toMatch(/^ {4}at /m);
});

test('a Fault is one sentence and one hint, never a stack', async () => {
  const fault = new Fault('x', 'UDP port 67 is taken', 'stop the other server');
  const { code, notes } = await run(['fail'], [failing(fault)]);
  expect([code, notes]).toEqual([1, 'unboxd: UDP port 67 is taken\n  try: stop the other server']);
});

test('a mistake of ours shows no stack either, unless asked', async () => {
  const { code, notes } = await run(['fail'], [failing(new TypeError('x is not a function'))]);
  expect(code).toBe(1);
  expect(notes).toContain('x is not a function');
  expect(notes).not.toContain('    at ');
});

test('words of the timeline are explained without a daemon', async () => {
  expect((await run(['explain', 'pool-exhausted'])).out).toContain('Widen dhcp.pool');
  expect((await run(['explain', 'leased'])).out).toContain('stored on disk');
});

test('without a daemon the other commands say so', async () => {
  const { code, notes } = await run(['phones', '--control', '/nonexistent/sock']);
  expect([code, notes]).toEqual([1, expect.stringContaining('no unboxd answers at /nonexistent/sock')]);
});

const line = (mac: string, stage: PhoneLine['stage'], sentence = 'does something'): PhoneLine => ({
  mac,
  listed: false,
  stage,
  sentence,
});

test('tables: columns as wide as needed, the last one cut', () => {
  expect(
    table(
      [
        ['a', 'bb', 'c'],
        ['aaa', 'b', 'long text here'],
      ],
      16,
    ),
  ).toEqual(['a    bb  c', 'aaa  b   long t…']);
  expect(phoneTable([line('m', 'stuck')], { columns: 80, colour: true })[1]).toContain('\u001b[31mm');
  expect(countStages([line('a', 'proven'), line('b', 'stuck'), line('c', 'proven')])).toBe(
    '2 proven, 1 stuck',
  );
});

test('without a terminal every change is one line, and no change none', () => {
  const { terminal, outs } = listeningTerminal();
  const live = liveTable(terminal, { title: 'x', json: false });
  live.show(line('m', 'asking'));
  live.show(line('m', 'asking'));
  live.show(line('m', 'proven', 'has its file'));
  expect(outs).toEqual(['m  -  ?  asking: does something', 'm  -  ?  proven: has its file']);
  expect(live.lines()).toHaveLength(1);
});

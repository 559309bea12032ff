// `unboxd tokens` against a daemon that has two phones: what is listed, what a renewal says, and what is wrong usage.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { options } from '../../src/cli/commands/options.ts';
import { tokens } from '../../src/cli/commands/tokens.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { Appliance, TokenDesk, TokenLine } from '../../src/control/api.ts';
import { openControl } from '../../src/control/server.ts';
import { listeningTerminal } from './listening-terminal.ts';

const LINES: readonly TokenLine[] = [
  {
    mac: '00:15:65:aa:bb:cc',
    step: 'confirmed',
    sentence: 'its lasting URL is confirmed',
    renewed: 0,
    confirmedAt: 1_767_225_600_000,
  },
  { mac: '00:15:65:aa:bb:cd', step: 'fresh', sentence: 'its first token was not used yet', renewed: 2 },
];

let folder = '';
let close: (() => Promise<void>) | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-cli-'));
});
afterEach(async () => {
  await close?.();
  close = undefined;
  await rm(folder, { recursive: true });
});

async function run(desk: TokenDesk | undefined, ...argv: readonly string[]) {
  const socket = join(folder, 'control.sock');
  ({ close } = await openControl(socket, { tokens: desk } as unknown as Appliance));
  const { terminal, outs, notes } = listeningTerminal();
  const code = await runProgram({ version: '1', commands: [tokens], terminal }, [
    'tokens',
    '--control',
    socket,
    ...argv,
  ]);
  return { code, out: outs.join('\n'), notes: notes.join('\n') };
}

const renewed: string[] = [];
const DESK: TokenDesk = {
  list: () => LINES,
  renew: async (mac) => {
    renewed.push(mac);
    return await Promise.resolve(mac === 'x' ? 'that is no MAC' : { ...(LINES[1] as TokenLine), renewed: 3 });
  },
};

test('all phones, and one of them in any form of its MAC', async () => {
  const all = await run(DESK);
  expect(all.code).toBe(0);
  expect(all.out).toMatch(/MAC +FIRST USED +CONFIRMED +RENEWED +STATE/);
  expect(all.out).toMatch(/00:15:65:aa:bb:cd +- +- +2 +not used yet/);
  await close?.();
  const one = await run(DESK, '--mac', '0015.65AA.BBCC', '--json');
  expect(JSON.parse(one.out)).toEqual([LINES[0]]);
});

test('a renewal goes to the daemon and says what to do next', async () => {
  const { code, out, notes } = await run(DESK, '--mac', '00:15:65:aa:bb:cd', '--renew');
  expect([code, renewed.at(-1)]).toEqual([0, '00:15:65:aa:bb:cd']);
  expect(out).toBe('00:15:65:aa:bb:cd has a new first token: its first token was not used yet');
  expect(notes).toContain('restart the phone');
});

test.each([
  { argv: ['--renew'], code: 2, says: '--renew goes with --mac' },
  { argv: ['--mac', 'x', '--renew'], code: 1, says: 'that is no MAC' },
  { argv: ['--mac', '02:00:00:00:00:01'], code: 1, says: 'has not been seen and is not listed' },
])('$argv: exit code $code, "$says"', async ({ argv, code, says }) => {
  const got = await run(DESK, ...argv);
  expect(got.code).toBe(code);
  expect(got.notes).toContain(says);
});

test('where URLs carry no tokens, that is said', async () => {
  const { code, notes } = await run(undefined);
  expect(code).toBe(1);
  expect(notes).toContain('URLs carry no tokens here (files.tokens is off)');
});

test('settings for another DHCP server hold no token, and it is said that they cannot', async () => {
  const file = join(folder, 'unboxd.yaml');
  await writeFile(file, 'files: { tokens: on }\n');
  const { terminal, outs, notes } = listeningTerminal();
  const argv = ['options', '--for', 'dnsmasq', '--address', '10.20.0.1', '--config', file];
  expect(await runProgram({ version: '1', commands: [options], terminal }, argv)).toBe(0);
  expect(notes.join('\n')).toContain('no other server knows what to write for (token)');
  expect(outs.join('\n')).toContain('http://10.20.0.1/(token)/');
});

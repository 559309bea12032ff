// `unboxd options` with the vendor files that come with unboxd, and with settings of its own.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { options } from '../../src/cli/commands/options.ts';
import { runProgram } from '../../src/cli/program.ts';
import { listeningTerminal } from './listening-terminal.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-options-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function run(...argv: readonly string[]) {
  const { terminal, outs, notes } = listeningTerminal();
  const code = await runProgram({ version: '1', commands: [options], terminal }, ['options', ...argv]);
  return { code, out: outs.join('\n'), notes: notes.join('\n') };
}

async function settings(name: string, ...lines: readonly string[]): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

interface Printed {
  readonly address: string;
  readonly sets: readonly {
    readonly vendor: string;
    readonly options: readonly { code: number; text?: string; hex: string; forced: boolean }[];
    readonly left: readonly string[];
  }[];
  readonly settings: Readonly<Record<string, string>>;
}

async function printed(...argv: readonly string[]): Promise<Printed> {
  const { code, out, notes } = await run(...argv, '--json');
  expect(code, notes).toBe(0);
  return JSON.parse(out) as Printed;
}

test('the options of a make, as it gets them from us', async () => {
  const { address, sets, settings: written } = await printed('--address', '10.20.0.1');
  expect(address).toBe('10.20.0.1');
  expect(Object.keys(written)).toEqual(['dnsmasq', 'isc', 'kea', 'windows', 'mikrotik']);
  const yealink = sets.find(({ vendor }) => vendor === 'yealink');
  expect(yealink?.options.map(({ code, text }) => [code, text])).toEqual(
    expect.arrayContaining([
      [43, 'http://10.20.0.1/'],
      [66, 'http://10.20.0.1/'],
      [160, 'http://10.20.0.1/'],
    ]),
  );
  // What else a LAN gives is the business of the server that stays.
  const codes = sets.flatMap((set) => set.options.map(({ code }) => code));
  for (const code of [1, 3, 6, 28, 42, 51, 54, 58, 59]) expect(codes).not.toContain(code);
});

test('all servers under headings, or one alone', async () => {
  const all = await run('--address', '10.20.0.1');
  expect(all.out.match(/^### .*$/gm)).toEqual([
    '### dnsmasq',
    '### ISC dhcpd',
    '### Kea',
    '### Windows Server',
    '### MikroTik RouterOS',
  ]);
  const one = await run('--address', '10.20.0.1', '--for', 'dnsmasq');
  expect(one.out).not.toContain('###');
  expect(one.out).toContain('dhcp-option=tag:unboxd-yealink,43,"http://10.20.0.1/"');
});

test('what hangs on the single phone or its model is left out and named', async () => {
  const config = await settings(
    'single.yaml',
    'lans: [{ interface: eth7, dhcp: { mode: "off", router: 10.20.3.254 } }]',
    'provisioning:',
    '  url: http://{server}/p/',
    '  extra: { 130: { text: "{mac}" }, 131: { text: "{model}" }, 132: { text: "100" } }',
    'vendors: { yealink: { dhcp: { force: [132], suppress: [161] } } }',
  );
  const { sets } = await printed('--config', config, '--address', '10.20.0.1');
  const yealink = sets.find(({ vendor }) => vendor === 'yealink');
  const byCode = new Map(yealink?.options.map((option) => [option.code, option]));
  expect(byCode.get(66)?.text).toBe('http://10.20.0.1/p/');
  expect(byCode.get(132)).toMatchObject({ text: '100', hex: '313030', forced: true });
  expect([130, 131, 161].filter((code) => byCode.has(code))).toEqual([]);
  expect(yealink?.left).toEqual([
    expect.stringMatching(/^option 130 .*the single phone$/),
    expect.stringMatching(/^option 131 .*the model$/),
  ]);
});

test('a URL that holds the MAC leaves no option that carries it', async () => {
  const config = await settings('mac.yaml', 'provisioning: { url: "http://{server}/{mac}/" }');
  const { sets } = await printed('--config', config, '--address', '10.20.0.1');
  const yealink = sets.find(({ vendor }) => vendor === 'yealink');
  expect(yealink?.options.filter(({ text }) => text?.includes('http'))).toEqual([]);
  expect(yealink?.left.join('\n')).toContain('option 43');
});

test('classes of the settings are said to be missing', async () => {
  const config = await settings(
    'classes.yaml',
    'lans:',
    '  - interface: eth7',
    '    dhcp: { classes: [{ name: spare, when: { option60: "^x" }, options: { 66: { text: x } } }] }',
  );
  const { code, notes } = await run('--config', config, '--address', '10.20.0.1');
  expect([code, notes]).toEqual([0, expect.stringContaining('dhcp.classes are not written out')]);
});

test.each([
  { argv: [], code: 2, says: '--interface or --address' },
  { argv: ['--address', '10.20.0'], code: 2, says: '"10.20.0" is not an IPv4 address' },
  { argv: ['--for', 'windoze', '--address', '10.20.0.1'], code: 2, says: 'known: dnsmasq, isc' },
  { argv: ['--interface', 'nolan0'], code: 1, says: 'nolan0' },
  { argv: ['--config', '/no/such.yaml', '--address', '10.20.0.1'], code: 1, says: '/no/such.yaml' },
])('$argv: exit code $code', async ({ argv, code, says }) => {
  const ran = await run(...argv);
  expect(ran.code).toBe(code);
  expect(ran.notes).toContain(says);
});

// `unboxd init`: what is proposed, asked, refused and written; every file it writes passes `unboxd check`.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { wayOutOf } from '../../src/care/facts-interfaces.ts';
import { bestCandidate, type Candidate, parsePool, proposeLan, showPool } from '../../src/care/proposal.ts';
import type { Stranger } from '../../src/care/survey.ts';
import { init, makeInit } from '../../src/cli/commands/init.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { findInterface } from '../../src/net/interfaces.ts';
import { loadSite } from '../../src/site/load.ts';
import { listeningTerminal } from './listening-terminal.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-init-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const office: Candidate = {
  name: 'eth0',
  state: 'up',
  address: parseIpv4('192.0.2.2'),
  prefix: 24,
  isWayOut: true,
};
const staging: Candidate = {
  name: 'eth1',
  state: 'up',
  address: parseIpv4('10.20.0.1'),
  prefix: 22,
  isWayOut: false,
};
const bare: Candidate = { name: 'eth2', state: 'no-link', isWayOut: false };
const OTHER: Stranger = { door: 'dhcp', who: '10.20.0.9 (4c:5e:0c:00:00:09, MikroTik)' };

interface Scene {
  readonly candidates?: readonly Candidate[];
  readonly others?: readonly Stranger[] | string;
  /** What the person says, line by line; absent: nobody can be asked. */
  readonly says?: readonly string[];
}

async function run(scene: Scene, ...argv: readonly string[]) {
  const { candidates = [office, staging], others = [], says } = scene;
  const asked: string[] = [];
  const looked: string[] = [];
  const lines = [...(says ?? [])];
  const command = makeInit({
    candidates: async () => await Promise.resolve(candidates),
    look: async (name) => {
      looked.push(name);
      return await Promise.resolve(others);
    },
    vendors: async () => await Promise.resolve(['cisco', 'fanvil', 'yealink']),
    today: () => '2027-01-31',
  });
  const ask = async (question: string) => {
    asked.push(question);
    return await Promise.resolve(lines.shift());
  };
  const { terminal, outs, notes } = listeningTerminal({
    isTty: says !== undefined,
    ask: says === undefined ? undefined : ask,
    columns: 200,
  });
  const code = await runProgram({ version: '1', commands: [command], terminal }, ['init', ...argv]);
  return { code, out: outs.join('\n'), notes: notes.join('\n'), asked, looked };
}

const output = (): string => join(folder, 'unboxd.yaml');
const facts = {
  address: parseIpv4('10.20.0.1'),
  subnet: { network: parseIpv4('10.20.0.0'), prefix: 22 },
} as ReturnType<typeof findInterface>;

async function written() {
  const loaded = await loadSite({ file: output(), facts: () => facts });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value;
}

describe('proposals', () => {
  test.each([
    { all: [office, staging], best: 'eth1' },
    { all: [office, staging, bare], best: 'eth1' },
    { all: [office, bare], best: 'eth2' },
    { all: [office], best: 'eth0' },
    { all: [staging, { ...staging, name: 'eth3' }], best: undefined },
    { all: [], best: undefined },
  ])('the staging LAN of $all.length interfaces is $best', ({ all, best }) => {
    expect(bestCandidate(all)?.name).toBe(best);
  });

  test('the subnet is that of the interface, or one that nobody uses', () => {
    const kept = proposeLan(staging, [office, staging]);
    expect([kept.command, showPool(kept.pool)]).toEqual([undefined, '10.20.2.0-10.20.3.254']);
    const fresh = proposeLan(bare, [office, staging, bare]);
    expect(fresh.command).toBe('ip address add 10.99.0.1/22 dev eth2 && ip link set eth2 up');
    expect(showPool(fresh.pool)).toBe('10.99.2.0-10.99.3.254');
    expect(proposeLan({ ...staging, prefix: 8 }, []).command).toContain('10.20.0.1/22 dev eth1');
  });

  test.each([
    ['10.20.0.50-10.20.3.250', undefined],
    ['10.20.0.50 - 10.20.3.250', undefined],
    ['10.20.0.50', 'write it as'],
    ['10.20.3.250-10.20.0.50', 'comes after'],
    ['10.20.0.50-10.20.4.1', '10.20.4.1 is not in the subnet'],
    ['10.20.0.50-10.20.3.255', 'broadcast'],
    ['a-b', 'write it as'],
  ])('a pool %s', (text, wrong) => {
    const read = parsePool(text, facts.subnet);
    if (wrong === undefined) expect(read.ok).toBe(true);
    else expect(read).toEqual({ ok: false, error: expect.stringContaining(wrong) as string });
  });

  test('the way out is the interface of the default route', () => {
    const head = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n';
    const lan = 'eth1\t0000140A\t00000000\t0001\t0\t0\t0\t00FCFFFF\t0\t0\t0\n';
    expect(wayOutOf(`${head}${lan}eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n`)).toBe(
      'eth0',
    );
    expect(wayOutOf(head + lan)).toBeUndefined();
  });
});

describe('without a person', () => {
  test('and without --yes: exit code 2 and a sentence, nothing written', async () => {
    const { code, notes } = await run({}, '--output', output());
    expect([code, notes]).toEqual([2, expect.stringContaining('nobody can be asked here: say --yes')]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('--yes takes what is proposed, and looks around on that interface only', async () => {
    const { code, out, looked } = await run({}, '--yes', '--output', output());
    expect([code, looked]).toEqual([0, ['eth1']]);
    expect(out).toContain('and start: systemctl enable --now unboxd');
    const { lan, doors, provisioning } = await written();
    expect(lan).toMatchObject({
      interface: 'eth1',
      dhcp: { mode: 'full', classes: [] },
      pnp: { mode: 'provision', rules: [] },
    });
    expect(showPool(lan?.dhcp.pool ?? proposeLan(staging, []).pool)).toBe('10.20.2.0-10.20.3.254');
    expect([doors.http, doors.https, provisioning.url]).toEqual([80, 'off', 'http://{server}/']);
    expect((await stat(output())).mode & 0o777).toBe(0o640);
    expect(await readFile(output(), 'utf8')).toMatch(
      /^# Settings of unboxd, written by "unboxd init" on 2027-01-31/,
    );
  });

  test('another DHCP server makes it a companion', async () => {
    const { code, notes } = await run({ others: [OTHER] }, '--yes', '--output', output());
    expect([code, (await written()).lan?.dhcp.mode]).toEqual([0, 'companion']);
    expect(notes).toContain('another DHCP server answers: 10.20.0.9 (4c:5e:0c:00:00:09, MikroTik)');
  });

  test('flags say everything, and then nobody is looked for', async () => {
    await writeFile(join(folder, 'my phones.csv'), 'mac,vendor\n00:15:65:aa:bb:cc,yealink\n');
    const list = join(folder, 'my phones.csv');
    const flags = [
      '--mode',
      'full',
      '--pool',
      '10.20.1.0-10.20.1.99',
      '--vendors',
      'yealink,cisco',
      '--pnp',
      'off',
    ];
    const doors = [
      '--http',
      '8080',
      '--https',
      '443',
      '--tftp',
      'off',
      '--phones',
      list,
      '--interface',
      'eth1',
    ];
    const { code, looked } = await run(
      { others: [OTHER] },
      '--yes',
      '--output',
      output(),
      ...flags,
      ...doors,
    );
    expect([code, looked]).toEqual([0, []]);
    const site = await written();
    expect(site.lan).toMatchObject({
      dhcp: { mode: 'full', classes: [{ name: 'not-fanvil', when: { vendor: 'fanvil' }, answer: 'never' }] },
      pnp: { mode: 'off', rules: [{ vendor: 'fanvil', do: 'ignore' }] },
    });
    expect(site.provisioning.url).toBe('http://{server}:8080/');
    expect(site.phones.map(({ mac }) => mac)).toEqual(['001565aabbcc']);
  });

  test.each([
    { argv: ['--interface', 'eth9'], says: 'there is no interface eth9 (there is eth0, eth1)' },
    { argv: ['--mode', 'half'], says: 'write full or companion or off' },
    { argv: ['--pool', '10.0.0.1-10.0.0.9'], says: 'is not in the subnet' },
    { argv: ['--vendors', 'nokia'], says: 'there is no vendor nokia' },
    { argv: ['--http', '0'], says: 'write a port from 1 to 65535' },
    { argv: ['--phones', '/nonexistent.csv'], says: 'there is no file /nonexistent.csv' },
    { argv: ['--http', 'off', '--tftp', 'off'], says: 'no phone can fetch anything' },
  ])('$argv is wrong usage', async ({ argv, says }) => {
    const { code, notes } = await run({}, '--yes', '--output', output(), ...argv);
    expect([code, notes]).toEqual([2, expect.stringContaining(says)]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('a file that is there stays, unless --force; then it is kept beside', async () => {
    await writeFile(output(), 'mine\n');
    const refused = await run({}, '--yes', '--output', output());
    expect([refused.code, refused.notes]).toEqual([1, expect.stringContaining('is there already')]);
    expect(await readFile(output(), 'utf8')).toBe('mine\n');
    expect((await run({}, '--yes', '--force', '--output', output())).code).toBe(0);
    expect(await readFile(`${output()}.old`, 'utf8')).toBe('mine\n');
    expect((await readdir(folder)).sort()).toEqual(['unboxd.yaml', 'unboxd.yaml.old']);
  });

  test('--output - prints it', async () => {
    const { code, out } = await run({ candidates: [office, bare] }, '--yes', '--output', '-');
    expect(code).toBe(0);
    expect(out).toContain('# eth2 must have its address first: ip address add 10.20.0.1/22 dev eth2');
  });
});

describe('with a person', () => {
  test('Enter takes what is proposed; a wrong answer is asked again', async () => {
    const says = ['', '', 'nonsense', '10.20.0.9-10.20.0.99', '', 'fanvil', '', '', '', ''];
    const { code, asked, notes } = await run({ says }, '--output', output());
    expect(code).toBe(0);
    expect(asked[0]).toBe('Which is the staging LAN, into which the phones are plugged [eth1]: ');
    expect(asked).toHaveLength(10);
    expect(notes).toContain('write it as 10.20.0.50-10.20.3.250');
    const { lan } = await written();
    expect(lan && showPool(lan.dhcp.pool)).toBe('10.20.0.9-10.20.0.99');
    expect(lan?.dhcp.classes.map(({ name }) => name)).toEqual(['not-cisco', 'not-yealink']);
  });

  test('the end of the input writes nothing, and so do three wrong answers', async () => {
    expect((await run({ says: ['', ''] }, '--output', output())).code).toBe(2);
    expect((await run({ says: ['x', 'y', 'z'] }, '--output', output())).code).toBe(2);
    expect(await readdir(folder)).toEqual([]);
  });

  test('it asks before it replaces a file', async () => {
    await writeFile(output(), 'mine\n');
    expect((await run({ says: ['no'] }, '--output', output())).code).toBe(1);
    expect(await readFile(output(), 'utf8')).toBe('mine\n');
    const agreed = await run({ says: ['yes', '', '', '', '', '', '', '', '', ''] }, '--output', output());
    expect(agreed.code).toBe(0);
  });
});

test('the real one is a command with help', () => {
  expect(init.flags.map(({ flags }) => flags)).toContain('--yes');
});

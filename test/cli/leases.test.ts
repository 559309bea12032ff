// `unboxd leases` against a daemon's socket that answers as the daemon would.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { leases } from '../../src/cli/commands/leases.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { ImportResult, LeaseLine } from '../../src/control/api.ts';

const LINES: readonly LeaseLine[] = [
  {
    address: '10.20.0.50',
    mac: '00:15:65:aa:bb:cc',
    state: 'bound',
    expires: 1_772_712_000_000,
    hostname: 't46s',
  },
  { address: '10.20.0.51', mac: '0c:38:3e:00:00:01', state: 'offered', expires: 1_772_712_000_000 },
];
/** In the year 2100. */
const LATER = 4_102_444_800;

let folder: string;
let daemon: Server;
let posted: unknown[];
let answer: { status: number; body: unknown };

const at = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-leases-'));
  posted = [];
  answer = { status: 200, body: { taken: 1, skipped: [] } satisfies ImportResult };
  daemon = createServer((request, response) => {
    void readAll(request).then((body) => {
      if (request.method === 'POST') posted.push(JSON.parse(body));
      const { status, body: said } = request.method === 'POST' ? answer : { status: 200, body: LINES };
      response.writeHead(request.url === '/v1/leases' ? status : 404).end(JSON.stringify(said));
    });
  });
  await new Promise<void>((done) => daemon.listen(at('control.sock'), done));
});

afterEach(async () => {
  await new Promise((done) => daemon.close(done));
  await rm(folder, { recursive: true, force: true });
});

async function run(...argv: readonly string[]) {
  const outs: string[] = [];
  const notes: string[] = [];
  const terminal = {
    out: (line: string) => void outs.push(line),
    note: (line: string) => void notes.push(line),
    raw: (bytes: Uint8Array) => void outs.push(Buffer.from(bytes).toString()),
    isTty: false,
    columns: 80,
    rows: 24,
    env: {},
    pid: 1,
    onStop: () => undefined,
  };
  const program = { version: '1', commands: [leases], terminal };
  const code = await runProgram(program, ['leases', ...argv, '--control', at('control.sock')]);
  return { code, out: outs.join('\n'), notes: notes.join('\n') };
}

async function file(name: string, ...lines: readonly string[]): Promise<string> {
  await writeFile(at(name), lines.join('\n'));
  return at(name);
}

test('lists as a table, as JSON and as comma-separated values', async () => {
  const { code, out } = await run();
  expect(code).toBe(0);
  expect(
    out.split('\n').map((line) => line.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, 'TIME').split(/ +/)),
  ).toEqual([
    ['ADDRESS', 'MAC', 'STATE', 'UNTIL', 'NAME'],
    ['10.20.0.50', '00:15:65:aa:bb:cc', 'bound', 'TIME', 't46s'],
    ['10.20.0.51', '0c:38:3e:00:00:01', 'offered', 'TIME'],
  ]);
  expect(JSON.parse((await run('--json')).out)).toEqual(LINES);
  expect((await run('--csv')).out).toBe(
    'address,mac,state,expires,hostname\r\n' +
      '10.20.0.50,00:15:65:aa:bb:cc,bound,2026-03-05T12:00:00.000Z,t46s\r\n' +
      '10.20.0.51,0c:38:3e:00:00:01,offered,2026-03-05T12:00:00.000Z,\r\n',
  );
});

test('takes over what a file of another server says', async () => {
  const name = await file(
    'dnsmasq.leases',
    `${LATER} 00:15:65:aa:bb:cc 10.20.0.50 t46s *`,
    '5 00:15:65:aa:bb:cd 10.20.0.51 * *',
  );
  expect(await run('--import', name)).toEqual({
    code: 0,
    out: '1 lease taken over (1 more had ended already)',
    notes: '',
  });
  const lease = { address: '10.20.0.50', mac: '00:15:65:aa:bb:cc', expires: LATER * 1000 };
  expect(posted).toEqual([{ leases: [lease] }]);
});

test('says which leases were left out and why, exit code 3', async () => {
  const skipped = [{ address: '10.20.9.1', mac: '00:15:65:aa:bb:cc', because: 'it is not in the pool' }];
  answer = { status: 200, body: { taken: 2, skipped } };
  const name = await file(
    'dhcpd.leases',
    'lease 10.20.9.1 { ends never; binding state active; hardware ethernet 00:15:65:aa:bb:cc; }',
  );
  expect(await run('--import', name)).toEqual({
    code: 3,
    out: '2 leases taken over, 1 left out',
    notes: 'left out 10.20.9.1 of 00:15:65:aa:bb:cc: it is not in the pool',
  });
  const { code, out } = await run('--import', name, '--json');
  expect([code, JSON.parse(out)]).toEqual([3, { taken: 2, skipped, ended: 0 }]);
});

test('a dry run shows and changes nothing', async () => {
  const name = await file('dnsmasq.leases', `${LATER} 00:15:65:aa:bb:cc 10.20.0.50 t46s *`);
  expect(await run('--import', name, '--dry-run')).toEqual({
    code: 0,
    out: [
      'ADDRESS     MAC                UNTIL',
      '10.20.0.50  00:15:65:aa:bb:cc  2100-01-01T00:00:00.000Z',
    ].join('\n'),
    notes: '1 lease would be taken over; nothing was changed',
  });
  expect(posted).toEqual([]);
});

test('every mistake of the file is told by its line, and nothing is taken over', async () => {
  const name = await file(
    'dnsmasq.leases',
    `${LATER} 00:15:65:aa:bb:cc 10.20.0.50 * *`,
    'hello',
    `${LATER} x 10.20.0.51 * *`,
  );
  const { code, notes } = await run('--import', name, '--format', 'dnsmasq');
  expect(code).toBe(1);
  expect(notes.split('\n')).toEqual([
    `${name}:2: not the four or five fields of a dnsmasq lease (expiry, MAC, address, name, client id)`,
    `${name}:3: "x" is not a MAC address`,
    'unboxd: 2 mistakes; nothing was changed or started',
  ]);
  expect(posted).toEqual([]);
});

test('what the daemon refuses is told as it says it', async () => {
  answer = { status: 409, body: { error: 'DHCP is off here' } };
  const name = await file('dnsmasq.leases', `${LATER} 00:15:65:aa:bb:cc 10.20.0.50 * *`);
  const { code, notes } = await run('--import', name);
  expect([code, notes.split('\n')[0]]).toEqual([1, 'unboxd: DHCP is off here']);
});

test.each([
  { argv: ['--import', '/no/such/file'], code: 1, says: '/no/such/file cannot be read' },
  { argv: ['--import', 'package.json'], code: 2, says: 'does not look like a lease file' },
  {
    argv: ['--import', 'package.json', '--format', 'windows'],
    code: 2,
    says: 'known: dnsmasq, isc, kea, csv',
  },
  { argv: ['--dry-run'], code: 2, says: 'go with --import' },
  { argv: ['--csv', '--json'], code: 2, says: '--csv goes neither' },
])('$argv: exit code $code', async ({ argv, code, says }) => {
  const ran = await run(...argv);
  expect(ran.code).toBe(code);
  expect(ran.notes).toContain(says);
});

// What `unboxd options` prints, given to real servers: they accept it, and a phone gets from them the bytes that it
// gets from us.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { options } from '../../src/cli/commands/options.ts';
import { runProgram } from '../../src/cli/program.ts';
import { type ElsewhereServer, writeElsewhere } from '../../src/dhcp/elsewhere.ts';
import type { OptionSet } from '../../src/dhcp/elsewhere-set.ts';
import { listeningTerminal } from '../cli/listening-terminal.ts';
import { STAGING, startDaemon } from './daemon.ts';
import { describeLab, type Lab, openLab, type Running, until } from './lab.ts';

const NEEDS = {
  commands: ['ip', 'dhclient', 'dnsmasq', 'dhcpd', 'kea-dhcp4'],
  packages: ['iproute2', 'isc-dhcp-client', 'dnsmasq-base', 'isc-dhcp-server', 'kea-dhcp4-server'],
};
const CODES = [2, 43, 66, 67, 128, 129, 130, 150, 159, 160, 161, 242];
const SUBNET = 'subnet 10.99.0.0 netmask 255.255.255.0 { range 10.99.0.50 10.99.0.99; }';

/** By its option 60 alone, in another spelling; by its MAC alone; and one that gets no 43 and a bare address in 66. */
const PHONES = [
  { phone: 'a Yealink by option 60', mac: '02:00:00:00:00:01', says: 'Yealink SIP-T46S' },
  { phone: 'a Yealink by its MAC', mac: '00:15:65:00:00:02', says: undefined },
  { phone: 'a Fanvil', mac: '0c:38:3e:00:00:03', says: 'Fanvil X4' },
  { phone: 'a Cisco', mac: '02:00:00:00:00:04', says: 'Cisco Systems, Inc. IP Phone CP-8841-3PCC\\000' },
  { phone: 'a stranger', mac: '02:00:00:00:00:05', says: 'udhcp 1.36' },
];

let lab: Lab;

const at = (name: string): string => join(lab.folder, name);

/** Values in which servers differ, for a make that is told by binary bytes in option 60 and gets all of it unasked. */
const hex = (digits: string): Uint8Array => Buffer.from(digits, 'hex');
const ODD: OptionSet = {
  vendor: 'odd',
  name: 'Odd\noption 66 "broken out"',
  option60: [],
  option60Hex: ['ff00ab'],
  ouis: [],
  left: [],
  options: [
    { code: 2, bytes: hex('fffffff0') },
    { code: 43, bytes: hex('0103616200') },
    { code: 66, bytes: Buffer.from('a"b\\c,d $X #;\'e') },
    { code: 67, bytes: Buffer.from('12') },
    { code: 128, bytes: Buffer.from('12345') },
    { code: 129, bytes: hex('07') },
    { code: 130, bytes: hex('00') },
    { code: 150, bytes: hex('0a6300010a630002') },
    { code: 160, bytes: Buffer.from('10.99.0.1') },
    { code: 242, bytes: Buffer.from('7') },
  ].map((option) => ({ ...option, forced: true })),
};

/** What the command prints for that server. */
async function printedFor(server: ElsewhereServer): Promise<string> {
  const lines: string[] = [];
  const keep = (line: string): void => void lines.push(line);
  const { terminal } = listeningTerminal({ out: keep, note: keep });
  const argv = ['options', '--for', server, '--address', '10.99.0.1'];
  expect(await runProgram({ version: '1', commands: [options], terminal }, argv), lines.join('\n')).toBe(0);
  return `${lines.join('\n')}\n`;
}

/** The options of one lease, as dhclient writes them: text, or hex where a byte cannot be printed. */
async function askAs(
  { mac, says, asks = CODES }: { mac: string; says: string | undefined; asks?: readonly number[] },
  server: Running,
): Promise<readonly string[]> {
  await lab.run('phones', ['ip', 'link', 'set', 'p0', 'address', mac]);
  const config = [
    'initial-interval 1; backoff-cutoff 2; timeout 14; retry 1;',
    ...CODES.map((code) => `option o${code} code ${code} = string;`),
    ...(says === undefined ? [] : [`send vendor-class-identifier "${says}";`]),
    `request ${['subnet-mask', ...asks.map((code) => `o${code}`)].join(', ')};`,
  ];
  await writeFile(at('dhclient.conf'), `${config.join('\n')}\n`);
  await writeFile(at('dhclient.leases'), '');
  const files = ['-cf', at('dhclient.conf'), '-lf', at('dhclient.leases'), '-pf', at('dhclient.pid')];
  const client = lab.start('phones', [
    'dhclient',
    '-4',
    '-1',
    '-v',
    '-d',
    ...files,
    '-sf',
    '/bin/true',
    'p0',
  ]);
  const lease = await until(
    async () => {
      const text = await readFile(at('dhclient.leases'), 'utf8');
      return text.includes('expire ') && text;
    },
    'a lease',
    () => `${client.output()}\n${server.output()}`,
  );
  await client.stop();
  return lease
    .split('\n')
    .flatMap((line) => /^ *option (o\d+ .*);$/.exec(line)?.[1] ?? [])
    .sort();
}

async function askAll(server: Running): Promise<Readonly<Record<string, readonly string[]>>> {
  const got: Record<string, readonly string[]> = {};
  for (const { phone, ...as } of PHONES) got[phone] = await askAs(as, server);
  return got;
}

/** The same questions to our own daemon. Beside its address an unknown phone gets from us where our TFTP is. */
async function askUs(): Promise<Readonly<Record<string, readonly string[]>>> {
  const { running } = await startDaemon(lab);
  const got = await askAll(running);
  await running.stop();
  expect(got['a Yealink by its MAC']).toEqual(
    expect.arrayContaining([
      'o43 "http://10.99.0.1/"',
      'o66 "http://10.99.0.1/"',
      'o160 "http://10.99.0.1/"',
    ]),
  );
  return { ...got, 'a stranger': [] };
}

async function startDnsmasq(printed: string): Promise<Running> {
  const conf = at('dnsmasq.conf');
  await writeFile(conf, printed);
  expect(await lab.run('desk', ['dnsmasq', '--test', '-C', conf])).toContain('syntax check OK');
  const range = ['--dhcp-range=10.99.0.50,10.99.0.99,1h', '--no-ping', '--dhcp-authoritative'];
  const places = [`--dhcp-leasefile=${at('dnsmasq.leases')}`, `--pid-file=${at('dnsmasq.pid')}`];
  const how = ['--keep-in-foreground', '--port=0', '--user=root', '--interface=lan0', '--bind-interfaces'];
  return lab.start('desk', ['dnsmasq', '-C', conf, ...how, ...range, ...places, '--log-facility=-']);
}

async function startIsc(printed: string): Promise<Running> {
  const conf = at('dhcpd.conf');
  const rest = 'authoritative; ping-check false; default-lease-time 3600;';
  await writeFile(conf, `${rest}\n${printed}\n${SUBNET}\n`);
  await writeFile(at('dhcpd.leases'), '');
  await lab.run('desk', ['dhcpd', '-t', '-4', '-cf', conf]);
  const files = ['-cf', conf, '-lf', at('dhcpd.leases'), '-pf', at('dhcpd.pid')];
  return lab.start('desk', ['dhcpd', '-f', '-4', ...files, 'lan0']);
}

/** Kea reads comments, JSON.parse does not. */
async function startKea(printed: string): Promise<Running> {
  const conf = at('kea.json');
  await writeFile(conf, printed);
  const env = { KEA_PIDFILE_DIR: lab.folder, KEA_LOCKFILE_DIR: lab.folder, KEA_LOGGER_DESTINATION: 'stderr' };
  const tried = lab.start('desk', ['kea-dhcp4', '-t', conf], env);
  expect(await tried.ended, tried.output()).toBe(0);
  const { Dhcp4 } = JSON.parse(printed.replaceAll(/^\s*\/\/.*$/gm, '')) as { Dhcp4: object };
  const whole = {
    ...Dhcp4,
    'interfaces-config': { interfaces: ['lan0'] },
    'lease-database': { type: 'memfile', persist: false },
    subnet4: [{ id: 1, subnet: '10.99.0.0/24', pools: [{ pool: '10.99.0.50 - 10.99.0.99' }] }],
  };
  await writeFile(conf, JSON.stringify({ Dhcp4: whole }));
  return lab.start('desk', ['kea-dhcp4', '-c', conf], env);
}

await describeLab('options for other DHCP servers', NEEDS, () => {
  beforeEach(async () => {
    lab = await openLab([STAGING]);
  });
  afterEach(async () => {
    await lab.close();
  });

  const SERVERS = [
    { server: 'dnsmasq', start: startDnsmasq },
    { server: 'isc', start: startIsc },
    // Kea has a form of its own for 159, and would cut the text short.
    { server: 'kea', start: startKea, without: 'o159' },
  ] as const;

  test.each(SERVERS)(
    '$server accepts what is printed, and phones get from it the bytes that they get from us',
    async (one) => {
      const ours = await askUs();
      const without = 'without' in one ? one.without : 'nothing';
      const wanted = Object.entries(ours).map(([phone, got]) => [
        phone,
        got.filter((option) => !option.startsWith(without)),
      ]);
      expect(await askAll(await one.start(await printedFor(one.server)))).toEqual(Object.fromEntries(wanted));
    },
  );

  test.each(SERVERS)(
    '$server sends odd values byte by byte, unasked, to a make told by binary bytes',
    async ({ server, start }) => {
      const running = await start(writeElsewhere(server, [ODD]));
      const got = await askAs({ mac: '02:00:00:00:00:06', says: '\\377\\000\\253x', asks: [] }, running);
      expect(got).toEqual([
        'o128 "12345"',
        'o129 7',
        'o130 ""', // dhclient takes a NUL at the end for the end of a text
        'o150 a:63:0:1:a:63:0:2',
        'o160 "10.99.0.1"',
        'o2 ff:ff:ff:f0',
        'o242 "7"',
        'o43 1:3:61:62:0',
        // As dhclient writes it, with a backslash before what a shell would read.
        String.raw`o66 "a\"b\\c,d \$X #;\'e"`,
        'o67 "12"',
      ]);
    },
  );
});

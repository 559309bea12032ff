// udhcpc, dhclient and dhcpcd each get a lease from the real daemon, with the options of the make that they play.
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, type Lab, openLab, until } from './lab.ts';

const NEEDS = {
  commands: ['ip', 'udhcpc', 'dhclient', 'dhcpcd'],
  packages: ['iproute2', 'udhcpc', 'isc-dhcp-client', 'dhcpcd-base'],
};
const HOOK = resolve('test/lab/dhcp-hook.sh');
const URL_HEX = Buffer.from('http://10.99.0.1/').toString('hex');

await describeLab('real DHCP clients', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    const settings =
      'lans: [{ interface: lan0, dhcp: { lease: 2h, router: 10.99.0.254, ntp: [10.99.0.1], domain: staging.example } }]';
    daemon = await startDaemon(lab, { settings });
  });
  afterAll(async () => {
    await lab.close();
  });

  /** The interface as that of a phone just unboxed. */
  const beMac = async (mac: string): Promise<void> => {
    await lab.run('phones', ['ip', 'address', 'flush', 'dev', 'p0']);
    await lab.run('phones', ['ip', 'link', 'set', 'p0', 'address', mac]);
  };
  const line = async (mac: string) => (await daemon.phones()).find((one) => one.mac === mac);

  /** One lease by udhcpc; what its hook saw, by name. */
  const udhcpc = async (...args: readonly string[]): Promise<Readonly<Record<string, string>>> => {
    const lease = join(lab.folder, 'udhcpc.env');
    const argv = ['udhcpc', '-i', 'p0', '-f', '-n', '-q', '-t', '5', '-T', '1', '-s', HOOK, ...args];
    const client = lab.start('phones', argv, { LEASE: lease });
    if ((await client.ended) !== 0) throw new Error(client.output());
    const lines = (await readFile(lease, 'utf8')).trim().split('\n');
    return Object.fromEntries(
      lines.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
    );
  };

  test('udhcpc as a Yealink: addresses, times, and the URL in 43', async () => {
    await beMac('00:15:65:00:00:01');
    const got = await udhcpc(
      '-O',
      '66',
      '-O',
      '43',
      '-O',
      '150',
      '-O',
      '160',
      '-O',
      '161',
      '-O',
      'ntpsrv',
      '-O',
      'domain',
    );
    expect(got).toMatchObject({
      subnet: '255.255.255.0',
      router: '10.99.0.254',
      ntpsrv: '10.99.0.1',
      domain: 'staging.example',
      serverid: '10.99.0.1',
      lease: '7200',
      opt43: URL_HEX,
      opt160: URL_HEX,
      opt161: URL_HEX,
      opt150: '0a630001',
    });
    expect(got['ip']).toMatch(/^10\.99\.0\.\d+$/);
    expect(await line('00:15:65:00:00:01')).toMatchObject({
      vendor: 'Yealink',
      stage: 'told',
      address: got['ip'],
    });
  });

  test('the same phone keeps its address over a restart, and over a kill', async () => {
    await beMac('00:15:65:00:00:02');
    const first = await udhcpc();
    await daemon.restart();
    const second = await udhcpc();
    await daemon.restart('SIGKILL');
    const third = await udhcpc();
    expect([second['ip'], third['ip']]).toEqual([first['ip'], first['ip']]);
    const other = await daemon.phones();
    expect(other.map(({ mac }) => mac)).toContain('00:15:65:00:00:01');
  });

  test('a phone of unknown make gets an address and this TFTP server, and neither URL nor 43', async () => {
    await beMac('02:00:00:00:00:09');
    const got = await udhcpc('-O', '66', '-O', '43', '-O', '160');
    expect(got['ip']).toMatch(/^10\.99\.0\./);
    // Option 66 names this machine as TFTP server: what an unknown phone asks for then shows what it is.
    expect([got['opt43'], got['opt160'], got['tftp']]).toEqual([undefined, undefined, '10.99.0.1']);
  });

  test('dhclient as a Cisco, byte for byte; its release is told', async () => {
    await beMac('00:56:2b:00:00:03');
    const at = (name: string): string => join(lab.folder, name);
    const config = [
      'option o159 code 159 = string; option o160 code 160 = string; option o150 code 150 = array of ip-address;',
      'send vendor-class-identifier "Cisco Systems, Inc. IP Phone CP-6841-3PCC\\000";',
      'request subnet-mask, routers, tftp-server-name, o150, o159, o160, vendor-encapsulated-options;',
    ].join('\n');
    await writeFile(at('dhclient.conf'), config);
    await writeFile(at('dhclient.leases'), '');
    const files = [
      '-cf',
      at('dhclient.conf'),
      '-lf',
      at('dhclient.leases'),
      '-pf',
      at('dhclient.pid'),
      '-sf',
      '/bin/true',
    ];
    const client = lab.start('phones', ['dhclient', '-4', '-1', '-v', '-d', ...files, 'p0']);
    const readLease = async () => await readFile(at('dhclient.leases'), 'utf8');
    const bound = async () => (await readLease()).includes('renew ');
    await until(bound, 'a lease of dhclient', client.output);
    // dhclient writes a backslash before each dollar sign.
    const lease = (await readLease()).replaceAll('\\$', '$');
    expect(lease).toContain('option tftp-server-name "10.99.0.1";');
    expect(lease).toContain('option o150 10.99.0.1;');
    expect(lease).toContain('option o159 "http://10.99.0.1/$PSN.xml";');
    expect(lease).toContain('option o160 "http://10.99.0.1/$PSN.xml";');
    expect(lease).toContain('option dhcp-lease-time 7200;');
    expect(lease).not.toContain('vendor-encapsulated-options');
    await client.stop();
    expect(await line('00:56:2b:00:00:03')).toMatchObject({ vendor: 'Cisco', model: 'CP-6841-3PCC' });
    const address = /fixed-address (\S+);/.exec(lease)?.[1] ?? '';
    await lab.run('phones', ['ip', 'address', 'add', `${address}/24`, 'dev', 'p0']);
    await lab.run('phones', ['dhclient', '-4', '-r', '-v', ...files, 'p0']);
    expect(await daemon.story('00:56:2b:00:00:03')).toContain(`gave back ${address}`);
  });

  test('dhcpcd as a Fanvil', async () => {
    await beMac('0c:38:3e:00:00:04');
    const at = (name: string): string => join(lab.folder, name);
    const hook =
      '#!/bin/sh\n[ "$reason" = BOUND ] || [ "$reason" = REBOOT ] || exit 0\nenv | sort >"$(dirname "$0")/dhcpcd.env"\n';
    await writeFile(at('dhcpcd.hook'), hook, { mode: 0o755 });
    const config = [
      'duid',
      'noipv6',
      'noarp',
      'option subnet_mask, routers',
      'define 66 string url66',
      'define 43 binhex url43',
    ];
    await writeFile(at('dhcpcd.conf'), `${config.join('\n')}\noption url66, url43\n`);
    const argv = [
      'dhcpcd',
      '-f',
      at('dhcpcd.conf'),
      '-c',
      at('dhcpcd.hook'),
      '-B',
      '-1',
      '-4',
      '-A',
      '-L',
      '-t',
      '10',
      'p0',
    ];
    const client = lab.start('phones', argv);
    await client.ended;
    const got = await readFile(at('dhcpcd.env'), 'utf8').catch(() => client.output());
    expect(got).toMatch(/new_ip_address=10\.99\.0\.\d+/);
    expect(got).toContain('new_url66=http://10.99.0.1/');
    expect(got).toContain(`new_url43=${URL_HEX}`);
    expect(got).toContain('new_dhcp_lease_time=7200');
    expect(await line('0c:38:3e:00:00:04')).toMatchObject({ vendor: 'Fanvil', stage: 'told' });
  });

  test('a phone that remembers an address from elsewhere is told to forget it, and gets one of ours', async () => {
    await beMac('00:15:65:00:00:05');
    const got = await udhcpc('-r', '192.168.1.77');
    expect(got['ip']).toMatch(/^10\.99\.0\./);
  });
});

// udhcpc, dhclient and dhcpcd each get a lease from the real daemon, with the options of the make that they play.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { asking, leaseOf, type Plug, plugIn } from './dhcp-phone.ts';
import { describeLab, type Lab, openLab, type Running, until } from './lab.ts';

const NEEDS = {
  commands: ['ip', 'udhcpc', 'dhclient', 'dhcpcd'],
  packages: ['iproute2', 'udhcpc', 'isc-dhcp-client', 'dhcpcd-base'],
};
const URL = 'http://10.99.0.1/';
const URL_HEX = Buffer.from(URL).toString('hex');
const SETTINGS = `
lans:
  - interface: lan0
    dhcp: { lease: 2h, router: 10.99.0.254, dns: [10.99.0.253], ntp: [10.99.0.1], domain: staging.example }
`;

let lab: Lab;
let daemon: Daemon;

const at = (name: string): string => join(lab.folder, name);

function plug(mac: string): Plug {
  return { namespace: 'phones', interface: 'p0', mac };
}

async function line(mac: string) {
  return (await daemon.phones()).find((one) => one.mac === mac);
}

async function leasedTo(mac: string): Promise<readonly string[]> {
  return (await daemon.leases()).filter((lease) => lease.mac === mac).map(({ address }) => address);
}

function dhclientFiles(): readonly string[] {
  const files = ['-cf', at('dhclient.conf'), '-lf', at('dhclient.leases'), '-pf', at('dhclient.pid')];
  return [...files, '-sf', '/bin/true'];
}

/** Starts dhclient with what it remembers; it stays until it is stopped. */
async function dhclient(config: readonly string[], remembers = ''): Promise<Running> {
  // By default it waits up to 10 s before it asks again.
  const haste = 'initial-interval 1; backoff-cutoff 2; timeout 14; retry 1;';
  await writeFile(at('dhclient.conf'), [haste, ...config, ''].join('\n'));
  await writeFile(at('dhclient.leases'), remembers);
  return lab.start('phones', ['dhclient', '-4', '-1', '-v', '-d', ...dhclientFiles(), 'p0']);
}

/** The last lease that dhclient wrote, once it has one of our server. */
async function leaseBy(client: Running): Promise<string> {
  return await until(
    async () => {
      const [last] = (await readFile(at('dhclient.leases'), 'utf8')).split('lease {').slice(-1);
      const ours = last?.includes('dhcp-server-identifier 10.99.0.1;') === true;
      return ours && last.includes('expire ') ? last : undefined;
    },
    'a lease of dhclient',
    client.output,
  );
}

await describeLab('real DHCP clients', NEEDS, () => {
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    daemon = await startDaemon(lab, { settings: SETTINGS });
  });
  afterAll(async () => {
    await lab.close();
  });

  test('udhcpc as a Yealink: addresses, times, and the URL in 43, 160 and 161', async () => {
    const wants = asking('66', '43', '58', '59', '150', '160', '161', 'ntpsrv', 'domain');
    const got = await leaseOf(lab, plug('00:15:65:00:00:01'), ...wants, '-V', 'yealink');
    expect(got).toMatchObject({
      subnet: '255.255.255.0',
      broadcast: '10.99.0.255',
      router: '10.99.0.254',
      dns: '10.99.0.253',
      ntpsrv: '10.99.0.1',
      domain: 'staging.example',
      serverid: '10.99.0.1',
      lease: '7200',
      opt58: (3600).toString(16).padStart(8, '0'),
      opt59: (6300).toString(16).padStart(8, '0'),
      opt43: URL_HEX,
      opt160: URL_HEX,
      opt161: URL_HEX,
      opt150: '0a630001',
      // It reads 66 as a host name, which a URL is not.
      tftp: 'bad',
    });
    expect(got['ip']).toMatch(/^10\.99\.0\.\d+$/);
    expect(await line('00:15:65:00:00:01')).toMatchObject({
      vendor: 'Yealink',
      stage: 'told',
      address: got['ip'],
    });
    const told = `got the address ${got['ip']} for 2 h and ${URL} in option 43, 66, 160, 161`;
    expect((await daemon.story('00:15:65:00:00:01')).at(-1)).toBe(told);
  });

  test('a phone asks for no option that it does not want', async () => {
    const got = await leaseOf(lab, plug('00:15:65:00:00:06'), ...asking('161'), '-o');
    expect(got).toMatchObject({ serverid: '10.99.0.1', lease: '7200', opt161: URL_HEX });
    for (const name of ['router', 'dns', 'domain', 'tftp', 'opt43', 'opt160'])
      expect(got).not.toHaveProperty(name);
  });

  test('the same phone keeps its address over a restart, and over a kill', async () => {
    const phone = plug('00:15:65:00:00:02');
    const address = (await leaseOf(lab, phone))['ip'];
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await daemon.restart(signal);
      expect(await leasedTo(phone.mac), `known after ${signal}`).toEqual([address]);
      // Another phone comes in between: it must not get that address.
      const other = plug(signal === 'SIGTERM' ? '02:00:00:00:01:01' : '02:00:00:00:01:02');
      expect((await leaseOf(lab, other))['ip']).not.toBe(address);
      expect((await leaseOf(lab, phone))['ip'], `given after ${signal}`).toBe(address);
    }
  });

  test('a phone of unknown make gets an address and this TFTP server, and neither URL nor 43', async () => {
    const wants = asking('66', '43', '150', '159', '160', '161');
    const got = await leaseOf(lab, plug('02:00:00:00:00:09'), ...wants);
    expect(got['ip']).toMatch(/^10\.99\.0\.\d+$/);
    // Options 66 and 150 name this machine as TFTP server: what an unknown phone asks for then shows what it is.
    expect(got).toMatchObject({ tftp: '10.99.0.1', opt150: '0a630001' });
    for (const name of ['opt43', 'opt159', 'opt160', 'opt161']) expect(got).not.toHaveProperty(name);
    expect(Object.values(got).join('\n')).not.toContain(URL_HEX);
    expect((await daemon.story('02:00:00:00:00:09')).join('\n')).not.toContain('http://');
  });

  test('dhclient as a Cisco, byte for byte; its release is told', async () => {
    await plugIn(lab, plug('00:56:2b:00:00:03'));
    // As strings: dhclient shows one in hexadecimal when a byte of it cannot be printed, as the NUL at its end.
    const client = await dhclient([
      'option o66 code 66 = string; option o159 code 159 = string; option o160 code 160 = string;',
      'option o150 code 150 = string;',
      'send vendor-class-identifier "Cisco Systems, Inc. IP Phone CP-6841-3PCC\\000";',
      'request subnet-mask, routers, o66, o150, o159, o160, vendor-encapsulated-options;',
    ]);
    // dhclient writes a backslash before each dollar sign.
    const lease = (await leaseBy(client)).replaceAll('\\$', '$');
    const options = lease.split('\n').flatMap((one) => /^ *option (.*);$/.exec(one)?.[1] ?? []);
    expect(options.sort()).toEqual([
      'dhcp-lease-time 7200',
      'dhcp-message-type 5',
      'dhcp-rebinding-time 6300',
      'dhcp-renewal-time 3600',
      'dhcp-server-identifier 10.99.0.1',
      'o150 a:63:0:1',
      'o159 "http://10.99.0.1/$PSN.xml"',
      'o160 "http://10.99.0.1/$PSN.xml"',
      'o66 "10.99.0.1"',
      'routers 10.99.0.254',
      'subnet-mask 255.255.255.0',
    ]);
    await client.stop();
    expect(await line('00:56:2b:00:00:03')).toMatchObject({ vendor: 'Cisco', model: 'CP-6841-3PCC' });

    const address = /fixed-address (\S+);/.exec(lease)?.[1] ?? '';
    expect(await leasedTo('00:56:2b:00:00:03')).toEqual([address]);
    await lab.run('phones', ['ip', 'address', 'add', `${address}/24`, 'dev', 'p0']);
    await lab.run('phones', ['dhclient', '-4', '-r', '-v', ...dhclientFiles(), 'p0']);
    await until(
      async () => (await daemon.story('00:56:2b:00:00:03')).includes(`gave back ${address}`),
      'the release in the story',
      daemon.running.output,
    );
  });

  test('dhclient that remembers an address from elsewhere is told to forget it, and gets one of ours', async () => {
    await plugIn(lab, plug('00:15:65:00:00:05'));
    const remembered = [
      'lease {',
      '  interface "p0";',
      '  fixed-address 192.168.1.77;',
      '  option subnet-mask 255.255.255.0;',
      '  option dhcp-lease-time 864000;',
      '  option dhcp-server-identifier 192.168.1.1;',
      '  renew epoch 2114380800; rebind epoch 2114380800; expire epoch 2114380800;',
      '}',
    ];
    const client = await dhclient([], `${remembered.join('\n')}\n`);
    const lease = await leaseBy(client);
    await client.stop();
    expect(client.output()).toContain('DHCPREQUEST for 192.168.1.77');
    expect(client.output()).toContain('DHCPNAK from 10.99.0.1');
    const address = /fixed-address (10\.99\.0\.\d+);/.exec(lease)?.[1];
    expect(await leasedTo('00:15:65:00:00:05')).toEqual([address]);
    const refused = 'was refused 192.168.1.77, because the address it asks for is not of this LAN';
    expect(await daemon.story('00:15:65:00:00:05')).toContain(refused);
  });

  test('dhcpcd as a Fanvil', async () => {
    await plugIn(lab, plug('0c:38:3e:00:00:04'));
    const hook = `#!/bin/sh\n[ "$reason" = BOUND ] && env >${at('dhcpcd.env')}\nexit 0\n`;
    await writeFile(at('dhcpcd.hook'), hook, { mode: 0o755 });
    const config = [
      'clientid 01:0c:38:3e:00:00:04',
      'vendorclassid Fanvil X4',
      'option subnet_mask, routers',
      // Built in, 66 is a host name and 43 is a list of sub-options.
      'define 66 string url66',
      'define 43 binhex url43',
      'option url66, url43',
    ];
    await writeFile(at('dhcpcd.conf'), `${config.join('\n')}\n`);
    // It keeps leases in /var/lib/dhcpcd, whatever it is told: there it sees a folder of the test.
    await mkdir(at('dhcpcd'));
    const own = `mount --bind ${at('dhcpcd')} /var/lib/dhcpcd && exec "$@"`;
    const files = ['-f', at('dhcpcd.conf'), '-c', at('dhcpcd.hook')];
    const argv = ['dhcpcd', ...files, '-B', '-1', '-4', '-A', '-L', '-t', '10', 'p0'];
    const client = lab.start('phones', ['sh', '-c', own, 'sh', ...argv]);
    await client.ended;
    const got = await readFile(at('dhcpcd.env'), 'utf8').catch(() => client.output());
    expect(got).toMatch(/^new_ip_address=10\.99\.0\.\d+$/m);
    expect(got.split('\n')).toEqual(
      expect.arrayContaining([
        `new_url66=${URL}`,
        `new_url43=${URL_HEX}`,
        'new_dhcp_lease_time=7200',
        'new_dhcp_renewal_time=3600',
        'new_dhcp_rebinding_time=6300',
        'new_routers=10.99.0.254',
      ]),
    );
    const seen = { vendor: 'Fanvil', model: 'X4', stage: 'told' };
    expect(await line('0c:38:3e:00:00:04')).toMatchObject(seen);
  });
});

await describeLab('real DHCP clients of a daemon without settings', NEEDS, () => {
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    daemon = await startDaemon(lab);
  });
  afterAll(async () => {
    await lab.close();
  });

  test('udhcpc gets an address for an hour, and no router, name server, clock or domain', async () => {
    const wants = asking('ntpsrv', 'domain', 'router', 'dns');
    const got = await leaseOf(lab, plug('00:15:65:00:00:01'), ...wants);
    expect(got).toMatchObject({ subnet: '255.255.255.0', serverid: '10.99.0.1', lease: '3600' });
    for (const name of ['router', 'dns', 'ntpsrv', 'domain']) expect(got).not.toHaveProperty(name);
  });
});

// Phones behind a relay: the real daemon on one LAN, dhcrelay or dnsmasq between, and real clients in other subnets.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { StageLink } from '../../src/rehearse/stage.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { asking, leaseOf, type Plug, seenBy, staying } from './dhcp-phone.ts';
import { describeLab, heard, type Lab, openLab, type Running, until } from './lab.ts';

const NEEDS = {
  commands: ['ip', 'udhcpc', 'dhcrelay', 'dnsmasq', 'tcpdump'],
  packages: ['iproute2', 'udhcpc', 'isc-dhcp-relay', 'dnsmasq-base', 'tcpdump'],
};
const SERVER = '10.99.1.1';
const URL_HEX = Buffer.from(`http://${SERVER}/`).toString('hex');

/** A port of the relay, which dhcrelay calls by its name in option 82, and who is at it. */
function port(name: string, subnet: string, peer: string): StageLink {
  return { host: 'relay', interface: name, address: `${subnet}.1/24`, peer, peerInterface: 'p0' };
}

const LINKS: readonly StageLink[] = [
  {
    host: 'desk',
    interface: 'lan0',
    address: `${SERVER}/24`,
    peer: 'relay',
    peerInterface: 'r1',
    peerAddress: '10.99.1.2/24',
  },
  port('r2', '10.99.2', 'phones'),
  port('r3', '10.99.3', 'lobby'),
  port('r4', '10.99.4', 'hall'),
];
const SETTINGS = `
lans:
  - interface: lan0
    dhcp:
      lease: 8h
      router: 10.99.1.254
      guard: off
      relayed:
        - { subnet: 10.99.2.0/24, pool: 10.99.2.100-10.99.2.149, lease: 2h, router: 10.99.2.1, dns: [10.99.2.53] }
        - { subnet: 10.99.3.0/24, pool: 10.99.3.100-10.99.3.149, router: 10.99.3.1 }
        - { subnet: 10.99.4.0/24, pool: 10.99.4.100-10.99.4.149, router: 10.99.4.1 }
      classes:
        - name: lobby
          when: { circuitId: "^r3$" }
          pool: 10.99.3.200-10.99.3.209
          options: { 242: "L2Q=1" }
          force: [242]
`;
/** Whoever stands at port r4 gets this address. */
const LIST = 'mac,address,circuit_id\n,10.99.4.42,r4\n';

const RELAYS: readonly { readonly name: string; readonly argv: readonly string[]; readonly last: string }[] =
  [
    {
      name: 'dhcrelay',
      argv: ['dhcrelay', '-4', '-d', '--no-pid', '-iu', 'r1', '-id', 'r2', SERVER],
      last: '01',
    },
    {
      name: 'dnsmasq',
      argv: [
        'dnsmasq',
        '--no-daemon',
        '--conf-file=/dev/null',
        '--port=0',
        `--dhcp-relay=10.99.2.1,${SERVER}`,
        '--user=',
        '--pid-file=',
      ],
      last: '0a',
    },
  ];
const READY: Readonly<Record<string, string>> = {
  dhcrelay: 'Sending on   Socket/fallback',
  dnsmasq: `DHCP relay from 10.99.2.1 to ${SERVER}`,
};

let lab: Lab;
let daemon: Daemon;
/** What runs between the LANs until the end of a test. */
const between: Running[] = [];

async function startRelay(argv: readonly string[]): Promise<Running> {
  const relay = lab.start('relay', argv);
  between.push(relay);
  await heard(relay, READY[argv[0] ?? ''] ?? '');
  return relay;
}

/** dhcrelay that puts option 82 in at that port, and takes no answer without it. */
async function startAgent(port: string, ...more: readonly string[]): Promise<Running> {
  const agent = ['dhcrelay', '-4', '-d', '--no-pid', '-a', '-D', '-iu', 'r1', '-id', port];
  return await startRelay([...agent, ...more, SERVER]);
}

function plug(namespace: string, last: string): Plug {
  return { namespace, interface: 'p0', mac: `80:5e:c0:00:00:${last}` };
}

async function startCapture(): Promise<Running> {
  const capture = lab.start('desk', [
    ...['tcpdump', '-i', 'lan0', '-n', '-l', '-vvv', '--immediate-mode', 'udp port 67'],
  ]);
  between.push(capture);
  await heard(capture, 'listening on lan0');
  return capture;
}

/** Nothing is sent again before an answer had time to come. */
const ONCE = ['-T', '10'];

/** The four messages of a lease, as tcpdump tells them. */
async function fourOf(capture: Running): Promise<readonly string[]> {
  return await until(
    () => {
      const [, ...all] = capture.output().split('BOOTP/DHCP, ');
      return all.length === 4 && all.every((each) => each.includes('END (255)')) ? all : undefined;
    },
    'four whole messages',
    capture.output,
  );
}

/** Waits until the story of the phone holds these sentences in this order. */
async function storyHas(mac: string, sentences: readonly string[]): Promise<void> {
  let story: readonly string[] = [];
  await until(
    async () => {
      story = await daemon.story(mac);
      const places = sentences.map((sentence) => story.indexOf(sentence));
      return places.every((place, index) => place > (places[index - 1] ?? -1));
    },
    'the story',
    () => story.join('\n'),
  );
}

await describeLab('DHCP through a relay', NEEDS, () => {
  // One daemon for all: each test has phones of its own, and each of them the next address of its pool.
  beforeAll(async () => {
    lab = await openLab(LINKS);
    await lab.run('desk', ['ip', 'route', 'add', '10.99.0.0/16', 'via', '10.99.1.2']);
    await lab.run('relay', ['sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward']);
    daemon = await startDaemon(lab, { settings: SETTINGS, list: LIST });
  });
  afterEach(async () => {
    await Promise.all(between.splice(0).map(async (one) => await one.stop('SIGKILL')));
  });
  afterAll(async () => {
    await lab.close();
  });

  test.each(RELAYS)(
    '$name: a lease of that subnet, renewed past the relay, given back',
    async ({ argv, last }) => {
      await startRelay(argv);
      const phone = plug('phones', last);
      const client = await staying(lab, phone, '-R', '-V', 'yealink', ...asking('66', '43', '160'));
      const got = await seenBy(lab, phone);
      const ip = last === '01' ? '10.99.2.100' : '10.99.2.101';
      expect(got).toMatchObject({
        ip,
        subnet: '255.255.255.0',
        broadcast: '10.99.2.255',
        router: '10.99.2.1',
        dns: '10.99.2.53',
        serverid: SERVER,
        lease: '7200',
        opt43: URL_HEX,
        opt160: URL_HEX,
      });

      await lab.run('phones', ['ip', 'route', 'replace', 'default', 'via', '10.99.2.1']);
      process.kill(client.pid, 'SIGUSR1');
      await until(
        () => client.output().split(`lease of ${ip} obtained`).length === 3,
        'the ACK of the renewal',
        client.output,
      );
      process.kill(client.pid, 'SIGUSR2');
      await heard(client, 'entering released state');
      await client.stop('SIGKILL');
      const told = `for 2 h and http://${SERVER}/ in option 43, 66, 160`;
      await storyHas(phone.mac, [
        'asked for an address',
        `was offered ${ip}`,
        `got the address ${ip} ${told}`,
        `renewed ${ip} ${told}`,
        `gave back ${ip}`,
      ]);
      expect((await daemon.leases()).map(({ state }) => state)).not.toContain('bound');
    },
  );

  test('option 82 comes back as it went, last of all, and no client sees it', async () => {
    await startAgent('r2');
    const capture = await startCapture();
    const got = await leaseOf(lab, plug('phones', '02'), ...asking('82'), ...ONCE);
    expect(got).toMatchObject({ ip: '10.99.2.102', router: '10.99.2.1', serverid: SERVER });
    expect(got).not.toHaveProperty('opt82');
    const messages = await fourOf(capture);
    const agent = /Agent-Information \(82\), length 4: \n\s+Circuit-ID SubOption 1, length 2: r2\n\s+END/;
    expect(messages.map((each) => each.split(' ')[0])).toEqual(['Request', 'Reply,', 'Request', 'Reply,']);
    for (const message of messages) expect(message).toMatch(agent);
  });

  test('a class by its switch port: its pool and its options', async () => {
    await startAgent('r2', '-id', 'r3');
    const wants = asking('242', '160');
    expect(await leaseOf(lab, plug('lobby', '03'), ...wants)).toMatchObject({
      ip: '10.99.3.200',
      router: '10.99.3.1',
      opt242: Buffer.from('L2Q=1').toString('hex'),
      opt160: URL_HEX,
    });
    const other = await leaseOf(lab, plug('phones', '04'), ...wants);
    expect(other).toMatchObject({ ip: '10.99.2.103', opt160: URL_HEX });
    expect(other).not.toHaveProperty('opt242');
  });

  test('an address kept for whoever is at a switch port', async () => {
    await startAgent('r2', '-id', 'r4');
    expect((await leaseOf(lab, plug('phones', '05')))['ip']).toBe('10.99.2.104');
    expect((await leaseOf(lab, plug('hall', '06')))['ip']).toBe('10.99.4.42');
    // While the first one holds it, a second one there gets one of the pool.
    expect((await leaseOf(lab, plug('hall', '07')))['ip']).toBe('10.99.4.100');
  });

  test('a relay that speaks from our own subnet and names the link of the client (RFC 3527)', async () => {
    await startAgent('r2', '-U', 'r1');
    const capture = await startCapture();
    const got = await leaseOf(lab, plug('phones', '09'), ...ONCE);
    expect(got).toMatchObject({ ip: '10.99.2.105', router: '10.99.2.1', lease: '7200' });
    for (const message of await fourOf(capture)) {
      expect(message).toContain('Gateway-IP 10.99.1.2');
      expect(message).toMatch(/SubOption 5, length 4: \s+0x0000: +0a63 0201/);
    }
  });

  test('a relay of a subnet that is not served gets no answer', async () => {
    await lab.run('relay', ['ip', 'address', 'replace', '10.99.9.1/24', 'dev', 'r4']);
    await lab.run('relay', ['ip', 'address', 'del', '10.99.4.1/24', 'dev', 'r4']);
    await startAgent('r4');
    await expect(leaseOf(lab, plug('hall', '08'), '-t', '2')).rejects.toThrow('no lease');
    const silent =
      'got no answer at the DHCP door, because it came through a relay of a subnet that is not served here';
    expect(await daemon.story('80:5e:c0:00:00:08')).toContain(silent);
    expect((await daemon.leases()).map(({ mac }) => mac)).not.toContain('80:5e:c0:00:00:08');
  });
});

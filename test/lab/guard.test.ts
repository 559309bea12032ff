// dnsmasq as the server that nobody expects, on one LAN with the real daemon and a real client.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LeaseLine, StoryLine } from '../../src/control/api.ts';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, heard, type Lab, openLab, type Running, until } from './lab.ts';

const NEEDS = {
  commands: ['ip', 'udhcpc', 'dnsmasq'],
  packages: ['iproute2', 'udhcpc', 'dnsmasq-base'],
};
const HOOK = resolve('test/lab/dhcp-hook.sh');
/** The client stands behind the namespace of the other server, whose bridge is the switch of this LAN. */
const CLIENT = {
  host: 'phones',
  interface: 'b1',
  address: '10.98.0.1/24',
  peer: 'client',
  peerInterface: 'c0',
};
const ROGUE = '10.99.0.9';
const ROGUE_MAC = '4c:5e:0c:00:00:09';
const FOUND = `another server answers at the DHCP door: ${ROGUE} (${ROGUE_MAC}, MikroTik)`;
const GONE = `the other server at ${ROGUE} is not heard any more at the DHCP door`;

let lab: Lab;

function settings(allow: string): string {
  return `
lans:
  - interface: lan0
    dhcp: { pool: 10.99.0.50-10.99.0.99, lease: 1h, guard: { every: 2s, allow: [${allow}] } }
`;
}

async function ip(namespace: string, ...commands: readonly string[]): Promise<void> {
  for (const command of commands) await lab.run(namespace, ['ip', ...command.split(' ')]);
}

/** The other server; ready when its port is open. */
async function startRogue(): Promise<Running> {
  const rogue = lab.start('phones', [
    'dnsmasq',
    '--no-daemon',
    '--conf-file=/dev/null',
    '--port=0',
    '--interface=br0',
    '--dhcp-range=10.99.0.200,10.99.0.220,1h',
    `--dhcp-leasefile=${join(lab.folder, 'rogue.leases')}`,
    '--no-ping',
    '--user=',
    '--pid-file=',
  ]);
  await heard(rogue, 'DHCP, IP range');
  return rogue;
}

/** A phone just unboxed, with that MAC. */
async function beMac(mac: string): Promise<void> {
  await ip('client', 'address flush dev c0', `link set c0 address ${mac}`);
}

/** A client that stays, or that ends with its first lease. */
function startClient(...more: readonly string[]): Running {
  const argv = ['udhcpc', '-i', 'c0', '-f', '-n', '-t', '5', '-T', '1', '-s', HOOK, ...more];
  return lab.start('client', argv, { LEASE: join(lab.folder, 'udhcpc.env') });
}

/** Who gave the client an address, and which. */
async function lease(): Promise<{ readonly server: string; readonly address: string }> {
  const client = startClient('-q');
  if ((await client.ended) !== 0) throw new Error(client.output());
  const text = await readFile(join(lab.folder, 'udhcpc.env'), 'utf8');
  const [, server = ''] = /^serverid=(.*)$/m.exec(text) ?? [];
  const [, address = ''] = /^ip=(.*)$/m.exec(text) ?? [];
  return { server, address };
}

async function trouble(daemon: Daemon): Promise<readonly string[]> {
  const { code, output } = await daemon.cli('story', '--json');
  if (code !== 0) throw new Error(output);
  return (JSON.parse(output) as readonly StoryLine[]).map(({ sentence }) => sentence);
}

async function untilTold(daemon: Daemon, text: string): Promise<void> {
  await until(
    async () => (await trouble(daemon)).some((line) => line.includes(text)),
    `"${text}"`,
    () => daemon.running.output(),
  );
}

async function leases(daemon: Daemon): Promise<readonly string[]> {
  const { output } = await daemon.cli('leases', '--json');
  return (JSON.parse(output) as readonly LeaseLine[]).map(({ mac, address }) => `${mac} ${address}`);
}

await describeLab('another DHCP server on the LAN', NEEDS, () => {
  beforeEach(async () => {
    lab = await openLab([STAGING, CLIENT]);
    await ip(
      'phones',
      'address flush dev b1',
      'link add br0 type bridge forward_delay 0',
      `link set br0 address ${ROGUE_MAC}`,
      'link set p0 master br0',
      'link set b1 master br0',
      'link set br0 up',
      `address add ${ROGUE}/24 dev br0`,
    );
  });
  afterEach(async () => {
    await lab.close();
  });

  test('was there first: we offer nothing, and its address, hardware address and maker are told', async () => {
    await startRogue();
    const daemon = await startDaemon(lab, { settings: settings('') });
    await untilTold(daemon, FOUND);
    await beMac('00:15:65:00:00:01');
    expect((await lease()).server).toBe(ROGUE);
    expect(await leases(daemon)).toEqual([]);
    const story = await daemon.story('00:15:65:00:00:01');
    expect(story.filter((line) => line.startsWith('was offered'))).toEqual([]);
    expect(story).toContain(`obeys the DHCP server ${ROGUE} and not this one`);
    expect(story).toContain(
      'got no answer at the DHCP door, because another DHCP server answers on this LAN',
    );
  });

  test('is allowed: offers go on beside it, and there is nothing to tell', async () => {
    await startRogue();
    const daemon = await startDaemon(lab, { settings: settings(ROGUE) });
    await until(
      async () => {
        await beMac('00:15:65:00:00:02');
        await lease();
        return (await daemon.story('00:15:65:00:00:02')).some((line) => line.startsWith('was offered'));
      },
      'an offer beside it',
      () => daemon.running.output(),
    );
    expect((await trouble(daemon)).filter((line) => line.includes('another server'))).toEqual([]);
  });

  test('comes later and goes: offers stop and go on, and no lease of ours is lost', async () => {
    const daemon = await startDaemon(lab, { settings: settings('') });
    await beMac('00:15:65:00:00:03');
    const phone = startClient();
    await heard(phone, 'obtained from 10.99.0.1');
    const ours = await leases(daemon);
    expect(ours).toEqual([expect.stringMatching(/^00:15:65:00:00:03 10\.99\.0\.\d+$/)]);

    const rogue = await startRogue();
    await untilTold(daemon, FOUND);
    // Who has an address of ours keeps it.
    process.kill(phone.pid, 'SIGUSR1');
    await until(
      async () => (await daemon.story('00:15:65:00:00:03')).some((line) => line.startsWith('renewed ')),
      'the renewal',
      () => phone.output() + daemon.running.output(),
    );
    await phone.stop('SIGKILL');
    await beMac('00:15:65:00:00:04');
    expect((await lease()).server).toBe(ROGUE);
    expect(await leases(daemon)).toEqual(ours);

    await rogue.stop();
    await untilTold(daemon, GONE);
    await beMac('00:15:65:00:00:05');
    const last = await lease();
    expect(last.server).toBe('10.99.0.1');
    expect([...(await leases(daemon))].sort()).toEqual([...ours, `00:15:65:00:00:05 ${last.address}`]);
    expect((await trouble(daemon)).filter((line) => line === GONE)).toHaveLength(1);
  });
});

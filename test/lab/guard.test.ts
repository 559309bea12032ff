// dnsmasq as the server that nobody expects, on one LAN with the real daemon and a real client.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { leaseOf, type Plug, seenBy, staying } from './dhcp-phone.ts';
import { describeLab, heard, type Lab, openLab, type Running, until } from './lab.ts';
import { BEHIND, bridge } from './links.ts';

const NEEDS = {
  commands: ['ip', 'udhcpc', 'dnsmasq'],
  packages: ['iproute2', 'udhcpc', 'dnsmasq-base'],
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

/** A phone just unboxed, behind the namespace of the other server. */
function plug(last: string): Plug {
  return { namespace: 'phone', interface: 'c0', mac: `00:15:65:00:00:${last}` };
}

async function trouble(daemon: Daemon): Promise<readonly string[]> {
  return (await daemon.trouble()).map(({ sentence }) => sentence);
}

async function untilTold(daemon: Daemon, text: string): Promise<void> {
  await until(
    async () => (await trouble(daemon)).some((line) => line.includes(text)),
    `"${text}"`,
    () => daemon.running.output(),
  );
}

async function leases(daemon: Daemon): Promise<readonly string[]> {
  return (await daemon.leases()).map(({ mac, address }) => `${mac} ${address}`);
}

await describeLab('another DHCP server on the LAN', NEEDS, () => {
  beforeEach(async () => {
    lab = await openLab([STAGING, BEHIND]);
    await bridge(lab, ROGUE_MAC, [ROGUE]);
  });
  afterEach(async () => {
    await lab.close();
  });

  test('was there first: we offer nothing, and its address, hardware address and maker are told', async () => {
    await startRogue();
    const daemon = await startDaemon(lab, { settings: settings('') });
    await untilTold(daemon, FOUND);
    expect((await leaseOf(lab, plug('01')))['serverid']).toBe(ROGUE);
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
        await leaseOf(lab, plug('02'));
        return (await daemon.story('00:15:65:00:00:02')).some((line) => line.startsWith('was offered'));
      },
      'an offer beside it',
      () => daemon.running.output(),
    );
    expect((await trouble(daemon)).filter((line) => line.includes('another server'))).toEqual([]);
  });

  test('comes later and goes: offers stop and go on, and no lease of ours is lost', async () => {
    const daemon = await startDaemon(lab, { settings: settings('') });
    const phone = await staying(lab, plug('03'));
    expect(await seenBy(lab, plug('03'))).toMatchObject({ serverid: '10.99.0.1' });
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
    expect((await leaseOf(lab, plug('04')))['serverid']).toBe(ROGUE);
    expect(await leases(daemon)).toEqual(ours);

    await rogue.stop();
    await untilTold(daemon, GONE);
    const last = await leaseOf(lab, plug('05'));
    expect(last['serverid']).toBe('10.99.0.1');
    expect([...(await leases(daemon))].sort()).toEqual([...ours, `00:15:65:00:00:05 ${last['ip']}`]);
    expect((await trouble(daemon)).filter((line) => line === GONE)).toHaveLength(1);
  });
});

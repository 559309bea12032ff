// A host with a fixed address in the middle of the pool: who asks for an address must never be given that one.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { leaseOf, type Plug } from './dhcp-phone.ts';
import { describeLab, type Lab, openLab, until } from './lab.ts';
import { BEHIND, bridge } from './links.ts';

const NEEDS = { commands: ['ip', 'udhcpc'], packages: ['iproute2', 'udhcpc'] };
const HOST_MAC = '4c:5e:0c:00:00:09';
/** The lowest two are what would be given first. */
const FIXED = ['10.99.0.50', '10.99.0.51'];

let lab: Lab;
let daemon: Daemon;

function settings(more = ''): string {
  return `
lans:
  - interface: lan0
    dhcp: { pool: 10.99.0.50-10.99.0.99, guard: off${more} }
`;
}

function plug(last: string): Plug {
  return { namespace: 'phone', interface: 'c0', mac: `80:5e:c0:00:00:${last}` };
}

/** Addresses and states of all leases. */
async function leases(): Promise<readonly string[]> {
  return (await daemon.leases()).map(({ address, state }) => `${address} ${state}`);
}

/** The story of a phone without what it says of itself. */
async function storyOf({ mac }: Plug): Promise<readonly string[]> {
  return (await daemon.story(mac)).filter((line) =>
    /^(is not given|was offered|declined|got the address)/.test(line),
  );
}

await describeLab('addresses that somebody uses already', NEEDS, () => {
  beforeEach(async () => {
    lab = await openLab([STAGING, BEHIND]);
    await bridge(lab, HOST_MAC, FIXED);
  });
  afterEach(async () => {
    await lab.close();
  });

  test('are found by ARP, told with the MAC, and offered to nobody', async () => {
    daemon = await startDaemon(lab, { settings: settings() });
    const told = 'for 60 min and http://10.99.0.1/ in option 43, 66, 160, 161';
    const first = plug('01');
    expect(await leaseOf(lab, first, '-O', '66', '-O', '43', '-O', '160', '-O', '161')).toMatchObject({
      ip: '10.99.0.52',
    });
    expect(await storyOf(first)).toEqual([
      `is not given 10.99.0.50: ${HOST_MAC} answers there`,
      `is not given 10.99.0.51: ${HOST_MAC} answers there`,
      'was offered 10.99.0.52',
      `got the address 10.99.0.52 ${told}`,
    ]);
    // This one wants the used address by name.
    const second = plug('02');
    expect((await leaseOf(lab, second, '-r', '10.99.0.50'))['ip']).toBe('10.99.0.53');
    expect((await storyOf(second))[0]).toBe('was offered 10.99.0.53');

    await daemon.restart('SIGKILL');
    expect(await leases()).toEqual([
      '10.99.0.50 declined',
      '10.99.0.51 declined',
      '10.99.0.52 bound',
      '10.99.0.53 bound',
    ]);
    expect((await leaseOf(lab, plug('03'), '-r', '10.99.0.51'))['ip']).toBe('10.99.0.54');
  });

  test('are left alone too when the phone finds out and declines', async () => {
    daemon = await startDaemon(lab, { settings: settings(', conflictCheck: off') });
    const phone = plug('04');
    // udhcpc asks by ARP itself with -a; it waits some seconds after each address that it declined.
    expect((await leaseOf(lab, phone, '-a', '-A', '1'))['ip']).toBe('10.99.0.52');
    const story = await storyOf(phone);
    expect(story.filter((line) => line.startsWith('declined'))).toEqual(
      FIXED.map((address) => `declined ${address}: somebody else uses it`),
    );
    expect(await leases()).toEqual(['10.99.0.50 declined', '10.99.0.51 declined', '10.99.0.52 bound']);
  });

  test('a host that answers for every address keeps no phone from its lease, and takes a part of the pool only', async () => {
    for (const part of ['10.99.0.64/26', '10.99.0.48/28'])
      await lab.run('phones', ['ip', 'route', 'add', 'local', part, 'dev', 'br0']);
    daemon = await startDaemon(lab, { settings: settings() });
    const phone = plug('05');
    expect(await leaseOf(lab, phone)).toMatchObject({ serverid: '10.99.0.1' });
    const conflicts = (await storyOf(phone)).filter((line) => line.startsWith('is not given'));
    expect(conflicts).toHaveLength(4);
    await until(
      async () => (await leases()).filter((line) => line.endsWith('declined')).length === 4,
      'four addresses in quarantine',
    );
    for (const last of ['06', '07', '08']) await leaseOf(lab, plug(last));
    const held = await leases();
    expect(held.filter((line) => line.endsWith('bound'))).toHaveLength(4);
    expect(held.filter((line) => line.endsWith('declined'))).toHaveLength(5);
  });
});

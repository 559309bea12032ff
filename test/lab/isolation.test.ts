// Proves on real sockets that a door keeps to its LAN: it neither hears nor answers anyone on another one.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeLab, heard, type Lab, openLab, type Running, script, until } from './lab.ts';
import { OFFICE, FIRST as STAGING } from './links.ts';

const DOOR = 'test/lab/door.ts';
const STATION = 'test/lab/station.ts';
const ACTIVATE = 'test/lab/activate.ts';

const NEEDS = { commands: ['ip'], packages: ['iproute2'] };

let lab: Lab;

async function ready(namespace: string, argv: readonly string[]): Promise<Running> {
  const running = lab.start(namespace, argv);
  await heard(running, 'ready');
  return running;
}

async function ip(namespace: string, command: string): Promise<void> {
  await lab.run(namespace, ['ip', ...command.split(' ')]);
}

const fetched = async (namespace: string, url: string): Promise<string> => {
  const code = `fetch('${url}', { signal: AbortSignal.timeout(20000) })
    .then((answer) => answer.text())
    .then(console.log, (error) => console.log('none:', error.cause?.code ?? error.name));`;
  return (await lab.run(namespace, [process.execPath, '-e', code])).trim();
};

await describeLab('a host with a staging LAN and an office LAN', NEEDS, () => {
  beforeEach(async () => {
    lab = await openLab([STAGING, OFFICE]);
  });
  afterEach(async () => {
    await lab.close();
  });

  test.each([
    { when: 'no default route', route: undefined },
    { when: 'the default route through the office', route: 'route add default via 10.99.2.254 dev lan1' },
  ])('with $when, broadcasts are heard and answered on their own LAN only', async ({ route }) => {
    if (route !== undefined) await ip('desk', route);
    // Two doors, one for each LAN: what one does not hear, the other does, so it did reach this host.
    const staging = await ready('desk', script(DOOR, 'lan0', 'udp', '67'));
    const office = await ready('desk', script(DOOR, 'lan1', 'udp', '67'));
    const phone = await ready('phones', script(STATION, 'p0', '68'));
    const clerk = await ready('office', script(STATION, 'q0', '68'));

    clerk.say('255.255.255.255 67 clerk\n');
    await heard(clerk, 'got lan1 answers clerk');
    phone.say('255.255.255.255 67 phone\n');
    await heard(phone, 'got lan0 answers phone');

    expect(staging.output()).toBe('ready by device\nheard phone from 0.0.0.0:68\n');
    expect(office.output()).toBe('ready by device\nheard clerk from 0.0.0.0:68\n');
    expect(phone.output()).toBe('ready\ngot lan0 answers phone\n');
    expect(clerk.output()).toBe('ready\ngot lan1 answers clerk\n');
  });

  test.each([
    { when: 'no default route', route: undefined },
    { when: 'the default route through the office', route: 'route add default via 10.99.2.254 dev lan1' },
  ])('with $when, a multicast group is joined on its own LAN only', async ({ route }) => {
    if (route !== undefined) await ip('desk', route);
    await ip('phones', 'address add 10.99.1.2/24 dev p0');
    await ip('office', 'address add 10.99.2.2/24 dev q0');
    const staging = await ready('desk', script(DOOR, 'lan0', 'udp', '5060', '224.0.1.75'));
    const office = await ready('desk', script(DOOR, 'lan1', 'udp', '5060', '224.0.1.75'));
    const phone = await ready('phones', script(STATION, 'p0', '5060'));
    const clerk = await ready('office', script(STATION, 'q0', '5060'));

    clerk.say('224.0.1.75 5060 clerk\n');
    await heard(clerk, 'got lan1 answers clerk');
    // Nor is that which comes from the wrong LAN for our address on the right one (the weak host model of Linux).
    clerk.say('10.99.1.1 5060 intruder\n');
    await heard(clerk, 'got lan1 answers intruder');
    phone.say('224.0.1.75 5060 phone\n');
    await heard(phone, 'got lan0 answers phone');

    expect(staging.output()).toBe('ready by device\nheard phone from 10.99.1.2:5060\n');
    expect(office.output()).not.toContain('phone');
    expect(clerk.output()).not.toContain('lan0');
  });

  test('HTTP answers on its own LAN only', async () => {
    await ip('phones', 'address add 10.99.1.2/24 dev p0');
    await ip('office', 'address add 10.99.2.2/24 dev q0');
    await ip('office', 'route add 10.99.1.0/24 via 10.99.2.1');
    const door = await ready('desk', script(DOOR, 'lan0', 'http', '80'));

    expect(await fetched('phones', 'http://10.99.1.1/a.cfg')).toBe('lan0 has /a.cfg');
    expect(await fetched('office', 'http://10.99.1.1/b.cfg')).toBe('none: ECONNREFUSED');
    expect(door.output()).toBe('ready by device\nasked for /a.cfg\n');
  });

  test('an interface that is plugged out and in is served again', async () => {
    const door = await ready('desk', script(DOOR, 'lan0', 'udp', '5060', '224.0.1.75'));
    const web = await ready('desk', script(DOOR, 'lan0', 'http', '80'));
    await ip('desk', 'link delete lan0');
    await ip('desk', 'link add lan0 type veth peer name p0 netns phones');
    await ip('phones', 'address add 10.99.1.2/24 dev p0');
    await ip('phones', 'link set p0 up');
    await ip('desk', 'link set lan0 up');
    await ip('desk', 'address add 10.99.1.1/24 dev lan0');

    const phone = await ready('phones', script(STATION, 'p0', '5060'));
    await until(
      () => {
        phone.say('224.0.1.75 5060 again\n');
        return phone.output().includes('got lan0 answers again');
      },
      'an answer after the replacement',
      door.output,
    );
    await until(
      async () => (await fetched('phones', 'http://10.99.1.1/a.cfg')) === 'lan0 has /a.cfg',
      'a file after the replacement',
      web.output,
    );
  });

  test('a taken port is a Fault with its remedy, also for those who would share it', async () => {
    await ready('desk', script(DOOR, 'lan0', 'udp', '67'));
    for (const more of [[], ['shared']]) {
      const second = lab.start('desk', script(DOOR, 'lan0', 'udp', '67', ...more));
      expect(await second.ended).toBe(1);
      expect(second.output()).toBe(
        "fault port-taken: UDP port 67 is taken (see who has it: ss -lunp 'sport = :67')\n",
      );
    }
    await ready('desk', script(DOOR, 'lan0', 'http', '80'));
    const second = lab.start('desk', script(DOOR, 'lan0', 'http', '80'));
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain('fault port-taken: TCP port 80 is taken');
  });

  test.each([
    {
      name: 'lan9',
      change: undefined,
      says: 'there is no interface lan9 (this machine has lo (127.0.0.1), lan0',
    },
    { name: 'lan0', change: 'link set lan0 down', says: 'lan0 is down (switch it on: ip link set lan0 up)' },
    {
      name: 'lan0',
      change: 'address flush dev lan0',
      says: 'lan0 has no IPv4 address (give it one: ip address',
    },
  ])('an interface that cannot be served is a Fault: $says', async ({ name, change, says }) => {
    if (change !== undefined) await ip('desk', change);
    const door = lab.start('desk', script(DOOR, name, 'udp', '67'));
    expect(await door.ended).toBe(1);
    expect(door.output()).toContain(says);
  });

  test('a cable without anyone at its other end is a Fault', async () => {
    await ip('phones', 'link set p0 down');
    // The kernel takes up to a second to say so.
    await until(
      async () => (await lab.run('desk', ['ip', 'link', 'show', 'lan0'])).includes('NO-CARRIER'),
      'the link to go',
    );
    const door = lab.start('desk', script(DOOR, 'lan0', 'udp', '67'));
    expect(await door.ended).toBe(1);
    expect(door.output()).toContain('fault no-link: the interface lan0 has no link');
  });

  test('without a way to pin sockets nothing is served', async () => {
    const door = lab.start('desk', script(DOOR, 'lan0', 'udp', '67', 'plain'));
    expect(await door.ended).toBe(1);
    expect(door.output()).toContain(
      'fault cannot-pin: the test cannot be kept to lan0: the test says so, and',
    );
  });

  test('a socket handed over by systemd is used', async () => {
    const door = script(DOOR, 'lan0', 'udp', '67', 'plain');
    const running = await ready('desk', script(ACTIVATE, 'lan0', '67', ...door));
    const phone = await ready('phones', script(STATION, 'p0', '68'));
    phone.say('255.255.255.255 67 phone\n');
    await heard(phone, 'got lan0 answers phone');
    expect(running.output()).toBe('ready by systemd\nheard phone from 0.0.0.0:68\n');
  });
});

await describeLab('a host with one LAN', NEEDS, () => {
  beforeEach(async () => {
    lab = await openLab([{ ...STAGING, peerAddress: '10.99.1.2/24' }]);
  });
  afterEach(async () => {
    await lab.close();
  });

  test('plain sockets serve it, with a warning and without a route', async () => {
    const dhcp = await ready('desk', script(DOOR, 'lan0', 'udp', '67', 'plain'));
    const pnp = await ready('desk', script(DOOR, 'lan0', 'udp', '5060', '224.0.1.75', 'plain'));
    const asking = await ready('phones', script(STATION, 'p0', '68'));
    const calling = await ready('phones', script(STATION, 'p0', '5060'));
    asking.say('255.255.255.255 67 phone\n');
    await heard(asking, 'got lan0 answers phone');
    calling.say('224.0.1.75 5060 to the group\n10.99.1.1 5060 to you\n');
    await heard(calling, 'got lan0 answers to the group');
    await heard(calling, 'got lan0 answers to you');
    expect(dhcp.output()).toContain('warning: sockets are not pinned to lan0: the test says so');
    expect(pnp.output()).toContain('ready by plain');
  });
});

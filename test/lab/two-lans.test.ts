// One daemon, two LANs, real clients on both: each gets what is of its LAN, and nothing crosses.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onWire, W52P } from '../sip/dialects.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { asking, leaseOf, type Seen } from './dhcp-phone.ts';
import { describeLab, heard, type Lab, openLab, until } from './lab.ts';
import { FIRST, OFFICE } from './links.ts';

const NEEDS = {
  commands: ['ip', 'udhcpc', 'curl', 'tcpdump'],
  packages: ['iproute2', 'udhcpc', 'curl', 'tcpdump'],
};
const SETTINGS = [
  'lans:',
  '  - interface: lan0',
  '  - { interface: lan1, dhcp: { pool: 10.99.2.40-10.99.2.60, domain: office.example } }',
  '',
].join('\n');
const LIST = [
  'mac,vendor,model,label,sip_user,sip_password,sip_server',
  '02:00:00:00:01:01,yealink,T46S,desk,101,desk-secret,10.99.1.5',
  '02:00:00:00:02:01,yealink,T46S,clerk,201,clerk-secret,10.99.2.5',
  '',
].join('\n');
/** udhcpc shows options that it does not know as hex. */
const textOf = (hex = ''): string => Buffer.from(hex, 'hex').toString();

/** Sends by UDP and prints what comes back until the NOTIFY is there. */
const BY_UDP = `
const [to, text, from] = process.argv.slice(1);
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (bytes, { address }) => {
  const text = bytes.toString('latin1');
  console.log(address, text);
  if (text.startsWith('NOTIFY ')) process.exit();
});
socket.bind(5060, () => {
  socket.setMulticastInterface(from);
  socket.send(Buffer.from(text, 'base64'), 5060, to);
});
setTimeout(() => socket.close(), 20_000);`;

await describeLab('one daemon on two LANs', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  const SIDES = {
    desk: { host: 'phones', nic: 'p0', mac: '02:00:00:00:01:01', server: '10.99.1.1' },
    clerk: { host: 'office', nic: 'q0', mac: '02:00:00:00:02:01', server: '10.99.2.1' },
  } as const;
  beforeAll(async () => {
    lab = await openLab([FIRST, OFFICE]);
    // What is sent to the group and to strangers would leave by the office, were it not kept to its LAN.
    await lab.run('desk', ['ip', 'route', 'add', 'default', 'via', '10.99.2.254', 'dev', 'lan1']);
    daemon = await startDaemon(lab, { settings: SETTINGS, list: LIST });
  });
  afterAll(async () => {
    await lab.close();
  });

  type Side = (typeof SIDES)[keyof typeof SIDES];
  const leased = async ({ host, nic, mac }: Side): Promise<Seen> =>
    await leaseOf(lab, { namespace: host, interface: nic, mac }, ...asking('160', 'domain'));
  const status = async ({ host }: Side, ...argv: readonly string[]): Promise<string> => {
    const curl = lab.start(host, ['curl', '-s', '-m', '3', '-o', '/dev/null', '-w', '%{http_code}', ...argv]);
    await curl.ended;
    return curl.output().trim();
  };

  test('addresses, URLs and files are those of each LAN', async () => {
    const { desk, clerk } = SIDES;
    const [first, second] = [await leased(desk), await leased(clerk)];
    expect([first['ip'], textOf(first['opt160']), first['domain']]).toEqual([
      '10.99.1.128',
      'http://10.99.1.1/',
      undefined,
    ]);
    expect([second['ip'], textOf(second['opt160']), second['domain']]).toEqual([
      '10.99.2.40',
      'http://10.99.2.1/',
      'office.example',
    ]);
    const file = async ({ host, server }: Side, name: string): Promise<string> =>
      await lab.run(host, ['curl', '-sS', '-m', '30', `http://${server}/${name}`]);
    expect(await file(desk, '020000000101.cfg')).toContain('desk-secret');
    expect(await file(clerk, '020000000201.cfg')).toContain('clerk-secret');
    // The file of the other one, also by its own word.
    expect(await file(clerk, '020000000101.cfg')).not.toContain('secret');
    const lines = async () =>
      (await daemon.phones()).map(({ mac, stage, address }) => `${mac} ${stage} ${address}`);
    await expect
      .poll(lines)
      .toEqual(['02:00:00:00:01:01 proven 10.99.1.128', '02:00:00:00:02:01 proven 10.99.2.40']);
    expect((await daemon.cli('leases')).output).toMatch(/10\.99\.1\.128 .* lan0[\s\S]*10\.99\.2\.40 .* lan1/);
  });

  test('with the address of a phone on the other LAN nobody gets its file', async () => {
    const { clerk } = SIDES;
    await lab.run('office', ['ip', 'address', 'add', '10.99.1.128/32', 'dev', 'q0']);
    const url = ['--interface', '10.99.1.128', 'http://10.99.2.1/020000000101.cfg'];
    expect(await status(clerk, ...url)).not.toBe('200');
    expect(await status(clerk, 'http://10.99.1.1/020000000101.cfg')).toBe('000');
    await lab.run('office', ['ip', 'address', 'del', '10.99.1.128/32', 'dev', 'q0']);
  });

  test('PnP is answered on the LAN where it was asked, with the URL of that LAN', async () => {
    // Whoever sends there asks for the address first, and no further than that when nobody has it.
    const wire = lab.start('phones', ['tcpdump', '-i', 'p0', '-n', '-l', 'arp or udp port 5060']);
    await heard(wire, 'listening on');
    const { clerk } = SIDES;
    const [from, last] = ['10.99.2.40', '10.99.1.128'];
    const text = W52P.text.replaceAll('10.1.3.239:5059', `${from}:5060`).replaceAll('10.1.3.239', from);
    const bytes = Buffer.from(onWire(text)).toString('base64');
    await lab.run('office', ['ip', 'route', 'replace', '224.0.0.0/4', 'dev', 'q0']);
    const said = await lab.run(clerk.host, [process.execPath, '-e', BY_UDP, '224.0.1.75', bytes, from]);
    expect(said).toContain('10.99.2.1 NOTIFY sip:MAC001565f4f9e1@10.99.2.40');
    expect(said).toContain('http://10.99.2.1/');
    expect(said).not.toContain('10.99.1.');
    // Seen after all that went before it.
    await lab.run('desk', ['bash', '-c', `echo last >/dev/udp/${last}/5060`]);
    await heard(wire, `> ${last}.5060`);
    expect(wire.output()).not.toMatch(/(?:>|who-has) 10\.99\.2\./);
  });

  test('both keep their leases when the daemon is killed, and one of them may be away', async () => {
    await lab.run('desk', ['ip', 'link', 'set', 'lan1', 'down']);
    await daemon.restart('SIGKILL');
    expect(daemon.running.output()).toContain('; not served: lan1, tried again');
    expect((await leased(SIDES.desk))['ip']).toBe('10.99.1.128');
    expect((await daemon.leases()).map(({ address }) => address)).toContain('10.99.2.40');
    await lab.run('desk', ['ip', 'link', 'set', 'lan1', 'up']);
    await until(
      async () =>
        (await daemon.trouble()).some(({ sentence }) => sentence.includes('the interface lan1 is back')),
      'the office to be served',
      daemon.running.output,
    );
    expect((await leased(SIDES.clerk))['ip']).toBe('10.99.2.40');
  });
});

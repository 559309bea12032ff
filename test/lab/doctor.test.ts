// `unboxd doctor` on a real machine: a private network where the troubles are made, one after the other.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Finding } from '../../src/care/judge.ts';
import { STAGING } from './daemon.ts';
import { describeLab, heard, type Lab, openLab, type Running } from './lab.ts';

const NEEDS = {
  commands: ['ip', 'dnsmasq', 'nft', 'setpriv'],
  packages: ['iproute2', 'dnsmasq-base', 'nftables', 'util-linux'],
};
const UNBOXD = [process.execPath, 'dist/main.js'];

let lab: Lab;

async function ip(namespace: string, ...commands: readonly string[]): Promise<void> {
  for (const command of commands) await lab.run(namespace, ['ip', ...command.split(' ')]);
}

async function dnsmasq(namespace: string, link: string): Promise<Running> {
  const server = lab.start(namespace, [
    ...['dnsmasq', '--no-daemon', '--conf-file=/dev/null', '--port=0', `--interface=${link}`, '--no-ping'],
    ...['--dhcp-range=10.99.0.200,10.99.0.220,1h', `--dhcp-leasefile=${join(lab.folder, 'other.leases')}`],
    ...['--user=', '--pid-file='],
  ]);
  await heard(server, 'DHCP, IP range');
  return server;
}

/** Runs doctor at desk; `before` is what starts it. */
async function doctor(settings: string, before: readonly string[] = []) {
  const config = join(lab.folder, 'unboxd.yaml');
  await writeFile(config, `${settings}\nstate: state\ncontrol: { socket: control.sock }\n`);
  const called = lab.start('desk', [...before, ...UNBOXD, 'doctor', '--json', '--config', config]);
  const code = await called.ended;
  const findings = JSON.parse(called.output()) as readonly Finding[];
  const about = (topic: string): readonly string[] =>
    findings.flatMap((one) => (one.topic === topic ? [`${one.state}: ${one.sentence}`] : []));
  return { code, about, findings };
}

const LAN = 'lans: [{ interface: lan0 }]';

await describeLab('doctor', NEEDS, () => {
  beforeEach(async () => {
    lab = await openLab([STAGING]);
  });
  afterEach(async () => {
    await lab.close();
  });

  test('on a machine where all is well nothing is bad', async () => {
    await mkdir(join(lab.folder, 'state'));
    // How quick the disk of this machine is, is no matter here.
    const inside = ['nsenter', '--target', String(lab.stage.pid), '--mount'];
    await lab.run('desk', [...inside, 'mount', '-t', 'tmpfs', 'tmpfs', join(lab.folder, 'state')]);
    const { about, findings } = await doctor(LAN);
    expect(findings.filter(({ state }) => state === 'bad')).toEqual([]);
    expect(about('interface')).toEqual(['ok: lan0 is up, with link and 10.99.0.1/24']);
    expect(about('multicast')).toEqual(['ok: what is sent to the PnP group 224.0.1.75 is heard on lan0']);
    expect(about('others')).toEqual(['ok: no other DHCP or PnP server answers on lan0']);
    expect(about('ports')).toEqual([
      'ok: UDP port 67 (DHCP) is free',
      'ok: UDP port 69 (TFTP) is free',
      'ok: UDP port 5060 (SIP PnP) is free',
      'ok: TCP port 80 (HTTP) is free',
    ]);
    expect(about('disk').at(-1)).toMatch(
      /^ok: a small write to .*\/state takes [0-9.]+ ms to be on the disk$/,
    );
  });

  test('a server that has our port, and its process', async () => {
    const holder = await dnsmasq('desk', 'lan0');
    const { code, about } = await doctor(LAN);
    expect(code).toBe(1);
    expect(about('ports')[0]).toMatch(/^bad: UDP port 67 \(DHCP\) is taken by dnsmasq \(process \d+\)$/);
    await holder.stop();
  });

  test('another DHCP server on the LAN, and beside it as a companion', async () => {
    await ip('phones', 'address add 10.99.0.9/24 dev p0');
    await dnsmasq('phones', 'p0');
    const alone = await doctor(LAN);
    expect(alone.code).toBe(1);
    expect(alone.about('others').join()).toMatch(
      /^bad: another DHCP server answers: 10\.99\.0\.9 \(([0-9a-f]{2}:){5}[0-9a-f]{2}.*\); nothing is offered/,
    );
    const beside = await doctor('lans: [{ interface: lan0, dhcp: { mode: companion } }]');
    expect(beside.about('others').join()).toMatch(/^ok: the DHCP server beside which unboxd works answers/);
  });

  test('an interface without link, without address, and that is not there', async () => {
    await ip('phones', 'link set p0 down');
    expect((await doctor(LAN)).about('interface')).toEqual(['bad: the interface lan0 has no link']);
    await ip('phones', 'link set p0 up');
    await ip('desk', 'address flush dev lan0');
    expect((await doctor(LAN)).about('interface')).toEqual(['bad: the interface lan0 has no IPv4 address']);
    const gone = await doctor('lans: [{ interface: eth9 }]');
    expect([gone.code, gone.about('interface')]).toEqual([1, ['bad: there is no interface eth9']]);
  });

  test('a firewall between the group and us is found', async () => {
    const rules = [
      'add table ip lab',
      'add chain ip lab input { type filter hook input priority 0; }',
      'add rule ip lab input ip daddr 224.0.1.75 drop',
    ];
    await lab.run('desk', ['nft', rules.join('; ')]);
    const { about } = await doctor(LAN);
    expect(about('multicast').join()).toMatch(
      /^bad: what is sent to the PnP group 224\.0\.1\.75 is not heard on lan0/,
    );
  });

  test('a user without rights learns what is missing', async () => {
    const state = join(lab.folder, 'state');
    await mkdir(state, { mode: 0o700 });
    await chmod(lab.folder, 0o755);
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all'];
    const { code, about } = await doctor(LAN, nobody);
    expect(code).toBe(1);
    expect(about('capabilities').join()).toMatch(
      /may not open ports below 1024: CAP_NET_BIND_SERVICE is missing/,
    );
    expect(about('ports')[0]).toMatch(/^bad: UDP port 67 \(DHCP\): nobody has it, and \S+ may not try it$/);
    expect(about('state').join()).toMatch(/no lease could be kept/);
    expect(about('others').join()).toMatch(/^warn: other DHCP servers are not looked for/);
  });

  test('settings that are wrong do not hide the rest', async () => {
    const { code, about } = await doctor('lans: [{ interface: lan0 }]\nfoo: 1');
    expect(code).toBe(1);
    expect(about('settings').join()).toMatch(/^bad: .*unboxd\.yaml:2:1: .*foo/);
    expect(about('ports')).toHaveLength(4);
  });
});

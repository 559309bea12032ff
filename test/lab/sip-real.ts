// Real SIP programs of others in the lab: how they are set up, and how the daemon comes to know them as phones.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Daemon, startDaemon } from './daemon.ts';
import { heard, type Lab, type Running, until } from './lab.ts';
import { ipBatch } from './links.ts';

/** A phone of the list with its place on the LAN: `00:15:65:aa:bb:01` at `10.99.0.51`. */
export interface Seat {
  readonly mac: string;
  readonly address: string;
}

/** The account of every phone, and its password. */
export const ACCOUNT = { user: 'alice', password: 's3cret' } as const;

/** The daemon with those phones on its list and by their addresses, which p0 of "phones" gets. */
export async function daemonWith(lab: Lab, seats: readonly Seat[], settings = ''): Promise<Daemon> {
  const rows = seats.map(({ mac }) => `${mac},yealink,${ACCOUNT.user},${ACCOUNT.password}`);
  const daemon = await startDaemon(lab, {
    list: ['mac,vendor,sip_user,sip_password', ...rows].join('\n'),
    settings: `lans: [{ interface: lan0, dhcp: { pool: 10.99.0.20-10.99.0.250 } }]\n${settings}`,
  });
  await seat(lab, daemon, seats);
  return daemon;
}

/** Gives p0 of "phones" those addresses, and the daemon leases of them that another server wrote. */
export async function seat(lab: Lab, daemon: Daemon, seats: readonly Seat[]): Promise<void> {
  await ipBatch(
    lab,
    'phones',
    seats.map(({ address }) => `address add ${address}/24 dev p0`),
  );
  const end = Math.floor(Date.now() / 1000) + 3600;
  const leases = join(lab.folder, 'dnsmasq.leases');
  await writeFile(leases, seats.map(({ mac, address }) => `${end} ${mac} ${address} * *\n`).join(''));
  const { code, output } = await daemon.cli('leases', '--import', leases, '--format', 'dnsmasq');
  if (code !== 0) throw new Error(`the leases were not imported:\n${output}`);
  await daemon.restart();
}

/** Waits until somebody listens at a port of "phones". */
export async function listens(lab: Lab, program: Running, place: string, how: 'udp' | 'tcp'): Promise<void> {
  const flag = how === 'udp' ? '-Hlun' : '-Hltn';
  const is = async () => (await lab.run('phones', ['ss', flag, `src ${place}`])).includes(place);
  await until(is, `${place} by ${how}`, program.output);
}

/** A certificate that nobody signed, and its key, as phones have them: one for all phones of a lab. */
async function selfSigned(lab: Lab): Promise<{ readonly certificate: string; readonly key: string }> {
  const [certificate, key] = [join(lab.folder, 'phone.crt'), join(lab.folder, 'phone.key')];
  if (existsSync(certificate)) return { certificate, key };
  const what = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=phone'];
  await lab.run('phones', ['openssl', 'req', ...what, '-keyout', key, '-out', certificate]);
  return { certificate, key };
}

/** baresip on UDP and TCP 5060 and TLS 5061 of an address. Everything that comes is shown (SIP trace). */
export async function startBaresip(lab: Lab, address: string): Promise<Running> {
  const { certificate, key } = await selfSigned(lab);
  const folder = join(lab.folder, 'baresip');
  const pem = join(folder, 'phone.pem');
  await mkdir(folder, { recursive: true });
  await lab.run('phones', ['sh', '-c', `cat ${certificate} ${key} > ${pem}`]);
  const config = [
    `sip_listen ${address}:5060`,
    `sip_certificate ${pem}`,
    'module_path /usr/lib/baresip/modules',
    'module_app account.so',
    'module_app menu.so',
  ];
  await writeFile(join(folder, 'config'), `${config.join('\n')}\n`);
  await writeFile(join(folder, 'accounts'), '<sip:alice@10.99.0.1>;regint=0\n');
  await writeFile(join(folder, 'contacts'), '');
  const running = lab.start('phones', ['baresip', '-4', '-s', '-f', folder], { HOME: folder });
  await listens(lab, running, `${address}:5060`, 'tcp');
  await listens(lab, running, `${address}:5061`, 'tcp');
  return running;
}

/** linphonec on UDP and TCP 5060 of "phones", which needs a default route to start. */
export async function startLinphone(lab: Lab, address: string): Promise<Running> {
  const folder = join(lab.folder, 'linphone');
  await mkdir(join(folder, '.local/share/linphone'), { recursive: true });
  const rc = join(folder, 'rc');
  await writeFile(rc, '[sip]\nsip_port=5060\nsip_tcp_port=5060\nsip_tls_port=0\nuse_ipv6=0\n');
  await lab.run('phones', ['ip', 'route', 'replace', 'default', 'via', '10.99.0.1', 'src', address]);
  const running = lab.start('phones', ['linphonec', '-c', rc], { HOME: folder });
  await heard(running, 'linphonec> ');
  return running;
}

export interface KamailioPlan {
  readonly address: string;
  /** What it loads beside tm, sl, pv, textops and xlog; `modparam` lines too. */
  readonly load?: readonly string[];
  /** The body of request_route. */
  readonly route: readonly string[];
  readonly tls?: boolean;
  /** Where kamcmd reaches it. */
  readonly control?: string;
}

const KAMAILIO_MODULES = 'for d in /usr/lib/*/kamailio/modules; do echo "$d"; done';

/** Kamailio on UDP and TCP 5060, with `tls` on 5061 too, of an address. */
export async function startKamailio(lab: Lab, plan: KamailioPlan): Promise<Running> {
  const { address, load = [], route, tls = false, control } = plan;
  const modules = (await lab.run('phones', ['sh', '-c', KAMAILIO_MODULES])).trim();
  const folder = join(lab.folder, `kamailio-${address}`);
  await mkdir(folder, { recursive: true });
  const { certificate, key } = tls ? await selfSigned(lab) : { certificate: '', key: '' };
  const all = [
    '#!KAMAILIO',
    ...['debug=0', 'log_stderror=yes', 'children=1', 'tcp_children=1'],
    ...['auto_aliases=no', 'dns=no', 'rev_dns=no', 'disable_core_dump=yes'],
    `listen=udp:${address}:5060`,
    `listen=tcp:${address}:5060`,
    ...(tls ? ['enable_tls=yes', `listen=tls:${address}:5061`] : []),
    `mpath="${modules}/"`,
    ...(tls ? ['loadmodule "tls.so"'] : []),
    ...['tm', 'sl', 'pv', 'textops', 'xlog', 'siputils'].map((name) => `loadmodule "${name}.so"`),
    ...(tls ? [`modparam("tls", "certificate", "${certificate}")`] : []),
    ...(tls ? [`modparam("tls", "private_key", "${key}")`] : []),
    ...(control === undefined ? [] : ['loadmodule "ctl.so"', `modparam("ctl", "binrpc", "unix:${control}")`]),
    ...load,
    'request_route {',
    ...route.map((line) => `  ${line}`),
    '}',
  ];
  const config = join(folder, 'kamailio.cfg');
  await writeFile(config, `${all.join('\n')}\n`);
  const argv = ['kamailio', '-f', config, '-DD', '-E', '-m', '32', '-M', '4', '-Y', folder, '-w', folder];
  // It is many processes, which at times wait for each other at their end: all of them are in a room that goes at once.
  const running = lab.start('phones', ['unshare', '--pid', '--fork', '--kill-child', ...argv]);
  await listens(lab, running, `${address}:5060`, 'udp');
  await listens(lab, running, tls ? `${address}:5061` : `${address}:5060`, 'tcp');
  return { ...running, stop: async () => await running.stop('SIGKILL') };
}

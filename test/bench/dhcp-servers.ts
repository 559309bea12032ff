// The DHCP servers that are measured side by side: ours, Kea, ISC dhcpd, dnsmasq. All serve the same pool on the same
// interface for two hours, authoritative, with options 66, 43 and 150 in every ACK, and write their leases to the same disk.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../src/base/fault.ts';
import { type Ground, SERVER } from './ground.ts';
import { missing, type Outcome } from './measure.ts';
import { type Daemon, hasUdpPort, onCore } from './programs.ts';

export interface DhcpServer {
  readonly name: string;
  /** What to install, or undefined. */
  readonly needs: () => string | undefined;
  readonly start: (ground: Ground, how?: DhcpHow) => Promise<Daemon>;
}

export interface DhcpHow {
  /** Whether addresses are probed before they are offered; else they are not. */
  readonly checksConflicts?: boolean;
  /** Whether clients call to everybody themselves; else through a relay. */
  readonly isDirect?: boolean;
  /** Words before the command. */
  readonly before?: readonly string[];
}

const POOL = { first: '10.99.1.0', last: '10.99.254.255' };
const LEASE_S = 7200;
const URL = `http://${SERVER}/cfg/`;
/** Kea and ISC open the port before they have read their leases; there are none yet. */
const SETTLE_MS = 200;

export const OURS: DhcpServer = {
  name: 'unboxd',
  needs: () => undefined,
  start: async (ground, { checksConflicts = false, before = [] } = {}) => {
    const config = await writeOurSettings(ground, checksConflicts);
    return await ground.startDaemon({ config, before: onCore('server', before) });
  },
};

/** Settings of ours, and the name of their file. */
export async function writeOurSettings({ folder }: Ground, checksConflicts: boolean): Promise<string> {
  const name = `dhcp-${checksConflicts ? 'checked' : 'plain'}.yaml`;
  const settings = `lans:
  - interface: lan0
    pnp: off
    dhcp:
      pool: ${POOL.first}-${POOL.last}
      lease: ${LEASE_S / 3600}h
      conflictCheck: ${checksConflicts ? 'on' : 'off'}
      guard: off
      classes:
        - name: everyone
          when: {}
          options: { 66: { text: "${URL}" }, 43: { text: "${URL}" }, 150: { ips: ${SERVER} } }
doors: { tftp: off, http: off }
log: { level: warn }
`;
  await writeFile(join(folder, name), settings);
  return name;
}

interface Peer {
  readonly name: string;
  readonly command: string;
  readonly debianPackage: string;
  /** Words of the environment, then the command. Writes what it needs into the folder. */
  readonly argv: (folder: string, how: DhcpHow) => Promise<readonly string[]>;
}

const dnsmasq: Peer = {
  name: 'dnsmasq',
  command: 'dnsmasq',
  debianPackage: 'dnsmasq-base',
  argv: async (folder, { checksConflicts = false }) => [
    ...[
      'dnsmasq',
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--port=0',
      '--user=root',
      '--group=root',
    ],
    ...['--interface=lan0', '--bind-interfaces', '--dhcp-authoritative', '--quiet-dhcp'],
    `--dhcp-range=${POOL.first},${POOL.last},255.255.0.0,${LEASE_S}`,
    ...['--dhcp-lease-max=70000', `--dhcp-leasefile=${folder}/leases`, `--pid-file=${folder}/pid`],
    ...[`--dhcp-option-force=66,${URL}`, `--dhcp-option-force=43,${URL}`],
    `--dhcp-option-force=150,${SERVER}`,
    ...(checksConflicts ? [] : ['--no-ping']),
  ],
};

const isc: Peer = {
  name: 'ISC dhcpd',
  command: 'dhcpd',
  debianPackage: 'isc-dhcp-server',
  argv: async (folder, { checksConflicts = false }) => {
    const settings = `option voip-tftp code 150 = array of ip-address;
option raw43 code 43 = text;
authoritative;
ping-check ${checksConflicts};
default-lease-time ${LEASE_S};
max-lease-time ${LEASE_S};
subnet 10.99.0.0 netmask 255.255.0.0 {
  range ${POOL.first} ${POOL.last};
  option tftp-server-name "${URL}";
  option raw43 "${URL}";
  option voip-tftp ${SERVER};
}
`;
    await writeFile(join(folder, 'dhcpd.conf'), settings);
    await writeFile(join(folder, 'leases'), '');
    const places = ['-cf', `${folder}/dhcpd.conf`, '-lf', `${folder}/leases`, '-pf', `${folder}/pid`];
    return ['dhcpd', '-f', '-q', '-4', ...places, 'lan0'];
  },
};

const kea: Peer = {
  name: 'Kea',
  command: 'kea-dhcp4',
  debianPackage: 'kea-dhcp4-server',
  argv: async (folder, { isDirect = false }) => {
    const vendorOption = { name: 'vendor-encapsulated-options', code: 43, type: 'string' };
    const settings = {
      'interfaces-config': { interfaces: ['lan0'], 'dhcp-socket-type': isDirect ? 'raw' : 'udp' },
      'lease-database': { type: 'memfile', persist: true, name: `${folder}/leases.csv`, 'lfc-interval': 0 },
      // One thread is the faster way here: its leases are one file.
      'multi-threading': { 'enable-multi-threading': false },
      'valid-lifetime': LEASE_S,
      authoritative: true,
      'option-def': [{ name: 'tftp150', code: 150, type: 'ipv4-address', array: true }],
      // Only within a class may option 43 be a plain text.
      'client-classes': [
        {
          name: 'plain43',
          test: "member('ALL')",
          'option-def': [vendorOption],
          'option-data': [{ name: vendorOption.name, data: URL, 'always-send': true }],
        },
      ],
      'option-data': [
        { name: 'tftp-server-name', data: URL, 'always-send': true },
        { name: 'tftp150', data: SERVER, 'always-send': true },
      ],
      subnet4: [{ id: 1, subnet: '10.99.0.0/16', pools: [{ pool: `${POOL.first} - ${POOL.last}` }] }],
      loggers: [{ name: 'kea-dhcp4', severity: 'ERROR', output_options: [{ output: 'stderr' }] }],
    };
    await writeFile(join(folder, 'kea.json'), JSON.stringify({ Dhcp4: settings }));
    const places = [`KEA_PIDFILE_DIR=${folder}`, `KEA_LOCKFILE_DIR=${folder}`];
    return ['env', ...places, 'kea-dhcp4', '-c', `${folder}/kea.json`];
  },
};

export const [KEA, ISC, DNSMASQ]: readonly [DhcpServer, DhcpServer, DhcpServer] = [
  asServer(kea),
  asServer(isc),
  asServer(dnsmasq),
];
export const SERVERS: readonly DhcpServer[] = [OURS, KEA, ISC, DNSMASQ];

/** A line for each server that is not here. */
export function absentServers(): readonly string[] {
  return SERVERS.flatMap(({ name, needs }) => {
    const lacking = needs();
    return lacking === undefined ? [] : [`${name}: skipped, ${lacking}`];
  });
}

/** A peer that does not start here (AppArmor keeps some to their own folders) costs its rows, not all of them. */
export async function orNote(server: DhcpServer, run: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await run();
  } catch (error) {
    if (server === OURS) throw error;
    return { figures: {}, done: 0, notes: [messageOf(error).trim().split('\n').slice(0, 3).join(' / ')] };
  }
}

let peersStarted = 0;

function asServer({ name, command, debianPackage, argv }: Peer): DhcpServer {
  return {
    name,
    needs: () => missing(command, debianPackage),
    start: async (ground, how = {}) => {
      peersStarted += 1;
      const folder = join(ground.folder, `peer-${peersStarted}`);
      await mkdir(folder);
      return await ground.startServer({
        argv: onCore('server', [...(how.before ?? []), ...(await argv(folder, how))]),
        isReady: async (pid) => hasUdpPort(pid, 67) && (await settled()),
        cleanUp: async () => await rm(folder, { recursive: true, force: true }),
      });
    },
  };
}

async function settled(): Promise<true> {
  await new Promise((done) => setTimeout(done, SETTLE_MS));
  return true;
}

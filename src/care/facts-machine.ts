// Looks at the machine: Node, capabilities, the systemd unit, clock and receive buffer.
import { createSocket } from 'node:dgram';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { loadDeviceSockets } from '../net/device-socket.ts';
import { WANTED_BUFFER } from './judge-machine.ts';
import { parseCapabilities, parseUnit, parseUnitUser } from './proc.ts';
import type { MachineFacts } from './survey.ts';

/** What the daemon wrote last tells whether the clock went back since. */
export async function machineFacts(written: string): Promise<MachineFacts> {
  const { username, uid } = user();
  const device = await loadDeviceSockets();
  return {
    node: process.versions.node,
    uid,
    user: username,
    capabilities: parseCapabilities((await textOf('/proc/self/status')) ?? ''),
    unit: await unitFacts(),
    unprivilegedFrom: Number((await textOf('/proc/sys/net/ipv4/ip_unprivileged_port_start')) ?? 1024),
    cannotPin: typeof device === 'string' ? device : undefined,
    clock: {
      now: Date.now(),
      isSynchronised: await anyThere(SYNCHRONISED),
      hasBattery: (await namesIn('/sys/class/rtc')).length > 0,
      written: await changedAt(written),
    },
    buffer: { granted: await grantedBuffer(), most: numberOf(await textOf('/proc/sys/net/core/rmem_max')) },
  };
}

/** systemd-timesyncd says it by a file; of the others it shows that they run. */
const SYNCHRONISED = ['/run/systemd/timesync/synchronized', '/run/chrony/chronyd.pid', '/run/ntpd.pid'];

function user(): { readonly username: string; readonly uid: number } {
  const uid = process.getuid?.() ?? -1;
  try {
    return { username: userInfo().username, uid };
  } catch {
    // A user without an entry in /etc/passwd, as containers have them.
    return { username: `user ${uid}`, uid };
  }
}

const UNIT = 'unboxd.service';
/** In the order in which systemd.unit(5) looks: the first that has the unit counts, drop-ins of all do. */
const UNIT_FOLDERS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

/** The unit as `root` has it; undefined where none is installed. */
export async function unitFacts(root = ''): Promise<MachineFacts['unit']> {
  for (const folder of UNIT_FOLDERS) {
    const path = join(root, folder, UNIT);
    const text = await textOf(path);
    if (text === undefined) continue;
    const dropIns = new Map<string, string>();
    // A drop-in of an earlier folder hides one of the same name in a later one; all are read in order of their names.
    for (const where of [...UNIT_FOLDERS].reverse()) {
      const from = join(root, where, `${UNIT}.d`);
      for (const name of await namesIn(from)) {
        if (name.endsWith('.conf')) dropIns.set(name, (await textOf(join(from, name))) ?? '');
      }
    }
    const more = [...dropIns].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, content]) => content);
    const isEnabled = await anyThere([join(root, '/etc/systemd/system/multi-user.target.wants', UNIT)]);
    const texts = [text, ...more];
    return { path, capabilities: parseUnit(texts), user: parseUnitUser(texts), isEnabled };
  }
  return undefined;
}

/** Half of what the kernel shows: the other half is for its own book-keeping (socket(7), SO_RCVBUF). */
async function grantedBuffer(): Promise<number> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: WANTED_BUFFER });
  try {
    await new Promise<void>((done, failed) => {
      socket.once('error', failed);
      socket.bind(0, '127.0.0.1', done);
    });
    return Math.floor(socket.getRecvBufferSize() / 2);
  } finally {
    socket.close();
  }
}

/** The content; undefined where it cannot be read. */
export async function textOf(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => []);
}

async function anyThere(paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(
    paths.map(
      async (path) =>
        await access(path).then(
          () => true,
          () => false,
        ),
    ),
  );
  return found.includes(true);
}

async function changedAt(path: string): Promise<number | undefined> {
  return await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

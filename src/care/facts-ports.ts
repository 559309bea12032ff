// Tries the ports that the settings ask for, and finds out who has those that are taken.
import { closeSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { Fault, messageOf } from '../base/fault.ts';
import { ANY } from '../base/ipv4.ts';
import { loadDeviceSockets } from '../net/device-socket.ts';
import { socketsOf } from './facts-sockets.ts';
import { parseSockets, type SocketLine } from './proc.ts';
import type { Holder, PortFacts } from './survey.ts';

export interface WantedPort {
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  readonly purpose: string;
  /** Where it is tried; with none the tables of the kernel alone tell. */
  readonly interfaces: readonly string[];
}

/** `daemon`: the process that may have them. The ports are opened for a moment and given back. */
export async function portFacts(
  wanted: readonly WantedPort[],
  daemon: number | undefined,
): Promise<readonly PortFacts[]> {
  const tables = { udp: await tableOf('udp'), tcp: await tableOf('tcp') };
  const lines = wanted.map(({ transport, port }) =>
    tables[transport].filter((line) => line.port === port && line.listens),
  );
  const holders = await holdersOf(new Set(lines.flat().map(({ inode }) => inode)));
  return await Promise.all(
    wanted.map(async ({ interfaces, ...port }, index) => {
      const mine = lines[index] ?? [];
      const held = mine.flatMap(({ inode }) => holders.get(inode) ?? [{}]);
      const isOurs = daemon !== undefined && held.some(({ pid }) => pid === daemon || pid === undefined);
      const lost = isOurs ? mine.reduce((sum, { drops }) => sum + drops, 0) : 0;
      const tried = isOurs
        ? ({ outcome: 'taken' } as const)
        : await tryPort({ ...port, interfaces }, held.length > 0);
      return { ...port, ...tried, holders: held, isOurs, lost };
    }),
  );
}

/** A second opinion to the tables: only the kernel knows which sockets stand in each other's way. */
async function tryPort(
  { interfaces, ...port }: WantedPort,
  isHeld: boolean,
): Promise<Pick<PortFacts, 'outcome' | 'detail' | 'on'>> {
  const device = await loadDeviceSockets();
  if (typeof device === 'string' || interfaces.length === 0) return { outcome: isHeld ? 'taken' : 'free' };
  for (const name of interfaces) {
    try {
      closeSync(device.open({ ...port, interface: name, address: ANY, shared: false }));
    } catch (error) {
      return { ...outcomeOf(error), ...(interfaces.length > 1 ? { on: name } : {}) };
    }
  }
  return { outcome: 'free' };
}

function outcomeOf(error: unknown): Pick<PortFacts, 'outcome' | 'detail'> {
  const code = error instanceof Fault ? error.code : '';
  if (code === 'port-taken') return { outcome: 'taken' };
  if (code === 'no-permission') return { outcome: 'forbidden' };
  return { outcome: 'failed', detail: messageOf(error) };
}

async function tableOf(transport: 'tcp' | 'udp'): Promise<readonly SocketLine[]> {
  // A socket of IPv6 may have the port for IPv4 too.
  const tables = [`/proc/self/net/${transport}`, `/proc/self/net/${transport}6`];
  const texts = await Promise.all(tables.map(async (path) => await readFile(path, 'utf8').catch(() => '')));
  return texts.flatMap((text) => parseSockets(text, transport));
}

/** Who has these sockets open, as far as this user may see: the processes of others only as root. */
async function holdersOf(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, readonly Holder[]>> {
  const found = new Map<string, Holder[]>();
  if (inodes.size === 0) return found;
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    for (const inode of await socketsOf(pid)) {
      if (!inodes.has(inode)) continue;
      const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?')).trim();
      found.set(inode, [...(found.get(inode) ?? []), { pid: Number(pid), name }]);
    }
  }
  return found;
}

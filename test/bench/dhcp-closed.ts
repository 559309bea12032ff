// DHCP by a fleet that sends on as soon as it is answered: ours and its peers, on the disk as it is and on a slow one.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetResult } from './dhcp-fleet.ts';
import { type DhcpHow, type DhcpServer, DNSMASQ, KEA, OURS, orNote, SERVERS } from './dhcp-servers.ts';
import { type Ground, PHONES, SERVER } from './ground.ts';
import { type Bench, type Load, measureOn, missing, type Outcome } from './measure.ts';
import { onCore } from './programs.ts';

const WINDOW = 64;
/** The slower servers do not come to the end; their rate is that of this time. */
const LIMIT_S = 5;
const LONG_LIMIT_S = 20;
const FEW = 1000;
const MANY = 10_000;
const MOST = 50_000;
const PHONES_AT_ONCE = 48;
const AT_ONCE_LIMIT_S = 40;
const SLOWER_MS = 10;

interface Fleet {
  readonly name: string;
  readonly clients: number;
  readonly window: number;
  readonly limitS: number;
  readonly how: DhcpHow;
}

/** As many leases as a large site has, and as the pool nearly holds: those only where it can come to an end. */
export function closedLoads(bench: Bench): readonly Load[] {
  const all = present();
  const fast = all.filter((server) => server === OURS || server === KEA);
  return [
    ...all.map((server) => loadOf(bench, server, plain(MANY))),
    ...fast.map((server) => loadOf(bench, server, { ...plain(MOST), limitS: LONG_LIMIT_S })),
  ];
}

export const needsCompiler = (): string | undefined => missing('gcc', 'gcc libc6-dev');

/** Servers that wait for a disk as slow as the card of a small computer. */
export async function slowDiskLoads(bench: Bench): Promise<readonly Load[]> {
  const library = await buildSlowDisk(bench.ground);
  const how = { before: ['env', `LD_PRELOAD=${library}`] };
  return present().map((server) => loadOf(bench, server, { ...plain(FEW), how }));
}

/** A shelf gets power, and each address is probed before it is offered. Kea 2 has no such check. */
export function atOnceLoads(bench: Bench): readonly Load[] {
  const fleet: Fleet = {
    name: `${PHONES_AT_ONCE} phones`,
    clients: PHONES_AT_ONCE,
    window: PHONES_AT_ONCE,
    limitS: AT_ONCE_LIMIT_S,
    how: { isDirect: true, checksConflicts: true },
  };
  return present()
    .filter((server) => server !== KEA)
    .map((server) => ({
      ...loadOf(bench, server, fleet),
      // Its probes come one after another, 3 s each.
      ...(server === DNSMASQ ? { rounds: 1 } : {}),
    }));
}

function present(): readonly DhcpServer[] {
  return SERVERS.filter((server) => server.needs() === undefined);
}

function plain(clients: number): Fleet {
  const name = `${clients.toLocaleString('en')} clients`;
  return { name, clients, window: WINDOW, limitS: LIMIT_S, how: {} };
}

function loadOf(bench: Bench, server: DhcpServer, fleet: Fleet): Load {
  return {
    name: `${fleet.name}: ${server.name}`,
    startsServers: true,
    rival: `${fleet.name}: ${KEA.name}`,
    run: async () =>
      await orNote(server, async () => {
        const daemon = await server.start(bench.ground, fleet.how);
        return await measureOn(daemon, async () => await run(bench, fleet));
      }),
  };
}

async function run({ ground }: Bench, { clients, window, limitS, how }: Fleet): Promise<Outcome> {
  const place = how.isDirect === true ? ['--broadcast'] : ['--server', SERVER, '--from', PHONES];
  const size = ['--clients', `${clients}`, '--window', `${window}`, '--limit', `${limitS}`];
  const limitMs = 1000 * (limitS + 10);
  const before = onCore('loader', []);
  const result = await ground.loadScript<FleetResult>('dhcp-fleet.ts', [...place, ...size], limitMs, before);
  const { bound, perSecond, seconds, p50ms, p99ms, sentAgain, naks, twice, lacking, loaderPercent } = result;
  return {
    done: bound,
    figures: {
      bound,
      'DORA/s': perSecond,
      'after s': seconds,
      'p50 ms': p50ms ?? Number.NaN,
      'p99 ms': p99ms ?? Number.NaN,
      'sent again': sentAgain,
      NAKs: naks,
      twice,
      lacking,
      'loader %': loaderPercent,
    },
  };
}

const SLOW_DISK = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
static int late(const char *name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  usleep(${SLOWER_MS * 1000});
  return real(fd);
}
int fsync(int fd) { return late("fsync", fd); }
int fdatasync(int fd) { return late("fdatasync", fd); }
`;

async function buildSlowDisk(ground: Ground): Promise<string> {
  await writeFile(join(ground.folder, 'slow-disk.c'), SLOW_DISK);
  const library = join(ground.folder, 'slow-disk.so');
  const argv = ['gcc', '-O2', '-shared', '-fPIC', '-o', library, 'slow-disk.c', '-ldl'];
  const { code, output } = await ground.load(argv, 30_000);
  if (code !== 0) throw new Error(`gcc ended with ${code}:\n${output}`);
  return library;
}

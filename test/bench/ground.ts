// Where the benchmarks happen: a private network, a temporary folder, and the daemon in it. All of it goes when the
// ground is closed, and when this process dies the stage takes the programs with it.
import type { ChildProcess } from 'node:child_process';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Closable } from '../../src/base/world.ts';
import { openStage } from '../../src/rehearse/stage.ts';
import { contentOf, macOf } from './content.ts';
import { type Daemon, type Run, runToEnd, type ServerPlan, spawnIn, untilReady } from './programs.ts';

export const SERVER = '10.99.0.1';
export const PHONES = '10.99.0.2';
/** The phones of the PnP load stand at 10.99.0.11 and following: unboxd keeps at most 1,000 requests per address. */
export const PNP_ADDRESSES = Array.from({ length: 50 }, (_, index) => `10.99.0.${11 + index}`);
export const SMALL = { phones: 1000, bytes: 4096 } as const;
export const FIRMWARE = { name: 'firmware.bin', bytes: 16 * 1024 * 1024 } as const;

export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** `$0` is the folder: what the programs leave behind stays in it. */
const IN_FOLDER = 'cd "$0" && exec "$@"';

/** Ours, with what else it may be asked by. */
export interface OurDaemon extends Daemon {
  readonly control: string;
}

export interface Ground extends Closable {
  readonly folder: string;
  /** A fresh daemon with an empty state, or as `how` says. */
  startDaemon(how?: DaemonHow): Promise<OurDaemon>;
  /** Any other server, at the same place. */
  startServer(plan: ServerPlan): Promise<Daemon>;
  /** Runs a load beside the phones, in the temporary folder; ended by force after `limitMs`. */
  load(argv: readonly string[], limitMs: number): Promise<Run>;
  /** Runs one of our own TypeScript loads and gives the JSON line that it prints. */
  loadScript<Result>(
    name: string,
    args: readonly string[],
    limitMs: number,
    /** Words before the command. */
    before?: readonly string[],
  ): Promise<Result>;
}

/** Opens the network and writes settings and files. `profileTo`: a folder for CPU profiles of the daemon. */
export async function openGround(profileTo: string | undefined): Promise<Ground> {
  const stage = await openStage({
    links: [
      {
        host: 'desk',
        interface: 'lan0',
        address: `${SERVER}/16`,
        peer: 'phones',
        peerInterface: 'p0',
        peerAddress: `${PHONES}/16`,
      },
    ],
  });
  const folder = await mkdtemp(join(tmpdir(), 'unboxd-bench-')).catch(async (error: unknown) => {
    await stage.close();
    throw error;
  });
  const running = new Set<ChildProcess>();
  const start = (namespace: string, argv: readonly string[]) => {
    const [command = '', ...args] = stage.command(namespace, ['/bin/sh', '-c', IN_FOLDER, folder, ...argv]);
    return spawnIn(running, command, args);
  };
  const ground: Ground = {
    folder,
    startDaemon: async (how = {}) => {
      const plan = daemonPlan(folder, profileTo, how);
      return { ...(await ground.startServer(plan)), control: plan.control };
    },
    startServer: async (plan) => await untilReady(start('desk', plan.argv), plan),
    load: async (argv, limitMs) => await runToEnd(start('phones', argv), limitMs),
    loadScript: async <Result>(
      name: string,
      args: readonly string[],
      limitMs: number,
      before: readonly string[] = [],
    ) => {
      const path = fileURLToPath(new URL(name, import.meta.url));
      const node = [...before, process.execPath, '--import', import.meta.resolve('tsx')];
      const { code, output } = await ground.load([...node, path, ...args], limitMs);
      const line = output.split('\n').find((text) => text.startsWith('{'));
      if (line === undefined) throw new Error(`${name} ended with ${code}:\n${output}`);
      return JSON.parse(line) as Result;
    },
    close: async () => {
      for (const child of running) child.kill('SIGKILL');
      await stage.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await prepare(ground);
    return ground;
  } catch (error) {
    await ground.close();
    throw error;
  }
}

async function prepare(ground: Ground): Promise<void> {
  const addresses = PNP_ADDRESSES.map((address) => `ip address add ${address}/16 dev p0`);
  // Without the second no socket of Node may send to everybody.
  const routes = ['224.0.0.0/4', '255.255.255.255/32'].map((to) => `ip route add ${to} dev p0`);
  const commands = [...addresses, ...routes].join(' && ');
  const { code, output } = await ground.load(['/bin/sh', '-c', commands], 10_000);
  if (code !== 0) throw new Error(`the addresses of the phones could not be set: ${output}`);
  await writeFile(join(ground.folder, 'unboxd.yaml'), SETTINGS);
  const files = join(ground.folder, 'files');
  await mkdir(files);
  for (let phone = 0; phone < SMALL.phones; phone += 1) {
    const name = `${macOf(phone)}.cfg`;
    await writeFile(join(files, name), contentOf(name, SMALL.bytes));
  }
  await writeFile(join(files, FIRMWARE.name), contentOf(FIRMWARE.name, FIRMWARE.bytes));
}

const SETTINGS = `lans:
  - interface: lan0
    dhcp: { mode: full, pool: 10.99.1.0-10.99.254.255, lease: 1h }
    # A thousand phones speak from a few addresses here.
    pnp: { mode: provision, limits: { perSource: 100000, total: 100000 } }
files: { root: files }
doors: { tftp: { perAddress: 6000 } }
log: { level: warn }
`;

let started = 0;

/** Where the daemon under load finds its things. */
export interface DaemonHow {
  /** Settings, a file in the folder. */
  readonly config?: string;
  /** A state folder that outlives the daemon; without it a fresh one goes with it. */
  readonly state?: string;
  /** Words before the command. */
  readonly before?: readonly string[];
}

function daemonPlan(folder: string, profileTo: string | undefined, how: DaemonHow): ControlledPlan {
  started += 1;
  const control = join(folder, `control-${started}.sock`);
  const state = how.state ?? join(folder, `state-${started}`);
  const profiling = profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`];
  return {
    argv: [
      ...[...(how.before ?? []), process.execPath, ...profiling, MAIN, 'serve'],
      ...['--config', how.config ?? 'unboxd.yaml', '--state', state, '--control', control],
    ],
    // The control socket is opened last.
    isReady: async () => await exists(control),
    cleanUp: async () => {
      if (how.state === undefined) await rm(state, { recursive: true, force: true });
    },
    control,
  };
}

interface ControlledPlan extends ServerPlan {
  readonly control: string;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

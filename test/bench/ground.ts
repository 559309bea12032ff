// Where the benchmarks happen: a private network, a temporary folder, and the daemon in it. All of it goes when the
// ground is closed, and when this process dies the stage takes the programs with it.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Closable } from '../../src/base/world.ts';
import { openStage } from '../../src/rehearse/stage.ts';
import { contentOf, macOf } from './content.ts';

export const SERVER = '10.99.0.1';
export const PHONES = '10.99.0.2';
/** The phones of the PnP load stand at 10.99.0.11 and following: unboxd keeps at most 1,000 requests per address. */
export const PNP_ADDRESSES = Array.from({ length: 50 }, (_, index) => `10.99.0.${11 + index}`);
export const SMALL = { phones: 1000, bytes: 4096 } as const;
export const FIRMWARE = { name: 'firmware.bin', bytes: 16 * 1024 * 1024 } as const;

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** How the kernel counts CPU time on all machines that Node runs on: USER_HZ. */
const TICKS_PER_SECOND = 100;
const START_MS = 10_000;
/** `$0` is the folder: what the programs leave behind stays in it. */
const IN_FOLDER = 'cd "$0" && exec "$@"';

/** What the daemon used while it was loaded. */
export interface Usage {
  readonly cpuSeconds: number;
  /** The most it ever held, its start included. */
  readonly peakMib: number;
}

export interface Daemon {
  /** Counts CPU time from now on. */
  mark(): void;
  usage(): Usage;
  /** What it said at level warn and above. */
  said(): string;
  stop(): Promise<void>;
}

export interface Run {
  readonly code: number | null;
  readonly output: string;
}

export interface Ground extends Closable {
  readonly folder: string;
  /** A fresh daemon with an empty state. */
  startDaemon(): Promise<Daemon>;
  /** Runs a load beside the phones, in the temporary folder; ended by force after `limitMs`. */
  load(argv: readonly string[], limitMs: number): Promise<Run>;
  /** Runs one of our own TypeScript loads and gives the JSON line that it prints. */
  loadScript<Result>(name: string, args: readonly string[], limitMs: number): Promise<Result>;
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
    startDaemon: async () => await startDaemon({ start, folder, profileTo }),
    load: async (argv, limitMs) => await runLoad(start('phones', argv), limitMs),
    loadScript: async <Result>(name: string, args: readonly string[], limitMs: number) => {
      const path = fileURLToPath(new URL(name, import.meta.url));
      const tsx = import.meta.resolve('tsx');
      const { code, output } = await ground.load([process.execPath, '--import', tsx, path, ...args], limitMs);
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
  const commands = [...addresses, 'ip route add 224.0.0.0/4 dev p0'].join(' && ');
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
files: { root: files }
log: { level: warn }
`;

interface Child {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

function spawnIn(running: Set<ChildProcess>, command: string, args: readonly string[]): Child {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  running.add(child);
  let text = '';
  const add = (chunk: Buffer): void => {
    // The screens of SIPp are long; what matters stands at the end.
    text = (text + chunk.toString()).slice(-200_000);
  };
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      running.delete(child);
      resolve(code);
    });
    child.once('error', (error) => {
      add(Buffer.from(`${error.message}\n`));
      resolve(null);
    });
  });
  return { process: child, output: () => text, ended };
}

async function runLoad({ process: child, output, ended }: Child, limitMs: number): Promise<Run> {
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const code = await ended;
  clearTimeout(limit);
  return { code, output: output() };
}

interface DaemonParts {
  readonly start: (namespace: string, argv: readonly string[]) => Child;
  readonly folder: string;
  readonly profileTo: string | undefined;
}

let started = 0;

async function startDaemon({ start, folder, profileTo }: DaemonParts): Promise<Daemon> {
  started += 1;
  const control = join(folder, `control-${started}.sock`);
  const state = join(folder, `state-${started}`);
  const profiling = profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`];
  const child = start('desk', [
    ...[process.execPath, ...profiling, MAIN, 'serve'],
    ...['--config', 'unboxd.yaml', '--state', state, '--control', control],
  ]);
  const stop = async (): Promise<void> => {
    const limit = setTimeout(() => child.process.kill('SIGKILL'), 5000);
    child.process.kill('SIGTERM');
    await child.ended;
    clearTimeout(limit);
    await rm(state, { recursive: true, force: true });
  };
  const deadline = performance.now() + START_MS;
  // The control socket is opened last.
  while (!(await exists(control))) {
    const { exitCode, signalCode } = child.process;
    if (exitCode !== null || signalCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`the daemon did not start:\n${child.output()}`);
    }
    await new Promise((again) => setTimeout(again, 20));
  }
  const pid = child.process.pid ?? 0;
  let from = cpuSecondsOf(pid);
  return {
    mark: () => {
      from = cpuSecondsOf(pid);
    },
    usage: () => ({ cpuSeconds: cpuSecondsOf(pid) - from, peakMib: peakMibOf(pid) }),
    said: child.output,
    stop,
  };
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** User and system time of all its threads (proc(5)). The command may hold blanks: fields count from after it. */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function peakMibOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

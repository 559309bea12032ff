// Programs under load or loading: started, measured by /proc, stopped.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { findCommand } from '../../src/rehearse/stage.ts';

/** How the kernel counts CPU time on all machines that Node runs on: USER_HZ. */
const TICKS_PER_SECOND = 100;
const START_MS = 10_000;
const STOP_MS = 5000;

/** What a server used while it was loaded. */
export interface Usage {
  readonly cpuSeconds: number;
  /** What it holds now. */
  readonly rssMib: number;
  /** The most it ever held, its start included. */
  readonly peakMib: number;
  /** Datagrams for which a receive buffer had no room. */
  readonly overflowed: number;
}

/** A server that runs: ours or another. */
export interface Daemon {
  readonly pid: number;
  /** Counts CPU time from now on. */
  mark(): void;
  usage(): Usage;
  /** What it said at level warn and above. */
  said(): string;
  /** Also for one that has been killed. */
  stop(): Promise<void>;
}

export interface Run {
  readonly code: number | null;
  readonly output: string;
}

export interface Child {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

/** Spawns a program that stands in `running` until it has ended. */
export function spawnIn(running: Set<ChildProcess>, command: string, args: readonly string[]): Child {
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

/** Waits for the end of a program, and makes it after `limitMs`. */
export async function runToEnd({ process: child, output, ended }: Child, limitMs: number): Promise<Run> {
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const code = await ended;
  clearTimeout(limit);
  return { code, output: output() };
}

export interface ServerPlan {
  readonly argv: readonly string[];
  /** Whether it serves by now. */
  readonly isReady: (pid: number) => Promise<boolean>;
  /** What to do when it has stopped. */
  readonly cleanUp: () => Promise<void>;
}

/** Waits until the server in that process serves. Throws with its last words when it does not come to that. */
export async function untilReady(child: Child, { isReady, cleanUp }: ServerPlan): Promise<Daemon> {
  const pid = child.process.pid ?? 0;
  const stop = async (): Promise<void> => {
    const limit = setTimeout(() => child.process.kill('SIGKILL'), STOP_MS);
    child.process.kill('SIGTERM');
    await child.ended;
    clearTimeout(limit);
    await cleanUp();
  };
  const deadline = performance.now() + START_MS;
  while (!(await isReady(pid))) {
    const { exitCode, signalCode } = child.process;
    if (exitCode !== null || signalCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`the server did not start:\n${child.output().slice(-1000)}`);
    }
    await new Promise((again) => setTimeout(again, 20));
  }
  const overflows = (): number => overflowsIn(readOrEmpty(`/proc/${pid}/net/snmp`));
  let from = cpuSecondsOf(pid);
  let overflowsBefore = overflows();
  return {
    pid,
    mark: () => {
      from = cpuSecondsOf(pid);
      overflowsBefore = overflows();
    },
    usage: () => ({
      cpuSeconds: cpuSecondsOf(pid) - from,
      rssMib: mibOf(pid, 'VmRSS'),
      peakMib: mibOf(pid, 'VmHWM'),
      overflowed: overflows() - overflowsBefore,
    }),
    said: child.output,
    stop,
  };
}

/** Whether a UDP socket is bound to that port in the network of that process. */
export function hasUdpPort(pid: number, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  try {
    return readFileSync(`/proc/${pid}/net/udp`, 'utf8').includes(`:${hex} `);
  } catch {
    return false; // it has ended
  }
}

/** Since the network began, from `/proc/net/snmp`: a line of names and one of numbers. */
export function overflowsIn(snmp: string): number {
  const [names = [], numbers = []] = snmp
    .split('\n')
    .filter((line) => line.startsWith('Udp: '))
    .map((line) => line.split(' '));
  return Number(numbers[names.indexOf('RcvbufErrors')]);
}

/** Servers and loaders on a core each, so that they do not push each other aside; where that cannot be, as it comes. */
export function onCore(which: 'server' | 'loader', argv: readonly string[]): readonly string[] {
  const [first, second] = allowedCores();
  if (second === undefined || findCommand('taskset') === undefined) return argv;
  return ['taskset', '-c', `${which === 'server' ? first : second}`, ...argv];
}

/** `0-1` or `0,2-3` in proc(5). */
function allowedCores(): readonly number[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** User and system time of all its threads (proc(5)). The command may hold blanks: fields count from after it. */
function cpuSecondsOf(pid: number): number {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function mibOf(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const status = readOrEmpty(`/proc/${pid}/status`);
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** Empty for a process that has been killed. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

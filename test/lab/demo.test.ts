// The demo as an installer types it: outside of any lab, it makes its own private network and leaves nothing of it.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PhoneLine } from '../../src/control/api.ts';
import { describeLab, until } from './lab.ts';

const NEEDS = { commands: ['ip', 'unshare', 'nsenter'], packages: ['iproute2', 'util-linux'] };
const DEMO = ['dist/main.js', 'demo'];
/** The demo gives up by itself after two minutes. */
const PATIENCE = 150_000;

interface Process {
  /** Number and start time: numbers are used again. */
  readonly key: string;
  readonly pid: number;
  readonly parent: number;
}

/** Every process that runs. One that has ended and is not yet waited for does not. */
async function processes(): Promise<readonly Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(readProcess));
  return found.filter((one) => one !== undefined);
}

async function readProcess(pid: string): Promise<Process | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name before the last bracket may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent] = fields;
  if (parent === undefined || state === 'Z') return undefined;
  return { key: `${pid} since ${fields[19]}`, pid: Number(pid), parent: Number(parent) };
}

/** What `pid` started, and what that started. */
async function descendants(pid: number): Promise<readonly string[]> {
  const all = await processes();
  const below = (parent: number): readonly string[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one.key, ...below(one.pid)]);
  return below(pid);
}

interface Performance {
  readonly code: number | null;
  readonly out: string;
  readonly notes: string;
  /** What it had started by the time of its last words that were listened to. */
  readonly started: readonly string[];
  /** What of that still runs. */
  readonly left: readonly string[];
}

/** When a Ctrl-C is due. */
interface Interruption {
  readonly due: (out: string) => boolean | Promise<boolean>;
}

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-lab-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Runs the demo with `folder` for its files. */
async function perform(args: readonly string[], stop?: Interruption): Promise<Performance> {
  // In a process group of its own, as a shell does.
  const child = spawn(process.execPath, [...DEMO, ...args], {
    detached: true,
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pid = child.pid ?? 0;
  const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
  let out = '';
  let notes = '';
  let looking = Promise.resolve();
  const started = new Set<string>();
  const look = async (): Promise<void> => {
    for (const key of await descendants(pid)) started.add(key);
  };
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    looking = looking.then(look);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    notes += chunk.toString();
  });
  if (stop !== undefined) {
    const evidence = (): string => `${out}${notes}`;
    await until(async () => out !== '' || (await stop.due(out)), 'its first words', evidence);
    await until(async () => await stop.due(out), 'the moment to stop it', evidence);
    await look();
    // To its whole process group, as a terminal does.
    process.kill(-pid, 'SIGINT');
  }
  const code = await ended;
  await looking;
  const running = new Set((await processes()).map(({ key }) => key));
  return { code, out, notes, started: [...started], left: [...started].filter((key) => running.has(key)) };
}

const hasPhone = (out: string): boolean => out.includes('  told: ');
const hasFolder = async (): Promise<boolean> => (await readdir(folder)).length > 0;
const NO_STACK = expect.not.stringMatching(/^ {4}at /m) as unknown;

await describeLab('the demo', NEEDS, () => {
  test(
    'boots twelve phones until each is proven, and leaves nothing behind',
    async () => {
      const { code, out, notes, started, left } = await perform([]);
      expect([code, notes]).toEqual([0, expect.stringMatching(/^all 12 phones are proven after /)]);
      const proven = out.split('\n').filter((line) => line.includes('  proven: has its own file '));
      expect(new Set(proven.map((line) => line.slice(0, 17))).size).toBe(12);
      // At least the network, the daemon and twelve phones.
      expect(started.length).toBeGreaterThanOrEqual(14);
      expect(left).toEqual([]);
      expect(await readdir(folder)).toEqual([]);
    },
    PATIENCE,
  );

  test(
    'with --json it gives an object per change, and nothing else',
    async () => {
      const { code, out, notes } = await perform(['--json']);
      expect([code, notes]).toEqual([0, expect.stringContaining('all 12 phones are proven')]);
      const lines = out.trimEnd().split('\n');
      const last = new Map(
        lines.map((line) => JSON.parse(line) as PhoneLine).map((line) => [line.mac, line] as const),
      );
      expect(last.size).toBe(12);
      expect([...last.values()].every(({ stage }) => stage === 'proven')).toBe(true);
    },
    PATIENCE,
  );

  test.each([
    { when: 'in the middle', due: hasPhone },
    { when: 'before its daemon answers', due: hasFolder },
  ])(
    'a Ctrl-C $when stops it and leaves nothing behind',
    async (interruption) => {
      const { code, notes, started, left } = await perform([], interruption);
      expect([code, notes]).toEqual([1, expect.stringMatching(/^stopped; nothing is left behind$/m)]);
      expect(notes).toEqual(NO_STACK);
      expect(started).not.toEqual([]);
      expect(left).toEqual([]);
      expect(await readdir(folder)).toEqual([]);
    },
    PATIENCE,
  );
});

// The lab: real programs on real sockets, in a private network. Tests skip with a spoken reason where this machine
// lacks something; with UNBOXD_LAB=required (continuous integration) they fail instead.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { messageOf } from '../../src/base/fault.ts';
import type { Closable } from '../../src/base/world.ts';
import { findCommand, openStage, type Stage, type StageLink } from '../../src/rehearse/stage.ts';
import { FIRST } from './links.ts';

export interface LabNeeds {
  /** Commands that the tests run, and the Debian packages that bring them. */
  readonly commands: readonly string[];
  readonly packages: readonly string[];
}

export interface Running {
  readonly pid: number;
  /** What it wrote so far, on both streams. */
  output(): string;
  /** Writes to its standard input. */
  say(text: string): void;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Asks it to end, and makes it end after `patience` ms, 30 s where nothing is said. */
  stop(signal?: NodeJS.Signals, patience?: number): Promise<number | null>;
}

export interface Lab extends Closable {
  readonly stage: Stage;
  /** For files of the test; removed at the end. */
  readonly folder: string;
  start(namespace: string, argv: readonly string[], env?: Readonly<Record<string, string>>): Running;
  /** Starts and waits; fails with its output when the exit code is not 0. */
  run(namespace: string, argv: readonly string[]): Promise<string>;
}

const REQUIRED = process.env['UNBOXD_LAB'] === 'required';
const PATH = [process.env['PATH'], '/usr/sbin', '/sbin'].join(':');
const POLL_MS = 25;
const PATIENCE_MS = 30_000;

/** Why lab tests cannot run here, or undefined when they can. */
async function whyNot(needs: LabNeeds): Promise<string | undefined> {
  const missing = needs.commands.filter((name) => findCommand(name) === undefined);
  if (missing.length > 0) return `no ${missing.join(', ')}: apt-get install ${needs.packages.join(' ')}`;
  // Where nothing may be skipped the tests open their own at once, which fails with the same words.
  if (REQUIRED) return undefined;
  try {
    const stage = await openStage({ links: [FIRST] });
    await stage.close();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** `describe` for lab tests: await it at the top of the file. */
export async function describeLab(title: string, needs: LabNeeds, body: () => void): Promise<void> {
  const reason = await whyNot(needs);
  if (reason === undefined) {
    describe(title, body);
  } else if (REQUIRED) {
    test(title, () => {
      throw new Error(`the lab is not ready: ${reason}`);
    });
  } else {
    describe.skip(`${title} (skipped: ${reason})`, body);
  }
}

/** Opens a private network and a folder; closing kills all that was started in it. */
export async function openLab(links: readonly StageLink[]): Promise<Lab> {
  const stage = await openStage({ links });
  const folder = await mkdtemp(join(tmpdir(), 'unboxd-lab-'));
  const started: Running[] = [];
  const lab: Lab = {
    stage,
    folder,
    start: (namespace, argv, env = {}) => {
      const running = start(stage.command(namespace, argv), env);
      started.push(running);
      return running;
    },
    run: async (namespace, argv) => {
      const running = lab.start(namespace, argv);
      const code = await running.ended;
      if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}:\n${running.output()}`);
      return running.output();
    },
    close: async () => {
      // All at once and without asking: a test of how something ends has stopped it itself.
      await stage.close();
      await Promise.all(started.splice(0).map(async (one) => await one.stop('SIGKILL')));
      await rm(folder, { recursive: true, force: true });
    },
  };
  return lab;
}

/** What to start for a TypeScript program of the tests. */
export function script(path: string, ...args: readonly string[]): readonly string[] {
  return [process.execPath, '--import', 'tsx', path, ...args];
}

/**
 * Waits until `check` gives something other than false, null or undefined, and gives that.
 * Fails after 30 s with `what` it waited for and the `evidence`.
 */
export async function until<Value>(
  check: () => Value | Promise<Value>,
  what: string,
  evidence: () => string = () => '',
): Promise<Exclude<Value, false | null | undefined>> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = await check();
    if (value !== false && value !== null && value !== undefined) {
      return value as Exclude<Value, false | null | undefined>;
    }
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}\n${evidence()}`);
    await new Promise((again) => setTimeout(again, POLL_MS));
  }
}

/** Waits until a program has written that text. */
export async function heard(running: Running, text: string): Promise<void> {
  await until(
    () => running.output().includes(text),
    `"${text}"`,
    () => `it wrote:\n${running.output()}`,
  );
}

function start([command = '', ...args]: readonly string[], env: Readonly<Record<string, string>>): Running {
  const child = spawn(command, args, { env: { ...process.env, ...env, PATH } });
  const output = collect(child);
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
    child.once('error', () => resolve(null));
  });
  child.stdin.on('error', () => undefined); // it ended without reading on
  return {
    pid: child.pid ?? 0,
    output,
    say: (text) => child.stdin.write(text),
    ended,
    stop: async (signal = 'SIGTERM', patience = PATIENCE_MS) => {
      if (child.exitCode !== null || child.signalCode !== null) return await ended;
      const sure = setTimeout(() => child.kill('SIGKILL'), patience);
      child.kill(signal);
      const code = await ended;
      clearTimeout(sure);
      return code;
    },
  };
}

function collect(child: ChildProcessWithoutNullStreams): () => string {
  let text = '';
  const add = (chunk: Buffer): void => {
    text += chunk.toString();
  };
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  child.on('error', (error) => add(Buffer.from(`${error.message}\n`)));
  return () => text;
}

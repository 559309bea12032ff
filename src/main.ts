#!/usr/bin/env node
// argv to command. The only place that ends the process, reads the environment and writes to the terminal.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { Command, Terminal } from './cli/command.ts';
import { runProgram } from './cli/program.ts';
import { HOME } from './net/home.ts';

const terminal: Terminal = {
  out: (line) => void process.stdout.write(`${line}\n`),
  note: (line) => void process.stderr.write(`${line}\n`),
  raw: (bytes) => void process.stdout.write(bytes),
  isTty: process.stdout.isTTY,
  ask: process.stdin.isTTY && process.stdout.isTTY ? askPerson : undefined,
  // Read anew each time: people resize their windows. What goes into a file or a pipe is not cut.
  get columns() {
    // A terminal that does not tell its size says 0.
    return process.stdout.isTTY ? process.stdout.columns || 100 : Number.POSITIVE_INFINITY;
  },
  get rows() {
    return process.stdout.isTTY ? process.stdout.rows || 24 : 24;
  },
  env: process.env,
  pid: process.pid,
  onStop: (action) => {
    let askedAt: number | undefined;
    const stop = (): void => {
      // One Ctrl-C under npm arrives twice, from the terminal and from npm: only a later one means impatience.
      if (askedAt !== undefined && performance.now() - askedAt > 1000) process.exit(1);
      if (askedAt !== undefined) return;
      askedAt = performance.now();
      action();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  },
  onHangup: (action) => {
    process.on('SIGHUP', () => {
      // The same signal says that the window was closed: what was started in it goes with it.
      if (process.stdout.isTTY && !hasWindow()) process.kill(process.pid, 'SIGTERM');
      else action();
    });
  },
};

/** A terminal that hung up cannot be opened any more. */
function hasWindow(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

/** One question, one line; a Ctrl-C or Ctrl-D is the end of the input. */
async function askPerson(question: string): Promise<string | undefined> {
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  const ended = new Promise<undefined>((done) => reader.once('close', () => done(undefined)));
  const answer = await Promise.race([reader.question(question), ended]);
  reader.close();
  return answer;
}

// A reader that goes away (`unboxd phones | head`) is no trouble of ours.
process.stdout.on('error', () => process.exit(0));

const version = (JSON.parse(readFileSync(new URL('package.json', HOME), 'utf8')) as { version: string })
  .version;
/** Each is loaded when it is asked for: a small machine takes seconds for all of them. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./cli/commands/serve.ts')).serve,
  reload: async () => (await import('./cli/commands/reload.ts')).reload,
  check: async () => (await import('./cli/commands/check.ts')).check,
  phones: async () => (await import('./cli/commands/phones.ts')).phones,
  watch: async () => (await import('./cli/commands/watch.ts')).watch,
  story: async () => (await import('./cli/commands/story.ts')).story,
  explain: async () => (await import('./cli/commands/explain.ts')).explain,
  render: async () => (await import('./cli/commands/render.ts')).render,
  firmware: async () => (await import('./cli/commands/firmware.ts')).firmware,
  leases: async () => (await import('./cli/commands/leases.ts')).leases,
  metrics: async () => (await import('./cli/commands/metrics.ts')).metrics,
  options: async () => (await import('./cli/commands/options.ts')).options,
  resync: async () => (await import('./cli/commands/resync.ts')).resync,
  storms: async () => (await import('./cli/commands/storms.ts')).storms,
  tokens: async () => (await import('./cli/commands/tokens.ts')).tokens,
  cert: async () => (await import('./cli/commands/cert.ts')).cert,
  seal: async () => (await import('./cli/commands/seal.ts')).seal,
  unseal: async () => (await import('./cli/commands/unseal.ts')).unseal,
  demo: async () => (await import('./cli/commands/demo.ts')).demo,
  rehearse: async () => (await import('./cli/commands/rehearse.ts')).rehearse,
  doctor: async () => (await import('./cli/commands/doctor.ts')).doctor,
  init: async () => (await import('./cli/commands/init.ts')).init,
  backup: async () => (await import('./cli/commands/backup.ts')).backup,
  restore: async () => (await import('./cli/commands/restore.ts')).restore,
  store: async () => (await import('./cli/commands/store.ts')).store,
  completion: async () => (await import('./cli/commands/completion.ts')).makeCompletion(allCommands),
  simulate: async () => (await import('./cli/commands/simulate.ts')).simulate,
};

async function allCommands(): Promise<readonly Command[]> {
  return await Promise.all(Object.values(COMMANDS).map(async (load) => await load()));
}

const argv = process.argv.slice(2);
const asked = Object.hasOwn(COMMANDS, argv[0] ?? '') ? COMMANDS[argv[0] ?? ''] : undefined;
const commands = asked === undefined ? await allCommands() : [await asked()];
const code = await runProgram({ version, commands, terminal }, argv);
// What was written to a pipe must have gone out before the process ends.
process.stdout.write('', () => process.exit(code));

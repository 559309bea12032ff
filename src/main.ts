#!/usr/bin/env node
// argv to command. The only place that ends the process, reads the environment and writes to the terminal.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { Command, Terminal } from './cli/command.ts';
import { backup } from './cli/commands/backup.ts';
import { cert } from './cli/commands/cert.ts';
import { check } from './cli/commands/check.ts';
import { makeCompletion } from './cli/commands/completion.ts';
import { demo } from './cli/commands/demo.ts';
import { doctor } from './cli/commands/doctor.ts';
import { explain } from './cli/commands/explain.ts';
import { firmware } from './cli/commands/firmware.ts';
import { init } from './cli/commands/init.ts';
import { leases } from './cli/commands/leases.ts';
import { metrics } from './cli/commands/metrics.ts';
import { options } from './cli/commands/options.ts';
import { phones } from './cli/commands/phones.ts';
import { rehearse } from './cli/commands/rehearse.ts';
import { reload } from './cli/commands/reload.ts';
import { render } from './cli/commands/render.ts';
import { restore } from './cli/commands/restore.ts';
import { resync } from './cli/commands/resync.ts';
import { seal } from './cli/commands/seal.ts';
import { serve } from './cli/commands/serve.ts';
import { simulate } from './cli/commands/simulate.ts';
import { store } from './cli/commands/store.ts';
import { storms } from './cli/commands/storms.ts';
import { story } from './cli/commands/story.ts';
import { tokens } from './cli/commands/tokens.ts';
import { unseal } from './cli/commands/unseal.ts';
import { watch } from './cli/commands/watch.ts';
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
const commands: readonly Command[] = [
  serve,
  reload,
  check,
  phones,
  watch,
  story,
  explain,
  render,
  firmware,
  leases,
  metrics,
  options,
  resync,
  storms,
  tokens,
  cert,
  seal,
  unseal,
  demo,
  rehearse,
  doctor,
  init,
  backup,
  restore,
  store,
  makeCompletion(() => commands),
  simulate,
];
const code = await runProgram({ version, commands, terminal }, process.argv.slice(2));
// What was written to a pipe must have gone out before the process ends.
process.stdout.write('', () => process.exit(code));

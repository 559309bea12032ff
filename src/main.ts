#!/usr/bin/env node
// argv to command. The only place that ends the process, reads the environment and writes to the terminal.
import { readFileSync } from 'node:fs';
import type { Terminal } from './cli/command.ts';
import { cert } from './cli/commands/cert.ts';
import { check } from './cli/commands/check.ts';
import { demo } from './cli/commands/demo.ts';
import { explain } from './cli/commands/explain.ts';
import { leases } from './cli/commands/leases.ts';
import { options } from './cli/commands/options.ts';
import { phones } from './cli/commands/phones.ts';
import { render } from './cli/commands/render.ts';
import { resync } from './cli/commands/resync.ts';
import { serve } from './cli/commands/serve.ts';
import { simulate } from './cli/commands/simulate.ts';
import { story } from './cli/commands/story.ts';
import { watch } from './cli/commands/watch.ts';
import { runProgram } from './cli/program.ts';
import { HOME } from './net/home.ts';

const terminal: Terminal = {
  out: (line) => void process.stdout.write(`${line}\n`),
  note: (line) => void process.stderr.write(`${line}\n`),
  raw: (bytes) => void process.stdout.write(bytes),
  isTty: process.stdout.isTTY,
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
};

// A reader that goes away (`unboxd phones | head`) is no trouble of ours.
process.stdout.on('error', () => process.exit(0));

const version = (JSON.parse(readFileSync(new URL('package.json', HOME), 'utf8')) as { version: string })
  .version;
const commands = [
  serve,
  check,
  phones,
  watch,
  story,
  explain,
  render,
  leases,
  options,
  resync,
  cert,
  demo,
  simulate,
];
const code = await runProgram({ version, commands, terminal }, process.argv.slice(2));
// What was written to a pipe must have gone out before the process ends.
process.stdout.write('', () => process.exit(code));

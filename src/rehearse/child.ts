// The daemon and the simulated phones of a rehearsal: processes that end when we say so, and what they say.
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Fault } from '../base/fault.ts';
import type { Closable } from '../base/world.ts';
import { controlClient } from '../control/client.ts';
import { HOME } from '../net/home.ts';
import type { Stage } from './stage.ts';

export interface Child extends Closable {
  readonly process: ChildProcess;
}

export interface ChildOptions {
  /** Where its output goes. */
  readonly log: string;
  readonly onLine?: (line: string) => void;
}

const MAIN = fileURLToPath(new URL('dist/main.js', HOME));
/** What a process may take to close, before it is ended hard. */
const LAST_WORDS = 3_000;
/** A minute: on a small machine that has other work a start takes a good part of it. */
const DAEMON_TRIES = 1200;

/** Runs unboxd itself in a namespace of the stage; closing ends it by its pid. */
export function startUnboxd(
  stage: Stage,
  namespace: string,
  argv: readonly string[],
  options: ChildOptions,
): Child {
  const [command = '', ...args] = stage.command(namespace, [process.execPath, MAIN, ...argv]);
  // Detached: the Ctrl-C of a terminal is for us alone, we end the rest in order.
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const file = createWriteStream(options.log, { mode: 0o600 });
  if (options.onLine === undefined) child.stdout.pipe(file, { end: false });
  else createInterface({ input: child.stdout }).on('line', options.onLine);
  child.stderr.pipe(file, { end: false });
  const gone = new Promise<void>((done) => {
    child.once('exit', () => done());
    child.once('error', () => done());
  });
  return {
    process: child,
    close: async () => {
      const sure = setTimeout(() => child.kill('SIGKILL'), LAST_WORDS);
      if (child.exitCode === null && child.pid !== undefined) child.kill('SIGTERM');
      await gone;
      clearTimeout(sure);
      file.end();
    },
  };
}

/** Resolves when the daemon behind that socket answers; rejects with what it said when it does not start. */
export async function daemonAnswers(
  daemon: Child,
  { control, log }: { readonly control: string; readonly log: string },
): Promise<void> {
  const client = controlClient(control);
  for (let tries = 0; tries < DAEMON_TRIES; tries += 1) {
    const answers = await client.get('/v1/health').then(
      () => true,
      () => false,
    );
    if (answers) return;
    if (daemon.process.exitCode !== null || daemon.process.signalCode !== null) break;
    await new Promise((again) => setTimeout(again, 50));
  }
  const said = await readFile(log, 'utf8').catch(() => '');
  throw new Fault(
    'rehearsal-failed',
    `the daemon of the rehearsal did not start: ${said.trim()}`,
    'see what it said above',
  );
}

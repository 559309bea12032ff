// The real daemon in the lab: its settings, its commands, and what they say.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LeaseLine, PhoneLine, StoryLine } from '../../src/control/api.ts';
import { type ControlClient, controlClient } from '../../src/control/client.ts';
import type { StageLink } from '../../src/rehearse/stage.ts';
import { heard, type Lab, type Running } from './lab.ts';

/** The staging LAN of the lab: the daemon at desk, clients at phones. */
export const STAGING: StageLink = {
  host: 'desk',
  interface: 'lan0',
  address: '10.99.0.1/24',
  peer: 'phones',
  peerInterface: 'p0',
};

export interface DaemonOptions {
  /** YAML of unboxd.yaml beside what the lab needs (files, state, control). */
  readonly settings?: string;
  /** The phone list, CSV. */
  readonly list?: string;
  /** Files of the files folder by their path. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
}

export interface Daemon {
  /** The process; another one after `restart`. */
  readonly running: Running;
  cli(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }>;
  /** Its local API, which costs no process: for looks that are repeated until something is so. */
  readonly client: ControlClient;
  phones(): Promise<readonly PhoneLine[]>;
  leases(): Promise<readonly LeaseLine[]>;
  /** The sentences of a phone. */
  story(mac: string): Promise<readonly string[]>;
  /** What "unboxd story" lists without a MAC. */
  trouble(): Promise<readonly StoryLine[]>;
  stop(signal?: NodeJS.Signals, patience?: number): Promise<number | null>;
  restart(signal?: NodeJS.Signals): Promise<void>;
}

const MAIN = 'dist/main.js';
const DEFAULT_LAN = 'lans: [{ interface: lan0 }]\n';

/** Starts `unboxd serve` at desk, with its state in the folder of the lab; resolves when it serves. */
export async function startDaemon(lab: Lab, options: DaemonOptions = {}): Promise<Daemon> {
  const { settings = '', list, files = {} } = options;
  const config = join(lab.folder, 'unboxd.yaml');
  const control = join(lab.folder, 'control.sock');
  const places = [
    'files: { root: files }',
    'state: state',
    'control: { socket: control.sock }',
    ...(list === undefined ? [] : ['phones: phones.csv']),
  ];
  await writeFile(
    config,
    `${/^lans:/m.test(settings) ? '' : DEFAULT_LAN}${settings}\n${places.join('\n')}\n`,
  );
  if (list !== undefined) await writeFile(join(lab.folder, 'phones.csv'), list);
  await mkdir(join(lab.folder, 'files'), { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    const file = join(lab.folder, 'files', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }

  const start = async (): Promise<Running> => {
    const running = lab.start('desk', [process.execPath, MAIN, 'serve', '--config', config]);
    await heard(running, 'serving ');
    return running;
  };
  const cli: Daemon['cli'] = async (...args) => {
    const called = lab.start('desk', [process.execPath, MAIN, ...args, '--control', control]);
    return { code: await called.ended, output: called.output() };
  };
  const client = controlClient(control);

  let running = await start();
  return {
    get running() {
      return running;
    },
    cli,
    client,
    phones: async () => await client.get('/v1/phones'),
    leases: async () => await client.get('/v1/leases'),
    story: async (mac) => {
      const lines = await client.get<readonly StoryLine[]>(`/v1/phones/${encodeURIComponent(mac)}/story`);
      return lines.map(({ sentence }) => sentence);
    },
    trouble: async () => await client.get('/v1/trouble'),
    stop: async (signal, patience) => await running.stop(signal, patience),
    restart: async (signal) => {
      await running.stop(signal);
      running = await start();
    },
  };
}

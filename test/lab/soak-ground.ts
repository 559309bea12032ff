// Where a soak and the kills take place: a private network, the real daemon, a crowd of phones, and what they say.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import type { Closable } from '../../src/base/world.ts';
import type { LeaseLine } from '../../src/control/api.ts';
import { type ControlClient, controlClient } from '../../src/control/client.ts';
import type { StormLine } from '../../src/control/storms-api.ts';
import { type Lab, openLab, script, until } from './lab.ts';
import type { CrowdSettings } from './soak-crowd.ts';
import { GAUGE } from './soak-gauge.ts';
import { beginStorm, checkLeases, checkUploads, type Ledger, note, openLedger } from './soak-ledger.ts';
import { RINGTONE, type Said } from './soak-phone.ts';

export interface Ground extends Closable {
  readonly lab: Lab;
  readonly ledger: Ledger;
  readonly client: ControlClient;
  /** Of the daemon that runs now. */
  readonly pid: () => number;
  /** What the daemon wrote since the beginning. */
  readonly log: () => Promise<string>;
  readonly startDaemon: () => Promise<void>;
  /** Resolves when it is gone. */
  readonly endDaemon: (signal: NodeJS.Signals) => Promise<number | null>;
  /** Lets the phones in. */
  readonly startCrowd: (crowd: Omit<CrowdSettings, 'server'>) => Promise<void>;
  /** Resolves when phones boot, fetch and write as ever. */
  readonly served: () => Promise<void>;
  /** Unplugs all of them; resolves when the last has gone. */
  readonly stopCrowd: () => Promise<void>;
  /** Wakes every phone that is plugged in; false while a storm still runs, and while no phone has an address. */
  readonly wakeAll: (perSecond: number) => Promise<boolean>;
  /** Holds what is on the disk, and what the daemon says of it, against what the phones were promised. */
  readonly checkLeases: () => Promise<void>;
  readonly checkUploads: () => Promise<void>;
}

export const SERVER = '10.99.0.1';
/** Of the phones' namespace itself. */
export const OWN = '10.99.0.2';
const MAIN = 'dist/main.js';
/** Addresses are asked for as fast as phones can be unboxed; whoever has one keeps it. */
const SETTINGS = `
lans:
  - interface: lan0
    dhcp: { pool: 10.99.128.0-10.99.255.250, lease: 8h, guard: off, conflictCheck: off }
files: { root: files }
state: state
control: { socket: control.sock }
`;
/** What a storm waits for the fetch of a phone. */
const PATIENCE = 3000;

export interface GroundOptions {
  /** Whether the threads of the daemon can be weighed. */
  readonly gauge: boolean;
  /** What else is in the environment of the daemon. */
  readonly env?: (folder: string) => Readonly<Record<string, string>>;
}

/** Opens all but the daemon and the crowd. */
export async function openGround({ gauge, env = () => ({}) }: GroundOptions): Promise<Ground> {
  const lab = await openLab([
    { host: 'desk', interface: 'lan0', address: `${SERVER}/16`, peer: 'phones', peerInterface: 'p0' },
  ]);
  const at = (...path: readonly string[]): string => join(lab.folder, ...path);
  // Any of these can be bound and answers ARP, without being listed one by one.
  await lab.run('phones', ['ip', 'route', 'add', 'local', '10.99.128.0/17', 'dev', 'lo']);
  await settle(lab, OWN);
  await writeFile(at('unboxd.yaml'), SETTINGS);
  await mkdir(at('files'));
  await writeFile(at('files', RINGTONE), Buffer.alloc(60_000, 'la'));
  const ledger = openLedger();
  const client = controlClient(at('control.sock'));
  const log = async (): Promise<string> => await readFile(at('log'), 'utf8').catch(() => '');
  let daemon: Child | undefined;
  let crowd: Child | undefined;

  const startDaemon = async (): Promise<void> => {
    const argv = [process.execPath, MAIN, 'serve', '--config', at('unboxd.yaml')];
    const weighed = gauge ? { NODE_OPTIONS: `--import=${GAUGE}`, UNBOXD_GAUGE: at('gauge') } : {};
    const options = { env: { ...weighed, ...env(lab.folder) }, log: at('log') };
    const started = startIn(lab, 'desk', argv, options);
    daemon = started;
    const end = { isGone: false };
    void started.ended.then(() => {
      end.isGone = true;
    });
    const answers = async (): Promise<boolean> => await client.get('/v1/health').then(...YES_OR_NO);
    for (let tries = 0; !(end.isGone || (await answers())); tries += 1) {
      if (tries === MOST_TRIES) throw new Error(`the daemon does not answer:\n${await lastWords(log)}`);
      await new Promise((again) => setTimeout(again, 25));
    }
    if (end.isGone) throw new Error(`the daemon did not start:\n${await lastWords(log)}`);
  };
  const endDaemon = async (signal: NodeJS.Signals): Promise<number | null> => {
    daemon?.child.kill(signal);
    return (await daemon?.ended) ?? null;
  };
  let echoes = 0;
  /** Twice: a datagram and the question may be there together, and the question be read first. */
  const hearAll = async (): Promise<void> => {
    for (let time = 0; time < 2; time += 1) {
      const wanted = echoes + 1;
      crowd?.child.stdin?.write('echo\n');
      await until(() => echoes >= wanted, 'the phones to say what they heard');
    }
  };
  const stopCrowd = async (): Promise<void> => {
    crowd?.child.stdin?.write('stop\n');
    await crowd?.ended;
  };
  return {
    lab,
    ledger,
    client,
    pid: () => daemon?.child.pid ?? 0,
    log,
    startDaemon,
    endDaemon,
    startCrowd: async (settings) => {
      const text = JSON.stringify({ ...settings, server: SERVER });
      let isReady = false;
      crowd = startIn(lab, 'phones', script('test/lab/soak-crowd.ts', 'p0', text), {
        log: at('crowd.log'),
        onLine: (line) => {
          const said = JSON.parse(line) as Said;
          isReady ||= said.kind === 'ready';
          if (said.kind === 'echo') echoes += 1;
          note(ledger, said);
        },
      });
      await until(() => isReady, 'the phones to be there');
    },
    served: async () => {
      const { counts } = ledger;
      const before = { ...counts };
      await until(
        () => counts.lives >= before.lives + 6 && counts.uploads > before.uploads,
        'phones to be served',
        () => JSON.stringify(counts),
      );
    },
    stopCrowd,
    wakeAll: async (perSecond) => {
      const macs = [...ledger.plugged.values()].filter((mac) => ledger.leases.has(mac));
      const storms = await client.get<readonly StormLine[]>('/v1/storms');
      if (macs.length === 0 || storms.some(({ mode }) => mode === 'running')) return false;
      await hearAll();
      beginStorm(ledger);
      await client.post('/v1/storms', { selection: { macs }, perSecond, patience: PATIENCE });
      return true;
    },
    checkLeases: async () => {
      const promised = new Map(ledger.leases);
      const lines = await client.get<readonly LeaseLine[]>('/v1/leases');
      const list = lines.map(({ mac, state, address }) => ({ mac, state, address: parseIpv4(address) ?? 0 }));
      checkLeases(ledger, promised, list);
    },
    checkUploads: async () => {
      const promised = new Map(ledger.wrote);
      checkUploads(ledger, promised, await textsIn(at('state', 'uploads')));
    },
    close: async () => {
      await stopCrowd();
      await endDaemon('SIGTERM');
      await lab.close();
    },
  };
}

/** Two minutes and more; tries and no time, for all of us may stand still while others measure something. */
const MOST_TRIES = 5000;

async function lastWords(log: () => Promise<string>): Promise<string> {
  return (await log()).slice(-2000);
}

/** Makes the end of the cable at the phones what they need: again, when it was replaced. */
export async function settle(lab: Lab, own: string): Promise<void> {
  await lab.run('phones', ['ip', 'address', 'replace', `${own}/16`, 'dev', 'p0']);
  await lab.run('phones', ['ip', 'link', 'set', 'p0', 'up']);
  await lab.run('phones', ['ip', 'route', 'replace', '255.255.255.255', 'dev', 'p0']);
}

const YES_OR_NO = [() => true, () => false] as const;

interface Child {
  readonly child: ChildProcess;
  /** Its exit code, when all that it wrote has been read. */
  readonly ended: Promise<number | null>;
}

interface ChildOptions {
  /** What it writes goes there, but for lines that are read. */
  readonly log: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

/** Not by the lab: that keeps all that is written, and a soak writes for a long time. */
function startIn(lab: Lab, namespace: string, argv: readonly string[], options: ChildOptions): Child {
  const { log, env = {}, onLine } = options;
  const [command = '', ...args] = lab.stage.command(namespace, argv);
  const file = openSync(log, 'a');
  const child = spawn(command, args, {
    stdio: ['pipe', onLine === undefined ? file : 'pipe', file],
    env: { ...process.env, ...env },
  });
  closeSync(file);
  child.stdin?.on('error', () => undefined); // it ended before it was told to
  if (onLine !== undefined && child.stdout !== null) createInterface(child.stdout).on('line', onLine);
  const ended = new Promise<number | null>((done) => {
    child.once('close', (code) => done(code));
    child.once('error', () => done(null));
  });
  return { child, ended };
}

/** Every file that is not in the making. */
async function textsIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith('.part-'));
  const texts = new Map<string, string>();
  for (const name of names) {
    // A version may be put aside while the folder is read.
    const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
    if (text !== undefined) texts.set(name, text);
  }
  return texts;
}

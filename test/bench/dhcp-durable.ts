// What a kill -9 in the middle of a load costs: of the leases that were acknowledged, how many the daemon does not know
// when it runs again, and how many addresses two clients were given.
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FleetResult } from './dhcp-fleet.ts';
import { writeOurSettings } from './dhcp-servers.ts';
import { MAIN, type OurDaemon, PHONES, SERVER } from './ground.ts';
import type { Bench, Load, Outcome } from './measure.ts';
import { onCore } from './programs.ts';

/** More than are served in that time. */
const CLIENTS = 30_000;
const WINDOW = 64;
const KILLED_AFTER_MS = { least: 100, most: 900 };
/** New clients, asking the daemon that runs again. */
const LATER_CLIENTS = 300;
const LIMIT_MS = 15_000;

interface Trial {
  readonly acknowledged: number;
  readonly lost: number;
  readonly doubled: number;
}

export function durableLoads(bench: Bench, trials: number): readonly Load[] {
  return [
    {
      name: `kill -9, ${trials} times`,
      startsServers: true,
      rounds: 1,
      run: async () => await runTrials(bench, trials),
    },
  ];
}

async function runTrials(bench: Bench, trials: number): Promise<Outcome> {
  const done: Trial[] = [];
  while (done.length < trials && bench.timeLeft() > 0) {
    bench.say(`kill -9: trial ${done.length + 1} of ${trials}`);
    done.push(await runTrial(bench, done.length));
  }
  const sum = (name: keyof Trial): number => done.reduce((total, trial) => total + trial[name], 0);
  const late = done.length < trials ? [`${done.length} of ${trials} trials: time was up`] : [];
  const empty = done.filter(({ acknowledged }) => acknowledged === 0).length;
  return {
    done: done.length,
    figures: {
      trials: done.length,
      acknowledged: sum('acknowledged'),
      lost: sum('lost'),
      doubled: sum('doubled'),
    },
    notes: empty === 0 ? late : [...late, `${empty} trials without a lease before the kill`],
  };
}

async function runTrial(bench: Bench, number: number): Promise<Trial> {
  const { ground } = bench;
  const state = join(ground.folder, `kept-${number}`);
  const config = await writeOurSettings(ground, false);
  const how = { config, state, before: onCore('server', []) };
  try {
    const killed = await ground.startDaemon(how);
    const acked = await load(bench, killed, ['--clients', `${CLIENTS}`, ...killing(killed)]);
    await killed.stop();
    const again = await ground.startDaemon(how);
    try {
      const listed = await listLeases(again);
      const later = await load(bench, again, ['--clients', `${LATER_CLIENTS}`, '--first', `${CLIENTS}`]);
      return compare(acked, listed, later);
    } finally {
      await again.stop();
    }
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

function killing({ pid }: OurDaemon): readonly string[] {
  const { least, most } = KILLED_AFTER_MS;
  const after = Math.round(least + Math.random() * (most - least));
  return ['--kill', `${pid}`, '--kill-after', `${after}`];
}

/** What the fleet was acknowledged: MAC to address; and how often it got an address that it had already. */
interface Acked {
  readonly leases: ReadonlyMap<string, string>;
  readonly twice: number;
}

async function load({ ground }: Bench, daemon: OurDaemon, what: readonly string[]): Promise<Acked> {
  const file = join(ground.folder, `acked-${daemon.pid}`);
  const place = ['--server', SERVER, '--from', PHONES, '--window', `${WINDOW}`, '--acked', file];
  const before = onCore('loader', []);
  const { twice } = await ground.loadScript<FleetResult>(
    'dhcp-fleet.ts',
    [...place, ...what],
    LIMIT_MS,
    before,
  );
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  await rm(file);
  return { leases: new Map(lines.map((line) => line.split(' ') as [string, string])), twice };
}

interface Listed {
  readonly address: string;
  readonly mac: string;
  readonly state: string;
}

async function listLeases({ control }: OurDaemon): Promise<readonly Listed[]> {
  const argv = [MAIN, 'leases', '--json', '--control', control];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as readonly Listed[];
}

function compare(acked: Acked, listed: readonly Listed[], later: Acked): Trial {
  const bound = listed.filter(({ state }) => state === 'bound');
  const known = new Map(bound.map(({ mac, address }) => [mac.replaceAll(':', ''), address]));
  const lost = [...acked.leases].filter(([mac, address]) => known.get(mac) !== address);
  const taken = new Set(acked.leases.values());
  const given = [...later.leases.values()].filter((address) => taken.has(address));
  const held = new Set(bound.map(({ address }) => address));
  return {
    acknowledged: acked.leases.size,
    lost: lost.length,
    doubled: acked.twice + later.twice + given.length + (bound.length - held.size),
  };
}

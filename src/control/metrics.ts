// The metrics of the daemon: counters of what happened, and how everything stands at the moment of asking.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { showIpv4 } from '../base/ipv4.ts';
import type { Closable, World } from '../base/world.ts';
import type { LeaseTable } from '../dhcp/lease-table.ts';
import type { LoadedSite } from '../site/load.ts';
import type { LanSite } from '../site/site.ts';
import type { State } from '../store/state.ts';
import { COUNTERS, type Tally } from '../timeline/counts.ts';
import { STAGES } from '../timeline/diagnosis.ts';
import type { Appliance } from './api.ts';
import { openMetricsDoor } from './metrics-door.ts';
import { processFamilies, watchLoop, watchUdp } from './metrics-process.ts';
import { createHistogram, type Family, type Histogram, showMetrics, single } from './metrics-text.ts';

export interface MetricsParts {
  readonly site: Pick<LoadedSite, 'doors' | 'state' | 'metrics'>;
  readonly lans: () => readonly { readonly lanSite: LanSite; readonly leases: LeaseTable }[];
  readonly tally: Tally;
  readonly commits: Histogram;
  /** Asked when the metrics are: it is made after them. */
  readonly appliance: () => Pick<Appliance, 'phones' | 'storms'>;
  readonly world: World;
}

export interface Metrics extends Closable {
  /** In the text format of Prometheus. */
  text(): Promise<string>;
}

/** ms. Where each phone stands takes work: readers within that time share it. */
const STAGES_LAST = 5_000;

/** Begins to measure, and opens the address for scrapers where there is one. Rejects with a Fault. */
export async function openMetrics(parts: MetricsParts): Promise<Metrics> {
  const { site, world, tally, commits } = parts;
  const loop = watchLoop(world.now());
  const { tftp } = site.doors;
  const udp = watchUdp(typeof tftp === 'object' ? tftp.port : 69);
  const started = Math.round(Date.now() / 1000 - process.uptime());
  let stages: { readonly at: number; readonly family: Promise<Family> } | undefined;
  const stageFamily = async (): Promise<Family> => {
    if (stages === undefined || world.now() - stages.at > STAGES_LAST)
      stages = { at: world.now(), family: countStages(parts.appliance()) };
    return await stages.family;
  };
  const text = async (): Promise<string> =>
    showMetrics([
      ...counters(tally),
      doorFamily(parts),
      await stageFamily(),
      ...leaseFamilies(parts),
      ...stormFamilies(parts.appliance().storms),
      loop.read(world.now()),
      ...(await udp.read()),
      {
        name: 'unboxd_commit_seconds',
        type: 'histogram',
        help: 'How long a change of leases took until it was safe on disk.',
        samples: commits.read(),
      },
      single(
        'unboxd_journal_bytes',
        'gauge',
        'Size of the journal.',
        await sizeOf(join(site.state, 'journal')),
      ),
      ...(await processFamilies(started)),
    ]);
  const door = site.metrics === 'off' ? undefined : await openMetricsDoor(site.metrics, text);
  return {
    text,
    close: async () => {
      loop.close();
      await door?.close();
    },
  };
}

/** Seconds. An SD card takes tenths, a disk that dies takes more. */
const COMMIT_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** The same state; how long its commits take is noted in `commits`. */
export function timeCommits(state: State): { readonly state: State; readonly commits: Histogram } {
  const commits = createHistogram(COMMIT_BOUNDS);
  const commit: State['commit'] = async (changes) => {
    const begun = performance.now();
    await state.commit(changes);
    commits.note((performance.now() - begun) / 1000);
  };
  return { state: { ...state, commit }, commits };
}

function counters(tally: Tally): readonly Family[] {
  return [...tally.read()].map(([name, counted]) => ({
    name,
    type: 'counter',
    help: COUNTERS[name],
    samples: counted,
  }));
}

function doorFamily({ site: { doors }, lans }: MetricsParts): Family {
  const all = lans();
  const ofLans = all.flatMap(({ lanSite: { interface: name, dhcp, pnp } }) => {
    // Which LAN it is says nothing where there is one.
    const where = all.length > 1 ? { interface: name } : {};
    return [
      { labels: { door: 'dhcp', ...where }, value: dhcp.mode === 'off' ? 0 : 1 },
      { labels: { door: 'pnp', ...where }, value: pnp.mode === 'off' ? 0 : 1 },
    ];
  });
  const open = {
    tftp: doors.tftp,
    http: doors.http,
    https: doors.https,
    ftp: doors.ftp,
  };
  return {
    name: 'unboxd_door_open',
    type: 'gauge',
    help: '1 where the door is open, 0 where the settings have it off.',
    samples: [
      ...ofLans,
      ...Object.entries(open).map(([door, mode]) => ({ labels: { door }, value: mode === 'off' ? 0 : 1 })),
    ],
  };
}

async function countStages(appliance: Pick<Appliance, 'phones'>): Promise<Family> {
  const counts = new Map<string, number>(STAGES.map((stage) => [stage, 0]));
  for (const { stage } of await appliance.phones()) counts.set(stage, (counts.get(stage) ?? 0) + 1);
  return {
    name: 'unboxd_phones',
    type: 'gauge',
    help: 'Phones by how far they are; proven: fetched the final bytes of their own file.',
    samples: samplesBy('stage', counts),
  };
}

function leaseFamilies({ lans, world }: MetricsParts): readonly Family[] {
  const tables = lans().map(({ leases }) => leases);
  const states = new Map([
    ['offered', tables.reduce((sum, { offers }) => sum + offers.size, 0)],
    ['bound', 0],
    ['ended', 0],
    ['declined', 0],
  ]);
  const now = world.now();
  for (const { state, expires } of tables.flatMap(({ leases }) => [...leases.values()])) {
    // A bound lease may have ended without being known to.
    const shown = state === 'bound' && expires <= now ? 'ended' : state;
    states.set(shown, (states.get(shown) ?? 0) + 1);
  }
  const pools = tables
    .flatMap((table) => table.pools)
    .map(({ first, last, owner, size, taken, strangers }) => {
      const labels = { pool: `${showIpv4(first)}-${showIpv4(last)}`, class: owner ?? '' };
      return { labels, size, taken, strangers };
    });
  const ofPools = (name: string, help: string, which: 'size' | 'taken' | 'strangers'): Family => {
    const samples = pools.map((pool) => ({ labels: pool.labels, value: pool[which] }));
    return { name, type: 'gauge', help, samples };
  };
  return [
    { name: 'unboxd_leases', type: 'gauge', help: 'Leases by state.', samples: samplesBy('state', states) },
    ofPools('unboxd_pool_addresses', 'Addresses of a pool that anybody can get.', 'size'),
    ofPools('unboxd_pool_taken_addresses', 'Of those, the leased, offered and quarantined ones.', 'taken'),
    ofPools('unboxd_pool_stranger_addresses', 'Of those, the ones held by unknown clients.', 'strangers'),
  ];
}

function stormFamilies(desk: Appliance['storms']): readonly Family[] {
  const storms = desk?.list() ?? [];
  const modes = new Map<string, number>([['running', 0]]);
  const phones = new Map<string, number>([['pending', 0]]);
  const more = (map: Map<string, number>, key: string, by: number): void =>
    void map.set(key, (map.get(key) ?? 0) + by);
  for (const storm of storms) {
    more(modes, storm.mode, 1);
    // The living count only: what storms of last month came to would hide how this one goes.
    if (storm.mode !== 'running' && storm.mode !== 'paused') continue;
    more(phones, 'pending', storm.phones - storm.finished);
    for (const [verdict, count] of Object.entries(storm.counts)) more(phones, verdict, count);
  }
  return [
    { name: 'unboxd_storms', type: 'gauge', help: 'Storms by mode.', samples: samplesBy('mode', modes) },
    {
      name: 'unboxd_storm_phones',
      type: 'gauge',
      help: 'Phones of the storms that run or are paused: pending, or their verdict.',
      samples: samplesBy('state', phones),
    },
  ];
}

function samplesBy(label: string, counts: ReadonlyMap<string, number>): Family['samples'] {
  return [...counts].map(([value, count]) => ({ labels: { [label]: value }, value: count }));
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => Number.NaN,
  );
}

// npm run bench: loads the real daemon in a private network and prints medians.
//   npm run bench -- [--json] [--only tftp,http,dhcp,durable,pnp,storm,unfelt] [--runs 3] [--trials 3] [--cpu-prof FOLDER]
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/base/fault.ts';
import { dhcpLoads, needs as dhcpNeeds } from './dhcp.ts';
import { atOnceLoads, closedLoads, needsCompiler, slowDiskLoads } from './dhcp-closed.ts';
import { durableLoads } from './dhcp-durable.ts';
import { absentServers } from './dhcp-servers.ts';
import { httpLoads, tftpLoads } from './files.ts';
import { type Ground, openGround } from './ground.ts';
import { type Bench, type Load, measureOnce, type Outcome, type Row, rowOf, withRatios } from './measure.ts';
import { shown, stored, tableOf } from './numbers.ts';
import { pnpLoads, needs as pnpNeeds } from './pnp.ts';
import { stormLoads, needs as stormNeeds } from './storm.ts';
import { unfeltLoads } from './unfelt.ts';

interface Group {
  readonly name: string;
  readonly title: string;
  /** What to install, or undefined. */
  readonly needs: () => string | undefined;
  readonly loads: (bench: Bench) => readonly Load[] | Promise<readonly Load[]>;
  /** The figure by which rows are compared to those of their rivals. */
  readonly ratioOf?: string;
  /** What cannot be compared here. */
  readonly absent?: () => readonly string[];
}

const nothing = (): undefined => undefined;
const GROUPS: readonly Group[] = [
  { name: 'tftp', title: 'TFTP, blksize 1432', needs: nothing, loads: tftpLoads },
  { name: 'http', title: 'HTTP, a connection per request', needs: nothing, loads: httpLoads },
  {
    name: 'dhcp',
    title: 'DHCP by perfdhcp, < 1 % lost',
    needs: dhcpNeeds,
    loads: dhcpLoads,
    ratioOf: 'highest/s',
    absent: absentServers,
  },
  { name: 'dhcp', title: 'DHCP, 64 at a time', needs: nothing, loads: closedLoads, ratioOf: 'DORA/s' },
  {
    name: 'dhcp',
    title: 'DHCP, 64 at a time, fsync + 10 ms',
    needs: needsCompiler,
    loads: slowDiskLoads,
    ratioOf: 'DORA/s',
  },
  { name: 'dhcp', title: 'DHCP, all at once, conflict check on', needs: nothing, loads: atOnceLoads },
  {
    name: 'durable',
    title: 'DHCP leases',
    needs: nothing,
    loads: (bench) => durableLoads(bench, trials),
  },
  { name: 'pnp', title: 'SIP PnP, multicast SUBSCRIBE', needs: pnpNeeds, loads: pnpLoads },
  { name: 'storm', title: 'Storm of wake-ups, unpaced', needs: stormNeeds, loads: stormLoads },
  { name: 'unfelt', title: 'DHCP beside files, waits in ms', needs: nothing, loads: unfeltLoads },
];
/** No run begins later, but for trials that were asked for; the longest takes some 30 s. */
const BUDGET_MS = 560_000;
const TRIAL_MS = 12_000;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: GROUPS.map(({ name }) => name).join(',') },
    runs: { type: 'string', default: '3' },
    trials: { type: 'string' },
    'cpu-prof': { type: 'string' },
  },
});
const wanted = values.only.split(',');
const runs = Math.min(9, Math.max(1, Number(values.runs) || 1));
const trials = Math.max(1, Number(values.trials) || 3);
const budgetMs = BUDGET_MS + (values.trials === undefined ? 0 : trials * TRIAL_MS);
const profileTo = values['cpu-prof'] === undefined ? undefined : resolve(values['cpu-prof']);

const state: { ground?: Promise<Ground>; isStopping: boolean } = { isStopping: false };
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // One Ctrl-C arrives twice under npm: from the terminal and from npm.
    if (state.isStopping) return;
    state.isStopping = true;
    // Also when it is not open yet: what was half done is undone first.
    closeGround()
      .finally(() => process.exit(130))
      .catch(() => undefined);
  });
}

try {
  state.ground = openGround(profileTo);
  await runAll(await state.ground);
} catch (error) {
  if (!isStopping()) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 1;
  }
} finally {
  if (!isStopping()) await closeGround();
}

async function closeGround(): Promise<void> {
  const ground = await state.ground?.catch(() => undefined);
  await ground?.close();
}

function isStopping(): boolean {
  return state.isStopping;
}

async function runAll(ground: Ground): Promise<void> {
  const began = performance.now();
  const bench: Bench = {
    ground,
    say: (text) => void process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : ''),
    timeLeft: () => budgetMs - (performance.now() - began),
  };
  if (!values.json) process.stdout.write(`${machine()}\n`);
  const groups = GROUPS.filter(({ name }) => wanted.includes(name));
  const ready = groups.filter((group) => group.needs() === undefined);
  const plan: Planned[] = [];
  for (const group of ready) {
    for (const load of await group.loads(bench)) plan.push({ group, load, outcomes: [] });
  }
  await runRounds(bench, plan);
  for (const group of groups) {
    const lacking = group.needs();
    if (lacking === undefined) tellGroup(group, plan);
    else tellSkipped(group, lacking);
  }
}

/** Round by round, so that a busy minute of the machine spoils one run of all loads and not all runs of one. */
async function runRounds(bench: Bench, plan: readonly Planned[]): Promise<void> {
  for (let round = 1; round <= runs; round += 1) {
    for (const { group, load, outcomes } of plan) {
      bench.say(`round ${round} of ${runs}: ${group.title}: ${load.name}`);
      const outcome = round > (load.rounds ?? runs) ? undefined : await measureOnce(bench, load);
      if (outcome !== undefined) outcomes.push(outcome);
    }
  }
}

function tellGroup(group: Group, plan: readonly Planned[]): void {
  const ours = plan.filter((planned) => planned.group === group);
  const rows = ours.map(({ load, outcomes }) => rowOf(load, outcomes, runs));
  const loads = ours.map(({ load }) => load);
  tellRows(group, group.ratioOf === undefined ? rows : withRatios(rows, loads, group.ratioOf));
  for (const line of group.absent?.() ?? []) {
    if (values.json) tellJson({ group: group.name, skipped: line });
    else process.stdout.write(`  ${line}\n`);
  }
}

interface Planned {
  readonly group: Group;
  readonly load: Load;
  readonly outcomes: Outcome[];
}

function machine(): string {
  const [cpu] = cpus();
  const about = `${cpus().length} x ${cpu?.model ?? 'unknown'}, Node ${process.version.slice(1)}`;
  const buffer = Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8'));
  return `${about}, rmem_max ${Math.round(buffer / 1024)} KiB; medians of ${runs}`;
}

function tellSkipped(group: Group, because: string): void {
  if (values.json) tellJson({ group: group.name, skipped: because });
  else process.stdout.write(`\n${group.title}: skipped, ${because}\n`);
}

function tellRows(group: Group, rows: readonly Row[]): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  if (values.json) {
    for (const { load, figures, notes } of rows) {
      const numbers = Object.entries(figures).map(([name, value]) => [name, stored(value)]);
      tellJson({
        group: group.name,
        title: group.title,
        load,
        notes,
        figures: Object.fromEntries(numbers) as object,
      });
    }
    return;
  }
  const names = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const cells = rows.map(({ load, figures }) => {
    return [load, ...names.map((name) => shown(figures[name] ?? Number.NaN))];
  });
  process.stdout.write(`\n${tableOf([group.title, ...names], cells)}`);
  for (const { load, notes } of rows) for (const note of notes) process.stdout.write(`  ${load}: ${note}\n`);
}

function tellJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

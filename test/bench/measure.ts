// What every scenario does: a fresh daemon for each run, the load, what the daemon used, and medians.
import { findCommand } from '../../src/rehearse/stage.ts';
import type { Ground } from './ground.ts';
import { median } from './numbers.ts';
import type { Daemon } from './programs.ts';

export type Figures = Readonly<Record<string, number>>;

export interface Row {
  readonly load: string;
  readonly figures: Figures;
  /** What went wrong in words, from all runs. */
  readonly notes: readonly string[];
}

export interface Bench {
  readonly ground: Ground;
  /** For those who watch. */
  readonly say: (text: string) => void;
  /** Milliseconds that the whole run still has. */
  readonly timeLeft: () => number;
}

/** One kind of load: a row of the table. */
export interface Load {
  readonly name: string;
  readonly run: () => Promise<Outcome>;
  /** Whether it starts its own servers; else it finds the daemon there. */
  readonly startsServers?: boolean;
  /** Fewer rounds than the others. */
  readonly rounds?: number;
  /** The name of the row that it is compared to. */
  readonly rival?: string;
}

/** One run: its figures, and what failed. */
export interface Outcome {
  readonly figures: Figures;
  /** Exchanges, calls, transfers: what the CPU time is divided by. */
  readonly done: number;
  readonly notes?: readonly string[];
}

/** One run; undefined when there is no time for it. */
export async function measureOnce({ ground, timeLeft }: Bench, load: Load): Promise<Outcome | undefined> {
  if (timeLeft() < 0) return undefined;
  if (load.startsServers === true) return await load.run();
  const daemon = await ground.startDaemon();
  return await measureOn(daemon, async () => {
    const outcome = await load.run();
    const said = daemon.said().split('\n').slice(0, 2).filter(Boolean);
    const notes = said.map((line) => `the daemon said: ${line.slice(0, 300)}`);
    return { ...outcome, notes: [...(outcome.notes ?? []), ...notes] };
  });
}

/** Loads a server that was just started, adds what it used, and stops it. */
export async function measureOn(daemon: Daemon, run: () => Promise<Outcome>): Promise<Outcome> {
  try {
    daemon.mark();
    const outcome = await run();
    const { cpuSeconds, rssMib, peakMib } = daemon.usage();
    const cpu = { 'CPU s': cpuSeconds, 'CPU ms each': (1000 * cpuSeconds) / outcome.done };
    return { ...outcome, figures: { ...outcome.figures, ...cpu, 'RSS MiB': rssMib, 'peak MiB': peakMib } };
  } finally {
    await daemon.stop();
  }
}

/** Medians over the runs, figure by figure. */
export function rowOf({ name, rounds }: Load, outcomes: readonly Outcome[], runs: number): Row {
  const names = new Set(outcomes.flatMap(({ figures }) => Object.keys(figures)));
  const figures = [...names].map((key) => {
    const known = outcomes.map((one) => one.figures[key] ?? Number.NaN).filter((one) => !Number.isNaN(one));
    return [key, median(known)] as const;
  });
  const wanted = Math.min(runs, rounds ?? runs);
  const late = outcomes.length < wanted ? [`${outcomes.length} of ${wanted} runs: time was up`] : [];
  const notes = new Set([...late, ...outcomes.flatMap((one) => one.notes ?? [])]);
  return { load: name, figures: { n: outcomes.length, ...Object.fromEntries(figures) }, notes: [...notes] };
}

/** Adds to each row how often that figure of its rival goes into its own. */
export function withRatios(rows: readonly Row[], loads: readonly Load[], figure: string): readonly Row[] {
  return rows.map((row) => {
    const rival = loads.find(({ name }) => name === row.load)?.rival;
    const theirs = rows.find(({ load }) => load === rival)?.figures[figure];
    const ratio = (row.figures[figure] ?? Number.NaN) / (theirs ?? Number.NaN);
    return { ...row, figures: { ...row.figures, 'x Kea': ratio } };
  });
}

/** What to install, or undefined when the command is there. */
export function missing(command: string, debianPackage: string): string | undefined {
  return findCommand(command) === undefined
    ? `no ${command} here: apt-get install ${debianPackage}`
    : undefined;
}

/** `ERROR 0: ...` twice becomes one note. */
export function notesOf(failures: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(failures).map(([failure, times]) => `${times} x ${failure}`);
}

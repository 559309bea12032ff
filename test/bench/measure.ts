// What every scenario does: a fresh daemon for each run, the load, what the daemon used, and medians.
import { findCommand } from '../../src/rehearse/stage.ts';
import type { Ground } from './ground.ts';
import { median } from './numbers.ts';

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
}

/** One run: its figures, and what failed. */
export interface Outcome {
  readonly figures: Figures;
  /** Exchanges, calls, transfers: what the CPU time is divided by. */
  readonly done: number;
  readonly notes?: readonly string[];
}

/** One run on a fresh daemon, and what the daemon used; undefined when there is no time for it. */
export async function measureOnce({ ground, timeLeft }: Bench, load: Load): Promise<Outcome | undefined> {
  if (timeLeft() < 0) return undefined;
  const daemon = await ground.startDaemon();
  try {
    daemon.mark();
    const { figures, done, notes = [] } = await load.run();
    const { cpuSeconds, peakMib } = daemon.usage();
    const said = daemon.said().split('\n').slice(0, 2).filter(Boolean);
    const used = { 'CPU s': cpuSeconds, 'CPU ms each': (1000 * cpuSeconds) / done, 'peak MiB': peakMib };
    return {
      done,
      figures: { ...figures, ...used },
      notes: [...notes, ...said.map((line) => `the daemon said: ${line.slice(0, 300)}`)],
    };
  } finally {
    await daemon.stop();
  }
}

/** Medians over the runs, figure by figure. */
export function rowOf(name: string, outcomes: readonly Outcome[], runs: number): Row {
  const names = Object.keys(outcomes[0]?.figures ?? {});
  const figures = names.map((key) => {
    return [key, median(outcomes.map((one) => one.figures[key] ?? Number.NaN))] as const;
  });
  const late = outcomes.length < runs ? [`${outcomes.length} of ${runs} runs: time was up`] : [];
  const notes = new Set([...late, ...outcomes.flatMap((one) => one.notes ?? [])]);
  return { load: name, figures: Object.fromEntries(figures), notes: [...notes] };
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

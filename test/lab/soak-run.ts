// The soak: phones that boot, fetch, write and are woken, again and again, and a daemon that must not grow.
import { join } from 'node:path';
import { until } from './lab.ts';
import { lookAt, type Sample, weigh } from './soak-gauge.ts';
import { type Ground, openGround } from './soak-ground.ts';
import type { Counts } from './soak-ledger.ts';
import type { Pace } from './soak-phone.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly phones: number;
  readonly pace: Pace;
  /** Seconds between two looks at the daemon. */
  readonly every: number;
  /** Wake-ups a second. */
  readonly perSecond: number;
  readonly say: (line: string) => void;
  /** Ends it before its time. */
  readonly isEnough?: (counts: Readonly<Counts>) => boolean;
}

export interface SoakResult {
  readonly samples: readonly Sample[];
  /** Descriptors before the first phone, and after the last. */
  readonly atRest: { readonly before: number; readonly after: number };
  readonly counts: Readonly<Counts>;
  /** Warnings and errors that the daemon logged, and how often. */
  readonly complaints: Readonly<Record<string, number>>;
  /** Every rule that was broken, as a sentence. */
  readonly breaches: readonly string[];
}

/** Runs it. Rejects when the daemon dies or does not stop. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const ground = await openGround({ gauge: true });
  try {
    return await run(ground, options);
  } finally {
    await ground.close();
  }
}

async function run(ground: Ground, { minutes, phones, pace, every, perSecond, say, isEnough }: SoakOptions) {
  const { ledger } = ground;
  await ground.startDaemon();
  const before = (await lookAt(ground.pid())).descriptors;
  const samples: Sample[] = [];
  await ground.startCrowd({ phones, fresh: 0, within: pace.rests[1] + pace.stays[1], pace, seed: 6 });
  const seconds = openClock();
  const isOver = (): boolean => seconds() >= minutes * 60 || isEnough?.(ledger.counts) === true;
  while (!isOver()) {
    await ground.wakeAll(perSecond);
    const due = seconds() + every;
    while (seconds() < due && !isOver()) await breath();
    const sample = {
      at: seconds(),
      ...(await lookAt(ground.pid())),
      heaps: await weigh(gauge(ground), samples.length + 1),
    };
    samples.push(sample);
    say(lineOf(sample, ledger.counts));
  }
  await ground.checkLeases();
  await ground.stopCrowd();
  await ground.checkUploads();
  // Connections that phones left behind are closed when nothing was heard for a while.
  const after = await until(async () => {
    const { descriptors } = await lookAt(ground.pid());
    return descriptors <= before + SPARE ? descriptors : undefined;
  }, 'descriptors to be given back').catch(async () => (await lookAt(ground.pid())).descriptors);
  const complaints = complaintsIn(await ground.log());
  const code = await ground.endDaemon('SIGTERM');
  const atRest = { before, after };
  const counts = { ...ledger.counts };
  const breaches = [
    ...ledger.breaches,
    ...growth(samples, verdictsKept(counts.woken, phones)),
    ...(after > before + SPARE ? [`${after - before} descriptors were not given back`] : []),
    ...(code === 0 ? [] : [`the daemon ended with ${code}`]),
    ...(counts.lives === 0 ? ['no phone got its files'] : []),
  ];
  return { samples, atRest, counts, complaints, breaches };
}

const gauge = ({ lab }: Ground): string => join(lab.folder, 'gauge');

/** Descriptors that come with use and stay: sockets of the control door, the threads of the pool. */
const SPARE = 4;
/** Stories fill up to 200 events for each phone, and V8 finds its size: all that is over after half of the time. */
const WARM_UP = 0.5;
/** What may be added in the other half. A phone that leaves 1 kB behind in each life adds ten times as much. */
const MAY_GROW = { rss: 0.1, heap: 0.05 } as const;
/** Below this, in MB, a share says nothing. */
const SLACK = { rss: 8, heap: 1.5 } as const;

/** Of finished storms the daemon keeps the last 50, with a verdict for each phone. */
const STORMS_KEPT = 50;
/** With what it says of its end and its place in the store. */
const VERDICT_MB = 1 / 1024;

/** What the storms of one quarter of the time add while there is still room for them, MB. */
export function verdictsKept(woken: number, phones: number): number {
  return woken / phones < STORMS_KEPT ? (woken / 4) * VERDICT_MB : 0;
}

/**
 * Compares the last quarter with the one after the warm-up: means, for single looks differ by what is in flight. `kept`
 * MB more are meant to be there.
 */
export function growth(samples: readonly Sample[], kept = 0): readonly string[] {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  const half = Math.floor(warm.length / 2);
  if (half === 0) return ['too few looks at the daemon to say whether it grows'];
  const [early, late] = [warm.slice(0, half), warm.slice(-half)];
  const grown = (what: 'rss' | 'heap', name: string, of: (sample: Sample) => number): readonly string[] => {
    const [from, to] = [mean(early.map(of)), mean(late.map(of))];
    const most = Math.max(from * MAY_GROW[what], SLACK[what]) + kept;
    return to - from > most ? [`${name} grew from ${from.toFixed(1)} to ${to.toFixed(1)} MB`] : [];
  };
  return [
    ...grown('rss', 'memory', ({ rss }) => rss),
    ...grown('heap', 'the heap of the main thread', ({ heaps }) => heaps[0] ?? 0),
    ...grown('heap', 'the heap of the thread for files', ({ heaps }) => heaps[1] ?? 0),
  ];
}

/** Seconds in which we ran: where all of us stand still while others measure something, no phone lives. */
function openClock(): () => number {
  let [before, ran] = [performance.now(), 0];
  return () => {
    const now = performance.now();
    ran += Math.min(now - before, LONGEST_BREATH);
    before = now;
    return ran / 1000;
  };
}

const LONGEST_BREATH = 5000;

/** Between two looks at the clock. */
async function breath(): Promise<void> {
  await new Promise((done) => setTimeout(done, 50));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function lineOf({ at, rss, descriptors, heaps }: Sample, { lives, stuck, uploads, woken }: Counts): string {
  const [main = 0, files = 0] = heaps.map((heap) => Math.round(heap * 10) / 10);
  const minute = `${Math.floor(at / 60)}:${String(Math.floor(at % 60)).padStart(2, '0')}`;
  const held = `memory ${rss.toFixed(0)} MB, heaps ${main} and ${files} MB, ${descriptors} descriptors`;
  return `${minute}  ${held}; ${lives} lives, ${stuck} stuck, ${uploads} uploads, ${woken} woken`;
}

/** Warnings and errors of the log, by what they say: addresses and figures do not tell them apart. */
export function complaintsIn(log: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const line of log.split('\n')) {
    if (line === '' || /^\{"level":"(?:info|debug)"/.test(line)) continue;
    const said = /"msg":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line;
    const kind = said.replaceAll(/(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|[0-9a-f]{12}|\d+/gi, '*');
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

// kill -9 at random moments of a full load: what was promised to phones must hold for the daemon that comes after.
import { until } from './lab.ts';
import { lookAt } from './soak-gauge.ts';
import { type Ground, openGround } from './soak-ground.ts';
import type { Counts } from './soak-ledger.ts';
import type { Pace } from './soak-phone.ts';
import { complaintsIn } from './soak-run.ts';

export interface KillOptions {
  readonly kills: number;
  readonly phones: number;
  readonly pace: Pace;
  /** Wake-ups a second: so few that a storm lives through several kills. */
  readonly perSecond: number;
  /** The most ms that a daemon lives after its first answer. */
  readonly longest: number;
  /** The dice that say when, 0 to 1. */
  readonly dice: () => number;
  readonly say: (line: string) => void;
}

export interface KillResult {
  readonly kills: number;
  readonly counts: Readonly<Counts> & { readonly leases: number; readonly storms: number };
  /** ms from start to the first answer: the median and the longest. */
  readonly starts: { readonly median: number; readonly longest: number };
  /** Memory of the last daemon, MB. */
  readonly rss: number;
  readonly complaints: Readonly<Record<string, number>>;
  readonly breaches: readonly string[];
}

/** Until so many things were promised nobody is killed: that of an idle daemon proves nothing. */
const PROMISES = 3;

/** Kills it that many times. Rejects when it does not start again. */
export async function kill(options: KillOptions): Promise<KillResult> {
  const ground = await openGround({ gauge: false });
  try {
    return await run(ground, options);
  } finally {
    await ground.close();
  }
}

async function run(ground: Ground, { kills, phones, pace, perSecond, longest, dice, say }: KillOptions) {
  const { ledger } = ground;
  const starts: number[] = [];
  let storms = 0;
  const start = async (): Promise<void> => {
    const began = performance.now();
    await ground.startDaemon();
    starts.push(Math.round(performance.now() - began));
  };
  await start();
  await ground.startCrowd({ phones, fresh: 0.15, within: 1000, pace, seed: 9 });
  for (let count = 1; count <= kills; count += 1) {
    if (await ground.wakeAll(perSecond)) storms += 1;
    await untilPromised(ledger.counts, dice() * longest);
    if (count === kills) await untilAllWasSeen(ground, perSecond);
    await ground.endDaemon('SIGKILL');
    await ground.checkUploads();
    await start();
    await ground.checkLeases();
    say(lineOf(count, ledger.counts, ledger.leases.size));
  }
  await ground.stopCrowd();
  await ground.checkUploads();
  const { rss } = await lookAt(ground.pid());
  const code = await ground.endDaemon('SIGTERM');
  const sorted = starts.toSorted((a, b) => a - b);
  const breaches = [...ledger.breaches, ...(code === 0 ? [] : [`the daemon ended with ${code}`])];
  return {
    kills,
    counts: { ...ledger.counts, leases: ledger.leases.size, storms },
    starts: { median: sorted[Math.floor(sorted.length / 2)] ?? 0, longest: sorted.at(-1) ?? 0 },
    rss: Math.round(rss),
    complaints: complaintsIn(await ground.log()),
    breaches,
  };
}

async function untilPromised(counts: Readonly<Counts>, wait: number): Promise<void> {
  const promised = (): number => counts.acks + counts.uploads + counts.woken;
  const [began, before] = [performance.now(), promised()];
  await until(
    () => performance.now() - began >= wait && promised() - before >= PROMISES,
    'promises to phones',
    () => JSON.stringify(counts),
  );
}

/** A short run on a slow machine may have seen addresses alone: before the last kill there is an upload and a wake-up. */
async function untilAllWasSeen(ground: Ground, perSecond: number): Promise<void> {
  const { counts } = ground.ledger;
  const isSeen = async (): Promise<boolean> => {
    if (Math.min(counts.uploads, counts.woken) > 0) return true;
    await ground.wakeAll(perSecond);
    return false;
  };
  await until(isSeen, 'an upload and a wake-up', () => JSON.stringify(counts));
}

function lineOf(count: number, counts: Readonly<Counts>, leases: number): string {
  const { lost, doubled, uploads, torn, forgotten, woken, wokenTwice } = counts;
  const parts = [
    `${leases} leases, ${lost} lost, ${doubled} doubled`,
    `${uploads} uploads, ${torn} torn, ${forgotten} forgotten`,
    `${woken} woken, ${wokenTwice} twice`,
  ];
  return `kill ${count}: ${parts.join('; ')}`;
}

// Where a storm stands: what was done of its plan, and what goes next by rate, spread, waves and number at a time.
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import {
  isFailure,
  type Outcome,
  type Past,
  type StormMode,
  type StormPlan,
  tellsOfOthers,
} from './storm-plan.ts';
import type { WakeEnd } from './wake.ts';

export interface Target {
  readonly mac: Mac;
  /** storing: being written down. asking: woken, no last word yet. watching: will it fetch? */
  state: 'waiting' | 'storing' | 'asking' | 'watching' | 'done';
  times: number;
  wokenAt: Millis;
  /** When patience ends. */
  until: Millis;
  end?: WakeEnd | undefined;
  fetched?: { readonly file: string; readonly at: Millis } | undefined;
  isBack: boolean;
  /** The daemon ended while it was being asked. */
  isLost: boolean;
  outcome?: Outcome | undefined;
}

export interface Storm {
  readonly plan: StormPlan;
  mode: StormMode;
  readonly targets: ReadonlyMap<Mac, Target>;
  /** Not woken yet, in order, and how many of them have gone. */
  readonly queue: Mac[];
  gone: number;
  /** To be woken once more, in order of time. */
  readonly again: { readonly mac: Mac; readonly at: Millis }[];
  /** Watched phones in order of time. */
  readonly watched: { readonly mac: Mac; readonly until: Millis }[];
  /** Woken and without a verdict. */
  active: number;
  /** By the rate, nobody goes earlier. */
  nextAt: Millis;
  /** The spread, counted from the start or the last resume. */
  from: { readonly at: Millis; readonly gone: number };
  /** Those that were never to be woken here: another storm has them. They belong to no wave. */
  readonly leftOut: number;
  finished: number;
  /** Of the finished, those that tell something about the others; and of these, those that failed. */
  telling: number;
  failed: number;
  /** The same, when the installer said to go on. */
  forgiven: { readonly telling: number; readonly failed: number };
}

/** Between two looks at the clock, ms: so many may be due at once. */
const GRAIN = 10;

/** A storm as it stood: what was woken stays woken, and is watched for a fetch as if it had just been. */
export function openStorm(
  plan: StormPlan,
  past: ReadonlyMap<Mac, Past>,
  mode: StormMode,
  now: Millis,
): Storm {
  const targets = new Map(plan.targets.map((mac) => [mac, targetOf(mac, past.get(mac), plan, now)]));
  const all = [...targets.values()];
  const outcomes = all.flatMap(({ outcome }) => outcome ?? []);
  return {
    plan,
    mode,
    targets,
    queue: all.filter(({ state }) => state === 'waiting').map(({ mac }) => mac),
    gone: 0,
    again: [],
    watched: all.filter(({ state }) => state === 'watching').map(({ mac, until }) => ({ mac, until })),
    active: all.filter(({ state }) => state === 'watching').length,
    nextAt: Math.max(now, plan.startAt),
    from: { at: Math.max(now, plan.startAt), gone: 0 },
    leftOut: outcomes.filter(({ why }) => why === 'in-another-storm').length,
    finished: outcomes.length,
    telling: outcomes.filter(tellsOfOthers).length,
    failed: outcomes.filter(isFailure).length,
    forgiven: { telling: 0, failed: 0 },
  };
}

function targetOf(mac: Mac, past: Past | undefined, plan: StormPlan, now: Millis): Target {
  const { times = 0, wokenAt = 0, outcome } = past ?? {};
  const open = { mac, times, wokenAt, until: 0, isBack: false, isLost: false };
  if (outcome !== undefined) return { state: 'done', outcome, ...open };
  if (times === 0) return { state: 'waiting', ...open };
  return { ...open, state: 'watching', until: now + plan.patience, isLost: true };
}

/** As many as rate, spread, wave and number at a time allow: to be written down first. */
export function takeMore(now: Millis, storm: Storm): readonly Mac[] {
  const { plan, again } = storm;
  const macs: Mac[] = [];
  const most = plan.atOnce === 0 ? Number.POSITIVE_INFINITY : plan.atOnce;
  while (storm.active < most && now >= storm.nextAt) {
    const mac = takeFresh(now, storm) ?? takeAgain(now, again);
    const target = mac === undefined ? undefined : storm.targets.get(mac);
    if (mac === undefined) break;
    if (target === undefined || target.state !== 'waiting') continue;
    target.state = 'storing';
    storm.active += 1;
    macs.push(mac);
    if (plan.perSecond > 0) storm.nextAt = Math.max(storm.nextAt, now - GRAIN) + 1000 / plan.perSecond;
  }
  return macs;
}

function takeFresh(now: Millis, storm: Storm): Mac | undefined {
  if (now < freshAt(storm)) return undefined;
  const mac = storm.queue[storm.gone];
  if (mac !== undefined) storm.gone += 1;
  return mac;
}

function takeAgain(now: Millis, again: Storm['again']): Mac | undefined {
  const [first] = again;
  if (first === undefined || first.at > now) return undefined;
  again.shift();
  return first.mac;
}

/** When the next of the queue may go: by the waves and the spread. Never, while its wave waits for the one before. */
function freshAt(storm: Storm): Millis {
  const { plan, queue, gone, from, targets } = storm;
  if (gone >= queue.length) return Number.POSITIVE_INFINITY;
  if (isWaveEnd(storm) && !isWaveOver(storm)) return Number.POSITIVE_INFINITY;
  const slot = plan.spread / Math.max(1, targets.size);
  return from.at + slot * (gone - from.gone);
}

/** How many have left the queue, before restarts too. */
function woken({ targets, leftOut, queue, gone }: Storm): number {
  return targets.size - leftOut - (queue.length - gone);
}

function isWaveEnd(storm: Storm): boolean {
  let end = 0;
  return storm.plan.waves.some((size) => {
    end += size;
    return woken(storm) === end;
  });
}

/** Whether a wave has gone whole, with a verdict for each. */
export function isWaveOver(storm: Storm): boolean {
  return isWaveEnd(storm) && storm.finished - storm.leftOut === woken(storm);
}

/** How many failed, and of how many that tell something, since the installer said to go on. */
export function failedOf({ failed, telling, forgiven }: Storm): {
  readonly failed: number;
  readonly of: number;
} {
  return { failed: failed - forgiven.failed, of: telling - forgiven.telling };
}

/** When something is due next; undefined: nothing, until something is heard. */
export function nextLook(now: Millis, storm: Storm): Millis | undefined {
  // Who has its verdict already is watched no more.
  while (storm.watched[0] !== undefined && storm.targets.get(storm.watched[0].mac)?.state !== 'watching')
    storm.watched.shift();
  const times = [storm.watched[0]?.until ?? Number.POSITIVE_INFINITY];
  const hasRoom = storm.plan.atOnce === 0 || storm.active < storm.plan.atOnce;
  if (storm.mode === 'running' && hasRoom) {
    const next = Math.min(freshAt(storm), storm.again[0]?.at ?? Number.POSITIVE_INFINITY);
    times.push(Math.max(next, storm.nextAt));
  }
  const first = Math.min(...times);
  return Number.isFinite(first) ? Math.max(first, now) : undefined;
}

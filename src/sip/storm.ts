// A storm: many phones woken in waves, paced, with a verdict for each. A step machine: the rim stores, wakes, watches,
// and calls again at `wakeAt`. Departure from the other machines: a storm of 10,000 phones changes in place, since a copy
// for each of its steps would be quadratic.
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import { verdictOf } from './notify.ts';
import {
  isFailure,
  isWorthARetry,
  type Outcome,
  type StormMode,
  type StormPlan,
  tellsOfOthers,
  type Why,
} from './storm-plan.ts';
import { failedOf, isWaveOver, nextLook, type Storm, type Target, takeMore } from './storm-state.ts';
import type { WakeEnd } from './wake.ts';

export type StormInput =
  | { readonly kind: 'tick' }
  /** They are on disk as about to be woken. */
  | { readonly kind: 'stored'; readonly macs: readonly Mac[] }
  /** They are not, and never will be. */
  | { readonly kind: 'not-stored'; readonly macs: readonly Mac[] }
  | { readonly kind: 'ended'; readonly mac: Mac; readonly end: WakeEnd }
  | { readonly kind: 'unwakeable'; readonly mac: Mac; readonly why: Why }
  /** It fetched its own file, or began to boot. */
  | { readonly kind: 'fetched'; readonly mac: Mac; readonly file: string }
  | { readonly kind: 'back'; readonly mac: Mac }
  | { readonly kind: 'pause' | 'resume' | 'cancel' };

export type StormOutput =
  /** Write down that these are about to be woken; then say so. */
  | { readonly kind: 'store'; readonly macs: readonly Mac[] }
  | { readonly kind: 'wake'; readonly mac: Mac }
  /** May come twice for a phone: a late fetch still counts. */
  | { readonly kind: 'verdict'; readonly mac: Mac; readonly outcome: Outcome }
  | { readonly kind: 'mode'; readonly mode: StormMode };

export interface StormStep {
  readonly outputs: readonly StormOutput[];
  readonly wakeAt: Millis | undefined;
}

/** A phone that gave no sign is left alone for so long, ms. */
const RETRY_PAUSE = 10_000;
/** Fewer phones than this tell nothing about a share. */
const FEWEST = 10;

/** Changes the storm and says what to do now, and when to call again. */
export function stepStorm(now: Millis, storm: Storm, input: StormInput): StormStep {
  const outputs = [...hear(now, storm, input), ...lookAt(now, storm)];
  const isOver = storm.finished === storm.targets.size;
  if (isOver && storm.mode !== 'cancelled' && storm.mode !== 'done') outputs.push(turn(storm, 'done'));
  else if (storm.mode === 'running')
    outputs.push(...(tooManyFailed(storm) ? [turn(storm, 'stopped')] : store(now, storm)));
  return { outputs, wakeAt: nextLook(now, storm) };
}

function store(now: Millis, storm: Storm): readonly StormOutput[] {
  const macs = takeMore(now, storm);
  return macs.length === 0 ? [] : [{ kind: 'store', macs }];
}

function turn(storm: Storm, mode: StormMode): StormOutput {
  storm.mode = mode;
  return { kind: 'mode', mode };
}

function hear(now: Millis, storm: Storm, input: StormInput): readonly StormOutput[] {
  switch (input.kind) {
    case 'tick':
      return [];
    case 'stored':
      return input.macs.flatMap((mac) => wake(now, storm, mac));
    case 'not-stored':
      for (const mac of input.macs) putBack(storm, mac);
      return storm.mode === 'running' ? [turn(storm, 'stopped')] : [];
    case 'pause':
      return storm.mode === 'running' ? [turn(storm, 'paused')] : [];
    case 'resume':
      return resume(now, storm);
    case 'cancel':
      return cancel(now, storm);
    case 'ended':
    case 'unwakeable':
    case 'fetched':
    case 'back': {
      const target = storm.targets.get(input.mac);
      return target === undefined ? [] : hearOf(now, storm, target, input);
    }
  }
}

type OfOne = Extract<StormInput, { readonly mac: Mac }>;

function hearOf(now: Millis, storm: Storm, target: Target, input: OfOne): readonly StormOutput[] {
  switch (input.kind) {
    case 'unwakeable':
      return conclude(storm, target, {
        verdict: input.why === 'no-such-wake' ? 'skipped' : 'unreachable',
        at: now,
        why: input.why,
      });
    case 'ended':
      return target.state === 'asking' ? answered(now, storm, target, input.end) : [];
    case 'back':
      if (wasWoken(target)) target.isBack = true;
      return [];
    case 'fetched':
      if (!wasWoken(target)) return [];
      target.fetched ??= { file: input.file, at: now };
      return confirm(now, storm, target);
  }
}

/** What comes before the wake-up, or after a no, does not come from it. */
function wasWoken({ state, times, outcome }: Target): boolean {
  if (state === 'done') return outcome !== undefined && isWorthARetry(outcome);
  return times > 0;
}

function wake(now: Millis, storm: Storm, mac: Mac): readonly StormOutput[] {
  const target = storm.targets.get(mac);
  if (target?.state !== 'storing') return [];
  target.state = 'asking';
  target.times += 1;
  target.wokenAt = now;
  target.fetched = undefined;
  target.isBack = false;
  return [{ kind: 'wake', mac }];
}

function putBack(storm: Storm, mac: Mac): void {
  const target = storm.targets.get(mac);
  if (target?.state !== 'storing') return;
  target.state = 'waiting';
  storm.active -= 1;
  storm.queue.push(mac);
}

/** Confirmed is who fetched, whatever it answered: its 200 may be lost, or still on its way. */
function confirm(now: Millis, storm: Storm, target: Target): readonly StormOutput[] {
  const { fetched, isBack, wokenAt, end } = target;
  if (fetched === undefined || (reboots(storm.plan) && !isBack)) return [];
  const { file } = fetched;
  return conclude(storm, target, { verdict: 'confirmed', at: now, end, file, afterMs: now - wokenAt });
}

function reboots({ manner: { what } }: StormPlan): boolean {
  return what === 'reboot' || what === 'restart';
}

function answered(now: Millis, storm: Storm, target: Target, end: WakeEnd): readonly StormOutput[] {
  target.end = end;
  const said = confirm(now, storm, target);
  if (said.length > 0) return said;
  if (end.kind === 'answered' && end.status >= 300) {
    const verdict = verdictOf(end) === 'wants-password' ? 'wants-password' : 'refused';
    return conclude(storm, target, { verdict, at: now, end });
  }
  // Some phones restart without a word: silence is no verdict then.
  const isWatched = storm.plan.patience > 0 && (end.kind === 'answered' || reboots(storm.plan));
  if (!isWatched) return conclude(storm, target, { verdict: silentVerdict(end), at: now, end });
  target.state = 'watching';
  target.until = now + storm.plan.patience;
  storm.watched.push({ mac: target.mac, until: target.until });
  return [];
}

function silentVerdict(end: WakeEnd | undefined): 'acknowledged' | 'unanswered' {
  return end?.kind === 'answered' ? 'acknowledged' : 'unanswered';
}

/** The phones whose time has come. */
function lookAt(now: Millis, storm: Storm): readonly StormOutput[] {
  const outputs: StormOutput[] = [];
  for (let [first] = storm.watched; first !== undefined && first.until <= now; [first] = storm.watched) {
    storm.watched.shift();
    const target = storm.targets.get(first.mac);
    if (target?.state !== 'watching' || target.until > now) continue;
    const { end, isLost, fetched } = target;
    const why = fetched !== undefined ? 'did-not-restart' : isLost ? 'restarted' : undefined;
    const verdict = fetched === undefined ? silentVerdict(end) : 'acknowledged';
    outputs.push(...conclude(storm, target, { verdict, at: now, end, file: fetched?.file, why }));
  }
  return outputs;
}

function conclude(storm: Storm, target: Target, outcome: Outcome): readonly StormOutput[] {
  const before = target.outcome;
  if (before === undefined && target.state !== 'waiting') storm.active -= 1;
  if (
    before === undefined &&
    isWorthARetry(outcome) &&
    target.times <= storm.plan.retries &&
    storm.mode !== 'cancelled'
  ) {
    target.state = 'waiting';
    target.isLost = false;
    storm.again.push({ mac: target.mac, at: outcome.at + RETRY_PAUSE });
    return [];
  }
  target.state = 'done';
  target.outcome = outcome;
  if (before === undefined) storm.finished += 1;
  storm.failed += Number(isFailure(outcome)) - Number(before !== undefined && isFailure(before));
  if (before === undefined && tellsOfOthers(outcome)) storm.telling += 1;
  return [{ kind: 'verdict', mac: target.mac, outcome }];
}

function tooManyFailed(storm: Storm): boolean {
  const { stopAt } = storm.plan;
  const { failed, of } = failedOf(storm);
  // At the end of a wave all of it counts, however few; before, a handful is no share.
  return stopAt < 1 && failed > stopAt * (isWaveOver(storm) ? of : Math.max(FEWEST, of));
}

function resume(now: Millis, storm: Storm): readonly StormOutput[] {
  if (storm.mode !== 'paused' && storm.mode !== 'stopped') return [];
  const at = Math.max(now, storm.plan.startAt);
  storm.nextAt = at;
  storm.from = { at, gone: storm.gone };
  storm.forgiven = { telling: storm.telling, failed: storm.failed };
  return [turn(storm, 'running')];
}

/** Who was not woken is skipped; who was, keeps its verdict or gets it. */
function cancel(now: Millis, storm: Storm): readonly StormOutput[] {
  if (storm.mode === 'done' || storm.mode === 'cancelled') return [];
  const outputs: StormOutput[] = [turn(storm, 'cancelled')];
  for (const target of storm.targets.values()) {
    if (target.state !== 'waiting') continue;
    const verdict = target.times === 0 ? 'skipped' : silentVerdict(target.end);
    outputs.push(...conclude(storm, target, { verdict, at: now, end: target.end, why: 'cancelled' }));
  }
  return outputs;
}

// Storms in the journal: their plan, who was woken, and what became of it. Who is about to be woken is written down
// before the wake-up leaves, so that no crash makes a phone be woken twice.
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import type { Outcome, Past, StormMode, StormPlan } from '../sip/storm-plan.ts';

/** A storm as it stands. */
export interface StoredStorm {
  readonly plan: StormPlan;
  readonly mode: StormMode;
  readonly past: ReadonlyMap<Mac, Past>;
}

export type StormRecord =
  | {
      readonly kind: 'storm';
      readonly plan: StormPlan;
      readonly mode: StormMode;
      readonly past: readonly (readonly [Mac, Past])[];
    }
  | { readonly kind: 'storm-mode'; readonly id: string; readonly mode: StormMode }
  /** These are about to be woken. */
  | { readonly kind: 'storm-woken'; readonly id: string; readonly at: Millis; readonly macs: readonly Mac[] }
  | {
      readonly kind: 'storm-verdicts';
      readonly id: string;
      readonly verdicts: readonly (readonly [Mac, Outcome])[];
    };

/** The working copy; a storm is found by its id. */
export type StormTable = Map<string, { plan: StormPlan; mode: StormMode; past: Map<Mac, Past> }>;

/** Older ones are forgotten, the oldest first, when they are over: beyond so many storms ... */
export const MOST_STORMS = 50;
/** ... and so many phones in all of them, for each phone of each storm takes some kilobytes. */
export const MOST_PHONES = 50_000;

/** No journal is written anew for so long, ms. */
const SET_BACK = 3_600_000;

/** Takes a record into the working copy. Taking it twice does no harm: a rewritten journal may hold it again. */
export function replayStorm(storms: StormTable, record: StormRecord): void {
  if (record.kind === 'storm') {
    const { plan, mode, past } = record;
    storms.set(plan.id, { plan, mode, past: new Map(past) });
    forgetOldest(storms, {
      planOf: (one) => one.plan,
      isOver: (one) => one.mode === 'done' || one.mode === 'cancelled',
    });
    return;
  }
  const storm = storms.get(record.id);
  if (storm === undefined) return;
  if (record.kind === 'storm-mode') storm.mode = record.mode;
  else if (record.kind === 'storm-verdicts') {
    for (const [mac, outcome] of record.verdicts) {
      const { wokenAt, times } = storm.past.get(mac) ?? { wokenAt: 0, times: 0 };
      storm.past.set(mac, { wokenAt, times, outcome });
    }
  } else noteWoken(storm, record);
}

function noteWoken(
  { past }: { readonly past: Map<Mac, Past> },
  { at, macs }: Extract<StormRecord, { readonly kind: 'storm-woken' }>,
): void {
  for (const mac of macs) {
    const before = past.get(mac);
    // A rewritten journal may hold records that its snapshot knows already: those of the moment in which it was
    // written. What is much older was written after the clock had been set back.
    const early = (before?.wokenAt ?? Number.NEGATIVE_INFINITY) - at;
    if (early >= 0 && early < SET_BACK) continue;
    past.set(mac, { wokenAt: at, times: (before?.times ?? 0) + 1 });
  }
}

/** Forgets the oldest that are over where there are too many; the latest stays, however large it is. */
export function forgetOldest<One>(
  storms: Map<string, One>,
  { planOf, isOver }: { readonly planOf: (one: One) => StormPlan; readonly isOver: (one: One) => boolean },
): void {
  const all = [...storms];
  const latest = all.pop();
  let phones = latest === undefined ? 0 : planOf(latest[1]).targets.length;
  for (const [, one] of all) phones += planOf(one).targets.length;
  for (const [id, one] of all) {
    if (storms.size <= MOST_STORMS && phones <= MOST_PHONES) return;
    if (!isOver(one)) continue;
    storms.delete(id);
    phones -= planOf(one).targets.length;
  }
}

/** Each storm as one record. */
export function* recordsOfStorms(storms: StormTable): Iterable<StormRecord> {
  for (const { plan, mode, past } of storms.values()) yield { kind: 'storm', plan, mode, past: [...past] };
}

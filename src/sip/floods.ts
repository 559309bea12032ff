// How much of what strangers send is looked at: token buckets for each source and for all together, before anything is
// read of it.
import type { Ipv4 } from '../base/ipv4.ts';
import { createPace } from '../base/pace.ts';
import type { Millis } from '../base/world.ts';

export interface FloodLimits {
  /** Datagrams per second of one source. */
  readonly perSource: number;
  /** Of all sources together. */
  readonly total: number;
}

export type FloodVerdict = 'pass' | 'source-too-fast' | 'all-too-fast';

export interface FloodGate {
  /** Takes one token of each bucket, or says which one is empty. */
  admit(source: Ipv4, now: Millis): FloodVerdict;
  /** The same for answers to what we sent: a proxy answers for all phones, so they are counted together only. */
  admitAnswer(now: Millis): FloodVerdict;
}

/** A rack of phones that starts at once, or a phone that reboots in a loop, is no flood. */
const BURST_SECONDS = 10;
/** Of more sources than that, those silent longest begin anew. */
const MOST_SOURCES = 4096;
/** A storm of so many phones may be answered at once; to read them takes a fraction of the second. */
const ANSWERS_PER_SECOND = 10_000;

/** The limits are read each time: a reload may change them. */
export function createFloodGate(limits: FloodLimits): FloodGate {
  const each = createPace<Ipv4>(() => limits.perSource, MOST_SOURCES, BURST_SECONDS);
  const all = createPace<'all'>(() => limits.total, 1, 1);
  const answers = createPace<'all'>(ANSWERS_PER_SECOND, 1, 1);
  return {
    admit: (source, now) => {
      // Whoever is too fast takes nothing from the others.
      if (!each.mayPass(source, now)) return 'source-too-fast';
      return all.mayPass('all', now) ? 'pass' : 'all-too-fast';
    },
    admitAnswer: (now) => (answers.mayPass('all', now) ? 'pass' : 'all-too-fast'),
  };
}

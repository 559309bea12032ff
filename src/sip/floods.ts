// How much of what strangers send is looked at: token buckets for each source and for all together, before anything is
// read of it.
import type { Ipv4 } from '../base/ipv4.ts';
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
}

interface Bucket {
  tokens: number;
  at: Millis;
}

/** A rack of phones that starts at once, or a phone that reboots in a loop, is no flood. */
const BURST_SECONDS = 10;
/** Sources that are remembered: of more than that, those silent longest begin anew. */
const MOST_SOURCES = 8192;

/** The limits are read each time: a reload may change them. */
export function createFloodGate(limits: FloodLimits): FloodGate {
  const all: Bucket = { tokens: limits.total, at: 0 };
  // Two generations: a source that is heard again moves to the young one.
  let young = new Map<Ipv4, Bucket>();
  let old = new Map<Ipv4, Bucket>();

  const bucketOf = (source: Ipv4, now: Millis): Bucket => {
    const known = young.get(source);
    if (known !== undefined) return known;
    const bucket = old.get(source) ?? { tokens: limits.perSource * BURST_SECONDS, at: now };
    if (young.size >= MOST_SOURCES / 2) {
      old = young;
      young = new Map();
    }
    young.set(source, bucket);
    return bucket;
  };

  return {
    admit: (source, now) => {
      const { perSource, total } = limits;
      const own = bucketOf(source, now);
      fill(own, { perSecond: perSource, most: perSource * BURST_SECONDS }, now);
      // Whoever is too fast takes nothing from the others.
      if (own.tokens < 1) return 'source-too-fast';
      fill(all, { perSecond: total, most: total }, now);
      if (all.tokens < 1) return 'all-too-fast';
      own.tokens -= 1;
      all.tokens -= 1;
      return 'pass';
    },
  };
}

function fill(
  bucket: Bucket,
  { perSecond, most }: { readonly perSecond: number; readonly most: number },
  now: Millis,
): void {
  bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.at) * perSecond) / 1000);
  bucket.at = now;
}

// How often somebody may ask: a bucket of tokens for each, so that a broken phone or a flood costs others nothing.
import type { Millis } from '../base/world.ts';

export interface Pace {
  /** Whether one more message of that sender is heard now. */
  mayPass(sender: string, now: Millis): boolean;
}

interface Bucket {
  tokens: number;
  at: Millis;
}

/** A burst is ten seconds' worth. */
const BURST = 10;

/**
 * `perSecond` messages of each sender pass in the long run. At least the latest `most` senders are remembered, at most
 * twice as many.
 */
export function createPace(perSecond: number, most = 10_000): Pace {
  // Two generations: when the young one is full it becomes the old one, and the old one is forgotten.
  let young = new Map<string, Bucket>();
  let old = new Map<string, Bucket>();
  const remember = (sender: string, bucket: Bucket): void => {
    if (young.size >= most) {
      old = young;
      young = new Map();
    }
    young.set(sender, bucket);
  };
  return {
    mayPass: (sender, now) => {
      const recent = young.get(sender);
      const bucket = recent ?? old.get(sender);
      if (bucket === undefined) {
        remember(sender, { tokens: perSecond * BURST - 1, at: now });
        return true;
      }
      if (recent === undefined) remember(sender, bucket);
      const filled = Math.min(perSecond * BURST, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
      bucket.at = now;
      bucket.tokens = filled < 1 ? filled : filled - 1;
      return filled >= 1;
    },
  };
}

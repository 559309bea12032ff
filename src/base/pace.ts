// How often somebody may ask: a bucket of tokens for each, so that a broken phone or a flood costs others nothing.
import type { Millis } from './world.ts';

export interface Pace<Sender = string> {
  /** Whether one more message of that sender is heard now. */
  mayPass(sender: Sender, now: Millis): boolean;
}

interface Bucket {
  tokens: number;
  at: Millis;
}

/**
 * `perSecond` messages of each sender pass in the long run, `burst` seconds' worth of them at once; a function is asked
 * each time, for limits that change. At least the latest `most` senders are remembered, at most twice as many.
 */
export function createPace<Sender = string>(
  perSecond: number | (() => number),
  most = 10_000,
  burst = 10,
): Pace<Sender> {
  const rate = typeof perSecond === 'number' ? () => perSecond : perSecond;
  // Two generations: when the young one is full it becomes the old one, and the old one is forgotten.
  let young = new Map<Sender, Bucket>();
  let old = new Map<Sender, Bucket>();
  const remember = (sender: Sender, bucket: Bucket): void => {
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
        remember(sender, { tokens: rate() * burst - 1, at: now });
        return true;
      }
      if (recent === undefined) remember(sender, bucket);
      const filled = Math.min(rate() * burst, bucket.tokens + ((now - bucket.at) / 1000) * rate());
      bucket.at = now;
      bucket.tokens = filled < 1 ? filled : filled - 1;
      return filled >= 1;
    },
  };
}

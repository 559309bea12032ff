// The nonces of Digest (RFC 7616 section 5.4): signed, so that nothing is stored for those who never answer, and each
// count of each nonce good for once.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Millis } from '../base/world.ts';

export interface Nonces {
  make(realm: string, now: Millis): string;
  /** `stale`: it was ours, but has run out. `forged`: nobody here made it for that realm. */
  judge(nonce: string, realm: string, now: Millis): 'good' | 'stale' | 'forged';
  /** Uses a count up: false when it was used before, or when that cannot be told any more. */
  use(nonce: string, count: number): boolean;
  /** The same for a realm until the restart; phones send it back. */
  opaque(realm: string): string;
}

const LIFE_MS = 300_000;
const HEAD_BYTES = 10;
const SEAL_BYTES = 16;
/** Nonces whose counts are remembered, and counts of each: a phone fetches ten files with one. */
const MOST_NONCES = 4096;
const MOST_COUNTS = 1000;

/** `secret` is dice that nobody can guess, made at the start. */
export function createNonces(secret: Uint8Array): Nonces {
  const used = new Map<string, Set<number>>();
  let serial = 0;
  /** Of nonces up to this moment the counts may have been forgotten: they must not count again. */
  let forgotten = 0;

  const seal = (head: Uint8Array | string, realm: string): Buffer =>
    createHmac('sha256', secret).update(head).update('\0').update(realm).digest().subarray(0, SEAL_BYTES);
  const forgetOldest = (): void => {
    const [oldest] = used.keys();
    if (oldest === undefined) return;
    forgotten = Math.max(forgotten, momentOf(Buffer.from(oldest, 'base64url')));
    used.delete(oldest);
  };

  return {
    make: (realm, now) => {
      const head = Buffer.alloc(HEAD_BYTES);
      head.writeUIntBE(Math.floor(now), 0, 6);
      serial = (serial + 1) % 2 ** 32;
      head.writeUInt32BE(serial, 6);
      return Buffer.concat([head, seal(head, realm)]).toString('base64url');
    },
    judge: (nonce, realm, now) => {
      const bytes = Buffer.from(nonce, 'base64url');
      // One spelling only, else a nonce could be used again under another.
      const isOurs =
        bytes.length === HEAD_BYTES + SEAL_BYTES &&
        bytes.toString('base64url') === nonce &&
        timingSafeEqual(bytes.subarray(HEAD_BYTES), seal(bytes.subarray(0, HEAD_BYTES), realm));
      if (!isOurs) return 'forged';
      const made = momentOf(bytes);
      return now - made > LIFE_MS || (made <= forgotten && !used.has(nonce)) ? 'stale' : 'good';
    },
    use: (nonce, count) => {
      const counts = used.get(nonce) ?? new Set<number>();
      if (counts.has(count) || counts.size >= MOST_COUNTS) return false;
      if (counts.size === 0 && used.size >= MOST_NONCES) forgetOldest();
      used.set(nonce, counts.add(count));
      return true;
    },
    opaque: (realm) => seal('opaque', realm).toString('base64url'),
  };
}

function momentOf(bytes: Buffer): Millis {
  return bytes.readUIntBE(0, 6);
}

// What the containers have in common: why one does not open, and how salt is chosen.
import { createHmac } from 'node:crypto';

/** Why sealed bytes cannot be opened. */
export type SealFault =
  | 'not-sealed' // the container's own marks are missing
  | 'wrong-key' // the key is not the one it was sealed with, or the bytes were changed: the two look alike
  | 'cut-short'; // bytes are missing at the end

/**
 * Salt for a content: the same content and key give the same salt and so the same sealed bytes, since phones compare
 * sums and would apply an unchanged file again. Without the key nobody can tell it from a random one.
 */
export function steadySalt(key: Uint8Array, content: Uint8Array, length: 8 | 16): Uint8Array {
  return createHmac('sha256', key).update('unboxd salt').update(content).digest().subarray(0, length);
}

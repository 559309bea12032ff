// What is fetched and compared byte for byte.
import { createHash } from 'node:crypto';

/** Bytes that differ from place to place and from size to size; the same in every run. */
export function content(size: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < size; at += 32) blocks.push(createHash('sha256').update(`${size}:${at}`).digest());
  return Buffer.concat(blocks).subarray(0, size);
}

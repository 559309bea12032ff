// Encrypted content encoding (RFC 8188): salt, record size, key id, then records of AES-128-GCM. It travels with
// "Content-Encoding: aes128gcm", and no other coding may be laid over it.
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { err, ok, type Result } from '../base/result.ts';
import type { SealFault } from './sealed.ts';

export interface Aes128Gcm {
  /** Input keying material (RFC 8188 section 2.2), any length. */
  readonly key: Uint8Array;
  /** Bytes of a sealed record, the tag included; at least 18 (RFC 8188 section 2.1). */
  readonly recordSize?: number | undefined;
  /** Named in the head, at most 255 bytes. */
  readonly keyId?: Uint8Array | undefined;
  /** Zeros put after the delimiter of the first records, which hide the length. */
  readonly padding?: readonly number[] | undefined;
}

const SALT_BYTES = 16;
const HEAD_BYTES = SALT_BYTES + 4 + 1;
const TAG_BYTES = 16;
const LEAST_RECORD = TAG_BYTES + 2;
const RECORD_BYTES = 4096;
/** Which delimiter ends the content of a record (RFC 8188 section 2). */
const [MORE, LAST] = [1, 2];

/** Seals with 16 bytes of salt, which must never be used twice with another content and the same key. */
export function sealAes128Gcm(plain: Uint8Array, options: Aes128Gcm, salt: Uint8Array): Uint8Array {
  const { key, recordSize = RECORD_BYTES, keyId = new Uint8Array(0), padding = [] } = options;
  if (salt.length !== SALT_BYTES || recordSize < LEAST_RECORD || keyId.length > 255)
    throw new RangeError('salt of 16 bytes, records of 18 at least, a key id of 255 at most');
  const head = Buffer.alloc(HEAD_BYTES);
  head.set(salt);
  head.writeUInt32BE(recordSize, SALT_BYTES);
  head.writeUInt8(keyId.length, SALT_BYTES + 4);
  const keys = keysOf(key, salt);
  const records: Uint8Array[] = [];
  for (let at = 0; at < plain.length || records.length === 0; ) {
    const zeros = padding[records.length] ?? 0;
    const room = recordSize - TAG_BYTES - 1 - zeros;
    if (room < 1) throw new RangeError('the padding leaves no room for content');
    const content = plain.subarray(at, at + room);
    at += content.length;
    const delimiter = at < plain.length ? MORE : LAST;
    const cipher = createCipheriv('aes-128-gcm', keys.content, nonceOf(keys, records.length));
    const inner = Buffer.concat([content, Uint8Array.of(delimiter), new Uint8Array(zeros)]);
    records.push(Buffer.concat([cipher.update(inner), cipher.final(), cipher.getAuthTag()]));
  }
  return Buffer.concat([head, keyId, ...records]);
}

/** Opens it; a changed byte anywhere, a record out of order or a missing end is noticed. */
export function unsealAes128Gcm(sealed: Uint8Array, key: Uint8Array): Result<Uint8Array, SealFault> {
  if (sealed.length < HEAD_BYTES) return err('not-sealed');
  const head = Buffer.from(sealed.buffer, sealed.byteOffset, HEAD_BYTES);
  const recordSize = head.readUInt32BE(SALT_BYTES);
  const start = HEAD_BYTES + head.readUInt8(SALT_BYTES + 4);
  if (recordSize < LEAST_RECORD || start > sealed.length) return err('not-sealed');
  const keys = keysOf(key, sealed.subarray(0, SALT_BYTES));
  const contents: Uint8Array[] = [];
  for (let at = start; at < sealed.length; at += recordSize) {
    const inner = openRecord(keys, contents.length, sealed.subarray(at, at + recordSize));
    const end = inner?.findLastIndex((byte) => byte !== 0) ?? -1;
    if (inner === undefined || end < 0) return err('wrong-key');
    contents.push(inner.subarray(0, end));
    const isEnd = at + recordSize >= sealed.length;
    if (inner[end] === LAST) return isEnd ? ok(Buffer.concat(contents)) : err('wrong-key');
    if (inner[end] !== MORE) return err('wrong-key');
  }
  // RFC 8188 section 2: without a last record the content was truncated.
  return err('cut-short');
}

interface Keys {
  readonly content: Uint8Array;
  readonly nonce: Uint8Array;
}

/** HKDF (RFC 5869) with one block of output for each use, which 16 and 12 bytes fit in. */
function keysOf(key: Uint8Array, salt: Uint8Array): Keys {
  const pseudorandom = createHmac('sha256', salt).update(key).digest();
  const expand = (info: string, length: number): Uint8Array =>
    createHmac('sha256', pseudorandom).update(`${info}\0\u0001`).digest().subarray(0, length);
  return {
    content: expand('Content-Encoding: aes128gcm', 16),
    nonce: expand('Content-Encoding: nonce', 12),
  };
}

/** The number of the record XORed over the end (RFC 8188 section 2.3); phones' files never need the upper 64 bits. */
function nonceOf({ nonce }: Keys, record: number): Uint8Array {
  const own = Buffer.from(nonce);
  own.writeBigUInt64BE(own.readBigUInt64BE(4) ^ BigInt(record), 4);
  return own;
}

function openRecord(keys: Keys, number: number, record: Uint8Array): Uint8Array | undefined {
  if (record.length < TAG_BYTES + 1) return undefined;
  const decipher = createDecipheriv('aes-128-gcm', keys.content, nonceOf(keys, number));
  decipher.setAuthTag(record.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(record.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined; // the tag does not fit
  }
}

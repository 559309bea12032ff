// The container of `openssl enc -aes-256-cbc`: "Salted__", 8 bytes of salt, CBC blocks padded after PKCS#7.
// Cisco, Grandstream, Panasonic and VTech phones open it; they differ in digest, key size, salt and base64.
import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto';
import { err, ok, type Result } from '../base/result.ts';
import type { SealFault } from './sealed.ts';

export interface OpensslEnc {
  /** The pass phrase (`-k`), as bytes. */
  readonly key: Uint8Array;
  /** md5 is the default of OpenSSL before 1.1.0, sha256 of later ones: what the firmware was built with counts. */
  readonly digest: 'md5' | 'sha256';
  readonly bits?: 128 | 192 | 256 | undefined;
  /** Rounds of PBKDF2 (`-pbkdf2 -iter N`); absent: EVP_BytesToKey with one round, as all phones known so far. */
  readonly rounds?: number | undefined;
}

const MAGIC = Buffer.from('Salted__', 'latin1');
const SALT_BYTES = 8;
const BLOCK = 16;

/** Seals with 8 bytes of salt; without salt (`-nosalt`) the container has no head. */
export function sealOpenssl(plain: Uint8Array, options: OpensslEnc, salt?: Uint8Array): Uint8Array {
  if (salt !== undefined && salt.length !== SALT_BYTES) throw new RangeError('the salt has 8 bytes');
  const { key, iv } = keysOf(options, salt ?? new Uint8Array(0));
  const cipher = createCipheriv(algorithm(options), key, iv);
  const head = salt === undefined ? [] : [MAGIC, salt];
  return Buffer.concat([...head, cipher.update(plain), cipher.final()]);
}

/** Opens it. About one wrong key in 256 is not noticed here, since the padding is all there is to notice it by. */
export function unsealOpenssl(
  sealed: Uint8Array,
  options: OpensslEnc & { readonly isUnsalted?: boolean | undefined },
): Result<Uint8Array, SealFault> {
  const isSalted = options.isUnsalted !== true;
  if (isSalted && !isOpensslEnc(sealed)) return err('not-sealed');
  const head = isSalted ? MAGIC.length + SALT_BYTES : 0;
  const body = sealed.subarray(head);
  if (body.length === 0 || body.length % BLOCK !== 0) return err('cut-short');
  const { key, iv } = keysOf(options, isSalted ? sealed.subarray(MAGIC.length, head) : new Uint8Array(0));
  const decipher = createDecipheriv(algorithm(options), key, iv);
  try {
    return ok(Buffer.concat([decipher.update(body), decipher.final()]));
  } catch {
    return err('wrong-key'); // the padding is none
  }
}

/** Whether the bytes begin as a salted container does. */
export function isOpensslEnc(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length + SALT_BYTES && MAGIC.equals(bytes.subarray(0, MAGIC.length));
}

function algorithm({ bits = 256 }: OpensslEnc): string {
  return `aes-${bits}-cbc`;
}

/** EVP_BytesToKey: D1 = H(key | salt), Di = H(Di-1 | key | salt); or PBKDF2 (RFC 8018 section 5.2). */
function keysOf(
  { key, digest, bits = 256, rounds }: OpensslEnc,
  salt: Uint8Array,
): { readonly key: Uint8Array; readonly iv: Uint8Array } {
  const [keyBytes, wanted] = [bits / 8, bits / 8 + BLOCK];
  const cut = (made: Uint8Array) => ({
    key: made.subarray(0, keyBytes),
    iv: made.subarray(keyBytes, wanted),
  });
  if (rounds !== undefined) return cut(pbkdf2Sync(key, salt, rounds, wanted, digest));
  let made = Buffer.alloc(0);
  let last = Buffer.alloc(0);
  while (made.length < wanted) {
    last = createHash(digest).update(last).update(key).update(salt).digest();
    made = Buffer.concat([made, last]);
  }
  return cut(made);
}

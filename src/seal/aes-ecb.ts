// The AES container of Yealink phones, from public descriptions and not tried on a phone: EXPERIMENTAL. AES in ECB
// mode, the characters of the key taken as bytes. ECB shows which blocks of a file are alike: HTTPS hides more.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { err, ok, type Result } from '../base/result.ts';
import type { SealFault } from './sealed.ts';

const BLOCK = 16;
/**
 * With which every phone opens the key in `<name>_Security.enc`. It is public and the same everywhere, so the two-file
 * mode satisfies a phone that takes sealed files only (update_file_mode 1) and keeps nothing secret.
 */
const COMMON_KEY = Buffer.from('EKs35XacP6eybA25', 'latin1');
const SPACE = 0x20;

/** A key of 16 characters (firmware of all years) or 32 (later ones); undefined: neither. */
function algorithmFor(key: Uint8Array): string | undefined {
  if (key.length === 16) return 'aes-128-ecb';
  return key.length === 32 ? 'aes-256-ecb' : undefined;
}

/** Whether phones take such a key: 16 or 32 characters. */
export function isAesEcbKey(key: Uint8Array): boolean {
  return algorithmFor(key) !== undefined;
}

/** Seals with the key that the phone holds. Throws RangeError on a key of another length. */
export function sealAesEcb(plain: Uint8Array, key: Uint8Array): Uint8Array {
  // Spaces and not PKCS#7: the vendor's own tool pads so, and to a configuration text they mean nothing.
  const missing = (BLOCK - (plain.length % BLOCK)) % BLOCK;
  const cipher = createCipheriv(knownAlgorithm(key), key, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.update(Buffer.alloc(missing, SPACE)), cipher.final()]);
}

/** Opens it, padded with spaces or after PKCS#7. Nothing in the container tells a wrong key: the text must be looked at. */
export function unsealAesEcb(sealed: Uint8Array, key: Uint8Array): Result<Uint8Array, SealFault> {
  if (sealed.length === 0 || sealed.length % BLOCK !== 0) return err('not-sealed');
  const decipher = createDecipheriv(knownAlgorithm(key), key, null).setAutoPadding(false);
  const plain = unpadded(Buffer.concat([decipher.update(sealed), decipher.final()]));
  return looksLikeText(plain) ? ok(plain) : err('wrong-key');
}

/** The two-file mode: `<name>.enc` as with a key of the phone's, and that key in `<name>_Security.enc`. */
export function sealAesEcbPair(
  plain: Uint8Array,
  key: Uint8Array,
): { readonly file: Uint8Array; readonly security: Uint8Array } {
  if (key.length !== BLOCK) throw new RangeError('the two-file mode takes a key of 16 characters');
  return { file: sealAesEcb(plain, key), security: sealAesEcb(key, COMMON_KEY) };
}

/** The key out of `<name>_Security.enc`. */
export function keyOfSecurity(security: Uint8Array): Result<Uint8Array, SealFault> {
  return security.length === BLOCK ? unsealAesEcb(security, COMMON_KEY) : err('not-sealed');
}

function knownAlgorithm(key: Uint8Array): string {
  const algorithm = algorithmFor(key);
  if (algorithm === undefined) throw new RangeError('the key has 16 or 32 characters');
  return algorithm;
}

function unpadded(padded: Uint8Array): Uint8Array {
  const last = padded.at(-1) ?? 0;
  const isPkcs = last >= 1 && last <= BLOCK && padded.subarray(-last).every((byte) => byte === last);
  if (isPkcs) return padded.subarray(0, -last);
  let end = padded.length;
  // No more than a block is padding: spaces before it are the file's own.
  while (end > padded.length - BLOCK + 1 && padded[end - 1] === SPACE) end -= 1;
  return padded.subarray(0, end);
}

/** Configuration files are text: a wrong key makes noise, in which control bytes abound. */
function looksLikeText(bytes: Uint8Array): boolean {
  const strange = bytes.filter(
    (byte) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d,
  ).length;
  return strange * 50 <= bytes.length;
}

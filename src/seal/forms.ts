// The containers by name, for those who do not care which: seal and unseal with one set of settings.
import { err, ok, type Result } from '../base/result.ts';
import { sealAes128Gcm, unsealAes128Gcm } from './aes128gcm.ts';
import { isOpensslEnc, sealOpenssl, unsealOpenssl } from './openssl-enc.ts';
import { type SealFault, steadySalt } from './sealed.ts';
import { isYealinkKey, sealYealink, unsealYealink } from './yealink.ts';

export const FORMS = ['openssl', 'rfc8188', 'yealink'] as const;
export type Form = (typeof FORMS)[number];
export const DIGESTS = ['md5', 'sha256'] as const;
type Digest = (typeof DIGESTS)[number];

export interface SealSettings {
  readonly form: Form;
  readonly key: Uint8Array;
  /** What follows is for openssl alone. Absent: md5 to seal, either one to open. */
  readonly digest?: Digest | undefined;
  readonly bits?: 128 | 192 | 256 | undefined;
  readonly rounds?: number | undefined;
  readonly isUnsalted?: boolean | undefined;
}

export interface Unsealed {
  readonly content: Uint8Array;
  /** What it was sealed with, for people. */
  readonly by: string;
}

/** Why the key cannot be used for that container, as a sentence; undefined when it can. */
export function keyObjection({ form, key }: SealSettings): string | undefined {
  if (key.length === 0) return 'the key is empty';
  return form === 'yealink' && !isYealinkKey(key) ? 'a key for yealink has 16 or 32 characters' : undefined;
}

/** Whether the key can travel in a second file beside the sealed one. */
export function mayPair({ form, key }: SealSettings): boolean {
  return form === 'yealink' && key.length === 16;
}

/** Seals with salt that follows from content and key: the same input gives the same bytes. */
export function sealAs(content: Uint8Array, settings: SealSettings): Uint8Array {
  const { form, key, digest = 'md5', isUnsalted } = settings;
  switch (form) {
    case 'rfc8188':
      return sealAes128Gcm(content, { key }, steadySalt(key, content, 16));
    case 'yealink':
      return sealYealink(content, key);
    case 'openssl': {
      const salt = isUnsalted === true ? undefined : steadySalt(key, content, 8);
      return sealOpenssl(content, { ...settings, digest }, salt);
    }
  }
}

/** Opens what `sealAs` or somebody else sealed; base64 is seen by itself. */
export function unsealAs(bytes: Uint8Array, settings: SealSettings): Result<Unsealed, SealFault> {
  const { form, key } = settings;
  if (form === 'openssl') return openOpenssl(fromBase64(bytes), settings);
  const opened = form === 'rfc8188' ? unsealAes128Gcm(bytes, key) : unsealYealink(bytes, key);
  return opened.ok ? ok({ content: opened.value, by: form }) : opened;
}

/** What is to be known of a sealed file, as a sentence's end. */
export function describeSeal({ form, digest = 'md5', bits = 256 }: SealSettings): string {
  switch (form) {
    case 'openssl':
      return `AES-${bits}-CBC with ${digest}; the phone must expect the same digest`;
    case 'rfc8188':
      return 'serve it over HTTP with "Content-Encoding: aes128gcm"';
    case 'yealink':
      return 'experimental; the phone must hold the same key';
  }
}

/** A wrong digest is noticed by the padding, and one time in 256 only by what comes out. */
function openOpenssl(bytes: Uint8Array, settings: SealSettings): Result<Unsealed, SealFault> {
  const digests = settings.digest === undefined ? DIGESTS : [settings.digest];
  let fault: SealFault = 'wrong-key';
  let found: Unsealed | undefined;
  for (const digest of digests) {
    const opened = unsealOpenssl(bytes, { ...settings, digest });
    if (!opened.ok) fault = opened.error;
    else if (found === undefined || looksRight(opened.value))
      found = { content: opened.value, by: `openssl, ${digest}` };
  }
  return found === undefined ? err(fault) : ok(found);
}

/** Whether the bytes are gzip. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Gzip or text; noise has control bytes in any run of this length. */
function looksRight(content: Uint8Array): boolean {
  if (isGzip(content)) return true;
  return !content.subarray(0, 512).some((byte) => byte < 0x20 && ![0x09, 0x0a, 0x0d].includes(byte));
}

/** "U2FsdGVkX1" is "Salted__" in base64. */
function fromBase64(bytes: Uint8Array): Uint8Array {
  if (isOpensslEnc(bytes)) return bytes;
  const text = Buffer.from(bytes).toString('latin1');
  return /^U2FsdGVkX1[\w+/=\s]+$/.test(text) ? Buffer.from(text, 'base64') : bytes;
}

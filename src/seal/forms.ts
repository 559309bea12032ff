// The containers by name, for those who do not care which: seal and unseal with one set of settings.
import { err, ok, type Result } from '../base/result.ts';
import { isAesEcbKey, sealAesEcb, unsealAesEcb } from './aes-ecb.ts';
import { sealAes128Gcm, unsealAes128Gcm } from './aes128gcm.ts';
import { isOpensslEnc, sealOpenssl, unsealOpenssl } from './openssl-enc.ts';
import { type SealFault, steadySalt } from './sealed.ts';

export const FORMS = ['openssl', 'rfc8188', 'aes-ecb'] as const;
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

interface Container {
  readonly seal: (content: Uint8Array, settings: SealSettings) => Uint8Array;
  readonly open: (bytes: Uint8Array, settings: SealSettings) => Result<Unsealed, SealFault>;
  /** Where not every key will do. */
  readonly keyObjection?: (key: Uint8Array) => string | undefined;
  readonly describe: (settings: SealSettings) => string;
}

const CONTAINERS: Readonly<Record<Form, Container>> = {
  openssl: {
    seal: (content, settings) => {
      const { key, digest = 'md5', isUnsalted } = settings;
      const salt = isUnsalted === true ? undefined : steadySalt(key, content, 8);
      return sealOpenssl(content, { ...settings, digest }, salt);
    },
    open: (bytes, settings) => openOpenssl(fromBase64(bytes), settings),
    describe: ({ digest = 'md5', bits = 256 }) =>
      `AES-${bits}-CBC with ${digest}; the phone must expect the same digest`,
  },
  rfc8188: {
    seal: (content, { key }) => sealAes128Gcm(content, { key }, steadySalt(key, content, 16)),
    open: (bytes, { key }) => openedAs('rfc8188', unsealAes128Gcm(bytes, key)),
    describe: () => 'serve it over HTTP with "Content-Encoding: aes128gcm"',
  },
  'aes-ecb': {
    seal: (content, { key }) => sealAesEcb(content, key),
    open: (bytes, { key }) => openedAs('aes-ecb', unsealAesEcb(bytes, key)),
    keyObjection: (key) => (isAesEcbKey(key) ? undefined : 'a key for aes-ecb has 16 or 32 characters'),
    describe: () => 'experimental; the phone must hold the same key',
  },
};

function openedAs(by: Form, opened: Result<Uint8Array, SealFault>): Result<Unsealed, SealFault> {
  return opened.ok ? ok({ content: opened.value, by }) : opened;
}

/** Why the key cannot be used for that container, as a sentence; undefined when it can. */
export function keyObjection({ form, key }: SealSettings): string | undefined {
  return key.length === 0 ? 'the key is empty' : CONTAINERS[form].keyObjection?.(key);
}

/** Whether the key can travel in a second file beside the sealed one. */
export function mayPair({ form, key }: SealSettings): boolean {
  return form === 'aes-ecb' && key.length === 16;
}

/** Seals with salt that follows from content and key: the same input gives the same bytes. */
export function sealAs(content: Uint8Array, settings: SealSettings): Uint8Array {
  return CONTAINERS[settings.form].seal(content, settings);
}

/** Opens what `sealAs` or somebody else sealed; base64 is seen by itself. */
export function unsealAs(bytes: Uint8Array, settings: SealSettings): Result<Unsealed, SealFault> {
  return CONTAINERS[settings.form].open(bytes, settings);
}

/** What is to be known of a sealed file, as a sentence's end. */
export function describeSeal(settings: SealSettings): string {
  return CONTAINERS[settings.form].describe(settings);
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

/** Text that nobody sealed: what is sealed holds noise, or says in base64 that it is. */
export function isPlainText(bytes: Uint8Array): boolean {
  return !isGzip(bytes) && looksRight(bytes) && !isOpensslEnc(fromBase64(bytes));
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

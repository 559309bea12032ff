// The form in which a made file goes out: as it is, compressed, or sealed with the key of its phone.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Vendor } from '../phones/vendor.ts';
import { describeSeal, isPlainText, keyObjection, type SealSettings, sealAs } from '../seal/forms.ts';
import type { FileRole } from '../timeline/event.ts';
import type { Asker, FileAsk } from './desk.ts';
import type { Prepared } from './make.ts';
import type { Refusal } from './resolve.ts';

/** The column of the phone list that holds the key. */
const KEY_COLUMN = 'seal_key';

/** A file as its phone opens it, beside the text that was sealed. */
export interface Sealed {
  readonly content: Uint8Array;
  readonly digest: string;
  /** Content-Encoding, where the phone knows by that alone that it is sealed: nothing but HTTP has one. */
  readonly encoding?: string | undefined;
  /** What other doors than HTTP give where there is an encoding. */
  readonly otherDoors: 'refuse' | 'plain';
}

/** The bytes that go out and how HTTP speaks of them. */
interface Dress extends Pick<Prepared, 'content' | 'digest'> {
  readonly encoding?: string | undefined;
  /** Another request might get the file in another form. */
  readonly varies?: true;
}

interface Sealing {
  readonly vendor: Vendor;
  readonly phone: Asker;
  readonly role: FileRole;
  readonly content: Uint8Array;
}

/** Seals where the vendor's phones open such files and the list has a key for this one; what it was sealed with is for people. */
export function sealFor({
  vendor,
  phone,
  role,
  content,
}: Sealing): { readonly sealed: Sealed; readonly detail: string } | Refusal | undefined {
  const { seal } = vendor.config;
  const key = phone.listed?.columns[KEY_COLUMN];
  if (seal === undefined || key === undefined || key === '' || !seal.roles.some((one) => one === role))
    return undefined;
  const digest = digestFor(seal.digest, phone.identity.firmware);
  const settings: SealSettings = { form: seal.as, key: Buffer.from(key), digest };
  const objection = keyObjection(settings);
  if (objection !== undefined) return { kind: 'refuse', because: 'seal-key-unusable', detail: objection };
  const bytes = sealAs(seal.gzip ? gzipped(content).content : content, settings);
  const encoding = seal.as === 'rfc8188' ? 'aes128gcm' : undefined;
  const sealed = { content: bytes, digest: sha256(bytes), encoding, otherDoors: seal.otherDoors };
  const firmware = phone.identity.firmware ?? 'not known';
  const how = seal.as === 'openssl' ? `${describeSeal(settings)}, firmware ${firmware}` : seal.as;
  return { sealed, detail: `sealed: ${how}` };
}

/** Larger files are no settings, whatever they are called. */
const LARGEST_STATIC = 1024 * 1024;
/** Phones of one model share a common file, each with a key of its own. */
const MOST_KEYS = 1000;

/** A file in memory is the same object for as long as it does not change on disk: each is sealed once for each key. */
const sealedStatics = new WeakMap<Uint8Array, Map<string, ReturnType<typeof sealFor>>>();

/**
 * The same for a file that was laid into the files folder, where the vendor's data want that. Firmware and pictures go
 * out as they are, and so does what looks sealed already.
 */
export function sealStatic(
  sealing: Omit<Sealing, 'vendor' | 'phone'> & {
    readonly vendor: Vendor | undefined;
    readonly phone: Asker | undefined;
  },
): ReturnType<typeof sealFor> {
  const { vendor, phone, content } = sealing;
  const seal = vendor?.config.seal;
  if (vendor === undefined || phone === undefined || seal?.statics !== true) return undefined;
  if (content.length > LARGEST_STATIC) return undefined;
  const known = sealedStatics.get(content) ?? new Map<string, ReturnType<typeof sealFor>>();
  const { firmware } = phone.identity;
  const by = JSON.stringify([vendor.id, sealing.role, firmware, phone.listed?.columns[KEY_COLUMN], seal]);
  if (known.has(by)) return known.get(by);
  const made = isPlainText(content) ? sealFor({ ...sealing, vendor, phone }) : undefined;
  if (known.size >= MOST_KEYS) known.clear();
  sealedStatics.set(content, known.set(by, made));
  return made;
}

/** The form for whoever asks, at the door where he asks. */
export function dress(gets: Prepared, ask: Pick<FileAsk, 'door' | 'acceptsGzip'>): Dress | Refusal {
  const { content, digest, sealed, gzip } = gets;
  const isWeb = ask.door === 'http' || ask.door === 'https';
  if (sealed !== undefined && (isWeb || sealed.encoding === undefined)) return sealed;
  if (sealed !== undefined) {
    return sealed.otherDoors === 'plain'
      ? { content, digest }
      : { kind: 'refuse', because: 'sealed-for-http-only' };
  }
  if (gzip === undefined || !isWeb) return { content, digest };
  if (gzip === 'file') return gzipped(content);
  return ask.acceptsGzip === true
    ? { encoding: 'gzip', varies: true, ...gzipped(content) }
    : { content, digest, varies: true };
}

type Seal = NonNullable<Vendor['config']['seal']>;

/** By the first line that reaches as far as the firmware; where that is not known, by the first of all. */
function digestFor(digest: Seal['digest'], firmware: string | undefined): SealSettings['digest'] {
  if (typeof digest === 'string') return digest;
  const version = numbersOf(firmware ?? '');
  const fits = ({ until }: (typeof digest)[number]): boolean =>
    until === undefined || version.length === 0 || !isBeyond(version, numbersOf(until));
  return digest.find(fits)?.digest;
}

/** `11.2.4`, `11-2-4MPP`. */
function numbersOf(version: string): readonly number[] {
  return (version.match(/\d+/g) ?? []).map(Number);
}

/** 11.2.4 is not beyond 11.2: what is not written does not count. */
function isBeyond(version: readonly number[], until: readonly number[]): boolean {
  for (const [index, most] of until.entries()) {
    const part = version[index] ?? 0;
    if (part !== most) return part > most;
  }
  return false;
}

/** Made files are kept, so each is compressed once. */
const compressed = new WeakMap<Uint8Array, Pick<Dress, 'content' | 'digest'>>();

/** Node writes no time into the header, and here no system either: the same input gives the same bytes anywhere. */
function gzipped(plain: Uint8Array): Pick<Dress, 'content' | 'digest'> {
  const known = compressed.get(plain);
  if (known !== undefined) return known;
  const content = gzipSync(plain, { level: 9 });
  // RFC 1952 section 2.3: byte 9 is the system, 255 is "unknown".
  content[9] = 255;
  const made = { content, digest: sha256(content) };
  compressed.set(plain, made);
  return made;
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

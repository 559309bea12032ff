// The desk itself: has it found out who asks, resolves the name, fetches or renders the file, and tells how it went.
import { messageOf } from '../base/fault.ts';
import type { World } from '../base/world.ts';
import { nameFor } from '../phones/files.ts';
import { type Catalogue, modelOf, vendorOf } from '../phones/vendor.ts';
import type { FileRole, Tell } from '../timeline/event.ts';
import {
  type Asker,
  type FileAnswer,
  type FileAsk,
  type FileDesk,
  type FileOutcome,
  type Recognise,
  showPeer,
} from './desk.ts';
import { dress } from './dress.ts';
import { listFor } from './listing.ts';
import { type MakerParts, makeFiles, type Prepared } from './make.ts';
import { macSlip } from './near.ts';
import { LONG_TRANSFER, type Pacer } from './pace.ts';
import { cleanName, macInName, type Refusal } from './resolve.ts';
import { type SecretRule, secretObjection } from './secrets.ts';
import { type TakeParts, takeUpload } from './take.ts';

export interface DeskParts extends MakerParts {
  readonly recognise: Recognise;
  /** Who may have files with passwords; absent: whoever asks for them. */
  readonly secrets?: SecretRule | undefined;
  readonly inbox?: TakeParts['inbox'];
  /** Lets firmware go to so many phones at a time; absent: to all. */
  readonly pacer?: Pacer | undefined;
  readonly world: World;
  readonly tell: Tell;
}

/** One line of `explain`: a file in the vendor's request order and what the phone would get. */
export interface ExplainedFile {
  readonly name: string;
  readonly role: FileRole;
  /** Of the content its length alone: a firmware is not carried about to be described. */
  readonly gets:
    | (Omit<Prepared, 'content' | 'sealed'> & { readonly content: { readonly length: number } })
    | Refusal;
}

/** The desk as those see it who look at files without fetching them. */
export interface Desk {
  /** What a phone would get for a name, telling nobody. */
  prepare(phone: Asker | undefined, name: string): Promise<Prepared | Refusal>;
  /** The digest of what `prepare` gives, without the content: for long lists. */
  digest(phone: Asker | undefined, name: string): Promise<string | undefined>;
  /** What a phone would ask for and get, in its vendor's order. */
  explain(phone: Asker): Promise<readonly ExplainedFile[]>;
}

export function createDesk(parts: DeskParts): Desk & FileDesk {
  const { recognise, catalogue, world, tell } = parts;
  const prepare = makeFiles(parts);
  const objection = (ask: FileAsk, phone: Asker | undefined) =>
    parts.secrets && secretObjection(parts.secrets, { phone, proof: ask.proof, now: world.now() });
  /** What is prepared, as far as whoever asks may have it. */
  const permitted = (ask: FileAsk, phone: Asker | undefined, gets: Prepared | Refusal): Prepared | Refusal =>
    gets.kind === 'file' && gets.isSecret ? (objection(ask, phone) ?? gets) : gets;

  return {
    prepare: async (phone, name) => await prepare(phone, name),
    digest: async (phone, name) => {
      const gets = await prepare(phone, name);
      return gets.kind === 'file' ? gets.digest : undefined;
    },
    ask: async (ask) => {
      let phone: Asker | undefined;
      try {
        phone = await recognise(ask);
        return answered(parts, { ask, phone, gets: permitted(ask, phone, await prepare(phone, ask.name)) });
      } catch (error) {
        const hint = 'look at the disk and at the permissions of the files folder';
        const [code, message] = ['file-unreadable', messageOf(error)];
        tell({ kind: 'fault', at: world.now(), mac: phone?.mac, code, message, hint });
        // Never "no such file": the phone would go on as one that has nothing to be set up with.
        return { kind: 'refused', because: 'disk-trouble' };
      }
    },
    explain: async (phone) => await explained(catalogue, prepare, phone),
    upload: async (ask) => {
      const phone = await recognise(ask).catch(() => undefined);
      const isServed = async (writer: Asker, name: string): Promise<boolean> => {
        const gets = await prepare(writer, name);
        return gets.kind === 'file' && gets.origin !== 'uploaded';
      };
      return await takeUpload({ ...parts, isServed, objection }, ask, phone);
    },
    list: async (ask) => {
      const phone = await recognise(ask);
      const folder = ask.name.replaceAll(/[\\/]+/g, '/').replace(/^\/|\/$/g, '');
      const files = await listFor({ ...parts, prepare }, phone, folder);
      // A file that would be refused is not shown either.
      return objection(ask, phone) === undefined ? files?.all : files?.open;
    },
  };
}

async function explained(
  catalogue: Catalogue,
  prepare: Desk['prepare'],
  phone: Asker,
): Promise<readonly ExplainedFile[]> {
  const vendor = vendorOf(catalogue, phone.identity.vendor);
  const files: ExplainedFile[] = [];
  for (const file of vendor?.files ?? []) {
    const name = vendor && nameFor(vendor, file, phone);
    if (name !== undefined) {
      files.push({ name, role: file.role, gets: withoutContent(await prepare(phone, name)) });
    } else if (vendor && modelOf(vendor, phone.identity.model) === undefined) {
      const detail = 'its name holds the model, which is not known yet';
      const gets = { kind: 'refuse', because: 'no-such-file', detail } as const;
      files.push({ name: file.ask, role: file.role, gets });
    }
    // A known model without that token has no such file: it does not ask for one.
  }
  return files;
}

function withoutContent(gets: Prepared | Refusal): ExplainedFile['gets'] {
  if (gets.kind === 'refuse') return gets;
  const { sealed, ...rest } = gets;
  return { ...rest, content: { length: (sealed ?? rest).content.length } };
}

interface Answering {
  readonly ask: FileAsk;
  readonly phone: Asker | undefined;
  readonly gets: Prepared | Refusal;
}

function answered(parts: DeskParts, { ask, phone, gets }: Answering): FileAnswer {
  const { world, tell } = parts;
  if (gets.kind === 'refuse') return refused(parts, { ask, phone, gets });
  const form = dress(gets, ask);
  if ('because' in form) return refused(parts, { ask, phone, gets: form });
  // Spread last, here and wherever many objects are made: V8 gives a shape of its own to each that goes on after a spread.
  const who = { mac: phone?.mac, from: showPeer(ask.from), door: ask.door } as const;
  // What is told is the digest of what was made, in whatever form it went out: by it phones are known to be up to date.
  const { name, role, digest, type, modified, detail } = gets;
  const file = { file: name, role, ...who };
  const size = form.content.length;
  const isLong = ask.look !== true && size >= LONG_TRANSFER;
  const isPaced = isLong || (role === 'firmware' && ask.look !== true);
  const transfer = isPaced
    ? parts.pacer?.open({ vendor: phone?.identity.vendor, bytes: size, ...file })
    : undefined;
  if (transfer?.kind === 'refused') {
    const { because, detail: why } = transfer;
    tell({ at: world.now(), kind: 'refused', file: name, because, detail: why, ...who });
    return transfer;
  }
  if (isLong) tell({ at: world.now(), kind: 'fetching', bytes: size, ...file });
  const ended = (outcome: FileOutcome): void => {
    const { bytes, complete, unchanged, why = 'the connection broke' } = outcome;
    transfer?.over();
    const at = world.now();
    if (unchanged === true) tell({ at, kind: 'up-to-date', digest, ...file });
    else if (complete) tell({ at, kind: 'fetched', bytes: size, digest, detail, ...file });
    else tell({ at, kind: 'transfer-ended-early', file: name, bytes, of: size, why, ...who });
  };
  const { pace, progress } = transfer ?? {};
  const { content, encoding, varies } = form;
  const sent = { name, role, content, digest: form.digest, type, modified, encoding, varies };
  return { kind: 'file', ...sent, pace, progress, ended };
}

function refused(parts: DeskParts, { ask, phone, gets }: Answering & { readonly gets: Refusal }): FileAnswer {
  const { world, tell } = parts;
  const who = { mac: phone?.mac, from: showPeer(ask.from), door: ask.door } as const;
  const { because } = gets;
  const detail = gets.detail ?? slipOf(parts, { ask, phone, gets });
  const alarm = because === 'file-of-another-phone' || because === 'not-the-holder' ? true : undefined;
  const file = ask.name.replace(/^\/+/, '');
  tell({ at: world.now(), kind: 'refused', file, because, detail, alarm, ...who });
  return { kind: 'refused', because, detail };
}

/** A MAC that is nearly its own explains a refusal. */
function slipOf({ catalogue }: DeskParts, { ask, phone, gets }: Answering): string | undefined {
  if (phone === undefined || gets.kind === 'file' || gets.because !== 'file-of-another-phone')
    return undefined;
  const cleaned = cleanName(ask.name);
  const named = cleaned.ok ? macInName(catalogue, cleaned.value) : undefined;
  return named === undefined ? undefined : macSlip(named, phone.mac);
}

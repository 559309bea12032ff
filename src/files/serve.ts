// The desk itself: has it found out who asks, resolves the name, fetches or renders the file, and tells how it went.
import { createHash } from 'node:crypto';
import { messageOf } from '../base/fault.ts';
import type { Ipv4 } from '../base/ipv4.ts';
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
import type { Shelf } from './disk.ts';
import { render, variablesFor } from './render.ts';
import { cleanName, type Plan, type Refusal, resolve } from './resolve.ts';
import { type Templates, templateKey } from './templates.ts';

/** From this size on a transfer takes long enough for its beginning to be news. */
const LONG_TRANSFER = 200_000;

export interface DeskParts {
  readonly recognise: Recognise;
  readonly catalogue: Catalogue;
  readonly templates: Templates;
  readonly shelf: Shelf;
  readonly lan: { readonly address: Ipv4 };
  readonly urlFor: (phone: Asker) => string | undefined;
  readonly world: World;
  readonly tell: Tell;
}

/** A file as it would be served now. */
export interface Prepared {
  readonly kind: 'file';
  readonly name: string;
  readonly role: FileRole;
  readonly content: Uint8Array;
  readonly digest: string;
  readonly type: string;
  readonly origin: 'rendered' | 'static';
}

/** One line of `explain`: a file in the vendor's request order and what the phone would get. */
export interface ExplainedFile {
  readonly name: string;
  readonly role: FileRole;
  /** Of the content its length alone: a firmware is not carried about to be described. */
  readonly gets: (Omit<Prepared, 'content'> & { readonly content: { readonly length: number } }) | Refusal;
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
  const prepare: Desk['prepare'] = async (phone, name) => {
    const cleaned = cleanName(name);
    if (!cleaned.ok) return { kind: 'refuse', because: 'name-not-allowed', detail: cleaned.error };
    const plan = resolve({ name: cleaned.value, phone, catalogue: parts.catalogue });
    if (!('statics' in plan)) return plan;
    const found = await parts.shelf.find(plan.statics);
    if (found !== undefined)
      return prepared(plan, { content: found.content, origin: 'static', type: BINARY });
    return fromTemplate(parts, plan, phone);
  };
  return {
    prepare,
    digest: async (phone, name) => {
      const gets = await prepare(phone, name);
      return gets.kind === 'file' ? gets.digest : undefined;
    },
    ask: async (ask) => {
      const phone = await parts.recognise(ask);
      try {
        return answered(parts, { ask, phone, gets: await prepare(phone, ask.name) });
      } catch (error) {
        const { world, tell } = parts;
        const hint = 'look at the disk and at the permissions of the files folder';
        tell({
          kind: 'fault',
          at: world.now(),
          mac: phone?.mac,
          code: 'file-unreadable',
          message: messageOf(error),
          hint,
        });
        return { kind: 'refused', because: 'no-such-file' };
      }
    },
    explain: async (phone) => await explained(parts.catalogue, prepare, phone),
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
      files.push({
        name: file.ask,
        role: file.role,
        gets: { kind: 'refuse', because: 'no-such-file', detail },
      });
    }
    // A known model without that token has no such file: it does not ask for one.
  }
  return files;
}

function withoutContent(gets: Prepared | Refusal): ExplainedFile['gets'] {
  return gets.kind === 'refuse' ? gets : { ...gets, content: { length: gets.content.length } };
}

const BINARY = 'application/octet-stream';

function fromTemplate(parts: DeskParts, plan: Plan, phone: Asker | undefined): Prepared | Refusal {
  if (plan.otherwise.kind === 'refuse') return plan.otherwise;
  const { file } = plan.otherwise;
  const vendor = vendorOf(parts.catalogue, phone?.identity.vendor);
  const template = vendor && parts.templates.get(templateKey(vendor.id, file.template ?? ''));
  const url = phone && parts.urlFor(phone);
  if (phone === undefined || vendor === undefined || template === undefined || url === undefined) {
    return { kind: 'refuse', because: 'no-such-file' };
  }
  const text = render(template, variablesFor({ phone, vendor, lan: parts.lan, url }));
  if (!text.ok) return { kind: 'refuse', because: 'template-broken', detail: text.error.message };
  return prepared(plan, { content: Buffer.from(text.value), origin: 'rendered', type: vendor.config.type });
}

function prepared(plan: Plan, made: Pick<Prepared, 'content' | 'origin' | 'type'>): Prepared {
  return { kind: 'file', name: plan.name, role: plan.role, digest: digestOf(made.content), ...made };
}

/** Of bytes in memory, which nobody changes: a firmware that many phones fetch at a time is gone through once. */
const digests = new WeakMap<Uint8Array, string>();

function digestOf(content: Uint8Array): string {
  const known = digests.get(content);
  if (known !== undefined) return known;
  const digest = createHash('sha256').update(content).digest('hex');
  digests.set(content, digest);
  return digest;
}

interface Answering {
  readonly ask: FileAsk;
  readonly phone: Asker | undefined;
  readonly gets: Prepared | Refusal;
}

function answered({ world, tell }: DeskParts, { ask, phone, gets }: Answering): FileAnswer {
  const who = { mac: phone?.mac, from: showPeer(ask.from), door: ask.door } as const;
  if (gets.kind === 'refuse') {
    const { because, detail } = gets;
    tell({ ...who, at: world.now(), kind: 'refused', file: ask.name.replace(/^\/+/, ''), because, detail });
    return { kind: 'refused', because, detail };
  }
  const { name, role, content, digest, type } = gets;
  const file = { ...who, file: name, role };
  if (content.length >= LONG_TRANSFER)
    tell({ ...file, at: world.now(), kind: 'fetching', bytes: content.length });
  const ended = (outcome: FileOutcome): void => {
    const { bytes, complete, unchanged, why = 'the connection broke' } = outcome;
    const at = world.now();
    if (unchanged === true) tell({ ...file, at, kind: 'up-to-date', digest });
    else if (complete) tell({ ...file, at, kind: 'fetched', bytes: content.length, digest });
    else tell({ ...who, at, kind: 'transfer-ended-early', file: name, bytes, of: content.length, why });
  };
  return { kind: 'file', name, role, content, digest, type, ended };
}

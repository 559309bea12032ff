// The desk itself: finds out who asks, resolves the name, fetches or renders the file, and tells how it went.
import { createHash } from 'node:crypto';
import { messageOf } from '../base/fault.ts';
import { type Ipv4, showIpv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { World } from '../base/world.ts';
import type { Clue } from '../phones/clues.ts';
import { nameFor } from '../phones/files.ts';
import { macInUserAgent, tells } from '../phones/identify.ts';
import type { Phone } from '../phones/phone.ts';
import { claimAddress, leaseHolderAt, meet, phoneAt, type Register } from '../phones/register.ts';
import { modelOf, vendorOf } from '../phones/vendor.ts';
import type { FileRole, Tell } from '../timeline/event.ts';
import type { FileAnswer, FileAsk, FileDesk, FileOutcome } from './desk.ts';
import type { Shelf } from './disk.ts';
import { render, variablesFor } from './render.ts';
import { cleanName, macInName, type Plan, type Refusal, resolve } from './resolve.ts';
import { type Templates, templateKey } from './templates.ts';

/** From this size on a transfer takes long enough for its beginning to be news. */
const LONG_TRANSFER = 200_000;

export interface DeskParts {
  readonly register: Register;
  readonly templates: Templates;
  readonly shelf: Shelf;
  readonly lan: { readonly address: Ipv4 };
  readonly urlFor: (phone: Phone) => string | undefined;
  /** Whose hardware address the kernel knows for an address of the LAN. */
  readonly neighbourOf: (address: Ipv4) => Promise<Mac | undefined>;
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
  readonly gets: Prepared | Refusal;
}

export interface Desk extends FileDesk {
  /** What a phone would get for a name, telling nobody. */
  prepare(phone: Phone | undefined, name: string): Promise<Prepared | Refusal>;
  /** What a phone would ask for and get, in its vendor's order. */
  explain(phone: Phone): Promise<readonly ExplainedFile[]>;
}

export function createDesk(parts: DeskParts): Desk {
  const prepare: Desk['prepare'] = async (phone, name) => {
    const cleaned = cleanName(name);
    if (!cleaned.ok) return { kind: 'refuse', because: 'name-not-allowed', detail: cleaned.error };
    const plan = resolve({ name: cleaned.value, phone, catalogue: parts.register.catalogue });
    if (!('statics' in plan)) return plan;
    const found = await parts.shelf.find(plan.statics);
    if (found !== undefined)
      return prepared(plan, { content: found.content, origin: 'static', type: BINARY });
    return fromTemplate(parts, plan, phone);
  };
  return {
    prepare,
    ask: async (ask) => {
      const cleaned = cleanName(ask.name);
      const phone = await whoAsks(parts, ask, cleaned.ok ? cleaned.value : undefined);
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
    explain: async (phone) => {
      const vendor = vendorOf(parts.register.catalogue, phone.identity.vendor);
      const files: ExplainedFile[] = [];
      for (const file of vendor?.files ?? []) {
        const name = vendor && nameFor(vendor, file, phone);
        if (name !== undefined) {
          files.push({ name, role: file.role, gets: await prepare(phone, name) });
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
    },
  };
}

const BINARY = 'application/octet-stream';

/**
 * A lease of ours settles who asks. Elsewhere the phone's own word counts: its User-Agent, the MAC in the file name,
 * or what was last said from that address. When all are silent, the kernel may know who is there.
 */
async function whoAsks(parts: DeskParts, ask: FileAsk, name: string | undefined): Promise<Phone | undefined> {
  const { register, world, tell } = parts;
  const { address } = ask.from;
  const mac: Mac | undefined =
    leaseHolderAt(register, address)?.mac ??
    (ask.userAgent === undefined ? undefined : macInUserAgent(register.catalogue, ask.userAgent)) ??
    (name === undefined ? undefined : macInName(register.catalogue, name)) ??
    phoneAt(register, address)?.mac ??
    (await parts.neighbourOf(address));
  if (mac === undefined) return undefined;
  const clues: Clue[] = [];
  if (ask.userAgent !== undefined) clues.push({ kind: 'user-agent', text: ask.userAgent.slice(0, 256) });
  // A name that speaks for no vendor would push a telling one out.
  if (name !== undefined && tells(register.catalogue, { kind: 'file-name', text: name })) {
    clues.push({ kind: 'file-name', text: name });
  }
  const { phone, events } = meet(register, {
    mac,
    door: ask.door,
    clues,
    at: world.now(),
    from: peerOf(ask),
  });
  events.forEach(tell);
  claimAddress(register, mac, address);
  return phone;
}

function peerOf(ask: FileAsk): string {
  return `${showIpv4(ask.from.address)}:${ask.from.port}`;
}

function fromTemplate(parts: DeskParts, plan: Plan, phone: Phone | undefined): Prepared | Refusal {
  if (plan.otherwise.kind === 'refuse') return plan.otherwise;
  const { file } = plan.otherwise;
  const vendor = vendorOf(parts.register.catalogue, phone?.identity.vendor);
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
  readonly phone: Phone | undefined;
  readonly gets: Prepared | Refusal;
}

function answered({ world, tell }: DeskParts, { ask, phone, gets }: Answering): FileAnswer {
  const who = { mac: phone?.mac, from: peerOf(ask), door: ask.door } as const;
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

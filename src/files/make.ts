// Makes the file for a phone and a name: from the files folder, from a template, or from what the phone wrote itself.
// What was made is kept (kept.ts) as long as nothing it was made from changes: the same bytes, at the cost of a look.
import { createHash } from 'node:crypto';
import { errnoOf, Fault } from '../base/fault.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import { withoutTokens } from '../base/token-text.ts';
import type { Millis } from '../base/world.ts';
import { type Catalogue, type Vendor, vendorOf } from '../phones/vendor.ts';
import type { FileRole } from '../timeline/event.ts';
import type { Asker } from './desk.ts';
import type { Shelf, StaticFile } from './disk.ts';
import { type Sealed, sealFor, sealStatic } from './dress.ts';
import { FIRMWARE_URL, type FirmwareFile, firmwareFor, firmwareVariables } from './firmware.ts';
import type { Inbox } from './inbox.ts';
import { isSameFile, type Known, openKept } from './kept.ts';
import { type Templates, templateFor } from './layers.ts';
import { filledIn, nearMiss } from './near.ts';
import { render, variablesFor } from './render.ts';
import { cleanName, type Plan, type Refusal, resolve } from './resolve.ts';
import { holdsSecrets, isSecretName, speaksOfSecrets } from './secrets.ts';
import { blanked, variantOf, whyBlank } from './tokens.ts';
import { uploadedName } from './upload.ts';

/** A file as it would be served now. */
export interface Prepared {
  readonly kind: 'file';
  readonly name: string;
  readonly role: FileRole;
  readonly content: Uint8Array;
  readonly digest: string;
  readonly type: string;
  readonly origin: 'rendered' | 'static' | 'uploaded';
  /** Passwords are in it. */
  readonly isSecret: boolean;
  readonly modified?: Millis | undefined;
  /** The same as its phone opens it; `content` is the text in it. */
  readonly sealed?: Sealed | undefined;
  /** Over HTTP it goes out compressed. */
  readonly gzip?: Vendor['config']['gzip'];
  /** What was odd about the asking, as a sentence's end. */
  readonly detail?: string | undefined;
}

export interface MakerParts {
  readonly catalogue: Catalogue;
  readonly templates: Templates;
  readonly shelf: Shelf;
  readonly inbox?: { readonly inbox: Inbox } | undefined;
  readonly firmware?: { readonly shelf: Shelf; readonly files: readonly FirmwareFile[] } | undefined;
  /** Variables of the site, for every phone. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  readonly lan: { readonly address: Ipv4 };
  readonly urlFor: (phone: Asker) => string | undefined;
  /** Whether that name lies in a folder that wants a password. */
  readonly isGuarded?: ((name: string) => boolean) | undefined;
}

type Make = (phone: Asker | undefined, name: string) => Promise<Prepared | Refusal>;

const BINARY = 'application/octet-stream';

export function makeFiles(parts: MakerParts): Make {
  const { catalogue, shelf } = parts;
  const kept = openKept();
  const planFor = (phone: Asker | undefined, known: Known | undefined, asked: string): Plan | Refusal => {
    const before = known?.plans.get(asked);
    if (before !== undefined) return before;
    const plan = meaningOf(parts, phone, asked);
    known?.note(asked, plan);
    return plan;
  };

  return async (phone, asked) => {
    const known = phone && kept(phone);
    const plan = planFor(phone, known, asked);
    if (!('statics' in plan)) return plan;
    const found = await shelf.find(plan.statics).catch(unlessNoAccess);
    if (found === 'no-access') return NO_ACCESS;
    const making = { plan, phone, asked };
    const variant = variantOf(phone, asked);
    const before = known?.made.get(variant);
    if (before !== undefined && isSameFile(before.from, found)) return before.gets;
    const gets =
      found === undefined ? fromTemplate(parts, making) : fromShelf(catalogue, { found, ...making });
    if (gets.kind === 'file') known?.keep(variant, { gets, from: found });
    else if (found === undefined) return (await elsewhere(parts, making)) ?? gets;
    return gets;
  };
}

/** What the name means, with everything filled in that the phone left to the server. */
function meaningOf(
  { catalogue, isGuarded }: Pick<MakerParts, 'catalogue' | 'isGuarded'>,
  phone: Asker | undefined,
  asked: string,
): Plan | Refusal {
  const vendor = vendorOf(catalogue, phone?.identity.vendor);
  const filled = phone && filledIn(asked, phone, vendor);
  // Whoever guards the folders has seen the name as it was asked.
  if (filled !== undefined && isGuarded?.(filled) === true) return INTO_GUARDED;
  const cleaned = cleanName(filled ?? asked);
  if (!cleaned.ok) return { kind: 'refuse', because: 'name-not-allowed', detail: cleaned.error };
  return resolve({ name: cleaned.value, phone, catalogue });
}

const INTO_GUARDED: Refusal = {
  kind: 'refuse',
  because: 'name-not-allowed',
  detail: 'a placeholder in it leads into a folder with a password',
};

interface Making {
  readonly plan: Plan;
  readonly phone: Asker | undefined;
  readonly asked: string;
}

function fromShelf(
  catalogue: Catalogue,
  making: Making & { readonly found: StaticFile },
): Prepared | Refusal {
  const { plan, found, phone, asked } = making;
  const { content, modified, path, twins } = found;
  const vendor = vendorOf(catalogue, phone?.identity.vendor);
  const detail =
    twins === undefined
      ? nearMiss(asked, path, plan.role)
      : `several files differ in nothing but case (${twins.join(', ')}): ${path} was taken`;
  const isSecret = plan.role !== 'firmware' && holdsSecrets(content, vendor);
  // What a hand wrote cannot be had without its passwords.
  if (isSecret && phone?.access?.isBlank === true) return { kind: 'refuse', because: 'token-needed' };
  const seals = sealStatic({ vendor, phone, role: plan.role, content });
  if (seals !== undefined && 'because' in seals) return seals;
  const made = {
    content,
    type: BINARY,
    origin: 'static',
    isSecret,
    modified,
    ...head(plan, content),
  } as const;
  return seals === undefined
    ? { detail, ...made }
    : { sealed: seals.sealed, detail: detail ?? seals.detail, ...made };
}

function fromTemplate(parts: MakerParts, { plan, phone, asked }: Making): Prepared | Refusal {
  if (plan.otherwise.kind === 'refuse') return plan.otherwise;
  const { file } = plan.otherwise;
  const vendor = vendorOf(parts.catalogue, phone?.identity.vendor);
  const template = vendor && phone && templateFor(parts.templates, vendor, phone, file.template ?? '');
  const url = phone && parts.urlFor(phone);
  if (phone === undefined || vendor === undefined || template === undefined || url === undefined) {
    return { kind: 'refuse', because: 'no-such-file' };
  }
  const { variables, blank } = seenBy(phone, template, variablesOf(parts, { phone, vendor, url }));
  const text = render(template, variables);
  if (!text.ok) return { kind: 'refuse', because: 'template-broken', detail: text.error.message };
  const content = Buffer.from(text.value);
  if (blank !== undefined && holdsSecrets(content, vendor))
    return { kind: 'refuse', because: 'token-needed' };
  const isSecret = speaksOfSecrets(template, variables) || tellsToken(phone, text.value);
  const seals = sealFor({ vendor, phone, role: plan.role, content });
  if (seals !== undefined && 'because' in seals) return seals;
  const { type, gzip } = vendor.config;
  const odd = [nearMiss(asked, plan.name, plan.role), seals?.detail, ...(blank ?? [])];
  const details = odd.filter((one) => one !== undefined);
  const detail = details.length === 0 ? undefined : details.join('; ');
  const made = { content, type, origin: 'rendered', isSecret, detail, ...head(plan, content) } as const;
  return { sealed: seals?.sealed, gzip, ...made };
}

/** The variables as whoever asks may see them; where passwords are left out, what to say of that, if it matters here. */
function seenBy(
  { access }: Asker,
  template: Parameters<typeof speaksOfSecrets>[0],
  variables: Readonly<Record<string, unknown>>,
): { readonly variables: Readonly<Record<string, unknown>>; readonly blank?: readonly string[] } {
  if (access?.isBlank !== true) return { variables };
  const blank = speaksOfSecrets(template, variables) ? [whyBlank(access)] : [];
  return { variables: blanked(variables, isSecretName), blank };
}

/** A URL that opens everything is as secret as what it opens. */
function tellsToken({ tokens, access }: Asker, text: string): boolean {
  return tokens !== undefined && access?.told !== 'first' && withoutTokens(text) !== text;
}

/** What the templates of a phone may use; `check` asks the same. */
export function variablesOf(
  parts: Pick<MakerParts, 'firmware' | 'variables' | 'lan'>,
  { phone, vendor, url }: { readonly phone: Asker; readonly vendor: Vendor; readonly url: string },
): Readonly<Record<string, unknown>> {
  const { lan, variables } = parts;
  const newest = parts.firmware && firmwareFor(parts.firmware.files, vendor, phone);
  const firmware = newest && firmwareVariables(newest, url);
  return variablesFor({ phone, vendor, lan, url, variables, firmware });
}

/** What is not in the files folder and made by no template: firmware, and what the phone wrote itself. */
async function elsewhere(
  parts: MakerParts,
  { plan, phone, asked }: Making,
): Promise<Prepared | Refusal | undefined> {
  const { inbox, firmware, catalogue } = parts;
  const [name = ''] = plan.statics;
  if (firmware !== undefined && name.startsWith(FIRMWARE_URL)) {
    const found = await firmware.shelf.find([name.slice(FIRMWARE_URL.length)]).catch(unlessNoAccess);
    if (found === 'no-access') return NO_ACCESS;
    const making = { plan: { ...plan, role: 'firmware' as const }, phone, asked };
    return (
      found && fromShelf(catalogue, { found: { ...found, path: `${FIRMWARE_URL}${found.path}` }, ...making })
    );
  }
  const kept = inbox && uploadedName(catalogue, phone, name);
  const found = kept === undefined ? undefined : await inbox?.inbox.read(kept);
  if (found === undefined || kept === undefined) return undefined;
  // What a phone says of itself is as secret as what it is told.
  const made = { isSecret: true, ...head({ ...plan, name: kept }, found.content), ...found };
  return { type: BINARY, origin: 'uploaded', detail: nearMiss(asked, kept, plan.role), ...made };
}

const NO_ACCESS: Refusal = { kind: 'refuse', because: 'no-access' };

/** A file that the installer copied with rights of his own is no trouble of the disk. */
function unlessNoAccess(error: unknown): 'no-access' {
  if (errnoOf(error) === 'EACCES' || (error instanceof Fault && error.code === 'file-unreadable'))
    return 'no-access';
  throw error;
}

function head(
  plan: Pick<Plan, 'name' | 'role'>,
  content: Uint8Array,
): Pick<Prepared, 'kind' | 'name' | 'role' | 'digest'> {
  return { kind: 'file', name: plan.name, role: plan.role, digest: digestOf(content) };
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

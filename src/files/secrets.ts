// Which files hold passwords, and who may have those.
import { latin1 } from '../base/bytes.ts';
import { SECRET_PARTS, SECRET_WORDS } from '../base/secret-words.ts';
import type { Millis } from '../base/world.ts';
import type { Vendor } from '../phones/vendor.ts';
import type { Bind, Window } from '../site/files.ts';
import type { Asker, Proof } from './desk.ts';
import type { ParsedTemplate } from './render.ts';
import type { UploadRefusal } from './upload.ts';

/** Names of variables whose values are nobody else's business. */
const SECRET_NAME = new RegExp(`pass|${SECRET_WORDS}|credential|(?:^|_)(?:${SECRET_PARTS})(?:_|$)`, 'i');
/** A setting named so that has a value: `account.1.password = x`, `SIP1 Register Pswd :x`. */
const SECRET_LINE = new RegExp(`^[^\\n=:<>]*(?:${SECRET_WORDS})[^\\n=:<>]*[=:][ \\t]*["']?[^\\s"'<>]`, 'im');
/** `<Password_1_ ua="na">x<`. */
const SECRET_ELEMENT = new RegExp(`<[^<>\\n/]*(?:${SECRET_WORDS})[^<>\\n]*>\\s*[^<\\s]`, 'i');
/** Longer files are firmware. */
const LONGEST = 1024 * 1024;

/** Whether a column or variable of that name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** The names of those variables that hold a secret. */
export function secretsAmong(variables: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(variables).flatMap(([name, value]) =>
    typeof value === 'string' && value !== '' && isSecretName(name) ? [name] : [],
  );
}

/** Whether a file made from the template holds a secret: it speaks of a variable that has one. */
export function speaksOfSecrets(
  { text, partials }: Pick<ParsedTemplate, 'text' | 'partials'>,
  variables: Readonly<Record<string, unknown>>,
): boolean {
  // However the value is changed on its way (escaped, encoded): the name stands in the template or in its parts.
  const texts = PARTS.test(text) ? [text, ...Object.values(partials)] : [text];
  return secretsAmong(variables).some((name) => texts.some((one) => one.includes(name)));
}

const PARTS = /\{%-?\s*(?:render|include|layout)\b/;

/** Whether a file that somebody wrote by hand holds passwords, by what its settings are called. */
export function holdsSecrets(content: Uint8Array, vendor: Vendor | undefined): boolean {
  if (content.length > LONGEST) return false;
  const known = judged.get(content)?.get(vendor);
  if (known !== undefined) return known;
  const text = latin1(content);
  const holds =
    SECRET_LINE.test(text) ||
    SECRET_ELEMENT.test(text) ||
    vendor?.config.secrets.some((one) => one.test(text)) === true;
  const byVendor = judged.get(content) ?? new Map<Vendor | undefined, boolean>();
  judged.set(content, byVendor.set(vendor, holds));
  return holds;
}

/** Files are in memory for many phones, and nobody changes them: each is looked through once. */
const judged = new WeakMap<Uint8Array, Map<Vendor | undefined, boolean>>();

export interface WindowRule {
  readonly window: Window;
  /** By batch, in its stead. */
  readonly windows?: Readonly<Record<string, Window>> | undefined;
}

export interface SecretRule extends WindowRule {
  readonly bind: Bind;
}

export interface Claim {
  readonly phone: Asker | undefined;
  readonly proof?: Proof | undefined;
  readonly now: Millis;
}

/** Why whoever asks may not have a file with secrets of the phone, where he may not. */
export function secretObjection(rule: SecretRule, { phone, proof, now }: Claim): UploadRefusal | undefined {
  if (!isWithinWindow(windowFor(rule, phone), now)) return { kind: 'refuse', because: 'outside-the-window' };
  const access = phone?.access;
  if (access?.by === 'lasting') return undefined;
  if (access !== undefined && access.told !== 'lasting') return { kind: 'refuse', because: 'token-needed' };
  return isHolder(rule.bind, phone, proof) ? undefined : { kind: 'refuse', because: 'not-the-holder' };
}

/** Whether a window that ends stands open for the batch of the phone: its phones are being staged just now. */
export function isBeingStaged(rule: WindowRule, phone: Pick<Asker, 'listed'>, now: Millis): boolean {
  const window = windowFor(rule, phone);
  return window.until !== undefined && isWithinWindow(window, now);
}

function isWithinWindow({ from, until }: Window, now: Millis): boolean {
  return (from === undefined || now >= from) && (until === undefined || now < until);
}

function windowFor(rule: WindowRule, phone: Pick<Asker, 'listed'> | undefined): Window {
  return windowOf(rule, phone?.listed?.columns['batch'] ?? '');
}

/** A batch of which nothing is said has the window of all. */
function windowOf({ window, windows = {} }: WindowRule, batch: string): Window {
  return Object.hasOwn(windows, batch) ? (windows[batch] ?? window) : window;
}

/** Whether whoever asks is the phone, as far as files.bind wants to know. */
export function isHolder(bind: Bind, phone: Asker | undefined, proof: Proof | undefined): boolean {
  if (bind === 'off' || proof?.account !== undefined) return true;
  if (phone === undefined) return false;
  if (proof?.certificate?.macs.includes(phone.mac) === true || phone.held === 'here') return true;
  // Its own word is enough, except where the lease says that it is elsewhere.
  return bind === 'claim' && phone.held !== 'elsewhere';
}

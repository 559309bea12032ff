// Two tokens a phone: the first stands in the URL that is handed out and opens its files until the phone has shown the
// lasting one, which stands in the files themselves. Both follow from one key, so nothing is stored but how far it is.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Mac, parseMac } from '../base/mac.ts';
import type { TokenRule } from '../site/files.ts';
import { LEFT_OUT } from '../timeline/access.ts';
import type { Asker, Proof } from './desk.ts';

export type TokenKind = 'first' | 'lasting';

/** What a token says, once its seal was found to be ours. */
export interface Token {
  readonly mac: Mac;
  readonly kind: TokenKind;
  /** Counts the renewals. */
  readonly generation: number;
}

/** How far a phone is with its tokens. */
export interface TokenState {
  readonly generation: number;
  /** The latest generation whose lasting token was shown: up to it, first tokens are used up. */
  readonly confirmed?: number | undefined;
}

/** What whoever asks for the files of a phone has shown. */
export interface Access {
  readonly by: 'first' | 'lasting' | 'signed' | 'spent' | 'outdated' | 'foreign' | 'none';
  /** Passwords are left out. */
  readonly isBlank: boolean;
  /** With which token the files may tell their URL. */
  readonly told?: TokenKind | undefined;
  readonly generation: number;
}

export const FRESH: TokenState = { generation: 0 };
export const MOST_GENERATIONS = 0x7fff;

const LASTING = 0x8000;
const HEAD = 8;
/** 96 bits of a seal: nobody guesses it over a network. */
const SEAL = 12;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** The token as a URL carries it: in small letters and digits, which no phone changes on the way. */
export function mintToken(key: Uint8Array, { mac, kind, generation }: Token): string {
  const head = Buffer.alloc(HEAD);
  head.write(mac, 'hex');
  head.writeUInt16BE((kind === 'lasting' ? LASTING : 0) | (generation & MOST_GENERATIONS), 6);
  return `tok-${base32(Buffer.concat([head, sealOf(key, head)]))}`;
}

/** What the token says; undefined for one that was not made here. Takes the same time however wrong it is. */
export function readToken(key: Uint8Array, text: string): Token | undefined {
  const letters = /^tok-([a-z2-7]{32})$/.exec(text.toLowerCase())?.[1];
  const bytes = letters === undefined ? undefined : fromBase32(letters);
  if (bytes?.length !== HEAD + SEAL) return undefined;
  const head = bytes.subarray(0, HEAD);
  const isOurs = timingSafeEqual(sealOf(key, head), bytes.subarray(HEAD));
  const mac = parseMac(head.toString('hex', 0, 6));
  if (!isOurs || mac === undefined) return undefined;
  const number = head.readUInt16BE(6);
  return {
    mac,
    kind: (number & LASTING) === 0 ? 'first' : 'lasting',
    generation: number & MOST_GENERATIONS,
  };
}

function sealOf(key: Uint8Array, head: Uint8Array): Buffer {
  return createHmac('sha256', key).update('unboxd token').update(head).digest().subarray(0, SEAL);
}

/** RFC 4648 section 6, in small letters; 20 bytes need no padding. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31] ?? '';
    held &= (1 << bits) - 1;
  }
  return text;
}

function fromBase32(text: string): Buffer | undefined {
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) return undefined;
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bytes.push((held >> (bits - 8)) & 255);
      bits -= 8;
    }
    held &= (1 << bits) - 1;
  }
  return Buffer.from(bytes);
}

/** Two that know of the same phone put together: generations and confirmations only ever grow. */
export function laterOf(one: TokenState, other: TokenState): TokenState {
  const confirmed = Math.max(one.confirmed ?? -1, other.confirmed ?? -1);
  const generation = Math.max(one.generation, other.generation);
  return confirmed < 0 ? { generation } : { generation, confirmed };
}

/** Whether the first token opens nothing any more. */
export function isSpent({ generation, confirmed = -1 }: TokenState): boolean {
  return confirmed >= generation;
}

export interface AccessQuestion {
  readonly rule: TokenRule;
  readonly phone: Asker;
  readonly state: TokenState;
  readonly proof: Proof | undefined;
  /** A window of time for the batch of this phone stands open: its first token is good as often as it likes. */
  readonly isReopened: boolean;
  /** By files.bind whoever asks is the phone: it is told its first token by DHCP and PnP just so. */
  readonly isHolder: boolean;
}

/** What the phone may see, by what it shows. */
export function decideAccess({ rule, phone, state, proof, isReopened, isHolder }: AccessQuestion): Access {
  const { generation } = state;
  const by = shownBy(phone, state, proof, isReopened);
  if (by === 'lasting' || by === 'signed') return { by, isBlank: false, told: 'lasting', generation };
  if (by === 'first') return { by, isBlank: rule.first === 'blank', told: 'lasting', generation };
  const isBlank = rule.without === 'blank';
  // Some phones begin at a bare address, which has no room for a token: their files lead them to their first URL.
  const mayBegin = by === 'none' && isHolder && (!isSpent(state) || isReopened);
  return mayBegin ? { by, isBlank, told: 'first', generation } : { by, isBlank, generation };
}

function shownBy(
  { mac }: Asker,
  state: TokenState,
  proof: Proof | undefined,
  isReopened: boolean,
): Access['by'] {
  if (proof?.account !== undefined || proof?.certificate?.macs.includes(mac) === true) return 'signed';
  const token = proof?.token;
  if (token === undefined) return 'none';
  if (token.mac !== mac) return 'foreign';
  if (token.kind === 'lasting') {
    // What was confirmed last stays good until what came after it is confirmed: a renewal by mistake does no harm.
    return token.generation >= (state.confirmed ?? 0) ? 'lasting' : 'outdated';
  }
  if (token.generation < state.generation) return 'outdated';
  return isSpent(state) && !isReopened ? 'spent' : 'first';
}

const WITHOUT: Readonly<Partial<Record<Access['by'], string>>> = {
  first: 'they come with its lasting URL',
  none: 'it came without a token',
  spent: 'its first token is used up',
  outdated: 'its token is an old one',
  foreign: 'its token is that of another phone',
};

/** Why passwords were left out, as a sentence's end. */
export function whyBlank({ by }: Access): string {
  return `${LEFT_OUT}: ${WITHOUT[by] ?? 'it may not have them'}`;
}

/** The same variables, and nothing in those that are secrets. */
export function blanked(
  variables: Readonly<Record<string, unknown>>,
  secret: (name: string) => boolean,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string' && secret(name) ? '' : value,
    ]),
  );
}

/** What is made where nobody asks: for those who look after the phones. */
const WHOLE: Omit<Access, 'generation'> = { by: 'lasting', isBlank: false, told: 'lasting' };

/** Tells apart what is made for the same phone under the same name by what was shown. */
export function variantOf(phone: Pick<Asker, 'tokens' | 'access'> | undefined, asked: string): string {
  const { tokens, access } = phone ?? {};
  if (tokens === undefined && access === undefined) return asked;
  const { isBlank, told, by } = access ?? WHOLE;
  return `${tokens?.generation ?? 0} ${told} ${isBlank ? by : ''} ${asked}`;
}

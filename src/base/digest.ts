// Digest authentication (RFC 7616, RFC 2617, RFC 8760), both sides: SIP phones challenge us, and we challenge phones
// over HTTP. Pure: nonces come from outside.
import { createHash, timingSafeEqual } from 'node:crypto';

/** The algorithms that can be computed, by their names on the wire in lower case; what Node calls their hashes. */
const HASHES: Readonly<Record<string, string>> = {
  md5: 'md5',
  'md5-sess': 'md5',
  'sha-256': 'sha256',
  'sha-256-sess': 'sha256',
  'sha-512-256': 'sha512-256',
  'sha-512-256-sess': 'sha512-256',
};

export type DigestQop = 'auth' | 'auth-int';

/** What goes into one response. */
export interface DigestInput {
  /** As on the wire, any case; undefined is MD5 (RFC 7616 section 3.3). */
  readonly algorithm?: string | undefined;
  readonly username: string;
  readonly realm: string;
  readonly password: string;
  readonly method: string;
  /** The request target or Request-URI, as the request line has it. */
  readonly uri: string;
  readonly nonce: string;
  /** Absent: the older form without cnonce and count (RFC 2069). */
  readonly qop?: DigestQop | undefined;
  readonly cnonce?: string | undefined;
  /** Eight hex digits. */
  readonly nc?: string | undefined;
  /** For auth-int. */
  readonly body?: Uint8Array | undefined;
}

/** One challenge or one set of credentials: `Digest realm="x", qop="auth"`. Parameter names are in lower case. */
export interface AuthHeader {
  /** In lower case: digest, basic. */
  readonly scheme: string;
  readonly params: ReadonlyMap<string, string>;
  /** What stands behind the scheme where it is no list of parameters (Basic). */
  readonly token?: string | undefined;
}

/** Whether `digestResponse` knows the algorithm; undefined is MD5. */
export function isKnownAlgorithm(algorithm: string | undefined): boolean {
  return HASHES[(algorithm ?? 'md5').toLowerCase()] !== undefined;
}

/** The `response` parameter in hex (RFC 7616 section 3.4.1); undefined for an algorithm that nobody here knows. */
export function digestResponse(input: DigestInput): string | undefined {
  const algorithm = (input.algorithm ?? 'md5').toLowerCase();
  const hash = HASHES[algorithm];
  if (hash === undefined) return undefined;
  const of = (...parts: readonly (string | Uint8Array)[]): string => {
    const made = createHash(hash);
    for (const part of parts) made.update(part);
    return made.digest('hex');
  };
  const { username, realm, password, method, uri, nonce, qop, cnonce = '', nc = '', body } = input;
  const secret = of(`${username}:${realm}:${password}`);
  const a1 = algorithm.endsWith('-sess') ? of(`${secret}:${nonce}:${cnonce}`) : secret;
  const a2 = qop === 'auth-int' ? of(`${method}:${uri}:${of(body ?? '')}`) : of(`${method}:${uri}`);
  return qop === undefined ? of(`${a1}:${nonce}:${a2}`) : of(`${a1}:${nonce}:${nc}:${cnonce}:${qop}:${a2}`);
}

/** Compares two responses in constant time, whatever their case. */
export function isSameResponse(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one.toLowerCase()), Buffer.from(other.toLowerCase())];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Compares two passwords in constant time, whatever their lengths: a good guess takes as long as a bad one. */
export function isSameText(one: string, other: string): boolean {
  return timingSafeEqual(sha256(one), sha256(other));
}

function sha256(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

/** Reads a header value from left to right. */
interface Cursor {
  readonly text: string;
  at: number;
}

type Found = { readonly scheme: string; readonly params: Map<string, string>; token?: string };

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
const BASIC = /[0-9A-Za-z\-._~+/]+=*/y;

/**
 * All challenges or credentials of a header value, in order (RFC 9110 section 11.2); several may stand in one value.
 * undefined when it cannot be read. Linear in the length of the value.
 */
export function parseAuth(value: string): readonly AuthHeader[] | undefined {
  const found: Found[] = [];
  const cursor = { text: value, at: 0 };
  skip(cursor, ' \t,');
  while (cursor.at < value.length) {
    if (!readPart(cursor, found)) return undefined;
    skip(cursor, ' \t\r\n,');
  }
  return found;
}

/** One parameter of the last scheme, or a scheme: its first parameter stands behind it without a comma. */
function readPart(cursor: Cursor, found: Found[]): boolean {
  const word = take(cursor, TOKEN)?.[0].toLowerCase();
  if (word === undefined) return false;
  const hasGap = skip(cursor, ' \t\r\n');
  const last = found.at(-1);
  if (last === undefined || cursor.text.charAt(cursor.at) !== '=') {
    found.push({ scheme: word, params: new Map(), ...(hasGap && word === 'basic' ? token(cursor) : {}) });
    return true;
  }
  const read = readValue(cursor);
  // The first counts: what comes twice is none of the sender's good will.
  if (read !== undefined && !last.params.has(word)) last.params.set(word, read);
  return read !== undefined;
}

function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text);
  if (match !== null) cursor.at += match[0].length;
  return match;
}

/** Whether there was anything to skip. */
function skip(cursor: Cursor, characters: string): boolean {
  const before = cursor.at;
  while (cursor.at < cursor.text.length && characters.includes(cursor.text.charAt(cursor.at))) cursor.at += 1;
  return cursor.at > before;
}

/** `= value` or `="value"`. */
function readValue(cursor: Cursor): string | undefined {
  cursor.at += 1;
  skip(cursor, ' \t\r\n');
  const quoted = take(cursor, QUOTED);
  return quoted === null ? take(cursor, TOKEN)?.[0] : quoted[1]?.replaceAll(/\\(.)/gs, '$1');
}

/** The base64 behind Basic; a challenge has parameters there. */
function token(cursor: Cursor): { readonly token?: string } {
  if (/^[^\s",=]+\s*=\s*["\w]/.test(cursor.text.slice(cursor.at, cursor.at + 200))) return {};
  const read = take(cursor, BASIC)?.[0];
  return read === undefined ? {} : { token: read };
}

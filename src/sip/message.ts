// SIP messages as bytes (RFC 3261 section 7). Tolerant where phones are sloppy, strict where a stranger could hide
// something: header values that come out of here hold no CR, LF or NUL. Linear in its input.
import { caught, fromLatin1, latin1, WireError } from '../base/bytes.ts';
import type { Result } from '../base/result.ts';
import { isBlank, parseNameAddr, parseVia, splitOutside, trimmed, type Via } from './uri.ts';

/** Headers that have a name here, and their one-letter forms where they have one (RFC 3261 section 7.3.3). */
const HEADERS = {
  Accept: '',
  Allow: '',
  'Allow-Events': 'u',
  'Call-ID': 'i',
  Contact: 'm',
  'Content-Encoding': 'e',
  'Content-Length': 'l',
  'Content-Type': 'c',
  CSeq: '',
  Event: 'o',
  Expires: '',
  From: 'f',
  'Max-Forwards': '',
  'Record-Route': '',
  'Refer-To': 'r',
  'Referred-By': 'b',
  'Retry-After': '',
  Server: '',
  'Session-Expires': 'x',
  Subject: 's',
  'Subscription-State': '',
  Supported: 'k',
  To: 't',
  'User-Agent': '',
  Via: 'v',
  'WWW-Authenticate': '',
} as const;

export type HeaderName = keyof typeof HEADERS;

const CANONICAL: ReadonlyMap<string, HeaderName> = new Map(
  Object.entries(HEADERS).flatMap(([name, letter]) =>
    [name.toLowerCase(), letter].filter((key) => key !== '').map((key) => [key, name as HeaderName]),
  ),
);

export interface SipHeader {
  /** The long name in the RFC's spelling; headers not known here keep the sender's. */
  readonly name: string;
  /** Latin-1, one character per byte. */
  readonly value: string;
}

interface Parts {
  /** In order. Content-Length is not among them: the body knows. Each Via stands alone. */
  readonly headers: readonly SipHeader[];
  readonly body: Uint8Array;
}

export interface SipRequest extends Parts {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
}

export interface SipResponse extends Parts {
  readonly kind: 'response';
  /** 100 to 699. */
  readonly status: number;
  readonly reason: string;
}

export type SipMessage = SipRequest | SipResponse;

/** Nothing but line ends: sent to keep a path through a router open (RFC 5626 section 3.5.1). */
export interface KeepAlive {
  readonly kind: 'keep-alive';
}

const LONGEST_DATAGRAM = 65_535;
const LONGEST_LINE = 8192;
const MOST_HEADERS = 100;
const MOST_VIAS = 10;

/**
 * Reads one UDP datagram. Tolerated although RFC 3261 forbids it, because phones send it: line ends of LF alone, a
 * blank in the Request-URI, no Max-Forwards, no From tag, no branch. Refused: a datagram cut before the blank line, a
 * Content-Length that lies, missing or doubled From, To, Call-ID or CSeq, a CSeq of another method, open quotes.
 */
export function decodeMessage(bytes: Uint8Array): Result<SipMessage | KeepAlive, WireError> {
  return caught(() => {
    if (bytes.length > LONGEST_DATAGRAM) throw new WireError('too-long', LONGEST_DATAGRAM);
    // One character per byte, so that places in the text are places in the datagram.
    const text = latin1(bytes);
    let start = 0;
    while (text[start] === '\r' || text[start] === '\n') start += 1;
    if (start === text.length) return { kind: 'keep-alive' };
    const { lines, bodyAt } = readHead(text, start);
    const [first = { text: '', at: start }, ...others] = lines;
    const { headers, contentLength } = readHeaders(others);
    const left = bytes.length - bodyAt;
    // RFC 3261 section 18.3: bytes beyond Content-Length are not part of the message; fewer are an error.
    if ((contentLength ?? 0) > left) throw new WireError('overrun', bodyAt);
    const parts: Parts = { headers, body: bytes.slice(bodyAt, bodyAt + (contentLength ?? left)) };
    const message = { ...readStartLine(first), ...parts };
    refuseUnlessWhole(message, bodyAt);
    return message;
  });
}

/** A line of the head, and where it began. */
interface Line {
  text: string;
  readonly at: number;
}

interface Head {
  readonly lines: readonly Line[];
  readonly bodyAt: number;
}

/** The lines up to the blank one. */
function readHead(datagram: string, start: number): Head {
  const lines: Line[] = [];
  for (let at = start; ; ) {
    const end = datagram.indexOf('\n', at);
    if (end < 0) throw new WireError('too-short', datagram.length);
    const text = readLine(datagram, { at, end });
    if (text === '') return { lines, bodyAt: end + 1 };
    if (isBlank(text.charCodeAt(0))) unfold(lines, { text, at });
    else if (lines.push({ text, at }) > MOST_HEADERS + 1) throw new WireError('too-long', at);
    at = end + 1;
  }
}

function readLine(datagram: string, { at, end }: { readonly at: number; readonly end: number }): string {
  if (end - at > LONGEST_LINE) throw new WireError('too-long', at + LONGEST_LINE);
  const text = datagram.slice(at, end > at && datagram[end - 1] === '\r' ? end - 1 : end);
  if (text.includes('\0') || text.includes('\r')) throw new WireError('bad-text', at);
  return text;
}

/** A line that begins with a blank continues the header before it (RFC 3261 section 7.3.1); a start line has none. */
function unfold(lines: readonly Line[], { text, at }: Line): void {
  const last = lines.at(-1);
  if (last === undefined || lines.length === 1) throw new WireError('bad-value', at);
  last.text = `${last.text} ${trimmed(text)}`;
  if (last.text.length > LONGEST_LINE) throw new WireError('too-long', at);
}

type StartLine =
  | Pick<SipRequest, 'kind' | 'method' | 'uri'>
  | Pick<SipResponse, 'kind' | 'status' | 'reason'>;

function readStartLine({ text, at }: Line): StartLine {
  const response = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/i.exec(text);
  if (response !== null) return { kind: 'response', status: Number(response[1]), reason: response[2] ?? '' };
  const afterMethod = text.indexOf(' ');
  const beforeVersion = text.lastIndexOf(' ');
  if (text.slice(beforeVersion + 1).toUpperCase() !== 'SIP/2.0') throw new WireError('bad-magic', at);
  const method = text.slice(0, Math.max(0, afterMethod));
  // Departure from RFC 3261 section 25.1: one phone is known to print a blank between "MAC=" and the MAC.
  const uri = trimmed(text.slice(afterMethod, beforeVersion));
  if (!isToken(method) || !/^[a-z][a-z0-9+.-]*:[^<>"]+$/i.test(uri)) throw new WireError('bad-value', at);
  return { kind: 'request', method, uri };
}

interface Headers {
  readonly headers: readonly SipHeader[];
  readonly contentLength: number | undefined;
}

function readHeaders(lines: readonly Line[]): Headers {
  const headers: SipHeader[] = [];
  let contentLength: number | undefined;
  for (const line of lines) {
    const { name, value } = readHeader(line);
    if (name === 'Content-Length') {
      if (contentLength !== undefined || !/^\d{1,10}$/.test(value)) throw new WireError('bad-value', line.at);
      contentLength = Number(value);
    } else if (name === 'Via') {
      headers.push(...splitVias(value, line.at));
    } else {
      headers.push({ name, value });
    }
  }
  return { headers, contentLength };
}

/** Several in one line mean the same as several lines (RFC 3261 section 7.3.1). */
function splitVias(value: string, at: number): readonly SipHeader[] {
  const vias = splitOutside(value, ',');
  if (vias === undefined) throw new WireError('bad-value', at);
  return vias.map((via) => ({ name: 'Via', value: trimmed(via) }));
}

function readHeader({ text, at }: Line): SipHeader {
  const colon = text.indexOf(':');
  const written = trimmed(text.slice(0, Math.max(0, colon)));
  const known = CANONICAL.get(written.toLowerCase());
  if (known === undefined && !isToken(written)) throw new WireError('bad-value', at);
  return { name: known ?? written, value: trimmed(text.slice(colon + 1)) };
}

/** The five headers that every message has (RFC 3261 section 8.1.1; Max-Forwards, the sixth, is often forgotten). */
function refuseUnlessWhole(message: SipMessage, at: number): void {
  const refuseUnless = (isGood: boolean, name: HeaderName): void => {
    if (!isGood) throw new WireError('bad-value', at, `not exactly one good ${name}`);
  };
  if (headers(message, 'Via').length > MOST_VIAS) throw new WireError('too-long', at, 'too many Via');
  refuseUnless(topVia(message) !== undefined, 'Via');
  refuseUnless(parseNameAddr(onlyHeader(message, 'From')) !== undefined, 'From');
  refuseUnless(parseNameAddr(onlyHeader(message, 'To')) !== undefined, 'To');
  refuseUnless(onlyHeader(message, 'Call-ID') !== '', 'Call-ID');
  const cseq = onlyHeader(message, 'CSeq') === '' ? undefined : cseqOf(message);
  refuseUnless(cseq !== undefined && (message.kind === 'response' || cseq.method === message.method), 'CSeq');
}

/** The value of a header that stands exactly once; '' otherwise. */
function onlyHeader(message: SipMessage, name: HeaderName): string {
  const isIt = (one: SipHeader): boolean => one.name === name;
  const first = message.headers.findIndex(isIt);
  return first === message.headers.findLastIndex(isIt) ? (message.headers[first]?.value ?? '') : '';
}

/**
 * Writes a message; Content-Length is counted here, in bytes. Throws WireError for what would not read back as it was:
 * a CR, LF or NUL, a character beyond Latin-1, a bad name, a blank in the Request-URI.
 */
export function encodeMessage(message: SipMessage): Uint8Array {
  const lines = [
    startLine(message),
    ...message.headers.map(({ name, value }) => {
      if (!isToken(name) || name === 'Content-Length')
        throw new WireError('bad-text', 0, `header name ${name}`);
      return `${name}: ${value}`;
    }),
  ];
  const unclean = lines.find((line) => !isClean(line));
  if (unclean !== undefined) throw new WireError('bad-text', 0, `line end or NUL in ${unclean.slice(0, 20)}`);
  const head = fromLatin1(`${lines.join('\r\n')}\r\nContent-Length: ${message.body.length}\r\n\r\n`);
  return Buffer.concat([head, message.body]);
}

function startLine(message: SipMessage): string {
  if (message.kind === 'response') return `SIP/2.0 ${message.status} ${message.reason}`;
  const { method, uri } = message;
  if (!isToken(method) || !isCleanUri(uri)) throw new WireError('bad-text', 0, 'method or Request-URI');
  return `${method} ${uri} SIP/2.0`;
}

/** Whether the text may stand in a start line as it is. */
export function isCleanUri(uri: string): boolean {
  return /^[a-z][a-z0-9+.-]*:[!#-;=?-~]+$/i.test(uri);
}

/** The first header of that name. */
export function header(message: SipMessage, name: HeaderName): string | undefined {
  return message.headers.find((one) => one.name === name)?.value;
}

/** All headers of that name, in order. */
export function headers(message: SipMessage, name: HeaderName): readonly string[] {
  return message.headers.filter((one) => one.name === name).map((one) => one.value);
}

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

export function cseqOf(message: SipMessage): CSeq | undefined {
  const [, digits = '', method] = /^(\d{1,10})[ \t]+(\S+)$/.exec(header(message, 'CSeq') ?? '') ?? [];
  // RFC 3261 section 8.1.1.5: less than 2**31.
  return method === undefined || Number(digits) >= 2 ** 31 ? undefined : { number: Number(digits), method };
}

/** The Via of whoever sent the request first-hand: the first one (RFC 3261 section 20.42). */
export function topVia(message: SipMessage): Via | undefined {
  return parseVia(header(message, 'Via') ?? '');
}

/** A method or header name (RFC 3261 section 25.1). */
function isToken(text: string): boolean {
  return text.length <= 64 && /^[\w\-.!%*+`'~]+$/.test(text);
}

/** Nothing that would end the line early, now or when Latin-1 drops the upper bits of a character. */
function isClean(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0 || code === 0x0a || code === 0x0d || code > 0xff) return false;
  }
  return true;
}

// SIP messages as bytes (RFC 3261 section 7). Tolerant where phones are sloppy, strict where a stranger could hide
// something: header values that come out of here hold no CR, LF or NUL. Linear in its input.
import { caught, fromLatin1, latin1, WireError } from '../base/bytes.ts';
import type { Result } from '../base/result.ts';
import { type HeaderName, headerName } from './header-name.ts';
import { isBlank, parseNameAddr, parseVia, splitOutside, trimmed, trimmedPart, type Via } from './uri.ts';
import { type CSeq, parseCSeq, readVital, type Vital } from './vital.ts';

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
  /** What the decoder had to read anyway; messages of our own making have none. */
  readonly seen?: Vital | undefined;
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
const LONGEST_TOKEN = 256;

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
    const { first, lines, bodyAt } = readHead(text, start);
    const { headers, contentLength } = readHeaders(lines);
    const left = bytes.length - bodyAt;
    // RFC 3261 section 18.3: bytes beyond Content-Length are not part of the message; fewer are an error.
    if ((contentLength ?? 0) > left) throw new WireError('overrun', bodyAt);
    const line = readStartLine(first);
    const body = bodyOf(bytes, bodyAt, contentLength ?? left);
    const seen = readVital(headers, line.kind === 'request' ? line.method : undefined, bodyAt);
    if (line.kind === 'request')
      return { kind: line.kind, method: line.method, uri: line.uri, headers, body, seen };
    return { kind: line.kind, status: line.status, reason: line.reason, headers, body, seen };
  });
}

const NO_BODY = new Uint8Array();

/** A copy: a view would keep the whole datagram. */
function bodyOf(bytes: Uint8Array, at: number, length: number): Uint8Array {
  return length === 0 ? NO_BODY : new Uint8Array(bytes.subarray(at, at + length));
}

/** A line of the head, and where it began. */
interface Line {
  text: string;
  readonly at: number;
}

interface Head {
  readonly first: Line;
  readonly lines: readonly Line[];
  readonly bodyAt: number;
}

/** The lines up to the blank one. */
function readHead(datagram: string, start: number): Head {
  const nul = datagram.indexOf('\0');
  const lines: Line[] = [];
  let first: Line | undefined;
  for (let at = start; ; ) {
    const newLine = endOfLine(datagram, at);
    const end = newLine > at && datagram.charCodeAt(newLine - 1) === CR ? newLine - 1 : newLine;
    if (end === at && first !== undefined) return { first, lines, bodyAt: newLine + 1 };
    const text = datagram.slice(at, end);
    if ((nul >= at && nul < end) || text.includes('\r')) throw new WireError('bad-text', at);
    if (first === undefined) first = { text, at };
    else addLine(lines, { text, at });
    at = newLine + 1;
  }
}

const CR = 0x0d;

function endOfLine(datagram: string, at: number): number {
  const newLine = datagram.indexOf('\n', at);
  if (newLine < 0) throw new WireError('too-short', datagram.length);
  if (newLine - at > LONGEST_LINE) throw new WireError('too-long', at + LONGEST_LINE);
  return newLine;
}

function addLine(lines: Line[], line: Line): void {
  if (isBlank(line.text.charCodeAt(0))) unfold(lines, line);
  else if (lines.push(line) > MOST_HEADERS) throw new WireError('too-long', line.at);
}

/** A line that begins with a blank continues the header before it (RFC 3261 section 7.3.1); a start line has none. */
function unfold(lines: readonly Line[], { text, at }: Line): void {
  const last = lines.at(-1);
  if (last === undefined) throw new WireError('bad-value', at);
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
  const written = colon < 0 ? '' : trimmedPart(text, 0, colon);
  const known = headerName(written);
  if (known === undefined && !isToken(written)) throw new WireError('bad-value', at);
  return { name: known ?? written, value: trimmedPart(text, colon + 1, text.length) };
}

/**
 * Writes a message; Content-Length is counted here, in bytes. Throws WireError for what would not read back as it was:
 * a CR, LF or NUL, a character beyond Latin-1, a bad name, a blank in the Request-URI.
 */
export function encodeMessage(message: SipMessage): Uint8Array {
  let head = clean(startLine(message));
  for (const { name, value } of message.headers) {
    if ((headerName(name) === undefined && !isToken(name)) || name === 'Content-Length')
      throw new WireError('bad-text', 0, `header name ${name}`);
    head += `\r\n${name}: ${clean(value)}`;
  }
  head += `\r\nContent-Length: ${message.body.length}\r\n\r\n`;
  return message.body.length === 0
    ? fromLatin1(head)
    : Buffer.concat([Buffer.from(head, 'latin1'), message.body]);
}

function clean(text: string): string {
  if (UNCLEAN.test(text)) throw new WireError('bad-text', 0, `line end or NUL in ${text.slice(0, 20)}`);
  return text;
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
export function header({ headers: all }: Pick<SipMessage, 'headers'>, name: HeaderName): string | undefined {
  for (const one of all) if (one.name === name) return one.value;
  return undefined;
}

/** All headers of that name, in order. */
export function headers(message: SipMessage, name: HeaderName): readonly string[] {
  return message.headers.filter((one) => one.name === name).map((one) => one.value);
}

export function cseqOf(message: SipMessage): CSeq | undefined {
  return message.seen?.cseq ?? parseCSeq(header(message, 'CSeq') ?? '');
}

/** The Via of whoever sent the request first-hand: the first one (RFC 3261 section 20.42). */
export function topVia(message: SipMessage): Via | undefined {
  return message.seen?.via ?? parseVia(header(message, 'Via') ?? '');
}

/** The tag of From or To, by which a dialog is known (RFC 3261 section 19.3); undefined where there is none. */
export function tagOf(message: SipMessage, name: 'From' | 'To'): string | undefined {
  const address = name === 'From' ? message.seen?.from : message.seen?.to;
  return (address ?? parseNameAddr(header(message, name) ?? ''))?.params.get('tag');
}

/** A method or header name (RFC 3261 section 25.1). */
function isToken(text: string): boolean {
  return text.length <= LONGEST_TOKEN && /^[\w\-.!%*+`'~]+$/.test(text);
}

/** What would end the line early, now or when Latin-1 drops the upper bits of a character. */
const UNCLEAN = /[\0\n\r\u0100-\uffff]/;

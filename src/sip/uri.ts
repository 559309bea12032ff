// SIP URIs and the small grammar around them: parameters, quoted strings, name-addr (RFC 3261 sections 19.1, 20, 25.1).
// Every function reads its text once: what is read here comes from strangers.
import { showIpv4 } from '../base/ipv4.ts';
import { isUnusableMac, type Mac, parseMac } from '../base/mac.ts';
import type { Peer } from '../net/ports.ts';

/** Parameters by name in lower case, quotes taken off; a flag without a value is ''. The first of a name counts. */
export type Params = ReadonlyMap<string, string>;

/** `ua-profile;model="X"`: what stands before the first semicolon, and the parameters. */
export interface Parameterised {
  readonly value: string;
  readonly params: Params;
}

export interface HostPort {
  /** A name, an address, or an IPv6 address in its brackets. */
  readonly host: string;
  readonly port?: number | undefined;
}

export interface SipUri extends HostPort {
  readonly scheme: 'sip' | 'sips';
  /** As written, still escaped; a password is part of it. */
  readonly user?: string | undefined;
  readonly params: Params;
  /** What follows the question mark: headers that the URI wants in a request (RFC 3261 section 19.1.1). */
  readonly headers?: string | undefined;
}

/** An address of From, To or Contact. `params` stand behind the brackets and are not the URI's own. */
export interface NameAddr {
  readonly uri: string;
  readonly params: Params;
}

/** Without blanks and tabs at its ends. `trim` would also take 0xA0, which is half a letter in UTF-8. */
export function trimmed(text: string): string {
  return trimmedPart(text, 0, text.length);
}

/** The part from one place to before another, without blanks and tabs at its ends. */
export function trimmedPart(text: string, begin: number, end: number): string {
  let from = begin;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

/** Cuts at the separator where it stands outside quotes and angle brackets; undefined when one of these stays open. */
export function splitOutside(text: string, separator: ',' | ';'): readonly string[] | undefined {
  if (!text.includes('"') && !text.includes('<')) return text.split(separator);
  const parts: string[] = [];
  const cut = separator.charCodeAt(0);
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === cut) {
      parts.push(text.slice(start, at));
      start = at + 1;
    } else if (code === QUOTE || code === OPEN) {
      at = closing(text, at);
      if (at < 0) return undefined;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

const QUOTE = 0x22;
const OPEN = 0x3c;

/** Where the quote or bracket that opens at `open` closes; -1 when it does not. */
function closing(text: string, open: number): number {
  if (text.charAt(open) === '<') return text.indexOf('>', open);
  for (let at = open + 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '"') return at;
    // RFC 3261 section 25.1, quoted-pair: the next character means itself.
    if (char === '\\') at += 1;
  }
  return -1;
}

const NO_PARAMS: Params = new Map();

/** Reads a value with parameters; undefined when a quote or bracket stays open. */
export function parseParams(text: string): Parameterised | undefined {
  const parts = splitOutside(text, ';');
  if (parts === undefined) return undefined;
  const value = trimmed(parts[0] ?? '');
  if (parts.length < 2) return { value, params: NO_PARAMS };
  const params = new Map<string, string>();
  for (let at = 1; at < parts.length; at += 1) {
    const part = parts[at] ?? '';
    const equals = part.indexOf('=');
    const name = trimmedPart(part, 0, equals < 0 ? part.length : equals).toLowerCase();
    if (name !== '' && !params.has(name))
      params.set(name, equals < 0 ? '' : unquoted(part.slice(equals + 1)));
  }
  return { value, params };
}

/** Reads `"Name" <uri>;params` or `uri;params`; undefined when it is neither. */
export function parseNameAddr(text: string): NameAddr | undefined {
  const read = parseParams(text);
  if (read === undefined) return undefined;
  const { value, params } = read;
  const open = value.lastIndexOf('<');
  if (open >= 0 && !value.endsWith('>')) return undefined;
  const uri = open < 0 ? value : trimmed(value.slice(open + 1, -1));
  return /^[a-z][a-z0-9+.-]*:[^<>"]+$/i.test(uri) ? { uri, params } : undefined;
}

/** Reads a sip or sips URI; undefined for other schemes and for a host or port that cannot be. */
export function parseUri(text: string): SipUri | undefined {
  const scheme = /^sips?:/i.exec(text)?.[0];
  if (scheme === undefined) return undefined;
  const at = text.indexOf('@');
  const rest = text.slice(at < 0 ? scheme.length : at + 1);
  const question = rest.indexOf('?');
  const read = parseParams(question < 0 ? rest : rest.slice(0, question));
  const where = read && parseHostPort(read.value);
  if (where === undefined) return undefined;
  return {
    scheme: scheme.toLowerCase() === 'sip:' ? 'sip' : 'sips',
    user: at < 0 ? undefined : text.slice(scheme.length, at),
    params: read?.params ?? new Map(),
    headers: question < 0 ? undefined : rest.slice(question + 1),
    ...where,
  };
}

/** Reads `host`, `host:port`, `[v6]` or `[v6]:port`, with blanks around the colon (RFC 4475 section 3.1.1.1). */
export function parseHostPort(text: string): HostPort | undefined {
  const written = /^(\[[\w:.%-]+\]|[\w.-]+)[ \t]*(?::[ \t]*(\d{1,5}))?$/.exec(text);
  const host = written?.[1];
  if (host === undefined) return undefined;
  if (written?.[2] === undefined) return { host };
  const port = Number(written[2]);
  return port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

export interface Via extends HostPort {
  /** As written: UDP, TCP, TLS. */
  readonly transport: string;
  readonly params: Params;
}

/** Reads one Via: `SIP/2.0/UDP host:port;params`, blanks allowed as in RFC 4475 section 3.1.1.1. */
export function parseVia(text: string): Via | undefined {
  const read = parseParams(text);
  if (read === undefined) return undefined;
  const [, transport, sentBy = ''] =
    /^SIP[ \t]*\/[ \t]*2\.0[ \t]*\/[ \t]*(\w+)[ \t]+(\S.*)$/i.exec(read.value) ?? [];
  // Some senders write 0 for a socket not yet bound: as good as none here, for answers go to the source anyway.
  const where = parseHostPort(sentBy.endsWith(':0') ? sentBy.slice(0, -2) : sentBy);
  if (transport === undefined || where === undefined) return undefined;
  return { host: where.host, port: where.port, transport, params: read.params };
}

/** `10.20.0.51:5059`, as sent-by in Via and in events. */
export function showPeer({ address, port }: Peer): string {
  return `${showIpv4(address)}:${port}`;
}

/** `sip:10.20.0.51:5059` or `sip:alice@10.20.0.51:5059`; what may not stand in a user is escaped. */
export function showUri(peer: Peer, user?: string): string {
  return user === undefined ? `sip:${showPeer(peer)}` : `sip:${escaped(user)}@${showPeer(peer)}`;
}

/**
 * The MAC that a phone puts into the user part when it asks for provisioning. Seen: `MAC%3a001565aabbcc`,
 * `MAC:001565aabbcc`, `MAC=001565aabbcc`, `MAC= 001565aabbcc`, `MAC 001565aabbcc`, `MAC001565aabbcc`. RFC 6080 section
 * 5.1.1 has `urn%3auuid%3a00000000-0000-1000-0000-001565aabbcc`: a UUID of version 1 ends in the MAC (RFC 4122).
 */
export function macInUri(uri: string): Mac | undefined {
  const user = uri.slice(uri.indexOf(':') + 1, Math.max(0, uri.indexOf('@')));
  if (user.length < SHORTEST_USER || user.length > LONGEST_USER) return undefined;
  const text = user.includes('%') ? unescaped(user) : user;
  const written =
    /^mac[:=]? {0,2}([0-9a-f:-]{12,17})$/i.exec(text)?.[1] ??
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[0-9a-f]{4}-([0-9a-f]{12})$/i.exec(text)?.[1];
  const mac = written === undefined ? undefined : parseMac(written);
  return mac === undefined || isUnusableMac(mac) ? undefined : mac;
}

/** `MAC001565aabbcc`, and a UUID of which every sign is escaped. */
const SHORTEST_USER = 15;
const LONGEST_USER = 150;

/** `%3a` becomes a colon; a percent sign without two hex digits stays (RFC 3261 section 19.1.2). */
function unescaped(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** The unreserved and user-unreserved characters of RFC 3261 section 25.1 stay, the bytes of all others are escaped. */
function escaped(user: string): string {
  const bytes = [...Buffer.from(user, 'utf8')];
  return bytes
    .map((byte) => {
      const char = String.fromCharCode(byte);
      const plain = byte < 128 && /[\w\-.!~*'()&=+$,;?/]/.test(char);
      return plain ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

/** The text of a quoted string (RFC 3261 section 25.1), or the token as it is. */
function unquoted(text: string): string {
  const value = trimmed(text);
  if (!value.startsWith('"') || !value.endsWith('"') || value.length < 2) return value;
  const inner = value.slice(1, -1);
  return inner.includes('\\') ? inner.replaceAll(/\\(.)/gs, '$1') : inner;
}

/** A space or a tab. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

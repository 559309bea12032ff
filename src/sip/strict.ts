// The grammar of RFC 3261 section 25 where decodeMessage looks away: phones that ask for provisioning are forgiven, and
// nobody else is. Linear in its input, as the decoder is.
import { latin1, type WireFault } from '../base/bytes.ts';
import { header, headers, type SipMessage } from './message.ts';
import { isBlank, parseUri, splitOutside, trimmed } from './uri.ts';

/** What is wrong, and in which part of the datagram that starts at `at`. */
export interface StrictFault {
  readonly code: WireFault;
  readonly at: number;
  readonly what: string;
}

/** What a strict reader would refuse in a message that was decoded from these bytes; undefined where nothing is. */
export function strictFault(bytes: Uint8Array, message: SipMessage): StrictFault | undefined {
  const text = latin1(bytes);
  const what = startLineFault(text, message) ?? headerFault(message);
  return what === undefined ? undefined : { code: 'bad-value', at: startOf(text), what };
}

/** RFC 3261 section 7.5: line ends before the start line are overlooked. */
function startOf(text: string): number {
  let at = 0;
  while (text[at] === '\r' || text[at] === '\n') at += 1;
  return at;
}

function startLineFault(text: string, message: SipMessage): string | undefined {
  const start = startOf(text);
  const end = text.indexOf('\r\n', start);
  if (end < 0 || text.indexOf('\n', start) < end) return 'line end';
  if (message.kind === 'response') return undefined;
  // Exactly one blank between the parts (section 25.1, Request-Line).
  const { method, uri } = message;
  if (text.slice(start, end) !== `${method} ${uri} SIP/2.0` || /[ \t]/.test(uri)) return 'Request-Line';
  // Section 19.1.1: headers are not allowed in a Request-URI.
  return parseUri(uri)?.headers === undefined ? undefined : 'headers in the Request-URI';
}

function headerFault(message: SipMessage): string | undefined {
  for (const name of ['From', 'To', 'Contact'] as const) {
    if (headers(message, name).some((value) => !areAddresses(value, name === 'Contact'))) return name;
  }
  if (headers(message, 'Via').some((value) => !hasGoodParams(value) || hasBareCookie(value))) return 'Via';
  if (!isNumber(header(message, 'Max-Forwards'), 255)) return 'Max-Forwards';
  if (!isNumber(header(message, 'Expires'), 2 ** 32 - 1)) return 'Expires';
  const date = header(message, 'Date');
  return date === undefined || date.endsWith(' GMT') ? undefined : 'Date';
}

/** Section 20.42: a branch that says it is unique has to have something behind the cookie. */
function hasBareCookie(via: string): boolean {
  return /;[ \t]*branch[ \t]*=[ \t]*z9hG4bK[ \t]*(?:;|$)/i.test(via);
}

/** Where it is there at all: digits, and not too much. */
function isNumber(text: string | undefined, most: number): boolean {
  return text === undefined || (/^\d{1,12}$/.test(text) && Number(text) <= most);
}

function areAddresses(value: string, many: boolean): boolean {
  if (many && value === '*') return true;
  const parts = many ? splitOutside(value, ',') : [value];
  return parts?.every(isAddress) === true;
}

/** name-addr or addr-spec with parameters (section 25.1). */
function isAddress(text: string): boolean {
  if (!hasGoodParams(text)) return false;
  const [address = ''] = splitOutside(text, ';') ?? [];
  const open = address.lastIndexOf('<');
  // Section 20: outside of brackets these would belong to the header and not to the URI.
  if (open < 0) return !/[ \t?,]/.test(trimmed(address));
  const uri = trimmed(address).slice(open + 1 - leading(address), -1);
  return !/[ \t]/.test(uri) && isDisplayName(trimmed(address.slice(0, open)));
}

function leading(text: string): number {
  let at = 0;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

/** Tokens, or one quoted string. */
function isDisplayName(name: string): boolean {
  if (!name.startsWith('"')) return /^[\w\-.!%*+`'~ \t\u0080-\u00ff]*$/.test(name);
  return splitOutside(name, ';')?.length === 1 && /[^\\]"$|\\\\"$|^""$/.test(name);
}

/** No parameter is empty: `;;` and a semicolon at the end are none. */
function hasGoodParams(text: string): boolean {
  const parts = splitOutside(text, ';');
  return parts?.every((part) => trimmed(part) !== '') === true;
}

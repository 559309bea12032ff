// The headers that have a name here (RFC 3261 section 20, RFC 6665 section 8.2), and their one-letter forms where they
// have one (RFC 3261 section 7.3.3).

const HEADERS = {
  Accept: '',
  Allow: '',
  'Allow-Events': 'u',
  'Authentication-Info': '',
  Authorization: '',
  'Call-ID': 'i',
  Contact: 'm',
  'Content-Encoding': 'e',
  'Content-Length': 'l',
  'Content-Type': 'c',
  CSeq: '',
  Date: '',
  Event: 'o',
  Expires: '',
  From: 'f',
  'Max-Forwards': '',
  'Proxy-Authenticate': '',
  'Proxy-Authorization': '',
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
  Warning: '',
  'WWW-Authenticate': '',
} as const;

export type HeaderName = keyof typeof HEADERS;

/** By the spelling of the RFC, which most senders use, and by every spelling in small letters. */
const AS_WRITTEN = new Map(Object.keys(HEADERS).map((name) => [name, name as HeaderName]));
const IN_SMALL_LETTERS: ReadonlyMap<string, HeaderName> = new Map(
  Object.entries(HEADERS).flatMap(([name, letter]) =>
    [name.toLowerCase(), letter].filter((key) => key !== '').map((key) => [key, name as HeaderName]),
  ),
);

/** The name in the RFC's spelling; undefined for a header that has none here. */
export function headerName(written: string): HeaderName | undefined {
  return AS_WRITTEN.get(written) ?? IN_SMALL_LETTERS.get(written.toLowerCase());
}

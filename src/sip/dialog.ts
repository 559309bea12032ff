// The words of our answers to a SUBSCRIBE: the 200, the NOTIFY that carries the URL (RFC 6665, RFC 6080), a refusal.
import { showIpv4 } from '../base/ipv4.ts';
import type { Peer } from '../net/ports.ts';
import { header, headers, isCleanUri, type SipHeader, type SipRequest, type SipResponse } from './message.ts';
import type { Carrier } from './transaction.ts';
import {
  parseNameAddr,
  parseUri,
  parseVia,
  type SipUri,
  showPeer,
  showUri,
  splitOutside,
  trimmed,
} from './uri.ts';

/** rfc: a NOTIFY within the dialog of the SUBSCRIBE. legacy: as makers print it, with the phone's own Via, From and To. */
export type NotifyStyle = 'rfc' | 'legacy';

/** A request that is answered. */
interface Asked {
  readonly request: SipRequest;
  readonly from: Peer;
}

/** Where a request says its sender is reached. */
export interface Contact {
  readonly uri: string;
  readonly parsed: SipUri | undefined;
}

/** The first Contact; undefined where there is none. */
export function contactOf(request: SipRequest): Contact | undefined {
  const written = header(request, 'Contact');
  if (written === undefined) return undefined;
  const [first = ''] = splitOutside(written, ',') ?? [];
  const uri = parseNameAddr(first)?.uri ?? '';
  return { uri, parsed: parseUri(uri) };
}

interface Answering extends Asked {
  readonly contact: Contact | undefined;
  readonly carrier: Carrier;
  /** Where we hear SIP. */
  readonly server: Peer;
  /** Our tag in the dialog. */
  readonly tag: string;
  readonly branch: string;
}

const NO_BODY = new Uint8Array();

/** RFC 3261 section 8.2.6.2; Expires 0 as asked: the subscription is a single question (RFC 6665 section 4.4.3). */
export function accept({ request, from, server, tag }: Answering): SipResponse {
  return {
    kind: 'response',
    status: 200,
    reason: 'OK',
    headers: [
      ...echoedForResponse({ request, from }, tag),
      { name: 'Contact', value: `<${showUri(server)}>` },
      { name: 'Expires', value: '0' },
    ],
    body: NO_BODY,
  };
}

/** A final response that says no. Its To tag is made of nothing but the question, so a copy gets the same. */
export function refuse(
  asked: Asked,
  words: { readonly status: number; readonly reason: string; readonly also?: readonly SipHeader[] },
): SipResponse {
  const { status, reason, also = [] } = words;
  const headersOf = [...echoedForResponse(asked, `no${status}`), ...also];
  return { kind: 'response', status, reason, headers: headersOf, body: NO_BODY };
}

/** What every response repeats (RFC 3261 section 8.2.6.2); To gets our tag where it has none. */
function echoedForResponse({ request, from }: Asked, tag: string): readonly SipHeader[] {
  const [top = '', ...others] = headers(request, 'Via');
  return [
    { name: 'Via', value: stampVia(top, from) },
    ...others.map((value) => ({ name: 'Via', value })),
    echo(request, 'From'),
    toWithTag(request, tag),
    echo(request, 'Call-ID'),
    echo(request, 'CSeq'),
  ];
}

function toWithTag(request: SipRequest, tag: string): SipHeader {
  const to = request.seen?.to ?? parseNameAddr(header(request, 'To') ?? '');
  if (to?.params.has('tag') === true) return echo(request, 'To');
  return { name: 'To', value: `${header(request, 'To') ?? ''};tag=${tag}` };
}

/** The first request of our side of the dialog, tags swapped (RFC 3261 section 12.2.1.1). */
export function notifyInDialog(answering: Answering, url: string): SipRequest {
  const { request, server, tag, branch, carrier } = answering;
  return notifyWith(answering, url, [
    { name: 'Via', value: viaOf(server, branch, carrier) },
    { name: 'Max-Forwards', value: '70' },
    { name: 'From', value: `${header(request, 'To') ?? ''};tag=${tag}` },
    { name: 'To', value: header(request, 'From') ?? '' },
    echo(request, 'Call-ID'),
    { name: 'CSeq', value: '1 NOTIFY' },
    { name: 'Contact', value: `<${showUri(server)}>` },
    { name: 'Event', value: EVENT },
  ]);
}

/** The profile counts from now on (RFC 6080 section 6.2). */
const EVENT = 'ua-profile;effective-by=0';

function viaOf(server: Peer, branch: string, carrier: Carrier): string {
  return `SIP/2.0/${carrier === 'stream' ? 'TCP' : 'UDP'} ${showPeer(server)};branch=${branch}`;
}

/**
 * Departure from RFC 3261 section 8.1.1, for phones that take nothing else: everything that names a sender is the
 * phone's own. Its answer goes to itself, so this NOTIFY is never acknowledged.
 */
export function notifyAsPrinted(answering: Answering, url: string): SipRequest {
  const { request, server } = answering;
  return notifyWith(answering, url, [
    echo(request, 'Via'),
    { name: 'Max-Forwards', value: '20' },
    { name: 'Contact', value: `<${showUri(server)}>` },
    echo(request, 'To'),
    echo(request, 'From'),
    echo(request, 'Call-ID'),
    { name: 'CSeq', value: '1 NOTIFY' },
    echo(request, 'Event'),
  ]);
}

function notifyWith(
  { request, from, tag, contact }: Answering,
  url: string,
  dialog: readonly SipHeader[],
): SipRequest {
  const type = contentTypeFor(header(request, 'Accept'));
  return {
    kind: 'request',
    method: 'NOTIFY',
    uri: notifyUri(contact, from),
    headers: [
      ...dialog,
      { name: 'Subscription-State', value: 'terminated;reason=timeout' },
      {
        name: 'Content-Type',
        value: type === INDIRECT ? `${INDIRECT};access-type="URL";URL="${url}"` : type,
      },
    ],
    // RFC 4483 section 3: the headers of what lies behind the URL, and nothing of it.
    body: Buffer.from(
      type === INDIRECT
        ? `Content-Type: application/octet-stream\r\nContent-ID: <${tag}@unboxd>\r\n\r\n`
        : url,
      'utf8',
    ),
  };
}

const PLAIN = 'application/url';
/** What RFC 6080 section 6.5 names, and no phone that was seen. */
const INDIRECT = 'message/external-body';

/**
 * The type under which the URL goes out: the one every phone takes, unless the phone names others only. What it names
 * comes back to it, and therefore has to be a type and nothing else.
 */
export function contentTypeFor(accepted: string | undefined): string {
  const types = (accepted ?? '')
    .split(',')
    .map((range) => trimmed(range.split(';', 1)[0] ?? '').toLowerCase())
    .filter((type) => /^[a-z0-9][\w.+-]{0,40}\/[\w.+*-]{1,40}$|^\*\/\*$/.test(type));
  const takesPlain = types.some((type) => type === PLAIN || type === 'application/*' || type === '*/*');
  if (takesPlain) return PLAIN;
  if (types.includes(INDIRECT)) return INDIRECT;
  return types.find((type) => !type.includes('*')) ?? PLAIN;
}

/** The phone's Contact where it names the source of the datagram, as phones like it; else that source. */
function notifyUri(contact: Contact | undefined, from: Peer): string {
  if (contact === undefined) return showUri(from);
  const { uri, parsed } = contact;
  const isTheirs = parsed?.scheme === 'sip' && parsed.host === showIpv4(from.address);
  // Headers in a URI may not stand in a Request-URI (RFC 3261 section 19.1.1).
  return isTheirs && parsed.headers === undefined && isCleanUri(uri) ? uri : showUri(from);
}

/**
 * A Via as a response carries it back: with the source as `received` where the Via names another (RFC 3261 section
 * 18.2.1) or where rport asks for it (RFC 3581 section 4). What the sender put there itself is dropped.
 */
function stampVia(via: string, from: Peer): string {
  const [sentBy = '', ...params] = splitOutside(via, ';') ?? [via];
  let asksPort = false;
  let stamped = sentBy;
  for (const text of params) {
    const name = trimmed(text.split('=', 1)[0] ?? '').toLowerCase();
    if (name === 'rport') asksPort = true;
    else if (name !== 'received') stamped += `;${text}`;
  }
  const source = showIpv4(from.address);
  if (asksPort) return `${stamped};rport=${from.port};received=${source}`;
  return parseVia(via)?.host === source ? stamped : `${stamped};received=${source}`;
}

function echo(request: SipRequest, name: 'Via' | 'From' | 'To' | 'Call-ID' | 'CSeq' | 'Event'): SipHeader {
  return { name, value: header(request, name) ?? '' };
}

export interface PushQuestion {
  readonly url: string;
  readonly to: Peer;
  /** Where we hear SIP. */
  readonly from: Peer;
  /** Fresh dice, all three; the branch with its cookie. */
  readonly callId: string;
  readonly tag: string;
  readonly branch: string;
}

/** The NOTIFY with the URL that no phone has asked for: outside of any dialog, for phones that take it all the same. */
export function pushRequest({ url, to, from, callId, tag, branch }: PushQuestion): SipRequest {
  const uri = showUri(to);
  return {
    kind: 'request',
    method: 'NOTIFY',
    uri,
    headers: [
      { name: 'Via', value: viaOf(from, branch, 'datagrams') },
      { name: 'Max-Forwards', value: '70' },
      { name: 'From', value: `<${showUri(from, 'unboxd')}>;tag=${tag}` },
      { name: 'To', value: `<${uri}>` },
      { name: 'Call-ID', value: callId },
      { name: 'CSeq', value: '1 NOTIFY' },
      { name: 'Contact', value: `<${showUri(from)}>` },
      { name: 'Event', value: EVENT },
      { name: 'Subscription-State', value: 'terminated;reason=timeout' },
      { name: 'Content-Type', value: PLAIN },
    ],
    body: Buffer.from(url, 'utf8'),
  };
}

// Which SUBSCRIBE is answered, and with what: the 200 and the NOTIFY that carries the URL (RFC 6665, RFC 6080).
// Errors are never sent: the group has other listeners, and a refusal from us would end the phone's search for them.
import { broadcastOf, isWithin, type Subnet, showIpv4 } from '../base/ipv4.ts';
import type { Peer } from '../net/ports.ts';
import type { Phone } from '../phones/phone.ts';
import type { PnpMode } from '../site/site.ts';
import type { Reason } from '../timeline/reason.ts';
import { eventOf } from './clues.ts';
import { header, headers, isCleanUri, type SipHeader, type SipRequest, type SipResponse } from './message.ts';
import { parseNameAddr, parseUri, parseVia, showPeer, showUri, splitOutside, trimmed } from './uri.ts';

/** rfc: a NOTIFY within the dialog of the SUBSCRIBE. legacy: as makers print it, with the phone's own Via, From and To. */
export type NotifyStyle = 'rfc' | 'legacy';

/** A request and where it came from: enough to see whether it asks for provisioning at all. */
export interface Knock {
  readonly request: SipRequest;
  readonly from: Peer;
  /** The served subnet. */
  readonly subnet: Subnet;
}

export interface PnpQuestion extends Knock {
  readonly mode: Exclude<PnpMode, 'off'>;
  readonly phone: Phone | undefined;
  /** What this phone is to be told, where there is anything to serve to it. */
  readonly url: string | undefined;
  readonly notifyStyle: NotifyStyle;
  /** Where we hear SIP. */
  readonly server: Peer;
  /** Fresh dice: our tag in the dialog. */
  readonly tag: string;
  /** Fresh dice: the branch of the NOTIFY, cookie included. */
  readonly branch: string;
}

/** Both messages of a reply go to the source of the datagram: no address that a message names is ever sent to. */
export type PnpDecision =
  | {
      readonly kind: 'reply';
      readonly response: SipResponse;
      readonly notify: SipRequest;
      readonly notifyStyle: NotifyStyle;
      readonly url: string;
    }
  | Silence;

export interface Silence {
  readonly kind: 'silence';
  readonly because: Reason;
  readonly detail?: string | undefined;
}

/** Whether datagrams may go there: to one host of the served subnet, and nowhere else. */
export function isReachable({ address, port }: Peer, subnet: Subnet): boolean {
  const isOneHost = subnet.prefix > 30 || (address !== subnet.network && address !== broadcastOf(subnet));
  return isWithin(subnet, address) && isOneHost && port > 0 && port <= 65_535;
}

/** What bars a request whoever the phone may be; undefined when it asks for provisioning. */
export function screenPnp({ request, from, subnet }: Knock): Silence | undefined {
  if (!isReachable(from, subnet)) return silence('sender-off-the-lan');
  if (request.method !== 'SUBSCRIBE') return silence('not-a-subscribe', request.method);
  if (eventOf(request).value !== 'ua-profile') return silence('event-not-served', header(request, 'Event'));
  // A To tag names a dialog (RFC 3261 section 12.2.2). Ours end with their first NOTIFY, so it is another server's.
  const isInDialog = parseNameAddr(header(request, 'To') ?? '')?.params.has('tag') === true;
  return isInDialog ? silence('subscription-elsewhere') : undefined;
}

/** Answers a phone that asks for provisioning, or stays silent; of several reasons the most general is given. */
export function decidePnp(question: PnpQuestion): PnpDecision {
  const { phone, url, mode } = question;
  const barred = screenPnp(question);
  if (barred !== undefined) return barred;
  if (phone === undefined) return silence('no-mac-in-request');
  if (mode === 'discover') return silence('discover-only');
  if (url === undefined) return silence('no-url-for-this-phone');
  const { notifyStyle } = question;
  const notify = notifyStyle === 'rfc' ? notifyInDialog(question, url) : notifyAsPrinted(question, url);
  return { kind: 'reply', response: accept(question), notify, notifyStyle, url };
}

function silence(because: Reason, detail?: string): Silence {
  return { kind: 'silence', because, detail };
}

/** RFC 3261 section 8.2.6.2; Expires 0 as asked: the subscription is a single question (RFC 6665 section 4.4.3). */
function accept({ request, from, server, tag }: PnpQuestion): SipResponse {
  const [top = '', ...others] = headers(request, 'Via');
  return {
    kind: 'response',
    status: 200,
    reason: 'OK',
    headers: [
      { name: 'Via', value: stampVia(top, from) },
      ...others.map((value) => ({ name: 'Via', value })),
      ...echoed(request, 'From'),
      { name: 'To', value: `${header(request, 'To') ?? ''};tag=${tag}` },
      ...echoed(request, 'Call-ID'),
      ...echoed(request, 'CSeq'),
      { name: 'Contact', value: `<${showUri(server)}>` },
      { name: 'Expires', value: '0' },
    ],
    body: new Uint8Array(),
  };
}

/** The first request of our side of the dialog, tags swapped (RFC 3261 section 12.2.1.1). */
function notifyInDialog(question: PnpQuestion, url: string): SipRequest {
  const { request, server, tag, branch } = question;
  return notifyWith(question, url, [
    { name: 'Via', value: `SIP/2.0/UDP ${showPeer(server)};branch=${branch}` },
    { name: 'Max-Forwards', value: '70' },
    { name: 'From', value: `${header(request, 'To') ?? ''};tag=${tag}` },
    { name: 'To', value: header(request, 'From') ?? '' },
    ...echoed(request, 'Call-ID'),
    { name: 'CSeq', value: '1 NOTIFY' },
    { name: 'Contact', value: `<${showUri(server)}>` },
    { name: 'Event', value: 'ua-profile;effective-by=0' },
  ]);
}

/**
 * Departure from RFC 3261 section 8.1.1, for phones that take nothing else: everything that names a sender is the
 * phone's own. Its answer goes to itself, so this NOTIFY is never acknowledged.
 */
function notifyAsPrinted(question: PnpQuestion, url: string): SipRequest {
  const { request, server } = question;
  return notifyWith(question, url, [
    { name: 'Via', value: header(request, 'Via') ?? '' },
    { name: 'Max-Forwards', value: '20' },
    { name: 'Contact', value: `<${showUri(server)}>` },
    ...echoed(request, 'To'),
    ...echoed(request, 'From'),
    ...echoed(request, 'Call-ID'),
    { name: 'CSeq', value: '1 NOTIFY' },
    ...echoed(request, 'Event'),
  ]);
}

function notifyWith({ request, from }: PnpQuestion, url: string, dialog: readonly SipHeader[]): SipRequest {
  return {
    kind: 'request',
    method: 'NOTIFY',
    uri: notifyUri(request, from),
    headers: [
      ...dialog,
      { name: 'Subscription-State', value: 'terminated;reason=timeout' },
      { name: 'Content-Type', value: 'application/url' },
    ],
    body: Buffer.from(url, 'utf8'),
  };
}

/** The phone's Contact where it names the source of the datagram, as phones like it; else that source. */
function notifyUri(request: SipRequest, from: Peer): string {
  const contact = splitOutside(header(request, 'Contact') ?? '', ',')?.[0] ?? '';
  const uri = parseNameAddr(contact)?.uri ?? '';
  const parsed = parseUri(uri);
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
  const named = params.map((text) => ({ text, name: trimmed(text.split('=', 1)[0] ?? '').toLowerCase() }));
  const kept = named.filter(({ name }) => name !== 'received' && name !== 'rport').map(({ text }) => text);
  const source = showIpv4(from.address);
  const asksPort = named.some(({ name }) => name === 'rport');
  const isTrue = parseVia(via)?.host === source;
  return [
    sentBy,
    ...kept,
    ...(asksPort ? [`rport=${from.port}`] : []),
    ...(asksPort || !isTrue ? [`received=${source}`] : []),
  ].join(';');
}

function echoed(
  request: SipRequest,
  name: 'From' | 'To' | 'Call-ID' | 'CSeq' | 'Event',
): readonly SipHeader[] {
  return headers(request, name)
    .slice(0, 1)
    .map((value) => ({ name, value }));
}

// Which SUBSCRIBE is answered, and with what (RFC 6665, RFC 6080). The words of the answers are in dialog.ts.
// To the group errors are never sent: it has other listeners, and a refusal from us would end the phone's search.
import { ANY, broadcastOf, isWithin, parseIpv4, type Subnet, showIpv4, showSubnet } from '../base/ipv4.ts';
import type { Peer } from '../net/ports.ts';
import type { Phone } from '../phones/phone.ts';
import type { PnpMode, PnpVerb } from '../site/site.ts';
import type { Reason } from '../timeline/reason.ts';
import { packageOf } from './clues.ts';
import { accept, type Contact, type NotifyStyle, notifyAsPrinted, notifyInDialog, refuse } from './dialog.ts';
import { header, type SipRequest, type SipResponse, tagOf, topVia } from './message.ts';
import type { Carrier } from './transaction.ts';

/** How a request came: to the group that others hear too, or to us alone. */
export type Ingress = 'group' | 'us';

/** A request and where it came from: enough to see whether it asks for provisioning at all. */
export interface Knock {
  readonly request: SipRequest;
  readonly from: Peer;
  readonly ingress: Ingress;
  /** What `contactOf` reads in it. */
  readonly contact: Contact | undefined;
  /** The served subnet, and the name of its interface. */
  readonly subnet: Subnet;
  /** More subnets that are served, behind routers: the group does not reach us from there, so their phones ask us alone. */
  readonly served?: readonly Subnet[] | undefined;
  readonly interface: string;
}

export interface PnpQuestion extends Knock {
  readonly mode: Exclude<PnpMode, 'off'>;
  readonly phone: Phone | undefined;
  /** What the installer's rules say of that phone. */
  readonly verb: PnpVerb;
  /** What this phone is to be told, where there is anything to serve to it. */
  readonly url: string | undefined;
  readonly notifyStyle: NotifyStyle;
  readonly carrier: Carrier;
  /** Where we hear SIP. */
  readonly server: Peer;
  /** Fresh dice: our tag in the dialog. */
  readonly tag: string;
  /** Fresh dice: the branch of the NOTIFY, cookie included. */
  readonly branch: string;
}

/** All messages of an answer go to the source of the request: no address that a message names is ever sent to. */
export type PnpDecision =
  | {
      readonly kind: 'reply';
      readonly response: SipResponse;
      readonly notify: SipRequest;
      readonly notifyStyle: NotifyStyle;
      readonly url: string;
    }
  | Barred;

/** Why a request is not answered with a URL. */
export interface Barred {
  /** `refuse`: the response says so. `silence`: nothing is sent. */
  readonly kind: 'silence' | 'refuse';
  readonly response?: SipResponse | undefined;
  readonly because: Reason;
  readonly detail?: string | undefined;
}

/** Whether datagrams may go there: to one host of the served subnet, and nowhere else. */
export function isReachable({ address, port }: Peer, subnet: Subnet): boolean {
  const isOneHost = subnet.prefix > 30 || (address !== subnet.network && address !== broadcastOf(subnet));
  return isWithin(subnet, address) && isOneHost && port > 0 && port <= 65_535;
}

/** The same for several subnets: those behind routers are served too. */
export function isServed(peer: Peer, subnet: Subnet, served: readonly Subnet[] = []): boolean {
  return isReachable(peer, subnet) || served.some((other) => isReachable(peer, other));
}

/** Whether it asks for provisioning, in the words of some phone: then what it gets wrong is overlooked. */
export function isPnp(request: SipRequest): boolean {
  return request.method === 'SUBSCRIBE' && packageOf(request) === 'ua-profile';
}

/** What bars a request whoever the phone may be; undefined when it asks for provisioning. */
export function screenPnp(knock: Knock): Barred | undefined {
  const { request, from, ingress, subnet, served } = knock;
  if (!isServed(from, subnet, ingress === 'us' ? served : [])) return strayed(knock);
  if (request.method !== 'SUBSCRIBE') return refusedMethod(knock);
  if (packageOf(request) !== 'ua-profile') {
    // RFC 6665 section 4.2.1.1.
    const words = { status: 489, reason: 'Bad Event', also: [{ name: 'Allow-Events', value: 'ua-profile' }] };
    return refusal(knock, words, 'event-not-served', header(request, 'Event'));
  }
  // A To tag names a dialog (RFC 3261 section 12.2.2). Ours end with their first NOTIFY, so it is another server's.
  if (tagOf(request, 'To') !== undefined) {
    return refusal(knock, { status: 481, reason: 'Subscription Does Not Exist' }, 'subscription-elsewhere');
  }
  const elsewhere = namedElsewhere(knock);
  return elsewhere === undefined ? undefined : silence('contact-elsewhere', elsewhere);
}

/** Answers a phone that asks for provisioning, or stays silent; of several reasons the most general is given. */
export function decidePnp(question: PnpQuestion): PnpDecision {
  const { phone, url, mode, verb, notifyStyle } = question;
  if (phone === undefined) return silence('no-mac-in-request');
  if (mode === 'discover') return silence('discover-only');
  if (verb === 'ignore') return silence('ignored-by-rule');
  if (verb === 'deny') {
    // The only error that the group may hear: somebody wrote down that this phone is to stop asking.
    const response = refuse(question, { status: 403, reason: 'Forbidden' });
    return { kind: 'refuse', response, because: 'denied-by-rule' };
  }
  if (url === undefined) return silence('no-url-for-this-phone');
  const notify = notifyStyle === 'rfc' ? notifyInDialog(question, url) : notifyAsPrinted(question, url);
  return { kind: 'reply', response: accept(question), notify, notifyStyle, url };
}

function silence(because: Reason, detail?: string): Barred {
  return { kind: 'silence', because, detail };
}

/** To the group it is silence. */
function refusal(
  { request, from, ingress }: Knock,
  words: Parameters<typeof refuse>[1],
  because: Reason,
  detail?: string,
): Barred {
  if (ingress === 'group') return silence(because, detail);
  return { kind: 'refuse', response: refuse({ request, from }, words), because, detail };
}

/**
 * RFC 3261 sections 8.2.1 and 11.2: who asks whether SIP is heard here gets a yes, and who wants something else learns so
 * at once and need not ask again for 32 s. Never for ACK (section 17.1.1.3).
 */
function refusedMethod(knock: Knock): Barred {
  const { method } = knock.request;
  if (method === 'ACK') return silence('not-a-subscribe', method);
  const [status, reason] = method === 'OPTIONS' ? [200, 'OK'] : [405, 'Method Not Allowed'];
  const also = [
    { name: 'Allow', value: 'SUBSCRIBE, OPTIONS' },
    { name: 'Allow-Events', value: 'ua-profile' },
  ];
  return refusal(knock, { status, reason, also }, 'not-a-subscribe', method);
}

/** From off the LAN. A phone among them shows that cables or addresses are not as the installer thinks. */
function strayed(knock: Knock): Barred {
  const { request, from, subnet } = knock;
  if (knock.ingress === 'us' || !isPnp(request) || isWithin(subnet, from.address))
    return silence('sender-off-the-lan');
  const detail = `${showIpv4(from.address)} is not in ${showSubnet(subnet)} of ${knock.interface}`;
  return silence('phone-of-another-lan', detail);
}

/**
 * The address off the LAN that the sender names as its own. A name is not looked up, and 0.0.0.0 is what phones write
 * that do not know their own address yet.
 */
function namedElsewhere({ request, from, contact, subnet, served = [] }: Knock): string | undefined {
  const source = showIpv4(from.address);
  const isElsewhere = (host: string | undefined): boolean => {
    // Nearly all name their source: comparing text is quicker than reading it.
    if (host === undefined || host === source) return false;
    const named = parseIpv4(host);
    if (named === undefined || named === ANY || isWithin(subnet, named)) return false;
    return !served.some((other) => isWithin(other, named));
  };
  const via = topVia(request)?.host;
  if (isElsewhere(via)) return `Via ${via}`;
  const host = contact?.parsed?.host;
  return isElsewhere(host) ? `Contact ${host}` : undefined;
}

// The NOTIFY that wakes a phone outside of any dialog, as PBXs send it: which event does what is vendor data.
import type { Peer } from '../net/ports.ts';
import type { SipHeader, SipRequest, SipResponse } from './message.ts';
import { showPeer, showUri } from './uri.ts';

export type Transport = 'udp' | 'tcp' | 'tls';

/** What one kind of wake-up looks like, from vendor data. */
export interface WakeMessage {
  /** The Event header, whole: `check-sync;reboot=false`, `resync`. */
  readonly event: string;
  /** The Subscription-State header; `terminated` unless the vendor wants another. */
  readonly state?: string | undefined;
  readonly contentType?: string | undefined;
  /** UTF-8. */
  readonly body?: string | undefined;
  /** More headers, as they stand. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface WakeQuestion extends WakeMessage {
  /** Who is meant: the Request-URI. Through a proxy the datagram goes elsewhere. */
  readonly to: Peer;
  /** Where we hear SIP. */
  readonly from: Peer;
  readonly transport?: Transport | undefined;
  /** The SIP account on the phone, for phones that refuse requests to nobody. */
  readonly user?: string | undefined;
  /** Fresh dice, all three; the branch with its cookie, another one for each try. */
  readonly callId: string;
  readonly tag: string;
  readonly branch: string;
  /** 1, and one more for each answer to a challenge (RFC 3261 section 22.2). */
  readonly cseq?: number | undefined;
  /** Answers to challenges. */
  readonly auth?: readonly SipHeader[] | undefined;
}

/** RFC 6665 section 8.2 asks for Event and Subscription-State, although no subscription stands behind this one. */
export function wakeRequest(question: WakeQuestion): SipRequest {
  const { event, to, from, user, callId, tag, branch, transport = 'udp', cseq = 1 } = question;
  const { auth = [], state = 'terminated', contentType, body = '' } = question;
  const uri = targetUri(to, user, transport);
  const more = Object.entries(question.headers ?? {}).map(([name, value]) => ({ name, value }));
  return {
    kind: 'request',
    method: 'NOTIFY',
    uri,
    headers: [
      { name: 'Via', value: `SIP/2.0/${transport.toUpperCase()} ${showPeer(from)};branch=${branch}` },
      { name: 'Max-Forwards', value: '70' },
      { name: 'From', value: `<${showUri(from, 'unboxd')}>;tag=${tag}` },
      { name: 'To', value: `<${uri}>` },
      { name: 'Call-ID', value: callId },
      { name: 'CSeq', value: `${cseq} NOTIFY` },
      { name: 'Contact', value: `<${targetUri(from, undefined, transport)}>` },
      { name: 'Event', value: event },
      { name: 'Subscription-State', value: state },
      ...more,
      ...auth,
      ...(contentType === undefined ? [] : [{ name: 'Content-Type', value: contentType }]),
    ],
    body: body === '' ? new Uint8Array() : Buffer.from(body, 'utf8'),
  };
}

/** RFC 3261 section 19.1.1: UDP needs no word. Not sips: a phone takes TLS from us, its proxies need not. */
function targetUri(to: Peer, user: string | undefined, transport: Transport): string {
  return showUri(to, user) + (transport === 'udp' ? '' : `;transport=${transport}`);
}

/** What a final response to a wake-up says. */
export type Verdict =
  | 'accepted' // it said yes; only the fetch that follows proves it
  | 'wants-password' // 401 or 407: it obeys its registrar only
  | 'later' // 480, 486, 503: busy now
  | 'refused'; // reached, and not willing: trying again does not help

/** Reads a final response, 200 to 699. */
export function verdictOf({ status }: Pick<SipResponse, 'status'>): Verdict {
  if (status < 300) return 'accepted';
  if (status === 401 || status === 407) return 'wants-password';
  return status === 480 || status === 486 || status === 503 ? 'later' : 'refused';
}

// The NOTIFY that wakes a phone outside of any dialog, as PBXs send it: which event does what is vendor data.
import type { Peer } from '../net/ports.ts';
import type { SipRequest, SipResponse } from './message.ts';
import { showPeer, showUri } from './uri.ts';

export interface WakeQuestion {
  /** The Event header, whole: `check-sync;reboot=false`, `resync`. */
  readonly event: string;
  readonly to: Peer;
  /** Where we hear SIP. */
  readonly from: Peer;
  /** The SIP account on the phone, for phones that refuse requests to nobody. */
  readonly user?: string | undefined;
  /** Fresh dice, all three; the branch with its cookie. */
  readonly callId: string;
  readonly tag: string;
  readonly branch: string;
}

/** RFC 6665 section 8.2 asks for Event and Subscription-State, although no subscription stands behind this one. */
export function wakeRequest({ event, to, from, user, callId, tag, branch }: WakeQuestion): SipRequest {
  const uri = showUri(to, user);
  return {
    kind: 'request',
    method: 'NOTIFY',
    uri,
    headers: [
      { name: 'Via', value: `SIP/2.0/UDP ${showPeer(from)};branch=${branch}` },
      { name: 'Max-Forwards', value: '70' },
      { name: 'From', value: `<${showUri(from, 'unboxd')}>;tag=${tag}` },
      { name: 'To', value: `<${uri}>` },
      { name: 'Call-ID', value: callId },
      { name: 'CSeq', value: '1 NOTIFY' },
      { name: 'Contact', value: `<${showUri(from)}>` },
      { name: 'Event', value: event },
      { name: 'Subscription-State', value: 'terminated' },
    ],
    body: new Uint8Array(),
  };
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

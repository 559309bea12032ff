// What a phone says and hears in SIP: the PnP question by multicast, and the wake-up. For simulated phones.
import { latin1 } from '../base/bytes.ts';
import { type Fillings, fill } from '../base/fill.ts';
import { type Ipv4, showIpv4 } from '../base/ipv4.ts';
import {
  decodeMessage,
  encodeMessage,
  header,
  type SipHeader,
  type SipMessage,
  type SipRequest,
} from '../sip/message.ts';

/** How this phone presents itself. */
export interface PnpVoice {
  readonly uri: string;
  readonly event: string;
  readonly userAgent: string;
  readonly address: Ipv4;
  readonly port: number;
  /** Unlike any other's: Call-ID, tag and branch are made of it. */
  readonly id: string;
}

const NO_BODY = new Uint8Array();

/** SUBSCRIBE for ua-profile (RFC 6080 section 5) in the form that phones multicast it. */
export function askByPnp(voice: PnpVoice, fillings: Fillings): Uint8Array {
  const uri = fill(voice.uri, fillings).text;
  const here = `${showIpv4(voice.address)}:${voice.port}`;
  const headers: SipHeader[] = [
    { name: 'Via', value: `SIP/2.0/UDP ${here};branch=z9hG4bK${voice.id};rport` },
    { name: 'From', value: `<${uri}>;tag=${voice.id}` },
    { name: 'To', value: `<${uri}>` },
    { name: 'Call-ID', value: `${voice.id}@${showIpv4(voice.address)}` },
    { name: 'CSeq', value: '1 SUBSCRIBE' },
    { name: 'Contact', value: `<sip:${here}>` },
    { name: 'Event', value: fill(voice.event, fillings).text },
    { name: 'Accept', value: 'application/url' },
    { name: 'User-Agent', value: voice.userAgent },
    { name: 'Expires', value: '0' },
    { name: 'Max-Forwards', value: '70' },
  ];
  return encodeMessage({ kind: 'request', method: 'SUBSCRIBE', uri, headers, body: NO_BODY });
}

/** A NOTIFY that this phone understands. */
export type Heard =
  | { readonly kind: 'url'; readonly url: string; readonly answer: Uint8Array }
  | { readonly kind: 'wake'; readonly event: string; readonly answer: Uint8Array };

/** Reads a datagram at the SIP port; `challenges`: wake-ups without a password get a 401 (RFC 3261 section 22). */
export function hear(bytes: Uint8Array, challenges: boolean): Heard | undefined {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok || decoded.value.kind !== 'request' || decoded.value.method !== 'NOTIFY') return undefined;
  const request = decoded.value;
  const event = header(request, 'Event') ?? '';
  if (/^ua-profile/i.test(event)) {
    return {
      kind: 'url',
      url: latin1(request.body).trim(),
      answer: respond(request, { status: 200, reason: 'OK' }),
    };
  }
  if (challenges && !request.headers.some(({ name }) => name.toLowerCase() === 'authorization')) {
    const challenge = {
      name: 'WWW-Authenticate',
      value: 'Digest realm="phone", nonce="simulated", qop="auth"',
    };
    return {
      kind: 'wake',
      event: '',
      answer: respond(request, { status: 401, reason: 'Unauthorized' }, [challenge]),
    };
  }
  return { kind: 'wake', event, answer: respond(request, { status: 200, reason: 'OK' }) };
}

function respond(
  request: SipRequest,
  line: { readonly status: number; readonly reason: string },
  more: readonly SipHeader[] = [],
): Uint8Array {
  const echoed = request.headers.filter(({ name }) =>
    ['Via', 'From', 'To', 'Call-ID', 'CSeq'].includes(name),
  );
  const response: SipMessage = { kind: 'response', ...line, headers: [...echoed, ...more], body: NO_BODY };
  return encodeMessage(response);
}

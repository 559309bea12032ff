// How one phone is woken: what its maker wants, where it hears SIP, and with whose password.
import { fill } from '../base/fill.ts';
import { type Ipv4, parseIpv4 } from '../base/ipv4.ts';
import type { Peer } from '../net/ports.ts';
import type { Phone } from '../phones/phone.ts';
import type { Vendor } from '../phones/vendor.ts';
import type { WakeUp } from '../phones/wake.ts';
import type { WakeRequest } from '../sip/notifier.ts';
import type { WakeManner, Why } from '../sip/storm-plan.ts';
import type { Waking } from '../site/load-wake.ts';

/** Where phones hear SIP unless they told otherwise (RFC 3261 section 19.1.2). */
const SIP_PORT = { udp: 5060, tcp: 5060, tls: 5061 } as const;

export interface WakePlan {
  readonly request: WakeRequest;
  readonly effect: string;
}

/** What to send to the phone, or why there is nothing to send. */
export function planWake(
  phone: Phone,
  vendor: Vendor | undefined,
  { manner, waking }: { readonly manner: WakeManner; readonly waking: Waking },
): WakePlan | Why {
  if (vendor === undefined) return 'unknown-make';
  const { mac, address } = phone;
  if (address === undefined) return 'no-address';
  const wake: WakeUp | undefined = vendor.wake[manner.what];
  if (wake === undefined || (manner.byHttp && wake.http === undefined)) return 'no-such-wake';
  const filled = (text: string): string => fill(text, { url: manner.url ?? '' }).text;
  const { contentType, body, headers, state } = wake;
  const message = { contentType, body: body && filled(body), headers, state };
  const transport = manner.transport ?? vendor.wake.transport;
  return {
    effect: wake.effect,
    request: {
      mac,
      address,
      port: transport === 'tls' ? SIP_PORT.tls : (phone.sipPort ?? SIP_PORT[transport]),
      event: filled(wake.event),
      message,
      user: vendor.wake.needsUser ? accountOf(phone) : undefined,
      credentials: credentialsOf(phone, waking),
      transport,
      via: manner.via === undefined ? undefined : parsePeer(manner.via),
      http: manner.byHttp && wake.http !== undefined ? filled(wake.http) : undefined,
    },
  };
}

/** The account by which a registrar knows the phone. */
export function accountOf({ listed }: Phone): string | undefined {
  return listed?.columns['sip_user'] ?? listed?.extension;
}

/** The phone's own, else those for its maker, else those for all. */
function credentialsOf({ listed, identity }: Phone, { credentials }: Waking): WakeRequest['credentials'] {
  const columns = listed?.columns ?? {};
  const sipUser = columns['sip_auth_user'] ?? columns['sip_auth'] ?? columns['sip_user'];
  for (const [user, password] of [
    [columns['wake_user'] ?? sipUser, columns['wake_password']],
    [sipUser, columns['sip_password']],
  ]) {
    if (user !== undefined && password !== undefined) return { user, password };
  }
  return (
    credentials.find(({ vendor }) => vendor !== undefined && vendor === identity.vendor) ??
    credentials.find(({ vendor }) => vendor === undefined)
  );
}

/** Reads `10.20.0.5` or `10.20.0.5:5080`. */
export function parsePeer(text: string): Peer | undefined {
  const [, host = '', digits = '5060'] = /^([\d.]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address: Ipv4 | undefined = parseIpv4(host);
  const port = Number(digits);
  return address === undefined || port < 1 || port > 65_535 ? undefined : { address, port };
}

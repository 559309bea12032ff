// The guard of PnP: asks the group as a phone would and sees who answers beside us. Two responders tell a phone two
// URLs, and the quicker one wins.
import { showIpv4 } from '../base/ipv4.ts';
import { type Mac, showMac } from '../base/mac.ts';
import type { Closable, World } from '../base/world.ts';
import type { Peer } from '../net/ports.ts';
import { inventMac, openSentry, type SentryParts, type Sighting } from '../net/sentry.ts';
import type { ForeignServer } from '../timeline/lookout.ts';
import { decodeMessage, encodeMessage } from './message.ts';
import { randomBranch, randomToken } from './notifier.ts';
import { SIP_GROUP, SIP_PORT } from './sockets.ts';
import { showPeer } from './uri.ts';

export type PnpGuardParts = Omit<SentryParts, 'stops' | 'allow'>;

export interface PnpGuard extends Closable {
  /** Whether that phone is this guard itself, which our own door must not answer. */
  isProbe(mac: Mac): boolean;
  foreign(): readonly ForeignServer[];
}

/** Opens the guard; its first look begins at once. What a NOTIFY says is neither answered nor fetched. */
export async function openPnpGuard(parts: PnpGuardParts): Promise<PnpGuard> {
  const { world, lan } = parts;
  const probe = inventMac(world);
  const sentry = await openSentry(
    { ...parts, stops: false, allow: new Set() },
    {
      door: 'pnp',
      socket: { port: 0, purpose: 'the PnP guard' },
      without: 'other PnP servers are not looked for',
      to: { address: SIP_GROUP, port: SIP_PORT },
      question: (port) => subscribe(world, { address: lan.address, port }, probe),
      read: readAnswer,
    },
  );
  return {
    isProbe: (mac) => mac === probe,
    foreign: () => sentry.foreign(),
    close: async () => await sentry.close(),
  };
}

/** SUBSCRIBE for ua-profile (RFC 6080 section 5) with the address of record that phones use: their MAC. */
function subscribe(world: World, us: Peer, mac: Mac): Uint8Array {
  const uri = `sip:MAC%3a${mac}@${showIpv4(SIP_GROUP)}`;
  return encodeMessage({
    kind: 'request',
    method: 'SUBSCRIBE',
    uri,
    headers: [
      { name: 'Via', value: `SIP/2.0/UDP ${showPeer(us)};branch=${randomBranch(world)};rport` },
      { name: 'Max-Forwards', value: '70' },
      { name: 'From', value: `<${uri}>;tag=${randomToken(world)}` },
      { name: 'To', value: `<${uri}>` },
      { name: 'Call-ID', value: `${randomToken(world)}@${showIpv4(us.address)}` },
      { name: 'CSeq', value: '1 SUBSCRIBE' },
      { name: 'Contact', value: `<sip:MAC%3a${mac}@${showPeer(us)}>` },
      {
        name: 'Event',
        value: 'ua-profile;profile-type="device";vendor="unboxd";model="guard";version="1"',
      },
      { name: 'Accept', value: 'application/url' },
      { name: 'User-Agent', value: `unboxd guard ${showMac(mac)}` },
      { name: 'Expires', value: '0' },
    ],
    body: new Uint8Array(),
  });
}

/** Whoever takes the subscription or tells a URL. A refusal tells none: a PBX that listens to the group is no harm. */
function readAnswer(bytes: Uint8Array, from: Peer): Sighting | undefined {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) return undefined;
  const message = decoded.value;
  const tellsUrl = message.kind === 'request' && message.method === 'NOTIFY';
  const agrees = message.kind === 'response' && message.status >= 200 && message.status < 300;
  return tellsUrl || agrees ? { server: from.address } : undefined;
}

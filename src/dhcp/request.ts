// Which question of RFC 2131 a client's message asks.
import { broadcastOf, type Ipv4, isWithin } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { LanSite } from '../site/site.ts';
import type { Reason } from '../timeline/reason.ts';
import { macOf, messageType, requestedAddress, serverId } from './clues.ts';
import type { MessageType } from './options.ts';
import { BOOTREQUEST, type DhcpMessage } from './packet.ts';

/** What a client can ask (RFC 2131 table 2, the left half). */
const QUESTIONS = [
  'discover',
  'request',
  'decline',
  'release',
  'inform',
] as const satisfies readonly MessageType[];

/** A message that deserves a decision: what it asks, and who asks. */
export interface Question {
  readonly request: DhcpMessage;
  readonly type: (typeof QUESTIONS)[number];
  readonly mac: Mac;
}

/** The question that a message asks, or why it gets no answer whoever sent it. */
export function questionOf(
  request: DhcpMessage,
  lan: Pick<LanSite, 'address' | 'subnet'>,
): Result<Question, Reason> {
  if (request.op !== BOOTREQUEST) return err('not-a-request');
  const said = messageType(request.options);
  if (said === undefined) return err('no-reservation');
  const type = QUESTIONS.find((question) => question === said);
  if (type === undefined) return err('message-not-for-a-server');
  const mac = macOf(request);
  if (mac === undefined) return err('unusable-hardware-address');
  // giaddr is where the answer goes: nobody may point it out of the LAN or at ourselves.
  if (request.giaddr !== 0 && (!isHost(lan, request.giaddr) || request.giaddr === lan.address)) {
    return err('relay-not-served');
  }
  return ok({ request, type, mac });
}

/** An address of the served subnet that one host can have. */
export function isHost(lan: Pick<LanSite, 'subnet'>, address: Ipv4): boolean {
  return (
    isWithin(lan.subnet, address) && address !== lan.subnet.network && address !== broadcastOf(lan.subnet)
  );
}

/** A REQUEST as RFC 2131 section 4.3.2 tells them apart. */
export interface AddressRequest {
  /** extending: RENEWING or REBINDING. Only the destination address tells these two apart, and a socket hides it. */
  readonly state: 'selecting' | 'init-reboot' | 'extending';
  /** The server that the client chose. */
  readonly server?: Ipv4 | undefined;
  /** What it wants; undefined in a request that names no address. */
  readonly address?: Ipv4 | undefined;
}

/** Reads a REQUEST by its table 4. Clients that fill more fields than they should are taken by ciaddr first. */
export function readAddressRequest(request: DhcpMessage): AddressRequest {
  const server = serverId(request.options);
  if (request.ciaddr !== 0) return { state: 'extending', server, address: request.ciaddr };
  const address = requestedAddress(request.options);
  return { state: server === undefined ? 'init-reboot' : 'selecting', server, address };
}

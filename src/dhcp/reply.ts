// The form of a reply: RFC 2131 table 3, and where it goes (section 4.1).
import { ANY, BROADCAST, type Ipv4 } from '../base/ipv4.ts';
import type { Peer } from '../net/ports.ts';
import { clientId } from './clues.ts';
import { leaseTimes, type Offer } from './offer.ts';
import { encodeIps, encodeMessageType } from './options.ts';
import { BOOTREPLY, BROADCAST_FLAG, type DhcpMessage } from './packet.ts';
import type { Question } from './request.ts';
import { selectOptions } from './select.ts';

export interface Reply {
  readonly kind: 'reply';
  readonly reply: DhcpMessage;
  readonly to: Peer;
}

/** What a reply says. */
export interface Said {
  /** bootp: an answer without message type and lease (RFC 1534). */
  readonly type: 'offer' | 'ack' | 'nak' | 'bootp';
  readonly yiaddr: Ipv4;
  /** Length of the lease in seconds; absent where the reply speaks of none. */
  readonly seconds?: number | undefined;
  /** Absent for a NAK, which carries nothing. */
  readonly offer?: Offer | undefined;
  readonly asks?: readonly number[] | undefined;
  /** RFC 4039: the ACK answers a DISCOVER. */
  readonly isRapid?: boolean | undefined;
}

const CLIENT_PORT = 68;
const LEASE_TIME = 51;
const SERVER_ID = 54;
const CLIENT_ID = 61;
const RAPID_COMMIT = 80;
const RELAY_INFORMATION = 82;
const SUBNET_SELECTION = 118;
/** Options that speak of a lease: not for INFORM (RFC 2131 section 4.3.5). */
const LEASE_OPTIONS = [LEASE_TIME, 58, 59];
const TYPES = {
  offer: encodeMessageType('offer'),
  ack: encodeMessageType('ack'),
  nak: encodeMessageType('nak'),
};

/** The reply, and to whom it is sent. */
export function replyTo({ request, server, relayPort }: Question, said: Said): Reply {
  const { type, yiaddr, offer } = said;
  // RFC 2131 section 4.3.2: the relay must broadcast a NAK, for the phone may not hear its address any more.
  const broadcast = type === 'nak' && request.giaddr !== 0 ? BROADCAST_FLAG : 0;
  const options = new Map<number, Uint8Array>();
  if (type !== 'bootp') {
    options.set(53, TYPES[type]);
    options.set(SERVER_ID, encodeIps([server]));
  }
  const id = clientId(request.options);
  if (id !== undefined) options.set(CLIENT_ID, id); // RFC 6842
  if (said.isRapid === true) options.set(RAPID_COMMIT, EMPTY);
  if (offer !== undefined) addOptions(options, offer, said);
  const subnet = request.options.get(SUBNET_SELECTION);
  // RFC 3011 section 2: a client that chose its subnet takes no answer without its choice.
  if (subnet !== undefined && offer !== undefined) options.set(SUBNET_SELECTION, subnet);
  const relay = request.options.get(RELAY_INFORMATION);
  if (relay !== undefined) options.set(RELAY_INFORMATION, relay); // RFC 3046 section 2.2
  const reply: DhcpMessage = {
    op: BOOTREPLY,
    htype: request.htype,
    hops: 0,
    xid: request.xid,
    secs: 0,
    flags: request.flags | broadcast,
    // A DISCOVER has none to repeat, whatever it says there: the answer would go to it.
    ciaddr: type === 'ack' && said.isRapid !== true ? request.ciaddr : ANY,
    yiaddr,
    siaddr: offer?.siaddr ?? ANY,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: offer?.sname ?? '',
    file: offer?.file ?? '',
    options,
  };
  return { kind: 'reply', reply, to: destinationOf(reply, relayPort) };
}

const EMPTY = new Uint8Array();

/** The options that a client of these habits gets; without a lease none that speak of one. */
function addOptions(options: Map<number, Uint8Array>, offer: Offer, { type, seconds, asks }: Said): void {
  for (const { code, bytes } of selectOptions(offer.options, asks).options) {
    if (code === SERVER_ID) continue;
    if (seconds !== undefined || !LEASE_OPTIONS.includes(code)) options.set(code, bytes);
  }
  if (type === 'bootp' || seconds === undefined || seconds * 1000 === offer.lease) return;
  for (const [code, bytes] of leaseTimes(seconds)) if (options.has(code)) options.set(code, bytes);
}

/** Where a reply must go (RFC 2131 section 4.1). */
function destinationOf({ giaddr, ciaddr }: DhcpMessage, relayPort: number): Peer {
  if (giaddr !== 0) return { address: giaddr, port: relayPort };
  if (ciaddr !== 0) return { address: ciaddr, port: CLIENT_PORT };
  // Departure: with the broadcast flag clear the RFC wants unicast to chaddr and yiaddr. A plain UDP socket has no ARP
  // entry for a phone without an address, and the RFC lets a server broadcast that cannot send unicast.
  return EVERYONE;
}

const EVERYONE: Peer = { address: BROADCAST, port: CLIENT_PORT };

// The guard at port 68: looks for other DHCP servers on the LAN, and hears what they send to phones. It asks for
// addresses in the name of nobody and never takes one.
import { ANY, BROADCAST, type Ipv4, ipv4FromBytes } from '../base/ipv4.ts';
import { isUnusableMac, type Mac, macFromBytes } from '../base/mac.ts';
import type { Closable } from '../base/world.ts';
import type { Peer } from '../net/ports.ts';
import { inventMac, openSentry, type SentryParts, type Sighting } from '../net/sentry.ts';
import type { ForeignServer } from '../timeline/lookout.ts';
import { messageType } from './clues.ts';
import { encodeMessageType } from './options.ts';
import { BOOTREPLY, BOOTREQUEST, BROADCAST_FLAG, decodePacket, encodePacket } from './packet.ts';

export type GuardParts = SentryParts;

export interface Guard extends Closable {
  /** Why nothing may be offered now. */
  objection(): 'looking-around' | 'foreign-server-answers' | undefined;
  /** Whether that client is this guard itself, which our own server must not answer. */
  isProbe(mac: Mac): boolean;
  /** To be called when the REQUEST of a phone names another server in option 54. */
  heard(server: Ipv4, mac: Mac): void;
  foreign(): readonly ForeignServer[];
}

const SERVER_PORT = 67;
const CLIENT_PORT = 68;
const SERVER_ID = 54;
/** What phones ask for: a server that has rules about it should know us for one. */
const ASKS = Uint8Array.of(1, 3, 6, 15, 66, 43, 150, 160);

/** Opens the guard; its first look begins at once and takes a second. Never rejects for want of port 68: that is told. */
export async function openGuard(parts: GuardParts): Promise<Guard> {
  // One for all looks: a server that keeps its offers for a while loses one address to us and not one each time.
  const probe = inventMac(parts.world);
  const sentry = await openSentry(parts, {
    door: 'dhcp',
    socket: { port: CLIENT_PORT, purpose: 'the DHCP guard', shared: true },
    without: 'other DHCP servers are not looked for',
    to: { address: BROADCAST, port: SERVER_PORT },
    question: () => discover(probe, Math.floor(parts.world.random() * 2 ** 32)),
    read: (bytes, from) => readReply(bytes, from, probe),
  });
  return {
    objection: () => {
      if (!parts.stops) return undefined;
      if (sentry.foreign().length > 0) return 'foreign-server-answers';
      return sentry.isNew() ? 'looking-around' : undefined;
    },
    isProbe: (mac) => mac === probe,
    heard: (server, mac) => sentry.named(server, mac),
    foreign: () => sentry.foreign(),
    close: async () => await sentry.close(),
  };
}

/** RFC 2131 section 4.1: with the broadcast flag, since the answer to a stranger's address would not reach us. */
function discover(mac: Mac, xid: number): Uint8Array {
  return encodePacket({
    op: BOOTREQUEST,
    htype: 1,
    hops: 0,
    xid,
    secs: 0,
    flags: BROADCAST_FLAG,
    ciaddr: ANY,
    yiaddr: ANY,
    siaddr: ANY,
    giaddr: ANY,
    chaddr: Buffer.from(mac, 'hex'),
    sname: '',
    file: '',
    options: new Map([
      [53, encodeMessageType('discover')],
      [55, ASKS],
    ]),
  }).bytes;
}

/** The server behind an OFFER, ACK or NAK, whoever it was meant for. An ACK shows a phone that obeys it. */
function readReply(bytes: Uint8Array, from: Peer, probe: Mac): Sighting | undefined {
  const decoded = decodePacket(bytes);
  if (!decoded.ok || decoded.value.op !== BOOTREPLY) return undefined;
  const { htype, chaddr, yiaddr, siaddr, options } = decoded.value;
  const type = messageType(options);
  if (type !== 'offer' && type !== 'ack' && type !== 'nak') return undefined;
  // Options without an address (to INFORM, or of a PXE proxy) are a companion's work, which does no harm to ours.
  if (type !== 'nak' && yiaddr === ANY) return undefined;
  const named = ipv4FromBytes(options.get(SERVER_ID) ?? new Uint8Array());
  const server = [named, siaddr].find((one) => one !== undefined && one !== ANY && one !== BROADCAST);
  const mac = htype === 1 && chaddr.length === 6 ? macFromBytes(chaddr) : undefined;
  const isPhone = type === 'ack' && mac !== undefined && mac !== probe && !isUnusableMac(mac);
  return { server: server ?? from.address, phone: isPhone ? mac : undefined };
}

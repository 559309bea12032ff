// Which question a client's message asks, who asks it, and from which subnet.
import { toHex } from '../base/bytes.ts';
import { broadcastOf, type Ipv4, isWithin } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Peer } from '../net/ports.ts';
import type { LanSite, Scope } from '../site/site.ts';
import type { Reason } from '../timeline/reason.ts';
import {
  clientId,
  macOf,
  messageType,
  type RelayInformation,
  relayInformation,
  requestedAddress,
  serverId,
  subnetSelection,
} from './clues.ts';
import type { ClientKey } from './lease-table.ts';
import { BOOTREQUEST, type DhcpMessage } from './packet.ts';

/** What a client can ask (RFC 2131 table 2, the left half), and the plain BOOTP request (RFC 951). */
const QUESTIONS = ['discover', 'request', 'decline', 'release', 'inform', 'bootp'] as const;

/** A message that deserves a decision: what it asks, who asks, from where. */
export interface Question {
  readonly request: DhcpMessage;
  readonly type: (typeof QUESTIONS)[number];
  /** By what the client is told from others: `lans.dhcp.identity`. */
  readonly client: ClientKey;
  /** Absent for a client without Ethernet address, which cannot be a phone. */
  readonly mac?: Mac | undefined;
  readonly scope: Scope;
  /** As which server we speak: our address, or the one that the relay wants (RFC 5107). */
  readonly server: Ipv4;
  /** What a relay, or a switch that is trusted, says of the client. */
  readonly relay?: RelayInformation | undefined;
  /** To which port of the relay the answer goes. */
  readonly relayPort: number;
}

const SERVER_PORT = 67;
const SUBNET_SELECTION = 118;
/** RFC 1542 section 4.1.1: a message that went through more relays goes in a circle. */
const MOST_HOPS = 16;

/** The question that a message asks, or why it gets no answer whoever sent it. */
export function questionOf(request: DhcpMessage, lan: LanSite, from?: Peer): Result<Question, Reason> {
  if (request.op !== BOOTREQUEST) return err('not-a-request');
  const said = messageType(request.options) ?? 'bootp';
  const type = QUESTIONS.find((question) => question === said);
  if (type === undefined) return err('message-not-for-a-server');
  const mac = macOf(request);
  const client = clientKeyOf(request, lan.dhcp.identity, mac);
  if (client === undefined) return err('unusable-hardware-address');
  const told = relayInformation(request.options);
  const isRelayed = request.giaddr !== 0;
  const relay = isRelayed || lan.dhcp.trust82 ? told : undefined;
  const scope = scopeOf(request, lan, relay);
  if (scope === undefined || (isRelayed && !isRelay(request, lan))) return err('relay-not-served');
  const server = (isRelayed ? relay?.server : undefined) ?? lan.address;
  const relayPort = relay?.isFromAnyPort === true ? (from?.port ?? SERVER_PORT) : SERVER_PORT;
  return ok({ request, type, client, mac, scope, server, relay, relayPort });
}

/** All by which an address may be reserved for a client: itself, its MAC, its identifier, its switch port. */
export function aliasesOf({ client, mac, request, relay }: Question): readonly ClientKey[] {
  const id = clientId(request.options);
  return [
    client,
    ...(mac === undefined ? [] : [mac]),
    ...(id === undefined ? [] : [identifierKey(id)]),
    ...(relay?.circuitId === undefined ? [] : [portKey(relay.circuitId)]),
  ];
}

/** The key of a client identifier (option 61). */
function identifierKey(id: Uint8Array): ClientKey {
  return `id:${toHex(id)}`;
}

/** The key of whoever is at a port of a switch: the circuit-id as Latin-1 (option 82, sub-option 1). */
function portKey(circuitId: string): ClientKey {
  return `port:${circuitId}`;
}

/**
 * By default the MAC; with `identity: client-id` the client identifier (RFC 4361). Clients without a MAC are known by
 * their identifier, else by their hardware address of another kind.
 */
function clientKeyOf(
  { htype, chaddr, options }: DhcpMessage,
  identity: LanSite['dhcp']['identity'],
  mac: Mac | undefined,
): ClientKey | undefined {
  if (identity === 'mac' && mac !== undefined) return mac;
  const id = clientId(options);
  if (id !== undefined && id.length > 1) return identifierKey(id);
  if (mac !== undefined) return mac;
  const isOdd = htype !== 1 || chaddr.length !== 6;
  return isOdd && chaddr.some((byte) => byte !== 0) ? `hw${htype}:${toHex(chaddr)}` : undefined;
}

/** Our own subnet and those behind relays. */
export function scopesOf(lan: LanSite): readonly Scope[] {
  return scopes.get(lan) ?? made(lan);
}

/** The subnet of our interface. */
export function ownScope(lan: LanSite): Scope {
  return scopesOf(lan)[0] ?? { ...lan.dhcp, subnet: lan.subnet };
}

/** Made once; the settings object is the key, so that a reload makes new ones. */
const scopes = new WeakMap<LanSite, readonly Scope[]>();

function made(lan: LanSite): readonly Scope[] {
  const { subnet, dhcp } = lan;
  const all = [{ ...dhcp, subnet }, ...dhcp.relayed];
  scopes.set(lan, all);
  return all;
}

/**
 * Where the client is: what the relay says (RFC 3527), else the relay's own subnet, else what the client chooses
 * (RFC 3011). A client with an address behind a relay renews past the relay: then its address tells.
 */
function scopeOf(
  { giaddr, ciaddr, options }: DhcpMessage,
  lan: LanSite,
  relay: RelayInformation | undefined,
): Scope | undefined {
  const all = scopesOf(lan);
  if (giaddr !== 0 || options.has(SUBNET_SELECTION)) {
    const link = relay?.link ?? (giaddr === 0 ? subnetSelection(options) : giaddr);
    return link === undefined ? all[0] : all.find(({ subnet }) => isWithin(subnet, link));
  }
  const isAtHome = ciaddr === 0 || all.length === 1 || messageType(options) === 'discover';
  return (isAtHome ? undefined : all.find(({ subnet }) => isWithin(subnet, ciaddr))) ?? all[0];
}

/** giaddr is where the answer goes: nobody may point it anywhere but at a host of a served subnet, or at ourselves. */
function isRelay({ giaddr, hops }: DhcpMessage, lan: LanSite): boolean {
  if (hops > MOST_HOPS || giaddr === lan.address) return false;
  return scopesOf(lan).some((scope) => isHost(scope, giaddr));
}

/** An address of the subnet that one host can have. */
export function isHost({ subnet }: Pick<Scope, 'subnet'>, address: Ipv4): boolean {
  return isWithin(subnet, address) && address !== subnet.network && address !== broadcastOf(subnet);
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

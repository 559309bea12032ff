// What a DHCP server answers: the client states of RFC 2131 section 4.3, each with its rule. Pure but for the lease
// table, which is changed before the answer leaves, so that the next message finds it as it will be.
import { ANY, BROADCAST, type Ipv4 } from '../base/ipv4.ts';
import type { Millis } from '../base/world.ts';
import type { Peer } from '../net/ports.ts';
import type { Phone } from '../phones/phone.ts';
import type { LanSite } from '../site/site.ts';
import type { PhoneEvent } from '../timeline/event.ts';
import type { Reason } from '../timeline/reason.ts';
import { clientId, parameterRequestList, requestedAddress, vendorClass } from './clues.ts';
import {
  bind,
  decline,
  type LeaseChange,
  type LeaseTable,
  offer,
  release,
  standingOf,
  withdraw,
} from './leases.ts';
import { leaseTimes, type OfferedOptions, selectOptions, urlOptions } from './offer.ts';
import { encodeIps, encodeMessageType } from './options.ts';
import { BOOTREPLY, BROADCAST_FLAG, type DhcpMessage, type DhcpOptions } from './packet.ts';
import { isHost, type Question, readAddressRequest } from './request.ts';

export interface DhcpCase {
  readonly question: Question;
  readonly phone: Phone;
  readonly lan: LanSite;
  readonly offered: OfferedOptions;
  readonly leases: LeaseTable;
  readonly now: Millis;
}

export interface DhcpDecision {
  readonly answer:
    | { readonly kind: 'reply'; readonly reply: DhcpMessage; readonly to: Peer }
    | { readonly kind: 'silence'; readonly because: Reason }
    /** RELEASE and DECLINE want no answer. */
    | { readonly kind: 'none' };
  readonly events: readonly PhoneEvent[];
  /** To be stored before the answer leaves (RFC 2131 section 3.1). */
  readonly changes: readonly LeaseChange[];
}

const SERVER_PORT = 67;
const CLIENT_PORT = 68;
/** Options that speak of a lease: not for INFORM (RFC 2131 section 4.3.5). */
const LEASE_OPTIONS: readonly number[] = [51, 58, 59];

/** Decides what one question gets, and changes the lease table accordingly. */
export function decideDhcp(dhcpCase: DhcpCase): DhcpDecision {
  const { question, lan } = dhcpCase;
  if (question.type === 'inform') return decideInform(dhcpCase);
  if (lan.dhcp.mode !== 'full') return decideCompanion(dhcpCase);
  switch (question.type) {
    case 'discover':
      return decideDiscover(dhcpCase);
    case 'request':
      return decideRequest(dhcpCase);
    case 'release':
      return decideRelease(dhcpCase);
    case 'decline':
      return decideDecline(dhcpCase);
  }
}

/** Another server gives the addresses; what the phone asks for is worth knowing all the same. */
function decideCompanion(dhcpCase: DhcpCase): DhcpDecision {
  return silence(dhcpCase, 'companion-mode', dhcpCase.question.type === 'discover' ? [asked(dhcpCase)] : []);
}

/** RFC 2131 section 4.3.1. */
function decideDiscover(dhcpCase: DhcpCase): DhcpDecision {
  const { question, phone, lan, leases, now } = dhcpCase;
  const requested = requestedAddress(question.request.options);
  const lease = offer(leases, { mac: phone.mac, now, requested });
  if (lease === undefined) return silence(dhcpCase, 'pool-exhausted', [asked(dhcpCase)]);
  const { options, url } = optionsFor(dhcpCase, leaseTimes(Math.floor(lan.dhcp.lease / 1000)));
  return {
    answer: answerWith(dhcpCase, { type: 'offer', yiaddr: lease.address, options }),
    events: [asked(dhcpCase), { ...who(dhcpCase), kind: 'offered', address: lease.address, url }],
    changes: [],
  };
}

/**
 * RFC 2131 section 4.3.2. Departure: a phone that we do not know, but whose address is free in our pool, gets an ACK in
 * every state, where the RFC keeps a server silent that has no record. The appliance rules its staging LAN alone; after
 * a lost store the phones keep their addresses this way.
 */
function decideRequest(dhcpCase: DhcpCase): DhcpDecision {
  const { question, phone, lan, leases, now } = dhcpCase;
  const { server, address, state } = readAddressRequest(question.request);
  if (server !== undefined && server !== lan.address) {
    withdraw(leases, phone.mac);
    return silence(dhcpCase, 'another-server-chosen');
  }
  if (address === undefined) return refuse(dhcpCase, 'address-not-given-here');
  if (!isHost(lan, address)) return refuse(dhcpCase, 'address-of-another-subnet', address);
  const claim = { mac: phone.mac, address, now };
  const bound = bind(leases, { ...claim, duration: lan.dhcp.lease });
  if (bound === undefined) {
    const taken = standingOf(leases, claim) === 'taken';
    return refuse(dhcpCase, taken ? 'address-of-another-phone' : 'address-not-given-here', address);
  }
  const seconds = Math.floor((bound.lease.expires - now) / 1000);
  const { options, url } = optionsFor(dhcpCase, leaseTimes(seconds));
  const how =
    state === 'extending' ? howExtended(dhcpCase, bound.changes) : state === 'selecting' ? 'new' : 'rebooted';
  const prl = parameterRequestList(question.request.options);
  return {
    answer: answerWith(dhcpCase, { type: 'ack', yiaddr: address, options }),
    events: [
      ...(state === 'init-reboot' ? [asked(dhcpCase)] : []),
      {
        ...who(dhcpCase),
        kind: 'leased',
        address,
        seconds,
        how,
        url,
        urlOptions: urlOptions(dhcpCase.offered, prl),
      },
    ],
    changes: bound.changes,
  };
}

/** REBINDING goes by broadcast, so through a relay where there is one, and not before T2, 7/8 of the lease. */
function howExtended(
  { question, lan, now }: DhcpCase,
  changes: readonly LeaseChange[],
): 'renewed' | 'rebound' {
  if (question.request.giaddr !== 0) return 'rebound';
  const late = changes.some(
    (change) =>
      change.kind === 'bound' && change.before !== undefined && change.before - now <= lan.dhcp.lease / 8,
  );
  return late ? 'rebound' : 'renewed';
}

function refuse(dhcpCase: DhcpCase, because: Reason, address?: Ipv4): DhcpDecision {
  return {
    answer: answerWith(dhcpCase, { type: 'nak', yiaddr: ANY, options: new Map() }),
    events: [{ ...who(dhcpCase), kind: 'address-refused', address, because }],
    changes: [],
  };
}

/** RFC 2131 section 4.3.4, with a check of the owner: nobody gives back what another phone holds. */
function decideRelease(dhcpCase: DhcpCase): DhcpDecision {
  const { question, phone, leases, now } = dhcpCase;
  const address = question.request.ciaddr;
  const changes = release(leases, { mac: phone.mac, address, now });
  if (changes === undefined) return notItsOwn(dhcpCase, address);
  return { answer: { kind: 'none' }, events: [{ ...who(dhcpCase), kind: 'released', address }], changes };
}

/** RFC 2131 section 4.3.3. */
function decideDecline(dhcpCase: DhcpCase): DhcpDecision {
  const { question, phone, leases, now } = dhcpCase;
  const address = requestedAddress(question.request.options) ?? question.request.ciaddr;
  const changes = decline(leases, { mac: phone.mac, address, now });
  if (changes === undefined) return notItsOwn(dhcpCase, address);
  return { answer: { kind: 'none' }, events: [{ ...who(dhcpCase), kind: 'declined', address }], changes };
}

/** Worth a word when somebody else holds the address; a lease that has ended anyway is not. */
function notItsOwn(dhcpCase: DhcpCase, address: Ipv4): DhcpDecision {
  const { phone, leases, now } = dhcpCase;
  const taken = standingOf(leases, { mac: phone.mac, address, now }) === 'taken';
  return taken ? silence(dhcpCase, 'not-its-address') : { answer: { kind: 'none' }, events: [], changes: [] };
}

/** RFC 2131 section 4.3.5: settings for a phone that has its address from elsewhere. */
function decideInform(dhcpCase: DhcpCase): DhcpDecision {
  const { question, lan } = dhcpCase;
  const address = question.request.ciaddr;
  // The answer goes there: nobody may point it out of the LAN, at everyone, or at ourselves.
  if (!isHost(lan, address) || address === lan.address) return silence(dhcpCase, 'sender-off-the-lan');
  const { options, url } = optionsFor(dhcpCase, []);
  return {
    answer: answerWith(dhcpCase, { type: 'ack', yiaddr: ANY, options }),
    events: [{ ...who(dhcpCase), kind: 'informed', address, url }],
    changes: [],
  };
}

/** The options of a reply; without `times` none that speak of a lease. `url` is what they tell the phone. */
function optionsFor(
  { question, offered }: DhcpCase,
  times: ReturnType<typeof leaseTimes>,
): { readonly options: DhcpOptions; readonly url: string | undefined } {
  const timed = new Map(times);
  const chosen = selectOptions(offered, parameterRequestList(question.request.options)).filter(
    ({ code }) => timed.has(code) || !LEASE_OPTIONS.includes(code),
  );
  return {
    options: new Map(chosen.map(({ code, bytes }) => [code, timed.get(code) ?? bytes])),
    url: chosen.find((option) => option.url !== undefined)?.url,
  };
}

interface Answer {
  readonly type: 'offer' | 'ack' | 'nak';
  readonly yiaddr: Ipv4;
  readonly options: DhcpOptions;
}

/** The reply in the form of RFC 2131 table 3. */
function answerWith({ question, lan }: DhcpCase, { type, yiaddr, options }: Answer): DhcpDecision['answer'] {
  const { request } = question;
  const id = clientId(request.options);
  const relay = request.options.get(82);
  // RFC 2131 section 4.3.2: the relay must broadcast a NAK, for the phone may not hear its address any more.
  const broadcast = type === 'nak' && request.giaddr !== 0 ? BROADCAST_FLAG : 0;
  const reply: DhcpMessage = {
    op: BOOTREPLY,
    htype: request.htype,
    hops: 0,
    xid: request.xid,
    secs: 0,
    flags: request.flags | broadcast,
    ciaddr: type === 'ack' ? request.ciaddr : ANY,
    yiaddr,
    siaddr: ANY, // some phones take a siaddr for their provisioning server
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: '',
    file: '',
    options: new Map([
      [53, encodeMessageType(type)],
      [54, encodeIps([lan.address])],
      ...(id === undefined ? [] : [[61, id] as const]), // RFC 6842
      ...options,
      ...(relay === undefined ? [] : [[82, relay] as const]), // RFC 3046 section 2.2
    ]),
  };
  return { kind: 'reply', reply, to: destinationOf(reply) };
}

/** Where a reply must go (RFC 2131 section 4.1). */
function destinationOf({ giaddr, ciaddr }: DhcpMessage): Peer {
  if (giaddr !== 0) return { address: giaddr, port: SERVER_PORT };
  if (ciaddr !== 0) return { address: ciaddr, port: CLIENT_PORT };
  // Departure: with the broadcast flag clear the RFC wants unicast to chaddr and yiaddr. A plain UDP socket has no ARP
  // entry for a phone without an address, and the RFC lets a server broadcast that cannot send unicast.
  return { address: BROADCAST, port: CLIENT_PORT };
}

function silence(dhcpCase: DhcpCase, because: Reason, events: readonly PhoneEvent[] = []): DhcpDecision {
  return {
    answer: { kind: 'silence', because },
    events: [...events, { ...who(dhcpCase), kind: 'no-answer-given', door: 'dhcp', because }],
    changes: [],
  };
}

function asked(dhcpCase: DhcpCase): PhoneEvent {
  const { options } = dhcpCase.question.request;
  return {
    ...who(dhcpCase),
    kind: 'asked-for-address',
    asksOptions: parameterRequestList(options) ?? [],
    vendorClass: vendorClass(options),
  };
}

function who({ phone, now }: DhcpCase): Pick<PhoneEvent, 'mac' | 'at'> {
  return { at: now, mac: phone.mac };
}

// What a DHCP server answers: the client states of RFC 2131 section 4.3, each with its rule. Pure but for the lease
// table, which is changed before the answer leaves, so that the next message finds it as it will be.
import { ANY, type Ipv4 } from '../base/ipv4.ts';
import type { Millis } from '../base/world.ts';
import type { PhoneEvent } from '../timeline/event.ts';
import type { Reason } from '../timeline/reason.ts';
import { offer } from './choose.ts';
import { requestedAddress } from './clues.ts';
import { asked, claimOf, type DhcpCase, type DhcpDecision, reservationKeys, silence } from './decision.ts';
import { holdingOf, reservedFor, withdraw } from './lease-table.ts';
import { bind, decline, release } from './leases.ts';
import { replyTo } from './reply.ts';
import { isHost, readAddressRequest } from './request.ts';
import { selectOptions } from './select.ts';

const RAPID_COMMIT = 80;

/** Decides what one question gets, and changes the lease table accordingly. */
export function decideDhcp(dhcpCase: DhcpCase): DhcpDecision {
  const { question, lan } = dhcpCase;
  if (dhcpCase.class?.answer === 'never') return silence(dhcpCase, 'class-gets-nothing');
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
    case 'bootp':
      return decideBootp(dhcpCase);
  }
}

/** Another server gives the addresses; what the phone asks for is worth knowing all the same. */
function decideCompanion(dhcpCase: DhcpCase): DhcpDecision {
  return silence(dhcpCase, 'companion-mode', dhcpCase.question.type === 'discover' ? [asked(dhcpCase)] : []);
}

/** RFC 2131 section 4.3.1. */
function decideDiscover(dhcpCase: DhcpCase): DhcpDecision {
  const { question, leases, offer: what, objection } = dhcpCase;
  if (objection !== undefined) return silence(dhcpCase, objection, [asked(dhcpCase)]);
  const requested = requestedAddress(question.request.options);
  const offered = offer(leases, claimOf(dhcpCase, ANY, { requested }));
  if (!offered.ok) return silence(dhcpCase, offered.error, [asked(dhcpCase)]);
  const { lease, isFresh } = offered.value;
  // Nothing is committed unchecked: RFC 4039 section 3.1 lets a server answer with an ordinary offer.
  if (wantsRapidly(dhcpCase) && !(isFresh && dhcpCase.lan.dhcp.conflictCheck)) {
    return decideAddress(dhcpCase, lease.address, 'new', [asked(dhcpCase)]);
  }
  const { asks } = dhcpCase.habits;
  const seconds = Math.floor(durationOf(dhcpCase) / 1000);
  const { url } = selectOptions(what.options, asks);
  return {
    answer: replyTo(question, { type: 'offer', yiaddr: lease.address, seconds, offer: what, asks }),
    events: [
      asked(dhcpCase),
      { at: dhcpCase.now, mac: question.mac, kind: 'offered', address: lease.address, url },
    ],
    changes: [],
    fresh: isFresh ? lease.address : undefined,
  };
}

function wantsRapidly({ question, class: group, lan }: DhcpCase): boolean {
  return question.request.options.has(RAPID_COMMIT) && (group?.rapidCommit ?? lan.dhcp.rapidCommit);
}

/** Strangers begin with a short lease: made-up clients vanish soon, and one that renews has shown that it lives. */
function durationOf({ standing, offer: what, lan }: DhcpCase): number {
  return standing === 'stranger' ? Math.min(what.lease, lan.dhcp.strangers.probation) : what.lease;
}

/**
 * RFC 2131 section 4.3.2. Departure: a phone that we do not know, but whose address is free in our pool, gets an ACK in
 * every state, where the RFC keeps a server silent that has no record. The appliance rules its staging LAN alone; after
 * a lost store the phones keep their addresses this way. With `authoritative: off` the RFC's word holds.
 */
function decideRequest(dhcpCase: DhcpCase): DhcpDecision {
  const { question, leases, lan } = dhcpCase;
  const { server, address, state } = readAddressRequest(question.request);
  if (server !== undefined && server !== question.server) {
    withdraw(leases, question.client);
    if (lan.dhcp.takeover === 'nak') return refuse(dhcpCase, 'another-server-overruled', address);
    return silence(dhcpCase, 'another-server-chosen');
  }
  const isOurs = state === 'selecting' || (address !== undefined && holding(dhcpCase, address) === 'own');
  if (!lan.dhcp.authoritative && !isOurs) return silence(dhcpCase, 'address-not-known');
  if (address === undefined) return refuse(dhcpCase, 'address-not-given-here');
  if (!isHost(question.scope, address)) return refuse(dhcpCase, 'address-of-another-subnet', address);
  const before = state === 'init-reboot' ? [asked(dhcpCase)] : [];
  const how = state === 'extending' ? 'renewed' : state === 'selecting' ? 'new' : 'rebooted';
  return decideAddress(dhcpCase, address, how, before);
}

type How = 'new' | 'renewed' | 'rebooted';

/** An ACK, or why the client may not have the address. */
function decideAddress(
  dhcpCase: DhcpCase,
  address: Ipv4,
  how: How,
  before: readonly PhoneEvent[],
): DhcpDecision {
  const { leases, now, offer: what } = dhcpCase;
  const duration = how === 'renewed' ? what.lease : durationOf(dhcpCase);
  const reserved = reservedFor(leases, reservationKeys(dhcpCase));
  if (reserved !== undefined && reserved !== address && holding(dhcpCase, reserved) === 'free') {
    // It moves to the address that was kept for it since.
    return refuse(dhcpCase, 'address-not-given-here', address);
  }
  const bound = bind(leases, claimOf(dhcpCase, address, { duration }));
  if (!bound.ok) {
    return REFUSED.has(bound.error) ? refuse(dhcpCase, bound.error, address) : silence(dhcpCase, bound.error);
  }
  const { lease, changes } = bound.value;
  const confirmed = (until: Millis): Pick<DhcpDecision, 'answer' | 'events'> =>
    confirmation(dhcpCase, {
      address,
      until,
      how: how === 'renewed' ? howExtended(dhcpCase, lease.stored) : how,
      before,
    });
  // The end of the lease that this one extends, as long as this one is not on disk.
  const { stored } = lease;
  return {
    changes,
    unstored: stored === undefined || stored <= now ? undefined : confirmed(stored),
    ...confirmed(lease.expires),
  };
}

const REFUSED: ReadonlySet<Reason> = new Set(['address-of-another-phone', 'address-not-given-here']);

interface Confirmed {
  readonly address: Ipv4;
  readonly until: Millis;
  readonly how: How | 'rebound';
  readonly before: readonly PhoneEvent[];
}

function confirmation(
  dhcpCase: DhcpCase,
  { address, until, how, before }: Confirmed,
): Pick<DhcpDecision, 'answer' | 'events'> {
  const { question, offer: what, habits, now } = dhcpCase;
  const seconds = Math.floor((until - now) / 1000);
  const { url, urlOptions } = selectOptions(what.options, habits.asks);
  const isRapid = question.type === 'discover';
  return {
    answer: replyTo(question, {
      type: 'ack',
      yiaddr: address,
      seconds,
      offer: what,
      asks: habits.asks,
      isRapid,
    }),
    events: [
      ...before,
      { at: dhcpCase.now, mac: question.mac, kind: 'leased', address, seconds, how, url, urlOptions },
    ],
  };
}

/** REBINDING goes by broadcast, so through a relay where there is one, and not before T2, 7/8 of the lease. */
function howExtended(
  { question, offer: what, now }: DhcpCase,
  ended: Millis | undefined,
): 'renewed' | 'rebound' {
  if (question.request.giaddr !== 0) return 'rebound';
  return ended !== undefined && ended - now <= what.lease / 8 ? 'rebound' : 'renewed';
}

function refuse(dhcpCase: DhcpCase, because: Reason, address?: Ipv4): DhcpDecision {
  return {
    answer: replyTo(dhcpCase.question, { type: 'nak', yiaddr: ANY }),
    events: [{ at: dhcpCase.now, mac: dhcpCase.question.mac, kind: 'address-refused', address, because }],
    changes: [],
  };
}

/** RFC 2131 section 4.3.4, with a check of the owner: nobody gives back what another phone holds. */
function decideRelease(dhcpCase: DhcpCase): DhcpDecision {
  const address = dhcpCase.question.request.ciaddr;
  const changes = release(dhcpCase.leases, claimOf(dhcpCase, address));
  if (changes === undefined) return notItsOwn(dhcpCase, address);
  return {
    answer: { kind: 'none' },
    events: [{ at: dhcpCase.now, mac: dhcpCase.question.mac, kind: 'released', address }],
    changes,
  };
}

/** RFC 2131 section 4.3.3. */
function decideDecline(dhcpCase: DhcpCase): DhcpDecision {
  const { request } = dhcpCase.question;
  const address = requestedAddress(request.options) ?? request.ciaddr;
  const changes = decline(dhcpCase.leases, claimOf(dhcpCase, address));
  if (changes === undefined) return notItsOwn(dhcpCase, address);
  return {
    answer: { kind: 'none' },
    events: [{ at: dhcpCase.now, mac: dhcpCase.question.mac, kind: 'declined', address }],
    changes,
  };
}

/** Worth a word when somebody else holds the address; a lease that has ended anyway is not. */
function notItsOwn(dhcpCase: DhcpCase, address: Ipv4): DhcpDecision {
  const taken = holding(dhcpCase, address) === 'taken';
  return taken ? silence(dhcpCase, 'not-its-address') : { answer: { kind: 'none' }, events: [], changes: [] };
}

/** RFC 2131 section 4.3.5: settings for a phone that has its address from elsewhere. */
function decideInform(dhcpCase: DhcpCase): DhcpDecision {
  const { question, lan, offer: what, habits } = dhcpCase;
  const address = question.request.ciaddr;
  // The answer goes there: nobody may point it out of the LAN, at everyone, or at ourselves.
  if (!isHost(question.scope, address) || address === lan.address)
    return silence(dhcpCase, 'sender-off-the-lan');
  const { url } = selectOptions(what.options, habits.asks);
  return {
    answer: replyTo(question, { type: 'ack', yiaddr: ANY, offer: what, asks: habits.asks }),
    events: [{ at: dhcpCase.now, mac: question.mac, kind: 'informed', address, url }],
    changes: [],
  };
}

/** RFC 1534 section 2: a BOOTP client keeps its address for ever, so it gets the one reserved for it or none. */
function decideBootp(dhcpCase: DhcpCase): DhcpDecision {
  const { question, leases, offer: what } = dhcpCase;
  const address = reservedFor(leases, reservationKeys(dhcpCase));
  if (address === undefined || !isHost(question.scope, address)) return silence(dhcpCase, 'no-reservation');
  const { url } = selectOptions(what.options, undefined);
  return {
    answer: replyTo(question, { type: 'bootp', yiaddr: address, offer: what }),
    events: [{ at: dhcpCase.now, mac: question.mac, kind: 'offered', address, url }],
    changes: [],
  };
}

function holding(dhcpCase: DhcpCase, address: Ipv4): ReturnType<typeof holdingOf> {
  return holdingOf(dhcpCase.leases, claimOf(dhcpCase, address));
}

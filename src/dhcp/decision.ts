// What is decided about a question: the case, the answer, and the words for both that all rules share.
import type { Ipv4 } from '../base/ipv4.ts';
import type { Millis } from '../base/world.ts';
import type { LanSite } from '../site/site.ts';
import type { PhoneEvent } from '../timeline/event.ts';
import type { Reason } from '../timeline/reason.ts';
import type { Claim, ClientKey, LeaseChange, LeaseTable } from './lease-table.ts';
import type { Recognised } from './recognise.ts';
import type { Reply } from './reply.ts';
import { aliasesOf, type Question } from './request.ts';

export interface DhcpCase extends Recognised {
  readonly question: Question;
  readonly lan: LanSite;
  readonly leases: LeaseTable;
  /** Why no address may be offered to anybody now. */
  readonly objection?: Reason | undefined;
  readonly now: Millis;
}

export interface DhcpDecision {
  readonly answer:
    | Reply
    | { readonly kind: 'silence'; readonly because: Reason }
    /** RELEASE and DECLINE want no answer. */
    | { readonly kind: 'none' };
  readonly events: readonly PhoneEvent[];
  /** To be stored before the answer leaves (RFC 2131 section 3.1). */
  readonly changes: readonly LeaseChange[];
  /** An address that was nobody's: before the answer leaves, it is to be looked for on the LAN. */
  readonly fresh?: Ipv4 | undefined;
  /** What is left to say when the changes cannot be stored: it promises nothing new. */
  readonly unstored?: Pick<DhcpDecision, 'answer' | 'events'> | undefined;
}

/** What the case says about that address, for the lease table; with what an offer or a lease needs beside it. */
export function claimOf(
  dhcpCase: DhcpCase,
  address: Ipv4,
  more: { readonly requested?: Ipv4 | undefined; readonly duration?: number } = NOTHING_MORE,
): Claim & { readonly requested: Ipv4 | undefined; readonly duration: number } {
  const { question, standing, class: group, lan, now } = dhcpCase;
  const { client, mac, scope } = question;
  return {
    client,
    aliases: reservationKeys(dhcpCase),
    mac,
    address,
    scope,
    standing,
    class: group,
    strangersShare: lan.dhcp.strangers.share,
    now,
    requested: more.requested,
    duration: more.duration ?? 0,
  };
}

const NOTHING_MORE = {};

/** By what an address may be reserved for the client; nothing where none is reserved for anybody. */
export function reservationKeys({ question, leases }: DhcpCase): readonly ClientKey[] {
  return leases.reserved.size === 0 ? NO_KEYS : aliasesOf(question);
}

const NO_KEYS: readonly ClientKey[] = [];

/** No answer, and why. */
export function silence(
  { question, now }: DhcpCase,
  because: Reason,
  events: readonly PhoneEvent[] = [],
): DhcpDecision {
  const told: PhoneEvent = { at: now, mac: question.mac, kind: 'no-answer-given', door: 'dhcp', because };
  return { answer: { kind: 'silence', because }, events: [...events, told], changes: [] };
}

/** The event of a question for an address. */
export function asked({ question, now, habits }: DhcpCase): PhoneEvent {
  const { asks = NOTHING, vendorClass } = habits;
  return { at: now, mac: question.mac, kind: 'asked-for-address', asksOptions: asks, vendorClass };
}

const NOTHING: readonly number[] = [];

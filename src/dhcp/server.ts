// The DHCP door: port 67 of one LAN. Decode, recognise, decide, store, encode, tell.
import { errnoOf, Fault, messageOf } from '../base/fault.ts';
import { showIpv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Closable, Millis, World } from '../base/world.ts';
import type { Lan, Peer, UdpSocket } from '../net/ports.ts';
import type { Phone } from '../phones/phone.ts';
import { bindAddress, claimAddress, freeAddress, meet, type Register } from '../phones/register.ts';
import { vendorOf } from '../phones/vendor.ts';
import type { LanSite, Provisioning } from '../site/site.ts';
import type { PhoneEvent, Tell } from '../timeline/event.ts';
import { cluesFromDhcp, macOf, maxMessageSize } from './clues.ts';
import { type LeaseChange, type LeaseTable, undo } from './leases.ts';
import { offeredOptions } from './offer.ts';
import { decodePacket, encodePacket } from './packet.ts';
import { type DhcpDecision, decideDhcp } from './policy.ts';
import { type Question, questionOf } from './request.ts';

export interface DhcpDoor {
  readonly lan: Lan;
  readonly site: LanSite;
  readonly provisioning: Provisioning;
  readonly register: Register;
  readonly leases: LeaseTable;
  /** Resolves when the changes will outlive a power cut; in the order in which it is called. */
  readonly commit: (changes: readonly LeaseChange[]) => Promise<void>;
  readonly world: World;
  readonly tell: Tell;
  /** The provisioning URL in the form of the phone's vendor. */
  readonly urlFor: (phone: Phone) => string | undefined;
}

const SERVER_PORT = 67;
/** A phone that gets no answer asks every few seconds, a broken one all the time: one word a second is enough. */
const SILENCE_TOLD_EVERY = 1000;
const MOST_SILENT = 10_000;

/** Opens the door. Throws a Fault when port 67 cannot be had; after that all trouble is told, none thrown. */
export async function openDhcpServer(door: DhcpDoor): Promise<Closable> {
  const quiet = quieted(door.tell);
  let socket: UdpSocket | undefined;
  const answering = { ...door, tell: quiet, send: (bytes: Uint8Array, to: Peer) => socket?.send(bytes, to) };
  socket = await door.lan.openUdp(
    { port: SERVER_PORT, purpose: 'DHCP', onTrouble: (error) => tellFault(answering, error) },
    (bytes, from) => answerDatagram(answering, bytes, from),
  );
  return {
    close: async () => {
      const open = socket;
      // An answer that still waits for its commit has no way out any more.
      socket = undefined;
      await open?.close();
    },
  };
}

interface Answering extends DhcpDoor {
  readonly send: (bytes: Uint8Array, to: Peer) => void;
}

/** One datagram, from bytes to decision in one go; only the storing is waited for. */
function answerDatagram(door: Answering, bytes: Uint8Array, from: Peer): void {
  const at = door.world.now();
  try {
    const decoded = decodePacket(bytes);
    if (!decoded.ok) {
      const { code: because, at: offset } = decoded.error;
      const peer = `${showIpv4(from.address)}:${from.port}`;
      door.tell({ kind: 'garbled', at, from: peer, door: 'dhcp', because, offset, bytes: bytes.length });
      return;
    }
    const message = decoded.value;
    const asked = questionOf(message, door.site);
    if (asked.ok) answerQuestion(door, asked.value, at);
    else door.tell({ kind: 'no-answer-given', at, mac: macOf(message), door: 'dhcp', because: asked.error });
  } catch (error) {
    // A bug met by one message must not take the door from all other phones.
    tellFault(door, error);
  }
}

function answerQuestion(door: Answering, question: Question, now: Millis): void {
  const { request, mac } = question;
  const { site: lan, provisioning, register, leases } = door;
  const { phone, events } = meet(register, { mac, door: 'dhcp', clues: cluesFromDhcp(request), at: now });
  for (const event of events) door.tell(event);
  const vendor = vendorOf(register.catalogue, phone.identity.vendor);
  const offered = offeredOptions({ lan, provisioning, vendor, phone, url: door.urlFor(phone) });
  const decision = decideDhcp({ question, phone, lan, offered, leases, now });
  if (decision.changes.length === 0) finish(door, question, decision);
  else storeFirst(door, question, decision).catch((error: unknown) => tellFault(door, error, mac));
}

/**
 * RFC 2131 section 3.1: the lease is stored before the ACK leaves, and if it cannot be stored there is no ACK. The table
 * has it already, so that messages that come meanwhile are decided in its light.
 */
async function storeFirst(door: Answering, question: Question, decision: DhcpDecision): Promise<void> {
  try {
    await door.commit(decision.changes);
  } catch (error) {
    undo(door.leases, decision.changes, door.world.now());
    throw error;
  }
  finish(door, question, decision);
}

/** Sends what was decided and tells what happened, also to the register. */
function finish(door: Answering, { request, mac }: Question, { answer, events }: DhcpDecision): void {
  if (answer.kind === 'reply') {
    const { bytes, dropped } = encodePacket(answer.reply, { maxLength: maxMessageSize(request.options) });
    door.send(bytes, answer.to);
    if (dropped.length > 0) tellFault(door, noRoom(dropped), mac);
  }
  for (const event of events) {
    noteAddress(door.register, mac, event);
    door.tell(event);
  }
}

function noteAddress(register: Register, mac: Mac, event: PhoneEvent): void {
  if (event.kind === 'leased') bindAddress(register, mac, event.address);
  // Anybody can send an INFORM in the name of a phone, so it is a claim and not a lease.
  if (event.kind === 'informed') claimAddress(register, mac, event.address);
  if (event.kind === 'released' || event.kind === 'declined') freeAddress(register, mac);
}

function noRoom(codes: readonly number[]): Fault {
  return new Fault(
    'dhcp-reply-full',
    `The DHCP reply had no room for option ${codes.join(', ')}`,
    'Shorten the URL or send fewer options: provisioning.options names those that carry the URL',
  );
}

function tellFault(door: Pick<DhcpDoor, 'tell' | 'world'>, error: unknown, mac?: Mac): void {
  const known = error instanceof Fault ? error : undefined;
  door.tell({
    kind: 'fault',
    at: door.world.now(),
    mac,
    code: known?.code ?? errnoOf(error) ?? 'dhcp-failed',
    message: `DHCP: ${messageOf(error)}`,
    hint: known?.hint ?? 'phones get no address until this is mended: see the log of the daemon',
  });
}

/** Lets one silence per phone and second through. */
function quieted(tell: Tell): Tell {
  const told = new Map<Mac | undefined, Millis>();
  return (event) => {
    if (event.kind === 'no-answer-given') {
      const last = told.get(event.mac);
      if (last !== undefined && event.at - last < SILENCE_TOLD_EVERY) return;
      if (told.size >= MOST_SILENT) told.clear();
      told.set(event.mac, event.at);
    }
    tell(event);
  };
}

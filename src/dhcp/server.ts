// The DHCP door: port 67 of one LAN. Decode, recognise, decide, look whether the address is used, store, encode, tell.
import { type Ipv4, showIpv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import { createPace, type Pace } from '../base/pace.ts';
import type { Closable, Millis, World } from '../base/world.ts';
import type { Lan, Peer, UdpSocket } from '../net/ports.ts';
import { identify } from '../phones/identify.ts';
import {
  bindAddress,
  claimAddress,
  freeAddress,
  isStranger,
  meet,
  type Register,
} from '../phones/register.ts';
import type { LanSite, Provisioning } from '../site/site.ts';
import type { PhoneEvent, Tell } from '../timeline/event.ts';
import type { Reason } from '../timeline/reason.ts';
import type { Client } from './classes.ts';
import { createHabitReader, type Habits, macOf, maxMessageSize } from './clues.ts';
import { createCrowd } from './crowd.ts';
import { claimOf, type DhcpCase, type DhcpDecision } from './decision.ts';
import type { LeaseChange, LeaseTable } from './lease-table.ts';
import { confirm, quarantine, undo } from './leases.ts';
import { strangersIn } from './limits.ts';
import { decodePacket, encodePacket } from './packet.ts';
import { decideDhcp } from './policy.ts';
import { createClientRecogniser, type Recognise } from './recognise.ts';
import { type Question, questionOf, readAddressRequest } from './request.ts';
import { noRoom, quieted, tellFault } from './told.ts';

export interface DhcpDoor {
  readonly port: Lan;
  readonly lan: LanSite;
  readonly provisioning: Provisioning;
  readonly register: Register;
  readonly leases: LeaseTable;
  /** Resolves when the changes will outlive a power cut; in the order in which it is called. */
  readonly commit: (changes: readonly LeaseChange[]) => Promise<void>;
  /** Who answers for an address on the LAN. */
  readonly probe: (address: Ipv4) => Promise<Mac | 'free' | 'unchecked'>;
  /** What is known of other servers on the LAN. */
  readonly guard: {
    objection(): Reason | undefined;
    isProbe(mac: Mac): boolean;
    heard(server: Ipv4, mac: Mac): void;
  };
  readonly world: World;
  readonly tell: Tell;
  /** The provisioning URL in the form of the phone's vendor. */
  readonly urlFor: (client: Client) => string | undefined;
}

/** What of the door a reload may change. */
type DhcpSettings = Pick<DhcpDoor, 'lan' | 'provisioning' | 'urlFor'>;

export interface DhcpServer extends Closable {
  /** From the next message on; what is in hand is answered as it was decided. The register may have another catalogue. */
  renew(settings: DhcpSettings): void;
}

const SERVER_PORT = 67;
/** So many addresses in a row were in use: the next one is offered as it is. */
const MOST_CONFLICTS = 4;

/** Opens the door. Throws a Fault when port 67 cannot be had; after that all trouble is told, none thrown. */
export async function openDhcpServer(door: DhcpDoor): Promise<DhcpServer> {
  let socket: UdpSocket | undefined;
  const { perClient, perPort } = door.lan.dhcp.limits;
  let answering: Answering = {
    ...door,
    tell: quieted(door.tell),
    send: (bytes, to) => socket?.send(bytes, to),
    habits: createHabitReader(),
    recognise: createClientRecogniser({ ...door, catalogue: door.register.catalogue }),
    perClient: createPace(perClient),
    perPort: createPace(perPort, 2000),
    crowd: createCrowd(),
    checking: new Map(),
  };
  socket = await door.port.openUdp(
    { port: SERVER_PORT, purpose: 'DHCP', onTrouble: (error) => tellFault(answering, error) },
    (bytes, from) => answerDatagram(answering, bytes, from),
  );
  return {
    renew: (settings) => {
      const { limits } = settings.lan.dhcp;
      const before = answering.lan.dhcp.limits;
      answering = {
        ...answering,
        ...settings,
        recognise: createClientRecogniser({ ...settings, catalogue: door.register.catalogue }),
        // Whoever has asked too often has done so under the same settings too.
        ...(limits.perClient === before.perClient ? {} : { perClient: createPace(limits.perClient) }),
        ...(limits.perPort === before.perPort ? {} : { perPort: createPace(limits.perPort, 2000) }),
      };
    },
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
  readonly habits: ReturnType<typeof createHabitReader>;
  readonly recognise: Recognise;
  readonly perClient: Pace;
  readonly perPort: Pace;
  readonly crowd: ReturnType<typeof createCrowd>;
  /** Fresh addresses that are being looked for, each with the latest offer that waits for it. */
  readonly checking: Map<Ipv4, Decided>;
}

interface Decided {
  readonly dhcpCase: DhcpCase;
  readonly decision: DhcpDecision;
}

/** One datagram, from bytes to decision in one go; only looking and storing are waited for. */
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
    const asked = questionOf(message, door.lan, from);
    const because = asked.ok ? paceOf(door, asked.value, at) : asked.error;
    if (because !== undefined)
      door.tell({ kind: 'no-answer-given', at, mac: macOf(message), door: 'dhcp', because });
    else if (asked.ok) answerQuestion(door, asked.value, at);
  } catch (error) {
    // A bug met by one message must not take the door from all other phones.
    tellFault(door, error);
  }
}

function paceOf(
  { perClient, perPort }: Answering,
  { client, relay, request }: Question,
  now: Millis,
): Reason | undefined {
  if (!perClient.mayPass(client, now)) return 'asked-too-often';
  if (relay?.circuitId === undefined) return undefined;
  return perPort.mayPass(`${request.giaddr} ${relay.circuitId}`, now) ? undefined : 'port-asks-too-often';
}

function answerQuestion(door: Answering, question: Question, now: Millis): void {
  const { mac, request } = question;
  if (mac !== undefined && door.guard.isProbe(mac)) return;
  const habits = door.habits(request);
  const client = clientOf(door, question, habits, now);
  if (mac !== undefined) noteServer(door, question, mac);
  const { lan, leases } = door;
  const { class: group, standing, offer } = door.recognise(question, client, habits);
  const objection = door.guard.objection();
  // No spread here: this is done for every message.
  decideAndAnswer(door, {
    client,
    habits,
    class: group,
    standing,
    offer,
    question,
    lan,
    leases,
    now,
    objection,
  });
}

function clientOf(door: Answering, { mac }: Question, habits: Habits, at: Millis): Client {
  const { register, crowd } = door;
  if (mac === undefined) return { identity: identify(register.catalogue, habits.clues) };
  const isNew = !register.phones.has(mac);
  const { phone, events } = meet(register, { mac, door: 'dhcp', clues: habits.clues, at });
  for (const event of events) door.tell(event);
  if (isNew && isStranger(phone)) crowd.note(mac, at);
  return phone;
}

/** A phone that names another server has been caught by it. */
function noteServer({ guard }: Answering, { request, type, server: own }: Question, mac: Mac): void {
  const { server } = readAddressRequest(request);
  if (type === 'request' && server !== undefined && server !== own) guard.heard(server, mac);
}

function decideAndAnswer(door: Answering, dhcpCase: DhcpCase, conflicts = 0): void {
  const decision = decideDhcp(dhcpCase);
  if (decision.answer.kind === 'silence' && decision.answer.because === 'strangers-share-used')
    tellCrowd(door, dhcpCase);
  const decided = { dhcpCase, decision };
  const { answer, fresh } = decision;
  const offered =
    answer.kind === 'reply' && dhcpCase.question.type === 'discover' ? answer.reply.yiaddr : undefined;
  if (offered !== undefined && door.checking.has(offered)) {
    // The client asks again while its address is looked for: the latest question is the one to answer.
    door.checking.set(offered, decided);
  } else if (fresh !== undefined && door.lan.dhcp.conflictCheck && conflicts < MOST_CONFLICTS) {
    door.checking.set(fresh, decided);
    lookFirst(door, fresh, conflicts).catch((error: unknown) =>
      tellFault(door, error, dhcpCase.question.mac),
    );
  } else answerNow(door, decided);
}

/** Answers when nobody was found at the address; else the address is left alone and another one is chosen. */
async function lookFirst(door: Answering, address: Ipv4, conflicts: number): Promise<void> {
  const formerHolder = door.leases.leases.get(address)?.client;
  const found = await door.probe(address).catch((error: unknown) => {
    tellFault(door, error);
    return 'unchecked' as const;
  });
  const decided = door.checking.get(address);
  door.checking.delete(address);
  if (decided === undefined) return;
  const { dhcpCase } = decided;
  const { mac } = dhcpCase.question;
  // Who held the address before may still stand in the kernel's table; that is no use of it.
  const isUsed = found !== 'free' && found !== 'unchecked' && found !== mac && found !== formerHolder;
  const now = door.world.now();
  const changes = isUsed ? quarantine(door.leases, { ...claimOf(dhcpCase, address), now }) : undefined;
  if (!isUsed || changes === undefined) {
    answerNow(door, decided);
    return;
  }
  door.tell({ kind: 'address-conflict', at: now, mac, address, by: found });
  decideAndAnswer(door, { ...dhcpCase, now }, conflicts + 1);
  await door.commit(changes);
}

function answerNow(door: Answering, decided: Decided): void {
  if (decided.decision.changes.length === 0) finish(door, decided);
  else
    storeFirst(door, decided).catch((error: unknown) =>
      tellFault(door, error, decided.dhcpCase.question.mac),
    );
}

/**
 * RFC 2131 section 3.1: the lease is stored before the ACK leaves, and if it cannot be stored there is no ACK but for
 * what was stored before. The table has the change already, so that messages that come meanwhile are decided in its
 * light.
 */
async function storeFirst(door: Answering, decided: Decided): Promise<void> {
  const { dhcpCase, decision } = decided;
  try {
    await door.commit(decision.changes);
  } catch (error) {
    undo(door.leases, decision.changes, door.world.now());
    if (decision.unstored !== undefined)
      finish(door, { dhcpCase, decision: { ...decision.unstored, changes: [] } });
    throw error;
  }
  confirm(door.leases, decision.changes);
  finish(door, decided);
}

/** Sends what was decided and tells what happened, also to the register. */
function finish(door: Answering, { dhcpCase, decision }: Decided): void {
  const { request, mac } = dhcpCase.question;
  const { answer, events } = decision;
  if (answer.kind === 'reply') {
    const { bytes, dropped } = encodePacket(answer.reply, { maxLength: maxMessageSize(request.options) });
    door.send(bytes, answer.to);
    if (dropped.length > 0) tellFault(door, noRoom(dropped), mac);
  }
  for (const event of events) {
    if (mac !== undefined) noteAddress(door.register, mac, event);
    door.tell(event);
  }
}

function noteAddress(register: Register, mac: Mac, event: PhoneEvent): void {
  if (event.kind === 'leased') bindAddress(register, mac, event.address);
  // Anybody can send an INFORM in the name of a phone, so it is a claim and not a lease.
  if (event.kind === 'informed') claimAddress(register, mac, event.address);
  // On another LAN it may have an address by now.
  const held = register.phones.get(mac)?.address;
  if (event.kind === 'declined' || (event.kind === 'released' && event.address === held))
    freeAddress(register, mac);
}

function tellCrowd({ crowd, leases, tell }: Answering, dhcpCase: DhcpCase): void {
  const report = crowd.report(dhcpCase.now);
  if (report === undefined) return;
  const held = strangersIn(leases, claimOf(dhcpCase, dhcpCase.lan.address));
  tell({ kind: 'strangers-limited', at: dhcpCase.now, ...held, ...report });
}

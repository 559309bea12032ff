// The SIP door: one socket on port 5060 for phones that ask by multicast (PnP) and for wake-ups.
// Decode, recognise, decide, encode, tell.
import { printable, type WireFault } from '../base/bytes.ts';
import { errnoOf, Fault, messageOf } from '../base/fault.ts';
import { ipv4FromNumber, showIpv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Closable, Millis, World } from '../base/world.ts';
import type { Lan, Peer, UdpSocket } from '../net/ports.ts';
import type { Phone } from '../phones/phone.ts';
import { claimAddress, meet, noteSipPort, phoneAt, type Register } from '../phones/register.ts';
import { vendorOf } from '../phones/vendor.ts';
import type { LanSite, PnpMode } from '../site/site.ts';
import type { Tell } from '../timeline/event.ts';
import type { Reason } from '../timeline/reason.ts';
import { cluesFromSubscribe } from './clues.ts';
import { decodeMessage, encodeMessage, type SipRequest } from './message.ts';
import {
  createNotifier,
  type Notifier,
  randomBranch,
  randomToken,
  type WakeOutcome,
  type WakeRequest,
  wakePhone,
} from './notifier.ts';
import { decidePnp, type NotifyStyle, type PnpDecision, screenPnp } from './policy.ts';
import {
  type ClientEnd,
  createServerTable,
  openServer,
  type ServerMachine,
  type ServerTable,
  serverKey,
  stepServer,
} from './transaction.ts';
import { showPeer } from './uri.ts';

export interface SipDoor {
  readonly lan: Lan;
  readonly site: Pick<LanSite, 'pnp'>;
  readonly register: Register;
  readonly world: World;
  readonly tell: Tell;
  /** The provisioning URL in the form of the phone's vendor; undefined when nothing can be served to it. */
  readonly urlFor: (phone: Phone) => string | undefined;
  /** How phones of that vendor want their NOTIFY. */
  readonly notifyStyleFor: (phone: Phone) => NotifyStyle;
  /** Whether that phone is our own guard, which looks for other responders. */
  readonly isProbe: (mac: Mac) => boolean;
}

export interface SipServer extends Closable {
  /** Wakes a phone, also where PnP is off. Rejects with a Fault for addresses off the LAN. */
  wake(request: WakeRequest): Promise<WakeOutcome>;
}

const SIP_PORT = 5060;
/** 224.0.1.75, sip.mcast.net (RFC 3261 section 10.2.6). */
const GROUP = ipv4FromNumber(0xe000014b);
/** Phones ask in 300 to 700 bytes. What is answered is kept for 32 s, so its length must have an end. */
const LONGEST_REQUEST = 4096;
/** What strangers can make us remember: SUBSCRIBEs, and the NOTIFYs that follow them. */
const MOST_TRANSACTIONS = 5000;
const MOST_PER_SOURCE = 1000;
/** A broken sender may knock all the time: one word a second about each is enough. */
const TROUBLE_TOLD_EVERY = 1000;
const MOST_TROUBLED = 5000;

interface Answering extends SipDoor {
  /** Where phones reach us. */
  readonly server: Peer;
  readonly send: (bytes: Uint8Array, to: Peer) => void;
  readonly transactions: ServerTable;
  readonly pnp: Notifier;
  readonly wakes: Notifier;
  /** When each maker of trouble was last told of. */
  readonly troubled: Map<string, Millis>;
}

/** Opens the door. Rejects with a Fault when port 5060 cannot be had; after that all trouble is told, none thrown. */
export async function openSip(door: SipDoor): Promise<SipServer> {
  const { lan, world } = door;
  let isOpen = true;
  let socket: UdpSocket | undefined;
  const send = (bytes: Uint8Array, to: Peer): void => socket?.send(bytes, to);
  const answering: Answering = {
    ...door,
    // A NOTIFY cut off by our closing is not one that a phone left unanswered.
    tell: (event) => {
      if (isOpen) door.tell(event);
    },
    server: { address: lan.address, port: SIP_PORT },
    send,
    transactions: createServerTable({ most: MOST_TRANSACTIONS, mostPerSource: MOST_PER_SOURCE }),
    pnp: createNotifier({ world, send, most: MOST_TRANSACTIONS }),
    // Wake-ups are our own doing and need no bound: who starts a storm paces it.
    wakes: createNotifier({ world, send, most: Number.POSITIVE_INFINITY }),
    troubled: new Map(),
  };
  socket = await lan.openUdp(
    { port: SIP_PORT, group: GROUP, purpose: 'SIP PnP', onTrouble: (error) => tellFault(answering, error) },
    (bytes, from) => receive(answering, bytes, from),
  );
  return {
    wake: async (request) => {
      const { wakes: notifier, server, tell } = answering;
      return await wakePhone({ notifier, subnet: lan.subnet, server, world, tell }, request);
    },
    close: async () => {
      isOpen = false;
      await answering.pnp.close();
      await answering.wakes.close();
      const open = socket;
      socket = undefined;
      await open?.close();
    },
  };
}

/** One datagram, whatever it holds. A bug met by one message must not take the door from all other phones. */
function receive(door: Answering, bytes: Uint8Array, from: Peer): void {
  try {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) {
      const { code, at } = decoded.error;
      tellGarbled(door, from, { because: code, offset: at, bytes: bytes.length });
    } else if (decoded.value.kind === 'response') {
      if (!door.wakes.hear(decoded.value)) door.pnp.hear(decoded.value);
    } else if (decoded.value.kind === 'request') {
      if (bytes.length <= LONGEST_REQUEST) answerRequest(door, decoded.value, from);
      else tellGarbled(door, from, { because: 'too-long', offset: LONGEST_REQUEST, bytes: bytes.length });
    }
  } catch (error) {
    tellFault(door, error);
  }
}

/** A request that the door has looked at: its transaction, and whether it came before. */
interface Call {
  readonly mode: Exclude<PnpMode, 'off'>;
  readonly request: SipRequest;
  readonly from: Peer;
  readonly key: string;
  readonly machine: ServerMachine;
  readonly isCopy: boolean;
}

/** The server transaction comes first: a request that was answered before gets the same bytes and nothing else. */
function answerRequest(door: Answering, request: SipRequest, from: Peer): void {
  const { pnp: mode } = door.site;
  if (mode === 'off') return;
  const said = cluesFromSubscribe(request).mac;
  if (said !== undefined && door.isProbe(said)) return;
  const now = door.world.now();
  const barred = screenPnp({ request, from, subnet: door.lan.subnet });
  if (barred?.because === 'sender-off-the-lan') {
    // Nothing is kept for them, and together they count as one: invented addresses cost nothing.
    tellSilence(door, { from, about: barred.because }, barred);
    return;
  }
  const key = serverKey(request, from);
  const before = door.transactions.find(key, now);
  const machine = before ?? openServer(now).next;
  if (machine.state === 'completed') {
    const { outputs } = stepServer(now, machine, { kind: 'request' });
    for (const { response } of outputs) door.send(response, from);
  } else if (before === undefined && !door.transactions.hasRoomFor(from.address)) {
    tellSilence(door, { from }, { because: 'too-busy' });
  } else {
    answerCall(
      door,
      { mode, request, from, key, machine, isCopy: before !== undefined },
      barred === undefined,
    );
  }
}

function answerCall(door: Answering, call: Call, asksForUrl: boolean): void {
  const { mode, request, from, key, machine, isCopy } = call;
  const phone = asksForUrl ? recognise(door, call) : phoneAt(door.register, from.address);
  const decision = decidePnp({
    request,
    from,
    subnet: door.lan.subnet,
    mode,
    phone,
    url: phone && door.urlFor(phone),
    notifyStyle: phone === undefined ? 'rfc' : door.notifyStyleFor(phone),
    server: door.server,
    tag: randomToken(door.world),
    branch: randomBranch(door.world),
  });
  if (decision.kind === 'reply') {
    reply(door, decision, { ...call, mac: phone?.mac });
    return;
  }
  door.transactions.keep({ key, source: from.address, machine });
  // A copy was decided anew, since the phone may have become known meanwhile; but each request is told once.
  if (!isCopy) tellSilence(door, { from, mac: phone?.mac }, decision);
}

/** Which phone asks: by its own word, else by its address. Undefined when neither tells. */
function recognise({ register, world, tell }: Answering, { request, from, isCopy }: Call): Phone | undefined {
  const said = cluesFromSubscribe(request);
  const mac = said.mac ?? phoneAt(register, from.address)?.mac;
  if (mac === undefined) return undefined;
  const seen = { mac, at: world.now(), from: showPeer(from) };
  const { phone, events } = meet(register, { ...seen, door: 'pnp', clues: said.clues });
  for (const event of events) tell(event);
  const { model, firmware, by } = phone.identity;
  const vendor = vendorOf(register.catalogue, phone.identity.vendor)?.name;
  if (!isCopy) tell({ ...seen, kind: 'asked-by-pnp', vendor, model, firmware, by });
  claimAddress(register, mac, from.address);
  // From another address than the phone's own the MAC is somebody's word only: it must not redirect wake-ups.
  if (register.phones.get(mac)?.address === from.address) noteSipPort(register, mac, from.port);
  return register.phones.get(mac);
}

type Reply = Extract<PnpDecision, { readonly kind: 'reply' }>;

/** The 200 by way of its server transaction, then the NOTIFY by way of a client transaction of its own. */
function reply(door: Answering, decision: Reply, call: Call & { readonly mac: Mac | undefined }): void {
  const { key, machine, from, mac } = call;
  const { notify, notifyStyle, url } = decision;
  const response = encodeMessage(decision.response);
  const { next, outputs } = stepServer(door.world.now(), machine, { kind: 'respond', response });
  door.transactions.keep({ key, source: from.address, machine: next });
  for (const output of outputs) door.send(output.response, from);
  const seen = { mac, from: showPeer(from) };
  if (notifyStyle === 'legacy') {
    // The phone's answer goes to the phone itself, so nothing can be waited for: it goes out once.
    door.send(encodeMessage(notify), from);
  } else {
    const onEnd = (end: ClientEnd): void =>
      door.tell({ ...seen, at: door.world.now(), ...acknowledgement(end) });
    door.pnp.notify({ request: notify, to: from, onEnd });
  }
  door.tell({ ...seen, at: door.world.now(), kind: 'told-url', door: 'pnp', url });
}

function acknowledgement(end: ClientEnd) {
  if (end.kind === 'unanswered') return { kind: 'pnp-unacknowledged', tries: end.tries } as const;
  return { kind: 'pnp-acknowledged', status: end.status } as const;
}

interface Unanswered {
  readonly from: Peer;
  readonly mac?: Mac | undefined;
  /** Whom the word is about; its address where absent. */
  readonly about?: string;
}

interface Why {
  readonly because: Reason;
  readonly detail?: string | undefined;
}

function tellSilence(door: Answering, { from, mac, about }: Unanswered, { because, detail }: Why): void {
  if (!mayTell(door, about ?? mac ?? showIpv4(from.address))) return;
  const seen = { at: door.world.now(), mac, from: showPeer(from) };
  door.tell({
    ...seen,
    kind: 'no-answer-given',
    door: 'pnp',
    because,
    detail: detail && printable(detail, 64),
  });
}

interface Garbled {
  readonly because: WireFault;
  readonly offset: number;
  readonly bytes: number;
}

function tellGarbled(door: Answering, from: Peer, what: Garbled): void {
  if (!mayTell(door, showIpv4(from.address))) return;
  door.tell({ at: door.world.now(), from: showPeer(from), kind: 'garbled', door: 'pnp', ...what });
}

function tellFault(door: Answering, error: unknown): void {
  const known = error instanceof Fault ? error : undefined;
  const code = known?.code ?? errnoOf(error) ?? 'sip-failed';
  if (!mayTell(door, code)) return;
  const hint = known?.hint ?? 'phones ask again by themselves; look at the log if this repeats';
  door.tell({ at: door.world.now(), kind: 'fault', code, message: `SIP: ${messageOf(error)}`, hint });
}

/** Lets one word a second through about each. */
function mayTell({ world, troubled }: Answering, about: string): boolean {
  const now = world.now();
  const last = troubled.get(about);
  if (last !== undefined && now - last < TROUBLE_TOLD_EVERY) return false;
  if (troubled.size >= MOST_TROUBLED) troubled.clear();
  troubled.set(about, now);
  return true;
}

// A SUBSCRIBE on its way through the door: its transaction, the phone, the decision, the answers, the story.
import type { Mac } from '../base/mac.ts';
import type { World } from '../base/world.ts';
import type { Lan, Peer } from '../net/ports.ts';
import type { Timers } from '../net/timers.ts';
import type { Phone } from '../phones/phone.ts';
import { claimAddress, meet, noteSipPort, phoneAt, type Register } from '../phones/register.ts';
import { vendorOf } from '../phones/vendor.ts';
import type { LanSite } from '../site/site.ts';
import type { Tell } from '../timeline/event.ts';
import type { ClueReader, SubscribeClues } from './clues.ts';
import { type Contact, contactOf, type NotifyStyle } from './dialog.ts';
import type { FloodGate } from './floods.ts';
import { encodeMessage, type SipRequest } from './message.ts';
import { randomBranch, randomToken, type WakeParts } from './notifier.ts';
import type { Pending } from './pending.ts';
import { decidePnp, type Ingress, type PnpDecision, type PnpQuestion, screenPnp } from './policy.ts';
import { verbFor } from './rules.ts';
import type { ServerTable } from './server-table.ts';
import type { Told } from './told.ts';
import {
  type Carrier,
  type ClientEnd,
  clientKey,
  openServer,
  type ServerMachine,
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
  /** Whether such phones take a URL that they did not ask for. */
  readonly takesPush: (phone: Phone) => boolean;
  /** Whether that phone is our own guard, which looks for other responders. */
  readonly isProbe: (mac: Mac) => boolean;
  /** Where we may send beyond the LAN: subnets behind relays, and for wake-ups outbound proxies. */
  readonly wakeable?: Pick<WakeParts, 'served' | 'via'> | undefined;
}

/** The open door. */
export interface Answering extends SipDoor {
  /** Where phones reach us. */
  readonly server: Peer;
  readonly send: (bytes: Uint8Array, to: Peer) => void;
  readonly told: Told;
  readonly timers: Timers;
  /** Transactions whose answer waits for its time. */
  readonly delayed: Set<string>;
  readonly transactions: ServerTable;
  readonly pending: Pending;
  readonly wakes: Pending;
  readonly gate: FloodGate;
  readonly readClues: ClueReader;
}

/** A request, and the way back to its sender. */
export interface Call {
  readonly request: SipRequest;
  readonly from: Peer;
  readonly ingress: Ingress;
  readonly carrier: Carrier;
  /** To the source of the request, and nowhere else. */
  readonly send: (bytes: Uint8Array) => void;
}

/** A call whose transaction is known, and whether the request came before. */
interface Begun extends Call {
  readonly contact: Contact | undefined;
  readonly key: string;
  readonly machine: ServerMachine;
  readonly isCopy: boolean;
}

/** The server transaction comes first: a request that was answered before gets the same bytes and nothing else. */
export function answerRequest(door: Answering, call: Call): void {
  const { request, from, carrier, ingress, send } = call;
  const said = door.readClues(request);
  if (said.mac !== undefined && door.isProbe(said.mac)) return;
  const { subnet } = door.lan;
  const contact = contactOf(request);
  const served = door.wakeable?.served;
  const barred = screenPnp({
    request,
    from,
    ingress,
    contact,
    subnet,
    served,
    interface: door.lan.interface,
  });
  if (barred?.because === 'sender-off-the-lan' || barred?.because === 'phone-of-another-lan') {
    // Nothing is kept for them, and together they count as one: invented addresses cost nothing.
    door.told.silence({ from, about: barred.because }, barred);
    return;
  }
  const now = door.world.now();
  const key = serverKey(request, from);
  const before = door.transactions.find(key, now);
  const machine = before ?? openServer(now, carrier).next;
  if (machine.state === 'completed') {
    const { outputs } = stepServer(now, machine, { kind: 'request' });
    for (const { response } of outputs) send(response);
    return;
  }
  // Field by field: spreading one object into another is felt thousands of times a second.
  const isCopy = before !== undefined;
  const begun: Begun = { request, from, ingress, carrier, send, contact, key, machine, isCopy };
  if (barred === undefined) answerPhone(door, begun, said);
  else unanswered(door, begun, barred, phoneAt(door.register, from.address)?.mac);
}

function answerPhone(door: Answering, call: Begun, said: SubscribeClues): void {
  const { mode, rules } = door.site.pnp;
  // It has been decided already, and its answer waits.
  if (mode === 'off' || (call.isCopy && door.delayed.has(call.key))) return;
  const phone = recognise(door, call, said);
  const question: PnpQuestion = {
    request: call.request,
    from: call.from,
    ingress: call.ingress,
    carrier: call.carrier,
    contact: call.contact,
    subnet: door.lan.subnet,
    interface: door.lan.interface,
    mode,
    phone,
    verb: phone === undefined ? 'answer' : verbFor(rules, phone),
    url: phone && door.urlFor(phone),
    notifyStyle: phone === undefined ? 'rfc' : door.notifyStyleFor(phone),
    server: door.server,
    tag: randomToken(door.world),
    branch: randomBranch(door.world),
  };
  const decision = decidePnp(question);
  if (decision.kind === 'reply') replyInTime(door, decision, call, phone?.mac);
  else unanswered(door, call, decision, phone?.mac);
}

/** No URL: silence, or a response that says why. A copy was decided anew, but each request is told once. */
function unanswered(
  door: Answering,
  call: Begun,
  barred: Exclude<PnpDecision, { readonly kind: 'reply' }>,
  mac: Mac | undefined,
): void {
  const { response } = barred;
  if (response === undefined || door.site.pnp.mode === 'discover')
    door.transactions.keep(call.key, call.machine);
  else respond(door, call, encodeMessage(response));
  if (!call.isCopy) door.told.silence({ from: call.from, mac }, barred);
}

function respond(door: Answering, call: Begun, response: Uint8Array): void {
  const { next, outputs } = stepServer(door.world.now(), call.machine, { kind: 'respond', response });
  door.transactions.keep(call.key, next);
  for (const output of outputs) call.send(output.response);
}

/** Which phone asks: by its own word, else by its address. Undefined when neither tells. */
function recognise(door: Answering, { from, isCopy }: Begun, said: SubscribeClues): Phone | undefined {
  const { register, world, tell } = door;
  const mac = said.mac ?? phoneAt(register, from.address)?.mac;
  if (mac === undefined) return undefined;
  const at = world.now();
  const shown = showPeer(from);
  const { phone, events } = meet(register, { mac, at, from: shown, door: 'pnp', clues: said.clues });
  for (const event of events) tell(event);
  if (!isCopy) {
    const { model, firmware, by } = phone.identity;
    const vendor = vendorOf(register.catalogue, phone.identity.vendor)?.name;
    tell({ mac, at, from: shown, kind: 'asked-by-pnp', vendor, model, firmware, by });
  }
  claimAddress(register, mac, from.address);
  // From another address than the phone's own the MAC is somebody's word only: it must not redirect wake-ups.
  if (register.phones.get(mac)?.address === from.address) noteSipPort(register, mac, from.port);
  return register.phones.get(mac);
}

type Reply = Extract<PnpDecision, { readonly kind: 'reply' }>;

/** At once, or when the dice say: a rack of phones that starts together need not fetch together. */
function replyInTime(door: Answering, decision: Reply, call: Begun, mac: Mac | undefined): void {
  const { delay } = door.site.pnp;
  if (delay === 0) {
    reply(door, decision, call, mac);
    return;
  }
  door.transactions.keep(call.key, call.machine);
  door.delayed.add(call.key);
  door.timers.after(Math.floor(door.world.random() * delay), () => {
    door.delayed.delete(call.key);
    reply(door, decision, call, mac);
  });
}

/** The 200 by way of its server transaction, then the NOTIFY by way of a client transaction of its own. */
function reply(door: Answering, decision: Reply, call: Begun, mac: Mac | undefined): void {
  const { notify, notifyStyle, url } = decision;
  respond(door, call, encodeMessage(decision.response));
  const bytes = encodeMessage(notify);
  const from = showPeer(call.from);
  if (notifyStyle === 'legacy') {
    // The phone's answer goes to the phone itself, so nothing can be waited for: it goes out once.
    call.send(bytes);
  } else {
    const onEnd = (end: ClientEnd): void =>
      door.tell({ mac, from, at: door.world.now(), ...acknowledgement(end) });
    const key = clientKey(notify) ?? '';
    door.pending.begin({ key, carrier: call.carrier, send: () => call.send(bytes), onEnd });
  }
  door.tell({ mac, from, at: door.world.now(), kind: 'told-url', door: 'pnp', url });
}

/** What the timeline learns of the end of a NOTIFY. */
export function acknowledgement(end: ClientEnd) {
  if (end.kind === 'unanswered') return { kind: 'pnp-unacknowledged', tries: end.tries } as const;
  return { kind: 'pnp-acknowledged', status: end.status } as const;
}

// The client side of the SIP socket: every NOTIFY that waits for an answer, its retransmissions and its end.
import { printable, WireError } from '../base/bytes.ts';
import { Fault, messageOf } from '../base/fault.ts';
import { type Ipv4, type Subnet, showSubnet } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Cancel, Closable, World } from '../base/world.ts';
import type { Lan, Peer } from '../net/ports.ts';
import type { Tell } from '../timeline/event.ts';
import type { Credentials } from './auth.ts';
import { encodeMessage, type SipRequest, type SipResponse } from './message.ts';
import { type Transport, type WakeMessage, wakeRequest } from './notify.ts';
import { isReachable } from './policy.ts';
import {
  BRANCH_COOKIE,
  type ClientEnd,
  type ClientInput,
  type ClientMachine,
  type ClientStep,
  clientKey,
  openClient,
  stepClient,
} from './transaction.ts';
import { showPeer } from './uri.ts';
import { openWake, stepWake, type WakeEnd } from './wake.ts';
import { getPath } from './wake-http.ts';
import { type Carrier, streamCarrier } from './wake-stream.ts';

export interface NotifierParts {
  readonly world: World;
  readonly send: (bytes: Uint8Array, to: Peer) => void;
  /** How many may wait at a time; beyond it the oldest counts as unanswered. */
  readonly most: number;
}

export interface Notification {
  readonly request: SipRequest;
  readonly to: Peer;
  /** Called once. The reason phrase in `end` is safe to print; `response` is the final one as it came. */
  readonly onEnd: (end: ClientEnd, response?: SipResponse) => void;
}

/** Closing ends everything that waits as unanswered, and what comes later at once. */
export interface Notifier extends Closable {
  /**
   * Sends at once and again by timer E. Throws WireError, nothing sent, when the request cannot be written. Cancelled, it
   * is not sent again and ends as unanswered.
   */
  notify(notification: Notification): Cancel;
  /** Whether the response belongs to a NOTIFY of this notifier. */
  hear(response: SipResponse): boolean;
}

interface Waiting {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly to: Peer;
  readonly onEnd: Notification['onEnd'];
  machine: ClientMachine;
  tries: number;
  cancel: Cancel;
}

export function createNotifier({ world, send, most }: NotifierParts): Notifier {
  const all = new Map<string, Waiting>();
  let isOpen = true;

  function perform(one: Waiting, step: ClientStep, response?: SipResponse): void {
    one.cancel();
    one.machine = step.next;
    for (const output of step.outputs) {
      if (output.kind === 'send') {
        one.tries += 1;
        send(one.bytes, one.to);
      } else {
        end(one, output, response);
      }
    }
    if (step.wakeAt === undefined || !all.has(one.key)) return;
    const tick = (): void => perform(one, stepClient(world.now(), one.machine, { kind: 'tick' }));
    one.cancel = world.after(step.wakeAt - world.now(), tick);
  }

  /**
   * Departure from RFC 3261 section 17.1.2.2: the transaction is forgotten at its end and not after timer K, which
   * exists to absorb a response that comes again. A response without a transaction is dropped here anyway.
   */
  function end(one: Waiting, how: ClientEnd, response?: SipResponse): void {
    one.cancel();
    all.delete(one.key);
    one.onEnd(how, response);
  }

  function giveUp(one: Waiting): void {
    if (all.get(one.key) === one) end(one, { kind: 'unanswered', tries: one.tries });
  }

  function endOldest(): void {
    const [oldest] = all.values();
    if (oldest !== undefined) giveUp(oldest);
  }

  return {
    notify: ({ request, to, onEnd }) => {
      if (!isOpen) {
        onEnd({ kind: 'unanswered', tries: 0 });
        return () => undefined;
      }
      const bytes = encodeMessage(request);
      const step = openClient(world.now());
      const key = clientKey(request) ?? '';
      if (all.size >= most) endOldest();
      const one: Waiting = { key, bytes, to, onEnd, machine: step.next, tries: 0, cancel: () => undefined };
      all.set(key, one);
      perform(one, step);
      return () => giveUp(one);
    },
    hear: (response) => {
      const one = all.get(clientKey(response) ?? '');
      if (one === undefined) return false;
      const { status, reason } = response;
      const input: ClientInput = { kind: 'response', status, reason: printable(reason, 64) };
      perform(one, stepClient(world.now(), one.machine, input), response);
      return true;
    },
    close: async () => {
      isOpen = false;
      while (all.size > 0) endOldest();
      await Promise.resolve();
    },
  };
}

export interface WakeRequest {
  readonly mac: Mac;
  readonly address: Ipv4;
  readonly port: number;
  /** The Event header, whole: `check-sync;reboot=false`. */
  readonly event: string;
  /** The rest of the message, where the vendor wants more than an event. */
  readonly message?: Omit<WakeMessage, 'event'> | undefined;
  /** The SIP account on the phone, for phones that refuse requests to nobody. */
  readonly user?: string | undefined;
  readonly credentials?: Credentials | undefined;
  readonly transport?: Transport | undefined;
  /** Outbound proxy: the datagram goes there, the Request-URI names the phone. */
  readonly via?: Peer | undefined;
  /** The wake-up is no SIP at all but a GET of this path (path and query). */
  readonly http?: string | undefined;
  /** From then on nothing is sent any more, and of the end nothing told. */
  readonly until?: AbortSignal | undefined;
}

/** What came of a wake-up: the final response, or how many times it was sent without one. */
export type WakeOutcome = WakeEnd;

export interface WakeParts {
  readonly notifier: Notifier;
  readonly lan: Pick<Lan, 'subnet' | 'dialTcp'>;
  /** More subnets that are served, behind relays. */
  readonly served?: readonly Subnet[] | undefined;
  /** Outbound proxies that may be used outside of the served subnets. */
  readonly via?: readonly Ipv4[] | undefined;
  /** Where phones reach us. */
  readonly server: Peer;
  readonly world: World;
  readonly tell: Tell;
}

/**
 * Sends a wake-up and waits for its end: 32 s at the longest, and what the phone asks for on top. Rejects with a Fault
 * for addresses off the LAN.
 */
export async function wakePhone(parts: WakeParts, request: WakeRequest): Promise<WakeOutcome> {
  const { world, tell } = parts;
  const { mac, address, port, via, event, http, until } = request;
  checkTarget(parts, { address, port });
  if (via !== undefined && parts.via?.includes(via.address) !== true) checkTarget(parts, via);
  const to = via ?? { address, port };
  tell({ at: world.now(), mac, kind: 'woken', event: http ?? event, to: showPeer(to) });
  const end = http === undefined ? await converse(parts, request, to) : await getPath(parts, request, http);
  if (until?.aborted === true) return end;
  const seen = { at: world.now(), mac };
  if (end.kind === 'unanswered') tell({ ...seen, kind: 'wake-unanswered', tries: end.tries });
  else tell({ ...seen, kind: 'wake-answered', status: end.status, reason: end.reason });
  return end;
}

function checkTarget({ lan, served = [] }: WakeParts, to: Peer): void {
  const subnets = [lan.subnet, ...served];
  if (subnets.some((subnet) => isReachable(to, subnet))) return;
  const hint = `only phones on ${subnets.map(showSubnet).join(', ')} are woken from here`;
  throw new Fault('wake-off-the-lan', `${showPeer(to)} is not a host of the served LAN`, hint);
}

/** Step for step until the phone has said its last word. */
async function converse(parts: WakeParts, wanted: WakeRequest, to: Peer): Promise<WakeEnd> {
  const { world, server: from } = parts;
  const { message, event, user, credentials, address, port, until } = wanted;
  const transport = wanted.transport ?? 'udp';
  const common = { ...message, event, user, transport, to: { address, port } };
  const ids = { callId: randomToken(world), tag: randomToken(world) };
  const carrier = transport === 'udp' ? datagrams(parts.notifier, to) : streamCarrier(parts, to, transport);
  const stop = (): void => carrier.close();
  until?.addEventListener('abort', stop);
  try {
    let step = openWake();
    while (step.kind === 'ask') {
      const { cseq, auth, after, next } = step;
      if (after > 0) await new Promise<void>((done) => void world.after(after, done));
      // A TCP connection has a port of its own; Via names it, so that the phone need not dial back.
      const near = await carrier.open(from);
      if (until?.aborted === true) return { kind: 'unanswered', tries: 0 };
      const request = wakeRequest({ ...common, ...ids, from: near, cseq, auth, branch: randomBranch(world) });
      const { end, response } = await carrier.ask(request);
      step = stepWake(next, { end, response, request, credentials, cnonce: randomToken(world) });
    }
    return step.end;
  } catch (error) {
    if (error instanceof WireError) throw error;
    return { kind: 'unanswered', tries: 0, trouble: messageOf(error) };
  } finally {
    until?.removeEventListener('abort', stop);
    carrier.close();
  }
}

function datagrams(notifier: Notifier, to: Peer): Carrier {
  let cancel: Cancel = () => undefined;
  return {
    open: async (server) => await Promise.resolve(server),
    ask: async (request) =>
      await new Promise((settle) => {
        cancel = notifier.notify({ request, to, onEnd: (end, response) => settle({ end, response }) });
      }),
    close: () => cancel(),
  };
}

/** 64 bits of dice: who cannot see our datagrams cannot answer in the name of a phone. */
export function randomToken(world: World): string {
  const word = (): string =>
    Math.floor(world.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return word() + word();
}

export function randomBranch(world: World): string {
  return BRANCH_COOKIE + randomToken(world);
}

// The client side of the SIP socket: every NOTIFY that waits for an answer, its retransmissions and its end.
import { printable } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { type Ipv4, type Subnet, showSubnet } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Cancel, Closable, World } from '../base/world.ts';
import type { Peer } from '../net/ports.ts';
import type { Tell } from '../timeline/event.ts';
import { encodeMessage, type SipRequest, type SipResponse } from './message.ts';
import { wakeRequest } from './notify.ts';
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

export interface NotifierParts {
  readonly world: World;
  readonly send: (bytes: Uint8Array, to: Peer) => void;
  /** How many may wait at a time; beyond it the oldest counts as unanswered. */
  readonly most: number;
}

export interface Notification {
  readonly request: SipRequest;
  readonly to: Peer;
  /** Called once. The reason phrase in it is safe to print. */
  readonly onEnd: (end: ClientEnd) => void;
}

/** Closing ends everything that waits as unanswered, and what comes later at once. */
export interface Notifier extends Closable {
  /** Sends at once and again by timer E. Throws WireError, nothing sent, when the request cannot be written. */
  notify(notification: Notification): void;
  /** Whether the response belongs to a NOTIFY of this notifier. */
  hear(response: SipResponse): boolean;
}

interface Waiting {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly to: Peer;
  readonly onEnd: (end: ClientEnd) => void;
  machine: ClientMachine;
  tries: number;
  cancel: Cancel;
}

export function createNotifier({ world, send, most }: NotifierParts): Notifier {
  const all = new Map<string, Waiting>();
  let isOpen = true;

  function perform(one: Waiting, step: ClientStep): void {
    one.cancel();
    one.machine = step.next;
    for (const output of step.outputs) {
      if (output.kind === 'send') {
        one.tries += 1;
        send(one.bytes, one.to);
      } else {
        end(one, output);
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
  function end(one: Waiting, how: ClientEnd): void {
    one.cancel();
    all.delete(one.key);
    one.onEnd(how);
  }

  function endOldest(): void {
    const [oldest] = all.values();
    if (oldest !== undefined) end(oldest, { kind: 'unanswered', tries: oldest.tries });
  }

  return {
    notify: ({ request, to, onEnd }) => {
      if (!isOpen) {
        onEnd({ kind: 'unanswered', tries: 0 });
        return;
      }
      const bytes = encodeMessage(request);
      const step = openClient(world.now());
      const key = clientKey(request) ?? '';
      if (all.size >= most) endOldest();
      const one: Waiting = { key, bytes, to, onEnd, machine: step.next, tries: 0, cancel: () => undefined };
      all.set(key, one);
      perform(one, step);
    },
    hear: (response) => {
      const one = all.get(clientKey(response) ?? '');
      if (one === undefined) return false;
      const { status, reason } = response;
      const input: ClientInput = { kind: 'response', status, reason: printable(reason, 64) };
      perform(one, stepClient(world.now(), one.machine, input));
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
  /** The SIP account on the phone, for phones that refuse requests to nobody. */
  readonly user?: string | undefined;
}

/** What came of a wake-up: the final response, or how many times it was sent without one. */
export type WakeOutcome = ClientEnd;

export interface WakeParts {
  readonly notifier: Notifier;
  readonly subnet: Subnet;
  /** Where phones reach us. */
  readonly server: Peer;
  readonly world: World;
  readonly tell: Tell;
}

/** Sends a wake-up and waits for its end, 32 s at the longest. Rejects with a Fault for addresses off the LAN. */
export async function wakePhone(parts: WakeParts, request: WakeRequest): Promise<WakeOutcome> {
  const { notifier, subnet, server, world, tell } = parts;
  const { mac, address, port, event, user } = request;
  const to = { address, port };
  if (!isReachable(to, subnet)) {
    const hint = `only phones on ${showSubnet(subnet)} are woken from here`;
    throw new Fault('wake-off-the-lan', `${showPeer(to)} is not a host of the served LAN`, hint);
  }
  const ids = { callId: randomToken(world), tag: randomToken(world), branch: randomBranch(world) };
  return await new Promise((settle) => {
    const onEnd = (end: ClientEnd): void => {
      const seen = { at: world.now(), mac };
      if (end.kind === 'answered') tell({ ...seen, ...end, kind: 'wake-answered' });
      else tell({ ...seen, ...end, kind: 'wake-unanswered' });
      settle(end);
    };
    notifier.notify({ request: wakeRequest({ event, to, from: server, user, ...ids }), to, onEnd });
    tell({ at: world.now(), mac, kind: 'woken', event, to: showPeer(to) });
  });
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

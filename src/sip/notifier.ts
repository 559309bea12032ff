// The wake-up of one phone from the first NOTIFY to its last word, over whatever carries it.
import { WireError } from '../base/bytes.ts';
import { Fault, messageOf } from '../base/fault.ts';
import { type Ipv4, type Subnet, showSubnet } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Cancel, World } from '../base/world.ts';
import type { Lan, Peer } from '../net/ports.ts';
import type { Tell } from '../timeline/event.ts';
import type { Credentials } from './auth.ts';
import { encodeMessage } from './message.ts';
import { type Transport, type WakeMessage, wakeRequest } from './notify.ts';
import type { Pending } from './pending.ts';
import { isReachable } from './policy.ts';
import { BRANCH_COOKIE, clientKey } from './transaction.ts';
import { showPeer } from './uri.ts';
import { openWake, stepWake, type WakeEnd } from './wake.ts';
import { getPath } from './wake-http.ts';
import { type Carrier, streamCarrier } from './wake-stream.ts';

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
  /** Wake-ups by datagrams, and how these leave. */
  readonly pending: Pending;
  readonly send: (bytes: Uint8Array, to: Peer) => void;
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
  if (end.kind === 'unanswered') tell({ kind: 'wake-unanswered', tries: end.tries, ...seen });
  else tell({ kind: 'wake-answered', status: end.status, reason: end.reason, ...seen });
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
  const carrier = transport === 'udp' ? datagrams(parts, to) : streamCarrier(parts, to, transport);
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

function datagrams({ pending, send }: WakeParts, to: Peer): Carrier {
  let cancel: Cancel = () => undefined;
  return {
    open: async (server) => await Promise.resolve(server),
    ask: async (request) =>
      await new Promise((settle) => {
        const bytes = encodeMessage(request);
        cancel = pending.begin({
          key: clientKey(request) ?? '',
          carrier: 'datagrams',
          send: () => send(bytes, to),
          onEnd: (end, response) => settle({ end, response }),
        });
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

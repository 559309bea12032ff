// SIP transactions for requests other than INVITE, as step machines (RFC 3261 sections 17.1.2 and 17.2.2), and the keys
// by which messages find theirs. No socket, no timer: the rim sends, and calls again at `wakeAt`.
import type { Millis } from '../base/world.ts';
import type { Peer } from '../net/ports.ts';
import { cseqOf, header, type SipMessage, type SipRequest, tagOf, topVia } from './message.ts';

/** RFC 3261 table 4, in ms: the guess of a round trip, the longest pause, the longest life of a message. */
const T1 = 500;
const T2 = 4000;
const T4 = 5000;
/** Of what carries the message: a stream loses nothing, so nothing is sent twice and no copy is waited for. */
export type Carrier = 'datagrams' | 'stream';
/** Timer F: a request without an answer is given up after this many ms. */
const TIMER_F = 64 * T1;
/** Timer J: a response is kept for retransmissions of its request for this many ms. */
const TIMER_J = 64 * T1;

/** What a machine has become, what the rim must do now, and when to call again (never, when undefined). */
export interface Step<Machine, Output> {
  readonly next: Machine;
  readonly outputs: readonly Output[];
  readonly wakeAt: Millis | undefined;
}

export type ClientMachine =
  | {
      readonly state: 'trying' | 'proceeding';
      readonly carrier: Carrier;
      /** Datagrams sent so far. */
      readonly tries: number;
      /** Timer E: the pause in ms before the one at `resendAt`. */
      readonly interval: number;
      readonly resendAt: Millis;
      /** Timer F. */
      readonly giveUpAt: Millis;
    }
  | { readonly state: 'completed' /** Timer K. */; readonly endsAt: Millis }
  | { readonly state: 'terminated' };

export type ClientInput =
  | { readonly kind: 'tick' }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string };

/** How a client transaction ended. `tries` counts the datagrams sent. */
export type ClientEnd =
  | { readonly kind: 'answered'; readonly status: number; readonly reason: string }
  | { readonly kind: 'unanswered'; readonly tries: number };

export type ClientOutput = { readonly kind: 'send' } | ClientEnd;

export type ClientStep = Step<ClientMachine, ClientOutput>;

/** Begins a client transaction: its first output sends the request. Over a stream there is no timer E, and K is 0. */
export function openClient(now: Millis, carrier: Carrier = 'datagrams'): ClientStep {
  const giveUpAt = now + TIMER_F;
  const resendAt = carrier === 'stream' ? giveUpAt : now + T1;
  return waiting({ state: 'trying', carrier, tries: 1, interval: T1, resendAt, giveUpAt }, [SEND]);
}

/** Written once: it is the output of every try. */
const SEND: ClientOutput = { kind: 'send' };

/** RFC 3261 figure 6. A transport error is no input: UDP rarely tells, and then the next try may still get through. */
export function stepClient(now: Millis, machine: ClientMachine, input: ClientInput): ClientStep {
  switch (machine.state) {
    case 'terminated':
      return { next: machine, outputs: [], wakeAt: undefined };
    case 'completed':
      if (now < machine.endsAt) return { next: machine, outputs: [], wakeAt: machine.endsAt };
      return { next: { state: 'terminated' }, outputs: [], wakeAt: undefined };
    case 'trying':
    case 'proceeding':
      return input.kind === 'tick' ? tickClient(now, machine) : hear(now, machine, input);
  }
}

type Waiting = Extract<ClientMachine, { readonly tries: number }>;

function waiting(next: Waiting, outputs: readonly ClientOutput[] = []): ClientStep {
  return { next, outputs, wakeAt: Math.min(next.resendAt, next.giveUpAt) };
}

function hear(
  now: Millis,
  machine: Waiting,
  { status, reason }: ClientInput & { readonly kind: 'response' },
): ClientStep {
  // Section 17.1.2.2: timer E runs on through a provisional response; only its next pauses are T2.
  if (status < 200) return waiting({ ...machine, state: 'proceeding' });
  const outputs = [{ kind: 'answered', status, reason } as const];
  if (machine.carrier === 'stream') return { next: { state: 'terminated' }, outputs, wakeAt: undefined };
  const endsAt = now + T4;
  return { next: { state: 'completed', endsAt }, outputs, wakeAt: endsAt };
}

function tickClient(now: Millis, machine: Waiting): ClientStep {
  if (now >= machine.giveUpAt) {
    const outputs = [{ kind: 'unanswered', tries: machine.tries } as const];
    return { next: { state: 'terminated' }, outputs, wakeAt: undefined };
  }
  if (now < machine.resendAt) return waiting(machine);
  const interval = machine.state === 'proceeding' ? T2 : Math.min(machine.interval * 2, T2);
  // Counted from when it was due, so that late timers do not add up; but never a volley to catch up.
  const due = machine.resendAt + interval;
  const resendAt = due > now ? due : now + interval;
  return waiting({ ...machine, tries: machine.tries + 1, interval, resendAt }, [SEND]);
}

export type ServerMachine =
  | {
      readonly state: 'trying';
      readonly carrier: Carrier;
      /** RFC 3261 waits here for ever; a request that is never answered must be forgotten too, after as long. */
      readonly endsAt: Millis;
    }
  | { readonly state: 'terminated' }
  | { readonly state: 'completed'; readonly response: Uint8Array /** Timer J. */; readonly endsAt: Millis };

export type ServerInput =
  | { readonly kind: 'tick' }
  /** The request came again. */
  | { readonly kind: 'request' }
  /** Our final response; provisional ones are never sent (RFC 4320 section 4.1). */
  | { readonly kind: 'respond'; readonly response: Uint8Array };

export interface ServerOutput {
  readonly kind: 'send';
  readonly response: Uint8Array;
}

type ServerStep = Step<ServerMachine, ServerOutput>;

/** Begins a server transaction: the request has come for the first time. */
export function openServer(now: Millis, carrier: Carrier = 'datagrams'): ServerStep {
  const endsAt = now + TIMER_J;
  return { next: { state: 'trying', carrier, endsAt }, outputs: [], wakeAt: endsAt };
}

/** RFC 3261 figure 8: a request that comes again gets the same bytes again, for 32 s. */
export function stepServer(now: Millis, machine: ServerMachine, input: ServerInput): ServerStep {
  if (machine.state === 'terminated' || now >= machine.endsAt) {
    return { next: { state: 'terminated' }, outputs: [], wakeAt: undefined };
  }
  if (machine.state === 'trying' && input.kind === 'respond') {
    const { response } = input;
    const outputs = [{ kind: 'send', response } as const];
    // Section 17.2.2: timer J is 0 on a stream.
    if (machine.carrier === 'stream') return { next: { state: 'terminated' }, outputs, wakeAt: undefined };
    const endsAt = now + TIMER_J;
    return {
      next: { state: 'completed', response, endsAt },
      outputs,
      wakeAt: endsAt,
    };
  }
  // Section 17.2.2: in Trying a copy of the request is discarded, in Completed a second response of the user.
  const isCopy = machine.state === 'completed' && input.kind === 'request';
  const outputs = isCopy ? [{ kind: 'send', response: machine.response } as const] : [];
  return { next: machine, outputs, wakeAt: machine.endsAt };
}

/** Begins every branch that is unique (RFC 3261 section 8.1.1.7). */
export const BRANCH_COOKIE = 'z9hG4bK';

/**
 * By what a message finds its client transaction: branch of the top Via and method of CSeq (RFC 3261 section 17.1.3).
 * The source address has no part in it: phones answer from other ports than they listen on.
 */
export function clientKey(message: SipMessage): string | undefined {
  const branch = topVia(message)?.params.get('branch');
  return branch === undefined ? undefined : `${branch} ${cseqOf(message)?.method ?? ''}`;
}

/**
 * By what a request finds its server transaction: branch and sent-by, or where the branch is not unique the five
 * things of RFC 2543 (RFC 3261 section 17.2.3). Departure: the source counts too, since the stored response goes there,
 * and a copy of the request from elsewhere must not fetch it.
 */
export function serverKey(request: SipRequest, from: Peer): string {
  const via = topVia(request);
  const branch = via?.params.get('branch') ?? '';
  const source = `${from.address}:${from.port}`;
  if (branch.startsWith(BRANCH_COOKIE) && branch.length > BRANCH_COOKIE.length) {
    return `${source} ${request.method} ${branch} ${via?.host ?? ''} ${via?.port ?? ''}`;
  }
  const old = [
    request.uri,
    tagOf(request, 'From'),
    header(request, 'Call-ID'),
    header(request, 'CSeq'),
    header(request, 'Via'),
  ];
  return JSON.stringify([source, ...old]);
}

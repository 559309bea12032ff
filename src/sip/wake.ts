// One wake-up from its first NOTIFY to its end: passwords that are asked for, pauses that are asked for, and when to
// give up. Each NOTIFY is a transaction of its own; the rim carries it and says how it ended.
import type { Millis } from '../base/world.ts';
import { type Answered, type AuthRefusal, answerChallenge, authHeaders, type Credentials } from './auth.ts';
import { header, type SipHeader, type SipRequest, type SipResponse } from './message.ts';
import { verdictOf } from './notify.ts';
import type { ClientEnd } from './transaction.ts';

/** How a wake-up ended. */
export type WakeEnd =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly reason: string;
      /** For 401 and 407: why it was left at that. */
      readonly auth?: AuthRefusal | undefined;
      /** How long the phone wants to be left alone, ms; longer than we wait. */
      readonly retryAfter?: number | undefined;
    }
  | {
      readonly kind: 'unanswered';
      readonly tries: number;
      /** Why it could not even be sent: `connection refused`. */
      readonly trouble?: string | undefined;
    };

export interface Wake {
  readonly cseq: number;
  readonly answered: readonly Answered[];
  /** How often the phone asked to be left alone for a while. */
  readonly pauses: number;
}

export type WakeStep =
  | {
      readonly kind: 'ask';
      readonly next: Wake;
      readonly cseq: number;
      readonly auth: readonly SipHeader[];
      /** ms to wait before. */
      readonly after: number;
    }
  | { readonly kind: 'over'; readonly end: WakeEnd };

export interface WakeInput {
  readonly end: ClientEnd;
  /** The final response and the request it answers, where there was one. */
  readonly response?: SipResponse | undefined;
  readonly request: SipRequest;
  readonly credentials: Credentials | undefined;
  /** Fresh dice. */
  readonly cnonce: string;
}

/** A pause that is longer is left to the installer. */
const LONGEST_PAUSE: Millis = 120_000;
const MOST_PAUSES = 3;

export function openWake(): WakeStep {
  return ask({ cseq: 1, answered: [], pauses: 0 }, 0);
}

/** What follows from the end of the last NOTIFY. 3xx is not followed: nobody sends our wake-ups elsewhere. */
export function stepWake(wake: Wake, input: WakeInput): WakeStep {
  const { end, response } = input;
  if (end.kind === 'unanswered' || response === undefined) return { kind: 'over', end };
  const verdict = verdictOf(end);
  if (verdict === 'wants-password') {
    const answered = answerChallenge({ ...input, response, before: wake.answered });
    if (typeof answered === 'string') return { kind: 'over', end: { ...end, auth: answered } };
    return ask({ ...wake, cseq: wake.cseq + 1, answered }, 0);
  }
  const pause = verdict === 'later' ? retryAfter(response) : undefined;
  if (pause === undefined) return { kind: 'over', end };
  if (pause > LONGEST_PAUSE || wake.pauses >= MOST_PAUSES)
    return { kind: 'over', end: { ...end, retryAfter: pause } };
  return ask({ ...wake, cseq: wake.cseq + 1, pauses: wake.pauses + 1 }, pause);
}

function ask(next: Wake, after: number): WakeStep {
  return { kind: 'ask', next, cseq: next.cseq, auth: authHeaders(next.answered), after };
}

/** RFC 3261 section 20.33: seconds, then perhaps a comment or parameters. 0 is a second: never a volley. */
function retryAfter(response: SipResponse): number | undefined {
  const digits = /^(\d{1,9})(?!\d)\s*(?:[(;].*)?$/.exec(header(response, 'Retry-After') ?? '')?.[1];
  return digits === undefined ? undefined : Math.max(1, Number(digits)) * 1000;
}

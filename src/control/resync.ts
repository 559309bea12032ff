// Waking one phone and waiting for the only proof there is: that it fetches its own file again.
import { Fault } from '../base/fault.ts';
import { showIpv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import { roughly } from '../base/units.ts';
import type { Cancel, World } from '../base/world.ts';
import type { Phone } from '../phones/phone.ts';
import type { Vendor } from '../phones/vendor.ts';
import type { WakeOutcome, WakeRequest } from '../sip/notifier.ts';
import { verdictOf } from '../sip/notify.ts';
import type { ClientEnd } from '../sip/transaction.ts';
import type { Waking } from '../site/load-wake.ts';
import type { PhoneEvent } from '../timeline/event.ts';
import type { Timeline } from '../timeline/journal.ts';
import { sentence } from '../timeline/sentence.ts';
import type { ResyncLine, ResyncOrder } from './api.ts';
import { planWake } from './resync-plan.ts';
import { adviceOn, outcomeSentence, WHY } from './storms-say.ts';

export interface ResyncParts {
  readonly world: World;
  readonly timeline: Timeline;
  /** Sends the NOTIFY and waits for the answer. */
  readonly wake: (request: WakeRequest) => Promise<WakeOutcome>;
  readonly waking: Waking;
  /** Tells the phone its URL unasked; rejects with a Fault where its make takes none. */
  readonly push: (mac: Mac, until: AbortSignal) => Promise<ClientEnd>;
}

/** Wakes the phone; says each step and, last, the verdict. */
export async function resyncPhone(
  parts: ResyncParts,
  found: { readonly phone: Phone; readonly vendor: Vendor | undefined; readonly order: ResyncOrder },
  say: (line: ResyncLine) => void,
): Promise<void> {
  const { phone, vendor, order } = found;
  if (order.push === true) return await pushPhone(parts, found, say);
  const manner = { what: order.reboot ? 'reboot' : 'fetch', byHttp: false } as const;
  const planned = planWake(phone, vendor, { manner, waking: parts.waking });
  if (typeof planned === 'string')
    return say({ verdict: 'unreachable', sentence: `not woken: ${WHY[planned]}` });
  const { request, effect } = planned;
  const { address, port, event } = request;
  say({ sentence: `sent ${event} to ${showIpv4(address)}:${port} (${effect})` });
  await askAndWatch(parts, found, {
    ask: async (until) => await parts.wake({ ...request, until }),
    answered: 'answered',
    say,
  });
}

/** The URL by a NOTIFY that no SUBSCRIBE asked for: for phones that are on the LAN and were given none. */
async function pushPhone(
  parts: ResyncParts,
  found: Parameters<typeof resyncPhone>[1],
  say: (line: ResyncLine) => void,
): Promise<void> {
  try {
    await askAndWatch(parts, found, {
      ask: async (until) => await parts.push(found.phone.mac, until),
      answered: 'was told its URL and answered',
      say,
    });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say({ verdict: 'unreachable', sentence: `not told: ${error.message}. Try this: ${error.hint}` });
  }
}

interface Asking {
  /** Aborted, nothing is sent any more. */
  readonly ask: (until: AbortSignal) => Promise<WakeOutcome>;
  /** Said before status and reason. */
  readonly answered: string;
  readonly say: (line: ResyncLine) => void;
}

/**
 * The answer and then the fetch, or the fetch alone: a phone that was off comes back and fetches by itself, and what
 * would still be sent would make it fetch once more.
 */
async function askAndWatch(
  parts: ResyncParts,
  { phone: { mac }, vendor, order }: Parameters<typeof resyncPhone>[1],
  { ask, answered, say }: Asking,
): Promise<void> {
  const over = new AbortController();
  // Listen before sending: a quick phone fetches before its 200 is read.
  const fetch = nextFetch(parts, mac);
  try {
    const first = await Promise.race([fetch.done, ask(over.signal)]);
    if ('sentence' in first) return say(first);
    if (first.kind === 'unanswered') return say(advised('unanswered', vendor, first));
    say({ sentence: `${answered} ${first.status} ${first.reason}` });
    if (first.status >= 300) return say(refused(first, vendor));
    fetch.giveUpAfter(order.patience);
    say(withAdvice(await fetch.done, vendor));
  } finally {
    over.abort();
    fetch.stop();
  }
}

function refused(
  end: Extract<WakeOutcome, { readonly kind: 'answered' }>,
  vendor: Vendor | undefined,
): ResyncLine {
  const verdict = verdictOf(end) === 'wants-password' ? 'wants-password' : 'refused';
  return advised(verdict, vendor, end);
}

/** What became of it, and what to try: by what its maker says first. */
function advised(
  verdict: 'unanswered' | 'wants-password' | 'refused',
  vendor: Vendor | undefined,
  end: WakeOutcome,
): ResyncLine {
  const outcome = { verdict, at: 0, end } as const;
  return withAdvice({ verdict, sentence: outcomeSentence(outcome, 0) }, vendor, end);
}

function withAdvice(line: ResyncLine, vendor: Vendor | undefined, end?: WakeOutcome): ResyncLine {
  if (line.verdict === undefined || line.verdict === 'confirmed') return line;
  const advice = adviceOn({ verdict: line.verdict, at: 0, end }, vendor);
  return advice === undefined ? line : { ...line, sentence: `${line.sentence}. ${advice}` };
}

/** The first fetch of its own file from now on, or that there was none for so long. */
function nextFetch({ world, timeline }: ResyncParts, mac: Mac) {
  const since = world.now();
  const stops: Cancel[] = [];
  const stop = (): void => {
    for (const one of stops.splice(0)) one();
  };
  let settle: (line: ResyncLine) => void = () => undefined;
  const done = new Promise<ResyncLine>((resolve) => {
    settle = resolve;
  });
  const conclude = (event: PhoneEvent, line: ResyncLine): void => {
    stop();
    timeline.tell(event);
    settle(line);
  };
  const unfollow = timeline.follow((event) => {
    if (event.mac !== mac || !isOwnFetch(event)) return;
    const { at, file } = event;
    const told = { kind: 'wake-confirmed', at, mac, file, afterMs: at - since } as const;
    conclude(told, { verdict: 'confirmed', sentence: `confirmed: ${sentence(told)}` });
  });
  stops.push(unfollow);
  const giveUpAfter = (patience: number): void => {
    const giveUp = (): void =>
      conclude(
        { kind: 'wake-unconfirmed', at: world.now(), mac, waitedMs: patience },
        {
          verdict: 'acknowledged',
          sentence: `it answered but fetched nothing within ${roughly(patience)}`,
        },
      );
    stops.push(world.after(patience, giveUp));
  };
  return { done, giveUpAfter, stop };
}

function isOwnFetch(event: PhoneEvent): event is Extract<PhoneEvent, { kind: 'fetched' | 'up-to-date' }> {
  return (event.kind === 'fetched' || event.kind === 'up-to-date') && event.role === 'own';
}

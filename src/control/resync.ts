// Waking one phone and waiting for the only proof there is: that it fetches its own file again.
import { Fault } from '../base/fault.ts';
import { showIpv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import { roughly } from '../base/units.ts';
import type { World } from '../base/world.ts';
import type { Phone } from '../phones/phone.ts';
import type { Vendor } from '../phones/vendor.ts';
import type { WakeOutcome, WakeRequest } from '../sip/notifier.ts';
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
  readonly push: (mac: Mac) => Promise<ClientEnd>;
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
  const { mac, address, port, event } = request;
  say({ sentence: `sent ${event} to ${showIpv4(address)}:${port} (${effect})` });
  // Listen before sending: a quick phone fetches before its 200 is read.
  const fetch = nextFetch(parts, mac, order.patience);
  try {
    const outcome = await parts.wake(request);
    if (outcome.kind === 'unanswered') return say(advised('unanswered', vendor, outcome));
    say({ sentence: `answered ${outcome.status} ${outcome.reason}` });
    if (outcome.status >= 300) return say(refused(outcome, vendor));
    say(withAdvice(await fetch.done, vendor));
  } finally {
    fetch.stop();
  }
}

/** The URL by a NOTIFY that no SUBSCRIBE asked for: for phones that are on the LAN and were given none. */
async function pushPhone(
  parts: ResyncParts,
  { phone: { mac }, vendor, order }: Parameters<typeof resyncPhone>[1],
  say: (line: ResyncLine) => void,
): Promise<void> {
  const fetch = nextFetch(parts, mac, order.patience);
  try {
    const outcome = await parts.push(mac);
    if (outcome.kind === 'unanswered') return say(advised('unanswered', vendor, outcome));
    say({ sentence: `was told its URL and answered ${outcome.status} ${outcome.reason}` });
    if (outcome.status >= 300) return say(refused(outcome, vendor));
    say(withAdvice(await fetch.done, vendor));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say({ verdict: 'unreachable', sentence: `not told: ${error.message}. Try this: ${error.hint}` });
  } finally {
    fetch.stop();
  }
}

function refused(
  end: Extract<WakeOutcome, { readonly kind: 'answered' }>,
  vendor: Vendor | undefined,
): ResyncLine {
  const verdict = end.status === 401 || end.status === 407 ? 'wants-password' : 'refused';
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
function nextFetch({ world, timeline }: ResyncParts, mac: Mac, patience: number) {
  const since = world.now();
  let stop = (): void => undefined;
  const done = new Promise<ResyncLine>((settle) => {
    const unfollow = timeline.follow((event) => {
      if (event.mac !== mac || !isOwnFetch(event)) return;
      conclude({ kind: 'wake-confirmed', at: event.at, mac, file: event.file, afterMs: event.at - since });
    });
    const cancel = world.after(patience, () =>
      conclude({ kind: 'wake-unconfirmed', at: world.now(), mac, waitedMs: patience }),
    );
    stop = () => {
      unfollow();
      cancel();
    };
    const conclude = (event: PhoneEvent): void => {
      stop();
      timeline.tell(event);
      if (event.kind === 'wake-confirmed')
        settle({ verdict: 'confirmed', sentence: `confirmed: ${sentence(event)}` });
      else {
        const tail = `it answered but fetched nothing within ${roughly(patience)}`;
        settle({ verdict: 'acknowledged', sentence: tail });
      }
    };
  });
  return { done, stop: () => stop() };
}

function isOwnFetch(event: PhoneEvent): event is Extract<PhoneEvent, { kind: 'fetched' | 'up-to-date' }> {
  return (event.kind === 'fetched' || event.kind === 'up-to-date') && event.role === 'own';
}

// Waking one phone and waiting for the only proof there is: that it fetches its own file again.
import { showIpv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import { roughly } from '../base/units.ts';
import type { World } from '../base/world.ts';
import type { Phone } from '../phones/phone.ts';
import type { Vendor } from '../phones/vendor.ts';
import type { WakeOutcome } from '../sip/notifier.ts';
import type { PhoneEvent } from '../timeline/event.ts';
import type { Timeline } from '../timeline/journal.ts';
import { sentence } from '../timeline/sentence.ts';
import type { ResyncLine, ResyncOrder } from './api.ts';

export interface ResyncParts {
  readonly world: World;
  readonly timeline: Timeline;
  /** Sends the NOTIFY and waits for the answer. */
  readonly wake: (request: WakeRequest) => Promise<WakeOutcome>;
}

export interface WakeRequest {
  readonly mac: Mac;
  readonly address: NonNullable<Phone['address']>;
  readonly port: number;
  readonly event: string;
}

/** Where phones hear SIP unless they told otherwise (RFC 3261 section 19.1.2). */
const SIP_PORT = 5060;

/** Wakes the phone; says each step and, last, the verdict. */
export async function resyncPhone(
  parts: ResyncParts,
  found: { readonly phone: Phone; readonly vendor: Vendor | undefined; readonly order: ResyncOrder },
  say: (line: ResyncLine) => void,
): Promise<void> {
  const { phone, vendor, order } = found;
  const { address, mac } = phone;
  if (vendor === undefined) {
    return say({
      verdict: 'unreachable',
      sentence: 'not woken: its make is not known, so neither is its wake-up event',
    });
  }
  if (address === undefined) {
    return say({ verdict: 'unreachable', sentence: 'not woken: it has no address on this LAN' });
  }
  const { event, effect } = order.reboot ? vendor.wake.reboot : vendor.wake.fetch;
  const port = phone.sipPort ?? SIP_PORT;
  say({ sentence: `sent ${event} to ${showIpv4(address)}:${port} (${effect})` });
  // Listen before sending: a quick phone fetches before its 200 is read.
  const fetch = nextFetch(parts, mac, order.patience);
  try {
    const outcome = await parts.wake({ mac, address, port, event });
    if (outcome.kind === 'unanswered')
      return say({ verdict: 'unanswered', sentence: noAnswer(outcome.tries) });
    say({ sentence: `answered ${outcome.status} ${outcome.reason}` });
    if (outcome.status >= 300) return say(refused(outcome.status, vendor));
    say(await fetch.done);
  } finally {
    fetch.stop();
  }
}

function noAnswer(tries: number): string {
  return `no answer after ${tries} tries: it may be off, or obey only its registrar (then wake it through the PBX)`;
}

function refused(status: number, vendor: Vendor): ResyncLine {
  if (status === 401 || status === 407) {
    const sentence = `it wants a password: phones of ${vendor.name} check who wakes them`;
    return { verdict: 'wants-password', sentence };
  }
  return { verdict: 'refused', sentence: `refused with ${status}` };
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
        const tail = `it answered but fetched nothing within ${roughly(patience)}: it may be in a call`;
        settle({ verdict: 'acknowledged', sentence: tail });
      }
    };
  });
  return { done, stop: () => stop() };
}

function isOwnFetch(event: PhoneEvent): event is Extract<PhoneEvent, { kind: 'fetched' | 'up-to-date' }> {
  return (event.kind === 'fetched' || event.kind === 'up-to-date') && event.role === 'own';
}

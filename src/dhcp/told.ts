// How the DHCP door tells of trouble and of silence.
import { errnoOf, Fault, messageOf } from '../base/fault.ts';
import type { Mac } from '../base/mac.ts';
import { createSeldom } from '../base/seldom.ts';
import type { World } from '../base/world.ts';
import type { Tell } from '../timeline/event.ts';

/** A phone that gets no answer asks every few seconds, a broken one all the time: one word a second is enough. */
const SELDOM = { every: 1000, most: 10_000 };

/** Options were left out for want of room. */
export function noRoom(codes: readonly number[]): Fault {
  return new Fault(
    'dhcp-reply-full',
    `The DHCP reply had no room for option ${codes.join(', ')}`,
    'Shorten the URL or send fewer options: provisioning.options names those that carry the URL',
  );
}

/** Tells what went wrong, once. */
export function tellFault(
  door: { readonly tell: Tell; readonly world: World },
  error: unknown,
  mac?: Mac,
): void {
  const known = error instanceof Fault ? error : undefined;
  door.tell({
    kind: 'fault',
    at: door.world.now(),
    mac,
    code: known?.code ?? errnoOf(error) ?? 'dhcp-failed',
    message: `DHCP: ${messageOf(error)}`,
    hint: known?.hint ?? 'phones get no address until this is mended: see the log of the daemon',
  });
}

/** Lets one silence per phone and second through. */
export function quieted(tell: Tell): Tell {
  const mayTell = createSeldom(SELDOM);
  return (event) => {
    if (event.kind !== 'no-answer-given' || mayTell(event.mac ?? '', event.at)) tell(event);
  };
}

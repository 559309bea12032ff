// How far a phone is: its events folded into a few facts, so that old events may be forgotten and progress not.
import type { Ipv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import type { EventOf, PhoneEvent } from './event.ts';
import { isNormal } from './reason.ts';

/** The facts that survive the bounded timeline. */
export interface Progress {
  readonly firstAt: Millis;
  /** The event that the phone's line shows. */
  readonly last: PhoneEvent;
  readonly address?: Ipv4 | undefined;
  /** The options it asked for (option 55), if it spoke DHCP to us. */
  readonly asksOptions?: readonly number[] | undefined;
  /** The URL it was told, and when. */
  readonly told?: { readonly url: string; readonly at: Millis } | undefined;
  /** Its own file as it last got it whole. */
  readonly ownFile?: OwnFile | undefined;
  /** The last refusal that is no part of a healthy boot. */
  readonly refusal?: EventOf<'refused'> | undefined;
  /** Whether it fetched or asked for any file. */
  readonly askedForFiles: boolean;
  /** The last time it was left without an answer on purpose. */
  readonly silence?: EventOf<'no-answer-given'> | undefined;
}

export interface OwnFile {
  readonly file: string;
  readonly digest: string;
  readonly bytes: number;
  readonly at: Millis;
}

/** What is left of a phone's progress after a restart: the proof that it had its own file. */
export function rememberedProgress(mac: Mac, ownFile: OwnFile): Progress {
  const { file, digest, bytes, at } = ownFile;
  const last = { kind: 'fetched', at, mac, door: 'http', file, role: 'own', bytes, digest } as const;
  return { firstAt: at, last, ownFile, askedForFiles: true };
}

/** The facts after one more event of this phone. */
export function advance(before: Progress | undefined, event: PhoneEvent): Progress {
  const progress: Progress = {
    ...(before ?? { firstAt: event.at, askedForFiles: false }),
    last: shows(event) || before === undefined ? event : before.last,
  };
  switch (event.kind) {
    case 'asked-for-address':
      return { ...progress, asksOptions: event.asksOptions };
    case 'leased':
    case 'informed':
      return { ...progress, address: event.address, silence: undefined, ...toldBy(event) };
    case 'released':
    case 'declined':
      return { ...progress, address: undefined };
    case 'told-url':
      return { ...progress, told: { url: event.url, at: event.at } };
    case 'no-answer-given':
      return { ...progress, silence: event };
    case 'refused':
      return {
        ...progress,
        askedForFiles: true,
        refusal: isNormal(event.because) ? progress.refusal : event,
      };
    case 'fetching':
    case 'transfer-ended-early':
      return { ...progress, askedForFiles: true };
    case 'fetched':
    case 'up-to-date':
      return { ...progress, askedForFiles: true, ...ownFileIn(event, progress) };
    case 'appeared':
    case 'identified':
    case 'evidence-conflicts':
    case 'offered':
    case 'address-refused':
    case 'asked-by-pnp':
    case 'pnp-acknowledged':
    case 'pnp-unacknowledged':
    case 'woken':
    case 'wake-answered':
    case 'wake-unanswered':
    case 'wake-confirmed':
    case 'wake-unconfirmed':
    case 'address-conflict':
    case 'caught-elsewhere':
    case 'foreign-server':
    case 'foreign-server-gone':
    case 'strangers-limited':
    case 'garbled':
    case 'fault':
      return progress;
  }
}

/** Events between others of the same moment, which would hide the one that matters on the phone's line. */
function shows(event: PhoneEvent): boolean {
  if (event.kind === 'refused') return !isNormal(event.because);
  return event.kind !== 'identified' && event.kind !== 'evidence-conflicts';
}

function toldBy(event: EventOf<'leased' | 'informed'>): Pick<Progress, 'told'> {
  if (event.url === undefined) return {};
  if (event.kind === 'leased' && event.urlOptions.length === 0) return {};
  return { told: { url: event.url, at: event.at } };
}

function ownFileIn(
  event: EventOf<'fetched' | 'up-to-date'>,
  progress: Progress,
): Pick<Progress, 'ownFile' | 'refusal'> {
  if (event.role !== 'own') return {};
  const bytes = event.kind === 'fetched' ? event.bytes : (progress.ownFile?.bytes ?? 0);
  return { ownFile: { file: event.file, digest: event.digest, bytes, at: event.at }, refusal: undefined };
}

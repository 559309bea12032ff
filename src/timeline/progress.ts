// How far a phone is: its events folded into a few facts, so that old events may be forgotten and progress not.
import type { Ipv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import { isLeftOut } from './access.ts';
import type { EventOf, PhoneEvent } from './event.ts';
import { type FirmwareState, firmwareAfter } from './firmware.ts';
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
  readonly firmware?: FirmwareState | undefined;
}

export interface OwnFile {
  readonly file: string;
  readonly digest: string;
  readonly bytes: number;
  readonly at: Millis;
  /** It went out without its passwords. */
  readonly isBlank?: true | undefined;
}

/** What is left of a phone's progress after a restart: the proof that it had its own file. */
export function rememberedProgress(mac: Mac, ownFile: OwnFile): Progress {
  const { file, digest, bytes, at } = ownFile;
  const last = { kind: 'fetched', at, mac, door: 'http', file, role: 'own', bytes, digest } as const;
  return { firstAt: at, last, ownFile, askedForFiles: true };
}

/** The facts after one more event of this phone. */
export function advance(before: Progress | undefined, event: PhoneEvent): Progress {
  // One copy that is then filled: most events change one fact, and they are many.
  const progress: Filling = before === undefined ? beginning(event) : { ...before };
  if (before === undefined || shows(event)) progress.last = event;
  fillIn(progress, event);
  progress.firmware = firmwareAfter(before?.firmware, event);
  return progress;
}

type Filling = { -readonly [Key in keyof Progress]: Progress[Key] };

function beginning(event: PhoneEvent): Filling {
  return {
    firstAt: event.at,
    last: event,
    address: undefined,
    asksOptions: undefined,
    told: undefined,
    ownFile: undefined,
    refusal: undefined,
    askedForFiles: false,
    silence: undefined,
    firmware: undefined,
  };
}

function fillIn(progress: Filling, event: PhoneEvent): void {
  switch (event.kind) {
    case 'asked-for-address':
      progress.asksOptions = event.asksOptions;
      return;
    case 'leased':
    case 'informed':
      progress.address = event.address;
      progress.silence = undefined;
      progress.told = toldBy(event) ?? progress.told;
      return;
    case 'released':
    case 'declined':
      progress.address = undefined;
      return;
    case 'told-url':
      progress.told = { url: event.url, at: event.at };
      return;
    case 'no-answer-given':
      progress.silence = event;
      return;
    case 'refused':
      if (event.writing === true) return;
      progress.askedForFiles = true;
      if (!isNormal(event.because)) progress.refusal = event;
      return;
    case 'fetching':
    case 'progress':
    case 'transfer-ended-early':
      progress.askedForFiles = true;
      return;
    case 'fetched':
    case 'up-to-date':
      progress.askedForFiles = true;
      if (event.role === 'own') fillInOwnFile(progress, event);
      return;
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
    case 'changed-lan':
    case 'foreign-server':
    case 'foreign-server-gone':
    case 'strangers-limited':
    case 'uploaded':
    case 'upload-ended-early':
    case 'access':
    case 'tls-refused':
    case 'garbled':
    case 'interface-back':
    case 'fault':
      return;
  }
}

/** Events between others of the same moment, which would hide the one that matters on the phone's line. */
function shows(event: PhoneEvent): boolean {
  if (event.kind === 'refused') return !isNormal(event.because) && event.writing !== true;
  return event.kind !== 'identified' && event.kind !== 'evidence-conflicts' && event.kind !== 'access';
}

function toldBy(event: EventOf<'leased' | 'informed'>): Progress['told'] {
  if (event.url === undefined) return undefined;
  if (event.kind === 'leased' && event.urlOptions.length === 0) return undefined;
  return { url: event.url, at: event.at };
}

function fillInOwnFile(progress: Filling, event: EventOf<'fetched' | 'up-to-date'>): void {
  progress.ownFile = ownFileAfter(progress.ownFile, event);
  progress.refusal = undefined;
}

/** What the phone has of its own file after it fetched it, or was told that what it has is the same still. */
export function ownFileAfter(before: OwnFile | undefined, event: EventOf<'fetched' | 'up-to-date'>): OwnFile {
  const { file, digest, at } = event;
  if (event.kind === 'up-to-date') {
    const isBlank = before?.digest === digest && before.isBlank === true;
    return { file, digest, bytes: before?.bytes ?? 0, at, ...(isBlank ? { isBlank } : {}) };
  }
  return { file, digest, bytes: event.bytes, at, ...(isLeftOut(event) ? { isBlank: true } : {}) };
}

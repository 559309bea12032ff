// Firmware for many phones: so many of a make at a time, the others later or slowly; and how far each transfer is.
import type { Millis, World } from '../base/world.ts';
import type { FirmwarePace } from '../site/files.ts';
import type { DoorName, EventOf, Tell } from '../timeline/event.ts';
import type { Refused } from './desk.ts';

export interface PacerParts {
  readonly limits: FirmwarePace;
  readonly world: Pick<World, 'now'>;
  readonly tell: Tell;
}

/** A transfer that is about to begin. */
export interface Loading extends Pick<EventOf<'progress'>, 'mac' | 'from' | 'file' | 'role'> {
  readonly door: DoorName;
  /** The id of the phone's vendor, where it is known. */
  readonly vendor?: string | undefined;
  readonly bytes: number;
}

export interface Transfer {
  readonly kind: 'transfer';
  /** The most bytes a second; absent: as fast as it goes. */
  readonly pace?: number | undefined;
  progress(bytes: number): void;
  /** However it ended; twice is as good as once. */
  over(): void;
}

export interface Pacer {
  open(loading: Loading): Transfer | Refused;
}

/** From this size on a transfer takes long enough for its beginning and its progress to be news. */
export const LONG_TRANSFER = 200_000;
const TELL_EVERY = 1000;
/** A transfer that has not moved for so long does not count any more. */
const FORGET_AFTER = 180_000;
/** Firmware of many parts: a phone that has begun is let in again for so long. */
const STAYS_IN = 15_000;
/** Bytes a second for those beyond the limit at doors where a refusal makes the phone give up. */
export const SLOWLY = 64 * 1024;
/** So many times the limit may be served slowly. */
const MOST_SLOW = 4;
const SOONEST = 5;
const LATEST = 120;
/** Assumed of a transfer of which nothing is known yet. */
const USUAL = 15;

/** One phone that loads firmware. */
interface Place {
  readonly vendor: string;
  readonly isSlow: boolean;
  readonly began: Millis;
  readonly of: number;
  bytes: number;
  movedAt: Millis;
  /** Its last transfer is over. */
  endedAt: Millis | undefined;
}

/** One for all doors: what is under way at one of them counts at the others. */
export function createPacer({ limits, world, tell }: PacerParts): Pacer {
  const places = new Map<string, Place>();
  const waiting = new Map<string, Millis>();

  return {
    open: (loading) => {
      const now = world.now();
      const meter = createMeter(loading, now);
      const progress = (bytes: number): void => {
        const seen = meter(world.now(), bytes);
        if (seen !== undefined) tell(seen);
      };
      if (loading.role !== 'firmware') return { kind: 'transfer', progress, over: () => undefined };
      const who = loading.mac ?? hostOf(loading.from);
      forget(places, waiting, now);
      const way = wayFor({ places, limits, now }, loading, who);
      if (way === 'later') {
        waiting.set(who, now);
        const turn = Math.floor([...waiting.keys()].indexOf(who) / limits.atOnce);
        return refusal({ places, limits, now }, { turn, vendor: loading.vendor });
      }
      waiting.delete(who);
      const { bytes: of, vendor = '' } = loading;
      const place: Place = {
        ...{ vendor, isSlow: way === 'slow', began: now, of },
        ...{ bytes: 0, movedAt: now, endedAt: undefined },
      };
      places.set(who, place);
      return {
        kind: 'transfer',
        pace: way === 'slow' ? Math.min(SLOWLY, limits.rate ?? SLOWLY) : limits.rate,
        progress: (bytes) => {
          place.bytes = bytes;
          place.movedAt = world.now();
          progress(bytes);
        },
        over: () => {
          place.endedAt ??= world.now();
        },
      };
    },
  };
}

interface Crowd {
  readonly places: ReadonlyMap<string, Place>;
  readonly limits: FirmwarePace;
  readonly now: Millis;
}

function wayFor(
  { places, limits }: Crowd,
  { vendor = '', door }: Loading,
  who: string,
): 'go' | 'slow' | 'later' {
  const own = places.get(who);
  // Who is in already asks for the next part, or for the same once more: it takes no second place.
  if (own !== undefined) return own.isSlow ? 'slow' : 'go';
  const loading = [...places.values()].filter((one) => one.vendor === vendor && one.endedAt === undefined);
  const slow = loading.filter(({ isSlow }) => isSlow).length;
  if (loading.length - slow < limits.atOnce) return 'go';
  // HTTP has a word for "later" that phones know (503). Over TFTP and FTP every refusal is final to many of them.
  const mayWait = door === 'http' || door === 'https';
  return !mayWait && slow < limits.atOnce * MOST_SLOW ? 'slow' : 'later';
}

function forget(places: Map<string, Place>, waiting: Map<string, Millis>, now: Millis): void {
  for (const [who, { movedAt, endedAt }] of places) {
    const isOver = endedAt !== undefined && now - endedAt > STAYS_IN;
    if (isOver || now - movedAt > FORGET_AFTER) places.delete(who);
  }
  for (const [who, at] of waiting) if (now - at > FORGET_AFTER) waiting.delete(who);
}

/** When the first place is likely to be free; those behind come later, so that they do not all come at once. */
function refusal(
  { places, limits, now }: Crowd,
  { turn, vendor = '' }: { readonly turn: number; readonly vendor: string | undefined },
): Refused {
  const left = [...places.values()]
    .filter((one) => one.vendor === vendor && one.endedAt === undefined)
    .map(({ of, bytes, began }) => (bytes === 0 ? USUAL : ((of - bytes) * (now - began)) / bytes / 1000));
  const seconds = Math.ceil(Math.min(...left, LATEST)) + turn * SOONEST;
  const retryAfter = Math.min(LATEST, Math.max(SOONEST, seconds));
  const detail = `${limits.atOnce} phones of its make load firmware now; there is room again in about ${retryAfter} s`;
  return { kind: 'refused', because: 'too-busy', detail, retryAfter };
}

/** Tells how far a transfer is, at most once a second. */
function createMeter(
  { mac, from, door, file, role, bytes: of }: Loading,
  began: Millis,
): (now: Millis, bytes: number) => EventOf<'progress'> | undefined {
  let toldAt = began;
  return (now, bytes) => {
    if (of < LONG_TRANSFER || now - toldAt < TELL_EVERY || bytes >= of) return undefined;
    toldAt = now;
    const bytesPerSecond = Math.round((bytes * 1000) / (now - began));
    return { kind: 'progress', at: now, mac, from, door, file, role, bytes, of, bytesPerSecond };
  };
}

function hostOf(from = ''): string {
  return from.replace(/:\d+$/, '');
}

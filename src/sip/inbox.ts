// Datagrams that wait their turn: the kernel's buffer is emptied at once, what has waited too long is dropped. Beyond the
// highest rate that can be served the rate that is served does not fall, and other doors get their turn in between.
import type { Cancel, Closable, Millis, World } from '../base/world.ts';

export interface InboxParts<Item> {
  readonly world: World;
  readonly handle: (item: Item) => void;
  /** So many were dropped because they had waited too long, or because too many wait. */
  readonly onShed: (items: readonly Item[]) => void;
}

export interface Inbox<Item> extends Closable {
  /** Handles it at once while there is time, else after those that came before. */
  put(item: Item): void;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly at: Millis;
}

/** How long one turn may take: DHCP and the files wait that long. */
const TURN_MS = 4;
/**
 * Who asked longer ago than that has asked again by itself (timer E), and what waited in the kernel's buffer comes on
 * top: with both, an answer would come when the phone has given up.
 */
const STALE_MS = 500;
const MOST_WAITING = 8192;

export function createInbox<Item>({ world, handle, onShed }: InboxParts<Item>): Inbox<Item> {
  let waiting: Waiting<Item>[] = [];
  let next = 0;
  let turnSince = 0;
  let lastAt = 0;
  let cancel: Cancel | undefined;
  let isOpen = true;

  /** Datagrams that are read in one go follow each other without a pause: together they are one turn. */
  const hasTime = (now: Millis): boolean => {
    if (now - lastAt > 1) turnSince = now;
    return now - turnSince < TURN_MS;
  };
  const work = (): void => {
    cancel = undefined;
    const start = world.now();
    shed(start);
    let now = start;
    while (next < waiting.length && now - start < TURN_MS) {
      const one = waiting[next];
      next += 1;
      if (one !== undefined) handle(one.item);
      now = world.now();
    }
    turnSince = now;
    lastAt = now;
    if (next < waiting.length) cancel = world.after(0, work);
    else forget();
  };
  const forget = (): void => {
    waiting = [];
    next = 0;
  };
  const shed = (now: Millis): void => {
    const from = next;
    while (next < waiting.length && now - (waiting[next]?.at ?? now) > STALE_MS) next += 1;
    if (waiting.length - next > MOST_WAITING) next = waiting.length - MOST_WAITING;
    if (next > from) onShed(waiting.slice(from, next).map(({ item }) => item));
    // What is done with is let go of: a flood must not grow one list for ever.
    if (next > MOST_WAITING) {
      waiting = waiting.slice(next);
      next = 0;
    }
  };

  return {
    put: (item) => {
      if (!isOpen) return;
      const now = world.now();
      if (cancel === undefined && hasTime(now)) {
        handle(item);
        lastAt = world.now();
        return;
      }
      waiting.push({ item, at: now });
      if (waiting.length - next > 2 * MOST_WAITING) shed(now);
      cancel ??= world.after(0, work);
    },
    close: async () => {
      isOpen = false;
      cancel?.();
      forget();
      await Promise.resolve();
    },
  };
}

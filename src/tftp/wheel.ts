// One timer for all transfers. Their alarms are put off with every packet and hardly ever ring: an alarm is looked at
// when its first moment has come, and only then moved to its latest.
import type { Cancel, Millis, World } from '../base/world.ts';

export interface Alarm {
  /** Rings once, at that moment or up to 10 ms later; a second call moves it. `undefined` takes it back. */
  set(at: Millis | undefined): void;
}

export interface Wheel {
  alarm(ring: () => void): Alarm;
  /** Nothing rings any more. */
  close(): void;
}

interface Entry {
  at: Millis;
  /** Where it lies; lists may hold it elsewhere too, from before it was moved to an earlier moment. */
  slot: number;
  readonly ring: () => void;
}

const GRAIN = 10;
const NEVER = Number.POSITIVE_INFINITY;

export function createWheel(world: World): Wheel {
  const slots = new Map<number, Entry[]>();
  let armed = NEVER;
  let cancel: Cancel = () => undefined;
  let isClosed = false;

  const arm = (slot: number): void => {
    cancel();
    armed = slot;
    cancel = world.after(slot * GRAIN - world.now(), turn);
  };
  const put = (entry: Entry, slot: number): void => {
    entry.slot = slot;
    const list = slots.get(slot);
    if (list === undefined) slots.set(slot, [entry]);
    else list.push(entry);
    if (slot < armed && !isClosed) arm(slot);
  };
  const turn = (): void => {
    armed = NEVER;
    const present = Math.floor(world.now() / GRAIN);
    const due = [...slots.keys()].filter((slot) => slot <= present).sort((a, b) => a - b);
    for (const slot of due) {
      const entries = slots.get(slot) ?? [];
      slots.delete(slot);
      for (const entry of entries) if (entry.slot === slot) look(entry, present);
    }
    const next = Math.min(...slots.keys());
    if (next < armed && !isClosed) arm(next);
  };
  const look = (entry: Entry, present: number): void => {
    const slot = slotOf(entry.at);
    entry.slot = NEVER;
    if (slot > present) {
      if (slot !== NEVER) put(entry, slot);
      return;
    }
    entry.at = NEVER;
    entry.ring();
  };
  return {
    alarm: (ring) => {
      const entry: Entry = { at: NEVER, slot: NEVER, ring };
      return {
        set: (at) => {
          entry.at = at ?? NEVER;
          // Lying too early costs a look; it must not lie too late.
          if (entry.at < NEVER && slotOf(entry.at) < entry.slot) put(entry, slotOf(entry.at));
        },
      };
    },
    close: () => {
      isClosed = true;
      cancel();
      slots.clear();
    },
  };
}

/** Never before the moment. */
function slotOf(at: Millis): number {
  return Math.ceil(at / GRAIN);
}

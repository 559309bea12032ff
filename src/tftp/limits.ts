// How many transfers may run: in all, and for one address. Who never acknowledges anything gives way to others.
import type { Ipv4 } from '../base/ipv4.ts';
import type { Millis } from '../base/world.ts';

export interface TransferLimits {
  readonly transfers: number;
  /** Phones fetch one file at a time, some two or three; more is no phone. */
  readonly perAddress: number;
}

/** What takes a place. */
export interface Guest {
  readonly from: { readonly address: Ipv4 };
  readonly since: Millis;
}

export interface Places<One extends Guest> {
  /** All that cost us something. */
  readonly taken: ReadonlySet<One>;
  /**
   * Whether there is room for one more of that address. Where there is not, the oldest that has acknowledged nothing
   * is named: it may be ended to make room.
   */
  room(address: Ipv4, now: Millis): { readonly isFree: boolean; readonly oldest?: One | undefined };
  enter(one: One): void;
  /** It has acknowledged something: nobody pushes it out. */
  confirm(one: One): void;
  /** Does nothing the second time. */
  leave(one: One): void;
}

/** A phone on a LAN acknowledges in a moment; one that took so long may be made to ask again. */
const MAY_GIVE_WAY_AFTER = 1_000;

export function createPlaces<One extends Guest>({ transfers, perAddress }: TransferLimits): Places<One> {
  const taken = new Set<One>();
  /** In the order of their coming. */
  const unconfirmed = new Set<One>();
  const counts = new Map<Ipv4, number>();
  return {
    taken,
    room: (address, now) => {
      if ((counts.get(address) ?? 0) >= perAddress) return { isFree: false };
      if (taken.size < transfers) return { isFree: true };
      const [oldest] = unconfirmed;
      const mayGiveWay = oldest !== undefined && now - oldest.since >= MAY_GIVE_WAY_AFTER;
      return { isFree: false, oldest: mayGiveWay ? oldest : undefined };
    },
    enter: (one) => {
      taken.add(one);
      unconfirmed.add(one);
      counts.set(one.from.address, (counts.get(one.from.address) ?? 0) + 1);
    },
    confirm: (one) => {
      unconfirmed.delete(one);
    },
    leave: (one) => {
      unconfirmed.delete(one);
      if (!taken.delete(one)) return;
      const left = (counts.get(one.from.address) ?? 1) - 1;
      if (left === 0) counts.delete(one.from.address);
      else counts.set(one.from.address, left);
    },
  };
}

// A switch that listens in on IGMP forgets who wants a group unless it is told again; where no router asks, nobody tells
// it. Then phones ask by multicast and nobody hears them, minutes after all has worked.
import type { Cancel, World } from '../base/world.ts';

/** What of a socket is needed. */
export interface Member {
  addMembership(group: string, near: string): unknown;
  dropMembership(group: string, near: string): unknown;
}

export interface Membership {
  readonly group: string;
  /** Our address on the interface, which names it to the kernel. */
  readonly near: string;
}

/** Switches forget after 260 s by default (RFC 3376 section 8.4): twice in that time. */
export const REJOIN_EVERY_MS = 125_000;

/**
 * Leaves the group and joins it at once again, which makes the kernel report the membership (RFC 3376 section 5.1).
 * Where that fails the interface is away, and whoever looks after the socket opens it anew.
 */
export function keepJoined(
  world: World,
  member: Member,
  { group, near }: Membership,
  onTrouble: (error: Error) => void,
): Cancel {
  let cancel: Cancel;
  const again = (): void => {
    try {
      member.dropMembership(group, near);
    } catch {
      // It is no member any more: all the more reason to join.
    }
    try {
      member.addMembership(group, near);
    } catch (error) {
      onTrouble(error instanceof Error ? error : new Error(String(error)));
    }
    cancel = world.after(REJOIN_EVERY_MS, again);
  };
  cancel = world.after(REJOIN_EVERY_MS, again);
  return () => cancel();
}

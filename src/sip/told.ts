// What the SIP door tells of trouble: a broken sender may knock all the time, so one word a second about each is enough.
import { printable, type WireFault } from '../base/bytes.ts';
import { errnoOf, Fault, messageOf } from '../base/fault.ts';
import { showIpv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Millis, World } from '../base/world.ts';
import type { Peer } from '../net/ports.ts';
import type { Tell } from '../timeline/event.ts';
import type { Reason } from '../timeline/reason.ts';
import { showPeer } from './uri.ts';

export interface Unanswered {
  readonly from: Peer;
  readonly mac?: Mac | undefined;
  /** Whom the word is about; its address where absent. */
  readonly about?: string;
}

export interface Why {
  readonly because: Reason;
  readonly detail?: string | undefined;
}

export interface Garbled {
  readonly because: WireFault;
  readonly offset: number;
  readonly bytes: number;
}

export interface Told {
  readonly tell: Tell;
  silence(whom: Unanswered, why: Why): void;
  garbled(from: Peer, what: Garbled): void;
  fault(error: unknown): void;
  /** Whether a second has gone by since the last word about it. */
  mayTell(about: string): boolean;
}

const TOLD_EVERY = 1000;
const MOST_TROUBLED = 5000;

export function createTold({ world, tell }: { readonly world: World; readonly tell: Tell }): Told {
  let troubled = new Map<string, Millis>();
  const mayTell = (about: string): boolean => {
    const now = world.now();
    const last = troubled.get(about);
    if (last !== undefined && now - last < TOLD_EVERY) return false;
    if (troubled.size >= MOST_TROUBLED) troubled = new Map();
    troubled.set(about, now);
    return true;
  };
  return {
    tell,
    mayTell,
    silence: ({ from, mac, about }, { because, detail }) => {
      if (!mayTell(about ?? mac ?? showIpv4(from.address))) return;
      const seen = { at: world.now(), mac, from: showPeer(from) };
      tell({
        kind: 'no-answer-given',
        door: 'pnp',
        because,
        detail: detail && printable(detail, LONGEST_DETAIL),
        ...seen,
      });
    },
    garbled: (from, what) => {
      if (!mayTell(showIpv4(from.address))) return;
      tell({ at: world.now(), from: showPeer(from), kind: 'garbled', door: 'pnp', ...what });
    },
    fault: (error) => {
      const known = error instanceof Fault ? error : undefined;
      const code = known?.code ?? errnoOf(error) ?? 'sip-failed';
      if (!mayTell(code)) return;
      const hint = known?.hint ?? 'phones ask again by themselves; look at the log if this repeats';
      tell({ at: world.now(), kind: 'fault', code, message: `SIP: ${messageOf(error)}`, hint });
    },
  };
}

const LONGEST_DETAIL = 64;

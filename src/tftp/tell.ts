// What the TFTP door tells beside the files it serves: one word a second about each kind of trouble.
import type { WireError } from '../base/bytes.ts';
import { errnoOf, Fault, messageOf } from '../base/fault.ts';
import type { Millis, World } from '../base/world.ts';
import { showPeer } from '../files/desk.ts';
import type { Peer } from '../net/ports.ts';
import type { Tell } from '../timeline/event.ts';
import type { Reason } from '../timeline/reason.ts';

export interface Garbage {
  readonly bytes: Uint8Array;
  readonly error: WireError;
}

export interface Teller {
  refused(from: Peer, file: string, because: Reason): void;
  /** There is no room for it. */
  busy(from: Peer, file: string): void;
  garbled(from: Peer, garbage: Garbage): void;
  trouble(error: unknown): void;
}

const TOLD_EVERY = 1000;
const MOST_KINDS_OF_TROUBLE = 5000;
/** A phone that was switched off: its transfer gives up by itself. */
const UNHEARD = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'EHOSTDOWN']);

export function createTeller({ world, tell }: { readonly world: World; readonly tell: Tell }): Teller {
  const toldAt = new Map<string, Millis>();
  const mayTell = (about: string): boolean => {
    const now = world.now();
    const last = toldAt.get(about);
    if (last !== undefined && now - last < TOLD_EVERY) return false;
    // Forged addresses must not fill the memory; forgetting costs one word too many.
    if (toldAt.size >= MOST_KINDS_OF_TROUBLE) toldAt.clear();
    toldAt.set(about, now);
    return true;
  };
  const refused = (from: Peer, file: string, because: Reason): void =>
    tell({ at: world.now(), from: showPeer(from), kind: 'refused', door: 'tftp', file, because });
  return {
    refused: (from, file, because) => {
      if (mayTell(`${because} ${from.address}`)) refused(from, file, because);
    },
    busy: (from, file) => {
      if (mayTell('busy')) refused(from, file, 'too-busy');
    },
    garbled: (from, { bytes, error }) => {
      if (!mayTell(`garbled ${from.address}`)) return;
      const what = { because: error.code, offset: error.at, bytes: bytes.length };
      tell({ at: world.now(), from: showPeer(from), kind: 'garbled', door: 'tftp', ...what });
    },
    trouble: (error) => {
      const known = error instanceof Fault ? error : undefined;
      const code = known?.code ?? errnoOf(error) ?? 'tftp-failed';
      if (UNHEARD.has(code) || !mayTell(code)) return;
      const hint = known?.hint ?? 'phones ask again by themselves; look at the log if this repeats';
      tell({ at: world.now(), kind: 'fault', code, message: `TFTP: ${messageOf(error)}`, hint });
    },
  };
}

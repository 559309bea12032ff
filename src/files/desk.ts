// The desk at which every door asks for files on behalf of a phone.
import { showIpv4 } from '../base/ipv4.ts';
import type { Peer } from '../net/ports.ts';
import type { Phone } from '../phones/phone.ts';
import type { DoorName, FileRole } from '../timeline/event.ts';
import type { Reason } from '../timeline/reason.ts';

export interface FileAsk {
  readonly door: DoorName;
  /** As on the wire, percent-decoding done; may hold anything. */
  readonly name: string;
  readonly from: Peer;
  /** HTTP only. */
  readonly userAgent?: string | undefined;
}

/** As much of a phone as files are made from. */
export type Asker = Pick<Phone, 'mac' | 'identity' | 'listed'>;

/** Finds out who asks and notes that the phone spoke; undefined where nobody can be named. */
export type Recognise = (ask: FileAsk) => Promise<Asker | undefined>;

export interface FileOutcome {
  /** Every byte went out and, where the protocol tells, was acknowledged. */
  readonly complete: boolean;
  readonly bytes: number;
  /** Why not complete, as a sentence's end: "the phone sent ERROR 0". */
  readonly why?: string | undefined;
  /** The phone has these bytes already (HTTP 304). */
  readonly unchanged?: boolean | undefined;
}

export type FileAnswer =
  | {
      readonly kind: 'file';
      /** The name it goes under in events. */
      readonly name: string;
      readonly role: FileRole;
      readonly content: Uint8Array;
      /** SHA-256 in hex. */
      readonly digest: string;
      /** Content-Type for HTTP. */
      readonly type: string;
      /** Call once, when the transfer is over: this is what tells the timeline. HEAD requests do not call it. */
      readonly ended: (outcome: FileOutcome) => void;
    }
  | {
      readonly kind: 'refused';
      readonly because: Reason;
      /** A sentence with particulars, safe to show the peer (no paths of the server). */
      readonly detail?: string | undefined;
    };

export interface FileDesk {
  /** The refusal, if any, has been told to the timeline when this returns. Never rejects. */
  ask(ask: FileAsk): Promise<FileAnswer>;
}

/** A peer as events name it: `10.20.0.50:40000`. */
export function showPeer({ address, port }: Peer): string {
  return `${showIpv4(address)}:${port}`;
}

// The desk at which every door asks for files on behalf of a phone.
import { showIpv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Result } from '../base/result.ts';
import type { Millis } from '../base/world.ts';
import type { Peer } from '../net/ports.ts';
import type { Phone } from '../phones/phone.ts';
import type { DoorName, FileRole } from '../timeline/event.ts';
import type { Reason } from '../timeline/reason.ts';
import type { Access, Token, TokenState } from './tokens.ts';

export interface FileAsk {
  readonly door: DoorName;
  /** As on the wire, percent-decoding done; may hold anything. */
  readonly name: string;
  readonly from: Peer;
  /** HTTP only. */
  readonly userAgent?: string | undefined;
  readonly proof?: Proof | undefined;
  /** HTTP only: Content-Encoding gzip is understood. */
  readonly acceptsGzip?: boolean | undefined;
  /** Size and date alone are wanted (FTP SIZE, HTTP HEAD): nothing begins, no transfer follows, and nobody calls `ended`. */
  readonly look?: boolean | undefined;
}

/** What a peer brought to show who it is, beside its address; the door has verified it. */
export interface Proof {
  /** The MACs in the subject of its client certificate, none where the subject holds none. */
  readonly certificate?: { readonly subject: string; readonly macs: readonly Mac[] } | undefined;
  /** The account that it signed in with (Basic, Digest, FTP). */
  readonly account?: string | undefined;
  /** What the token in its URL says. */
  readonly token?: Token | undefined;
}

/** As much of a phone as files are made from. */
export interface Asker extends Pick<Phone, 'mac' | 'identity' | 'listed'> {
  /** Where its lease is: at the address that asks, or at another one. Absent where it holds none of ours. */
  readonly held?: 'here' | 'elsewhere' | undefined;
  /** How far it is with its tokens, where URLs carry some. */
  readonly tokens?: TokenState | undefined;
  /** What whoever asks has shown; absent where nobody asks, or URLs carry no tokens. */
  readonly access?: Access | undefined;
}

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
      /** When a static file was last changed; rendered ones have no such moment. */
      readonly modified?: Millis | undefined;
      /** Content-Encoding for HTTP, where the content is sealed (aes128gcm) or compressed (gzip). */
      readonly encoding?: string | undefined;
      /** What goes out depends on Accept-Encoding. */
      readonly varies?: boolean | undefined;
      /** Where the phone must not take more a second than so many bytes: firmware beside many others. */
      readonly pace?: number | undefined;
      /** May be called as bytes go out, with their sum so far; the desk thins it out. */
      readonly progress?: ((bytes: number) => void) | undefined;
      /** Call once, when the transfer is over: this is what tells the timeline. HEAD requests do not call it. */
      readonly ended: (outcome: FileOutcome) => void;
    }
  | {
      readonly kind: 'refused';
      readonly because: Reason;
      /** A sentence with particulars, safe to show the peer (no paths of the server). */
      readonly detail?: string | undefined;
      /** Seconds after which the phone may come again (HTTP Retry-After). */
      readonly retryAfter?: number | undefined;
    };

export type Refused = Extract<FileAnswer, { readonly kind: 'refused' }>;

export interface UploadAsk extends FileAsk {
  /** In bytes, where the phone says it beforehand. */
  readonly length?: number | undefined;
  /** Adds to what is there (FTP APPE). */
  readonly append?: boolean | undefined;
}

/** A file that a phone may write. Nothing of it is seen by anyone before `finish`. */
export interface Upload {
  readonly kind: 'accepted';
  readonly name: string;
  /** Resolves when the bytes are with the disk; after a refusal the upload is over and nothing of it is left. */
  write(bytes: Uint8Array): Promise<Result<void, Refused>>;
  /** Puts the file in its place at once, and keeps the version before it. Told to the timeline. */
  finish(): Promise<Result<'created' | 'replaced', Refused>>;
  /** The phone went away: nothing is left. Told to the timeline. */
  abandon(why: string): Promise<void>;
}

/** A file as a directory listing shows it. */
export interface ListedFile {
  readonly name: string;
  readonly bytes: number;
  readonly modified?: Millis | undefined;
  readonly isDirectory: boolean;
}

export interface FileDesk {
  /** The refusal, if any, has been told to the timeline when this returns. Never rejects. */
  ask(ask: FileAsk): Promise<FileAnswer>;
  /** Whether the phone may write a file of that name, and the way to do it. Never rejects; refusals are told. */
  upload(ask: UploadAsk): Promise<Upload | Refused>;
  /** What that peer may fetch below a folder ('' is the root); undefined where there is no such folder. Tells nobody. */
  list(ask: FileAsk): Promise<readonly ListedFile[] | undefined>;
}

/** A peer as events name it: `10.20.0.50:40000`. */
export function showPeer({ address, port }: Peer): string {
  return `${showIpv4(address)}:${port}`;
}

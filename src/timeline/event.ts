// What can happen around a phone. Every door tells these; dashboard, CLI, log and reports read them and nothing else.
import type { WireFault } from '../base/bytes.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import type { TlsRefusal } from '../net/ports.ts';
import type { Reason } from './reason.ts';

export type DoorName = 'dhcp' | 'pnp' | 'tftp' | 'http' | 'https' | 'ftp' | 'notify';

/** The part a file plays in the boot of a phone. */
export type FileRole = 'own' | 'common' | 'boot' | 'optional' | 'firmware' | 'other';

/** What all events have. `mac` is absent where no phone could be named; `from` is the peer as `address:port`. */
interface Common {
  readonly at: Millis;
  readonly mac?: Mac | undefined;
  readonly from?: string | undefined;
}

/** How sure the catalogue is, and by which clue. */
interface Identified {
  readonly vendor?: string | undefined;
  readonly model?: string | undefined;
  readonly firmware?: string | undefined;
  readonly by: string;
}

export type PhoneEvent = Common &
  (
    | ({ readonly kind: 'appeared'; readonly door: DoorName } & Identified)
    | ({ readonly kind: 'identified' } & Identified)
    | { readonly kind: 'evidence-conflicts'; readonly says: readonly string[] }
    // DHCP
    | {
        readonly kind: 'asked-for-address';
        readonly asksOptions: readonly number[];
        readonly vendorClass?: string | undefined;
      }
    | { readonly kind: 'offered'; readonly address: Ipv4; readonly url?: string | undefined }
    | {
        readonly kind: 'leased';
        readonly address: Ipv4;
        readonly seconds: number;
        readonly how: 'new' | 'renewed' | 'rebound' | 'rebooted';
        readonly url?: string | undefined;
        /** The options that carry the URL and that the phone asked for. */
        readonly urlOptions: readonly number[];
      }
    | { readonly kind: 'informed'; readonly address: Ipv4; readonly url?: string | undefined }
    | { readonly kind: 'address-refused'; readonly address?: Ipv4 | undefined; readonly because: Reason }
    | { readonly kind: 'released'; readonly address: Ipv4 }
    | { readonly kind: 'declined'; readonly address: Ipv4 }
    | {
        readonly kind: 'no-answer-given';
        readonly door: DoorName;
        readonly because: Reason;
        readonly detail?: string | undefined;
      }
    // What a phone meets on a LAN that is not ours alone
    | {
        readonly kind: 'address-conflict';
        readonly address: Ipv4;
        /** Who answers for the address. */
        readonly by: Mac;
      }
    | { readonly kind: 'caught-elsewhere'; readonly server: Ipv4 }
    | {
        /** It asks on one of our LANs and has, or wants, an address of another one. */
        readonly kind: 'changed-lan';
        readonly address: Ipv4;
        /** The interface where it asks. */
        readonly interface: string;
        /** The interface that the address is of. */
        readonly before: string;
      }
    | {
        /** Without a phone: another server answers on this LAN. */
        readonly kind: 'foreign-server';
        readonly door: DoorName;
        readonly server: Ipv4;
        readonly hardware?: Mac | undefined;
        /** The maker of its network card, where known. */
        readonly maker?: string | undefined;
        /** The phones that were seen to obey it. */
        readonly caught: readonly Mac[];
        /** Whether no addresses are offered while it is there. */
        readonly stops: boolean;
      }
    | { readonly kind: 'foreign-server-gone'; readonly door: DoorName; readonly server: Ipv4 }
    | {
        /** Without a phone: clients that nobody knows fill their share of the pool. */
        readonly kind: 'strangers-limited';
        readonly held: number;
        readonly most: number;
        /** Clients never seen before, in the last minute. */
        readonly newcomers: number;
        /** How many of those have a made-up hardware address (locally administered). */
        readonly madeUp: number;
      }
    // SIP PnP
    | ({ readonly kind: 'asked-by-pnp' } & Identified)
    | { readonly kind: 'told-url'; readonly door: DoorName; readonly url: string }
    | { readonly kind: 'pnp-acknowledged'; readonly status: number }
    | { readonly kind: 'pnp-unacknowledged'; readonly tries: number }
    // Files
    | {
        readonly kind: 'fetched';
        readonly door: DoorName;
        readonly file: string;
        readonly role: FileRole;
        readonly bytes: number;
        /** SHA-256 of the content in hex, by which "the final bytes" are told from older ones. */
        readonly digest: string;
        /** What was odd about the asking, as a sentence's end. */
        readonly detail?: string | undefined;
      }
    | {
        readonly kind: 'up-to-date';
        readonly door: DoorName;
        readonly file: string;
        readonly role: FileRole;
        readonly digest: string;
      }
    | {
        readonly kind: 'fetching';
        readonly door: DoorName;
        readonly file: string;
        readonly role: FileRole;
        readonly bytes: number;
      }
    | {
        /** Of a long transfer, at most once a second. */
        readonly kind: 'progress';
        readonly door: DoorName;
        readonly file: string;
        readonly role: FileRole;
        readonly bytes: number;
        readonly of: number;
        /** Since it began. */
        readonly bytesPerSecond: number;
      }
    | {
        readonly kind: 'refused';
        readonly door: DoorName;
        readonly file: string;
        readonly because: Reason;
        readonly detail?: string | undefined;
        /** The phone wanted to write the file. */
        readonly writing?: boolean | undefined;
        /** Somebody may be after the passwords of a phone. */
        readonly alarm?: boolean | undefined;
      }
    | {
        readonly kind: 'uploaded';
        readonly door: DoorName;
        readonly file: string;
        readonly bytes: number;
        readonly how: 'created' | 'replaced';
      }
    | {
        readonly kind: 'upload-ended-early';
        readonly door: DoorName;
        readonly file: string;
        readonly bytes: number;
        readonly why: string;
      }
    | {
        readonly kind: 'transfer-ended-early';
        readonly door: DoorName;
        readonly file: string;
        readonly bytes: number;
        readonly of: number;
        readonly why: string;
      }
    | {
        /** The phone showed a token for the first time, or was given a new one. */
        readonly kind: 'access';
        readonly step: 'first-used' | 'confirmed' | 'renewed';
        readonly door?: DoorName | undefined;
        /** Counts the renewals. */
        readonly generation: number;
      }
    // Wake-up
    | { readonly kind: 'woken'; readonly event: string; readonly to: string }
    | { readonly kind: 'wake-answered'; readonly status: number; readonly reason: string }
    | { readonly kind: 'wake-unanswered'; readonly tries: number }
    | { readonly kind: 'wake-confirmed'; readonly file: string; readonly afterMs: number }
    | { readonly kind: 'wake-unconfirmed'; readonly waitedMs: number }
    | {
        /** Nothing was asked yet: no secured connection came about. */
        readonly kind: 'tls-refused';
        readonly door: DoorName;
        readonly because: TlsRefusal;
        readonly detail?: string | undefined;
      }
    // Trouble without a phone
    | {
        readonly kind: 'garbled';
        readonly door: DoorName;
        readonly because: WireFault;
        readonly offset: number;
        readonly bytes: number;
      }
    | { readonly kind: 'interface-back'; readonly interface: string }
    | { readonly kind: 'fault'; readonly code: string; readonly message: string; readonly hint: string }
  );

export type EventKind = PhoneEvent['kind'];
export type EventOf<Kind extends EventKind> = Extract<PhoneEvent, { readonly kind: Kind }>;

/** Emits an event. */
export type Tell = (event: PhoneEvent) => void;

// One phone as the appliance knows it.
import type { Ipv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import type { Clue, ClueKind } from './clues.ts';

/** A row of the phone list: what the installer says about a phone. */
export interface ListedPhone {
  readonly mac: Mac;
  readonly vendor?: string | undefined;
  readonly model?: string | undefined;
  readonly label?: string | undefined;
  readonly extension?: string | undefined;
  /** The address that is kept for it (column `address`). */
  readonly address?: Ipv4 | undefined;
  /** All columns by name, these included: the variables of templates. */
  readonly columns: Readonly<Record<string, string>>;
}

/** A row of the phone list without a MAC: an address that is kept for whoever is at a place. */
export interface ListedPlace {
  readonly address: Ipv4;
  /** `port:` and the circuit-id of its switch port, or `id:` and its client identifier in hex. */
  readonly key: string;
}

/** What the clues say together. */
export interface Identity {
  /** The id of the vendor file. */
  readonly vendor?: string | undefined;
  readonly model?: string | undefined;
  readonly firmware?: string | undefined;
  /** The clue that settled the vendor, as a sentence names it. */
  readonly by: string;
  /** Clues that name another vendor, as sentences. */
  readonly conflicts: readonly string[];
}

export interface Phone {
  readonly mac: Mac;
  readonly listed?: ListedPhone | undefined;
  /** The latest clue of each kind. */
  readonly clues: ReadonlyMap<ClueKind, Clue>;
  readonly identity: Identity;
  /** The address it uses now, where known. */
  readonly address?: Ipv4 | undefined;
  /** The port at which it hears SIP, where it has told. */
  readonly sipPort?: number | undefined;
  readonly firstSeen?: Millis | undefined;
  readonly lastSeen?: Millis | undefined;
}

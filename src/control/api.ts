// What the daemon tells and takes over its local API: the shapes that server, command line and dashboard share.
import type { Stage } from '../timeline/diagnosis.ts';

/** One line per phone. Addresses and MACs in the form people read; times in ms since 1970. */
export interface PhoneLine {
  readonly mac: string;
  readonly vendor?: string | undefined;
  readonly model?: string | undefined;
  readonly firmware?: string | undefined;
  readonly label?: string | undefined;
  readonly extension?: string | undefined;
  readonly listed: boolean;
  readonly address?: string | undefined;
  readonly stage: Stage;
  readonly sentence: string;
  readonly advice?: string | undefined;
  readonly lastSeen?: number | undefined;
}

/** An event with its sentence. */
export interface StoryLine {
  readonly at: number;
  readonly kind: string;
  readonly sentence: string;
  /** The event itself, for machines. */
  readonly event: Readonly<Record<string, unknown>>;
}

export interface ExplainedOption {
  readonly code: number;
  readonly name: string;
  readonly text: string;
  readonly hex: string;
  /** Who set it: the LAN settings, the provisioning settings or the vendor file. */
  readonly from: string;
  /** Whether this phone asked for it (option 55); absent while it has not said. */
  readonly asked?: boolean | undefined;
}

export interface ExplainedFile {
  readonly name: string;
  readonly role: string;
  /** rendered, static, or refused. */
  readonly gets: string;
  readonly bytes?: number | undefined;
  readonly digest?: string | undefined;
  readonly because?: string | undefined;
}

/** What one phone would be given. */
export interface Explanation {
  readonly mac: string;
  readonly vendor?: string | undefined;
  readonly model?: string | undefined;
  readonly by: string;
  readonly conflicts: readonly string[];
  readonly listed: boolean;
  readonly url?: string | undefined;
  readonly pnp: string;
  readonly options: readonly ExplainedOption[];
  readonly files: readonly ExplainedFile[];
  readonly wake: readonly string[];
}

export interface LeaseLine {
  readonly address: string;
  readonly mac: string;
  readonly state: string;
  /** When it ends, ms since 1970. */
  readonly expires: number;
}

export interface ResyncOrder {
  readonly mac: string;
  readonly reboot: boolean;
  /** How long the phone may take to fetch, ms. */
  readonly patience: number;
}

/** 200 OK is not success: a phone is confirmed when it fetched its own file again. */
export type Verdict =
  | 'confirmed'
  | 'acknowledged'
  | 'refused'
  | 'wants-password'
  | 'unanswered'
  | 'unreachable';

/** A line of the answer to a resync: steps as they happen, the verdict last. */
export interface ResyncLine {
  readonly sentence: string;
  readonly verdict?: Verdict | undefined;
}

/** What the API offers. `control/appliance.ts` is the daemon's, tests may have their own. */
export interface Appliance {
  phones(): Promise<readonly PhoneLine[]>;
  /** Undefined for something that is no MAC. */
  story(mac: string | undefined): readonly StoryLine[] | undefined;
  explain(mac: string): Promise<Explanation | undefined>;
  /** The bytes that phone would get under that name, or why none. */
  file(mac: string, name: string): Promise<Uint8Array | string>;
  leases(): readonly LeaseLine[];
  resync(order: ResyncOrder, say: (line: ResyncLine) => void): Promise<void>;
  /** Calls back with each line that changes; what it returns ends that. */
  watch(show: (line: PhoneLine) => void): () => void;
}

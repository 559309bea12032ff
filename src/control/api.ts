// What the daemon tells and takes over its local API: the shapes that server, command line and dashboard share.
import type { Stage } from '../timeline/diagnosis.ts';
import type { StormDesk } from './storms-api.ts';

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
  /** The LAN it is on, or the first where it was never heard: `eth1 (10.20.0.1)`. */
  readonly lan?: string | undefined;
  readonly url?: string | undefined;
  readonly pnp: string;
  readonly options: readonly ExplainedOption[];
  readonly files: readonly ExplainedFile[];
  readonly wake: readonly string[];
  /** How far it is with its tokens, as a sentence's end; absent where URLs carry none. */
  readonly access?: string | undefined;
}

/** How far a phone is with its tokens. The tokens themselves are never shown. */
export interface TokenLine {
  readonly mac: string;
  readonly step: 'fresh' | 'first-used' | 'confirmed';
  readonly sentence: string;
  /** How often it was given new ones. */
  readonly renewed: number;
  readonly usedAt?: number | undefined;
  readonly confirmedAt?: number | undefined;
}

export interface TokenDesk {
  list(): readonly TokenLine[];
  /** Resolves when it is on disk; a text says why not. */
  renew(mac: string): Promise<TokenLine | string>;
}

/** A client's DHCP message to be explained, as it would stand in the UDP datagram. Nothing is reserved or stored. */
export interface DhcpQuestion {
  readonly hex: string;
  /** The LAN it comes in by; default: what its addresses tell, else where the phone is. */
  readonly interface?: string | undefined;
}

export interface VendorScore {
  readonly vendor: string;
  readonly score: number;
  /** One per clue: "DHCP option 60 `yealink` (+80)". */
  readonly reasons: readonly string[];
}

/** What one DHCP message would get, and why. */
export interface DhcpExplanation {
  readonly mac: string;
  /** discover, request, inform ... */
  readonly type: string;
  readonly vendor?: string | undefined;
  readonly model?: string | undefined;
  /** The class of dhcp.classes it falls into, and by which of its conditions. */
  readonly class?: { readonly name: string; readonly because: string } | undefined;
  /** Highest first. */
  readonly scores: readonly VendorScore[];
  /** A sentence: "would be offered 10.20.0.50, its reservation", or why there is no answer. */
  readonly outcome: string;
  readonly address?: string | undefined;
  /** What the reply carries, in wire order. */
  readonly options: readonly ExplainedOption[];
  /** What there is for it but is not sent, because it did not ask. */
  readonly notAsked: readonly ExplainedOption[];
  /** What it asked for and nobody set, by number and name. */
  readonly notThere: readonly string[];
  /** The reply, whole; absent when there is none. */
  readonly hex?: string | undefined;
}

export interface LeaseLine {
  readonly address: string;
  readonly mac: string;
  readonly state: string;
  /** When it ends, ms since 1970. */
  readonly expires: number;
  readonly hostname?: string | undefined;
  /** Where several LANs are served, the one it is of; absent for one that is not served now. */
  readonly interface?: string | undefined;
}

/** A lease of another DHCP server that is to be kept here. */
export interface ImportedLease {
  readonly address: string;
  readonly mac: string;
  /** When it ends, ms since 1970. */
  readonly expires: number;
}

export interface ImportResult {
  readonly taken: number;
  /** Leases left out, each with the reason. */
  readonly skipped: readonly { readonly address: string; readonly mac: string; readonly because: string }[];
}

export interface ResyncOrder {
  readonly mac: string;
  readonly reboot: boolean;
  /** Not woken but told its URL, as if it had asked by PnP. */
  readonly push?: boolean | undefined;
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
  /** Text where it cannot be explained. */
  explainDhcp(question: DhcpQuestion): DhcpExplanation | string;
  leases(): Promise<readonly LeaseLine[]>;
  importLeases(leases: readonly ImportedLease[]): Promise<ImportResult>;
  resync(order: ResyncOrder, say: (line: ResyncLine) => void): Promise<void>;
  readonly storms?: StormDesk | undefined;
  /** Absent where URLs carry no tokens. */
  readonly tokens?: TokenDesk | undefined;
  /** Rejects when work does not get done: a part of the daemon does not answer. */
  readonly health?: (() => Promise<void>) | undefined;
  /** In the text format of Prometheus. */
  readonly metrics?: (() => Promise<string>) | undefined;
  /** Calls back with each line that changes; what it returns ends that. */
  watch(show: (line: PhoneLine) => void): () => void;
}

// The checked settings of an appliance, all defaults filled in. schema.ts says how an installer writes them.
import type { Ipv4, Subnet } from '../base/ipv4.ts';
import type { OptionValue } from '../phones/option-value.ts';

export type DhcpMode = 'full' | 'companion' | 'off';
export type PnpMode = 'provision' | 'discover' | 'off';

/** What is done with the phones that a rule means. */
export type PnpVerb = 'answer' | 'ignore' | 'deny';

/** All conditions that are written must hold. */
export interface PnpRule {
  /** The id of a vendor file. */
  readonly vendor?: string | undefined;
  readonly model?: RegExp | undefined;
  /** How the MAC begins: hex digits in small letters. */
  readonly mac?: string | undefined;
  readonly do: PnpVerb;
}

/** SIP PnP on one LAN. */
export interface PnpSite {
  readonly mode: PnpMode;
  /** The first that fits counts; phones that none fits are answered. */
  readonly rules: readonly PnpRule[];
  /** Answers wait up to so many ms, each as the dice fall. */
  readonly delay: number;
  /** Whether phones are heard on TCP too. */
  readonly tcp: boolean;
  /** SUBSCRIBEs per second; bursts of ten times as many pass. */
  readonly limits: { readonly perSource: number; readonly total: number };
}

export interface AddressRange {
  readonly first: Ipv4;
  readonly last: Ipv4;
}

/** What the hosts of one subnet get, be it ours or one behind a relay. */
export interface Scope {
  readonly subnet: Subnet;
  readonly pool: AddressRange;
  /** Lease time in ms. */
  readonly lease: number;
  readonly router?: Ipv4 | undefined;
  readonly dns: readonly Ipv4[];
  readonly ntp: readonly Ipv4[];
  readonly domain?: string | undefined;
  /** Further options for every host, by code. */
  readonly options: Readonly<Record<string, OptionValue>>;
  /** Codes sent also unasked. */
  readonly force: readonly number[];
  /** Codes never sent. */
  readonly suppress: readonly number[];
}

/** Which clients a class means: all conditions that are written must hold. */
export interface ClassConditions {
  /** The id of a vendor file. */
  readonly vendor?: string | undefined;
  readonly model?: RegExp | undefined;
  readonly listed?: boolean | undefined;
  /** First three bytes of the MAC, lower case. */
  readonly ouis?: readonly string[] | undefined;
  readonly option60?: RegExp | undefined;
  /** How option 60 begins, hex digits. */
  readonly option60Hex?: string | undefined;
  readonly option77?: RegExp | undefined;
  /** Codes that the client must ask for, in any order. */
  readonly asks?: readonly number[] | undefined;
  readonly hostname?: RegExp | undefined;
  /** An enterprise number in options 124 or 125. */
  readonly enterprise?: number | undefined;
  readonly circuitId?: RegExp | undefined;
  readonly remoteId?: RegExp | undefined;
  /** The subnet it is in, ours or one behind a relay. */
  readonly subnet?: Subnet | undefined;
}

/** Clients that are treated alike. */
export interface ClientClass {
  readonly name: string;
  readonly when: ClassConditions;
  readonly answer: 'always' | 'never';
  /** Addresses for it alone. */
  readonly pool?: AddressRange | undefined;
  /** The most addresses it may hold. */
  readonly quota?: number | undefined;
  readonly lease?: number | undefined;
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly force: readonly number[];
  readonly suppress: readonly number[];
  readonly siaddr?: string | undefined;
  readonly sname?: string | undefined;
  readonly file?: string | undefined;
  readonly rapidCommit?: boolean | undefined;
}

/** DHCP on one LAN. Its own subnet's settings stand here; `subnet` is that of the interface. */
export interface DhcpSite extends Omit<Scope, 'subnet'> {
  readonly mode: DhcpMode;
  /** What tells clients apart. */
  readonly identity: 'mac' | 'client-id';
  /** Whether requests that fit no lease are refused (RFC 2131 section 4.3.2) or left alone. */
  readonly authoritative: boolean;
  /** What a request to another server gets. */
  readonly takeover: 'silent' | 'nak';
  /** RFC 4039. */
  readonly rapidCommit: boolean;
  /** Whether option 82 counts that came through no relay. */
  readonly trust82: boolean;
  /** Whether a fresh address is looked for on the LAN before it is offered. */
  readonly conflictCheck: boolean;
  readonly guard: {
    /** ms between looks for other servers; absent: none after the first. */
    readonly every?: number | undefined;
    readonly allow: 'any' | ReadonlySet<Ipv4>;
    readonly isOff: boolean;
  };
  /** Clients that are neither listed nor recognised. */
  readonly strangers: {
    /** The part of the pool that they may hold, 0 to 1. */
    readonly share: number;
    /** Their first lease, ms. */
    readonly probation: number;
  };
  /** Messages per second; bursts of ten times as many pass. */
  readonly limits: { readonly perClient: number; readonly perPort: number };
  /** The first that fits counts. */
  readonly classes: readonly ClientClass[];
  /** Subnets behind relays. */
  readonly relayed: readonly Scope[];
}

/** One served LAN: the interface as it is, and the settings for it. */
export interface LanSite {
  readonly interface: string;
  /** Our address on it: {server} in URLs and options. */
  readonly address: Ipv4;
  readonly subnet: Subnet;
  readonly dhcp: DhcpSite;
  readonly pnp: PnpSite;
}

export interface Provisioning {
  /** The one URL that every channel carries; {server} is our address. */
  readonly url: string;
  /** DHCP options that carry the URL to every recognised phone, besides those of its vendor file. */
  readonly options: readonly number[];
  /** Further options for every phone, by code. */
  readonly extraOptions: Readonly<Record<string, OptionValue>>;
}

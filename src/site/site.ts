// The checked settings of an appliance, all defaults filled in. schema.ts says how an installer writes them.
import type { Ipv4, Subnet } from '../base/ipv4.ts';
import type { OptionValue } from '../phones/vendor.ts';

export type DhcpMode = 'full' | 'companion' | 'off';
export type PnpMode = 'provision' | 'discover' | 'off';

/** DHCP on one LAN. */
export interface DhcpSite {
  readonly mode: DhcpMode;
  readonly pool: { readonly first: Ipv4; readonly last: Ipv4 };
  /** Lease time in ms. */
  readonly lease: number;
  readonly router?: Ipv4 | undefined;
  readonly dns: readonly Ipv4[];
  readonly ntp: readonly Ipv4[];
  readonly domain?: string | undefined;
}

/** One served LAN: the interface as it is, and the settings for it. */
export interface LanSite {
  readonly interface: string;
  /** Our address on it: {server} in URLs and options. */
  readonly address: Ipv4;
  readonly subnet: Subnet;
  readonly dhcp: DhcpSite;
  readonly pnp: PnpMode;
}

export interface Provisioning {
  /** The one URL that every channel carries; {server} is our address. */
  readonly url: string;
  /** DHCP options that carry the URL to every recognised phone, besides those of its vendor file. */
  readonly options: readonly number[];
  /** Further options for every phone, by code. */
  readonly extraOptions: Readonly<Record<string, OptionValue>>;
}

// What phones call the appliance: the names that its server certificate must hold.
import { type Ipv4, parseIpv4, showIpv4 } from '../base/ipv4.ts';
import type { ServerNames } from './certificate.ts';

/** The names of the settings, the host of the provisioning URL where it is a name, and the address on each LAN. */
export function serverNames(parts: {
  readonly written: readonly string[];
  /** The provisioning URL, with its placeholders. */
  readonly url: string;
  readonly addresses: readonly Ipv4[];
}): ServerNames {
  const host = /^https?:\/\/(?:[^/@]*@)?([^/:?#]+)/i.exec(parts.url)?.[1]?.toLowerCase();
  const isName = host !== undefined && !host.includes('{') && parseIpv4(host) === undefined;
  const literal = host === undefined ? undefined : parseIpv4(host);
  const addresses = [...parts.addresses, literal].filter((one) => one !== undefined).map(showIpv4);
  return {
    names: [...new Set([...(isName ? [host] : []), ...parts.written])],
    addresses: [...new Set(addresses)],
  };
}

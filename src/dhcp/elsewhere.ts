// For sites whose own DHCP server stays: the options that phones would get from us, in the language of that server.
import { forMikrotik, forWindows } from './elsewhere-boxes.ts';
import { forDnsmasq, forIsc, forKea } from './elsewhere-daemons.ts';
import type { OptionSet } from './elsewhere-set.ts';

/** The servers that can be told, with their names for people. */
export const ELSEWHERE = {
  dnsmasq: { name: 'dnsmasq', write: forDnsmasq },
  isc: { name: 'ISC dhcpd', write: forIsc },
  kea: { name: 'Kea', write: forKea },
  windows: { name: 'Windows Server', write: forWindows },
  mikrotik: { name: 'MikroTik RouterOS', write: forMikrotik },
} as const;

export type ElsewhereServer = keyof typeof ELSEWHERE;

export function isElsewhereServer(name: string): name is ElsewhereServer {
  return Object.hasOwn(ELSEWHERE, name);
}

/** The settings for that server, ready to be copied. Sets without options are left out. */
export function writeElsewhere(server: ElsewhereServer, sets: readonly OptionSet[]): string {
  const lines = ELSEWHERE[server].write(sets.filter(({ options, left }) => options.length + left.length > 0));
  return `${lines.join('\n')}\n`;
}

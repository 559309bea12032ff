// Addresses that the phone list keeps for phones and places: each must be one that can be given.
import { broadcastOf, type Ipv4, isWithin, showIpv4, showSubnet } from '../base/ipv4.ts';
import type { LanSite, Scope } from './site.ts';

/** Why that address can be kept for nobody, as a sentence; undefined when it can. */
export function whyNotKept(lan: LanSite, address: Ipv4): string | undefined {
  const { dns, ntp, router } = lan.dhcp;
  const own: Pick<Scope, 'subnet' | 'router' | 'dns' | 'ntp'> = { subnet: lan.subnet, router, dns, ntp };
  const scope = [own, ...lan.dhcp.relayed].find(({ subnet }) => isWithin(subnet, address));
  const says = (why: string): string => `${showIpv4(address)} is kept for a phone, but is ${why}`;
  if (scope === undefined) return says('in none of the served subnets');
  const { subnet } = scope;
  // RFC 3021: a subnet of two addresses has neither a network nor a broadcast address.
  const hasNeither = subnet.prefix > 30;
  if (address === lan.address) return says('our own address');
  if (!hasNeither && address === subnet.network)
    return says(`that of the subnet ${showSubnet(subnet)} itself`);
  if (!hasNeither && address === broadcastOf(subnet))
    return says(`the broadcast address of ${showSubnet(subnet)}`);
  if (address === scope.router) return says('that of the router');
  if (scope.dns.includes(address)) return says('that of a DNS server');
  return scope.ntp.includes(address) ? says('that of an NTP server') : undefined;
}

// The settings of a LAN against the interface as it is: what fits, what does not, and the defaults that follow from it.
import {
  broadcastOf,
  type Ipv4,
  ipv4FromNumber,
  isWithin,
  type Subnet,
  showIpv4,
  showSubnet,
} from '../base/ipv4.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { ShapeMistake } from '../base/shape.ts';
import type { SiteFile } from './schema.ts';
import type { LanSite } from './site.ts';

/** An interface as the kernel shows it. */
export interface InterfaceFacts {
  readonly address: Ipv4;
  readonly subnet: Subnet;
}

/** The LAN with all defaults filled in, or every setting that cannot work on that interface (paths below `lans.0`). */
export function checkLan(
  lan: SiteFile['lans'][number],
  facts: InterfaceFacts,
): Result<LanSite, readonly ShapeMistake[]> {
  const { dhcp } = lan;
  const { address, subnet } = facts;
  const pool = dhcp.pool ?? upperHalf(subnet);
  const mistakes: ShapeMistake[] = [];
  const must = (holds: boolean, key: string, message: string): void => {
    if (!holds) mistakes.push({ path: key === 'interface' ? [key] : ['dhcp', key], message });
  };
  const outside = (what: string, where: Ipv4): string =>
    `${what} ${showIpv4(where)} is not in ${showSubnet(subnet)}, the subnet of ${lan.interface}`;
  must(isWithin(subnet, pool.first), 'pool', outside('the first address', pool.first));
  must(isWithin(subnet, pool.last), 'pool', outside('the last address', pool.last));
  if (dhcp.router !== undefined)
    must(isWithin(subnet, dhcp.router), 'router', outside('the router', dhcp.router));
  must(subnet.prefix >= 16, 'interface', `${showSubnet(subnet)} is no staging LAN: at most a /16 is served`);
  must(dhcp.lease >= 60_000, 'lease', 'shorter than a minute: phones would renew all the time');
  must(subnet.prefix <= 30 || dhcp.mode !== 'full', 'mode', `${showSubnet(subnet)} has no room for phones`);
  if (mistakes.length > 0) return err(mistakes);
  return ok({ interface: lan.interface, address, subnet, dhcp: { ...dhcp, pool }, pnp: lan.pnp });
}

/** The upper half of the subnet without its broadcast address: routers and servers mostly sit in the lower part. */
function upperHalf(subnet: Subnet): { first: Ipv4; last: Ipv4 } {
  const broadcast = broadcastOf(subnet);
  const half = Math.floor((broadcast - subnet.network + 1) / 2);
  return { first: ipv4FromNumber(subnet.network + half), last: ipv4FromNumber(broadcast - 1) };
}

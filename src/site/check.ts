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
import type { AddressRange, LanSite, Scope } from './site.ts';

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
  const { guard, classes, relayed, ...dhcp } = lan.dhcp;
  const { address, subnet } = facts;
  const own: Scope = { ...dhcp, subnet, pool: dhcp.pool ?? upperHalf(subnet) };
  const scopes = [
    own,
    ...relayed.map((scope) => ({ ...scope, pool: scope.pool ?? upperHalf(scope.subnet) })),
  ];
  const mistakes: ShapeMistake[] = [
    ...checkInterface(lan, subnet),
    ...scopes.flatMap((scope, index) => checkScope(scope, index, lan.interface)),
    ...checkSubnets(scopes),
    ...checkClasses(classes, scopes),
  ];
  if (mistakes.length > 0) return err(mistakes);
  const [, ...behindRelays] = scopes;
  return ok({
    interface: lan.interface,
    address,
    subnet,
    pnp: lan.pnp,
    dhcp: { ...dhcp, pool: own.pool, classes, relayed: behindRelays, guard: guardOf(guard) },
  });
}

type Path = readonly (string | number)[];
type Class = SiteFile['lans'][number]['dhcp']['classes'][number];

function scopePath(index: number): Path {
  return index === 0 ? ['dhcp'] : ['dhcp', 'relayed', index - 1];
}

function guardOf(guard: SiteFile['lans'][number]['dhcp']['guard']): LanSite['dhcp']['guard'] {
  if (guard === 'off') return { isOff: true, allow: 'any' };
  return {
    isOff: false,
    every: guard.every === 'off' ? undefined : guard.every,
    allow: guard.allow === 'any' ? 'any' : new Set(guard.allow),
  };
}

function checkInterface({ dhcp }: SiteFile['lans'][number], subnet: Subnet): readonly ShapeMistake[] {
  const mistakes: ShapeMistake[] = [];
  if (subnet.prefix < 16)
    mistakes.push({
      path: ['interface'],
      message: `${showSubnet(subnet)} is no staging LAN: at most a /16 is served`,
    });
  if (subnet.prefix > 30 && dhcp.mode === 'full')
    mistakes.push({ path: ['dhcp', 'mode'], message: `${showSubnet(subnet)} has no room for phones` });
  return mistakes;
}

function checkScope(
  { subnet, pool, router, lease }: Scope,
  index: number,
  interfaceName: string,
): readonly ShapeMistake[] {
  const path = scopePath(index);
  const whose = index === 0 ? `, the subnet of ${interfaceName}` : '';
  const mistakes: ShapeMistake[] = [];
  const mustBeWithin = (what: string, where: Ipv4, key: string): void => {
    if (isWithin(subnet, where)) return;
    mistakes.push({
      path: [...path, key],
      message: `${what} ${showIpv4(where)} is not in ${showSubnet(subnet)}${whose}`,
    });
  };
  mustBeWithin('the first address', pool.first, 'pool');
  mustBeWithin('the last address', pool.last, 'pool');
  if (router !== undefined) mustBeWithin('the router', router, 'router');
  if (lease < SHORTEST_LEASE)
    mistakes.push({
      path: [...path, 'lease'],
      message: 'shorter than a minute: phones would renew all the time',
    });
  return mistakes;
}

const SHORTEST_LEASE = 60_000;

function checkSubnets(scopes: readonly Scope[]): readonly ShapeMistake[] {
  return scopes.flatMap((scope, index) => {
    const other = scopes
      .slice(0, index)
      .find((before) => overlap(rangeOf(scope.subnet), rangeOf(before.subnet)));
    if (other === undefined) return [];
    const message = `${showSubnet(scope.subnet)} overlaps ${showSubnet(other.subnet)}, which is served already`;
    return [{ path: [...scopePath(index), 'subnet'], message }];
  });
}

function checkClasses(classes: readonly Class[], scopes: readonly Scope[]): readonly ShapeMistake[] {
  return classes.flatMap(({ name, pool, lease }, index) => {
    const path = ['dhcp', 'classes', index];
    const mistakes: ShapeMistake[] = [];
    if (classes.slice(0, index).some((before) => before.name === name))
      mistakes.push({ path: [...path, 'name'], message: `there is a class "${name}" already` });
    if (lease !== undefined && lease < SHORTEST_LEASE)
      mistakes.push({
        path: [...path, 'lease'],
        message: 'shorter than a minute: phones would renew all the time',
      });
    if (pool === undefined) return mistakes;
    if (!scopes.some(({ subnet }) => isWithin(subnet, pool.first) && isWithin(subnet, pool.last)))
      mistakes.push({
        path: [...path, 'pool'],
        message: `${showRange(pool)} is in none of the served subnets`,
      });
    const others = [
      ...scopes.map((scope) => ({ what: `the pool of ${showSubnet(scope.subnet)}`, range: scope.pool })),
      ...classes
        .slice(0, index)
        .flatMap((before) =>
          before.pool === undefined
            ? []
            : [{ what: `the pool of class "${before.name}"`, range: before.pool }],
        ),
    ];
    for (const { what, range } of others) {
      if (!overlap(range, pool)) continue;
      mistakes.push({
        path: [...path, 'pool'],
        message: `${showRange(pool)} overlaps ${what}, ${showRange(range)}`,
      });
    }
    return mistakes;
  });
}

function overlap(a: AddressRange, b: AddressRange): boolean {
  return a.first <= b.last && b.first <= a.last;
}

function rangeOf(subnet: Subnet): AddressRange {
  return { first: subnet.network, last: broadcastOf(subnet) };
}

function showRange({ first, last }: AddressRange): string {
  return `${showIpv4(first)}-${showIpv4(last)}`;
}

/** The upper half of the subnet without its broadcast address: routers and servers mostly sit in the lower part. */
export function upperHalf(subnet: Subnet): AddressRange {
  const broadcast = broadcastOf(subnet);
  const half = Math.floor((broadcast - subnet.network + 1) / 2);
  return { first: ipv4FromNumber(subnet.network + half), last: ipv4FromNumber(broadcast - 1) };
}

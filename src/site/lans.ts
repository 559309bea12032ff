// The LANs of the settings against the interfaces as they are: each by itself, and all together.
import { Fault } from '../base/fault.ts';
import { broadcastOf, type Ipv4, isWithin, type Subnet, showIpv4, showSubnet } from '../base/ipv4.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Mistake, YamlText } from '../base/yaml-text.ts';
import { checkLan, type InterfaceFacts } from './check.ts';
import { whyNotKept } from './kept.ts';
import { type SiteFile, siteShape } from './schema.ts';
import type { LanSite } from './site.ts';

/** A LAN of the settings whose interface cannot be used now. */
export interface AwayLan {
  readonly interface: string;
  readonly fault: Fault;
}

export interface ReadLans {
  readonly lans: readonly LanSite[];
  readonly away: readonly AwayLan[];
  /** Whether these are all that the settings have. */
  readonly isAll: boolean;
  readonly mistakes: readonly Mistake[];
}

interface Request {
  /** Of several LANs this one alone; where there is one, its interface is taken to be this one. */
  readonly interface?: string | undefined;
  /** How the named interface is. Undefined: what depends on it is not checked. May throw a Fault. */
  readonly facts: (name: string) => InterfaceFacts | undefined;
}

interface Written {
  /** As which entry of `lans` it stands in the file. */
  readonly index: number;
  readonly lan: SiteFile['lans'][number];
}

/** One interface that cannot be used is no reason to leave the phones on the others without; with none it is a Fault. */
export function readLans(request: Request, { lans: written }: SiteFile, at: YamlText['at']): ReadLans {
  const chosen = chosenOf(request.interface, written, at);
  if (!chosen.ok) return { lans: [], away: [], isAll: false, mistakes: [chosen.error] };
  const { found, away } = lookAt(chosen.value, request);
  const mistakes: Mistake[] = [...sameInterfaces(written, at)];
  const read: Read[] = [];
  for (const { index, lan, facts } of found) {
    const checked = checkLan(lan, facts);
    if (checked.ok) read.push({ index, lan: checked.value });
    else mistakes.push(...checked.error.map(({ path, message }) => at(['lans', index, ...path], message)));
  }
  if (mistakes.length === 0) mistakes.push(...overlaps(read, at));
  const isAll = read.length >= written.length;
  return { lans: read.map(({ lan }) => lan), away, isAll, mistakes };
}

interface Read {
  readonly index: number;
  readonly lan: LanSite;
}

/** How their interfaces are. Throws the Fault of the first when none of them can be used. */
function lookAt(chosen: readonly Written[], request: Request) {
  const found: (Written & { readonly facts: InterfaceFacts })[] = [];
  const away: AwayLan[] = [];
  for (const one of chosen) {
    const facts = factsOrFault(one.lan.interface, request);
    if (facts instanceof Fault) away.push({ interface: one.lan.interface, fault: facts });
    else if (facts !== undefined) found.push({ ...one, facts });
  }
  const [first] = away;
  if (first !== undefined && away.length === chosen.length) throw first.fault;
  return { found, away };
}

function chosenOf(
  name: string | undefined,
  written: SiteFile['lans'],
  at: YamlText['at'],
): Result<readonly Written[], Mistake> {
  const all = written.map((lan, index) => ({ index, lan }));
  if (name === undefined) return ok(all);
  const named = all.filter(({ lan }) => lan.interface === name);
  if (named.length > 0) return ok(named);
  if (written.length > 1) {
    const known = written.map((lan) => lan.interface).join(', ');
    return err(at(['lans'], `there is no LAN on ${name} among them: --interface takes one of ${known}`));
  }
  // With --interface and no LAN in the file, the defaults of a LAN are those of the schema.
  const lans = written.length > 0 ? written : siteShape.parse({ lans: [{ interface: name }] }).lans;
  return ok(lans.map((lan, index) => ({ index, lan: { ...lan, interface: name } })));
}

function factsOrFault(name: string, { facts }: Request): InterfaceFacts | Fault | undefined {
  try {
    return facts(name);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

function sameInterfaces(written: SiteFile['lans'], at: YamlText['at']): readonly Mistake[] {
  return written.flatMap((lan, index) => {
    const first = written.findIndex((other) => other.interface === lan.interface);
    if (first === index) return [];
    return at(['lans', index, 'interface'], `${lan.interface} has a LAN already, lans.${first}`);
  });
}

/** A phone is told by its address which LAN it is on: no address may be of two. Pools lie within their subnets. */
function overlaps(read: readonly Read[], at: YamlText['at']): readonly Mistake[] {
  return read.flatMap(({ index, lan }, place) =>
    read.slice(0, place).flatMap((before) =>
      subnetsOf(lan).flatMap(({ subnet, path }) =>
        subnetsOf(before.lan)
          .filter((other) => overlap(subnet, other.subnet))
          .map((other) =>
            at(
              ['lans', index, ...path],
              `${showSubnet(subnet)} overlaps ${showSubnet(other.subnet)}, which is served on ${before.lan.interface}`,
            ),
          ),
      ),
    ),
  );
}

function subnetsOf({ subnet, dhcp }: LanSite) {
  return [
    { subnet, path: ['interface'] },
    ...dhcp.relayed.map((scope, index) => ({
      subnet: scope.subnet,
      path: ['dhcp', 'relayed', index, 'subnet'],
    })),
  ];
}

function overlap(a: Subnet, b: Subnet): boolean {
  return a.network <= broadcastOf(b) && b.network <= broadcastOf(a);
}

/** Whether an address is of that LAN: of its own subnet or of one behind its relays. */
export function isOnLan({ subnet, dhcp }: LanSite, address: Ipv4): boolean {
  return isWithin(subnet, address) || dhcp.relayed.some((scope) => isWithin(scope.subnet, address));
}

interface List {
  readonly phones: readonly { readonly address?: Ipv4 | undefined }[];
  readonly places: readonly { readonly address?: Ipv4 | undefined }[];
  readonly lineOf: ReadonlyMap<string, number>;
}

/** An address that is kept for somebody must be one that can be given. */
export function checkReservations(
  { lans, isAll }: ReadLans,
  { phones, places, lineOf }: List,
  file = '',
): readonly Mistake[] {
  return [...phones, ...places].flatMap(({ address }) => {
    if (address === undefined) return [];
    // An address of none may be of a LAN that was not looked at.
    const lan = lans.find((each) => isOnLan(each, address)) ?? (isAll ? lans[0] : undefined);
    const message = lan && whyNotKept(lan, address);
    return message === undefined ? [] : [{ file, line: lineOf.get(showIpv4(address)), message }];
  });
}

interface Standing {
  readonly lans: readonly LanSite[];
  readonly lan?: LanSite | undefined;
  readonly away: readonly AwayLan[];
}

/** The site without the LANs that could not be opened. */
export function withAway<Site extends Standing>(site: Site, away: readonly AwayLan[]): Site {
  const lans = site.lans.filter((lan) => away.every((one) => one.interface !== lan.interface));
  return { ...site, lans, lan: lans[0], away: [...site.away, ...away] };
}

/** The site with a LAN that was away; it stays as it is where it has that one. */
export function withLan<Site extends Standing>(site: Site, lan: LanSite): Site {
  if (site.lans.some((one) => one.interface === lan.interface)) return site;
  const lans = [...site.lans, lan];
  const away = site.away.filter((one) => one.interface !== lan.interface);
  return { ...site, lans, lan: lans[0], away };
}

// What `unboxd init` proposes for a machine and writes into unboxd.yaml.
import {
  broadcastOf,
  type Ipv4,
  ipv4FromNumber,
  isWithin,
  parseIpv4,
  parseSubnet,
  type Subnet,
  showIpv4,
  subnetOf,
} from '../base/ipv4.ts';
import { err, ok, type Result } from '../base/result.ts';
import { upperHalf } from '../site/check.ts';
import type { AddressRange, DhcpMode } from '../site/site.ts';

/** An interface that could be the staging LAN. */
export interface Candidate {
  readonly name: string;
  readonly state: 'down' | 'no-link' | 'up';
  readonly address?: Ipv4 | undefined;
  readonly prefix?: number | undefined;
  /** The default route leaves by it: most likely the office LAN. */
  readonly isWayOut: boolean;
}

/** The subnet of the staging LAN, and the address of this machine in it. */
export interface ProposedLan {
  readonly address: Ipv4;
  readonly subnet: Subnet;
  readonly pool: AddressRange;
  /** The command that gives the interface its address; absent when it has one that will do. */
  readonly command?: string | undefined;
}

/** Tried in this order: none of them is what a router out of the box uses. */
const SUBNETS = ['10.20.0.0/22', '10.99.0.0/22', '172.20.0.0/22', '192.168.220.0/24'];

/** The best of them, where one stands out: never the one by which this machine reaches the Internet, if there is another. */
export function bestCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  const inside = candidates.filter(({ isWayOut }) => !isWayOut);
  const withAddress = inside.filter(({ state, address }) => state === 'up' && address !== undefined);
  const up = inside.filter(({ state }) => state === 'up');
  return [withAddress, up, inside, candidates].find((some) => some.length === 1)?.[0];
}

/** What the interface has, or an address in a subnet that no other interface uses. */
export function proposeLan(candidate: Candidate, all: readonly Candidate[]): ProposedLan {
  const { name, address, prefix = 32 } = candidate;
  if (address !== undefined && prefix >= 16 && prefix <= 30) {
    const subnet = subnetOf(address, prefix);
    return { address, subnet, pool: upperHalf(subnet) };
  }
  const others = all.flatMap((other) =>
    other.name === name || other.address === undefined ? [] : [subnetOf(other.address, other.prefix ?? 32)],
  );
  const free = SUBNETS.map((text) => parseSubnet(text)).find(
    (subnet) => subnet !== undefined && !others.some((other) => overlap(subnet, other)),
  );
  const subnet = free ?? subnetOf(ipv4FromNumber(0x0a140000), 22);
  const own = ipv4FromNumber(subnet.network + 1);
  const command = `ip address add ${showIpv4(own)}/${subnet.prefix} dev ${name} && ip link set ${name} up`;
  return { address: own, subnet, pool: upperHalf(subnet), command };
}

function overlap(a: Subnet, b: Subnet): boolean {
  return isWithin(a, b.network) || isWithin(b, a.network);
}

/** Reads `10.20.0.50-10.20.3.250` for that subnet; the error is a sentence. */
export function parsePool(text: string, subnet: Subnet): Result<AddressRange, string> {
  const [first, last, ...more] = text.split('-').map((part) => parseIpv4(part.trim()));
  if (first === undefined || last === undefined || more.length > 0)
    return err('write it as 10.20.0.50-10.20.3.250');
  if (first > last) return err('the first address comes after the last');
  const outside = [first, last].find((one) => !isWithin(subnet, one));
  if (outside !== undefined) return err(`${showIpv4(outside)} is not in the subnet of the interface`);
  if (last === broadcastOf(subnet)) return err(`${showIpv4(last)} is the broadcast address of the subnet`);
  return ok({ first, last });
}

export function showPool({ first, last }: AddressRange): string {
  return `${showIpv4(first)}-${showIpv4(last)}`;
}

/** What was answered, or said by flags. */
export interface Answers {
  readonly interface: string;
  readonly mode: DhcpMode;
  readonly pool: AddressRange;
  readonly pnp: 'off' | 'provision';
  /** Ids of vendor files whose phones are left alone. */
  readonly unwanted: readonly string[];
  /** Path of the phone list, relative to the settings. */
  readonly phones?: string | undefined;
  readonly http: number | 'off';
  readonly https: number | 'off';
  readonly tftp: 'off' | 'on';
  /** Where the address of the interface must be given first. */
  readonly command?: string | undefined;
}

/** The settings as a file that can be read aloud: what was chosen, and beside it what else could be. */
export function settingsText(
  answers: Answers,
  where: { readonly file: string; readonly on: string },
): string {
  const { interface: name, mode, pool, pnp, unwanted, phones, http, https, tftp, command } = answers;
  return [
    `# Settings of unboxd, written by "unboxd init" on ${where.on}. What is left out has its default.`,
    `# After a change: unboxd check --config ${where.file}, then: sudo unboxd reload`,
    '# Paths are relative to this file. Durations are written 30s, 10m, 1h, 2d.',
    ...(command === undefined ? [] : ['#', `# ${name} must have its address first: ${command}`]),
    '',
    'lans:',
    `  - interface: ${quoted(name)} # the staging LAN; nothing is served on any other interface`,
    '    dhcp:',
    `      mode: ${mode} # full: gives addresses | companion: beside another DHCP server, answers INFORM only | off`,
    `      ${mode === 'full' ? '' : '# '}pool: ${showPool(pool)} # addresses for phones; the others of the subnet are left alone`,
    '      lease: 1h # short: a phone that moves to the customer should forget us soon',
    '      # router: 10.20.0.1 # left out: none; a staging LAN without Internet is best',
    '      # dns: [10.20.0.1]',
    '      # ntp: [10.20.0.1]',
    ...classLines(unwanted),
    '    pnp:',
    `      mode: ${pnp} # provision | discover (listen and show, never answer) | off`,
    ...ruleLines(unwanted),
    '',
    'provisioning:',
    `  url: ${urlOf(answers)} # one URL by every channel; {server} is the address of this machine`,
    '  options: [66, 160, 161] # DHCP options that carry it; option 43 comes from vendor data',
    '',
    phones === undefined
      ? '# phones: phones.csv # columns: mac, vendor, model, label, extension; all others are template variables'
      : `phones: ${quoted(phones)} # columns: mac, vendor, model, label, extension; all others are template variables`,
    '',
    'files: {}',
    '  # root: files # served as they are, before any template: firmware, ring tones, files made by hand',
    '  # templates: templates # <vendor>/<name>: these win over the built-in templates',
    '',
    'doors:',
    `  tftp: ${tftp}`,
    `  http: ${http} # a port, or off`,
    `  https: ${https} # a port, or off; phones must trust the CA that "unboxd cert show" shows`,
    '',
    '# state: /var/lib/unboxd # leases and proofs; back them up by: unboxd backup FILE',
    '# log: { level: info } # debug | info | warn | error | silent',
    '',
  ].join('\n');
}

function classLines(unwanted: readonly string[]): readonly string[] {
  if (unwanted.length === 0) return [];
  return [
    '      classes: # makes that were not chosen get no address; take out a line to serve one',
    ...unwanted.map((id) => `        - { name: not-${id}, when: { vendor: ${id} }, answer: never }`),
  ];
}

function ruleLines(unwanted: readonly string[]): readonly string[] {
  if (unwanted.length === 0) return [];
  return ['      rules: # and no URL', ...unwanted.map((id) => `        - { vendor: ${id}, do: ignore }`)];
}

/** By the simplest door that is open: every phone fetches by HTTP, few trust a new CA. */
function urlOf({ http, https }: Answers): string {
  if (http !== 'off') return `http://{server}${http === 80 ? '' : `:${http}`}/`;
  if (https !== 'off') return `https://{server}${https === 443 ? '' : `:${https}`}/`;
  return 'tftp://{server}/';
}

/** As YAML takes it for a text. */
function quoted(text: string): string {
  return /^[A-Za-z/][\w./-]*$/.test(text) ? text : JSON.stringify(text);
}

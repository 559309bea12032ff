// The user's settings, made fit for a private network: the same but for the interface, the state and the control
// socket. Paths are made whole, for the copy lies elsewhere.
import { resolve } from 'node:path';
import {
  type Ipv4,
  ipv4FromNumber,
  isWithin,
  parseIpv4,
  type Subnet,
  showIpv4,
  subnetOf,
} from '../base/ipv4.ts';
import type { Catalogue } from '../phones/vendor.ts';

/** YAML as it was read, unchecked. */
type Raw = Readonly<Record<string, unknown>>;

export interface CopyParts {
  /** What the user's file says. */
  readonly raw: unknown;
  /** The folder of that file. */
  readonly base: string;
  /** A folder of the rehearsal's own. */
  readonly folder: string;
  readonly interface: string;
  /** The phone list that takes the place of the user's. */
  readonly list?: string | undefined;
  readonly catalogue: Catalogue;
}

export interface SettingsCopy {
  readonly settings: Raw;
  /** What is different from the real thing, as sentences. */
  readonly notes: readonly string[];
}

/** Where the settings hold paths; `*` stands for every entry of a list. */
const PATHS: readonly string[] = [
  'phones',
  'files.root',
  'files.templates',
  'files.firmware',
  'doors.https.authorities',
  'doors.accounts.*.passwordFile',
  'wake.credentials.*.passwordFile',
];
/** A rehearsed phone that says nothing for so long will not say more. */
const SILENCE = '3s';

/** The settings for the daemon of the rehearsal. Nothing in them leads to the user's state. */
export function rehearsalSettings(parts: CopyParts): SettingsCopy {
  const { folder, base, catalogue } = parts;
  const whole = PATHS.reduce<unknown>(
    (settings, path) => changed(settings, path.split('.'), (value) => absolute(base, value)),
    parts.raw ?? {},
  );
  const raw = mapOf(whole);
  const lan = mapOf(Array.isArray(raw['lans']) ? raw['lans'][0] : undefined);
  const elsewhere = ['companion', 'off', false].includes(mapOf(lan['dhcp'])['mode'] as string | false);
  const notes = [
    ...(elsewhere ? [ELSEWHERE] : []),
    ...(hasKeys(mapOf(raw['files'])['window']) ? [WINDOW] : []),
  ];
  const settings: Raw = {
    ...raw,
    ...(parts.list === undefined ? {} : { phones: parts.list }),
    lans: [{ ...lan, interface: parts.interface, ...(elsewhere ? plainDhcp(lan, catalogue) : {}) }],
    files: rehearsedFiles(mapOf(raw['files']), folder, elsewhere),
    vendors: impatient(mapOf(raw['vendors']), catalogue),
    state: resolve(folder, 'state'),
    control: { socket: resolve(folder, 'control.sock') },
    log: { level: 'warn' },
  };
  return { settings, notes };
}

/** The same with one LAN, where there are several: the named one, else the first. `loadSite` tells a name of none. */
export function oneLan(
  written: unknown,
  name: string | undefined,
): { readonly raw: unknown; readonly chosen?: string } {
  const lans = mapOf(written)['lans'];
  if (!Array.isArray(lans) || lans.length < 2) return { raw: written };
  const nameOf = (lan: unknown): string => textOf(mapOf(lan)['interface']);
  const lan: unknown = lans.find((one) => nameOf(one) === name) ?? lans[0];
  return { raw: { ...mapOf(written), lans: [lan] }, chosen: name ?? nameOf(lan) };
}

const ELSEWHERE =
  'another DHCP server gives the addresses here: in the rehearsal they are given without a URL, so phones are told by PnP alone';
const WINDOW = 'files.window is left out: the rehearsal is as if it were open';

/** Stands for the other server: addresses, and none of the options that carry a URL. */
function plainDhcp(lan: Raw, { vendors }: Catalogue): Raw {
  const suppress = [...new Set(vendors.flatMap(({ dhcp }) => dhcp.obeys))];
  return { dhcp: { ...mapOf(lan['dhcp']), mode: 'full', suppress } };
}

function rehearsedFiles(files: Raw, folder: string, elsewhere: boolean): Raw {
  const { window: _window, uploads, ...rest } = files;
  const isOff = uploads === 'off' || uploads === false;
  return {
    ...rest,
    uploads: isOff ? 'off' : { ...mapOf(uploads), folder: resolve(folder, 'uploads') },
    // As it would be by default, were the addresses really given elsewhere.
    ...(elsewhere && rest['bind'] === undefined ? { bind: 'claim' } : {}),
  };
}

function impatient(vendors: Raw, catalogue: Catalogue): Raw {
  return Object.fromEntries(
    catalogue.vendors.map(({ id }) => [id, { ...mapOf(vendors[id]), silence: SILENCE }] as const),
  );
}

export interface GroundQuestion {
  readonly raw: unknown;
  /** Addresses kept for phones of the list. */
  readonly kept: readonly Ipv4[];
  /** How many phones come. */
  readonly phones: number;
}

/** The address and subnet to rehearse in, where the real interface is not here to ask: what is written must fit in. */
export function groundFor({ raw, kept, phones }: GroundQuestion): {
  readonly address: Ipv4;
  readonly subnet: Subnet;
} {
  const lans = mapOf(raw)['lans'];
  const dhcp = mapOf(mapOf(Array.isArray(lans) ? lans[0] : undefined)['dhcp']);
  const ends = [...textOf(dhcp['pool']).split('-'), textOf(dhcp['router'])].map((text) =>
    parseIpv4(text.trim()),
  );
  const written = [...ends, ...kept].filter((address) => address !== undefined);
  const anchor = written[0] ?? parseIpv4('10.99.0.1') ?? ipv4FromNumber(1);
  // By default half of the subnet is the pool.
  const room = 32 - Math.ceil(Math.log2(4 * (phones + 8)));
  let prefix = Math.min(24, ends[0] === undefined ? room : 24);
  while (prefix > 8 && !written.every((address) => isWithin(subnetOf(anchor, prefix), address))) prefix -= 1;
  const subnet = subnetOf(anchor, prefix);
  const [first, last] = [ends[0] ?? anchor, ends[1] ?? ends[0] ?? anchor];
  const taken = new Set<number>(written);
  let number = subnet.network + 1;
  while (taken.has(number) || (ends[0] !== undefined && number >= first && number <= last)) number += 1;
  return { address: ipv4FromNumber(number), subnet };
}

/** `10.99.0.1/24`, as the stage wants it. */
export function withPrefix({ address, subnet }: { readonly address: Ipv4; readonly subnet: Subnet }): string {
  return `${showIpv4(address)}/${subnet.prefix}`;
}

function absolute(base: string, value: unknown): unknown {
  return typeof value === 'string' ? resolve(base, value) : value;
}

/** A copy in which the value at that path is another one; what is not there stays away. */
function changed(value: unknown, path: readonly string[], change: (value: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  if (key === '*') return Array.isArray(value) ? value.map((one) => changed(one, rest, change)) : value;
  if (!isMap(value) || !(key in value)) return value;
  return { ...value, [key]: changed(value[key], rest, change) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isMap(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapOf(value: unknown): Raw {
  return isMap(value) ? value : {};
}

function hasKeys(value: unknown): boolean {
  return Object.keys(mapOf(value)).length > 0;
}

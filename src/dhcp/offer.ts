// Which options this phone gets: those of the LAN, of the site and of its vendor; and which of them one reply carries.
import { type Fillings, fill, placeholdersOf } from '../base/fill.ts';
import { broadcastOf, type Ipv4, maskOf, parseIpv4, showIpv4 } from '../base/ipv4.ts';
import type { Phone } from '../phones/phone.ts';
import { modelOf, type OptionValue, type Vendor } from '../phones/vendor.ts';
import type { LanSite, Provisioning } from '../site/site.ts';
import {
  encodeHex,
  encodeIps,
  encodeText,
  encodeTlv,
  encodeU8,
  encodeU16,
  encodeU32,
  OPTIONS,
  showOption,
} from './options.ts';

/** An option as this phone would get it. */
export interface OfferedOption {
  readonly code: number;
  readonly bytes: Uint8Array;
  /** Whose word it is. */
  readonly from: 'lan' | 'site' | 'vendor';
  /** The value for people. */
  readonly text: string;
  /** The provisioning URL, where the option carries it. */
  readonly url?: string | undefined;
  /** Sent also to a phone that does not ask for it. */
  readonly forced: boolean;
}

/** All that a phone could get, by code. */
export type OfferedOptions = ReadonlyMap<number, OfferedOption>;

export interface OfferCase {
  readonly lan: LanSite;
  readonly provisioning: Provisioning;
  readonly vendor: Vendor | undefined;
  readonly phone: Phone;
  /** The provisioning URL in the form of the vendor. */
  readonly url: string | undefined;
}

/**
 * The protocol's own options: the lease and the message speak through them, so data cannot set them. A lease time from
 * a vendor file, for one, would promise an address for longer than it is kept.
 */
const NOT_FOR_DATA = new Set([0, 50, 51, 52, 53, 54, 55, 57, 58, 59, 61, 82, 255]);
const VENDOR_SPECIFIC = 43;
const MASK = 1;
const LEASE_TIME = 51;
const SERVER_ID = 54;
const TIMES = [58, 59] as const;

/**
 * Every option there is for this phone: the vendor's word beats the site's, the site's beats the LAN's. Without a
 * vendor there is no URL and no option 43: a wrong one is worse than none, for the phone keeps it. A value with a
 * placeholder that nobody can fill is left out.
 */
export function offeredOptions(offerCase: OfferCase): OfferedOptions {
  const { lan, provisioning, vendor } = offerCase;
  const url = vendor === undefined ? undefined : offerCase.url;
  const fillings = fillingsFor(offerCase, url);
  const carriers = url === undefined ? [] : provisioning.options.filter(takesUrl);
  const values: readonly Value[] = [
    ...lanValues(lan),
    ...carriers.map((code): Value => ({ code, bytes: encodeText(url ?? ''), from: 'site', url })),
    ...dataValues({ from: 'site', data: provisioning.extraOptions, fillings }),
    ...dataValues({ from: 'vendor', data: vendor?.dhcp.options ?? {}, fillings }),
  ];
  const offered = new Map<number, OfferedOption>();
  for (const { code, bytes, from, url: carried } of values) {
    const forced = vendor?.dhcp.force.includes(code) ?? false;
    offered.set(code, {
      code,
      bytes,
      from,
      url: carried,
      forced,
      // Made when somebody looks: replies are many, and people who read them few.
      get text() {
        return showOption(code, bytes);
      },
    });
  }
  return offered;
}

type Value = Pick<OfferedOption, 'code' | 'bytes' | 'from' | 'url'>;

function fillingsFor({ lan, vendor, phone }: OfferCase, url: string | undefined): Fillings {
  const { model } = phone.identity;
  const tokens = vendor === undefined ? {} : modelOf(vendor, model)?.tokens;
  const server = showIpv4(lan.address);
  return { url, server, mac: phone.mac, MAC: phone.mac.toUpperCase(), model, ...tokens };
}

/** Made once per LAN; the settings object is the key, so that a reload makes new ones. */
const made = new WeakMap<LanSite, readonly Value[]>();

/** What every host of the LAN gets. */
function lanValues(lan: LanSite): readonly Value[] {
  const known = made.get(lan);
  if (known !== undefined) return known;
  const { address, subnet, dhcp } = lan;
  const ips = (code: number, list: readonly Ipv4[]): readonly (readonly [number, Uint8Array])[] =>
    list.length === 0 ? [] : [[code, encodeIps(list)]];
  const options: readonly (readonly [number, Uint8Array])[] = [
    ...ips(MASK, [maskOf(subnet.prefix)]),
    ...ips(3, dhcp.router === undefined ? [] : [dhcp.router]),
    ...ips(6, dhcp.dns),
    ...(dhcp.domain === undefined ? [] : [[15, encodeText(dhcp.domain)] as const]),
    ...ips(28, [broadcastOf(subnet)]),
    ...ips(42, dhcp.ntp),
    ...leaseTimes(Math.floor(dhcp.lease / 1000)),
    ...ips(SERVER_ID, [address]),
    // A phone that knows only TFTP finds us by these two and reveals itself by the files it asks for.
    [66, encodeText(showIpv4(address))],
    ...ips(150, [address]),
  ];
  const values = options.map(([code, bytes]): Value => ({ code, bytes, from: 'lan' }));
  made.set(lan, values);
  return values;
}

interface Data {
  readonly from: 'site' | 'vendor';
  readonly data: Readonly<Record<string, OptionValue>>;
  readonly fillings: Fillings;
}

function dataValues({ from, data, fillings }: Data): readonly Value[] {
  return Object.entries(data).flatMap(([key, value]) => {
    const code = Number(key);
    if (NOT_FOR_DATA.has(code) || (code === VENDOR_SPECIFIC && from !== 'vendor')) return [];
    const bytes = encodeValue(value, fillings);
    return bytes === undefined
      ? []
      : [{ code, bytes, from, url: carriesUrl(value) ? fillings['url'] : undefined }];
  });
}

/** Lease time, T1 and T2 for a lease of so many seconds (RFC 2131 section 4.4.5). */
export function leaseTimes(seconds: number): readonly (readonly [code: number, bytes: Uint8Array])[] {
  return [
    [LEASE_TIME, encodeU32(seconds)],
    [TIMES[0], encodeU32(Math.floor(seconds * 0.5))],
    [TIMES[1], encodeU32(Math.floor(seconds * 0.875))],
  ];
}

/** A URL is text: under the code of a list of addresses it would be read as nonsense. */
function takesUrl(code: number): boolean {
  return !NOT_FOR_DATA.has(code) && (OPTIONS[code]?.form ?? 'text') === 'text';
}

function carriesUrl(value: OptionValue): boolean {
  const texts = 'text' in value ? [value.text] : 'tlv' in value ? value.tlv.map(({ text }) => text) : [];
  return texts.some((text) => placeholdersOf(text).includes('url'));
}

/** The bytes of a value, or undefined where a placeholder stays open or what was filled in does not fit its form. */
function encodeValue(value: OptionValue, fillings: Fillings): Uint8Array | undefined {
  if ('u8' in value) return encodeU8(value.u8);
  if ('u16' in value) return encodeU16(value.u16);
  if ('u32' in value) return encodeU32(value.u32);
  if ('hex' in value) return encodeHex(value.hex);
  if ('ips' in value) {
    const texts = [value.ips].flat().map((text) => filled(text, fillings));
    const ips = texts.map((text) => parseIpv4(text ?? ''));
    return ips.every((ip) => ip !== undefined) ? encodeIps(ips) : undefined;
  }
  if ('tlv' in value) {
    const parts = value.tlv.map(({ code, ...part }) => ({ code, bytes: encodeFilled(part, fillings) }));
    return parts.every(hasBytes) ? encodeTlv(parts) : undefined;
  }
  return encodeFilled(value, fillings);
}

function hasBytes(part: {
  code: number;
  bytes: Uint8Array | undefined;
}): part is { code: number; bytes: Uint8Array } {
  return part.bytes !== undefined;
}

interface TextValue {
  readonly text: string;
  readonly nul?: boolean | undefined;
}

function encodeFilled(value: TextValue, fillings: Fillings): Uint8Array | undefined {
  const text = filled(value.text, fillings);
  return text === undefined ? undefined : encodeText(text, value.nul === true ? 'nul' : 'bare');
}

function filled(text: string, fillings: Fillings): string | undefined {
  const { text: result, unknown } = fill(text, fillings);
  return unknown.length === 0 ? result : undefined;
}

/**
 * What one reply carries, in wire order, which is also the order of worth when room is short. First what no lease can
 * do without; the mask goes before the router (RFC 2132 section 3.3). Then what is forced, then what the client asks
 * for, in its order (RFC 2132 section 9.8). T1 and T2 end the list: a client knows them by itself. A client without
 * a parameter request list gets everything.
 */
export function selectOptions(
  offered: OfferedOptions,
  asked: readonly number[] | undefined,
): readonly OfferedOption[] {
  const forced = [...offered.values()].filter((option) => option.forced).map(({ code }) => code);
  const wanted = asked ?? [...offered.keys()];
  const first = forced.filter((code) => !wanted.includes(code));
  const codes = new Set([SERVER_ID, LEASE_TIME, MASK, ...first, ...wanted, ...TIMES]);
  return [...codes].flatMap((code) => offered.get(code) ?? []);
}

/** The options that carry the URL and that the phone asks for: from these it can learn it. */
export function urlOptions(offered: OfferedOptions, asked: readonly number[] | undefined): readonly number[] {
  const wanted = new Set(asked ?? offered.keys());
  return [...wanted].filter((code) => offered.get(code)?.url !== undefined);
}

// Which options a client gets: those of its subnet, of the site, of its vendor and of its class; and which of them one
// reply carries.
import { OPTIONS } from '../base/dhcp-options.ts';
import { type Fillings, fill, placeholdersOf } from '../base/fill.ts';
import { broadcastOf, type Ipv4, maskOf, parseIpv4, showIpv4 } from '../base/ipv4.ts';
import type { OptionValue } from '../phones/option-value.ts';
import { modelOf, type Vendor } from '../phones/vendor.ts';
import type { ClientClass, LanSite, Provisioning, Scope } from '../site/site.ts';
import type { Client } from './classes.ts';
import type { Habits } from './clues.ts';
import { gatewayIdentity } from './enterprise.ts';
import { encodeIps, encodeText, encodeU32, showOption } from './options.ts';
import { carriesUrl, encodeValue, placeholdersIn } from './values.ts';

/** An option as this client would get it. */
export interface OfferedOption {
  readonly code: number;
  readonly bytes: Uint8Array;
  /** Whose word it is. */
  readonly from: 'lan' | 'site' | 'vendor' | 'rescue' | 'class' | 'device';
  /** The value for people. */
  readonly text: string;
  /** The provisioning URL, where the option carries it. */
  readonly url?: string | undefined;
  /** Sent also to a client that does not ask for it. */
  readonly forced: boolean;
}

/** All that a client could get, by code. */
export type OfferedOptions = ReadonlyMap<number, OfferedOption>;

/** All that a reply to a client can hold. */
export interface Offer {
  readonly options: OfferedOptions;
  /** Lease time in ms. */
  readonly lease: number;
  readonly siaddr: Ipv4;
  readonly sname: string;
  readonly file: string;
  /** Whether it holds for this client alone. */
  readonly isPersonal: boolean;
}

export interface OfferCase {
  readonly lan: LanSite;
  readonly scope: Scope;
  readonly provisioning: Provisioning;
  readonly vendor: Vendor | undefined;
  readonly class?: ClientClass | undefined;
  readonly client: Client;
  readonly habits?: Pick<Habits, 'vendorClass' | 'userClass' | 'device'> | undefined;
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
 * Every option there is for this client, and the fields beside them. Later words beat earlier ones: subnet, URL, site,
 * vendor, rescue, class. Without a vendor there is no URL and, unless its class names one, no option 43: a wrong one is
 * worse than none, for the phone keeps it. A value with a placeholder that nobody can fill is left out.
 */
export function makeOffer(offerCase: OfferCase): Offer {
  const { scope, provisioning, vendor, class: group } = offerCase;
  const url = vendor === undefined ? undefined : offerCase.url;
  const fillings = fillingsFor(offerCase, url);
  const rescue = rescueFor(offerCase);
  const carriers = url === undefined ? [] : provisioning.options.filter(takesUrl);
  const data = [
    { from: 'site', data: provisioning.extraOptions },
    { from: 'site', data: scope.options },
    { from: 'vendor', data: vendor?.dhcp.options ?? {} },
    { from: 'rescue', data: rescue?.options ?? {} },
    { from: 'class', data: group?.options ?? {} },
  ] as const;
  const lease = leaseFor(offerCase, rescue);
  const values = [
    ...subnetValues(offerCase.lan, scope),
    ...leaseValues(lease, scope),
    ...carriers.map((code): Value => ({ code, bytes: encodeText(url ?? ''), from: 'site', url })),
    ...deviceValues(offerCase),
    ...data.flatMap((each) => dataValues({ ...each, fillings, isKnown: vendor !== undefined })),
  ];
  const filled = (text: string | undefined): string => {
    const { text: result, unknown } = fill(text ?? '', fillings);
    return unknown.length === 0 ? result : '';
  };
  const siaddr = filled(group?.siaddr ?? rescue?.siaddr ?? vendor?.dhcp.siaddr);
  return {
    options: collect(values, offerCase, Object.keys(rescue?.options ?? {}).map(Number)),
    lease: lease.time,
    siaddr: parseIpv4(siaddr) ?? (0 as Ipv4),
    sname: filled(group?.sname ?? rescue?.sname ?? vendor?.dhcp.sname),
    file: filled(group?.file ?? rescue?.file ?? vendor?.dhcp.file),
    isPersonal: isPersonal(
      offerCase,
      data.map((each) => each.data),
    ),
  };
}

type Value = Pick<OfferedOption, 'code' | 'bytes' | 'from' | 'url'>;

/** The last word for each code, without what is never to be sent. A class that sets or forces an option wants it sent. */
function collect(
  values: readonly Value[],
  { scope, vendor, class: group }: OfferCase,
  rescued: readonly number[],
): OfferedOptions {
  const forced = new Set([
    ...scope.force,
    ...(vendor?.dhcp.force ?? []),
    ...(group?.force ?? []),
    ...rescued,
  ]);
  const wanted = new Set([...(group?.force ?? []), ...Object.keys(group?.options ?? {}).map(Number)]);
  const never = new Set(
    [...scope.suppress, ...(vendor?.dhcp.suppress ?? [])]
      .filter((code) => !wanted.has(code))
      .concat(group?.suppress ?? []),
  );
  const offered = new Map<number, OfferedOption>();
  for (const { code, bytes, from, url } of values) {
    if (never.has(code) && !NOT_FOR_DATA.has(code)) continue;
    offered.set(code, {
      code,
      bytes,
      from,
      url,
      forced: forced.has(code),
      // Made when somebody looks: replies are many, and people who read them few.
      get text() {
        return showOption(code, bytes);
      },
    });
  }
  return offered;
}

function fillingsFor({ lan, vendor, client, habits }: OfferCase, url: string | undefined): Fillings {
  const { model } = client.identity;
  const tokens = vendor === undefined ? {} : modelOf(vendor, model)?.tokens;
  const server = showIpv4(lan.address);
  const { oui, serial, productClass } = habits?.device ?? {};
  return {
    ...{ url, server, mac: client.mac, MAC: client.mac?.toUpperCase(), model },
    ...{ oui, serial, productClass },
    ...tokens,
  };
}

const PERSONAL = new Set(['mac', 'MAC', 'token', 'oui', 'serial', 'productClass']);

/** Whether any value speaks of the one client: such an offer cannot serve another of the same make. */
function isPersonal(
  { provisioning, vendor, habits, class: group }: OfferCase,
  data: readonly Readonly<Record<string, OptionValue>>[],
): boolean {
  if (habits?.device !== undefined) return true;
  const texts = [
    provisioning.url,
    vendor?.url,
    ...[group, vendor?.dhcp, ...(vendor?.dhcp.rescue ?? [])].flatMap((each) => [
      each?.siaddr,
      each?.sname,
      each?.file,
    ]),
  ];
  const names = [
    ...texts.flatMap((text) => placeholdersOf(text ?? '')),
    ...data.flatMap((values) => Object.values(values).flatMap(placeholdersIn)),
  ];
  return names.some((name) => PERSONAL.has(name));
}

/** What a half-flashed phone gets on top: the first entry of its vendor whose classes it names. */
function rescueFor({ vendor, habits }: OfferCase): Vendor['dhcp']['rescue'][number] | undefined {
  return vendor?.dhcp.rescue.find(
    ({ option60, option77 }) =>
      (option60 === undefined || option60.test(habits?.vendorClass ?? '')) &&
      (option77 === undefined || habits?.userClass.some((each) => option77.test(each)) === true),
  );
}

interface LeaseTime {
  /** In ms. */
  readonly time: number;
  readonly from: OfferedOption['from'];
}

function leaseFor(
  { scope, vendor, class: group }: OfferCase,
  rescue: ReturnType<typeof rescueFor>,
): LeaseTime {
  if (group?.lease !== undefined) return { time: group.lease, from: 'class' };
  if (rescue?.lease !== undefined) return { time: rescue.lease, from: 'rescue' };
  if (vendor?.dhcp.lease !== undefined) return { time: vendor.dhcp.lease, from: 'vendor' };
  return { time: scope.lease, from: 'lan' };
}

/** The times of a lease that is not as long as the others of its subnet. */
function leaseValues({ time, from }: LeaseTime, scope: Scope): readonly Value[] {
  if (time === scope.lease) return [];
  return leaseTimes(Math.floor(time / 1000)).map(([code, bytes]): Value => ({ code, bytes, from }));
}

/** A device that names itself by TR-069 Annex F is told the same identity as that of its gateway. */
function deviceValues({ habits }: OfferCase): readonly Value[] {
  const device = habits?.device;
  return device === undefined ? [] : [{ code: 125, bytes: gatewayIdentity(device), from: 'device' }];
}

/** Made once per subnet; the settings object is the key, so that a reload makes new ones. */
const made = new WeakMap<Scope, readonly Value[]>();

/** What every host of the subnet gets. */
function subnetValues({ address }: LanSite, scope: Scope): readonly Value[] {
  const known = made.get(scope);
  if (known !== undefined) return known;
  const { subnet, router, dns, domain, ntp, lease } = scope;
  const ips = (code: number, list: readonly Ipv4[]): readonly (readonly [number, Uint8Array])[] =>
    list.length === 0 ? [] : [[code, encodeIps(list)]];
  const options: readonly (readonly [number, Uint8Array])[] = [
    ...ips(MASK, [maskOf(subnet.prefix)]),
    ...ips(3, router === undefined ? [] : [router]),
    ...ips(6, dns),
    ...(domain === undefined ? [] : [[15, encodeText(domain)] as const]),
    ...ips(28, [broadcastOf(subnet)]),
    ...ips(42, ntp),
    ...leaseTimes(Math.floor(lease / 1000)),
    ...ips(SERVER_ID, [address]),
    // A phone that knows only TFTP finds us by these two and reveals itself by the files it asks for.
    [66, encodeText(showIpv4(address))],
    ...ips(150, [address]),
  ];
  const values = options.map(([code, bytes]): Value => ({ code, bytes, from: 'lan' }));
  made.set(scope, values);
  return values;
}

interface Data {
  readonly from: OfferedOption['from'];
  readonly data: Readonly<Record<string, OptionValue>>;
  readonly fillings: Fillings;
  /** Whether the make of the client is known. */
  readonly isKnown: boolean;
}

function dataValues({ from, data, fillings, isKnown }: Data): readonly Value[] {
  return Object.entries(data).flatMap(([key, value]) => {
    const code = Number(key);
    if (NOT_FOR_DATA.has(code) || (code === VENDOR_SPECIFIC && !isKnown && from !== 'class')) return [];
    const bytes = encodeValue(code, value, fillings);
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

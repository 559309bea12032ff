// The bytes of option values that settings and vendor files write, once their placeholders are filled.
import { encodeDomains } from '../base/domain-name.ts';
import { type Fillings, fill, placeholdersOf } from '../base/fill.ts';
import { type Ipv4, parseIpv4 } from '../base/ipv4.ts';
import {
  type EnterpriseValue,
  type OptionValue,
  parseRoute,
  type ScalarValue,
  type SubOption,
  type Tr069Value,
} from '../phones/option-value.ts';
import { encodeVendorClasses, encodeVendorOptions } from './enterprise.ts';
import {
  encodeHex,
  encodeIps,
  encodeRoutes,
  encodeSipIps,
  encodeSipNames,
  encodeText,
  encodeTlv,
  encodeU8,
  encodeU16,
  encodeU32,
} from './options.ts';

const DOMAIN_SEARCH = 119;

/**
 * The bytes of a value, or undefined where a placeholder has no filling, or where what was filled in does not fit its
 * form: no address, no name, too long for its length byte.
 */
export function encodeValue(code: number, value: OptionValue, fillings: Fillings): Uint8Array | undefined {
  if ('u16s' in value) return Buffer.concat(value.u16s.map(encodeU16));
  if ('routes' in value) {
    const routes = every(value.routes, (route) => parseRoute(filled(route, fillings) ?? ''));
    return routes === undefined ? undefined : encodeRoutes(routes);
  }
  if ('domains' in value) {
    const names = every(value.domains, (name) => filled(name, fillings));
    // RFC 3397 section 2 wants its list compressed; the others are written after RFC 1035 section 3.1, which knows
    // no pointers.
    return names === undefined
      ? undefined
      : encodeDomains(names, code === DOMAIN_SEARCH ? 'compressed' : 'plain');
  }
  if ('sip' in value) return encodeSip(value.sip, fillings);
  if ('tlv' in value) return encodeSubOptions(value.tlv, fillings);
  if ('tr069' in value) return encodeTr069(value.tr069, fillings);
  if ('enterprise' in value) return encodeEnterprises(value.enterprise, fillings);
  return encodeScalar(value, fillings);
}

/** Whether the provisioning URL is in it. */
export function carriesUrl(value: OptionValue): boolean {
  return placeholdersIn(value).includes('url');
}

/** The names of all placeholders in a value, each once. A value without any is the same for every phone. */
export function placeholdersIn(value: OptionValue): readonly string[] {
  return [...new Set(textsIn(value).flatMap(placeholdersOf))];
}

function textsIn(value: OptionValue): readonly string[] {
  if ('routes' in value) return value.routes;
  if ('domains' in value) return value.domains;
  if ('sip' in value) return value.sip;
  if ('tlv' in value) return value.tlv.flatMap(textsIn);
  if ('tr069' in value) return [value.tr069.url, value.tr069.code ?? ''];
  if ('enterprise' in value) {
    return value.enterprise.flatMap(({ tlv, classes }) => [
      ...(tlv ?? []).flatMap(textsIn),
      ...(classes ?? []),
    ]);
  }
  if ('text' in value) return [value.text];
  if ('ip' in value) return [value.ip];
  return 'ips' in value ? [value.ips].flat() : [];
}

function encodeScalar(value: ScalarValue, fillings: Fillings): Uint8Array | undefined {
  if ('text' in value) return encodeFilled(value, fillings);
  if ('u8' in value) return encodeU8(value.u8);
  if ('u16' in value) return encodeU16(value.u16);
  if ('u32' in value) return encodeU32(value.u32);
  if ('i32' in value) return encodeU32(value.i32);
  if ('bool' in value) return encodeU8(value.bool ? 1 : 0);
  if ('hex' in value) return encodeHex(value.hex);
  const addresses = every('ip' in value ? [value.ip] : [value.ips].flat(), (text) =>
    filledIpv4(text, fillings),
  );
  return addresses === undefined ? undefined : encodeIps(addresses);
}

function encodeFilled(
  { text, nul }: Extract<ScalarValue, { readonly text: string }>,
  fillings: Fillings,
): Uint8Array | undefined {
  const whole = filled(text, fillings);
  return whole === undefined ? undefined : encodeText(whole, nul === true ? 'nul' : 'bare');
}

/** In the order written, without an end mark: some readers take a trailing 255 for a sub-option. */
function encodeSubOptions(tlv: readonly SubOption[], fillings: Fillings): Uint8Array | undefined {
  const parts = partsOf(tlv, fillings);
  return parts === undefined ? undefined : encodeTlv(parts);
}

function partsOf(
  tlv: readonly SubOption[],
  fillings: Fillings,
): readonly { readonly code: number; readonly bytes: Uint8Array }[] | undefined {
  return every(tlv, (part) => {
    const bytes = encodeScalar(part, fillings);
    return bytes === undefined ? undefined : { code: part.code, bytes };
  });
}

/** Names or addresses: one option cannot hold both (RFC 3361 section 3). */
function encodeSip(servers: readonly string[], fillings: Fillings): Uint8Array | undefined {
  const texts = every(servers, (text) => filled(text, fillings));
  if (texts === undefined) return undefined;
  const addresses = texts.flatMap((text) => parseIpv4(text) ?? []);
  if (addresses.length === 0) return encodeSipNames(texts);
  return addresses.length === texts.length ? encodeSipIps(addresses) : undefined;
}

/**
 * Option 43 as TR-069 section 3.1 lists it: 1 URL of the ACS, 2 provisioning code, 3 minimum wait before a retry, 4 the
 * multiplier of that wait. The two numbers go as ASCII digits, as other servers write them; a device that wants them in
 * binary gets them by `tlv`.
 */
function encodeTr069(
  { url, code, retryWait, retryMultiplier }: Tr069Value,
  fillings: Fillings,
): Uint8Array | undefined {
  const texts = [url, code, retryWait?.toString(), retryMultiplier?.toString()];
  const parts = texts.flatMap((text, index) => (text === undefined ? [] : [{ code: index + 1, text }]));
  return encodeSubOptions(parts, fillings);
}

function encodeEnterprises(list: readonly EnterpriseValue[], fillings: Fillings): Uint8Array | undefined {
  const isOfClasses = list.every(({ classes }) => classes !== undefined);
  if (isOfClasses) {
    const named = every(list, ({ number, classes = [] }) => {
      const texts = every(classes, (text) => filled(text, fillings));
      return texts === undefined
        ? undefined
        : { enterprise: number, classes: texts.map((text) => encodeText(text)) };
    });
    return named === undefined ? undefined : encodeVendorClasses(named);
  }
  const told = every(list, ({ number, tlv = [] }) => {
    const options = partsOf(tlv, fillings);
    return options === undefined ? undefined : { enterprise: number, options };
  });
  return told === undefined ? undefined : encodeVendorOptions(told);
}

function filledIpv4(text: string, fillings: Fillings): Ipv4 | undefined {
  return parseIpv4(filled(text, fillings) ?? '');
}

function filled(text: string, fillings: Fillings): string | undefined {
  const { text: result, unknown } = fill(text, fillings);
  return unknown.length === 0 ? result : undefined;
}

/** All results, or undefined where there is one without. */
function every<Item, Made>(
  items: readonly Item[],
  make: (item: Item) => Made | undefined,
): readonly Made[] | undefined {
  const made = items.map(make);
  return made.every((each) => each !== undefined) ? made : undefined;
}

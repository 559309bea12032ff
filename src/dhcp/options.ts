// The values of DHCP options as bytes (RFC 2132 and its successors): how to write those that replies carry, and how to
// show any of them to a person.
import { isUtf8 } from 'node:buffer';
import { latin1, printable, toHex } from '../base/bytes.ts';
import { OPTIONS, type OptionForm } from '../base/dhcp-options.ts';
import { decodeDomains, encodeDomains } from '../base/domain-name.ts';
import { type Ipv4, ipv4Bytes, type Subnet } from '../base/ipv4.ts';
import {
  decodeVendorClasses,
  decodeVendorOptions,
  encodeVendorClasses,
  encodeVendorOptions,
} from './enterprise.ts';

/** What a message is, by option 53 (RFC 2132 section 9.6). */
const MESSAGE_TYPES = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

export type MessageType = keyof typeof MESSAGE_TYPES;

const TYPE_NAMES = new Map<number, MessageType>(
  Object.entries(MESSAGE_TYPES).map(([name, value]) => [value, name as MessageType]),
);

/** The type that a value of option 53 stands for. */
export function messageTypeOf(value: number): MessageType | undefined {
  return TYPE_NAMES.get(value);
}

// Writing.

export function encodeMessageType(type: MessageType): Uint8Array {
  return encodeU8(MESSAGE_TYPES[type]);
}

/** Text as UTF-8. The NUL is for receivers that want one (RFC 2132 section 2 forbids to rely on it). */
export function encodeText(text: string, end: 'bare' | 'nul' = 'bare'): Uint8Array {
  return Buffer.from(end === 'nul' ? `${text}\0` : text);
}

export function encodeIps(addresses: readonly Ipv4[]): Uint8Array {
  return Buffer.concat(addresses.map(ipv4Bytes));
}

export function encodeU8(value: number): Uint8Array {
  return Uint8Array.of(value);
}

export function encodeU16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}

export function encodeU32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** From hex digits in pairs. */
export function encodeHex(digits: string): Uint8Array {
  return Buffer.from(digits, 'hex');
}

/** Encapsulated sub-options (RFC 2132 section 8.4), no end mark; undefined when one is longer than 255 bytes. */
export function encodeTlv(
  parts: readonly { readonly code: number; readonly bytes: Uint8Array }[],
): Uint8Array | undefined {
  if (parts.some(({ bytes }) => bytes.length > 255)) return undefined;
  return Buffer.concat(parts.flatMap(({ code, bytes }) => [Uint8Array.of(code, bytes.length), bytes]));
}

/** Classless static routes (RFC 3442): of each destination only the bytes that its prefix fills. */
export function encodeRoutes(
  routes: readonly { readonly subnet: Subnet; readonly gateway: Ipv4 }[],
): Uint8Array {
  return Buffer.concat(
    routes.flatMap(({ subnet: { network, prefix }, gateway }) => [
      Uint8Array.of(prefix),
      ipv4Bytes(network).subarray(0, Math.ceil(prefix / 8)),
      ipv4Bytes(gateway),
    ]),
  );
}

/** The first byte of option 120 says what follows (RFC 3361 section 3). */
const SIP = { names: 0, addresses: 1 } as const;

/** SIP servers by name; undefined when one of the names is none. */
export function encodeSipNames(names: readonly string[]): Uint8Array | undefined {
  const domains = encodeDomains(names);
  return domains === undefined ? undefined : Buffer.concat([Uint8Array.of(SIP.names), domains]);
}

/** SIP servers by address. */
export function encodeSipIps(addresses: readonly Ipv4[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(SIP.addresses), encodeIps(addresses)]);
}

// Showing.

/** The value for people; hex where the bytes do not have the form of their option. Safe for terminals and pages. */
export function showOption(code: number, bytes: Uint8Array): string {
  const form = OPTIONS[code]?.form;
  return (
    (form === undefined ? undefined : SHOW[form](bytes)) ?? (isPlain(bytes) ? textShown(bytes) : toHex(bytes))
  );
}

const SHOW: Readonly<Record<OptionForm, (bytes: Uint8Array) => string | undefined>> = {
  text: textShown,
  ip: (bytes) => (bytes.length === 4 ? ipsShown(bytes) : undefined),
  ips: ipsShown,
  'ip-pairs': (bytes) =>
    runsOf(bytes, 8)
      ?.map((pair) => `${pair.subarray(0, 4).join('.')} ${pair.subarray(4).join('.')}`)
      .join(', '),
  u8: (bytes) => (bytes.length === 1 ? `${numberOf(bytes)}` : undefined),
  u16: (bytes) => (bytes.length === 2 ? `${numberOf(bytes)}` : undefined),
  u16s: (bytes) => runsOf(bytes, 2)?.map(numberOf).join(', '),
  u32: (bytes) => (bytes.length === 4 ? `${numberOf(bytes)}` : undefined),
  i32: (bytes) => (bytes.length === 4 ? `${numberOf(bytes) | 0}` : undefined),
  seconds: (bytes) => (bytes.length === 4 ? `${numberOf(bytes)} s` : undefined),
  bool: (bytes) => (bytes.length === 1 ? (bytes[0] === 0 ? 'off' : 'on') : undefined),
  flag: (bytes) => (bytes.length === 0 ? 'present' : undefined),
  codes: (bytes) => bytes.join(','),
  'message-type': (bytes) => TYPE_NAMES.get(bytes[0] ?? 0),
  routes: routesShown,
  domains: domainsShown,
  'sip-servers': (bytes) => {
    const servers = bytes.subarray(1);
    if (bytes[0] === SIP.names) return domainsShown(servers);
    return bytes[0] === SIP.addresses ? ipsShown(servers) : undefined;
  },
  'sub-options': (bytes) => (isPlain(bytes) ? textShown(bytes) : subOptionsShown(bytes)),
  'user-class': userClassShown,
  fqdn: fqdnShown,
  'vendor-classes': vendorClassesShown,
  'vendor-options': vendorOptionsShown,
  hex: toHex,
};

function textShown(bytes: Uint8Array): string {
  return printable(isUtf8(bytes) ? Buffer.from(bytes).toString() : latin1(bytes), 255);
}

function ipsShown(bytes: Uint8Array): string | undefined {
  return runsOf(bytes, 4)
    ?.map((run) => run.join('.'))
    .join(', ');
}

function routesShown(bytes: Uint8Array): string | undefined {
  const routes: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const prefix = bytes[at] ?? 0;
    const gateway = at + 1 + Math.ceil(prefix / 8);
    if (prefix > 32 || gateway + 4 > bytes.length) return undefined;
    const network = Uint8Array.of(...bytes.subarray(at + 1, gateway), 0, 0, 0, 0).subarray(0, 4);
    routes.push(`${network.join('.')}/${prefix} via ${bytes.subarray(gateway, gateway + 4).join('.')}`);
    at = gateway + 4;
  }
  return routes.join(', ');
}

function subOptionsShown(bytes: Uint8Array): string | undefined {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + (bytes[at + 1] ?? bytes.length);
    if (end > bytes.length) return undefined;
    const value = bytes.subarray(at + 2, end);
    parts.push(`${bytes[at]}=${plainOrHex(value)}`);
    at = end;
  }
  return parts.join(', ');
}

function domainsShown(bytes: Uint8Array): string | undefined {
  const names = decodeDomains(bytes);
  return names === undefined || names.length === 0
    ? undefined
    : names.map((labels) => labels.map(textShown).join('.') || '.').join(', ');
}

function userClassShown(bytes: Uint8Array): string | undefined {
  const classes: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + (bytes[at] ?? 0);
    if (end === at + 1 || end > bytes.length) return undefined;
    classes.push(plainOrHex(bytes.subarray(at + 1, end)));
    at = end;
  }
  return classes.length === 0 ? undefined : classes.join(', ');
}

/** RFC 4702: flags, two dead bytes, and a name as in DNS messages if flag E (4) is set, else as text. */
function fqdnShown(bytes: Uint8Array): string | undefined {
  const flags = bytes[0];
  if (flags === undefined || bytes.length < 3) return undefined;
  const rest = bytes.subarray(3);
  const name = (flags & 4) === 0 || rest.length === 0 ? textShown(rest) : partialName(rest);
  return name === undefined ? undefined : `${name} (flags ${flags})`.trimStart();
}

/** A client that knows no domain leaves out the end of the name (RFC 4702 section 2.3.1). */
function partialName(bytes: Uint8Array): string | undefined {
  return domainsShown(bytes.at(-1) === 0 ? bytes : Uint8Array.of(...bytes, 0));
}

function vendorClassesShown(bytes: Uint8Array): string | undefined {
  const list = decodeVendorClasses(bytes);
  if (!isWhole(bytes, encodeVendorClasses(list))) return undefined;
  return list
    .map(({ enterprise, classes }) => `${enterprise}: ${classes.map(plainOrHex).join(', ')}`)
    .join('; ');
}

function vendorOptionsShown(bytes: Uint8Array): string | undefined {
  const list = decodeVendorOptions(bytes);
  if (!isWhole(bytes, encodeVendorOptions(list))) return undefined;
  return list
    .map(({ enterprise, options }) => {
      const parts = options.map((option) => `${option.code}=${plainOrHex(option.bytes)}`);
      return `${enterprise}: ${parts.join(', ')}`;
    })
    .join('; ');
}

/** Whether reading left nothing over: then writing gives the same bytes again. */
function isWhole(bytes: Uint8Array, again: Uint8Array | undefined): boolean {
  return bytes.length > 0 && again !== undefined && toHex(again) === toHex(bytes);
}

function plainOrHex(bytes: Uint8Array): string {
  return isPlain(bytes) ? textShown(bytes) : toHex(bytes);
}

/** ASCII that can be read as it stands, NULs at the end aside. */
function isPlain(bytes: Uint8Array): boolean {
  return /^[\x20-\x7e]+\0*$/.test(latin1(bytes));
}

function runsOf(bytes: Uint8Array, size: number): readonly Uint8Array[] | undefined {
  if (bytes.length === 0 || bytes.length % size !== 0) return undefined;
  return Array.from({ length: bytes.length / size }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

function numberOf(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

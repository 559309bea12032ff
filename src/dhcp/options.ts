// The options of DHCP: their names and value forms (RFC 2132 and its successors), how to write those that replies
// carry, and how to show any of them to a person.
import { isUtf8 } from 'node:buffer';
import { latin1, printable, toHex } from '../base/bytes.ts';
import { type Ipv4, ipv4Bytes } from '../base/ipv4.ts';

/** How the bytes of an option are to be read. */
export type OptionForm =
  | 'text'
  | 'ip'
  | 'ips'
  | 'u8'
  | 'u16'
  | 'u16s'
  | 'u32'
  | 'i32'
  | 'seconds'
  | 'bool'
  | 'flag' // its presence says all
  | 'codes' // a list of option codes
  | 'message-type'
  | 'routes' // RFC 3442
  | 'sub-options' // code, length, value
  | 'hex';

/** Names as IANA lists them, shortened; options in 128-254 by what phones use them for. */
export const OPTIONS: Readonly<Record<number, { readonly name: string; readonly form: OptionForm }>> = {
  1: { name: 'subnet-mask', form: 'ip' },
  2: { name: 'time-offset', form: 'i32' },
  3: { name: 'router', form: 'ips' },
  4: { name: 'time-server', form: 'ips' },
  5: { name: 'name-server', form: 'ips' },
  6: { name: 'dns-server', form: 'ips' },
  7: { name: 'log-server', form: 'ips' },
  8: { name: 'quotes-server', form: 'ips' },
  9: { name: 'lpr-server', form: 'ips' },
  10: { name: 'impress-server', form: 'ips' },
  11: { name: 'rlp-server', form: 'ips' },
  12: { name: 'host-name', form: 'text' },
  13: { name: 'boot-file-size', form: 'u16' },
  14: { name: 'merit-dump-file', form: 'text' },
  15: { name: 'domain-name', form: 'text' },
  16: { name: 'swap-server', form: 'ip' },
  17: { name: 'root-path', form: 'text' },
  18: { name: 'extensions-path', form: 'text' },
  19: { name: 'ip-forwarding', form: 'bool' },
  20: { name: 'source-routing', form: 'bool' },
  21: { name: 'policy-filter', form: 'ips' },
  22: { name: 'max-reassembly', form: 'u16' },
  23: { name: 'default-ttl', form: 'u8' },
  24: { name: 'mtu-aging', form: 'seconds' },
  25: { name: 'mtu-plateaus', form: 'u16s' },
  26: { name: 'interface-mtu', form: 'u16' },
  27: { name: 'all-subnets-local', form: 'bool' },
  28: { name: 'broadcast-address', form: 'ip' },
  29: { name: 'mask-discovery', form: 'bool' },
  30: { name: 'mask-supplier', form: 'bool' },
  31: { name: 'router-discovery', form: 'bool' },
  32: { name: 'router-solicitation', form: 'ip' },
  33: { name: 'static-routes', form: 'ips' },
  34: { name: 'trailers', form: 'bool' },
  35: { name: 'arp-timeout', form: 'seconds' },
  36: { name: 'ethernet-encapsulation', form: 'bool' },
  37: { name: 'tcp-ttl', form: 'u8' },
  38: { name: 'tcp-keepalive', form: 'seconds' },
  39: { name: 'tcp-keepalive-garbage', form: 'bool' },
  40: { name: 'nis-domain', form: 'text' },
  41: { name: 'nis-servers', form: 'ips' },
  42: { name: 'ntp-servers', form: 'ips' },
  43: { name: 'vendor-specific', form: 'sub-options' },
  44: { name: 'netbios-name-servers', form: 'ips' },
  45: { name: 'netbios-dd-servers', form: 'ips' },
  46: { name: 'netbios-node-type', form: 'u8' },
  47: { name: 'netbios-scope', form: 'text' },
  48: { name: 'x-font-servers', form: 'ips' },
  49: { name: 'x-display-managers', form: 'ips' },
  50: { name: 'requested-address', form: 'ip' },
  51: { name: 'lease-time', form: 'seconds' },
  52: { name: 'overload', form: 'u8' },
  53: { name: 'message-type', form: 'message-type' },
  54: { name: 'server-id', form: 'ip' },
  55: { name: 'parameter-request-list', form: 'codes' },
  56: { name: 'message', form: 'text' },
  57: { name: 'max-message-size', form: 'u16' },
  58: { name: 'renewal-time', form: 'seconds' },
  59: { name: 'rebinding-time', form: 'seconds' },
  60: { name: 'vendor-class', form: 'text' },
  61: { name: 'client-id', form: 'hex' },
  64: { name: 'nis-plus-domain', form: 'text' },
  65: { name: 'nis-plus-servers', form: 'ips' },
  66: { name: 'tftp-server-name', form: 'text' },
  67: { name: 'bootfile-name', form: 'text' },
  68: { name: 'home-agents', form: 'ips' },
  69: { name: 'smtp-servers', form: 'ips' },
  70: { name: 'pop3-servers', form: 'ips' },
  71: { name: 'nntp-servers', form: 'ips' },
  72: { name: 'www-servers', form: 'ips' },
  73: { name: 'finger-servers', form: 'ips' },
  74: { name: 'irc-servers', form: 'ips' },
  75: { name: 'streettalk-servers', form: 'ips' },
  76: { name: 'stda-servers', form: 'ips' },
  77: { name: 'user-class', form: 'hex' },
  80: { name: 'rapid-commit', form: 'flag' },
  81: { name: 'client-fqdn', form: 'hex' },
  82: { name: 'relay-information', form: 'sub-options' },
  93: { name: 'client-architecture', form: 'u16s' },
  97: { name: 'client-uuid', form: 'hex' },
  100: { name: 'tz-posix', form: 'text' },
  101: { name: 'tz-database', form: 'text' },
  108: { name: 'ipv6-only', form: 'seconds' },
  114: { name: 'url', form: 'text' },
  116: { name: 'auto-configure', form: 'bool' },
  118: { name: 'subnet-selection', form: 'ip' },
  119: { name: 'domain-search', form: 'hex' },
  120: { name: 'sip-servers', form: 'hex' },
  121: { name: 'classless-routes', form: 'routes' },
  124: { name: 'vendor-class-by-enterprise', form: 'hex' },
  125: { name: 'vendor-options-by-enterprise', form: 'hex' },
  128: { name: 'vlan-list', form: 'text' },
  132: { name: 'vlan-id', form: 'text' },
  133: { name: 'vlan-priority', form: 'text' },
  150: { name: 'tftp-server-address', form: 'ips' },
  159: { name: 'provisioning-url-159', form: 'text' },
  160: { name: 'provisioning-url-160', form: 'text' },
  161: { name: 'provisioning-url-161', form: 'text' },
  176: { name: 'phone-settings-176', form: 'text' },
  242: { name: 'phone-settings-242', form: 'text' },
};

export function optionName(code: number): string {
  return OPTIONS[code]?.name ?? `option-${code}`;
}

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
  'sub-options': (bytes) => (isPlain(bytes) ? textShown(bytes) : subOptionsShown(bytes)),
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
    parts.push(`${bytes[at]}=${isPlain(value) ? textShown(value) : toHex(value)}`);
    at = end;
  }
  return parts.join(', ');
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

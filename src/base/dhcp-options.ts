// The options of DHCP by number and by name, and what their values look like: RFC 2132 and its successors as IANA
// lists them. Data only: settings, vendor files and the wire all read it.

/** How the bytes of an option are to be read. */
export type OptionForm =
  | 'text'
  | 'ip'
  | 'ips'
  | 'ip-pairs' // addresses, two by two
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
  | 'domains' // names as in DNS messages: RFC 1035 section 3.1, for option 119 also 4.1.4
  | 'sip-servers' // RFC 3361: names or addresses
  | 'sub-options' // code, length, value
  | 'user-class' // RFC 3004
  | 'fqdn' // RFC 4702
  | 'vendor-classes' // RFC 3925 section 3
  | 'vendor-options' // RFC 3925 section 4
  | 'hex';

interface OptionEntry {
  readonly name: string;
  readonly form: OptionForm;
  /** Makers of phones use the code in forms of their own; `form` is the most common one. */
  readonly free?: true;
}

/** Names as IANA lists them, shortened; options in 128-254 by what phones use them for. */
export const OPTIONS: Readonly<Record<number, OptionEntry>> = {
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
  21: { name: 'policy-filter', form: 'ip-pairs' },
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
  33: { name: 'static-routes', form: 'ip-pairs' },
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
  62: { name: 'netware-ip-domain', form: 'text' }, // RFC 2242
  63: { name: 'netware-ip', form: 'sub-options' },
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
  77: { name: 'user-class', form: 'user-class' },
  78: { name: 'slp-directory-agents', form: 'hex' }, // RFC 2610: a byte, then addresses
  79: { name: 'slp-scopes', form: 'hex' }, // RFC 2610: a byte, then text
  80: { name: 'rapid-commit', form: 'flag' },
  81: { name: 'client-fqdn', form: 'fqdn' },
  82: { name: 'relay-information', form: 'sub-options' },
  83: { name: 'isns', form: 'hex' }, // RFC 4174
  85: { name: 'nds-servers', form: 'ips' }, // RFC 2241
  86: { name: 'nds-tree', form: 'text' },
  87: { name: 'nds-context', form: 'text' },
  88: { name: 'bcmcs-domains', form: 'domains' }, // RFC 4280
  89: { name: 'bcmcs-servers', form: 'ips' },
  90: { name: 'authentication', form: 'hex' }, // RFC 3118
  91: { name: 'last-transaction-time', form: 'seconds' }, // RFC 4388
  92: { name: 'associated-addresses', form: 'ips' },
  93: { name: 'client-architecture', form: 'u16s' },
  94: { name: 'client-network-interface', form: 'hex' }, // RFC 4578
  95: { name: 'ldap-url', form: 'text' }, // RFC 3679
  97: { name: 'client-uuid', form: 'hex' },
  98: { name: 'user-authentication', form: 'text' }, // RFC 2485: URLs
  99: { name: 'civic-location', form: 'hex' }, // RFC 4776
  100: { name: 'tz-posix', form: 'text' },
  101: { name: 'tz-database', form: 'text' },
  108: { name: 'ipv6-only', form: 'seconds' },
  109: { name: 'softwire-source', form: 'hex' }, // RFC 8539: an IPv6 address
  112: { name: 'netinfo-servers', form: 'ips' }, // RFC 3679
  113: { name: 'netinfo-tag', form: 'text' },
  114: { name: 'url', form: 'text' },
  116: { name: 'auto-configure', form: 'bool' },
  117: { name: 'name-service-search', form: 'u16s' }, // RFC 2937
  118: { name: 'subnet-selection', form: 'ip' },
  119: { name: 'domain-search', form: 'domains' },
  120: { name: 'sip-servers', form: 'sip-servers' },
  121: { name: 'classless-routes', form: 'routes' },
  122: { name: 'cablelabs', form: 'sub-options' }, // RFC 3495
  123: { name: 'geo-location', form: 'hex' }, // RFC 6225
  124: { name: 'vendor-class-by-enterprise', form: 'vendor-classes' },
  125: { name: 'vendor-options-by-enterprise', form: 'vendor-options' },
  128: { name: 'vlan-list', form: 'text', free: true },
  132: { name: 'vlan-id', form: 'text', free: true },
  133: { name: 'vlan-priority', form: 'text', free: true },
  136: { name: 'pana-agents', form: 'ips' }, // RFC 5192
  137: { name: 'lost-server', form: 'domains' }, // RFC 5223
  138: { name: 'capwap-controllers', form: 'ips' }, // RFC 5417
  139: { name: 'mobility-servers', form: 'sub-options' }, // RFC 5678
  140: { name: 'mobility-server-names', form: 'sub-options' },
  141: { name: 'sip-config-domains', form: 'domains' }, // RFC 6011
  142: { name: 'andsf-servers', form: 'ips' }, // RFC 6153
  143: { name: 'sztp-servers', form: 'hex' }, // RFC 8572: URIs with their lengths
  145: { name: 'forcerenew-nonce', form: 'hex' }, // RFC 6704
  146: { name: 'dns-selection', form: 'hex' }, // RFC 6731
  147: { name: 'dots-server', form: 'domains' }, // RFC 8973
  148: { name: 'dots-addresses', form: 'ips' },
  150: { name: 'tftp-server-address', form: 'ips' },
  156: { name: 'phone-settings-156', form: 'text', free: true },
  159: { name: 'provisioning-url-159', form: 'text', free: true },
  160: { name: 'provisioning-url-160', form: 'text', free: true },
  161: { name: 'provisioning-url-161', form: 'text', free: true },
  162: { name: 'encrypted-dns', form: 'hex' }, // RFC 9463
  175: { name: 'ipxe', form: 'sub-options', free: true },
  176: { name: 'phone-settings-176', form: 'text', free: true },
  208: { name: 'pxelinux-magic', form: 'hex' }, // RFC 5071
  209: { name: 'pxelinux-config', form: 'text' },
  210: { name: 'pxelinux-prefix', form: 'text' },
  211: { name: 'pxelinux-reboot', form: 'seconds' },
  212: { name: '6rd', form: 'hex' }, // RFC 5969
  213: { name: 'access-domain', form: 'domains' }, // RFC 5986
  220: { name: 'subnet-allocation', form: 'hex' }, // RFC 6656
  221: { name: 'virtual-subnet', form: 'hex' }, // RFC 6607
  242: { name: 'phone-settings-242', form: 'text', free: true },
  249: { name: 'classless-routes-249', form: 'routes' }, // what Windows asks for in place of 121
  252: { name: 'wpad-url', form: 'text' },
};

/** What other servers and the phones' manuals call them. */
const ALIASES: Readonly<Record<string, number>> = {
  netmask: 1,
  routers: 3,
  gateway: 3,
  'default-gateway': 3,
  'time-servers': 4,
  dns: 6,
  'dns-servers': 6,
  'domain-name-server': 6,
  'domain-name-servers': 6,
  syslog: 7,
  'log-servers': 7,
  'syslog-server': 7,
  hostname: 12,
  domain: 15,
  mtu: 26,
  broadcast: 28,
  'static-route': 33,
  'arp-cache-timeout': 35,
  ntp: 42,
  'ntp-server': 42,
  'vendor-encapsulated-options': 43,
  'vendor-specific-information': 43,
  lease: 51,
  'dhcp-lease-time': 51,
  'server-identifier': 54,
  t1: 58,
  t2: 59,
  'vendor-class-id': 60,
  'vendor-class-identifier': 60,
  'client-identifier': 61,
  'tftp-server': 66,
  bootfile: 67,
  'boot-file': 67,
  'boot-file-name': 67,
  'smtp-server': 69,
  'relay-agent-information': 82,
  pcode: 100,
  'posix-timezone': 100,
  tcode: 101,
  'tzdb-timezone': 101,
  'ipv6-only-preferred': 108,
  'captive-portal': 114,
  search: 119,
  'domain-search-list': 119,
  'sip-server': 120,
  'classless-static-route': 121,
  'classless-static-routes': 121,
  vivco: 124,
  vivso: 125,
  vlan: 132,
  capwap: 138,
  'capwap-ac': 138,
  'tftp-servers': 150,
  'tftp-server-addresses': 150,
  'voip-tftp-server': 150,
  'voip-tftp-servers': 150,
  'ms-classless-static-routes': 249,
  wpad: 252,
};

const CODES: ReadonlyMap<string, number> = new Map([
  ...Object.entries(ALIASES),
  ...Object.entries(OPTIONS).map(([code, { name }]) => [name, Number(code)] as const),
]);

export function optionName(code: number): string {
  return OPTIONS[code]?.name ?? `option-${code}`;
}

/** The code of an option by its number, its name or another usual name of it; case does not matter. */
export function optionCodeOf(nameOrNumber: string): number | undefined {
  const name = nameOrNumber.trim().toLowerCase().replaceAll('_', '-');
  const digits = /^(?:option-)?(\d{1,3})$/.exec(name)?.[1];
  if (digits === undefined) return CODES.get(name);
  const code = Number(digits);
  return code >= 1 && code <= 254 ? code : undefined;
}

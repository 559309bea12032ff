// What the DHCP tests share: one LAN, one vendor, and messages with the fields that matter to a test.
import { ANY, type Ipv4, parseIpv4, subnetOf } from '../../src/base/ipv4.ts';
import { type Mac, parseMac } from '../../src/base/mac.ts';
import { checkShape } from '../../src/base/shape.ts';
import {
  encodeHex,
  encodeIps,
  encodeMessageType,
  encodeText,
  type MessageType,
} from '../../src/dhcp/options.ts';
import type { DhcpMessage } from '../../src/dhcp/packet.ts';
import type { Phone } from '../../src/phones/phone.ts';
import { type Vendor, vendorShape } from '../../src/phones/vendor.ts';
import type { DhcpSite, LanSite, Provisioning } from '../../src/site/site.ts';

export function ip(text: string): Ipv4 {
  const address = parseIpv4(text);
  if (address === undefined) throw new Error(`not an address: ${text}`);
  return address;
}

export function mac(text: string): Mac {
  const parsed = parseMac(text);
  if (parsed === undefined) throw new Error(`not a MAC: ${text}`);
  return parsed;
}

/** The MAC of phone number so-and-so, of the test vendor. */
export function phoneMac(number: number): Mac {
  return mac(`02ac3e${number.toString(16).padStart(6, '0')}`);
}

export const HOUR = 3_600_000;

/** What the settings file has where nothing is written, but for the look around, which takes time. */
const DHCP_DEFAULTS = {
  options: {},
  force: [],
  suppress: [],
  identity: 'mac',
  authoritative: true,
  takeover: 'silent',
  rapidCommit: false,
  trust82: false,
  conflictCheck: false,
  guard: { isOff: true, allow: 'any' },
  strangers: { share: 0.5, probation: 300_000 },
  limits: { perClient: 5, perPort: 100 },
  classes: [],
  relayed: [],
} as const satisfies Partial<DhcpSite>;

/** 10.20.0.0/24, ours is .1, the pool .50 to .59, leases of an hour. */
export function lanSite(dhcp: Partial<DhcpSite> = {}): LanSite {
  return {
    interface: 'lan0',
    address: ip('10.20.0.1'),
    subnet: subnetOf(ip('10.20.0.0'), 24),
    dhcp: {
      mode: 'full',
      pool: { first: ip('10.20.0.50'), last: ip('10.20.0.59') },
      lease: HOUR,
      router: ip('10.20.0.254'),
      dns: [ip('10.20.0.253')],
      ntp: [],
      ...DHCP_DEFAULTS,
      ...dhcp,
    },
    pnp: { mode: 'off', rules: [], delay: 0, tcp: false, limits: { perSource: 20, total: 20_000 } },
  };
}

export const provisioning: Provisioning = {
  url: 'http://{server}/',
  options: [66, 160],
  extraOptions: {},
};

/** A vendor like those of config/vendors, as small as the shape allows. */
export function vendor(dhcp: Record<string, unknown> = {}): Vendor {
  const checked = checkShape(vendorShape, {
    name: 'Acme',
    silence: '3m',
    recognise: { ouis: ['02ac3e'], option60: ['^acme(?: (?<model>\\S+))?'] },
    dhcp: { obeys: [66], ...dhcp },
    pnp: { asks: false },
    files: [{ ask: '{mac}.cfg', role: 'own', template: 'phone.liquid' }],
    config: { type: 'text/plain' },
    wake: {
      fetch: { event: 'check-sync', effect: 'fetches' },
      reboot: { event: 'check-sync', effect: 'reboots' },
    },
    speaks: { option55: [1, 3, 66], userAgent: 'Acme A1', firmware: '1.0', discovery: ['dhcp'] },
    models: [{ name: 'A1', tokens: { number: '28' } }],
  });
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  return { ...checked.value, id: 'acme' };
}

export function phoneOf(number: number, model?: string): Phone {
  const identity = { vendor: 'acme', model, by: 'a test', conflicts: [] };
  return { mac: phoneMac(number), clues: new Map(), identity };
}

/** Fields of a client's message that a test cares about, as people write them. */
export interface Said {
  readonly type?: MessageType;
  readonly mac?: Mac;
  readonly op?: number;
  readonly flags?: number;
  readonly ciaddr?: string;
  readonly giaddr?: string;
  readonly requested?: string;
  readonly server?: string;
  readonly asks?: readonly number[];
  readonly vendorClass?: string;
  readonly more?: readonly (readonly [code: number, bytes: Uint8Array])[];
}

export function said(what: Said): DhcpMessage {
  const { type, requested, server, asks, vendorClass, more = [] } = what;
  return {
    op: what.op ?? 1,
    htype: 1,
    hops: 0,
    xid: 0x3903f326,
    secs: 7,
    flags: what.flags ?? 0,
    ciaddr: what.ciaddr === undefined ? ANY : ip(what.ciaddr),
    yiaddr: ANY,
    siaddr: ANY,
    giaddr: what.giaddr === undefined ? ANY : ip(what.giaddr),
    chaddr: Uint8Array.from(encodeHex(what.mac ?? phoneMac(1))),
    sname: '',
    file: '',
    options: new Map<number, Uint8Array>([
      ...(type === undefined ? [] : [[53, encodeMessageType(type)] as const]),
      ...(requested === undefined ? [] : [[50, encodeIps([ip(requested)])] as const]),
      ...(server === undefined ? [] : [[54, encodeIps([ip(server)])] as const]),
      ...(asks === undefined ? [] : [[55, Uint8Array.from(asks)] as const]),
      ...(vendorClass === undefined ? [] : [[60, encodeText(vendorClass)] as const]),
      ...more,
    ]),
  };
}

// IPv4 addresses as branded numbers, so that pools and subnets are arithmetic. The one home of ipaddr.js.
import ipaddr from 'ipaddr.js';

declare const brand: unique symbol;

/** An address as an unsigned 32-bit number. Only this file makes one. */
export type Ipv4 = number & { readonly [brand]: 'Ipv4' };

export const ANY = 0 as Ipv4;
export const BROADCAST = 0xffffffff as Ipv4;

export interface Subnet {
  readonly network: Ipv4;
  /** Prefix length, 0 to 32. */
  readonly prefix: number;
}

/** Reads a dotted quad as users write it; the odd forms of inet_aton (`0x7f.1`) are refused. */
export function parseIpv4(text: string): Ipv4 | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  return ipv4FromBytes(Uint8Array.from(ipaddr.IPv4.parse(text).octets));
}

export function showIpv4(address: Ipv4): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** The address in four bytes, network order; undefined for any other count. */
export function ipv4FromBytes(bytes: Uint8Array): Ipv4 | undefined {
  if (bytes.length !== 4) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) as Ipv4;
}

export function ipv4FromNumber(value: number): Ipv4 {
  return (value >>> 0) as Ipv4;
}

export function ipv4Bytes(address: Ipv4): Uint8Array {
  return Uint8Array.of(address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255);
}

/** Reads `10.20.0.0/22`; host bits are dropped. */
export function parseSubnet(text: string): Subnet | undefined {
  const [quad = '', bits = '', ...more] = text.split('/');
  const address = parseIpv4(quad);
  if (address === undefined || more.length > 0 || !/^\d{1,2}$/.test(bits) || Number(bits) > 32)
    return undefined;
  return subnetOf(address, Number(bits));
}

export function subnetOf(address: Ipv4, prefix: number): Subnet {
  return { network: ipv4FromNumber(address & maskOf(prefix)), prefix };
}

export function showSubnet(subnet: Subnet): string {
  return `${showIpv4(subnet.network)}/${subnet.prefix}`;
}

/** The netmask of a prefix length, for example 24 gives 255.255.255.0. */
export function maskOf(prefix: number): Ipv4 {
  return (prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0) as Ipv4;
}

export function isWithin(subnet: Subnet, address: Ipv4): boolean {
  return (address & maskOf(subnet.prefix)) >>> 0 === subnet.network;
}

/** The last address of the subnet, to which everyone on it listens. */
export function broadcastOf(subnet: Subnet): Ipv4 {
  return ((subnet.network | ~maskOf(subnet.prefix)) >>> 0) as Ipv4;
}

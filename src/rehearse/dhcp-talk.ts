// What a phone says and reads in DHCP (RFC 2131 section 4.4), for simulated phones.
import { latin1, toHex } from '../base/bytes.ts';
import { fill } from '../base/fill.ts';
import { ANY, type Ipv4, ipv4Bytes, ipv4FromBytes, parseIpv4, showIpv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import { messageType } from '../dhcp/clues.ts';
import { encodeMessageType, encodeText, encodeU16, type MessageType } from '../dhcp/options.ts';
import {
  BOOTREPLY,
  BOOTREQUEST,
  BROADCAST_FLAG,
  type DhcpMessage,
  decodePacket,
  encodePacket,
} from '../dhcp/packet.ts';
import type { Vendor } from '../phones/vendor.ts';

/** How this phone presents itself. */
export interface DhcpVoice {
  readonly mac: Mac;
  readonly xid: number;
  readonly option60: string | undefined;
  readonly option55: readonly number[];
}

/** What it knows when it sends a REQUEST. */
export interface Chosen {
  readonly address: Ipv4;
  readonly server: Ipv4;
}

/** A DISCOVER, or a REQUEST for what was offered (SELECTING: options 50 and 54). */
export function askForAddress(voice: DhcpVoice, chosen?: Chosen): Uint8Array {
  const type: MessageType = chosen === undefined ? 'discover' : 'request';
  const mac = Buffer.from(voice.mac, 'hex');
  const options = new Map<number, Uint8Array>([
    [53, encodeMessageType(type)],
    [61, Buffer.concat([Uint8Array.of(1), mac])],
    [57, encodeU16(1500)],
  ]);
  if (chosen !== undefined) {
    options.set(50, ipv4Bytes(chosen.address));
    options.set(54, ipv4Bytes(chosen.server));
  }
  if (voice.option60 !== undefined) options.set(60, encodeText(voice.option60));
  options.set(55, Uint8Array.from(voice.option55));
  const message: DhcpMessage = {
    op: BOOTREQUEST,
    htype: 1,
    hops: 0,
    xid: voice.xid,
    secs: 0,
    flags: BROADCAST_FLAG,
    ciaddr: ANY,
    yiaddr: ANY,
    siaddr: ANY,
    giaddr: ANY,
    chaddr: mac,
    sname: '',
    file: '',
    options,
  };
  return encodePacket(message).bytes;
}

export type DhcpAnswer =
  | {
      readonly kind: 'offer' | 'ack';
      readonly address: Ipv4;
      readonly server: Ipv4;
      readonly options: DhcpMessage['options'];
    }
  | { readonly kind: 'nak' };

/** An answer to this phone's own question; undefined for everything else that is broadcast on the LAN. */
export function readAnswer(bytes: Uint8Array, voice: DhcpVoice): DhcpAnswer | undefined {
  const decoded = decodePacket(bytes);
  if (!decoded.ok) return undefined;
  const { op, xid, chaddr, yiaddr, options } = decoded.value;
  if (op !== BOOTREPLY || xid !== voice.xid || toHex(chaddr) !== voice.mac) return undefined;
  const type = messageType(options);
  if (type === 'nak') return { kind: 'nak' };
  const server = ipv4FromBytes(options.get(54) ?? new Uint8Array());
  if ((type !== 'offer' && type !== 'ack') || server === undefined) return undefined;
  return { kind: type, address: yiaddr, server, options };
}

/** How a phone finds the URL in an option of its maker's own form. */
type Reading = Vendor['speaks']['reads'][number];

/**
 * The URL by the first of the options that the phone obeys and that holds one. A bare address, as text (option 66) or in
 * four bytes (option 150, RFC 5859), means a TFTP server.
 */
export function urlIn(
  options: DhcpMessage['options'],
  obeys: readonly number[],
  reads: readonly Reading[] = [],
): string | undefined {
  for (const code of obeys) {
    const bytes = options.get(code) ?? new Uint8Array();
    const text = latin1(bytes).replace(/\0+$/, '');
    const reading = reads.find(({ option }) => option === code);
    if (reading !== undefined) {
      const groups = reading.like.exec(text)?.groups;
      if (groups !== undefined) return fill(reading.url, groups).text;
      continue;
    }
    if (/^\w+:\/\//.test(text)) return text;
    const server = parseIpv4(text) ?? ipv4FromBytes(bytes);
    if (server !== undefined) return `tftp://${showIpv4(server)}/`;
  }
  return undefined;
}

/** The length of the subnet mask (option 1); where there is none, the phone takes that of its class C. */
export function prefixIn(options: DhcpMessage['options']): number {
  const mask = ipv4FromBytes(options.get(1) ?? new Uint8Array());
  return mask === undefined ? 24 : 32 - Math.log2(2 ** 32 - mask);
}

// The DHCP message on the wire: the BOOTP header, the magic cookie and the options (RFC 2131 section 2), with long
// options (RFC 3396) and options that spill into file and sname (RFC 2132 section 9.3).
import { fromLatin1, latin1, WireError } from '../base/bytes.ts';
import { type Ipv4, ipv4FromNumber } from '../base/ipv4.ts';
import { err, ok, type Result } from '../base/result.ts';
import { FILE, layOut, type Option, OVERLOAD, SNAME, sizeOfAll } from './layout.ts';

/** Options by code, each with all its bytes, in the order in which they stand on the wire. */
export type DhcpOptions = ReadonlyMap<number, Uint8Array>;

/** A message of RFC 2131 section 2, under the field names used there. */
export interface DhcpMessage {
  /** 1 BOOTREQUEST, 2 BOOTREPLY. */
  readonly op: number;
  readonly htype: number;
  readonly hops: number;
  readonly xid: number;
  /** Seconds since the client began. */
  readonly secs: number;
  readonly flags: number;
  readonly ciaddr: Ipv4;
  readonly yiaddr: Ipv4;
  readonly siaddr: Ipv4;
  readonly giaddr: Ipv4;
  /** The hardware address: as many bytes as hlen says, 0 to 16. */
  readonly chaddr: Uint8Array;
  /** Text, empty when the field holds options. */
  readonly sname: string;
  /** Text, empty when the field holds options. */
  readonly file: string;
  /** Without pad (0), end (255) and overload (52): those are packing, not content. */
  readonly options: DhcpOptions;
  /** Where an option began that ran past the end of its field: offset in the datagram. What stood before it is kept. */
  readonly malformedTail?: number | undefined;
}

export const BOOTREQUEST = 1;
export const BOOTREPLY = 2;
/** The B bit of flags (RFC 2131 figure 2). */
export const BROADCAST_FLAG = 0x8000;

const MAGIC = 0x63825363;
const OPTIONS_AT = 240;
const PAD = 0;
const END = 255;
/** Old BOOTP relays and clients drop anything shorter (RFC 1542 section 2.1). */
const SHORTEST = 300;
/** Option 57 counts the IP datagram: a 20-byte IP and an 8-byte UDP header come off it. */
const HEADERS = 28;
/** Every client must take this much (RFC 2131 section 2), also one that claims less. */
const SMALLEST_LIMIT = 576;
/** More would be fragmented on Ethernet. */
const LARGEST_LIMIT = 1500;

/** Reads a datagram. Errors: too-short (below 240 bytes), bad-magic, bad-value (hlen above 16). */
export function decodePacket(datagram: Uint8Array): Result<DhcpMessage, WireError> {
  // A plain view: parts of it are cheaper to make than parts of a Buffer.
  const bytes = new Uint8Array(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  if (bytes.length < OPTIONS_AT) return err(new WireError('too-short', bytes.length));
  const hlen = bytes[2] ?? 0;
  if (hlen > 16) return err(new WireError('bad-value', 2));
  if (u32At(bytes, OPTIONS_AT - 4) !== MAGIC) return err(new WireError('bad-magic', OPTIONS_AT - 4));
  const { options, file, sname, malformedTail } = decodeFields(bytes);
  return ok({
    op: bytes[0] ?? 0,
    htype: bytes[1] ?? 0,
    hops: bytes[3] ?? 0,
    xid: u32At(bytes, 4),
    secs: u16At(bytes, 8),
    flags: u16At(bytes, 10),
    ciaddr: ipv4FromNumber(u32At(bytes, 12)),
    yiaddr: ipv4FromNumber(u32At(bytes, 16)),
    siaddr: ipv4FromNumber(u32At(bytes, 20)),
    giaddr: ipv4FromNumber(u32At(bytes, 24)),
    chaddr: bytes.subarray(28, 28 + hlen),
    sname,
    file,
    options,
    malformedTail,
  });
}

/** Options, file and sname: option 52 says which of the latter two hold options as well. */
function decodeFields(bytes: Uint8Array): Pick<DhcpMessage, 'options' | 'file' | 'sname' | 'malformedTail'> {
  const options = new Map<number, Uint8Array>();
  let tail = gather(bytes, { at: OPTIONS_AT, end: bytes.length }, options);
  const overload = overloadOf(options.get(OVERLOAD));
  // RFC 3396 section 5: options first, then file, then sname.
  if (overload & 1) tail = gather(bytes, { at: FILE.at, end: FILE.at + FILE.length }, options) ?? tail;
  if (overload & 2) tail = gather(bytes, { at: SNAME.at, end: SNAME.at + SNAME.length }, options) ?? tail;
  options.delete(OVERLOAD);
  return {
    options,
    file: overload & 1 ? '' : textAt(bytes, FILE),
    sname: overload & 2 ? '' : textAt(bytes, SNAME),
    malformedTail: tail,
  };
}

/**
 * Adds the options of one field of the datagram; gives the offset of an option that overruns the field. Pieces of a
 * repeated option are joined (RFC 3396 section 7).
 */
function gather(
  bytes: Uint8Array,
  field: { readonly at: number; readonly end: number },
  options: Map<number, Uint8Array>,
): number | undefined {
  let { at } = field;
  while (at < field.end) {
    const code = bytes[at];
    if (code === END || code === undefined) return undefined;
    if (code === PAD) {
      at += 1;
      continue;
    }
    const from = at + 2;
    const to = from + (bytes[at + 1] ?? 0);
    // Phones with a broken last option exist; refusing the whole message would leave them without an address.
    if (from > field.end || to > field.end) return at;
    const piece = bytes.subarray(from, to);
    const known = options.get(code);
    options.set(code, known === undefined ? piece : new Uint8Array(Buffer.concat([known, piece])));
    at = to;
  }
  return undefined;
}

function u16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function u32At(bytes: Uint8Array, at: number): number {
  return ((u16At(bytes, at) << 16) | u16At(bytes, at + 2)) >>> 0;
}

/** 1: file holds options. 2: sname does. 3: both. Anything else is no overload. */
function overloadOf(bytes: Uint8Array | undefined): number {
  const value = bytes?.length === 1 ? (bytes[0] ?? 0) : 0;
  return value <= 3 ? value : 0;
}

/** Most clients leave file and sname empty: then nothing is copied. */
function textAt(bytes: Uint8Array, { at, length }: { readonly at: number; readonly length: number }): string {
  if (bytes[at] === 0) return '';
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return latin1(end < 0 ? field : field.subarray(0, end));
}

export interface EncodedPacket {
  readonly bytes: Uint8Array;
  /** Options that found no room, in the order in which they were given up. */
  readonly dropped: readonly number[];
}

/**
 * Writes a message of 300 bytes or more. `maxLength` is the client's option 57, in bytes of the IP datagram; below 576
 * it is taken as 576. Option 53 comes first and 82 last (RFC 3046 section 2.1), the others in their order, which is
 * also their worth: when not all fit, file and then sname take the rest, and what fits nowhere is dropped.
 */
export function encodePacket(
  message: DhcpMessage,
  limits: { readonly maxLength?: number | undefined } = {},
): EncodedPacket {
  const limit =
    Math.min(Math.max(limits.maxLength ?? SMALLEST_LIMIT, SMALLEST_LIMIT), LARGEST_LIMIT) - HEADERS;
  const { main, file, sname, dropped } = layOut(message, limit - OPTIONS_AT - 1);
  const packet = new Uint8Array(Math.max(SHORTEST, OPTIONS_AT + 1 + sizeOfAll(main)));
  const chaddr = message.chaddr.subarray(0, 16);
  packet[0] = message.op;
  packet[1] = message.htype;
  packet[2] = chaddr.length;
  packet[3] = message.hops;
  writeU32(packet, 4, message.xid);
  writeU32(packet, 8, (message.secs << 16) | message.flags);
  writeU32(packet, 12, message.ciaddr);
  writeU32(packet, 16, message.yiaddr);
  writeU32(packet, 20, message.siaddr);
  writeU32(packet, 24, message.giaddr);
  packet.set(chaddr, 28);
  writeField(packet, SNAME, { text: message.sname, options: sname });
  writeField(packet, FILE, { text: message.file, options: file });
  writeU32(packet, OPTIONS_AT - 4, MAGIC);
  let at = OPTIONS_AT;
  for (const option of main) at = writeOption(packet, at, option);
  packet[at] = END;
  return { bytes: packet, dropped };
}

function writeU32(packet: Uint8Array, at: number, value: number): void {
  packet[at] = value >>> 24;
  packet[at + 1] = value >>> 16;
  packet[at + 2] = value >>> 8;
  packet[at + 3] = value;
}

/** Writes the option at that offset and gives the offset behind it. */
function writeOption(packet: Uint8Array, at: number, [code, bytes]: Option): number {
  let to = at;
  let from = 0;
  do {
    const length = Math.min(255, bytes.length - from); // RFC 3396 section 6: a long option is split
    packet[to] = code;
    packet[to + 1] = length;
    packet.set(length === bytes.length ? bytes : bytes.subarray(from, from + length), to + 2);
    to += 2 + length;
    from += length;
  } while (from < bytes.length);
  return to;
}

interface Field {
  readonly at: number;
  readonly length: number;
}

/** Fills file or sname with text that ends in NUL (RFC 2131 section 2), or with options. */
function writeField(
  packet: Uint8Array,
  { at, length }: Field,
  { text, options }: { readonly text: string; readonly options: readonly Option[] },
): void {
  let to = at;
  for (const option of options) to = writeOption(packet, to, option);
  if (options.length > 0) packet[to] = END;
  else if (text !== '') packet.set(fromLatin1(text).subarray(0, length - 1), at);
}

// The DHCP message on the wire: the BOOTP header, the magic cookie and the options (RFC 2131 section 2), with long
// options (RFC 3396) and options that spill into file and sname (RFC 2132 section 9.3).
import { fromLatin1, latin1, WireError } from '../base/bytes.ts';
import { type Ipv4, ipv4FromNumber } from '../base/ipv4.ts';
import { err, ok, type Result } from '../base/result.ts';

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
const SNAME = { at: 44, length: 64 } as const;
const FILE = { at: 108, length: 128 } as const;
const OPTIONS_AT = 240;
const PAD = 0;
const END = 255;
const OVERLOAD = 52;
const MESSAGE_TYPE = 53;
const RELAY_INFORMATION = 82;
/** Options that `wireOrder` puts in their place itself, or leaves out: they are packing. */
const PLACED = new Set([PAD, OVERLOAD, MESSAGE_TYPE, RELAY_INFORMATION, END]);
/** Old BOOTP relays and clients drop anything shorter (RFC 1542 section 2.1). */
const SHORTEST = 300;
/** Option 57 counts the IP datagram: a 20-byte IP and an 8-byte UDP header come off it. */
const HEADERS = 28;
/** Every client must take this much (RFC 2131 section 2), also one that claims less. */
const SMALLEST_LIMIT = 576;
/** More would be fragmented on Ethernet. */
const LARGEST_LIMIT = 1500;

/** Reads a datagram. Errors: too-short (below 240 bytes), bad-magic, bad-value (hlen above 16). */
export function decodePacket(bytes: Uint8Array): Result<DhcpMessage, WireError> {
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
  const packet = Buffer.alloc(limit);
  const chaddr = message.chaddr.subarray(0, 16);
  packet[0] = message.op;
  packet[1] = message.htype;
  packet[2] = chaddr.length;
  packet[3] = message.hops;
  packet.writeUInt32BE(message.xid, 4);
  packet.writeUInt16BE(message.secs, 8);
  packet.writeUInt16BE(message.flags, 10);
  packet.writeUInt32BE(message.ciaddr, 12);
  packet.writeUInt32BE(message.yiaddr, 16);
  packet.writeUInt32BE(message.siaddr, 20);
  packet.writeUInt32BE(message.giaddr, 24);
  packet.set(chaddr, 28);
  writeField(packet, SNAME, { text: message.sname, options: sname });
  writeField(packet, FILE, { text: message.file, options: file });
  packet.writeUInt32BE(MAGIC, OPTIONS_AT - 4);
  let at = OPTIONS_AT;
  for (const option of main) at = writeOption(packet, at, option);
  packet[at] = END;
  return { bytes: new Uint8Array(packet.buffer, packet.byteOffset, Math.max(SHORTEST, at + 1)), dropped };
}

type Option = readonly [code: number, bytes: Uint8Array];

/** A field that takes options, and how many bytes of it are left. */
interface Area {
  left: number;
  readonly options: Option[];
}

interface Layout {
  readonly main: readonly Option[];
  readonly file: readonly Option[];
  readonly sname: readonly Option[];
  readonly dropped: readonly number[];
}

const NONE: readonly never[] = [];

/** Decides which option goes into which field. `room` is what the options field holds, without its end. */
function layOut(message: DhcpMessage, room: number): Layout {
  const ordered = wireOrder(message.options);
  let needed = 0;
  for (const option of ordered) needed += sizeOf(option);
  return needed <= room
    ? { main: ordered, file: NONE, sname: NONE, dropped: NONE }
    : layOutFull(message, ordered, room);
}

/** The same, where not everything fits into the options field. */
function layOutFull(message: DhcpMessage, ordered: readonly Option[], room: number): Layout {
  const main: Area = { left: room, options: [] };
  // A field with text of its own cannot take options.
  const file: Area = { left: message.file === '' ? FILE.length - 1 : 0, options: [] };
  const sname: Area = { left: message.sname === '' ? SNAME.length - 1 : 0, options: [] };
  // The relay finds its option at the end of the options field only, so its room is set aside; so is that of option 52.
  const relay = ordered.filter((option) => option[0] === RELAY_INFORMATION && sizeOf(option) <= 2 + 255);
  main.left -= 3 + relay.reduce((sum, option) => sum + sizeOf(option), 0);
  const dropped: number[] = [];
  for (const option of ordered) {
    if (relay.includes(option)) continue;
    const area = [main, file, sname].find(({ left }) => left >= sizeOf(option));
    if (area === undefined) dropped.push(option[0]);
    else {
      area.left -= sizeOf(option);
      area.options.push(option);
    }
  }
  const overload = (file.options.length > 0 ? 1 : 0) | (sname.options.length > 0 ? 2 : 0);
  if (overload !== 0) main.options.push([OVERLOAD, Uint8Array.of(overload)]);
  main.options.push(...relay);
  return { main: main.options, file: file.options, sname: sname.options, dropped };
}

/** The message type first, the relay's option last, the others as they stand. */
function wireOrder(options: DhcpOptions): readonly Option[] {
  const ordered: Option[] = [];
  const type = options.get(MESSAGE_TYPE);
  if (type !== undefined) ordered.push([MESSAGE_TYPE, type]);
  for (const option of options) if (!PLACED.has(option[0])) ordered.push(option);
  const relay = options.get(RELAY_INFORMATION);
  if (relay !== undefined) ordered.push([RELAY_INFORMATION, relay]);
  return ordered;
}

/** Bytes on the wire: each piece of up to 255 has two bytes of its own. */
function sizeOf([, bytes]: Option): number {
  return bytes.length + 2 * Math.max(1, Math.ceil(bytes.length / 255));
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

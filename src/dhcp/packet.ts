// The DHCP message on the wire: the BOOTP header, the magic cookie and the options (RFC 2131 section 2), with long
// options (RFC 3396) and options that spill into file and sname (RFC 2132 section 9.3).
import { ByteReader, ByteWriter, caught, fromLatin1, latin1, WireError } from '../base/bytes.ts';
import { type Ipv4, ipv4FromNumber } from '../base/ipv4.ts';
import type { Result } from '../base/result.ts';

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
  return caught(() => {
    if (bytes.length < OPTIONS_AT) throw new WireError('too-short', bytes.length);
    const reader = new ByteReader(bytes);
    const op = reader.u8();
    const htype = reader.u8();
    const hlen = reader.u8();
    if (hlen > 16) throw new WireError('bad-value', 2);
    const header = {
      op,
      htype,
      hops: reader.u8(),
      xid: reader.u32(),
      secs: reader.u16(),
      flags: reader.u16(),
      ciaddr: ipv4FromNumber(reader.u32()),
      yiaddr: ipv4FromNumber(reader.u32()),
      siaddr: ipv4FromNumber(reader.u32()),
      giaddr: ipv4FromNumber(reader.u32()),
      chaddr: reader.run(16).subarray(0, hlen),
    };
    reader.at = OPTIONS_AT - 4;
    if (reader.u32() !== MAGIC) throw new WireError('bad-magic', OPTIONS_AT - 4);
    return { ...header, ...decodeFields(bytes) };
  });
}

/** Options, file and sname: option 52 says which of the latter two hold options as well. */
function decodeFields(bytes: Uint8Array): Pick<DhcpMessage, 'options' | 'file' | 'sname' | 'malformedTail'> {
  const pieces = new Map<number, Uint8Array[]>();
  const file = bytes.subarray(FILE.at, FILE.at + FILE.length);
  const sname = bytes.subarray(SNAME.at, SNAME.at + SNAME.length);
  let tail = gather(bytes.subarray(OPTIONS_AT), OPTIONS_AT, pieces);
  const overload = overloadOf(pieces.get(OVERLOAD));
  // RFC 3396 section 5: options first, then file, then sname.
  if (overload & 1) tail = gather(file, FILE.at, pieces) ?? tail;
  if (overload & 2) tail = gather(sname, SNAME.at, pieces) ?? tail;
  pieces.delete(OVERLOAD);

  const options = new Map<number, Uint8Array>();
  for (const [code, parts] of pieces) {
    const [only = new Uint8Array(), ...more] = parts;
    options.set(code, more.length === 0 ? only : new Uint8Array(Buffer.concat(parts)));
  }
  return {
    options,
    file: overload & 1 ? '' : textOf(file),
    sname: overload & 2 ? '' : textOf(sname),
    malformedTail: tail,
  };
}

/** Adds the options of one field to `pieces`; gives the offset of an option that overruns the field. */
function gather(field: Uint8Array, offset: number, pieces: Map<number, Uint8Array[]>): number | undefined {
  let at = 0;
  while (at < field.length) {
    const code = field[at];
    if (code === END || code === undefined) return undefined;
    if (code === PAD) {
      at += 1;
      continue;
    }
    const length = field[at + 1];
    // Phones with a broken last option exist; refusing the whole message would leave them without an address.
    if (length === undefined || at + 2 + length > field.length) return offset + at;
    const known = pieces.get(code) ?? [];
    known.push(field.subarray(at + 2, at + 2 + length));
    pieces.set(code, known);
    at += 2 + length;
  }
  return undefined;
}

/** 1: file holds options. 2: sname does. 3: both. Anything else is no overload. */
function overloadOf(parts: readonly Uint8Array[] | undefined): number {
  const value = parts?.length === 1 && parts[0]?.length === 1 ? parts[0][0] : undefined;
  return value === 1 || value === 2 || value === 3 ? value : 0;
}

function textOf(field: Uint8Array): string {
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
  const limit = Math.min(Math.max(limits.maxLength ?? SMALLEST_LIMIT, SMALLEST_LIMIT), LARGEST_LIMIT);
  const { main, file, sname, dropped } = layOut(message, limit - HEADERS - OPTIONS_AT - 1);
  const chaddr = message.chaddr.subarray(0, 16);
  const writer = new ByteWriter(limit)
    .u8(message.op)
    .u8(message.htype)
    .u8(chaddr.length)
    .u8(message.hops)
    .u32(message.xid)
    .u16(message.secs)
    .u16(message.flags)
    .u32(message.ciaddr)
    .u32(message.yiaddr)
    .u32(message.siaddr)
    .u32(message.giaddr)
    .run(chaddr)
    .zeros(16 - chaddr.length);
  writeField(writer, { ...SNAME, text: message.sname, options: sname.options });
  writeField(writer, { ...FILE, text: message.file, options: file.options });
  writer.u32(MAGIC);
  for (const option of main.options) writeOption(writer, option);
  writer.u8(END);
  writer.zeros(Math.max(0, SHORTEST - writer.length));
  return { bytes: writer.done(), dropped };
}

type Option = readonly [code: number, bytes: Uint8Array];

/** A field that takes options, and how many bytes of it are left. */
interface Area {
  left: number;
  readonly options: Option[];
}

interface Layout {
  readonly main: Area;
  readonly file: Area;
  readonly sname: Area;
  readonly dropped: readonly number[];
}

/** Decides which option goes into which field. `room` is what the options field holds, without its end. */
function layOut(message: DhcpMessage, room: number): Layout {
  const ordered = wireOrder(message.options);
  const main: Area = { left: room, options: [] };
  // A field with text of its own cannot take options.
  const file: Area = { left: message.file === '' ? FILE.length - 1 : 0, options: [] };
  const sname: Area = { left: message.sname === '' ? SNAME.length - 1 : 0, options: [] };
  const needed = ordered.reduce((sum, option) => sum + sizeOf(option), 0);
  if (needed <= room) {
    main.options.push(...ordered);
    return { main, file, sname, dropped: [] };
  }

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
  return { main, file, sname, dropped };
}

function wireOrder(options: DhcpOptions): readonly Option[] {
  const rank = (code: number): number => (code === MESSAGE_TYPE ? 0 : code === RELAY_INFORMATION ? 2 : 1);
  return [...options]
    .filter(([code]) => code !== PAD && code !== END && code !== OVERLOAD)
    .sort(([a], [b]) => rank(a) - rank(b));
}

/** Bytes on the wire: each piece of up to 255 has two bytes of its own. */
function sizeOf([, bytes]: Option): number {
  return bytes.length + 2 * Math.max(1, Math.ceil(bytes.length / 255));
}

function writeOption(writer: ByteWriter, [code, bytes]: Option): void {
  let at = 0;
  do {
    const piece = bytes.subarray(at, at + 255); // RFC 3396 section 6: a long option is split
    writer.u8(code).u8(piece.length).run(piece);
    at += 255;
  } while (at < bytes.length);
}

interface Field {
  readonly length: number;
  readonly text: string;
  readonly options: readonly Option[];
}

/** Fills file or sname with text that ends in NUL (RFC 2131 section 2), or with options. */
function writeField(writer: ByteWriter, { length, text, options }: Field): void {
  const end = writer.length + length;
  for (const option of options) writeOption(writer, option);
  if (options.length > 0) writer.u8(END);
  else writer.run(fromLatin1(text).subarray(0, length - 1));
  writer.zeros(end - writer.length);
}

// The six packets of TFTP on the wire (RFC 1350 section 5, RFC 2347).
import { ByteReader, ByteWriter, caught, fromLatin1, latin1, WireError } from '../base/bytes.ts';
import type { Result } from '../base/result.ts';

/** An option of a request or of an OACK, in the sender's spelling. */
export interface TftpOption {
  readonly name: string;
  readonly value: string;
}

/** RRQ or WRQ. Names are Latin-1, one character per byte. */
export interface TftpRequest {
  readonly kind: 'rrq' | 'wrq';
  readonly filename: string;
  /** In lower case: octet, netascii, or something that nobody serves. */
  readonly mode: string;
  /** In order; of options named twice all are here, and the first counts. */
  readonly options: readonly TftpOption[];
}

export type TftpPacket =
  | TftpRequest
  | { readonly kind: 'data'; readonly block: number; readonly data: Uint8Array }
  | { readonly kind: 'ack'; readonly block: number }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  | { readonly kind: 'oack'; readonly options: readonly TftpOption[] };

const OPCODE = { rrq: 1, wrq: 2, data: 3, ack: 4, error: 5, oack: 6 } as const;

/** RFC 1350 appendix; 8 is of RFC 2347. */
export const ERROR_CODE = {
  undefined: 0,
  notFound: 1,
  accessViolation: 2,
  diskFull: 3,
  illegalOperation: 4,
  unknownTid: 5,
  exists: 6,
  noSuchUser: 7,
  optionsRefused: 8,
} as const;

/** Reads a datagram. Requests longer than 512 bytes and with bytes after their end are read: some phones send them. */
export function decodePacket(bytes: Uint8Array): Result<TftpPacket, WireError> {
  return caught(() => {
    const reader = new ByteReader(bytes);
    const opcode = reader.u16();
    switch (opcode) {
      case OPCODE.rrq:
        return readRequest(reader, 'rrq');
      case OPCODE.wrq:
        return readRequest(reader, 'wrq');
      case OPCODE.data:
        return { kind: 'data', block: reader.u16(), data: reader.run(reader.left) };
      case OPCODE.ack:
        return { kind: 'ack', block: reader.u16() };
      case OPCODE.error:
        return { kind: 'error', code: reader.u16(), message: lenientText(reader) };
      case OPCODE.oack:
        return { kind: 'oack', options: optionsOf(textsOf(reader)) };
      default:
        throw new WireError('bad-value', 0, `opcode ${opcode}`);
    }
  });
}

function readRequest(reader: ByteReader, kind: 'rrq' | 'wrq'): TftpRequest {
  const [filename, mode, ...rest] = textsOf(reader);
  if (filename === undefined || mode === undefined) throw new WireError('overrun', reader.bytes.length);
  // RFC 1350 section 5: any mix of upper and lower case.
  return { kind, filename, mode: mode.toLowerCase(), options: optionsOf(rest) };
}

/** The texts up to the end, read as one: what stands behind the last NUL is none. */
function textsOf(reader: ByteReader): readonly string[] {
  return latin1(reader.run(reader.left)).split('\0').slice(0, -1);
}

/** Pairs up to the end. A stray NUL (some phones send one after the mode) and a name without a value end the list. */
function optionsOf(texts: readonly string[]): readonly TftpOption[] {
  const options: TftpOption[] = [];
  for (let at = 0; at < texts.length; at += 2) {
    const { [at]: name = '', [at + 1]: value } = texts;
    if (name === '' || value === undefined) break;
    options.push({ name, value });
  }
  return options;
}

/** The message of an ERROR, also when its NUL is missing. */
function lenientText(reader: ByteReader): string {
  const rest = reader.run(reader.left);
  const end = rest.indexOf(0);
  return latin1(end < 0 ? rest : rest.subarray(0, end));
}

/** The block of an ACK; undefined for anything else. Most of what arrives is one, so it is looked at first. */
export function blockOfAck(bytes: Uint8Array): number | undefined {
  const { 2: high, 3: low } = bytes;
  if (bytes[0] !== 0 || bytes[1] !== OPCODE.ack || high === undefined || low === undefined) return undefined;
  return high * 256 + low;
}

/** A part of a file that goes out as one DATA. */
export interface DataPart {
  readonly block: number;
  readonly offset: number;
  readonly length: number;
}

/** So much memory at a time for packets under way: asking for it block by block costs more than filling it. */
const SLAB = 256 * 1024;

/** Writes DATA packets, one behind the other in memory that is never used twice: the kernel may take them late. */
export function createDataWriter(): (content: Uint8Array, part: DataPart) => Uint8Array {
  let slab = new Uint8Array(0);
  let at = 0;
  return (content, { block, offset, length }) => {
    const end = at + 4 + length;
    if (end > slab.length) {
      slab = Buffer.allocUnsafeSlow(Math.max(SLAB, 4 + length));
      at = 0;
    }
    const packet = slab.subarray(at, at + 4 + length);
    at += packet.length;
    packet[0] = 0;
    packet[1] = OPCODE.data;
    packet[2] = block >> 8;
    packet[3] = block & 0xff;
    packet.set(content.subarray(offset, offset + length), 4);
    return packet;
  };
}

/** Writes a packet. Texts must be Latin-1 without NUL. */
export function encodePacket(packet: TftpPacket): Uint8Array {
  switch (packet.kind) {
    case 'rrq':
    case 'wrq': {
      const { kind, filename, mode, options } = packet;
      return fromLatin1(numbers(0, OPCODE[kind]) + ended(filename) + ended(mode) + pairs(options));
    }
    case 'data':
      return new ByteWriter(packet.data.length + 4)
        .u16(OPCODE.data)
        .u16(packet.block)
        .run(packet.data)
        .done();
    case 'ack':
      return new ByteWriter(4).u16(OPCODE.ack).u16(packet.block).done();
    case 'error': {
      const { code, message } = packet;
      return fromLatin1(numbers(0, OPCODE.error, code >> 8, code & 0xff) + ended(message));
    }
    case 'oack':
      return fromLatin1(numbers(0, OPCODE.oack) + pairs(packet.options));
  }
}

// Every request is answered with one of these packets: all of it is one text, which becomes bytes at once.

function numbers(...bytes: readonly number[]): string {
  return String.fromCharCode(...bytes);
}

function ended(text: string): string {
  return `${text.includes('\0') ? text.replaceAll('\0', '') : text}\0`;
}

/** Bytes of an OACK. */
export function lengthOf(options: readonly TftpOption[]): number {
  return options.reduce((sum, { name, value }) => sum + name.length + value.length + 2, 2);
}

function pairs(options: readonly TftpOption[]): string {
  let all = '';
  for (const { name, value } of options) all += ended(name) + ended(value);
  return all;
}

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
        return { kind: 'oack', options: readOptions(reader) };
      default:
        throw new WireError('bad-value', 0, `opcode ${opcode}`);
    }
  });
}

function readRequest(reader: ByteReader, kind: 'rrq' | 'wrq'): TftpRequest {
  const filename = reader.text();
  // RFC 1350 section 5: any mix of upper and lower case.
  const mode = reader.text().toLowerCase();
  return { kind, filename, mode, options: readOptions(reader) };
}

/** Pairs up to the end. A stray NUL (some phones send one after the mode) and a name without a value end the list. */
function readOptions(reader: ByteReader): readonly TftpOption[] {
  const options: TftpOption[] = [];
  while (reader.left > 0) {
    const pair = caught(() => ({ name: reader.text(), value: reader.text() }));
    if (!pair.ok || pair.value.name === '') break;
    options.push(pair.value);
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
  const [high, low, first, second] = bytes;
  if (second === undefined || first === undefined || high !== 0 || low !== OPCODE.ack) return undefined;
  return first * 256 + second;
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
      const writer = new ByteWriter().u16(OPCODE[packet.kind]);
      writeText(writer, packet.filename);
      writeText(writer, packet.mode);
      return writeOptions(writer, packet.options);
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
      const writer = new ByteWriter().u16(OPCODE.error).u16(packet.code);
      writeText(writer, packet.message);
      return writer.done();
    }
    case 'oack':
      return writeOptions(new ByteWriter().u16(OPCODE.oack), packet.options);
  }
}

function writeOptions(writer: ByteWriter, options: readonly TftpOption[]): Uint8Array {
  for (const { name, value } of options) {
    writeText(writer, name);
    writeText(writer, value);
  }
  return writer.done();
}

function writeText(writer: ByteWriter, text: string): void {
  writer.run(fromLatin1(text.replaceAll('\0', ''))).u8(0);
}

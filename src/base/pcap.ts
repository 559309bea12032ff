// UDP out of a packet capture, classic pcap or pcapng: what tcpdump, Wireshark and the capture pages of phones write.
import { WireError } from './bytes.ts';
import { type Ipv4, ipv4FromNumber } from './ipv4.ts';
import { err, ok, type Result } from './result.ts';
import type { Millis } from './world.ts';

export interface CapturedUdp {
  readonly at: Millis;
  readonly from: { readonly address: Ipv4; readonly port: number };
  readonly to: { readonly address: Ipv4; readonly port: number };
  readonly payload: Uint8Array;
}

export interface Capture {
  readonly datagrams: readonly CapturedUdp[];
  readonly frames: number;
  /** Frames of UDP over IPv4 whose end is missing: cut by the capture, or one of several fragments. */
  readonly incomplete: number;
}

interface Frame {
  readonly at: Millis;
  readonly link: number;
  readonly bytes: DataView;
}

/** Microseconds or nanoseconds, in the byte order of the machine that wrote the file. */
const CLASSIC = new Map([
  [0xa1b2c3d4, 1e3],
  [0xa1b23c4d, 1e6],
]);
const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const BYTE_ORDER = 0x1a2b3c4d;
const UDP = 17;
const IPV4 = 0x0800;
/** VLAN tags: 802.1Q, 802.1ad and the older form of the latter. */
const TAGS = new Set([0x8100, 0x88a8, 0x9100]);

/** Reads a capture. A file cut short gives what came before. Error: bad-magic for a file of another kind. */
export function readCapture(bytes: Uint8Array): Result<Capture, WireError> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 24) return err(new WireError('too-short', view.byteLength));
  const frames = view.getUint32(0) === SECTION ? [...framesOfPcapng(view)] : framesOfPcap(view);
  if (frames === undefined) return err(new WireError('bad-magic', 0));
  const datagrams: CapturedUdp[] = [];
  let incomplete = 0;
  for (const frame of frames) {
    const found = udpIn(frame);
    if (found === 'incomplete') incomplete += 1;
    else if (found !== undefined) datagrams.push(found);
  }
  return ok({ datagrams, frames: frames.length, incomplete });
}

function framesOfPcap(view: DataView): readonly Frame[] | undefined {
  const isLittle = CLASSIC.has(view.getUint32(0, true));
  const perMs = CLASSIC.get(view.getUint32(0, isLittle));
  if (perMs === undefined) return undefined;
  const link = view.getUint32(20, isLittle) & 0xfff_ffff;
  const frames: Frame[] = [];
  for (let at = 24; at + 16 <= view.byteLength; ) {
    const length = view.getUint32(at + 8, isLittle);
    const bytes = partOf(view, at + 16, length);
    if (bytes === undefined) break;
    const moment = view.getUint32(at, isLittle) * 1000 + view.getUint32(at + 4, isLittle) / perMs;
    frames.push({ at: moment, link, bytes });
    at += 16 + length;
  }
  return frames;
}

interface CaptureInterface {
  readonly link: number;
  /** Ticks of its clock in a millisecond. */
  readonly perMs: number;
}

function* framesOfPcapng(view: DataView): Generator<Frame> {
  let isLittle = false;
  let interfaces: CaptureInterface[] = [];
  for (let at = 0; at + 12 <= view.byteLength; ) {
    const type = view.getUint32(at, isLittle);
    if (type === SECTION) {
      isLittle = view.getUint32(at + 8, true) === BYTE_ORDER;
      interfaces = [];
    }
    const length = view.getUint32(at + 4, isLittle);
    const block = partOf(view, at, length);
    if (length < 12 || block === undefined) return;
    if (type === INTERFACE) interfaces.push(interfaceOf(block, isLittle));
    const frame = frameIn(block, type, { interfaces, isLittle });
    if (frame !== undefined) yield frame;
    at += length + ((4 - (length % 4)) % 4);
  }
}

interface Section {
  readonly interfaces: readonly CaptureInterface[];
  readonly isLittle: boolean;
}

function frameIn(block: DataView, type: number, { interfaces, isLittle }: Section): Frame | undefined {
  if (type === ENHANCED_PACKET && block.byteLength >= 32) {
    const { link, perMs } = interfaces[block.getUint32(8, isLittle)] ?? {};
    const bytes = partOf(block, 28, block.getUint32(20, isLittle));
    if (link === undefined || perMs === undefined || bytes === undefined) return undefined;
    const ticks = block.getUint32(12, isLittle) * 2 ** 32 + block.getUint32(16, isLittle);
    return { at: ticks / perMs, link, bytes };
  }
  const [first] = interfaces;
  if (type !== SIMPLE_PACKET || block.byteLength < 16 || first === undefined) return undefined;
  const length = Math.min(block.getUint32(8, isLittle), block.byteLength - 16);
  const bytes = partOf(block, 12, length);
  return bytes && { at: 0, link: first.link, bytes };
}

/** An interface description; option 9 says how fine its clock is, a microsecond where it is absent. */
function interfaceOf(block: DataView, isLittle: boolean): CaptureInterface {
  const link = block.byteLength >= 10 ? block.getUint16(8, isLittle) : -1;
  for (let at = 16; at + 4 <= block.byteLength - 4; ) {
    const code = block.getUint16(at, isLittle);
    const length = block.getUint16(at + 2, isLittle);
    if (code === 9 && length === 1 && at + 5 <= block.byteLength) {
      const value = block.getUint8(at + 4);
      return { link, perMs: (value & 0x80 ? 2 ** (value & 0x7f) : 10 ** value) / 1000 };
    }
    if (code === 0) break;
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  return { link, perMs: 1000 };
}

/** A view of that part, or undefined where the file ends before it does. */
function partOf(view: DataView, at: number, length: number): DataView | undefined {
  if (length < 0 || at + length > view.byteLength) return undefined;
  return new DataView(view.buffer, view.byteOffset + at, length);
}

/** Where the payload of IP begins in a frame of that link type, and its EtherType. */
const LINKS: Readonly<
  Record<number, (bytes: DataView) => { readonly at: number; readonly type: number } | undefined>
> = {
  // BSD loopback: the family in the byte order of the machine, 2 is IPv4.
  0: (bytes) =>
    bytes.byteLength >= 4 && (bytes.getUint8(0) === 2 || bytes.getUint8(3) === 2)
      ? { at: 4, type: IPV4 }
      : undefined,
  1: (bytes) => behindTags(bytes, 12),
  12: () => ({ at: 0, type: IPV4 }),
  101: () => ({ at: 0, type: IPV4 }),
  // Linux "any" device, both versions.
  113: (bytes) => behindTags(bytes, 14),
  228: () => ({ at: 0, type: IPV4 }),
  276: (bytes) => (bytes.byteLength >= 20 ? { at: 20, type: bytes.getUint16(0) } : undefined),
};

function behindTags(
  bytes: DataView,
  typeAt: number,
): { readonly at: number; readonly type: number } | undefined {
  for (let at = typeAt; at + 2 <= bytes.byteLength; at += 4) {
    const type = bytes.getUint16(at);
    if (!TAGS.has(type)) return { at: at + 2, type };
  }
  return undefined;
}

function udpIn({ at: moment, link, bytes }: Frame): CapturedUdp | 'incomplete' | undefined {
  const inside = LINKS[link]?.(bytes);
  if (inside?.type !== IPV4) return undefined;
  const ip = inside.at;
  if (ip + 20 > bytes.byteLength || bytes.getUint8(ip) >>> 4 !== 4 || bytes.getUint8(ip + 9) !== UDP)
    return undefined;
  const isFragment = (bytes.getUint16(ip + 6) & 0x3fff) !== 0;
  const udp = ip + (bytes.getUint8(ip) & 15) * 4;
  if (isFragment || udp + 8 > bytes.byteLength) return 'incomplete';
  const payload = partOf(bytes, udp + 8, bytes.getUint16(udp + 4) - 8);
  if (payload === undefined) return 'incomplete';
  return {
    at: moment,
    from: { address: ipv4FromNumber(bytes.getUint32(ip + 12)), port: bytes.getUint16(udp) },
    to: { address: ipv4FromNumber(bytes.getUint32(ip + 16)), port: bytes.getUint16(udp + 2) },
    payload: new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength),
  };
}

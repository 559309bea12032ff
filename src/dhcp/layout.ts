// Which option of a DHCP message goes into which field: options, and when they are full, file and sname (RFC 2132
// section 9.3).
import type { DhcpMessage, DhcpOptions } from './packet.ts';

export const OVERLOAD = 52;
export const SNAME = { at: 44, length: 64 } as const;
export const FILE = { at: 108, length: 128 } as const;
const PAD = 0;
const END = 255;
const MESSAGE_TYPE = 53;
const RELAY_INFORMATION = 82;
/** Options that `wireOrder` puts in their place itself, or leaves out: they are packing. */
const PLACED = new Set([PAD, OVERLOAD, MESSAGE_TYPE, RELAY_INFORMATION, END]);

export type Option = readonly [code: number, bytes: Uint8Array];

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
export function layOut(message: DhcpMessage, room: number): Layout {
  const ordered = wireOrder(message.options);
  return sizeOfAll(ordered) <= room
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

export function sizeOfAll(options: readonly Option[]): number {
  let size = 0;
  for (const option of options) size += sizeOf(option);
  return size;
}

/** Bytes on the wire: each piece of up to 255 has two bytes of its own. */
function sizeOf([, bytes]: Option): number {
  return bytes.length + 2 * Math.max(1, Math.ceil(bytes.length / 255));
}

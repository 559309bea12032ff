// What a client's message reveals: which phone it is, and its options in their types.
import { latin1 } from '../base/bytes.ts';
import { type Ipv4, ipv4FromBytes } from '../base/ipv4.ts';
import { isUnusableMac, type Mac, macFromBytes } from '../base/mac.ts';
import type { Clue } from '../phones/clues.ts';
import { type MessageType, messageTypeOf } from './options.ts';
import type { DhcpMessage, DhcpOptions } from './packet.ts';

const ETHERNET = 1;
/** More than one option can hold: clues are kept per phone, so their length must have an end. */
const LONGEST = 255;

/** Vendor class (option 60) and parameter request list (option 55), where present. */
export function cluesFromDhcp({ options }: DhcpMessage): readonly Clue[] {
  const clues: Clue[] = [];
  const text = vendorClass(options);
  if (text !== undefined) clues.push({ kind: 'option-60', text: text.slice(0, LONGEST) });
  const codes = parameterRequestList(options);
  if (codes !== undefined) clues.push({ kind: 'option-55', codes: codes.slice(0, LONGEST) });
  return clues;
}

/**
 * The MAC by which the phone is known: chaddr, or a client identifier made of one (RFC 2132 section 9.14). chaddr comes
 * first although RFC 2131 section 4.2 prefers the identifier: cloned phones share it, and boot loaders omit it.
 */
export function macOf({ htype, chaddr, options }: DhcpMessage): Mac | undefined {
  const id = clientId(options);
  const candidates = [
    htype === ETHERNET && chaddr.length === 6 ? macFromBytes(chaddr) : undefined,
    id?.length === 7 && id[0] === ETHERNET ? macFromBytes(id.subarray(1)) : undefined,
  ];
  return candidates.find((mac) => mac !== undefined && !isUnusableMac(mac));
}

// A wrong length makes an option absent: better no address than a wrong one.

/** Undefined without option 53. A second byte is ignored: such clients exist and mean the first. */
export function messageType(options: DhcpOptions): MessageType | 'unknown' | undefined {
  const value = options.get(53)?.[0];
  return value === undefined ? undefined : (messageTypeOf(value) ?? 'unknown');
}

export function requestedAddress(options: DhcpOptions): Ipv4 | undefined {
  return ipv4FromBytes(options.get(50) ?? new Uint8Array());
}

export function serverId(options: DhcpOptions): Ipv4 | undefined {
  return ipv4FromBytes(options.get(54) ?? new Uint8Array());
}

/** Option 55, in the client's order; undefined when it asks for nothing by name. */
export function parameterRequestList(options: DhcpOptions): readonly number[] | undefined {
  const bytes = options.get(55);
  return bytes === undefined || bytes.length === 0 ? undefined : [...bytes];
}

export function clientId(options: DhcpOptions): Uint8Array | undefined {
  const bytes = options.get(61);
  return bytes === undefined || bytes.length === 0 ? undefined : bytes;
}

/** Option 60 as Latin-1, without the NULs that some phones end it with. */
export function vendorClass(options: DhcpOptions): string | undefined {
  return textOf(options.get(60));
}

export function hostname(options: DhcpOptions): string | undefined {
  return textOf(options.get(12));
}

/** Option 77: the classes of RFC 3004, or the one bare string that older clients send. */
export function userClass(options: DhcpOptions): readonly string[] {
  const bytes = options.get(77) ?? new Uint8Array();
  const classes: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + (bytes[at] ?? 0);
    if (end === at + 1 || end > bytes.length) return [latin1(bytes)];
    classes.push(latin1(bytes.subarray(at + 1, end)));
    at = end;
  }
  return classes;
}

/** Option 57, in bytes of the IP datagram. */
export function maxMessageSize(options: DhcpOptions): number | undefined {
  const bytes = options.get(57);
  return bytes?.length === 2 ? (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0) : undefined;
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  let length = bytes?.length ?? 0;
  while (length > 0 && bytes?.[length - 1] === 0) length -= 1;
  return bytes === undefined || length === 0 ? undefined : latin1(bytes.subarray(0, length));
}

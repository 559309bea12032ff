// What a client's message reveals: which phone it is, and its options in their types.
import { latin1 } from '../base/bytes.ts';
import { type Ipv4, ipv4FromBytes } from '../base/ipv4.ts';
import { isUnusableMac, type Mac, macFromBytes } from '../base/mac.ts';
import type { Clue } from '../phones/clues.ts';
import { deviceIdentityOf, enterprisesOf } from './enterprise.ts';
import { type MessageType, messageTypeOf } from './options.ts';
import type { DhcpMessage, DhcpOptions } from './packet.ts';

const ETHERNET = 1;
/** More than one option can hold: clues are kept per phone, so their length must have an end. */
const LONGEST = 255;
/** The options that say what a client is; all others change from message to message. */
const TELLING = [55, 60, 77, 12, 124, 125] as const;

/**
 * The clues of a message: vendor class (option 60), parameter request list (55), user class (77), host name (12) and
 * enterprise numbers (124, 125), where present.
 */
export function cluesFromDhcp({ options }: Pick<DhcpMessage, 'options'>): readonly Clue[] {
  const clues: Clue[] = [];
  const text = vendorClass(options);
  if (text !== undefined) clues.push({ kind: 'option-60', text: text.slice(0, LONGEST) });
  const codes = parameterRequestList(options);
  if (codes !== undefined) clues.push({ kind: 'option-55', codes: codes.slice(0, LONGEST) });
  const classes = userClass(options);
  if (classes.length > 0)
    clues.push({ kind: 'option-77', classes: classes.map((each) => each.slice(0, LONGEST)) });
  const name = hostname(options);
  if (name !== undefined) clues.push({ kind: 'hostname', text: name.slice(0, LONGEST) });
  const numbers = enterprisesOf(options);
  if (numbers.length > 0) clues.push({ kind: 'enterprise', numbers });
  return clues;
}

/** What follows from the telling options of a message, and is the same for all messages with the same ones. */
export interface Habits {
  readonly clues: readonly Clue[];
  readonly vendorClass: string | undefined;
  readonly userClass: readonly string[];
  readonly hostname: string | undefined;
  /** Option 55 in the client's order; undefined when it asks for nothing by name. */
  readonly asks: readonly number[] | undefined;
  readonly enterprises: readonly number[];
  /** TR-069 device identity (option 125, enterprise 3561). */
  readonly device: ReturnType<typeof deviceIdentityOf>;
}

/** Reads habits and remembers them: phones of a model say the same, word for word. `most` bounds the memory. */
export function createHabitReader(most = 2000): (message: Pick<DhcpMessage, 'options'>) => Habits {
  const known = new Map<string, Habits>();
  return ({ options }) => {
    let print = '';
    for (const code of TELLING) {
      const bytes = options.get(code);
      if (bytes !== undefined) print += `${code}:${bytes.length}:${latin1(bytes)}`;
    }
    const before = known.get(print);
    if (before !== undefined) return before;
    const habits: Habits = {
      clues: cluesFromDhcp({ options }),
      vendorClass: vendorClass(options),
      userClass: userClass(options),
      hostname: hostname(options),
      asks: parameterRequestList(options),
      enterprises: enterprisesOf(options),
      device: deviceIdentityOf(options),
    };
    if (known.size >= most) known.clear();
    known.set(print, habits);
    return habits;
  };
}

/**
 * The MAC by which the phone is known: chaddr, or a client identifier made of one (RFC 2132 section 9.14). chaddr comes
 * first although RFC 2131 section 4.2 prefers the identifier: cloned phones share it, and boot loaders omit it.
 */
export function macOf({ htype, chaddr, options }: DhcpMessage): Mac | undefined {
  const own = htype === ETHERNET && chaddr.length === 6 ? macFromBytes(chaddr) : undefined;
  if (own !== undefined && !isUnusableMac(own)) return own;
  const id = clientId(options);
  const named = id?.length === 7 && id[0] === ETHERNET ? macFromBytes(id.subarray(1)) : undefined;
  return named === undefined || isUnusableMac(named) ? undefined : named;
}

// A wrong length makes an option absent: better no address than a wrong one.

/** Undefined without option 53. A second byte is ignored: such clients exist and mean the first. */
export function messageType(options: DhcpOptions): MessageType | 'unknown' | undefined {
  const value = options.get(53)?.[0];
  return value === undefined ? undefined : (messageTypeOf(value) ?? 'unknown');
}

export function requestedAddress(options: DhcpOptions): Ipv4 | undefined {
  return addressIn(options.get(50));
}

export function serverId(options: DhcpOptions): Ipv4 | undefined {
  return addressIn(options.get(54));
}

function addressIn(bytes: Uint8Array | undefined): Ipv4 | undefined {
  return bytes === undefined ? undefined : ipv4FromBytes(bytes);
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

/** What a relay says about the client (option 82). */
export interface RelayInformation {
  /** Sub-option 1 (RFC 3046): the port of the switch, as Latin-1. */
  readonly circuitId?: string | undefined;
  /** Sub-option 2. */
  readonly remoteId?: string | undefined;
  /** Sub-option 5 (RFC 3527): the subnet the client is in, where giaddr is not in it. */
  readonly link?: Ipv4 | undefined;
  /** Sub-option 11 (RFC 5107): as which server we are to speak. */
  readonly server?: Ipv4 | undefined;
  /** Sub-option 19 (RFC 8357): the answer goes to the port from which the relay sent. */
  readonly isFromAnyPort: boolean;
}

/** Reads option 82; a sub-option that overruns it ends the reading. */
export function relayInformation(options: DhcpOptions): RelayInformation | undefined {
  const bytes = options.get(82);
  if (bytes === undefined) return undefined;
  const parts = new Map<number, Uint8Array>();
  for (let at = 0; at + 2 <= bytes.length; ) {
    const end = at + 2 + (bytes[at + 1] ?? 0);
    if (end > bytes.length) break;
    parts.set(bytes[at] ?? 0, bytes.subarray(at + 2, end));
    at = end;
  }
  const text = (code: number): string | undefined => {
    const part = parts.get(code);
    return part === undefined ? undefined : latin1(part);
  };
  return {
    circuitId: text(1),
    remoteId: text(2),
    link: addressIn(parts.get(5)),
    server: addressIn(parts.get(11)),
    isFromAnyPort: parts.has(19),
  };
}

/** Option 118 (RFC 3011): the subnet from which a client behind no relay wants its address. */
export function subnetSelection(options: DhcpOptions): Ipv4 | undefined {
  return addressIn(options.get(118));
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  let length = bytes?.length ?? 0;
  while (length > 0 && bytes?.[length - 1] === 0) length -= 1;
  return bytes === undefined || length === 0 ? undefined : latin1(bytes.subarray(0, length));
}

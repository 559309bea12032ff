// What another DHCP server is to be told for the phones of one make, in no server's language yet.
import { printable } from '../base/bytes.ts';
import { ipv4FromBytes, showIpv4 } from '../base/ipv4.ts';
import { type ClassText, classTexts } from './elsewhere-class.ts';

export interface SetOption {
  readonly code: number;
  readonly bytes: Uint8Array;
  /** To be sent also to a phone that does not ask for it. */
  readonly forced?: boolean | undefined;
}

/** The options of one make of phones, and by what a server can tell these phones. */
export interface OptionSet {
  /** The id of the vendor file: a word. */
  readonly vendor: string;
  readonly name: string;
  /** Sources of the regular expressions for option 60. */
  readonly option60: readonly string[];
  /** How option 60 begins where it is binary: hex digits. */
  readonly option60Hex: readonly string[];
  /** Six hex digits each. */
  readonly ouis: readonly string[];
  readonly options: readonly SetOption[];
  /** Sentences about what cannot be had from another server. */
  readonly left: readonly string[];
}

/** The texts in option 60 by which a class can be told, and the expressions for which there are none. */
export interface ClassTexts {
  readonly texts: readonly ClassText[];
  readonly unmatched: readonly string[];
}

export function textsOf(set: OptionSet): ClassTexts {
  const read = set.option60.map((source) => ({ source, texts: classTexts(source) }));
  const all = read.flatMap(({ texts }) => texts ?? []);
  return {
    texts: all.filter(
      (text, index) => !all.some((other, at) => covers(other, text) && (at < index || !covers(text, other))),
    ),
    unmatched: read.flatMap(({ source, texts }) => (texts === undefined ? [source] : [])),
  };
}

/** Whatever fits `b` fits `a` as well. */
function covers(a: ClassText, b: ClassText): boolean {
  const [wide, narrow] = [a.text.toLowerCase(), b.text.toLowerCase()];
  return a.anchored ? b.anchored && narrow.startsWith(wide) : narrow.includes(wide);
}

/**
 * The spellings to name to a server that compares byte by byte. Our patterns do not tell case. A text in lower case
 * stands for any spelling, one with capitals was seen so on the wire.
 */
export function spellings(text: string): readonly string[] {
  if (text !== text.toLowerCase()) return [text];
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return [...new Set([text, capital, text.toUpperCase()])];
}

/** The bytes as text, where all of them are printable ASCII. */
export function asText(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('latin1');
  return /^[\x20-\x7e]+$/.test(text) ? text : undefined;
}

/** The bytes as a list of addresses. */
export function asIps(bytes: Uint8Array): readonly string[] | undefined {
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
  const ips: string[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const ip = ipv4FromBytes(bytes.subarray(at, at + 4));
    if (ip !== undefined) ips.push(showIpv4(ip));
  }
  return ips;
}

/** `0a:63:00:01`. */
export function colons(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

export function hexPairs(digits: string): readonly string[] {
  return digits.toLowerCase().match(/../g) ?? [];
}

/** Whether there is something to set, and something to tell these phones from others by. */
export function isTellable(set: OptionSet): boolean {
  return set.options.length > 0 && textsOf(set).texts.length + set.option60Hex.length + set.ouis.length > 0;
}

/** The remarks above a set. Text from settings must not end the comment and begin a setting of its own. */
export function remarks(mark: string, set: OptionSet, more: readonly string[] = []): readonly string[] {
  const unmatched = textsOf(set).unmatched.map(
    (source) => `option 60 is not matched by ${source}: it gives no fixed text; the MAC prefixes have to do`,
  );
  const unknown =
    isTellable(set) || set.options.length === 0 ? [] : ['left out: nothing tells these phones from others'];
  return [set.name, ...unmatched, ...unknown, ...set.left.map((line) => `left out: ${line}`), ...more].map(
    (line) => `${mark} ${printable(line, 400)}`,
  );
}

// The words of an FTP control connection (RFC 959, 2428, 3659): command lines in, replies out. Pure.
import { fromLatin1 } from '../base/bytes.ts';
import { type Ipv4, ipv4Bytes, ipv4FromBytes, parseIpv4 } from '../base/ipv4.ts';
import type { Millis } from '../base/world.ts';

export interface Command {
  /** In capitals; '' for a line without one. */
  readonly verb: string;
  /** As sent, without the space before it. */
  readonly argument: string;
}

/** What the reader makes of a stream, in its order. */
export type Heard =
  | ({ readonly kind: 'command' } & Command)
  /** Longer than any command; what follows up to the end of the line is thrown away. */
  | { readonly kind: 'too-long' };

/** Where the reader is between two segments. */
export interface Reading {
  readonly line: readonly number[];
  readonly telnet: 'none' | 'iac' | 'option' | 'sub' | 'sub-iac';
  readonly isTooLong: boolean;
}

export const NOTHING_READ: Reading = { line: [], telnet: 'none', isTooLong: false };

/** Room for a name of 4,096 bytes and its verb. */
export const LONGEST_LINE = 4200;

const LF = 10;
const CR = 13;
const NUL = 0;
/** Telnet (RFC 854): ABOR comes as IAC IP IAC DM before its letters. */
const IAC = 255;
const SB = 250;
const SE = 240;
const WILL = 251;
const DONT = 254;

/** Reads on; commands may be split or joined over segments in any way. A line ends with LF, with or without CR. */
export function readCommands(
  reading: Reading,
  bytes: Uint8Array,
): { readonly next: Reading; readonly heard: readonly Heard[] } {
  const heard: Heard[] = [];
  let line = [...reading.line];
  let { telnet, isTooLong } = reading;
  for (const byte of bytes) {
    const { state, isText } = afterTelnet(telnet, byte);
    telnet = state;
    if (!isText) continue;
    if (byte === LF) {
      heard.push(isTooLong ? { kind: 'too-long' } : { kind: 'command', ...commandIn(line) });
      line = [];
      isTooLong = false;
    } else if (line.length < LONGEST_LINE) line.push(byte);
    else isTooLong = true;
  }
  return { next: { line, telnet, isTooLong }, heard };
}

/** Telnet's own words are no text (RFC 959 section 5.3); two IAC in a row are the byte 255. */
function afterTelnet(
  telnet: Reading['telnet'],
  byte: number,
): { readonly state: Reading['telnet']; readonly isText: boolean } {
  switch (telnet) {
    case 'none':
      return byte === IAC ? { state: 'iac', isText: false } : { state: 'none', isText: true };
    case 'iac':
      if (byte === IAC) return { state: 'none', isText: true };
      if (byte === SB) return { state: 'sub', isText: false };
      return { state: byte >= WILL && byte <= DONT ? 'option' : 'none', isText: false };
    case 'option':
      return { state: 'none', isText: false };
    case 'sub':
      return { state: byte === IAC ? 'sub-iac' : 'sub', isText: false };
    case 'sub-iac':
      return { state: byte === SE ? 'none' : 'sub', isText: false };
  }
}

function commandIn(line: readonly number[]): Command {
  const text = textOf(Uint8Array.from(line.filter((byte) => byte !== NUL)));
  const [, verb = '', argument = ''] = /^\s*([A-Za-z]*) ?(.*)$/s.exec(text) ?? [];
  return { verb: verb.toUpperCase(), argument };
}

/** Names are UTF-8 (RFC 2640) where they are, else Latin-1. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.at(-1) === CR ? bytes.length - 1 : bytes.length;
  const buffer = Buffer.from(bytes.subarray(0, end));
  const text = buffer.toString('utf8');
  return text.includes('\ufffd') ? buffer.toString('latin1') : text;
}

/** A reply of one line, or of several (RFC 959 section 4.2): those between have no code that could be taken for the end. */
export function encodeReply(code: number, text: string | readonly string[]): Uint8Array {
  const lines = (typeof text === 'string' ? [text] : text).map(plainLine);
  const first = lines[0] ?? '';
  const last = lines.at(-1) ?? '';
  if (lines.length < 2) return encoded(`${code} ${first}\r\n`);
  const between = lines.slice(1, -1).map((line) => ` ${line}\r\n`);
  return encoded(`${code}-${first}\r\n${between.join('')}${code} ${last}\r\n`);
}

/** What a peer sent may be quoted back to it: it must not be able to write a reply of its own. */
function plainLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}

/** Telnet takes the byte 255 for its own, but UTF-8 has none. */
function encoded(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

export interface HostPort {
  readonly address: Ipv4;
  readonly port: number;
}

/** Reads `10,20,0,50,7,138` of PORT. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^\s*(\d{1,3}(?:\s*,\s*\d{1,3}){5})\s*$/.exec(text);
  const numbers = (match?.[1] ?? '').split(',').map(Number);
  if (match === null || numbers.some((number) => number > 255)) return undefined;
  const [high = 0, low = 0] = numbers.slice(4);
  const address = ipv4FromBytes(Uint8Array.from(numbers.slice(0, 4)));
  return address === undefined ? undefined : { address, port: high * 256 + low };
}

export function showHostPort({ address, port }: HostPort): string {
  return [...ipv4Bytes(address), port >>> 8, port & 255].join(',');
}

/** Reads `|1|10.20.0.50|1930|` of EPRT (RFC 2428 section 2); the delimiter is whatever comes first. */
export function parseExtended(text: string): HostPort | 'other-protocol' | undefined {
  const [, , protocol = '', host = '', digits = ''] =
    /^\s*([\x21-\x7e])(\d{1,3})\1([^|]{1,64}?)\1(\d{1,5})\1\s*$/.exec(text) ?? [];
  if (protocol === '') return undefined;
  if (Number(protocol) !== 1) return 'other-protocol';
  const address = parseIpv4(host);
  const port = Number(digits);
  return address === undefined || port > 65_535 ? undefined : { address, port };
}

/** A path between double quotes, those within doubled (RFC 959, appendix II). */
export function quoted(path: string): string {
  return `"${path.replaceAll('"', '""')}"`;
}

/** YYYYMMDDhhmmss in UTC (RFC 3659 section 2.3). */
export function showMoment(at: Millis): string {
  return new Date(at).toISOString().slice(0, 19).replaceAll(/\D/g, '');
}

/** The bytes of a listing, as they go over the data connection. */
export function listingBytes(lines: readonly string[]): Uint8Array {
  return lines.length === 0
    ? fromLatin1('')
    : encoded(lines.map((line) => `${plainLine(line)}\r\n`).join(''));
}

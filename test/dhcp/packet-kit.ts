// Packets of the tests, written as hex in the order of RFC 2131 figure 1.
import { type DhcpMessage, decodePacket } from '../../src/dhcp/packet.ts';

/** The fixed part: op, htype, hlen, hops; xid; secs, flags; four addresses; chaddr; sname; file; magic. */
export function head(fields: {
  start?: string;
  flags?: string;
  mac: string;
  sname?: string;
  file?: string;
}): string {
  const start = fields.start ?? '01010600';
  const flags = fields.flags ?? '0000';
  return [
    start,
    '3903f326',
    `0007${flags}`,
    '00000000'.repeat(4),
    fields.mac.padEnd(32, '0'),
    (fields.sname ?? '').padEnd(128, '0'),
    (fields.file ?? '').padEnd(256, '0'),
    '63825363',
  ].join('');
}

export function bytesOf(hex: string, length = 0): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.padEnd(length * 2, '0'), 'hex'));
}

export function option(code: number, value: string): string {
  const byte = (number: number): string => number.toString(16).padStart(2, '0');
  return byte(code) + byte(value.length / 2) + value;
}

export const text = (value: string): string => Buffer.from(value, 'latin1').toString('hex');

export function decoded(bytes: Uint8Array): DhcpMessage {
  const result = decodePacket(bytes);
  if (!result.ok) throw result.error;
  return result.value;
}

export const shown = (message: DhcpMessage): unknown[] =>
  [...message.options].map(([code, bytes]) => [code, Buffer.from(bytes).toString('hex')]);

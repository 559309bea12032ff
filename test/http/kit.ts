// Small things that the tests of the HTTP door share.
import { type Ipv4, parseIpv4 } from '../../src/base/ipv4.ts';

export function address(text: string): Ipv4 {
  const parsed = parseIpv4(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
}

export function textOf(body: Uint8Array | undefined): string {
  return Buffer.from(body ?? []).toString();
}

/** The pieces one after the other; with an error behind them where one is given. */
export async function* piecesOf(pieces: readonly string[], error?: Error): AsyncIterable<Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(Buffer.from(piece));
  if (error !== undefined) throw error;
}

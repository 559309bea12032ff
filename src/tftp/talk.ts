// A request that is being served, what it has become, and how requests are told apart.
import { fromLatin1 } from '../base/bytes.ts';
import type { World } from '../base/world.ts';
import { nameFromBytes } from '../files/resolve.ts';
import type { Peer } from '../net/ports.ts';
import type { Guest } from './limits.ts';
import type { Line } from './lines.ts';
import type { Limits } from './negotiate.ts';
import type { DataPart, TftpPacket, TftpRequest } from './packet.ts';
import type { Load } from './rto.ts';
import type { Wheel } from './wheel.ts';

/** A transfer as the door sees it, in either direction. */
export interface Talk {
  /** Nothing is sent before. */
  start(): void;
  /** What its phone said to its port. */
  hear(packet: TftpPacket): void;
  /** The same request came again. */
  again(): void;
  /** Another request came from the same port. */
  other(): void;
  stop(why: string): void;
  /** Resolves when nothing of it is under way any more. */
  readonly settled: () => Promise<void>;
}

export interface TalkParts {
  readonly world: World;
  readonly wheel: Wheel;
  readonly load: Load;
  readonly line: Line;
  readonly request: TftpRequest;
  /** Bytes of its datagram. */
  readonly asked: number;
  readonly peer: Peer;
  readonly limits: Limits;
  readonly data: (content: Uint8Array, part: DataPart) => Uint8Array;
  readonly onTrouble: (error: unknown) => void;
  /** The phone has acknowledged something. */
  readonly onConfirmed: () => void;
  /** It costs nothing any more, but may still answer. */
  readonly onDone: (isComplete: boolean) => void;
  /** Called once, last: it answers nothing any more. */
  readonly onOver: () => void;
}

/** A request that is being served, from its arrival until its transfer answers no more. */
export interface Session extends Guest {
  readonly request: TftpRequest;
  /** Bytes of its datagram. */
  readonly asked: number;
  readonly from: Peer;
  readonly key: number;
  readonly line: Line;
  /** Set once the desk has answered. */
  talk?: Talk | undefined;
  /** Ended before there was one. */
  stopped?: ((talk: Talk) => void) | undefined;
}

/** Options count too: a phone that our OACK did not please asks again without them. */
export function isSame(a: TftpRequest, b: TftpRequest): boolean {
  if (a.kind !== b.kind || a.filename !== b.filename || a.mode !== b.mode) return false;
  return (
    a.options.length === b.options.length &&
    b.options.every(({ name, value }, at) => a.options[at]?.name === name && a.options[at].value === value)
  );
}

/** The name asked for, as the desk takes it. */
export function nameOf({ filename }: TftpRequest): string {
  return PLAIN.test(filename) ? filename : nameFromBytes(fromLatin1(filename));
}

/** The same in every encoding. */
const PLAIN = /^[ -~]*$/;

/** Address and port in one number: 48 bits. */
export function keyOf({ address, port }: Peer): number {
  return address * 0x1_0000 + port;
}

// The sockets that transfers go through. Not one for each transfer: opening a thousand costs more than what they carry.
// A few carry all; what comes is told apart by its sender, and a phone that asks again is answered from another port.
import { messageOf } from '../base/fault.ts';
import type { Closable, Millis, World } from '../base/world.ts';
import type { Lan, Peer, UdpSocket } from '../net/ports.ts';

export interface Line {
  send(bytes: Uint8Array, to: Peer): void;
}

export interface Lines extends Closable {
  /**
   * The one for a new transfer. RFC 1350 section 4 has every transfer choose its port at random, so that what is late
   * from the last one is not taken for part of the next; here no peer's port is answered from one port twice in a row.
   */
  pick(key: number): Line;
  /** Notes that a transfer is over. */
  over(key: number, line: Line, isComplete: boolean): void;
  /** Whether that peer's transfer there came to its good end a little while ago: its last words may come twice. */
  isLate(key: number, line: Line): boolean;
}

export interface LineParts {
  readonly lan: Lan;
  readonly world: World;
  /** The ports to use; absent: any free ones. */
  readonly ports?: { readonly first: number; readonly last: number } | undefined;
  readonly onDatagram: (line: Line, bytes: Uint8Array, from: Peer) => void;
  readonly onTrouble: (error: Error) => void;
}

/** More do not carry more. */
const MOST_LINES = 4;
/** Ports that the world keeps for such use (RFC 6335 section 6). */
const DYNAMIC = { first: 49_152, last: 65_535 };
const TRIES = 40;
const REMEMBERED_FOR = 30_000;
const MOST_REMEMBERED = 10_000;

/** Opens them. Rejects with the Fault of the last port that could not be had when none could. */
export async function openLines(parts: LineParts): Promise<Lines> {
  const sockets: UdpSocket[] = [];
  let trouble = new Error('no port is left for TFTP transfers');
  for (const port of candidates(parts)) {
    try {
      sockets.push(await openLine(parts, port));
    } catch (error) {
      if (error instanceof Error) trouble = error;
    }
    if (sockets.length === MOST_LINES) break;
  }
  if (sockets.length === 0) throw trouble;
  return linesOf(sockets, parts.world);
}

async function openLine({ lan, onDatagram, onTrouble }: LineParts, port: number): Promise<UdpSocket> {
  const opened: { line?: UdpSocket } = {};
  // A port of our choice, and not the kernel's: such sockets get a large buffer and live on when the LAN is replugged.
  const options = { port, address: lan.address, purpose: 'TFTP transfers', onTrouble };
  opened.line = await lan.openUdp(options, (bytes, from) => {
    if (opened.line !== undefined) onDatagram(opened.line, bytes, from);
  });
  return opened.line;
}

/** One line, the door's own socket: everything through one port, for firewalls and NAT. */
export function singleLine(socket: Line, world: World): Lines {
  return { ...linesOf([], world, [socket]), close: async () => await Promise.resolve() };
}

function candidates({ ports, world }: LineParts): readonly number[] {
  if (ports !== undefined) {
    return Array.from({ length: ports.last - ports.first + 1 }, (_, index) => ports.first + index);
  }
  const span = DYNAMIC.last - DYNAMIC.first + 1;
  const chosen = new Set<number>();
  while (chosen.size < TRIES) chosen.add(DYNAMIC.first + Math.floor(world.random() * span));
  return [...chosen];
}

function linesOf(sockets: readonly UdpSocket[], world: World, lines: readonly Line[] = sockets): Lines {
  const recent = createMemory(world);
  let turn = 0;
  const next = (): Line => {
    turn = (turn + 1) % lines.length;
    const line = lines[turn];
    if (line === undefined) throw new Error('there is no line');
    return line;
  };
  return {
    pick: (key) => {
      const line = next();
      return lines.length > 1 && recent.get(key)?.line === line ? next() : line;
    },
    over: (key, line, isComplete) => recent.put(key, { line, isComplete, at: world.now() }),
    isLate: (key, line) => {
      const last = recent.get(key);
      return last?.isComplete === true && last.line === line;
    },
    close: async () => {
      const closing = await Promise.allSettled(sockets.map(async (socket) => await socket.close()));
      const failed = closing.find((each) => each.status === 'rejected');
      if (failed !== undefined) throw new Error(messageOf(failed.reason));
    },
  };
}

interface Remembered {
  readonly line: Line;
  readonly isComplete: boolean;
  readonly at: Millis;
}

/** Keeps things for a while, and not too many. */
function createMemory(world: World): {
  get(key: number): Remembered | undefined;
  put(key: number, what: Remembered): void;
} {
  const kept = new Map<number, Remembered>();
  const isOld = ({ at }: Remembered): boolean => world.now() - at > REMEMBERED_FOR;
  return {
    get: (key) => {
      const found = kept.get(key);
      return found === undefined || isOld(found) ? undefined : found;
    },
    put: (key, what) => {
      kept.delete(key);
      kept.set(key, what);
      for (const [other, one] of kept) {
        if (kept.size <= MOST_REMEMBERED && !isOld(one)) break;
        kept.delete(other);
      }
    },
  };
}

// Which options a request gets (RFC 2347): what we cannot or will not do is left out of the OACK and the transfer goes
// on without it.
import type { TftpOption } from './packet.ts';

/** How a transfer runs. */
export interface Settings {
  /** Bytes per DATA (RFC 2348). */
  readonly blksize: number;
  /** What the phone wants as retransmission interval, ms (RFC 2349); absent where it did not say. */
  readonly timeout?: number | undefined;
  /** DATA packets per ACK (RFC 7440). */
  readonly windowsize: number;
}

export interface Negotiated {
  readonly settings: Settings;
  /** What the OACK says; when empty there is none. */
  readonly acknowledged: readonly TftpOption[];
}

export interface Limits {
  /** The largest block that the path carries unfragmented. */
  readonly blksize: number;
  readonly windowsize: number;
}

/** Ethernet: 1500 less IP (20), UDP (8) and TFTP (4) headers. */
export const ETHERNET: Limits = { blksize: 1468, windowsize: 64 };

const DEFAULT_BLKSIZE = 512;

interface Answer {
  readonly value: number;
  readonly set: Partial<Settings>;
}

export interface Asked {
  readonly options: readonly TftpOption[];
  /** Bytes that the transfer will carry. */
  readonly size: number;
  readonly limits: Limits;
}

/** Settles the options of a read request. Each is answered in the phone's own spelling of its name. */
export function negotiate({ options, size, limits }: Asked): Negotiated {
  let settings: Settings = { blksize: DEFAULT_BLKSIZE, windowsize: 1 };
  const acknowledged: TftpOption[] = [];
  const seen = new Set<string>();
  for (const { name, value } of options) {
    const known = name.toLowerCase();
    if (seen.has(known)) continue;
    seen.add(known);
    const answer = answerTo(known, value, { size, limits });
    if (answer === undefined) continue;
    settings = { ...settings, ...answer.set };
    acknowledged.push({ name, value: String(answer.value) });
  }
  return { settings, acknowledged };
}

function answerTo(name: string, text: string, { size, limits }: Omit<Asked, 'options'>): Answer | undefined {
  // Out of range is left out, not refused: RFC 2347 leaves the phone free to go on.
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  switch (name) {
    case 'blksize': {
      if (value < 8 || value > 65_464) return undefined;
      const blksize = Math.min(value, limits.blksize);
      return { value: blksize, set: { blksize } };
    }
    case 'timeout':
      return value < 1 || value > 255 ? undefined : { value, set: { timeout: value * 1000 } };
    case 'tsize':
      // Of an empty file it is left out: there are clients (curl 7.88) that take a size of 0 for a broken answer.
      return value < 0 || size === 0 ? undefined : { value: size, set: {} };
    case 'windowsize': {
      if (value < 1 || value > 65_535) return undefined;
      const windowsize = Math.min(value, limits.windowsize);
      return { value: windowsize, set: { windowsize } };
    }
    default:
      return undefined;
  }
}

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
  /** The number that follows block 65,535. No RFC has it; clients expect 0, and tftp-hpa may ask for 1. */
  readonly rollover: 0 | 1;
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
  /** Options that are never acknowledged, in lower case: for phones that stumble over an OACK. */
  readonly refused?: ReadonlySet<string> | undefined;
}

/** IP (20), UDP (8) and TFTP (4) headers. */
const HEADERS = 32;
export const ETHERNET: Limits = { blksize: 1500 - HEADERS, windowsize: 64 };
export const LARGEST_BLKSIZE = 65_464;
const DEFAULT_BLKSIZE = 512;

/** The largest block that an interface of that MTU carries in one piece; never so small that RFC 1350 breaks. */
export function blksizeFor(mtu: number): number {
  return Math.max(DEFAULT_BLKSIZE, Math.min(LARGEST_BLKSIZE, mtu - HEADERS));
}

interface Answer {
  readonly value: number;
  readonly set: Partial<Settings>;
}

export interface Asked {
  readonly options: readonly TftpOption[];
  /** Bytes that a read will carry; absent for a write, whose size the phone says. */
  readonly size?: number | undefined;
  readonly limits: Limits;
}

/** Settles the options of a request. Each is answered in the phone's own spelling of its name. */
export function negotiate({ options, size, limits }: Asked): Negotiated {
  let settings: Settings = { blksize: DEFAULT_BLKSIZE, windowsize: 1, rollover: 0 };
  if (options.length === 0) return { settings, acknowledged: [] };
  const acknowledged: TftpOption[] = [];
  const seen = new Set<string>();
  for (const { name, value } of options) {
    const known = name.toLowerCase();
    if (seen.has(known)) continue;
    seen.add(known);
    const answer = limits.refused?.has(known) === true ? undefined : answerTo(known, value, { size, limits });
    if (answer === undefined) continue;
    settings = { ...settings, ...answer.set };
    acknowledged.push({ name, value: String(answer.value) });
  }
  return { settings, acknowledged };
}

/** What the phone says of the size of its file (RFC 2349), where it says so plainly. */
export function sizeAnnounced(options: readonly TftpOption[]): number | undefined {
  const said = options.find(({ name }) => name.toLowerCase() === 'tsize')?.value;
  return said === undefined || !/^\d{1,15}$/.test(said) ? undefined : Number(said);
}

type Context = Pick<Asked, 'size' | 'limits'>;

function answerTo(name: string, text: string, context: Context): Answer | undefined {
  // Out of range is left out, not refused: RFC 2347 leaves the phone free to go on.
  return /^\d{1,15}$/.test(text) ? ANSWERS.get(name)?.(Number(text), context) : undefined;
}

const within = (value: number, least: number, most: number): boolean => value >= least && value <= most;

const ANSWERS: ReadonlyMap<string, (value: number, context: Context) => Answer | undefined> = new Map([
  [
    'blksize',
    (value, { limits }) => {
      const blksize = Math.min(value, limits.blksize);
      return within(value, 8, LARGEST_BLKSIZE) ? { value: blksize, set: { blksize } } : undefined;
    },
  ],
  ['timeout', (value) => (within(value, 1, 255) ? { value, set: { timeout: value * 1000 } } : undefined)],
  [
    'tsize',
    (value, { size = value }) =>
      // Of an empty file it is left out: there are clients (curl 7.88) that take a size of 0 for a broken answer.
      size === 0 ? undefined : { value: size, set: {} },
  ],
  [
    'windowsize',
    (value, { limits }) => {
      const windowsize = Math.min(value, limits.windowsize);
      return within(value, 1, 65_535) ? { value: windowsize, set: { windowsize } } : undefined;
    },
  ],
  ['rollover', (value) => (value === 0 || value === 1 ? { value, set: { rollover: value } } : undefined)],
]);

/** A block's number on the wire; blocks are counted without end. */
export function numberOf(block: number, { rollover }: Settings): number {
  if (block <= 0xffff) return block;
  return rollover === 0 ? block & 0xffff : ((block - 1) % 0xffff) + 1;
}

/** How many blocks after `block` the one of that number comes next; 65,536 where it can be none. */
export function distance(block: number, number: number, { rollover }: Settings): number {
  if (rollover === 0) return (number - block) & 0xffff;
  if (number === 0) return block === 0 ? 0 : 0x1_0000;
  return (((number - block) % 0xffff) + 0xffff) % 0xffff;
}

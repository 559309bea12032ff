// Looks at a journal without touching it: what is in it, and what would be cut off at the next start.
import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { errnoOf, Fault } from '../base/fault.ts';
import { decodeJournal, LONGEST_RECORD } from './journal.ts';

export interface JournalFacts {
  readonly path: string;
  readonly bytes: number;
  readonly records: number;
  /** How many records of each kind, also of kinds that this version does not know. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Bytes that would be cut off. */
  readonly cut: number;
  /** Where they begin. */
  readonly at: number;
  /** Whole records behind the damage, which would go with it: not a crash in the middle of a write, but a bad disk. */
  readonly lost: number;
}

/** How often a journal with a torn end is read again: the daemon may be writing just now. */
const READS = 3;
const PAUSE_MS = 100;

/** Rejects with a Fault when it cannot be read or is of an unknown format. */
export async function inspectJournal(path: string): Promise<JournalFacts> {
  let facts = factsOf(path, await contents(path));
  for (let reads = 1; reads < READS && facts.cut > 0; reads += 1) {
    await new Promise<void>((again) => setTimeout(again, PAUSE_MS));
    facts = factsOf(path, await contents(path));
  }
  return facts;
}

async function contents(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = errnoOf(error);
    const hint =
      code === 'ENOENT'
        ? 'name the state folder with --state DIR'
        : 'run it with sudo, or as the user of the daemon';
    const why = code === 'ENOENT' ? 'is not there' : `cannot be read (${code ?? 'trouble'})`;
    throw new Fault('journal-unreadable', `the journal ${path} ${why}`, hint, error);
  }
}

function factsOf(path: string, bytes: Buffer): JournalFacts {
  const { records, good, cut } = decodeJournal(path, bytes);
  const kinds: Record<string, number> = {};
  for (const record of records) {
    const kind = kindOf(record);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  const lost = cut === 0 ? 0 : recordsBehind(bytes, good);
  return { path, bytes: bytes.length, records: records.length, kinds, cut, at: good, lost };
}

function kindOf(record: unknown): string {
  if (typeof record !== 'object' || record === null || !('kind' in record)) return 'other';
  return typeof record.kind === 'string' ? record.kind : 'other';
}

const HEADER = 8;
const OPENING_BRACE = 0x7b;

/** Whole records anywhere behind `from`: found by their checksums, since the chain of lengths is broken. */
function recordsBehind(bytes: Buffer, from: number): number {
  let found = 0;
  for (let at = from + 1; at + HEADER < bytes.length; ) {
    const length = bytes[at + HEADER] === OPENING_BRACE ? bytes.readUInt32BE(at) : 0;
    const end = at + HEADER + length;
    const isWhole =
      length > 0 &&
      length <= LONGEST_RECORD &&
      end <= bytes.length &&
      crc32(bytes.subarray(at + HEADER, end)) === bytes.readUInt32BE(at + 4);
    if (isWhole) found += 1;
    at = isWhole ? end : at + 1;
  }
  return found;
}

// An append-only journal: length and CRC per record, many appends sharing one flush, a torn tail cut at start.
// Format 1: the line "unboxd-journal 1\n", then records of u32 length, u32 CRC-32, JSON bytes.
import { writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { ByteReader, WireError } from '../base/bytes.ts';
import { errnoOf, Fault } from '../base/fault.ts';

const HEAD = Buffer.from('unboxd-journal 1\n');
/** A storm of 10,000 phones takes two million bytes, and no record of ours comes near this; a larger length is damage. */
export const LONGEST_RECORD = 64_000_000;

export interface Journal {
  /** Resolves when the records are on disk (fdatasync); rejects with a Fault when they are not and never will be. */
  append(...records: readonly unknown[]): Promise<void>;
  /**
   * Replaces all records by a snapshot, atomically: after a crash there is either the old journal or the new one. Appends
   * go on meanwhile: the snapshot is written in slices, and what was appended since its beginning is put behind it. So
   * later records must win over earlier ones, and the snapshot may hold either. One at a time.
   */
  rewrite(snapshot: Iterable<unknown>): Promise<void>;
  /** The file as it is on disk at one moment: every record whose append was done before, and none of a half. */
  copy(): Promise<Uint8Array>;
  /** Bytes of the file now. */
  readonly size: number;
  close(): Promise<void>;
}

export interface OpenedJournal {
  readonly journal: Journal;
  /** What was in it, oldest first. */
  readonly records: readonly unknown[];
  /** Bytes of a torn or damaged tail that were cut off. */
  readonly cut: number;
}

/** Records of a snapshot between two breaths: the loop must not be held. */
const SLICE = 500;

interface Waiting {
  readonly bytes: Uint8Array;
  readonly done: () => void;
  readonly failed: (fault: Fault) => void;
}

/** Opens or makes the journal. Rejects with a Fault when the folder cannot be written or the format is unknown. */
export async function openJournal(path: string): Promise<OpenedJournal> {
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw unwritable(path, error);
  });
  const { records, good, cut } = decodeJournal(path, await contents(path));
  if (good === 0) await writeWhole(path, []);
  let handle = await open(path, 'r+').catch((error: unknown) => {
    throw unwritable(path, error);
  });
  let size = Math.max(good, HEAD.length);
  await handle.truncate(size);

  let waiting: Waiting[] = [];
  /** While a snapshot is written: what was appended since it began. */
  let since: Uint8Array[] | undefined;
  let working: Promise<void> = Promise.resolve();
  let closed = false;

  /** All that waits goes out in one write and one flush; what comes meanwhile waits for the next. */
  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      const bytes = Buffer.concat(batch.map((each) => each.bytes));
      writeNow(handle, bytes, size);
      await handle.datasync();
      size += bytes.length;
      since?.push(bytes);
      for (const each of batch) each.done();
    } catch (error) {
      // What was half written must not stand before later records.
      await handle.truncate(size).catch(() => undefined);
      for (const each of batch) each.failed(unwritable(path, error));
    }
  };
  const soon = (job: () => Promise<void>): Promise<void> => {
    working = working.then(job, job);
    return working;
  };

  return {
    records,
    cut,
    journal: {
      get size() {
        return size;
      },
      append: async (...added) => {
        if (closed) throw unwritable(path, new Error('the journal is closed'));
        await new Promise<void>((done, failed) => {
          const [only, ...more] = added.map(encodeRecord);
          const bytes = more.length === 0 ? (only ?? NOTHING) : Buffer.concat([only ?? NOTHING, ...more]);
          waiting.push({ bytes, done, failed });
          if (waiting.length === 1) void soon(flush);
        });
      },
      copy: async () => {
        let taken: Promise<Uint8Array> = Promise.resolve(NOTHING);
        await soon(async () => {
          // What stands in the file stays there: it may be read while more is appended, also when it loses its name.
          const [file, length] = [await open(path, 'r'), size];
          taken = readStart(file, length).finally(async () => await file.close());
        });
        return await taken;
      },
      rewrite: async (snapshot) => {
        since = [];
        try {
          const fresh = await writeSnapshot(path, snapshot);
          await soon(async () => {
            const before = handle;
            size = await takePlace(path, fresh, since ?? []);
            handle = fresh;
            await before.close();
            await syncFolder(path);
          });
        } finally {
          since = undefined;
        }
      },
      close: async () => {
        if (closed) return;
        closed = true;
        await soon(async () => await handle.close());
      },
    },
  };
}

async function contents(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return new Uint8Array();
    throw unwritable(path, error);
  }
}

/** Makes the file new, with these records and nothing else. */
async function writeWhole(path: string, records: Iterable<unknown>): Promise<void> {
  const handle = await writeSnapshot(path, records);
  await takePlace(path, handle, []);
  await handle.close();
  await syncFolder(path);
}

/** Writes the records beside the journal, in slices. The handle is the caller's. */
async function writeSnapshot(path: string, records: Iterable<unknown>): Promise<FileHandle> {
  const handle = await open(`${path}.new`, 'w+', 0o640).catch((error: unknown) => {
    throw unwritable(path, error);
  });
  try {
    let at = await writeAll(handle, HEAD, 0);
    let slice: Uint8Array[] = [];
    for (const record of records) {
      slice.push(encodeRecord(record));
      if (slice.length < SLICE) continue;
      at = await writeAll(handle, Buffer.concat(slice), at);
      slice = [];
    }
    await writeAll(handle, Buffer.concat(slice), at);
    return handle;
  } catch (error) {
    await discard(path, handle);
    throw unwritable(path, error);
  }
}

/** Appends what came since, flush, rename: what the name stands for is always whole. Gives the size. */
async function takePlace(path: string, fresh: FileHandle, since: readonly Uint8Array[]): Promise<number> {
  try {
    const { size } = await fresh.stat();
    const end = await writeAll(fresh, Buffer.concat(since), size);
    await fresh.datasync();
    await rename(`${path}.new`, path);
    return end;
  } catch (error) {
    await discard(path, fresh);
    throw unwritable(path, error);
  }
}

/** On a full disk the half of a snapshot would take the room that the journal needs to go on. */
async function discard(path: string, fresh: FileHandle): Promise<void> {
  await fresh.close().catch(() => undefined);
  await unlink(`${path}.new`).catch(() => undefined);
}

/** Makes the new name last. The file has it already: later appends must go there whatever comes of this. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(dirname(path), 'r');
    await folder.sync().finally(async () => await folder.close());
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * Into the page cache at once: it takes microseconds, where a turn in the pool of threads takes a millisecond of a busy
 * machine. Nothing is being flushed meanwhile that it could wait for.
 */
function writeNow({ fd }: FileHandle, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, at + done);
  }
}

/** Gives the offset behind what was written. */
async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number): Promise<number> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
  return at + bytes.length;
}

async function readStart(file: FileHandle, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, done);
    if (bytesRead === 0) throw new Error('the journal is shorter than it was');
    done += bytesRead;
  }
  return bytes;
}

function encodeRecord(record: unknown): Uint8Array {
  const text = JSON.stringify(record);
  const length = Buffer.byteLength(text);
  if (length > LONGEST_RECORD) throw tooLong(length);
  const bytes = Buffer.allocUnsafe(length + 8);
  bytes.write(text, 8);
  bytes.writeUInt32BE(length, 0);
  bytes.writeUInt32BE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

/** Written, it would be taken for damage at the next start, and all behind it with it. */
function tooLong(length: number): Fault {
  const hint = 'what it tells is lost at a restart: do it in smaller parts';
  return new Fault('record-too-long', `a record of ${length} bytes is too long for the journal`, hint);
}

const NOTHING = new Uint8Array();

/** Every whole record up to the first damage. `good` is the length of that part; 0 asks for a new file. */
export function decodeJournal(
  path: string,
  bytes: Uint8Array,
): { records: unknown[]; good: number; cut: number } {
  const records: unknown[] = [];
  if (bytes.length < HEAD.length) return { records, good: 0, cut: bytes.length };
  if (Buffer.compare(bytes.subarray(0, HEAD.length), HEAD) !== 0) {
    const hint = 'move the file away to start without it, or run the version of unboxd that wrote it';
    throw new Fault('journal-unknown', `${path} is not a journal of this version`, hint);
  }
  const reader = new ByteReader(bytes, HEAD.length);
  let good = reader.at;
  try {
    while (reader.left > 0) {
      const length = reader.u32();
      const sum = reader.u32();
      if (length > LONGEST_RECORD) break;
      const body = reader.run(length);
      if (crc32(body) !== sum) break;
      records.push(JSON.parse(Buffer.from(body).toString('utf8')));
      good = reader.at;
    }
  } catch (error) {
    // Ran off the end: the last record is torn. JSON under a right CRC does not fail.
    if (!(error instanceof WireError)) throw error;
  }
  return { records, good, cut: bytes.length - good };
}

/** What to do about it. When it is done, the next append finds out by itself. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'the disk is full: make room'],
  ['EDQUOT', 'the quota of this user is used up: make room'],
  ['EROFS', 'the disk is read-only: see why with dmesg, then mount it writable again: mount -o remount,rw'],
  ['EIO', 'the disk fails: see dmesg, take a backup and replace it'],
]);

export function unwritable(path: string, error: unknown): Fault {
  const code = errnoOf(error);
  const hint = HINTS.get(code ?? '') ?? 'give this user a folder it may write, with --state DIR';
  return new Fault('store-unwritable', `${path} cannot be written (${code ?? 'trouble'})`, hint, error);
}

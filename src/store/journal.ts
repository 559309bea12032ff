// An append-only journal: length and CRC per record, many appends sharing one flush, a torn tail cut at start.
// Format 1: the line "unboxd-journal 1\n", then records of u32 length, u32 CRC-32, JSON bytes.
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter, WireError } from '../base/bytes.ts';
import { errnoOf, Fault } from '../base/fault.ts';

const HEAD = Buffer.from('unboxd-journal 1\n');
/** No record of ours comes near it; a larger length is damage. */
const LONGEST_RECORD = 1_000_000;

export interface Journal {
  /** Resolves when the record is on disk (fdatasync); rejects with a Fault when it is not and never will be. */
  append(record: unknown): Promise<void>;
  /**
   * Replaces all records by a snapshot, atomically: after a crash there is either the old journal or the new one.
   * `snapshot` is called when its turn has come, so that it holds every record appended before.
   */
  rewrite(snapshot: () => readonly unknown[]): Promise<void>;
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
  let working: Promise<void> = Promise.resolve();
  let closed = false;

  /** All that waits goes out in one write and one flush; what comes meanwhile waits for the next. */
  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      const bytes = Buffer.concat(batch.map((each) => each.bytes));
      await writeAll(handle, bytes, size);
      await handle.datasync();
      size += bytes.length;
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
      append: async (record) => {
        if (closed) throw unwritable(path, new Error('the journal is closed'));
        await new Promise<void>((done, failed) => {
          waiting.push({ bytes: encodeRecord(record), done, failed });
          if (waiting.length === 1) void soon(flush);
        });
      },
      rewrite: async (snapshot) => {
        await soon(async () => {
          await writeWhole(path, snapshot());
          await handle.close();
          handle = await open(path, 'r+');
          ({ size } = await handle.stat());
        });
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

/** Snapshot by write, flush, rename, flush of the folder: what the name stands for is always whole. */
async function writeWhole(path: string, records: readonly unknown[]): Promise<void> {
  const fresh = `${path}.new`;
  try {
    const handle = await open(fresh, 'w', 0o640);
    try {
      await writeAll(handle, Buffer.concat([HEAD, ...records.map(encodeRecord)]), 0);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(fresh, path);
    const folder = await open(dirname(path), 'r');
    await folder.sync().finally(async () => await folder.close());
  } catch (error) {
    throw unwritable(path, error);
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

function encodeRecord(record: unknown): Uint8Array {
  const body = Buffer.from(JSON.stringify(record));
  return new ByteWriter(body.length + 8).u32(body.length).u32(crc32(body)).run(body).done();
}

/** Every whole record up to the first damage. `good` is the length of that part; 0 asks for a new file. */
function decodeJournal(path: string, bytes: Uint8Array): { records: unknown[]; good: number; cut: number } {
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

function unwritable(path: string, error: unknown): Fault {
  const code = errnoOf(error);
  const hint =
    code === 'ENOSPC'
      ? 'the disk is full: make room'
      : `give this user a folder it may write, with --state DIR`;
  return new Fault('store-unwritable', `${path} cannot be written (${code ?? 'trouble'})`, hint, error);
}

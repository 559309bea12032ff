// The folder of what phones wrote. A file is seen whole or not at all: it grows under a hidden name, is flushed, and
// takes its place by a rename; the version before it stays beside it. Whatever goes wrong, nothing old is lost.
import { randomUUID } from 'node:crypto';
import { constants, lstatSync } from 'node:fs';
import {
  copyFile,
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  unlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, Fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { UploadLimits } from '../site/files.ts';
import type { Reason } from '../timeline/reason.ts';

/** Why nothing more is taken. */
export type InboxRefusal = Extract<
  Reason,
  'disk-full' | 'upload-too-large' | 'upload-quota-used' | 'too-busy'
>;

/** A file in the making. */
export interface InboxFile {
  write(bytes: Uint8Array): Promise<Result<void, InboxRefusal>>;
  finish(): Promise<Result<'created' | 'replaced', InboxRefusal>>;
  abandon(): Promise<void>;
  /** Taken so far. */
  readonly bytes: () => number;
}

export interface Inbox {
  /** Begins a file; `name` is one of `decideUpload`. `append` begins with what is there. */
  begin(
    name: string,
    how: { readonly largest: number; readonly append?: boolean | undefined },
  ): Promise<Result<InboxFile, InboxRefusal>>;
  /** The file as it was last written. */
  read(name: string): Promise<{ readonly content: Uint8Array; readonly modified: number } | undefined>;
  /** Takes no more; what is in the making is thrown away. */
  close(): Promise<void>;
}

/** As many files at a time may be in the making. */
const MOST_AT_ONCE = 200;
const PART = /^\.part-/;
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What the files in the making share. */
interface Room {
  readonly folder: string;
  /** Tells apart what several threads make in one folder. */
  readonly mark: string;
  readonly limits: Pick<UploadLimits, 'versions' | 'quota'>;
  readonly making: Set<InboxFile>;
  /** The work on each name, one after the other: versions must not overtake each other. */
  readonly lines: Map<string, Promise<unknown>>;
  /** Bytes of everything in the folder. */
  used: number;
  count: number;
}

/** Opens the folder, makes it if need be, and removes what a crash left behind. Rejects with a Fault. */
export async function openInbox(folder: string, limits: Room['limits']): Promise<Inbox> {
  const used = await cleared(folder);
  const mark = randomUUID().slice(0, 8);
  const room: Room = { folder, mark, limits, used, making: new Set(), lines: new Map(), count: 0 };
  return {
    begin: async (name, { largest, append = false }) => {
      if (room.making.size >= MOST_AT_ONCE) return err('too-busy');
      const file = await openPart(room, name, largest);
      const before = append && file.ok ? await readInside(join(folder, name)) : undefined;
      if (before === undefined || !file.ok) return file;
      const added = await file.value.write(before.content);
      return added.ok ? file : added;
    },
    read: async (name) => {
      const path = join(folder, name);
      // Every phone asks for what it never wrote; in a folder of our own that is known at once, without a detour.
      return lstatSync(path, { throwIfNoEntry: false }) && (await readInside(path));
    },
    close: async () => {
      for (const file of [...room.making]) await file.abandon();
    },
  };
}

async function openPart(room: Room, name: string, largest: number): Promise<Result<InboxFile, InboxRefusal>> {
  room.count += 1;
  const path = join(room.folder, `.part-${room.mark}-${room.count}-${name}`);
  const opened = await unlessFull(async () => await open(path, NEW_FILE, 0o640));
  if (!opened.ok) return opened;
  const handle = opened.value;
  let taken = 0;
  let isOver = false;
  let writing: Promise<unknown> = Promise.resolve();

  const over = (): void => {
    isOver = true;
    room.making.delete(file);
  };
  const abandon = async (): Promise<void> => {
    if (isOver) return;
    over();
    room.used -= taken;
    await writing.catch(() => undefined);
    await handle.close().catch(() => undefined);
    await unlink(path).catch(() => undefined);
  };
  /** Whatever goes wrong ends the file, and nothing of it is left. */
  const guarded = async <Value>(work: () => Promise<Value>): Promise<Result<Value, InboxRefusal>> => {
    try {
      const done = await unlessFull(work);
      if (!done.ok) await abandon();
      return done;
    } catch (error) {
      await abandon();
      throw error;
    }
  };
  const file: InboxFile = {
    abandon,
    bytes: () => taken,
    write: async (bytes) => {
      if (isOver) throw cutOff();
      const refusal = taken + bytes.length > largest ? 'upload-too-large' : undefined;
      if (refusal !== undefined || room.used + bytes.length > room.limits.quota) {
        await abandon();
        return err(refusal ?? 'upload-quota-used');
      }
      taken += bytes.length;
      room.used += bytes.length;
      // In order, also where the door does not wait.
      const written = writing.then(async () => await writeAll(handle, bytes));
      writing = written.catch(() => undefined);
      return await guarded(async () => await written);
    },
    finish: async () =>
      await guarded(async () => {
        await writing;
        await handle.sync();
        await handle.close();
        return await inLine(room.lines, name, async () => {
          if (isOver) throw cutOff();
          const how = await place(room, path, name);
          over();
          return how;
        });
      }),
  };
  room.making.add(file);
  return ok(file);
}

/** Never through a link that somebody laid there. */
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

function cutOff(): Fault {
  return new Fault('upload-cut', 'the upload was cut off', 'nothing to do: the phone writes again by itself');
}

async function inLine<Value>(lines: Room['lines'], name: string, work: () => Promise<Value>): Promise<Value> {
  const done = (lines.get(name) ?? Promise.resolve()).then(work, work);
  lines.set(name, done);
  try {
    return await done;
  } finally {
    if (lines.get(name) === done) lines.delete(name);
  }
}

/** The new file takes its place at once; at no moment is there none. */
async function place(room: Room, part: string, name: string): Promise<'created' | 'replaced'> {
  const path = join(room.folder, name);
  const before = await readInside(path);
  const now = await readFile(part);
  if (before !== undefined && Buffer.from(before.content).equals(now)) {
    // Phones write the same again and again: that must not push older versions out.
    await unlink(part);
    room.used -= now.length;
    return 'replaced';
  }
  if (before !== undefined) await keepVersion(room, path);
  await rename(part, path);
  await syncFolder(room.folder);
  return before === undefined ? 'created' : 'replaced';
}

async function keepVersion(room: Room, path: string): Promise<void> {
  const { versions } = room.limits;
  const goes = await lstat(versions === 0 ? path : `${path}.${versions}`).catch(() => undefined);
  for (let version = versions; version > 1; version -= 1) {
    await rename(`${path}.${version - 1}`, `${path}.${version}`).catch(unlessMissing);
  }
  if (versions > 0) await doubled(path, `${path}.1`);
  room.used -= goes?.size ?? 0;
}

async function unlessFull<Value>(work: () => Promise<Value>): Promise<Result<Value, 'disk-full'>> {
  try {
    return ok(await work());
  } catch (error) {
    if (!FULL.has(errnoOf(error) ?? '')) throw error;
    return err('disk-full');
  }
}

/** Removes what was in the making; the sum of the sizes of the rest. */
async function cleared(folder: string): Promise<number> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o750 });
    let sum = 0;
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(folder, entry.name);
      const { size, mtimeMs } = await lstat(path);
      if (!PART.test(entry.name)) sum += size;
      // What is younger than this process is in the making: another LAN's thread has the same folder.
      else if (mtimeMs < bornAt()) await unlink(path);
    }
    return sum;
  } catch (error) {
    const hint = 'set files.uploads.folder to a folder that unboxd may write to, or files.uploads to off';
    throw new Fault('uploads-folder', `the folder for uploads ${folder} cannot be used`, hint, error);
  }
}

/** When this process began, of which each thread may be younger. */
function bornAt(): number {
  return Date.now() - process.uptime() * 1000;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  // A disk that fills up takes a part first.
  while (done < bytes.length) done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
}

/** A plain file and nothing else: links and devices are not ours. */
async function readInside(
  path: string,
): Promise<{ readonly content: Uint8Array; readonly modified: number } | undefined> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) return undefined;
      return { content: await handle.readFile(), modified: Math.round(stat.mtimeMs) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENXIO', 'EISDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** A second name for the same file; where the file system has no such thing, a copy. */
async function doubled(path: string, copy: string): Promise<void> {
  await unlink(copy).catch(unlessMissing);
  try {
    await link(path, copy);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'].includes(errnoOf(error) ?? '')) throw error;
    await copyFile(path, copy);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unlessMissing(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

// The only place that opens static files for phones. Small files stay in memory and are looked at once a second at
// most; a large one is in memory once for any number of phones that fetch it, and never longer than somebody does.
import { closeSync, fstatSync, read as readSome, readSync, type Stats, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf, Fault } from '../base/fault.ts';
import type { Millis } from '../base/world.ts';
import type { ListedFile } from './desk.ts';
import {
  BELIEVED,
  type FolderOptions,
  type Folders,
  isJustChanged,
  openFolders,
  type Place,
  stampOf,
} from './folder.ts';

/** Larger files are refused: they would not fit a small machine's memory. Firmware of phones is below 200 MB. */
const LARGEST = 256 * 1024 * 1024;
/** Files up to this size are kept in memory, in all so many bytes. */
const SMALL = 256 * 1024;
const KEPT = 64 * 1024 * 1024;
/** A file that changes while it is read is read again so often. */
const TRIES = 3;

export interface StaticFile {
  /** As it is on disk, below the root. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly modified: Millis;
  /** All names that differ from it in nothing but case, where several do and none was asked for exactly. */
  readonly twins?: readonly string[] | undefined;
}

/** The files folder as doors see it. */
export interface Shelf {
  /** The first of the relative paths that is a readable file. Paths must have gone through `cleanName`. */
  find(paths: readonly string[]): Promise<StaticFile | undefined>;
  /** What lies in a folder ('' is the root), sorted; undefined where there is none. */
  list(folder: string): Promise<readonly ListedFile[] | undefined>;
}

/** A file as it was last seen; without content where it is none, or where nobody holds a large one any more. */
interface Kept {
  readonly stamp: string;
  readonly modified: Millis;
  readonly isFresh: boolean;
  readonly content?: Uint8Array | undefined;
  readonly large?: WeakRef<Uint8Array> | undefined;
  seenAt: Millis;
}

/** With the content in hand, so that it stays until whoever waits for it has it. */
interface Loaded {
  readonly file: Kept;
  readonly content: Uint8Array;
}

/** Opens the folder; it may come to exist later. */
export function openShelf(root: string, options: FolderOptions): Shelf {
  const { now } = options;
  const folders = openFolders(root, options);
  const kept = new Map<string, Kept>();
  const loading = new Map<string, Promise<Loaded | undefined>>();
  let bytes = 0;

  const keep = (path: string, file: Kept): void => {
    bytes += (file.content?.length ?? 0) - (kept.get(path)?.content?.length ?? 0);
    kept.delete(path);
    kept.set(path, file);
    for (const [oldest, { content }] of kept) {
      if (bytes <= KEPT && kept.size <= MOST_FILES) return;
      kept.delete(oldest);
      bytes -= content?.length ?? 0;
    }
  };

  const load = async (place: Place): Promise<Loaded | undefined> => {
    const before = kept.get(place.path);
    const known = before && contentOf(before);
    const stats = look(place.path);
    if (known !== undefined && stats !== undefined && before?.stamp === stampOf(stats) && !before.isFresh) {
      before.seenAt = now();
      return { file: before, content: known };
    }
    const descriptor = stats?.isFile() === true ? await opened(place) : undefined;
    if (descriptor === undefined) return undefined;
    try {
      return await read(descriptor, place);
    } finally {
      closeSync(descriptor);
    }
  };

  const opened = async (place: Place): Promise<number | undefined> => {
    try {
      return await folders.open(place);
    } catch (error) {
      if (errnoOf(error) !== 'EACCES') throw error;
      const hint = 'give the user of unboxd the right to read it (chmod, chown)';
      throw new Fault('file-unreadable', `${place.name} in the files folder may not be read`, hint, error);
    }
  };

  const read = async (descriptor: number, place: Place): Promise<Loaded | undefined> => {
    const seenAt = now();
    const whole = await readWhole(descriptor, place.name);
    if (whole === undefined) return undefined;
    const { stats, content } = whole;
    const isSmall = content.length <= SMALL;
    const file: Kept = {
      stamp: stampOf(stats),
      modified: Math.floor(stats.mtimeMs),
      isFresh: isJustChanged(stats, seenAt),
      content: isSmall ? content : undefined,
      large: isSmall ? undefined : new WeakRef(content),
      seenAt,
    };
    keep(place.path, file);
    return { file, content };
  };

  /** Phones that ask at the same moment share one reading. */
  const shared = async (place: Place): Promise<StaticFile | undefined> => {
    const started = loading.get(place.path) ?? load(place).finally(() => loading.delete(place.path));
    loading.set(place.path, started);
    const loaded = await started;
    return loaded && shown(place, loaded);
  };

  const quick = (place: Place): StaticFile | undefined => {
    const file = kept.get(place.path);
    const content = file === undefined || now() - file.seenAt >= BELIEVED ? undefined : contentOf(file);
    return file && content && shown(place, { file, content });
  };

  return {
    find: async (paths) => {
      for (const path of paths) {
        const near = folders.peek(path);
        const place = near === 'unsure' ? await folders.find(path) : near;
        const file = place && (quick(place) ?? (await shared(place)));
        if (file !== undefined) return file;
      }
      return undefined;
    },
    list: async (folder) => await listed(folders, folder),
  };
}

const MOST_FILES = 50_000;

function shown({ name, twins }: Place, { file, content }: Loaded): StaticFile {
  return { path: name, content, modified: file.modified, twins };
}

function contentOf(file: Kept): Uint8Array | undefined {
  return file.content ?? file.large?.deref();
}

/** A look at a file that was there a moment ago takes microseconds: a detour through other threads costs more. */
function look(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    // In a folder that may be listed but not entered.
    if (errnoOf(error) === 'EACCES') throw error;
    return undefined;
  }
}

/** Never half of an old and half of a new file. */
async function readWhole(
  descriptor: number,
  name: string,
): Promise<{ readonly stats: Stats; readonly content: Uint8Array } | undefined> {
  for (let left = TRIES; left > 0; left -= 1) {
    // An open file answers at once: a detour through other threads costs more.
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.size > LARGEST) return undefined;
    const content = await readAll(descriptor, stats.size);
    if (content.length === stats.size && stampOf(fstatSync(descriptor)) === stampOf(stats))
      return { stats, content };
  }
  const hint = 'write files under another name first and then rename them';
  throw new Fault('file-changing', `${name} in the files folder is being written to`, hint);
}

const readElsewhere = promisify(readSome);

async function readAll(descriptor: number, size: number): Promise<Uint8Array> {
  const content = Buffer.allocUnsafeSlow(size);
  let done = 0;
  while (done < size) {
    const [from, left] = [done, size - done];
    const bytesRead =
      size <= SMALL
        ? readSync(descriptor, content, from, left, from)
        : (await readElsewhere(descriptor, content, from, left, from)).bytesRead;
    if (bytesRead === 0) return content.subarray(0, done);
    done += bytesRead;
  }
  return content;
}

async function listed(folders: Folders, folder: string): Promise<readonly ListedFile[] | undefined> {
  const places = await folders.list(folder);
  if (places === undefined) return undefined;
  const files: ListedFile[] = [];
  for (const place of places) {
    const stats = await folders.stat(place);
    if (stats === undefined || !(stats.isFile() || stats.isDirectory())) continue;
    const isDirectory = stats.isDirectory();
    const name = place.name.slice(place.name.lastIndexOf('/') + 1);
    const modified = Math.floor(stats.mtimeMs);
    files.push({ name, bytes: isDirectory ? 0 : stats.size, modified, isDirectory });
  }
  return files;
}

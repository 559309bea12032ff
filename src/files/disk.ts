// The only place that opens static files for phones. A file is in memory once for any number of phones that fetch it
// at the same time, and never longer than somebody fetches it.
import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { errnoOf } from '../base/fault.ts';

/** Larger files are refused: they would not fit a small machine's memory. Firmware of phones is below 200 MB. */
const LARGEST = 256 * 1024 * 1024;

export interface StaticFile {
  readonly path: string;
  readonly content: Uint8Array;
}

/** The files folder as doors see it. */
export interface Shelf {
  /** The first of the relative paths that is a readable file. */
  find(paths: readonly string[]): Promise<StaticFile | undefined>;
}

/** Opens the folder; it may come to exist later. Paths must have gone through `cleanName`. */
export function openShelf(root: string): Shelf {
  const loaded = new Map<string, WeakRef<Uint8Array>>();
  const loading = new Map<string, Promise<Uint8Array>>();

  const load = async (handle: FileHandle, key: string): Promise<Uint8Array> => {
    const content = await handle.readFile();
    loaded.set(key, new WeakRef(content));
    for (const [other, ref] of loaded) if (ref.deref() === undefined) loaded.delete(other);
    return content;
  };

  /** Phones that ask at the same moment share one reading. */
  const shared = async (handle: FileHandle, key: string): Promise<Uint8Array> => {
    const content = loaded.get(key)?.deref() ?? loading.get(key);
    if (content !== undefined) return await content;
    const started = load(handle, key).finally(() => loading.delete(key));
    loading.set(key, started);
    return await started;
  };

  const read = async (path: string): Promise<StaticFile | undefined> => {
    const handle = await openBelow(root, path);
    if (handle === undefined) return undefined;
    try {
      const stat = await handle.stat();
      if (!stat.isFile() || stat.size > LARGEST) return undefined;
      return { path, content: await shared(handle, `${path}:${stat.ino}:${stat.size}:${stat.mtimeMs}`) };
    } finally {
      await handle.close();
    }
  };

  return {
    find: async (paths) => {
      for (const path of paths) {
        const file = await read(path);
        if (file !== undefined) return file;
      }
      return undefined;
    },
  };
}

/** Nothing is opened whose real place lies outside the root, whatever links say. */
async function openBelow(root: string, path: string): Promise<FileHandle | undefined> {
  try {
    const base = await realpath(root);
    const real = await realpath(join(base, path));
    if (!real.startsWith(base + sep)) return undefined;
    // O_NONBLOCK: a FIFO in the folder must not hold the daemon up.
    return await open(real, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (UNREADABLE.has(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

const UNREADABLE = new Set([
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'ELOOP',
  'ENAMETOOLONG',
  'ENXIO',
  'EISDIR',
  'EINVAL',
]);

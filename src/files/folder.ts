// What lies in the folders below a root, by name and without regard to case. Each folder is looked at once a second at
// most, however many phones ask, and names that are not there cost nothing.
import { closeSync, constants, open, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { promisify } from 'node:util';
import { errnoOf } from '../base/fault.ts';
import type { Millis } from '../base/world.ts';

/** How long what was seen on disk is believed. */
export const BELIEVED = 1000;

export interface FolderOptions {
  readonly now: () => Millis;
  /** Whether a name in another case is taken when there is none as asked. */
  readonly isCaseIgnored: boolean;
}

/** A place on disk that a name stands for; what is there may be anything. */
export interface Place {
  /** As it is on disk, below the root. */
  readonly name: string;
  readonly path: string;
  /** All names that differ from it in nothing but case, where several do. */
  readonly twins?: readonly string[] | undefined;
}

export interface Folders {
  /** Without a look at the disk; 'unsure' when one is due. */
  peek(name: string): Place | undefined | 'unsure';
  find(name: string): Promise<Place | undefined>;
  /** The names in a folder ('' is the root), sorted; undefined where there is none. */
  list(name: string): Promise<readonly Place[] | undefined>;
  /** What is there, where it lies below the root. */
  stat(place: Place): Promise<Stats | undefined>;
  /**
   * A descriptor for reading, to be closed by the caller; undefined where that is not below the root, whatever links
   * say. Look first that it is a plain file: the opening alone can set a device going.
   */
  open(place: Place): Promise<number | undefined>;
}

interface Folder {
  readonly real: string;
  readonly stamp: string;
  /** By their lower-case form, each list sorted. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  /** Those that were found under the one name that they have. */
  readonly places: Map<string, Place>;
  /** Changed so shortly before it was read that more may have changed within the same tick of the file system. */
  readonly isFresh: boolean;
  readonly seenAt: Millis;
}

/** The root may come to exist later, and may be a link itself. */
export function openFolders(root: string, { now, isCaseIgnored }: FolderOptions): Folders {
  const seen = new Map<string, Folder | { readonly seenAt: Millis }>();
  const looking = new Map<string, Promise<Folder | undefined>>();

  const look = async (path: string): Promise<Folder | undefined> => {
    const before = seen.get(path);
    const folder = await readFolder({ root, path, before: isFolder(before) ? before : undefined, now });
    if (seen.size >= MOST_FOLDERS) seen.clear();
    seen.set(path, folder ?? { seenAt: now() });
    return folder;
  };
  const believed = (path: string): Folder | undefined | 'unsure' => {
    const known = seen.get(path);
    if (known === undefined || now() - known.seenAt >= BELIEVED) return 'unsure';
    return isFolder(known) ? known : undefined;
  };
  /** All that ask at the same moment share one look. */
  const folderAt = async (path: string): Promise<Folder | undefined> => {
    const known = believed(path);
    if (known !== 'unsure') return known;
    const started = looking.get(path) ?? look(path).finally(() => looking.delete(path));
    looking.set(path, started);
    return await started;
  };

  const pick = (folder: Folder, path: string, name: string): Place | undefined => {
    const same = folder.names.get(name.toLowerCase());
    if (same === undefined) return undefined;
    const isThere = same.includes(name);
    const found = isThere ? name : isCaseIgnored ? same[0] : undefined;
    if (found === undefined) return undefined;
    if (!isThere && same.length > 1) return placeOf(folder, path, found, same);
    const known = folder.places.get(found);
    if (known !== undefined) return known;
    const place = placeOf(folder, path, found);
    folder.places.set(found, place);
    return place;
  };

  const peek: Folders['peek'] = (name) => {
    let path = '';
    const parts = name.split('/');
    for (const [index, part] of parts.entries()) {
      const folder = believed(path);
      if (folder === 'unsure' || folder === undefined) return folder;
      const place = pick(folder, path, part);
      if (place === undefined || index === parts.length - 1) return place;
      path = place.name;
    }
    return undefined;
  };
  const find: Folders['find'] = async (name) => {
    let path = '';
    const parts = name.split('/');
    for (const [index, part] of parts.entries()) {
      const folder = await folderAt(path);
      const place = folder && pick(folder, path, part);
      if (place === undefined || index === parts.length - 1) return place;
      path = place.name;
    }
    return undefined;
  };

  return {
    peek,
    find,
    list: async (name) => {
      const path = name === '' ? '' : (await find(name))?.name;
      const folder = path === undefined ? undefined : await folderAt(path);
      if (path === undefined || folder === undefined) return undefined;
      const names = [...folder.names.values()]
        .flat()
        .filter((one) => !one.startsWith('.'))
        .sort();
      return names.map((one) => ({
        name: path === '' ? one : `${path}/${one}`,
        path: join(folder.real, one),
      }));
    },
    stat: async ({ path }) =>
      await unlessUnreadable(async () => {
        const real = await realBelow(root, path);
        return real === undefined ? undefined : await stat(real);
      }),
    open: async ({ path }) => {
      const base = believed('');
      return await openBelow(isFolder(base) ? base.real : await realpath(root), path);
    },
  };
}

const MOST_FOLDERS = 1000;

function isFolder(known: Folder | { readonly seenAt: Millis } | 'unsure' | undefined): known is Folder {
  return typeof known === 'object' && 'names' in known;
}

function placeOf({ real }: Folder, path: string, found: string, twins?: readonly string[]): Place {
  return { name: path === '' ? found : `${path}/${found}`, path: join(real, found), twins };
}

interface Reading {
  readonly root: string;
  readonly path: string;
  readonly before: Folder | undefined;
  readonly now: () => Millis;
}

async function readFolder({ root, path, before, now }: Reading): Promise<Folder | undefined> {
  const seenAt = now();
  return await unlessUnreadable(async () => {
    const base = await realpath(root);
    const real = await realpath(join(base, path));
    if (real !== base && !real.startsWith(base + sep)) return undefined;
    const stats = await stat(real);
    if (!stats.isDirectory()) return undefined;
    const stamp = stampOf(stats);
    if (before?.real === real && before.stamp === stamp && !before.isFresh) return { ...before, seenAt };
    const names = new Map<string, string[]>();
    for (const name of (await readdir(real)).sort()) {
      const same = names.get(name.toLowerCase());
      if (same === undefined) names.set(name.toLowerCase(), [name]);
      else same.push(name);
    }
    return { real, stamp, names, places: new Map(), isFresh: isJustChanged(stats, seenAt), seenAt };
  });
}

const openFile = promisify(open);

/** `base` is the real place of the root. */
async function openBelow(base: string, path: string): Promise<number | undefined> {
  return await unlessUnreadable(async () => {
    // A FIFO in the place of the file must not hold the daemon up.
    const descriptor = await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
    // Any part of the path may have become a link: what counts is what was opened.
    if (realPlaceOf(descriptor, path)?.startsWith(base + sep) === true) return descriptor;
    closeSync(descriptor);
    return undefined;
  });
}

/** By the kernel's word, or where it has none (elsewhere than on Linux) by that of the path. */
function realPlaceOf(descriptor: number, path: string): string | undefined {
  for (const look of [() => readlinkSync(`/proc/self/fd/${descriptor}`), () => realpathSync(path)]) {
    try {
      return look();
    } catch {
      // The next one may know.
    }
  }
  return undefined;
}

/** The real place of a path, where it is below the root. */
async function realBelow(root: string, path: string): Promise<string | undefined> {
  const base = await realpath(root);
  const real = await realpath(path);
  return real.startsWith(base + sep) ? real : undefined;
}

/** What changes when a file does. */
export function stampOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}`;
}

/** Another change within the same tick of the file system would leave the stamp as it is. */
export function isJustChanged({ mtimeMs, ctimeMs }: Stats, now: Millis): boolean {
  return Math.max(mtimeMs, ctimeMs) > now - 2000;
}

async function unlessUnreadable<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await work();
  } catch (error) {
    if (UNREADABLE.has(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

const UNREADABLE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO', 'EISDIR', 'EINVAL']);

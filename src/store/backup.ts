// A backup is one file: journal and certificates, versioned and checksummed. A restore is laid beside the state and
// takes its place at the next opening, so that a crash at any moment leaves either the old state or the new one.
// Format 1: the line "unboxd-backup 1 <SHA-256 of the rest>\n", a line of JSON, then the files in its order, gzipped.
import { createHash } from 'node:crypto';
import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { errnoOf, Fault, messageOf } from '../base/fault.ts';
import { checkShape, type ShapeOf, shape } from '../base/shape.ts';
import type { Millis } from '../base/world.ts';
import { writeDurably } from './durable.ts';
import { decodeJournal, unwritable } from './journal.ts';

/** What the backup says of itself. */
export interface BackupFacts {
  readonly made: Millis;
  /** Version of unboxd. */
  readonly by: string;
}

export interface BackupFile {
  /** Below the state folder: `journal`, `certs/ca.key`. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: Uint8Array;
}

export interface Backup extends BackupFacts {
  readonly files: readonly BackupFile[];
  readonly records: number;
}

const JOURNAL = 'journal';
const CERTS = 'certs';
/** What waits to take the place of the state. */
const WAITING = 'restore.waiting';
/** Largest sum of files that is taken: a broken length must not fill the memory. */
const MOST_BYTES = 500_000_000;

const listShape = shape.object({
  made: shape.number(),
  by: shape.string(),
  files: shape.array(
    shape.object({
      // Nothing outside the state folder, and nothing else in it, is ever written by a restore.
      path: shape.string().regex(/^(?:journal|certs\/[A-Za-z0-9_-][\w.-]*)$/),
      mode: shape.int().min(0).max(0o777),
      size: shape.int().min(0).max(MOST_BYTES),
    }),
  ),
});

/** The backup of a state whose journal is `journal`. */
export async function makeBackup(
  folder: string,
  journal: Uint8Array,
  facts: BackupFacts,
): Promise<Uint8Array> {
  const files = [{ path: JOURNAL, mode: 0o640, bytes: journal }, ...(await certificates(folder))];
  const list = {
    ...facts,
    files: files.map(({ path, mode, bytes }) => ({ path, mode, size: bytes.length })),
  };
  const packed = await promisify(gzip)(Buffer.concat(files.map(({ bytes }) => bytes)));
  const rest = Buffer.concat([Buffer.from(`${JSON.stringify(list)}\n`), packed]);
  return Buffer.concat([Buffer.from(`unboxd-backup 1 ${sum(rest)}\n`), rest]);
}

async function certificates(folder: string): Promise<readonly BackupFile[]> {
  const names = await readdir(join(folder, CERTS)).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    // A backup without the keys would look whole until the day it is needed.
    throw error;
  });
  const kept = names.filter((name) => /^[\w-]+\.(?:pem|key)$/.test(name)).sort();
  return await Promise.all(
    kept.map(async (name) => {
      const path = join(folder, CERTS, name);
      const { mode } = await stat(path);
      return { path: `${CERTS}/${name}`, mode: mode & 0o777, bytes: await readFile(path) };
    }),
  );
}

function sum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Reads and verifies every byte. Rejects with a Fault for anything that is not a whole backup. */
export async function readBackup(name: string, bytes: Uint8Array): Promise<Backup> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [, format = '', digest = ''] =
    /^unboxd-backup (\d+) ([0-9a-f]{64})\n/.exec(text.toString('latin1', 0, 100)) ?? [];
  if (format === '') throw broken(name, 'it does not begin as one');
  if (format !== '1') {
    const hint = 'restore it with the version of unboxd that made it, or a newer one';
    throw new Fault(
      'backup-unknown',
      `${name} is a backup of format ${format}, which this version cannot read`,
      hint,
    );
  }
  const rest = text.subarray(text.indexOf('\n') + 1);
  if (sum(rest) !== digest) throw broken(name, 'its checksum does not fit: it was cut off or changed');
  const end = rest.indexOf('\n');
  const list = listOf(name, rest.toString('utf8', 0, end));
  const content = await unpacked(name, rest.subarray(end + 1));
  const files: BackupFile[] = [];
  let at = 0;
  for (const { path, mode, size } of list.files) {
    files.push({ path, mode, bytes: content.subarray(at, at + size) });
    at += size;
  }
  if (at !== content.length) throw broken(name, 'its list of files does not fit its content');
  const journal = files.find(({ path }) => path === JOURNAL);
  if (journal === undefined) throw broken(name, 'there is no journal in it');
  const { records, cut } = decodeJournal(`the journal in ${name}`, journal.bytes);
  if (cut > 0) throw broken(name, 'the journal in it is torn');
  return { made: list.made, by: list.by, files, records: records.length };
}

function listOf(name: string, text: string): ShapeOf<typeof listShape> {
  try {
    const list = checkShape(listShape, JSON.parse(text));
    if (list.ok) return list.value;
  } catch {
    // Told below.
  }
  throw broken(name, 'its list of files makes no sense');
}

async function unpacked(name: string, packed: Uint8Array): Promise<Buffer> {
  try {
    return await promisify(gunzip)(packed, { maxOutputLength: MOST_BYTES });
  } catch (error) {
    throw broken(name, messageOf(error));
  }
}

function broken(name: string, why: string): Fault {
  return new Fault(
    'backup-broken',
    `${name} is no backup that can be restored: ${why}`,
    'take another one; nothing was changed',
  );
}

/** Lays a verified backup beside the state, on disk when this resolves. The next opening of the state takes it. */
export async function layRestore(folder: string, name: string, bytes: Uint8Array): Promise<Backup> {
  const backup = await readBackup(name, bytes);
  await keepDurably(join(folder, WAITING), bytes, 0o600);
  return backup;
}

/**
 * Puts what waits into its place, if something does. The old journal stays as `journal.before-restore`. After a crash in
 * the middle all is done once more, which changes nothing.
 */
export async function applyRestore(folder: string): Promise<void> {
  const waiting = join(folder, WAITING);
  const bytes = await readFile(waiting).catch((error: unknown) => {
    // Where the folder itself is wrong, whoever opens the journal says so.
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw unwritable(waiting, error);
  });
  if (bytes === undefined) return;
  const { files } = await readBackup(waiting, bytes);
  const journal = join(folder, JOURNAL);
  const old = await readFile(journal).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw unwritable(journal, error);
  });
  const isDone = files.some(({ path, bytes: fresh }) => path === JOURNAL && old?.equals(fresh) === true);
  // Done once more, the journal is the new one already: it must not be kept in place of the old.
  if (old !== undefined && !isDone) await keepDurably(`${journal}.before-restore`, old, 0o640);
  for (const { path, mode, bytes: content } of files) await keepDurably(join(folder, path), content, mode);
  await unlink(waiting);
}

/** As writeDurably, and a Fault says what could not be written. */
export async function keepDurably(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  await writeDurably(path, bytes, mode).catch((error: unknown) => {
    throw unwritable(path, error);
  });
}

// Looks at the state folder, at permissions and at certificates.
import { constants } from 'node:fs';
import { access, open, readdir, readFile, stat, statfs, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { readCertificate } from '../certs/facts.ts';
import { nameOfId } from './proc.ts';
import type { CertificateFile, FileFacts, FolderFacts } from './survey.ts';

const TRIES = 20;
/** About the length of a stored lease. */
const RECORD = Buffer.alloc(150, 'x');
/** statfs(2). */
const KINDS: Readonly<Record<number, FolderFacts['kind']>> = { 16914836: 'tmpfs', 2035054128: 'overlay' };

/** Writes a few small records into the folder and takes them away again. */
export async function folderFacts(path: string): Promise<FolderFacts> {
  const exists = await may(path, constants.F_OK);
  const nearest = await nearestFolder(path);
  const isWritable = await may(nearest, constants.W_OK | constants.X_OK);
  const owner = await ownerOf(nearest);
  const facts = { path, exists, isWritable, owner };
  if (!exists) return facts;
  const room = await roomOf(path);
  return { ...facts, ...room, flush: isWritable ? await flushTime(path) : undefined };
}

async function roomOf(path: string): Promise<Pick<FolderFacts, 'free' | 'freeFiles' | 'kind'>> {
  const { bavail, bsize, files, ffree, type } = await statfs(path);
  return { free: bavail * bsize, freeFiles: files === 0 ? undefined : ffree, kind: KINDS[type] ?? 'disk' };
}

/** The median of ms until a small write is on the disk, as each group of leases needs it before its ACK. */
async function flushTime(folder: string): Promise<number | undefined> {
  const path = join(folder, `.doctor-${process.pid}`);
  try {
    const handle = await open(path, 'w', 0o600);
    try {
      const times: number[] = [];
      for (let at = 0; at < TRIES; at += 1) {
        const began = performance.now();
        await handle.write(RECORD);
        await handle.datasync();
        times.push(performance.now() - began);
      }
      return times.sort((a, b) => a - b)[TRIES / 2];
    } finally {
      await handle.close();
      await unlink(path);
    }
  } catch {
    // Full or read-only: room and permissions have their own findings.
    return undefined;
  }
}

async function nearestFolder(path: string): Promise<string> {
  if (path === dirname(path) || (await may(path, constants.F_OK))) return path;
  return await nearestFolder(dirname(path));
}

async function may(path: string, mode: number): Promise<boolean> {
  return await access(path, mode).then(
    () => true,
    () => false,
  );
}

async function nameOf(table: string, id: number): Promise<string> {
  return nameOfId(await readFile(table, 'utf8').catch(() => ''), id) ?? String(id);
}

async function ownerOf(path: string): Promise<string | undefined> {
  const { uid } = await stat(path);
  return await nameOf('/etc/passwd', uid);
}

type Wanted = Pick<FileFacts, 'path' | 'role' | 'what'>;

/** Of those that are there. */
export async function fileFacts(files: readonly Wanted[]): Promise<readonly FileFacts[]> {
  const facts = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file.path).catch(() => undefined);
      if (found === undefined) return [];
      const [owner, group] = [await nameOf('/etc/passwd', found.uid), await nameOf('/etc/group', found.gid)];
      return [
        { ...file, owner, group, mode: found.mode & 0o777, isReadable: await may(file.path, constants.R_OK) },
      ];
    }),
  );
  return facts.flat();
}

/** Keys (`*.key`) in the folder of the certificates. */
export async function keysIn(folder: string): Promise<readonly Wanted[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.endsWith('.key'))
    .map((name) => ({ path: join(folder, name), role: 'key', what: 'the private key' }));
}

const CERTIFICATES = [
  { name: 'ca.pem', what: 'the CA certificate', renews: false },
  { name: 'installed.pem', what: 'the installed server certificate', renews: false },
  { name: 'server.pem', what: 'the server certificate', renews: true },
];

/** The dates of those that are there. One that was installed stands for the one that the daemon makes. */
export async function certificateFacts(folder: string): Promise<readonly CertificateFile[]> {
  const found: CertificateFile[] = [];
  for (const { name, what, renews } of CERTIFICATES) {
    const path = join(folder, name);
    const text = await readFile(path).catch(() => undefined);
    if (text === undefined) continue;
    try {
      const { notBefore, notAfter } = readCertificate(text);
      found.push({ path, what, renews, notBefore, notAfter });
    } catch {
      // Broken: as good as run out.
      found.push({ path, what, renews, notBefore: 0, notAfter: 0 });
    }
  }
  const isInstalled = found.some(({ path }) => path.endsWith('installed.pem'));
  return found.filter(({ renews }) => !(isInstalled && renews));
}

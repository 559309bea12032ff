// Writes the files that must not be lost or torn: keys, certificates, backups.
import { chown, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Whole and on disk, or not at all. Makes its folder. Rejects with what the system says. */
export async function writeDurably(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  await makeFolder(dirname(path));
  const file = await open(`${path}.new`, 'w', mode);
  try {
    await file.writeFile(content);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
  await giveTo(`${path}.new`, dirname(path));
  await rename(`${path}.new`, path);
  const folder = await open(dirname(path), 'r');
  await folder.sync().finally(async () => await folder.close());
}

/** Not for everybody on this machine. One that is there stays as it is. */
export async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o750 });
  if (made !== undefined) await giveTo(made, dirname(made));
}

/** What root puts into the folder of the daemon is the daemon's. */
async function giveTo(path: string, folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  await chown(path, uid, gid);
}

// Which sockets a process has open, as /proc shows it.
import { readdir, readlink } from 'node:fs/promises';

/** Their inodes, as the tables of /proc/net name them; none where this user may not look. */
export async function socketsOf(pid: string): Promise<ReadonlySet<string>> {
  const links = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(
    links.map(async (fd) => await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
  );
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
}

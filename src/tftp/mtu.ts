// How much an interface carries in one piece.
import { readFile } from 'node:fs/promises';

/** The MTU of an interface; undefined where the kernel does not say. */
export async function readMtu(name: string): Promise<number | undefined> {
  const text = await readFile(`/sys/class/net/${name}/mtu`, 'utf8').catch(() => '');
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

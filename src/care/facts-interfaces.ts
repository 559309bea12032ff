// The interfaces that could be the staging LAN, also those without link or address.
import { readdir } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { parseIpv4 } from '../base/ipv4.ts';
import { textOf } from './facts-machine.ts';
import type { Candidate } from './proposal.ts';

const SYS_NET = '/sys/class/net';
/** IFF_UP and IFF_LOOPBACK of linux/if.h; ARPHRD_ETHER of linux/if_arp.h. */
const IS_UP = 1;
const IS_LOOPBACK = 8;
const ETHERNET = '1';

/** Every interface of the kind that a cable goes into, by name. */
export async function listCandidates(): Promise<readonly Candidate[]> {
  const names = (await readdir(SYS_NET).catch(() => Object.keys(networkInterfaces()))).sort();
  const wayOut = wayOutOf((await textOf('/proc/self/net/route')) ?? '');
  const found = await Promise.all(names.map(async (name) => await candidate(name, name === wayOut)));
  return found.flat();
}

async function candidate(name: string, isWayOut: boolean): Promise<readonly Candidate[]> {
  const flags = Number((await textOf(`${SYS_NET}/${name}/flags`)) ?? IS_UP);
  const kind = ((await textOf(`${SYS_NET}/${name}/type`)) ?? ETHERNET).trim();
  if ((flags & IS_LOOPBACK) !== 0 || kind !== ETHERNET) return [];
  const hasLink = (await textOf(`${SYS_NET}/${name}/carrier`))?.trim() !== '0';
  const state = (flags & IS_UP) === 0 ? 'down' : hasLink ? 'up' : 'no-link';
  const first = networkInterfaces()[name]?.find(({ family }) => family === 'IPv4');
  const address = parseIpv4(first?.address ?? '');
  const prefix = Number(first?.cidr?.split('/')[1] ?? 32);
  return [{ name, state, isWayOut, ...(address === undefined ? {} : { address, prefix }) }];
}

/** The interface of the default route in /proc/net/route: its destination and mask are zero. */
export function wayOutOf(table: string): string | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [name, destination, , , , , , mask] = line.trim().split(/\s+/);
    if (destination === '00000000' && mask === '00000000') return name;
  }
  return undefined;
}

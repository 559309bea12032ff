// Which hardware address answers for an IPv4 address: the kernel's ARP table.
import { readFile } from 'node:fs/promises';
import { type Ipv4, showIpv4 } from '../base/ipv4.ts';
import { isUnusableMac, type Mac, parseMac } from '../base/mac.ts';

/** The second form is there where a hardened service does not see the rest of /proc (ProcSubset=pid). */
const TABLES = ['/proc/net/arp', '/proc/self/net/arp'];
/** ATF_COM of linux/if_arp.h: the entry is complete. */
const IS_COMPLETE = 2;

/** The hardware address behind an address on our LAN; undefined when the kernel has not heard of it. */
export async function neighbourOf(address: Ipv4): Promise<Mac | undefined> {
  return parseNeighbours(await readTable()).get(showIpv4(address));
}

/** Complete entries of the table, by address. */
export function parseNeighbours(table: string): ReadonlyMap<string, Mac> {
  const neighbours = new Map<string, Mac>();
  for (const line of table.split('\n').slice(1)) {
    const [address = '', , flags = '0', hardware = ''] = line.trim().split(/\s+/);
    const mac = parseMac(hardware);
    if (mac === undefined || isUnusableMac(mac) || (Number(flags) & IS_COMPLETE) === 0) continue;
    neighbours.set(address, mac);
  }
  return neighbours;
}

async function readTable(): Promise<string> {
  for (const path of TABLES) {
    try {
      return await readFile(path, 'utf8');
    } catch {
      // The next one may be readable; without any, we know no neighbours.
    }
  }
  return '';
}

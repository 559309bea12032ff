// Which hardware address answers for an IPv4 address: the kernel's ARP table.
import { readFileSync } from 'node:fs';
import { Fault } from '../base/fault.ts';
import { type Ipv4, showIpv4 } from '../base/ipv4.ts';
import { isUnusableMac, type Mac, parseMac } from '../base/mac.ts';

/** The second form is there where a hardened service does not see the rest of /proc (ProcSubset=pid). */
const TABLES = ['/proc/net/arp', '/proc/self/net/arp'];
/** ATF_COM of linux/if_arp.h: the entry is complete. */
const IS_COMPLETE = 2;

/** The hardware address behind an address on our LAN; undefined when the kernel has not heard of it. */
export async function neighbourOf(address: Ipv4): Promise<Mac | undefined> {
  return await Promise.resolve(parseNeighbours(readTable() ?? '').get(showIpv4(address)));
}

/**
 * Everyone of whom the kernel has heard, by dotted address; of one interface where it is named, since two LANs may use
 * the same addresses. Rejects with a Fault where there is no such table: that is not the same as having no neighbours.
 */
export async function readNeighbours(interfaceName?: string): Promise<ReadonlyMap<string, Mac>> {
  const table = readTable();
  if (table !== undefined) return await Promise.resolve(parseNeighbours(table, interfaceName));
  const hint = 'nothing shows who uses an address: give the service /proc, or set dhcp.conflictCheck to off';
  throw new Fault('no-arp-table', `${TABLES[0]} cannot be read`, hint);
}

/** Complete entries of the table, by address. */
export function parseNeighbours(table: string, interfaceName?: string): ReadonlyMap<string, Mac> {
  const neighbours = new Map<string, Mac>();
  for (const line of table.split('\n').slice(1)) {
    const [address = '', , flags = '0', hardware = '', , device = ''] = line.trim().split(/\s+/);
    if (interfaceName !== undefined && device !== interfaceName) continue;
    if ((Number(flags) & IS_COMPLETE) === 0) continue;
    const mac = parseMac(hardware);
    if (mac !== undefined && !isUnusableMac(mac)) neighbours.set(address, mac);
  }
  return neighbours;
}

/**
 * At once, since the kernel has it in memory: read by the thread pool it would wait behind the journal on a slow card,
 * and every address that is looked for with it.
 */
function readTable(): string | undefined {
  for (const path of TABLES) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // The next one may be readable.
    }
  }
  return undefined;
}

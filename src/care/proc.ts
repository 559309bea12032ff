// Reads the tables of /proc (proc(5)): who holds which port, and what a process may do.

/** A line of /proc/net/udp, tcp and their IPv6 forms. */
export interface SocketLine {
  readonly port: number;
  readonly inode: string;
  /** Bytes that wait to be read. */
  readonly queue: number;
  /** Datagrams lost for want of room; UDP only. */
  readonly drops: number;
  /** TCP: waits for connections. Every UDP socket counts as one that does. */
  readonly listens: boolean;
}

/** TCP_LISTEN of linux/tcp_states.h. */
const LISTEN = '0A';
/** tx_queue:rx_queue are one column, in hex. */
const COLUMNS = { local: 1, state: 3, queues: 4, inode: 9, drops: 12 } as const;

export function parseSockets(table: string, transport: 'tcp' | 'udp'): readonly SocketLine[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const columns = line.trim().split(/\s+/);
      const port = Number.parseInt(columns[COLUMNS.local]?.split(':').at(-1) ?? '', 16);
      const queue = Number.parseInt(columns[COLUMNS.queues]?.split(':')[1] ?? '', 16);
      const inode = columns[COLUMNS.inode];
      if (Number.isNaN(port) || Number.isNaN(queue) || inode === undefined) return [];
      const listens = transport === 'udp' || columns[COLUMNS.state] === LISTEN;
      const drops = transport === 'udp' ? Number(columns[COLUMNS.drops] ?? 0) : 0;
      return [{ port, inode, queue, drops, listens }];
    });
}

/** Bits of capabilities(7). */
const CAPABILITIES = { NET_BIND_SERVICE: 10, NET_RAW: 13 } as const;

/** The effective capabilities of /proc/PID/status. */
export function parseCapabilities(status: string): ReadonlySet<string> {
  const hex = /^CapEff:\s*([0-9a-f]+)$/im.exec(status)?.[1] ?? '0';
  const bits = BigInt(`0x${hex}`);
  return new Set(
    Object.entries(CAPABILITIES).flatMap(([name, bit]) => ((bits >> BigInt(bit)) & 1n ? [name] : [])),
  );
}

/** What AmbientCapabilities= gives in a unit and its drop-ins, in their order; an empty one takes all back. */
export function parseUnit(texts: readonly string[]): ReadonlySet<string> {
  const given = new Set<string>();
  for (const [, value = ''] of texts.join('\n').matchAll(/^AmbientCapabilities=[ \t]*(.*)$/gm)) {
    if (value.trim() === '') given.clear();
    for (const name of value.trim().split(/\s+/)) if (name !== '') given.add(name.replace(/^CAP_/, ''));
  }
  return given;
}

/** User= of a unit and its drop-ins: the last counts. */
export function parseUnitUser(texts: readonly string[]): string {
  return [...texts.join('\n').matchAll(/^User=[ \t]*(\S+)/gm)].at(-1)?.[1] ?? 'root';
}

/** The name of a number in /etc/passwd or /etc/group. */
export function nameOfId(table: string, id: number): string | undefined {
  return table
    .split('\n')
    .find((line) => line.split(':')[2] === String(id))
    ?.split(':')[0];
}

/** The number of a name in /etc/passwd or /etc/group. */
export function idOfName(table: string, name: string): number | undefined {
  const id = table
    .split('\n')
    .find((line) => line.split(':')[0] === name)
    ?.split(':')[2];
  return id === undefined ? undefined : Number(id);
}

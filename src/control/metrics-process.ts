// What the kernel and the runtime say of this process: memory, processor, descriptors, the loop, and our UDP sockets.
import { readdir, readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { socketsOf } from '../care/facts-sockets.ts';
import { parseSockets, type SocketLine } from '../care/proc.ts';
import { type Family, single } from './metrics-text.ts';

/** ms. Phones notice less than nothing of it, and it costs no measurable time. */
const RESOLUTION = 20;
/** ms. A window that was read is kept so long, so that two readers do not take each other's peaks away. */
const WINDOW = 60_000;

export interface LoopDelay {
  read(now: number): Family;
  close(): void;
}

/** How late the loop of the doors for DHCP and PnP is. What is told is of the last one to two windows. */
export function watchLoop(now: number): LoopDelay {
  const windows = [RESOLUTION, RESOLUTION].map((resolution) => monitorEventLoopDelay({ resolution }));
  for (const window of windows) window.enable();
  let begun = now;
  return {
    read: (at) => {
      const [older, younger] = windows;
      if (at - begun >= WINDOW && older !== undefined && younger !== undefined) {
        older.reset();
        windows.reverse();
        begun = at;
      }
      const shown = windows[0];
      const samples = (['p50', 'p99', 'max'] as const).map((stat) => ({
        labels: { stat },
        value: shown === undefined ? Number.NaN : lateness(percentileOf(shown, stat)),
      }));
      return {
        name: 'unboxd_event_loop_delay_seconds',
        type: 'gauge',
        help: 'How late the event loop was, in the last one to two minutes.',
        samples,
      };
    },
    close: () => {
      for (const window of windows) window.disable();
    },
  };
}

function percentileOf(window: ReturnType<typeof monitorEventLoopDelay>, stat: 'p50' | 'p99' | 'max'): number {
  if (stat === 'max') return window.max;
  return window.percentile(stat === 'p50' ? 50 : 99);
}

/** Node measures from one tick of its timer to the next, in ns: a loop that is never late shows the resolution. */
function lateness(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - RESOLUTION) / 1000;
}

/**
 * Memory, processor and descriptors, under the names that Prometheus recommends to all. `started` is a moment in seconds
 * since 1970, found out once: the clock may be set meanwhile.
 */
export async function processFamilies(started: number): Promise<readonly Family[]> {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const descriptors = await readdir('/proc/self/fd').catch(() => undefined);
  const most = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN);
  return [
    single('process_resident_memory_bytes', 'gauge', 'Memory in use.', rss),
    single('process_heap_bytes', 'gauge', 'Memory in use by JavaScript of the main thread.', heapUsed),
    single('process_cpu_seconds_total', 'counter', 'Processor time used.', (user + system) / 1e6),
    single('process_open_fds', 'gauge', 'Open file descriptors.', descriptors?.length ?? Number.NaN),
    single('process_max_fds', 'gauge', 'The most file descriptors that may be open.', most),
    single('process_start_time_seconds', 'gauge', 'When it was started, seconds since 1970.', started),
  ];
}

/** A UDP socket, as the kernel tells of it. */
export type UdpSocketLine = Omit<SocketLine, 'listens'>;

/** Ports that stand for a door. All others carry one conversation each: TFTP transfers, mostly. */
const DOOR_OF_PORT = [
  [67, 'dhcp'],
  [68, 'dhcp-guard'],
  [5060, 'pnp'],
] as const;

export interface UdpBuffers {
  read(): Promise<readonly Family[]>;
}

/** `own` gives the lines of our sockets. */
export function watchUdp(
  tftpPort: number,
  own: () => Promise<readonly UdpSocketLine[]> = ownUdpSockets,
): UdpBuffers {
  const doors = new Map<number, string>([...DOOR_OF_PORT, [tftpPort, 'tftp']]);
  const lost = new Map<string, number>();
  let before = new Map<string, number>();
  return {
    read: async () => {
      const lines = await own();
      const queued = new Map<string, number>();
      for (const { port, inode, queue, drops } of lines) {
        const door = doors.get(port) ?? 'other';
        queued.set(door, (queued.get(door) ?? 0) + queue);
        // The kernel counts for each socket, and forgets with it; a counter must not go back.
        lost.set(door, (lost.get(door) ?? 0) + Math.max(0, drops - (before.get(inode) ?? 0)));
      }
      before = new Map(lines.map(({ inode, drops }) => [inode, drops]));
      return [
        {
          name: 'unboxd_udp_receive_drops_total',
          type: 'counter',
          help: 'Datagrams lost because the receive buffer was full.',
          samples: samplesOf(lost),
        },
        {
          name: 'unboxd_udp_receive_queue_bytes',
          type: 'gauge',
          help: 'Datagrams that wait in receive buffers.',
          samples: samplesOf(queued),
        },
      ];
    },
  };
}

function samplesOf(byDoor: ReadonlyMap<string, number>): Family['samples'] {
  return [...byDoor].map(([door, value]) => ({ labels: { door }, value }));
}

async function ownUdpSockets(): Promise<readonly UdpSocketLine[]> {
  const [table, inodes] = await Promise.all([
    readFile('/proc/self/net/udp', 'utf8').catch(() => ''),
    socketsOf('self'),
  ]);
  return parseSockets(table, 'udp').filter(({ inode }) => inodes.has(inode));
}

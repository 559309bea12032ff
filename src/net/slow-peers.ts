// Connections that have not asked anything yet: when too many stand about, the oldest makes room for the next, so that
// somebody who opens hundreds and says nothing (slowloris) keeps no phone out.
import type { Server, Socket } from 'node:net';

export interface SlowPeers {
  /** A whole request head came in on it. */
  spoke(socket: Socket): void;
  /** Whether it had to make room: its end is our doing. */
  wasSentAway(socket: Socket): boolean;
}

/** Sockets are the plain ones, under TLS too: there most of what stands about has not even shaken hands. */
export function watchSlowPeers(server: Pick<Server, 'on'>, { most }: { readonly most: number }): SlowPeers {
  /** In the order in which they came. */
  const silent = new Set<Socket>();
  const sentAway = new WeakSet<Socket>();
  server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
    if (silent.size <= most) return;
    const [oldest] = silent;
    if (oldest === undefined) return;
    // At once: its 'close' comes later, and until then the next one would send away the same.
    silent.delete(oldest);
    sentAway.add(oldest);
    oldest.destroy();
  });
  return {
    spoke: (socket) => void silent.delete(socket),
    wasSentAway: (socket) => sentAway.has(socket),
  };
}

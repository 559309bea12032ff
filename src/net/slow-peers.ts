// Connections that have not asked anything yet: when too many stand about, the oldest makes room for the next, so that
// somebody who opens hundreds and says nothing (slowloris) keeps no phone out.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export interface SlowPeers {
  /** A whole request head came in on it. */
  spoke(socket: Socket): void;
}

/** `secureConnection` is the event where the listener speaks TLS. */
export function watchSlowPeers(
  server: Pick<Server, 'on'>,
  options: { readonly most: number; readonly event: 'connection' | 'secureConnection' },
): SlowPeers {
  /** In the order in which they came. */
  const silent = new Set<Socket>();
  server.on(options.event, (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
    if (silent.size <= options.most) return;
    const [oldest] = silent;
    oldest?.destroy();
  });
  return { spoke: (socket) => void silent.delete(socket) };
}

// A TCP server on a LAN, whatever it speaks: kept to the interface, its trouble told as Faults, closed with all it holds.
import type { ListenOptions, Server, Socket } from 'node:net';
import { showIpv4 } from '../base/ipv4.ts';
import type { Closable } from '../base/world.ts';
import { type Bound, bindOnLan, type Ground, orFault, placeOf, type Wanted, type Way } from './ways.ts';

export interface ListenOnLan {
  readonly port: number;
  readonly purpose: string;
  readonly onTrouble: (error: Error) => void;
}

export interface Listening extends Closable {
  readonly port: number;
  readonly way: Way;
}

/** Makes the server listen. Rejects with a Fault. Closing ends every connection, whatever it is about. */
export async function listenOnLan(ground: Ground, server: Server, options: ListenOnLan): Promise<Listening> {
  const wanted = wantedOnLan(ground, options);
  const bound = await bindOnLan(ground, wanted);
  // Node's own list of HTTP connections knows none that shakes hands yet, and none that asked for CONNECT.
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await orFault(placeOf(ground, wanted), async () => await listen(server, whereOf(bound, wanted)));
  server.on('error', options.onTrouble);
  const listening = server.address();
  return {
    port: typeof listening === 'object' && listening !== null ? listening.port : options.port,
    way: bound.way,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
    },
  };
}

/** A TCP socket of our address. */
export function wantedOnLan(
  { address }: Ground,
  { port, purpose }: Pick<ListenOnLan, 'port' | 'purpose'>,
): Wanted {
  return { transport: 'tcp', port, address, purpose, shared: false, hearsAll: false };
}

function whereOf(bound: Bound, { address, port }: Wanted): ListenOptions & { readonly fd?: number } {
  return bound.way === 'plain' ? { host: showIpv4(address), port } : { fd: bound.descriptor };
}

async function listen(server: Server, options: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

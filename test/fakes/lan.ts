// A LAN in memory: hosts with addresses, broadcast, one multicast group at a time, HTTP; a cable of 0.2 ms.
import { BROADCAST, type Ipv4, isWithin, type Subnet } from '../../src/base/ipv4.ts';
import type { World } from '../../src/base/world.ts';
import type { Lan, OnDatagram, Peer, PlainAnswer, PlainRequest, UdpOptions } from '../../src/net/ports.ts';
import { fakeStreams, type StreamRules } from './stream.ts';

export interface FakeLan {
  /** A host's view of the LAN. `address` may be asked anew each time: phones get theirs later. */
  host(address: () => Ipv4): Lan;
  /** Fetches from whoever listens at that address. */
  http(to: Peer, request: PlainRequest): Promise<PlainAnswer>;
  /** Every datagram that was sent, for those who want to count. */
  readonly wire: readonly Datagram[];
  /** How TCP cuts bytes into segments; may be changed at any time. */
  readonly tcp: StreamRules;
}

interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: Peer;
  readonly to: Peer;
}

interface Bound {
  readonly address: () => Ipv4;
  readonly options: UdpOptions;
  readonly port: number;
  readonly onDatagram: OnDatagram;
}

const CABLE_MS = 0.2;

export function fakeLan(world: World, subnet: Subnet): FakeLan {
  const sockets = new Set<Bound>();
  const web = new Map<string, (request: PlainRequest) => Promise<PlainAnswer>>();
  const wire: Datagram[] = [];
  let nextPort = 49_152;
  const addresses = new Set<() => Ipv4>();
  const plugIn = (address: () => Ipv4): string => {
    addresses.add(address);
    return 'lan0';
  };
  const streams = fakeStreams(world, (wanted) => [...addresses].some((address) => address() === wanted));

  const reaches = (socket: Bound, to: Peer): boolean => {
    if (socket.port !== to.port) return false;
    const own = socket.options.address ?? socket.address();
    return to.address === BROADCAST || to.address === own || to.address === socket.options.group;
  };
  const deliver = (datagram: Datagram, sender: Bound): void => {
    for (const socket of sockets) {
      if (socket !== sender && reaches(socket, datagram.to)) socket.onDatagram(datagram.bytes, datagram.from);
    }
  };

  return {
    wire,
    tcp: streams.rules,
    http: async (to, request) => {
      const answer = web.get(`${to.address}:${to.port}`);
      if (answer === undefined) throw new Error('connection refused');
      const got = await answer(request);
      got.sent?.({ complete: true, bytes: got.body?.length ?? 0 });
      return got;
    },
    host: (address) => ({
      interface: plugIn(address),
      get address() {
        return address();
      },
      subnet,
      listenTcp: async (options, accept) => await streams.listen(address, options, accept),
      dialTcp: async (options, handlers) => await streams.dial(address, options, handlers),
      openUdp: async (options, onDatagram) => {
        const port = options.port === 0 ? nextPort++ : options.port;
        const bound: Bound = { address, options, port, onDatagram };
        sockets.add(bound);
        return await Promise.resolve({
          port,
          send: (bytes, to) => {
            const datagram = {
              bytes: bytes.slice(),
              from: { address: options.address ?? address(), port },
              to,
            };
            wire.push(datagram);
            const onLan =
              to.address === BROADCAST || to.address >>> 28 === 14 || isWithin(subnet, to.address);
            if (onLan) world.after(CABLE_MS, () => deliver(datagram, bound));
          },
          close: async () => {
            sockets.delete(bound);
            await Promise.resolve();
          },
        });
      },
      listenHttp: async ({ port }, answer) => {
        const key = `${address()}:${port}`;
        web.set(key, answer);
        return await Promise.resolve({
          close: async () => {
            web.delete(key);
            await Promise.resolve();
          },
        });
      },
    }),
  };
}

// The LAN as hundreds of phones in one process see it: plain sockets, for a namespace with one interface needs no
// pinning, and one socket for the answers that DHCP broadcasts, handed to the phone that each names.
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { ANY, parseIpv4, showIpv4, subnetOf } from '../../src/base/ipv4.ts';
import { type Mac, macFromBytes } from '../../src/base/mac.ts';
import type { Closable } from '../../src/base/world.ts';
import type { Lan, OnDatagram, UdpOptions, UdpSocket } from '../../src/net/ports.ts';

/** Where chaddr begins in a DHCP message (RFC 2131 section 2). */
const CHADDR = 28;
const DHCP_CLIENT = 68;

export interface PhonesLan extends Closable {
  /** The LAN of one phone. `overhear` is called with whatever reaches a port of its own. */
  lanFor(mac: Mac, overhear: (bytes: Uint8Array, port: number) => void): Lan;
}

/** Opens the shared socket for DHCP; the others are opened when a phone wants them. */
export async function openPhonesLan(name: string): Promise<PhonesLan> {
  const [own] = networkInterfaces()[name] ?? [];
  const readers = new Map<Mac, OnDatagram>();
  const dhcp = await openPlain(
    { port: DHCP_CLIENT, purpose: 'simulated phones', onTrouble: () => undefined },
    (bytes, from) => {
      const named = macFromBytes(bytes.subarray(CHADDR));
      if (named !== undefined) readers.get(named)?.(bytes, from);
    },
  );
  const none = async (): Promise<never> =>
    await Promise.reject(new Error('simulated phones open no listeners'));
  return {
    close: dhcp.close,
    lanFor: (mac, overhear) => ({
      interface: name,
      address: ANY,
      subnet: subnetOf(ANY, 0),
      listenHttp: none,
      listenTcp: none,
      dialTcp: none,
      openUdp: async (options, onDatagram) => {
        if (options.port !== DHCP_CLIENT)
          return await openPlain({ ...options, near: own?.address }, (bytes, from) => {
            overhear(bytes, options.port);
            onDatagram(bytes, from);
          });
        readers.set(mac, onDatagram);
        return {
          port: dhcp.port,
          send: dhcp.send,
          close: async () => {
            readers.delete(mac);
            await Promise.resolve();
          },
        };
      },
    }),
  };
}

interface Wanted extends UdpOptions {
  /** Names the interface for multicasts: the kernel takes the addresses that are not on its list for those of lo. */
  readonly near?: string | undefined;
}

async function openPlain(options: Wanted, onDatagram: OnDatagram): Promise<UdpSocket> {
  const socket = createSocket({ type: 'udp4', lookup: (address, _options, done) => done(null, address, 4) });
  socket.on('message', (bytes, { address, port }) =>
    onDatagram(bytes, { address: parseIpv4(address) ?? ANY, port }),
  );
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(options.port, showIpv4(options.address ?? ANY), () => {
      socket.off('error', reject);
      resolve();
    });
  });
  socket.on('error', options.onTrouble);
  socket.setBroadcast(true);
  if (options.near !== undefined) socket.setMulticastInterface(options.near);
  let isOpen = true;
  return {
    port: socket.address().port,
    send: (bytes, to) => {
      // The daemon is killed now and then: what is refused meanwhile is sent again by the phone.
      if (isOpen) socket.send(bytes, to.port, showIpv4(to.address), () => undefined);
    },
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      await new Promise<void>((closed) => socket.close(() => closed()));
    },
  };
}

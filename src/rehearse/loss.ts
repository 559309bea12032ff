// A cable that loses datagrams, both ways, as seeded dice fall: the same phones lose the same datagrams again.
import type { Lan } from '../net/ports.ts';

/** Numbers from 0 up to, not including, 1: mulberry32, after its public-domain reference. */
export function seededDice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The LAN as a host behind a bad cable sees it. UDP alone: TCP mends what is lost by itself. */
export function lossyLan(lan: Lan, share: number, dice: () => number): Lan {
  if (share === 0) return lan;
  const isLost = (): boolean => dice() < share;
  return {
    ...lan,
    openUdp: async (options, onDatagram) => {
      const socket = await lan.openUdp(options, (bytes, from) => {
        if (!isLost()) onDatagram(bytes, from);
      });
      return {
        port: socket.port,
        address: socket.address,
        send: (bytes, to) => {
          if (!isLost()) socket.send(bytes, to);
        },
        close: async () => await socket.close(),
      };
    },
  };
}

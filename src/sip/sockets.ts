// The sockets of the SIP door: one hears the group, the other what is sent to us alone. Errors may go to senders of the
// second kind only, and no datagram says by itself to whom it was sent.
import { ANY, ipv4FromNumber } from '../base/ipv4.ts';
import type { Closable } from '../base/world.ts';
import type { Lan, Peer, UdpSocket } from '../net/ports.ts';
import type { Ingress } from './policy.ts';

export const SIP_PORT = 5060;
/** 224.0.1.75, sip.mcast.net (RFC 3261 section 10.2.6). */
export const SIP_GROUP = ipv4FromNumber(0xe000014b);

export interface SipSockets extends Closable {
  send(bytes: Uint8Array, to: Peer): void;
}

export interface SipSocketParts {
  readonly lan: Lan;
  readonly onDatagram: (bytes: Uint8Array, from: Peer, ingress: Ingress) => void;
  readonly onTrouble: (error: Error) => void;
}

/** Opens both, or rejects with a Fault. A socket that systemd bound to any address hears both: all counts as the group. */
export async function openSipSockets({ lan, onDatagram, onTrouble }: SipSocketParts): Promise<SipSockets> {
  const hear = (ingress: Ingress) => (bytes: Uint8Array, from: Peer) => onDatagram(bytes, from, ingress);
  const common = { port: SIP_PORT, onTrouble };
  const group = await lan.openUdp(
    { ...common, address: SIP_GROUP, group: SIP_GROUP, purpose: 'SIP PnP' },
    hear('group'),
  );
  let own: UdpSocket = group;
  try {
    if (group.address !== ANY) {
      own = await lan.openUdp({ ...common, address: lan.address, purpose: 'SIP' }, hear('us'));
    }
  } catch (error) {
    await group.close();
    throw error;
  }
  return {
    // Never from the group's socket: its own address is that of the group.
    send: (bytes, to) => own.send(bytes, to),
    close: async () => {
      await own.close();
      await group.close();
    },
  };
}

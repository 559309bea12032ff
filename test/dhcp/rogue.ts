// Another DHCP server on the LAN of the tests.
import { ANY, BROADCAST, type Ipv4, ipv4Bytes } from '../../src/base/ipv4.ts';
import { type Mac, macFromBytes } from '../../src/base/mac.ts';
import { messageType } from '../../src/dhcp/clues.ts';
import { encodeMessageType, type MessageType } from '../../src/dhcp/options.ts';
import { type DhcpMessage, decodePacket, encodePacket } from '../../src/dhcp/packet.ts';
import type { Lan } from '../../src/net/ports.ts';
import { ip, mac } from '../net/watched.ts';

export const PHONE = mac('00:15:65:00:00:01');

export interface Reply {
  readonly type: MessageType;
  /** Option 54; undefined leaves it out. */
  readonly server?: Ipv4 | undefined;
  readonly siaddr?: Ipv4;
  readonly address?: Ipv4;
  readonly to?: Mac;
  readonly op?: number;
}

export function reply({
  type,
  server,
  siaddr = ANY,
  address = ip('10.99.0.77'),
  to = PHONE,
  op = 2,
}: Reply): Uint8Array {
  const options = new Map([[53, encodeMessageType(type)]]);
  if (server !== undefined) options.set(54, ipv4Bytes(server));
  const message: DhcpMessage = {
    op,
    htype: 1,
    hops: 0,
    xid: 7,
    secs: 0,
    flags: 0x8000,
    ciaddr: ANY,
    yiaddr: address,
    siaddr,
    giaddr: ANY,
    chaddr: Buffer.from(to, 'hex'),
    sname: '',
    file: '',
    options,
  };
  return encodePacket(message).bytes;
}

/** A server that offers to everybody who asks, until it is unplugged. */
export async function plugIn(host: Lan, server: Ipv4 = host.address) {
  const asked: DhcpMessage[] = [];
  const socket = await host.openUdp(
    { port: 67, purpose: 'the rogue', onTrouble: () => undefined },
    (bytes) => {
      const decoded = decodePacket(bytes);
      if (!decoded.ok || messageType(decoded.value.options) !== 'discover') return;
      asked.push(decoded.value);
      const to = macFromBytes(decoded.value.chaddr);
      if (to !== undefined) send(reply({ type: 'offer', server, to }));
    },
  );
  const send = (bytes: Uint8Array): void => socket.send(bytes, { address: BROADCAST, port: 68 });
  return { asked, send, unplug: async () => await socket.close() };
}

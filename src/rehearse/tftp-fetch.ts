// How a simulated phone reads a file by TFTP (RFC 1350 section 6, the client's side).
import type { Ipv4 } from '../base/ipv4.ts';
import type { Cancel, World } from '../base/world.ts';
import type { Lan, Peer } from '../net/ports.ts';
import { decodePacket, encodePacket, type TftpPacket } from '../tftp/packet.ts';

export interface TftpFetch {
  readonly lan: Lan;
  readonly world: World;
  readonly from: Ipv4;
  readonly to: Peer;
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
}

const RESEND_AFTER = 1_000;
const MOST_TRIES = 8;

/** How long the last ACK is said again to a server that missed it (RFC 1350 section 6: dallying). */
const DALLY = 6_000;

/** The bytes fetched; undefined when the server refused or fell silent. */
export async function fetchByTftp({
  lan,
  world,
  from,
  to,
  name,
  options,
}: TftpFetch): Promise<Uint8Array | undefined> {
  let done: (bytes: Uint8Array | undefined) => void = () => undefined;
  const fetched = new Promise<Uint8Array | undefined>((settle) => {
    done = settle;
  });
  let blksize = 512;
  let expected = 1;
  const parts: Uint8Array[] = [];
  let tries = 0;
  let complete = false;
  let server: Peer | undefined;
  let cancel: Cancel = () => undefined;
  const asked = Object.entries(options).map(([option, value]) => ({ name: option, value }));
  let last: TftpPacket = { kind: 'rrq', filename: name, mode: 'octet', options: asked };

  const socket = await lan.openUdp(
    { port: 0, address: from, purpose: 'a simulated phone', onTrouble: () => undefined },
    (datagram, peer) => {
      if (peer.address !== to.address || (server !== undefined && peer.port !== server.port)) return;
      server ??= peer;
      const packet = decodePacket(datagram);
      if (packet.ok) hear(packet.value);
    },
  );
  const say = (packet: TftpPacket): void => {
    last = packet;
    cancel();
    cancel = world.after(RESEND_AFTER, () => {
      tries += 1;
      if (tries > MOST_TRIES) done(undefined);
      else say(last);
    });
    socket.send(encodePacket(packet), server ?? to);
  };
  const hear = (packet: TftpPacket): void => {
    tries = 0;
    if (packet.kind === 'error') done(undefined);
    if (packet.kind === 'oack') {
      const granted = packet.options.find((option) => option.name.toLowerCase() === 'blksize');
      blksize = Number(granted?.value ?? 512);
      say({ kind: 'ack', block: 0 });
    }
    if (packet.kind !== 'data') return;
    // An ACK was lost. Only the last block is answered again at once: before it, our own timer does that, and two
    // answers to one block would double all that follow.
    if (complete) socket.send(encodePacket({ kind: 'ack', block: packet.block }), server ?? to);
    if (complete || packet.block !== (expected & 0xffff)) return;
    expected += 1;
    parts.push(packet.data.slice());
    say({ kind: 'ack', block: packet.block });
    complete = packet.data.length < blksize;
    if (complete) done(Buffer.concat(parts));
  };

  say(last);
  const result = await fetched;
  cancel();
  if (result === undefined) await socket.close();
  else world.after(DALLY, () => void socket.close());
  return result;
}

// How a simulated phone writes a file: HTTP PUT, or TFTP WRQ (RFC 1350). And files that tell by themselves whether they
// are whole.
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { type Ipv4, showIpv4 } from '../../src/base/ipv4.ts';
import type { Cancel, World } from '../../src/base/world.ts';
import type { Lan, Peer } from '../../src/net/ports.ts';
import { decodePacket, encodePacket, type TftpPacket } from '../../src/tftp/packet.ts';

export interface Writing {
  readonly lan: Lan;
  readonly world: World;
  readonly from: Ipv4;
  readonly server: Ipv4;
  readonly name: string;
  readonly userAgent: string;
  readonly bytes: Uint8Array;
}

const PATIENCE = 10_000;
const BLOCK = 512;
const RESEND_AFTER = 1000;
const MOST_TRIES = 8;

/** A file of about that size: its first line says of whom and the how-manieth it is, and the digest of the rest. */
export function sealedText(mac: string, number: number, size: number): Uint8Array {
  const line = `account.${number} = ${mac}\n`;
  const rest = line.repeat(Math.max(1, Math.ceil(size / line.length)));
  return Buffer.from(`# ${mac} ${number} ${digest(rest)}\n${rest}`);
}

/** Of whom a file is, and the how-manieth; undefined when a part of it is missing or of another file. */
export function readSealed(text: string): { readonly mac: string; readonly number: number } | undefined {
  const [whole, mac = '', number = '', sum] = /^# (\S+) (\d+) (\S+)\n/.exec(text) ?? [];
  if (whole === undefined || digest(text.slice(whole.length)) !== sum) return undefined;
  return { mac, number: Number(number) };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Whether the server said that it has the file. */
export async function putByHttp({ from, server, name, userAgent, bytes }: Writing): Promise<boolean> {
  return await new Promise((done) => {
    const call = request(
      {
        ...{
          host: showIpv4(server),
          port: 80,
          localAddress: showIpv4(from),
          method: 'PUT',
          path: `/${name}`,
        },
        ...{ headers: { 'user-agent': userAgent, 'content-length': bytes.length } },
        ...{ agent: false, timeout: PATIENCE },
      },
      (response) => {
        const { statusCode = 0 } = response;
        response.resume();
        response.on('end', () => done(statusCode >= 200 && statusCode < 300));
        response.on('error', () => done(false));
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer in 10 s')));
    call.on('error', () => done(false));
    call.end(bytes);
  });
}

/** The same by TFTP: the ACK of the last block says it. */
export async function putByTftp({ lan, world, from, server, name, bytes }: Writing): Promise<boolean> {
  let done: (isWritten: boolean) => void = () => undefined;
  const written = new Promise<boolean>((settle) => {
    done = settle;
  });
  let cancel: Cancel = () => undefined;
  let peer: Peer | undefined;
  let acked = -1;
  const last = Math.floor(bytes.length / BLOCK) + 1;
  const socket = await lan.openUdp(
    { port: 0, address: from, purpose: 'a simulated phone', onTrouble: () => undefined },
    (datagram, sender) => {
      if (sender.address !== server || (peer !== undefined && sender.port !== peer.port)) return;
      peer ??= sender;
      const packet = decodePacket(datagram);
      if (packet.ok) hear(packet.value);
    },
  );
  const say = (packet: TftpPacket, tries = 0): void => {
    cancel();
    cancel = world.after(RESEND_AFTER, () => {
      if (tries === MOST_TRIES) done(false);
      else say(packet, tries + 1);
    });
    socket.send(encodePacket(packet), peer ?? { address: server, port: 69 });
  };
  const hear = (packet: TftpPacket): void => {
    if (packet.kind === 'error') done(false);
    // An ACK that comes twice is no reason to send a block twice (RFC 1123 section 4.2.3.1).
    if (packet.kind !== 'ack' || packet.block !== acked + 1) return;
    acked += 1;
    if (acked === last) done(true);
    else say({ kind: 'data', block: acked + 1, data: bytes.subarray(acked * BLOCK, (acked + 1) * BLOCK) });
  };
  say({ kind: 'wrq', filename: name, mode: 'octet', options: [] });
  const isWritten = await written;
  cancel();
  await socket.close();
  return isWritten;
}

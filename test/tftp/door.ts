// The TFTP door on a fake LAN with phones that say what a test lets them say, and a desk that keeps what they upload.
import { expect, onTestFinished } from 'vitest';
import { type Ipv4, parseIpv4, subnetOf } from '../../src/base/ipv4.ts';
import { err, ok } from '../../src/base/result.ts';
import type { FileDesk, FileOutcome, Refused, Upload, UploadAsk } from '../../src/files/desk.ts';
import type { Lan, Peer, UdpSocket } from '../../src/net/ports.ts';
import type { TftpSettings } from '../../src/site/tftp-door.ts';
import { decodePacket, encodePacket, type TftpOption, type TftpPacket } from '../../src/tftp/packet.ts';
import { openTftpServer } from '../../src/tftp/server.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { fakeLan } from '../fakes/lan.ts';
import { fakeWorld } from '../fakes/world.ts';

export const address = (text: string): Ipv4 => parseIpv4(text) ?? expect.fail(text);
export const SERVER = address('10.99.0.1');
export const PORT_69: Peer = { address: SERVER, port: 69 };
export const content = Buffer.from(Array.from({ length: 1300 }, (_, index) => index & 0xff));

/** ms that the desk takes for these names. */
const LOOKED_FOR: ReadonlyMap<string, number> = new Map([
  ['slow.cfg', 50],
  ['stuck.cfg', 2000],
]);

export interface Changed {
  readonly settings?: Partial<TftpSettings>;
  readonly mtu?: number;
  readonly lan?: (lan: Lan) => Lan;
  readonly content?: Uint8Array;
  readonly pace?: number;
  readonly disk?: Disk;
}

/** How the disk behind the desk behaves. */
export interface Disk {
  /** The largest upload that it takes, and what it refuses a larger one with. */
  readonly most?: number;
  readonly refusal?: Refused;
  /** ms for each write. */
  readonly slow?: number;
}

/** What became of an upload. */
export interface Kept {
  readonly ask: UploadAsk;
  bytes: Buffer;
  end?: string;
}

export const TOO_LARGE: Refused = {
  kind: 'refused',
  because: 'upload-too-large',
  detail: 'larger than 1 kB',
};

/** The open door; it is closed when the test has finished. */
export async function served(changed: Changed = {}) {
  const world = fakeWorld();
  const lan = fakeLan(world, subnetOf(SERVER, 24));
  const events: PhoneEvent[] = [];
  const outcomes: FileOutcome[] = [];
  const asked: string[] = [];
  const progress: number[] = [];
  const kept: Kept[] = [];
  const bytes = changed.content ?? content;
  const desk: FileDesk = {
    ask: async ({ name }) => {
      asked.push(name);
      await new Promise<void>((done) => world.after(LOOKED_FOR.get(name) ?? 0, done));
      if (name === 'missing') return { kind: 'refused', because: 'no-such-file' };
      if (name === 'broken') throw new Error('the disk is gone');
      const ended = (outcome: FileOutcome): void => void outcomes.push(outcome);
      return {
        ...{ kind: 'file', name, role: 'own', content: bytes, digest: 'd', type: 'text/plain', ended },
        ...{ pace: changed.pace, progress: (sum) => void progress.push(sum) },
      };
    },
    upload: async (ask) => await Promise.resolve(uploaded(ask)),
    list: async () => await Promise.resolve([]),
  };
  const pause = async (ms: number): Promise<void> => await new Promise<void>((done) => world.after(ms, done));
  const uploaded = (ask: UploadAsk): Upload | Refused => {
    const { most = 1_000_000, refusal = TOO_LARGE, slow = 0 } = changed.disk ?? {};
    if (!ask.name.endsWith('-local.cfg')) return { kind: 'refused', because: 'upload-not-allowed' };
    if ((ask.length ?? 0) > most) return refusal;
    const one: Kept = { ask, bytes: Buffer.alloc(0) };
    kept.push(one);
    return {
      kind: 'accepted',
      name: ask.name,
      write: async (more) => {
        if (slow > 0) await pause(slow);
        if (one.end !== undefined) throw new Error('written after its end');
        one.bytes = Buffer.concat([one.bytes, more]);
        if (one.bytes.length > most) one.end = 'refused';
        return one.end === undefined ? ok(undefined) : err(refusal);
      },
      finish: async () => {
        if (one.end !== undefined) throw new Error('finished after its end');
        one.end = 'finished';
        return await Promise.resolve(ok('created' as const));
      },
      abandon: async (why) => {
        if (one.end !== undefined) throw new Error('abandoned after its end');
        one.end = why;
        await Promise.resolve();
      },
    };
  };
  const tell = (event: PhoneEvent): void => void events.push(event);
  const host = lan.host(() => SERVER);
  const server = await openTftpServer({
    ...{ lan: changed.lan?.(host) ?? host, desk, world, tell, mtu: changed.mtu },
    settings: changed.settings,
  });
  onTestFinished(async () => await server.close());

  /** A phone with one socket; `heard` collects what reaches it. */
  const phone = async (at = '10.99.0.50', port = 0) => {
    const heard: { packet: TftpPacket; from: Peer; length: number }[] = [];
    const own = address(at);
    const socket: UdpSocket = await lan
      .host(() => own)
      .openUdp({ port, purpose: 'test', onTrouble: () => undefined }, (datagram, from) => {
        const packet = decodePacket(datagram);
        if (packet.ok) heard.push({ packet: packet.value, from, length: datagram.length });
      });
    const raw = async (datagram: Uint8Array, to = PORT_69): Promise<void> => {
      socket.send(datagram, to);
      await world.advance(5);
    };
    const say = async (packet: TftpPacket, to?: Peer): Promise<void> => await raw(encodePacket(packet), to);
    const request =
      (kind: 'rrq' | 'wrq') =>
      async (filename: string, mode = 'octet', options: readonly TftpOption[] = []): Promise<void> =>
        await say({ kind, filename, mode, options });
    const last = () => heard.at(-1) ?? expect.fail('it heard nothing');
    return { heard, raw, say, read: request('rrq'), write: request('wrq'), last };
  };
  return { world, lan, events, outcomes, asked, progress, kept, phone, server };
}

export const brief = (packet: TftpPacket): string => {
  if (packet.kind === 'data' || packet.kind === 'ack') return `${packet.kind} ${packet.block}`;
  return packet.kind === 'error' ? `error ${packet.code}` : packet.kind;
};

export const option = (name: string, value: string | number): TftpOption => ({ name, value: String(value) });

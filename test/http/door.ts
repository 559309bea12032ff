// An HTTP door on a LAN in memory, with a desk that writes down what it is asked.
import { parseSubnet } from '../../src/base/ipv4.ts';
import { ok } from '../../src/base/result.ts';
import type { FileAnswer, FileAsk, FileDesk, Refused, Upload, UploadAsk } from '../../src/files/desk.ts';
import { type HttpDoor, openHttpServer } from '../../src/http/server.ts';
import type { PlainAnswer, PlainRequest } from '../../src/net/ports.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { fakeLan } from '../fakes/lan.ts';
import { fakeWorld } from '../fakes/world.ts';
import { address } from './kit.ts';

export const SERVER = address('10.99.0.1');
export const PHONE = { address: address('10.99.0.50'), port: 40_000 };

/** What an upload has come to. */
export interface Taken {
  readonly bytes: string[];
  end: 'open' | 'finished' | 'refused' | `abandoned: ${string}`;
}

export interface DeskOptions {
  readonly answer?: FileAnswer;
  readonly upload?: Refused;
  /** After so many pieces the disk is full. */
  readonly room?: number;
  readonly result?: 'created' | 'replaced';
}

export function writingDesk(options: DeskOptions = {}) {
  const asks: FileAsk[] = [];
  const uploads: UploadAsk[] = [];
  const taken: Taken = { bytes: [], end: 'open' };
  const full: Refused = { kind: 'refused', because: 'disk-full' };
  const upload: Upload = {
    kind: 'accepted',
    name: 'x.log',
    write: async (bytes) => {
      if (taken.bytes.length >= (options.room ?? Number.POSITIVE_INFINITY)) {
        taken.end = 'refused';
        return await Promise.resolve({ ok: false, error: full });
      }
      taken.bytes.push(Buffer.from(bytes).toString());
      return ok(undefined);
    },
    finish: async () => {
      taken.end = 'finished';
      return await Promise.resolve(ok(options.result ?? 'created'));
    },
    abandon: async (why) => {
      taken.end = `abandoned: ${why}`;
      await Promise.resolve();
    },
  };
  const desk: Pick<FileDesk, 'ask' | 'upload'> = {
    ask: async (ask) => {
      asks.push(ask);
      return await Promise.resolve(options.answer ?? { kind: 'refused', because: 'no-such-file' });
    },
    upload: async (ask) => {
      uploads.push(ask);
      return await Promise.resolve(options.upload ?? upload);
    },
  };
  return { desk, asks, uploads, taken };
}

export async function openDoor(
  options: DeskOptions & Partial<Pick<HttpDoor, 'accounts' | 'tls' | 'catalogue'>>,
) {
  const world = fakeWorld();
  const subnet = parseSubnet('10.99.0.0/24');
  if (subnet === undefined) throw new Error('no subnet');
  const lan = fakeLan(world, subnet);
  const events: PhoneEvent[] = [];
  const { desk, ...seen } = writingDesk(options);
  const { accounts = [], catalogue = { vendors: [] }, tls } = options;
  const tell = (event: PhoneEvent): void => void events.push(event);
  const host = lan.host(() => SERVER);
  await openHttpServer({ lan: host, port: 80, desk, accounts, catalogue, tls, world, tell });
  const fetch = async (request: Partial<PlainRequest>): Promise<PlainAnswer> =>
    await lan.http(
      { address: SERVER, port: 80 },
      { method: 'GET', target: '/', headers: {}, from: PHONE, ...request },
    );
  return { ...seen, events, fetch, world };
}

// An FTP server on a LAN in memory, a desk that remembers what it was asked, and a client that a test can script.
import { type Ipv4, parseIpv4 } from '../../src/base/ipv4.ts';
import { err, ok } from '../../src/base/result.ts';
import type { World } from '../../src/base/world.ts';
import type {
  FileAnswer,
  FileAsk,
  FileDesk,
  FileOutcome,
  ListedFile,
  Refused,
  UploadAsk,
} from '../../src/files/desk.ts';
import { openFtpServer } from '../../src/ftp/server.ts';
import type { Lan, TcpStream } from '../../src/net/ports.ts';
import type { Account } from '../../src/site/accounts.ts';
import type { FtpSettings } from '../../src/site/ftp-door.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { fakeLan } from '../fakes/lan.ts';
import { fakeWorld } from '../fakes/world.ts';
import { ip, subnetAt } from '../net/watched.ts';

export const SERVER = ip('10.99.0.1');
export const PHONE = ip('10.99.0.50');

export interface Stored {
  readonly content: Uint8Array;
  readonly role?: Extract<FileAnswer, { kind: 'file' }>['role'];
  readonly modified?: number;
  readonly pace?: number;
}

/** A desk over a table of files; a name that is no file is refused as the real one does it. */
export function fakeDesk(files: Readonly<Record<string, Stored>>) {
  const asks: (FileAsk & { readonly what: 'ask' | 'list' | 'upload' })[] = [];
  const outcomes: (FileOutcome & { readonly name: string })[] = [];
  const progress: number[] = [];
  const written = new Map<string, Buffer>();
  const abandoned: string[] = [];
  const limit = 1_000_000;
  const tooLarge: Refused = { kind: 'refused', because: 'upload-too-large', detail: 'at most 1 MB' };
  const desk: FileDesk = {
    ask: async (ask) => {
      asks.push({ ...ask, what: 'ask' });
      const file = files[ask.name];
      if (ask.name.startsWith('..')) return await Promise.resolve(refused('name-not-allowed'));
      if (file === undefined) return refused('no-such-file');
      const { content, role = 'other', modified, pace } = file;
      return {
        ...{ kind: 'file', name: ask.name, role, content, digest: 'd', type: 'text/plain', modified, pace },
        progress: (bytes) => progress.push(bytes),
        ended: (outcome) => outcomes.push({ ...outcome, name: ask.name }),
      };
    },
    upload: async (ask: UploadAsk) => {
      asks.push({ ...ask, what: 'upload' });
      const { name } = ask;
      if (!name.endsWith('.log')) return await Promise.resolve(refused('upload-not-allowed'));
      if ((ask.length ?? 0) > limit) return tooLarge;
      let taken = ask.append === true ? (written.get(name) ?? Buffer.alloc(0)) : Buffer.alloc(0);
      return {
        kind: 'accepted',
        name,
        write: async (bytes) => {
          taken = Buffer.concat([taken, bytes]);
          return await Promise.resolve(taken.length > limit ? err(tooLarge) : ok(undefined));
        },
        finish: async () => {
          const how = written.has(name) ? 'replaced' : 'created';
          written.set(name, taken);
          return await Promise.resolve(ok(how));
        },
        abandon: async (why) => {
          abandoned.push(why);
          await Promise.resolve();
        },
      };
    },
    list: async (ask) => {
      asks.push({ ...ask, what: 'list' });
      if (ask.name !== '') return await Promise.resolve(undefined);
      return [
        ...Object.entries(files).map(([name, { content, modified }]): ListedFile => {
          return { name, bytes: content.length, modified, isDirectory: false };
        }),
        { name: 'firmware', bytes: 0, isDirectory: true, modified: Date.UTC(2024, 1, 3) },
      ];
    },
  };
  return { desk, asks, outcomes, progress, written, abandoned };
}

function refused(because: Refused['because']): Refused {
  return { kind: 'refused', because };
}

const SETTINGS: FtpSettings = { port: 21, anonymous: true, maxSessions: 200, idle: 300_000 };

export async function ftpDoor(
  files: Readonly<Record<string, Stored>> = {},
  {
    accounts = [],
    ...settings
  }: Partial<FtpSettings> & { readonly accounts?: readonly Account[] | undefined } = {},
) {
  const world = fakeWorld();
  const lan = fakeLan(world, subnetAt('10.99.0.0/24'));
  const server = lan.host(() => SERVER);
  const events: PhoneEvent[] = [];
  const kept = fakeDesk(files);
  const door = await openFtpServer({
    lan: server,
    desk: kept.desk,
    accounts,
    settings: { ...SETTINGS, ...settings },
    world,
    tell: (event) => events.push(event),
  });
  return {
    ...kept,
    ...{ world, lan, events, door },
    client: async (address = PHONE) =>
      await openClient(
        world,
        lan.host(() => address),
        address,
      ),
  };
}

/** What a test says and hears on a control connection, and on data connections. */
export type Client = Awaited<ReturnType<typeof openClient>>;

export async function openClient(world: World & { advance(ms: number): Promise<void> }, lan: Lan, own: Ipv4) {
  let heard = '';
  let isClosed = false;
  const dialled = lan.dialTcp(
    { to: { address: SERVER, port: 21 }, timeoutMs: 5000 },
    {
      onBytes: (bytes) => {
        heard += Buffer.from(bytes).toString('utf8');
      },
      onEnd: () => {
        isClosed = true;
      },
      onClose: () => {
        isClosed = true;
      },
    },
  );
  await world.advance(2);
  const control = await dialled;
  await world.advance(2);
  /** What was heard since the last time, without the end of the last line. */
  const replies = (): string => {
    const text = heard.trimEnd();
    heard = '';
    return text;
  };
  const say = async (text: string | Uint8Array): Promise<string> => {
    void control.send(typeof text === 'string' ? Buffer.from(text, 'utf8') : text);
    await world.advance(5);
    return replies();
  };
  const ask = async (command: string): Promise<string> => await say(`${command}\r\n`);

  return {
    world,
    lan,
    control,
    say,
    ask,
    replies,
    isClosed: () => isClosed,
    signIn: async (user = 'anonymous', password = 'x'): Promise<void> => {
      replies();
      await ask(`USER ${user}`);
      const answer = await ask(`PASS ${password}`);
      if (!answer.startsWith('230')) throw new Error(answer);
    },
    /** Connects to the port that PASV or EPSV names. */
    passive: async (verb: 'EPSV' | 'PASV' = 'PASV'): Promise<DataEnd> => {
      const port = portIn(await ask(verb));
      return await dialData(world, lan, port);
    },
    /** Listens, and says so with PORT. */
    active: async (): Promise<DataEnd> => {
      const end = dataEnd();
      const { port } = await lan.listenTcp({ port: 0, purpose: 'data', onTrouble: fail }, (stream) => {
        end.streams.push(stream);
        return end.handlers;
      });
      const bytes = [own >>> 24, (own >>> 16) & 255, (own >>> 8) & 255, own & 255, port >>> 8, port & 255];
      const answer = await ask(`PORT ${bytes.join(',')}`);
      if (!answer.startsWith('200')) throw new Error(answer);
      return end.end;
    },
  };
}

function fail(error: Error): never {
  throw error;
}

/** Of `(10,99,0,1,128,3)` or `(|||32771|)`. */
export function portIn(answer: string): number {
  const numbers = /\(([\d,]+)\)/.exec(answer)?.[1]?.split(',').map(Number) ?? [];
  const extended = /\(\|\|\|(\d+)\|\)/.exec(answer)?.[1];
  if (extended !== undefined) return Number(extended);
  const [high = 0, low = 0] = numbers.slice(4);
  if (high + low === 0) throw new Error(answer);
  return high * 256 + low;
}

export interface DataEnd {
  readonly text: () => string;
  readonly bytes: () => Buffer;
  readonly isEnded: () => boolean;
  readonly isClosed: () => boolean;
  readonly stream: () => TcpStream;
}

export async function dialData(
  world: { advance(ms: number): Promise<void> },
  lan: Lan,
  port: number,
): Promise<DataEnd> {
  const { end, handlers, streams } = dataEnd();
  const dialled = lan.dialTcp({ to: { address: SERVER, port }, timeoutMs: 5000 }, handlers);
  await world.advance(2);
  streams.push(await dialled);
  return end;
}

function dataEnd() {
  const chunks: Uint8Array[] = [];
  const streams: TcpStream[] = [];
  let [isEnded, isClosed] = [false, false];
  const end: DataEnd = {
    text: () => Buffer.concat(chunks).toString('utf8'),
    bytes: () => Buffer.concat(chunks),
    isEnded: () => isEnded,
    isClosed: () => isClosed,
    stream: () => streams[0] as TcpStream,
  };
  const handlers = {
    onBytes: (bytes: Uint8Array) => void chunks.push(bytes),
    // As clients do: they close when they have all of it.
    onEnd: () => {
      isEnded = true;
      streams[0]?.end();
    },
    onClose: () => {
      isClosed = true;
    },
  };
  return { end, handlers, streams };
}

export function at(text: string): Ipv4 {
  return parseIpv4(text) as Ipv4;
}

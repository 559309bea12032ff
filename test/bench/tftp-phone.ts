// One phone that reads one file by TFTP, block by block, and looks at every byte of it.
import { createSocket, type RemoteInfo } from 'node:dgram';
import { acknowledge, type Heard, hear, readRequest } from './tftp-packet.ts';

export interface Fetching {
  readonly server: string;
  readonly port: number;
  /** The phone's own address. */
  readonly from: string;
  readonly file: string;
  readonly expected: Buffer;
  readonly blksize: number;
  readonly timeoutMs: number;
  /** How often one packet may be repeated. */
  readonly retries: number;
}

export interface Fetched {
  readonly ms: number;
  readonly retransmissions: number;
  /** DATA that came once more. */
  readonly duplicates: number;
  /** Why it failed, in a few words; absent for a whole and true file. */
  readonly failure?: string;
}

/** Bytes per block without the option (RFC 1350). */
const PLAIN_BLOCK = 512;

/** Never rejects. */
export async function fetchFile(fetching: Fetching): Promise<Fetched> {
  const socket = createSocket({ type: 'udp4', lookup: (name, _options, done) => done(null, name, 4) });
  try {
    await new Promise<void>((bound, failed) => {
      socket.once('error', failed);
      socket.bind({ address: fetching.from, port: 0 }, () => bound());
    });
    socket.removeAllListeners('error');
    return await transfer(socket, fetching);
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { ms: 0, retransmissions: 0, duplicates: 0, failure };
  } finally {
    socket.close();
  }
}

/** How far the phone is with its file. */
interface Reading {
  readonly expected: Buffer;
  /** The largest block that it asked for. */
  readonly asked: number;
  /** Bytes per block, as agreed. */
  block: number;
  received: number;
  /** The block that is due, not wrapped. */
  due: number;
}

/** What it does about a packet. `again` is no progress, `last` ends the transfer. */
type Move =
  | { readonly kind: 'say' | 'again' | 'last'; readonly packet: Buffer }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'nothing' };

function hearOptions(reading: Reading, options: ReadonlyMap<string, string>): Move {
  if (reading.due > 1) return { kind: 'nothing' };
  const size = Number(options.get('blksize') ?? PLAIN_BLOCK);
  const total = Number(options.get('tsize') ?? reading.expected.length);
  const wrong = [...options.keys()].find((name) => name !== 'tsize' && name !== 'blksize');
  if (wrong !== undefined) return failed(`the option ${wrong} was not asked for`);
  if (!(size >= 8 && size <= reading.asked)) return failed('a larger blksize than asked for');
  if (total !== reading.expected.length) return failed('a wrong tsize');
  reading.block = size;
  return { kind: 'say', packet: acknowledge(0) };
}

function hearData(reading: Reading, { block, data }: Extract<Heard, { kind: 'data' }>): Move {
  const { expected, received, due } = reading;
  // The one before: its ACK was lost, or the two crossed.
  if (block === (due - 1) % 65_536) return { kind: 'again', packet: acknowledge(block) };
  if (block !== due % 65_536) return failed(`block ${block} where ${due % 65_536} was due`);
  if (data.length > reading.block) return failed('a block longer than agreed');
  if (!data.equals(expected.subarray(received, received + data.length))) return failed('wrong bytes');
  reading.received += data.length;
  reading.due += 1;
  const packet = acknowledge(block);
  if (data.length === reading.block) return { kind: 'say', packet };
  return reading.received === expected.length ? { kind: 'last', packet } : failed('cut short');
}

function moveFor(reading: Reading, bytes: Buffer): Move {
  const heard = hear(bytes);
  switch (heard?.kind) {
    case 'data':
      return hearData(reading, heard);
    case 'oack':
      return hearOptions(reading, heard.options);
    case 'error':
      return failed(`ERROR ${heard.code}: ${heard.message}`);
    case undefined:
      return failed('a packet that no server may send');
  }
}

function failed(why: string): Move {
  return { kind: 'failed', why };
}

async function transfer(socket: ReturnType<typeof createSocket>, fetching: Fetching): Promise<Fetched> {
  const { server, file, expected, blksize, timeoutMs, retries } = fetching;
  const reading: Reading = { expected, asked: blksize, block: PLAIN_BLOCK, received: 0, due: 1 };
  const began = performance.now();
  let last = readRequest(file, { tsize: 0, blksize });
  let port = fetching.port;
  let isAnswered = false;
  let tries = 0;
  let retransmissions = 0;
  let duplicates = 0;

  return await new Promise<Fetched>((resolve) => {
    const end = (failure?: string): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      const counted = { ms: performance.now() - began, retransmissions, duplicates };
      resolve(failure === undefined ? counted : { ...counted, failure });
    };
    const timer = setTimeout(() => {
      if (tries >= retries) {
        end(isAnswered ? 'fell silent' : 'no answer');
        return;
      }
      tries += 1;
      retransmissions += 1;
      socket.send(last, port, server);
      timer.refresh();
    }, timeoutMs);
    const perform = (move: Move): void => {
      if (move.kind === 'nothing') return;
      if (move.kind === 'failed') {
        end(move.why);
        return;
      }
      socket.send(move.packet, port, server);
      if (move.kind === 'again') duplicates += 1;
      else if (move.kind === 'last') end();
      else {
        last = move.packet;
        tries = 0;
        timer.refresh();
      }
    };
    socket.on('message', (bytes: Buffer, from: RemoteInfo) => {
      // The port of the first answer is that of the transfer; what others send is none of it.
      if (from.address !== server || (isAnswered && from.port !== port)) return;
      isAnswered = true;
      port = from.port;
      perform(moveFor(reading, bytes));
    });
    socket.on('error', (error) => end(error.message));
    socket.send(last, port, server);
  });
}

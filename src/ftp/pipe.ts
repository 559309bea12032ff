// The data connections of one session: opens them as the session says, and moves bytes over them.
import { Fault } from '../base/fault.ts';
import type { World } from '../base/world.ts';
import type { Refused, Upload } from '../files/desk.ts';
import type { Lan, Peer, TcpHandlers, TcpListener, TcpStream } from '../net/ports.ts';
import { closedByPhone } from './outcome.ts';
import { fromWire } from './text.ts';
import type { DataWay, Input, Load, ServedFile } from './turn.ts';

export interface PipeParts {
  readonly lan: Pick<Lan, 'listenTcp' | 'dialTcp'>;
  readonly world: World;
  readonly far: Peer;
  /** Passive ports; absent: any free ones. */
  readonly ports?: { readonly first: number; readonly last: number } | undefined;
  readonly feed: (input: Input) => void;
  readonly onTrouble: (error: Error) => void;
}

export interface Pipe {
  listen(): void;
  connect(way: DataWay): void;
  move(load: Load): void;
  drop(why: string): void;
}

/** One data connection, from the port on. */
interface Line {
  listener?: TcpListener;
  stream?: TcpStream;
  /** The session waits for the connection. */
  isWanted: boolean;
  isEnded: boolean;
  isClosed: boolean;
  dropped?: string;
  /** Bytes that came before anybody wanted them. */
  readonly early: Uint8Array[];
  mover?: Mover;
}

/** What a transfer wants to hear of its connection. */
interface Mover {
  onBytes(bytes: Uint8Array): void;
  /** The connection ended, was closed or was dropped: the line tells which. */
  onChange(): void;
}

const DIAL_MS = 15_000;
const CHUNK = 256 * 1024;
/** A paced transfer writes so many times a second. */
const PACED_WRITES = 10;
/** How long a phone may take to close a data connection whose end it has. */
const LAST_WORD_MS = 5000;

export function openPipe(parts: PipeParts): Pipe {
  const { lan, far, feed } = parts;
  let line: Line | undefined;

  const drop = (why: string): void => {
    const old = line;
    line = undefined;
    if (old === undefined) return;
    old.dropped = why;
    void close(old);
    old.mover?.onChange();
  };
  const fresh = (): Line => {
    drop('another data connection took its place');
    line = { isWanted: false, isEnded: false, isClosed: false, early: [] };
    return line;
  };
  const taken = (mine: Line, stream: TcpStream): void => {
    stream.hold();
    mine.stream = stream;
    if (mine.isWanted) feed({ kind: 'data-open' });
  };
  const accept = (mine: Line, stream: TcpStream): TcpHandlers => {
    const isOther = stream.far.address !== far.address;
    if (isOther) feed({ kind: 'stranger', from: stream.far });
    if (isOther || mine.stream !== undefined) {
      stream.destroy();
      return DEAF;
    }
    taken(mine, stream);
    return handlersOf(mine);
  };

  return {
    drop,
    listen: () => {
      const mine = fresh();
      const options = { port: 0, range: parts.ports, purpose: 'FTP data', onTrouble: parts.onTrouble };
      lan
        .listenTcp(options, (stream) => accept(mine, stream))
        .then(
          (listener) => {
            mine.listener = listener;
            if (mine.dropped === undefined) feed({ kind: 'listening', port: listener.port });
            else void close(mine);
          },
          (error: unknown) => {
            if (!(error instanceof Fault) || error.code !== 'port-taken') parts.onTrouble(asError(error));
            if (mine.dropped === undefined) feed({ kind: 'no-port' });
          },
        );
    },
    connect: (way) => {
      if (way.kind === 'passive') {
        if (line === undefined) return feed({ kind: 'data-failed', why: 'its port is closed' });
        line.isWanted = true;
        if (line.stream !== undefined) feed({ kind: 'data-open' });
        return;
      }
      const mine = fresh();
      mine.isWanted = true;
      lan.dialTcp({ to: way.to, timeoutMs: DIAL_MS }, handlersOf(mine)).then(
        (stream) => (mine.dropped === undefined ? taken(mine, stream) : stream.destroy()),
        (error: unknown) => {
          if (mine.dropped === undefined) feed({ kind: 'data-failed', why: asError(error).message });
        },
      );
    },
    move: (load) => {
      const mine = line;
      const stream = mine?.stream;
      if (mine === undefined || stream === undefined) return;
      const moving = { mine, stream, parts, free: () => free(mine) };
      if (load.kind === 'upload') receive(moving, load);
      else void send(moving, load);
    },
  };

  /** The line has done its work. */
  function free(mine: Line): void {
    if (line === mine) line = undefined;
    void close(mine);
  }
}

async function close({ listener, stream }: Line): Promise<void> {
  stream?.destroy();
  await listener?.close();
}

/** Of a connection that is closed as soon as it is open. */
export const DEAF: TcpHandlers = {
  onBytes: () => undefined,
  onEnd: () => undefined,
  onClose: () => undefined,
};

function handlersOf(line: Line): TcpHandlers {
  return {
    onBytes: (bytes) => {
      if (line.mover === undefined) line.early.push(bytes);
      else line.mover.onBytes(bytes);
    },
    onEnd: () => {
      line.isEnded = true;
      line.mover?.onChange();
    },
    onClose: () => {
      line.isClosed = true;
      line.mover?.onChange();
    },
  };
}

interface Moving {
  readonly mine: Line;
  readonly stream: TcpStream;
  readonly parts: PipeParts;
  readonly free: () => void;
}

async function send(moving: Moving, load: Exclude<Load, { kind: 'upload' }>): Promise<void> {
  const { mine, stream, parts } = moving;
  const { content } = load;
  const file = load.kind === 'file' ? load.file : undefined;
  let change: () => void = () => undefined;
  mine.mover = { onBytes: () => undefined, onChange: () => change() };
  stream.go();
  const bytes = await pour(moving, content, file);
  if (mine.dropped === undefined && bytes === content.length) {
    stream.end();
    parts.feed({ kind: 'done' });
    // The reply must not wait for it: some clients close only when they have that. But only the end says that the
    // phone has all of it; a reset says that it has not.
    await new Promise<void>((resolve) => {
      const cancel = parts.world.after(LAST_WORD_MS, resolve);
      change = () => {
        if (!mine.isEnded && !mine.isClosed && mine.dropped === undefined) return;
        cancel();
        resolve();
      };
      change();
    });
    const isCut = mine.isClosed && !mine.isEnded;
    file?.ended(isCut ? closedByPhone(file.role, bytes, content.length) : { complete: true, bytes });
  } else {
    file?.ended(
      mine.dropped === undefined
        ? closedByPhone(file.role, bytes, content.length)
        : { complete: false, bytes, why: mine.dropped },
    );
    parts.feed({ kind: 'broken' });
  }
  moving.free();
}

/** Sends a piece at a time, as fast as the phone takes it and the pace allows; how many bytes went. */
async function pour(
  { mine, stream, parts }: Moving,
  content: Uint8Array,
  file: Pick<ServedFile, 'pace' | 'progress'> | undefined,
): Promise<number> {
  const { world, feed } = parts;
  const pace = file?.pace;
  const size = pace === undefined ? CHUNK : Math.max(1, Math.min(CHUNK, Math.ceil(pace / PACED_WRITES)));
  const began = world.now();
  let sent = 0;
  while (sent < content.length) {
    const wait = pace === undefined ? 0 : began + (sent * 1000) / pace - world.now();
    if (wait > 0) await new Promise<void>((go) => world.after(wait, go));
    const chunk = content.subarray(sent, sent + size);
    if (mine.dropped !== undefined || !(await stream.send(chunk))) return sent;
    sent += chunk.length;
    file?.progress?.(sent);
    feed({ kind: 'moved' });
  }
  return sent;
}

/** Gives what comes to the desk, each piece waiting for the disk; only the end of the connection makes it a file. */
function receive(moving: Moving, { upload, isText }: Extract<Load, { kind: 'upload' }>): void {
  const { mine, stream, parts } = moving;
  const plain = isText ? fromWire() : (bytes: Uint8Array | undefined) => bytes ?? NOTHING;
  let isOver = false;
  let work: Promise<void> = Promise.resolve();
  const over = (input: Input): void => {
    isOver = true;
    moving.free();
    parts.feed(input);
  };
  const inLine = (step: () => Promise<void>): void => {
    work = work.then(async () => {
      if (!isOver) await step();
    });
  };
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (bytes.length === 0) return;
    const written = await upload.write(bytes);
    if (!written.ok) over({ kind: 'refused', refused: written.error });
  };
  mine.mover = {
    onBytes: (bytes) => {
      stream.hold();
      inLine(async () => {
        await write(plain(bytes));
        if (isOver) return;
        parts.feed({ kind: 'moved' });
        stream.go();
      });
    },
    onChange: () => {
      const why = mine.dropped ?? 'the data connection broke';
      const isWhole = mine.dropped === undefined && mine.isEnded;
      inLine(async () => {
        if (isWhole) await write(plain(undefined));
        if (!isOver) over(isWhole ? await finished(upload) : await abandoned(upload, why));
      });
    },
  };
  for (const bytes of mine.early.splice(0)) mine.mover.onBytes(bytes);
  stream.go();
  if (mine.isEnded || mine.isClosed) mine.mover.onChange();
}

const NOTHING = new Uint8Array(0);

async function finished(upload: Upload): Promise<Input> {
  const done: { readonly ok: true } | { readonly ok: false; readonly error: Refused } = await upload.finish();
  return done.ok ? { kind: 'done' } : { kind: 'refused', refused: done.error };
}

async function abandoned(upload: Upload, why: string): Promise<Input> {
  await upload.abandon(why);
  return { kind: 'broken' };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

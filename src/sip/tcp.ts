// Phones that ask over TCP: some makers let the installer name the PnP server and the transport.
import type { Cancel, Closable } from '../base/world.ts';
import type { TcpHandlers, TcpStream } from '../net/ports.ts';
import { refuse } from './dialog.ts';
import { nextFrame } from './framing.ts';
import { hearMessage, isAdmitted } from './hear.ts';
import { decodeMessage, encodeMessage } from './message.ts';
import type { Answering } from './pnp.ts';
import { isServed } from './policy.ts';
import { SIP_PORT } from './sockets.ts';

/** As for datagrams. */
const LONGEST_MESSAGE = 4096;
/** A phone has one connection; more of one address are a mistake or an attack. */
const MOST_CONNECTIONS = 500;
const MOST_PER_SOURCE = 4;
/** As long as a NOTIFY may wait for its answer, and a little more. */
const IDLE_MS = 40_000;

/** Listens on port 5060 of our address. Rejects with a Fault when it cannot be had. */
export async function listenSip(door: Answering): Promise<Closable> {
  const open = new Map<number, number>();
  let count = 0;
  const isFull = (source: number): boolean =>
    count >= MOST_CONNECTIONS || (open.get(source) ?? 0) >= MOST_PER_SOURCE;
  const change = (source: number, by: 1 | -1): void => {
    count += by;
    const left = (open.get(source) ?? 0) + by;
    if (left === 0) open.delete(source);
    else open.set(source, left);
  };
  return await door.lan.listenTcp(
    { port: SIP_PORT, purpose: 'SIP', onTrouble: door.told.fault },
    (stream) => {
      const { far } = stream;
      const isOnLan = isServed(far, door.lan.subnet, door.wakeable?.served);
      if (!isOnLan || isFull(far.address)) {
        if (isOnLan) door.told.silence({ from: far }, { because: 'too-busy' });
        else door.told.silence({ from: far, about: 'sender-off-the-lan' }, { because: 'sender-off-the-lan' });
        stream.destroy();
        return DEAF;
      }
      change(far.address, 1);
      return converse(door, stream, () => change(far.address, -1));
    },
  );
}

const DEAF: TcpHandlers = { onBytes: () => undefined, onEnd: () => undefined, onClose: () => undefined };

function converse(door: Answering, stream: TcpStream, onGone: () => void): TcpHandlers {
  let buffer: Uint8Array = new Uint8Array();
  let isOver = false;
  const later = (): Cancel => door.timers.after(IDLE_MS, () => stream.destroy());
  let idle = later();
  const giveUp = (): void => {
    isOver = true;
    buffer = new Uint8Array();
    stream.end();
  };
  const take = (): void => {
    for (;;) {
      const frame = nextFrame(buffer, LONGEST_MESSAGE);
      if (frame.kind === 'more') return;
      if (frame.kind === 'lost') {
        sayLost(door, stream, frame);
        giveUp();
        return;
      }
      buffer = buffer.subarray(frame.used);
      if (frame.kind === 'ping') void stream.send(PONG);
      else if (!hear(door, stream, frame.bytes)) {
        giveUp();
        return;
      }
    }
  };
  return {
    onBytes: (bytes) => {
      if (isOver) return;
      idle();
      idle = later();
      buffer = buffer.length === 0 ? bytes : Buffer.concat([buffer, bytes]);
      take();
    },
    onEnd: () => stream.end(),
    onClose: () => {
      isOver = true;
      idle();
      onGone();
    },
  };
}

const PONG = new Uint8Array([0x0d, 0x0a]);

/** Whether the connection may go on. */
function hear(door: Answering, stream: TcpStream, bytes: Uint8Array): boolean {
  const { far: from } = stream;
  if (!isAdmitted(door, from)) return false;
  const send = (answer: Uint8Array): void => void stream.send(answer);
  hearMessage(door, bytes, { from, ingress: 'us', carrier: 'stream', send });
  return true;
}

interface Lost {
  readonly because: 'no-length' | 'too-long';
  readonly bytes?: Uint8Array;
}

/** Without Content-Length nobody knows where the next message begins (RFC 3261 section 18.3): 400, and the end. */
function sayLost(door: Answering, stream: TcpStream, { because, bytes = new Uint8Array() }: Lost): void {
  const { far: from } = stream;
  const code = because === 'too-long' ? 'too-long' : 'bad-value';
  door.told.garbled(from, { because: code, offset: 0, bytes: bytes.length });
  const decoded = decodeMessage(bytes);
  if (!decoded.ok || decoded.value.kind !== 'request' || door.site.pnp.mode === 'discover') return;
  const words = { status: 400, reason: 'Missing Content-Length' };
  void stream.send(encodeMessage(refuse({ request: decoded.value, from }, words)));
}

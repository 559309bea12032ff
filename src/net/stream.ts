// TCP on a LAN beyond HTTP: connections to a port of ours, and connections of ours to a phone, all of them pinned to
// the interface (FTP in both directions, SIP over TCP and TLS).
import { createServer, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { errnoOf, Fault, messageOf } from '../base/fault.ts';
import { ANY, parseIpv4, showIpv4 } from '../base/ipv4.ts';
import { listenOnLan, wantedOnLan } from './listen.ts';
import type { DialOptions, Peer, TcpHandlers, TcpListener, TcpOptions, TcpStream } from './ports.ts';
import { interfaceIndex, tend } from './tend.ts';
import { bindOnLan, type Ground } from './ways.ts';

export type Accept = (stream: TcpStream) => TcpHandlers;

const MOST_CONNECTIONS = 1000;
/** A phone that was unplugged says nothing more; the kernel finds out. */
const KEEPALIVE_MS = 60_000;

/** Listens on the LAN; on a port of its own also after the interface was replaced. Rejects with a Fault. */
export async function listenTcp(ground: Ground, options: TcpOptions, accept: Accept): Promise<TcpListener> {
  const first = await openOneOf(ground, options, accept);
  // A port that we picked is known to one peer, which is gone with the interface.
  if (options.port === 0) return first;
  const kept = await tend(first, {
    world: ground.world,
    index: async () => await interfaceIndex(ground.interface),
    open: async () => await open(ground, options, options.port, accept),
    onTrouble: options.onTrouble,
  });
  return { port: first.port, close: async () => await kept.close() };
}

async function openOneOf(ground: Ground, options: TcpOptions, accept: Accept): Promise<TcpListener> {
  let taken: unknown;
  for (const port of candidates(ground, options)) {
    try {
      return await open(ground, options, port, accept);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'port-taken') throw error;
      taken = error;
    }
  }
  throw taken;
}

/** Every port of the range once, from a place that nobody can guess (RFC 2577 section 8). */
function candidates({ world }: Ground, { port, range }: TcpOptions): readonly number[] {
  if (port !== 0 || range === undefined) return [port];
  const count = range.last - range.first + 1;
  const start = Math.floor(world.random() * count);
  return Array.from({ length: count }, (_, index) => range.first + ((start + index) % count));
}

async function open(ground: Ground, options: TcpOptions, port: number, accept: Accept): Promise<TcpListener> {
  const { purpose, onTrouble } = options;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
    attach(socket, accept);
  });
  server.maxConnections = MOST_CONNECTIONS;
  return await listenOnLan(ground, server, { port, purpose, onTrouble });
}

/** A connection of ours. Rejects with an Error whose message is a plain sentence. */
export async function dialTcp(
  ground: Ground,
  options: DialOptions,
  handlers: TcpHandlers,
): Promise<TcpStream> {
  const raw = await openToDial(ground, options);
  try {
    await orTimeout(ground, options, raw, () => connecting(raw, ground, options));
    const socket =
      options.tls === undefined ? raw : await orTimeout(ground, options, raw, () => secured(raw, options));
    return attach(socket, () => handlers, raw);
  } catch (error) {
    raw.destroy();
    throw new Error(whyNoConnection(options, error), { cause: error });
  }
}

/** Bound already where sockets can be pinned: an address alone would leave by whatever LAN the routes name. */
async function openToDial(ground: Ground, { fromPort = 0 }: DialOptions): Promise<Socket> {
  const wanted = { ...wantedOnLan(ground, { port: fromPort, purpose: 'TCP' }), dials: true };
  const bound = await bindOnLan({ ...ground, inherited: new Map() }, wanted);
  if (bound.way === 'plain') return new Socket({ allowHalfOpen: true });
  // Node would read at once from a descriptor, and an unconnected one answers with an error.
  const options = { fd: bound.descriptor, allowHalfOpen: true, pauseOnCreate: true };
  return new Socket(options);
}

async function connecting(socket: Socket, ground: Ground, { to, fromPort }: DialOptions): Promise<Socket> {
  const isBound = '_handle' in socket && socket._handle !== null;
  const from = isBound
    ? {}
    : { localAddress: showIpv4(ground.address), ...(fromPort === undefined ? {} : { localPort: fromPort }) };
  return await settled(socket, 'connect', () => {
    socket.connect({ host: showIpv4(to.address), port: to.port, noDelay: true, ...from });
  });
}

/**
 * Who is not asked who he is gains nothing from TLS but that listeners hear less: better TLS 1.0 than no wake-up. Level 0
 * lets its signatures with SHA-1 through.
 */
const AS_OLD_AS_PHONES = { minVersion: 'TLSv1', ciphers: 'ALL:!aNULL:!eNULL:@SECLEVEL=0' } as const;

async function secured(raw: Socket, { tls = {} }: DialOptions): Promise<Socket> {
  const { authorities, serverName } = tls;
  const socket = connectTls({
    socket: raw,
    rejectUnauthorized: authorities !== undefined,
    ...(authorities === undefined ? AS_OLD_AS_PHONES : { ca: [...authorities] }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
  return await settled(socket, 'secureConnect', () => undefined);
}

async function settled(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  begin: () => void,
): Promise<Socket> {
  return await new Promise<Socket>((resolve, reject) => {
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('it closed the connection')));
    socket.once(event, () => resolve(socket));
    begin();
  });
}

async function orTimeout(
  { world }: Ground,
  { timeoutMs }: DialOptions,
  raw: Socket,
  begin: () => Promise<Socket>,
): Promise<Socket> {
  const cancel = world.after(timeoutMs, () => {
    raw.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
  });
  try {
    return await begin();
  } finally {
    cancel();
  }
}

function whyNoConnection({ to, tls, timeoutMs }: DialOptions, error: unknown): string {
  const address = showIpv4(to.address);
  const port = `TCP port ${to.port}`;
  switch (errnoOf(error) ?? 'none') {
    case 'ECONNREFUSED':
      return `${address} refuses connections to ${port}`;
    case 'ETIMEDOUT':
      return `${address} does not answer on ${port} within ${timeoutMs / 1000} s`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${address} cannot be reached`;
    default:
      return `no ${tls === undefined ? '' : 'TLS '}connection to ${port} of ${address}: ${messageOf(error)}`;
  }
}

/** Lets a connection speak through its handlers. `raw` is the socket below TLS, which knows its peers. */
function attach(socket: Socket, accept: Accept, raw = socket): TcpStream {
  const near = peerOf(raw.localAddress, raw.localPort);
  const far = peerOf(raw.remoteAddress, raw.remotePort);
  raw.setKeepAlive(true, KEEPALIVE_MS);
  socket.on('error', () => undefined); // 'close' follows, and is told
  const stream = streamOf(socket, near, far);
  const handlers = accept(stream);
  socket.on('data', handlers.onBytes);
  socket.once('end', handlers.onEnd);
  socket.once('close', () => handlers.onClose());
  // Paused until now, so that nothing is lost before there was somebody to hear it.
  if (!held.has(socket)) socket.resume();
  return stream;
}

/** Those whose reader asked to wait before the first byte. */
const held = new WeakSet<Socket>();

function streamOf(socket: Socket, near: Peer, far: Peer): TcpStream {
  return {
    near,
    far,
    send: async (bytes) => await send(socket, bytes),
    hold: () => {
      held.add(socket);
      socket.pause();
    },
    go: () => {
      held.delete(socket);
      socket.resume();
    },
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

async function send(socket: Socket, bytes: Uint8Array): Promise<boolean> {
  if (!socket.writable) return false;
  if (socket.write(bytes)) return true;
  return await new Promise<boolean>((resolve) => {
    const settle = (isThere: boolean) => () => {
      socket.off('drain', onDrain);
      socket.off('close', onClose);
      resolve(isThere);
    };
    const onDrain = settle(true);
    const onClose = settle(false);
    socket.once('drain', onDrain);
    socket.once('close', onClose);
  });
}

function peerOf(address: string | undefined, port: number | undefined): Peer {
  return { address: parseIpv4(address ?? '') ?? ANY, port: port ?? 0 };
}

// The HTTP listener of a LAN: node:http on a pinned socket, requests and answers in plain form.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { ListenOptions, Socket } from 'node:net';
import { errnoOf } from '../base/fault.ts';
import { ANY, parseIpv4, showIpv4 } from '../base/ipv4.ts';
import type { Closable } from '../base/world.ts';
import { answerWith } from './http-answer.ts';
import type { HttpOptions, Peer, PlainAnswer, PlainRequest } from './ports.ts';
import { interfaceIndex, tend } from './tend.ts';
import { type Bound, bindOnLan, type Ground, orFault, placeOf, type Wanted, type Way } from './ways.ts';

export interface HttpListener extends Closable {
  readonly port: number;
  readonly way: Way;
}

export type Answerer = (request: PlainRequest) => Promise<PlainAnswer>;

interface Door {
  readonly ground: Ground;
  readonly options: HttpOptions;
  readonly answer: Answerer;
}

const MOST_CONNECTIONS = 1000;
const MOST_HEADER_BYTES = 16 * 1024;
/** Phones send no body that we want here. A little of it is read away, so that the connection can be kept. */
const MOST_BODY_BYTES = 64 * 1024;
/** A phone that writes its flash reads nothing for a minute. */
const IDLE_MS = 120_000;

/** Listens on the LAN and listens again when the interface is replaced. Rejects with a Fault. */
export async function listenHttp(
  ground: Ground,
  options: HttpOptions,
  answer: Answerer,
): Promise<HttpListener> {
  const door = { ground, options, answer };
  const first = await open(door);
  const kept = await tend(first, {
    world: ground.world,
    index: async () => await interfaceIndex(ground.interface),
    open: async () => await open(door),
    onTrouble: options.onTrouble,
  });
  return { port: first.port, way: first.way, close: async () => await kept.close() };
}

async function open(door: Door): Promise<HttpListener> {
  const { ground, options } = door;
  const { address } = ground;
  const wanted: Wanted = {
    transport: 'tcp',
    port: options.port,
    address,
    purpose: 'HTTP',
    shared: false,
    hearsAll: false,
  };
  const bound = await bindOnLan(ground, wanted);
  const server = createHttpServer(door);
  await orFault(placeOf(ground, wanted), async () => await listen(server, listenOptions(bound, wanted)));
  server.on('error', options.onTrouble);
  const listening = server.address();
  const port = typeof listening === 'object' && listening !== null ? listening.port : options.port;
  return { port, way: bound.way, close: async () => await close(server) };
}

function listenOptions(bound: Bound, { address, port }: Wanted): ListenOptions & { readonly fd?: number } {
  return bound.way === 'plain' ? { host: showIpv4(address), port } : { fd: bound.descriptor };
}

async function listen(server: Server | SecureServer, options: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function close(server: Server | SecureServer): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function createHttpServer(door: Door): Server | SecureServer {
  const { tls } = door.options;
  const settings = {
    maxHeaderSize: MOST_HEADER_BYTES,
    headersTimeout: 15_000,
    requestTimeout: 60_000,
    keepAliveTimeout: 10_000,
    // Phones in the field send a control byte in their User-Agent, bare line feeds, HTTP/1.1 without Host. There is
    // no proxy between us and them, so lenience opens no way to smuggle a second request past anyone.
    insecureHTTPParser: true,
    requireHostHeader: false,
  };
  const server =
    tls === undefined
      ? createServer(settings)
      : createSecureServer({ ...settings, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' });
  server.maxConnections = MOST_CONNECTIONS;
  server.setTimeout(IDLE_MS);
  server.on('request', (request, response) => void serve(door, request, response));
  server.on('clientError', (error: Error, socket) => refuseGarbled(door, error, socket as Socket));
  // A phone that does not trust the certificate, or bytes that are no TLS. The socket is closed by Node.
  server.on('tlsClientError', (_error: Error, socket: Socket) => door.options.onGarbled(peerOf(socket)));
  return server;
}

async function serve(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  discardBody(request, response);
  try {
    const answer = await door.answer(plainRequest(request));
    answerWith(response, answer, request.method === 'HEAD');
  } catch (error) {
    door.options.onTrouble(error instanceof Error ? error : new Error(String(error)));
    if (response.headersSent) response.destroy();
    else answerWith(response, UNABLE, request.method === 'HEAD');
  }
}

/** 503 and not 500: it asks the phone to come again, and it is we who are at fault. */
const UNABLE: PlainAnswer = { status: 503, headers: { 'retry-after': '10' }, body: new Uint8Array(0) };

function plainRequest(request: IncomingMessage): PlainRequest {
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    headers: Object.fromEntries(headers) as Record<string, string | undefined>,
    from: peerOf(request.socket),
  };
}

function discardBody(request: IncomingMessage, response: ServerResponse): void {
  let bytes = 0;
  request.on('error', () => undefined); // the connection broke; whoever answers learns it from `sent`
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MOST_BODY_BYTES) return;
    request.pause();
    // The answer, if it is still on its way, goes out first.
    if (response.writableFinished) request.destroy();
    else response.once('close', () => request.destroy());
  });
}

function refuseGarbled({ options }: Door, error: Error, socket: Socket): void {
  const code = errnoOf(error) ?? '';
  const isGarbled = code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE';
  const from = peerOf(socket);
  if (isGarbled && from.port !== 0) options.onGarbled(from);
  const mayAnswer = socket.writable && socket.bytesWritten === 0 && code !== 'ECONNRESET';
  if (mayAnswer) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  else socket.destroy();
}

function peerOf(socket: Socket): Peer {
  return { address: parseIpv4(socket.remoteAddress ?? '') ?? ANY, port: socket.remotePort ?? 0 };
}

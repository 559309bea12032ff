// The HTTP listener of a LAN: node:http on a pinned socket, requests and answers in plain form.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { errnoOf } from '../base/fault.ts';
import { ANY, parseIpv4 } from '../base/ipv4.ts';
import { type Gathering, gather } from './gather.ts';
import { answerWith } from './http-answer.ts';
import { type Body, bodyOf } from './http-body.ts';
import { listenOnLan } from './listen.ts';
import type { HttpOptions, Peer, PlainAnswer, PlainRequest, TlsDoor, WebListener } from './ports.ts';
import { watchSlowPeers } from './slow-peers.ts';
import { interfaceIndex, tend } from './tend.ts';
import { certificateOf, createTlsServer, renewTls, underlying } from './tls.ts';
import type { Ground, Way } from './ways.ts';

export interface HttpListener extends WebListener {
  readonly port: number;
  readonly way: Way;
}

export type Answerer = (request: PlainRequest) => Promise<PlainAnswer>;

interface Door {
  readonly ground: Ground;
  readonly options: HttpOptions;
  readonly answer: Answerer;
}

const MOST_CONNECTIONS = 4000;
/** Of these, so many may be open and have asked nothing. */
const MOST_SILENT = 1500;
const MOST_HEADER_BYTES = 16 * 1024;
/** A phone that writes its flash reads nothing for a minute. */
const IDLE_MS = 120_000;

/** Listens on the LAN and listens again when the interface is replaced. Rejects with a Fault. */
export async function listenHttp(
  ground: Ground,
  options: HttpOptions,
  answer: Answerer,
): Promise<HttpListener> {
  let door: Door = { ground, options, answer };
  const first = await open(door);
  const kept = await tend(first, {
    world: ground.world,
    index: async () => await interfaceIndex(ground.interface),
    open: async () => await open(door),
    onTrouble: options.onTrouble,
  });
  return {
    port: first.port,
    way: first.way,
    retire: async () => {
      await kept.resource?.retire?.();
      await kept.close();
    },
    renew: (tls) => {
      // Also for the listener that takes its place when the interface is replaced.
      door = { ...door, options: { ...door.options, tls } };
      kept.resource?.renew?.(tls);
    },
    close: async () => await kept.close(),
  };
}

async function open(door: Door): Promise<HttpListener> {
  const { port, onTrouble } = door.options;
  const server = createHttpServer(door);
  const listening = await listenOnLan(door.ground, server, { port, purpose: 'HTTP', onTrouble });
  return {
    ...listening,
    retire: async () => await new Promise<void>((resolve) => void server.close(() => resolve())),
    renew: (tls) => renewServer(server, tls),
  };
}

function renewServer(server: Server | SecureServer, tls: TlsDoor): void {
  if ('setSecureContext' in server) renewTls(server, tls);
}

function createHttpServer(door: Door): Server | SecureServer {
  const { world } = door.ground;
  const { tls, onGarbled, onTlsRefused = onGarbled } = door.options;
  const settings = {
    maxHeaderSize: MOST_HEADER_BYTES,
    headersTimeout: 15_000,
    requestTimeout: 60_000,
    // How often those two are looked at; by default they would last half a minute longer.
    connectionsCheckingInterval: 2000,
    keepAliveTimeout: 10_000,
    // Phones in the field send a control byte in their User-Agent, bare line feeds, HTTP/1.1 without Host. There is
    // no proxy between us and them, so lenience opens no way to smuggle a second request past anyone.
    insecureHTTPParser: true,
    requireHostHeader: false,
  };
  const server =
    tls === undefined
      ? createServer(settings)
      : createTlsServer(settings, tls, {
          now: () => world.now(),
          onRefused: (socket, ...why) => {
            if (!slow.wasSentAway(socket)) onTlsRefused(peerOf(socket), ...why);
          },
        });
  // Some clients end their side when the request is out. By default Node hangs up on them, answer or not; the types do
  // not know the switch.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.maxConnections = MOST_CONNECTIONS;
  server.setTimeout(IDLE_MS);
  const slow = watchSlowPeers(server, { most: MOST_SILENT });
  const answers = gather(write);
  const spoke = (socket: Socket): void => slow.spoke(underlying(socket));
  server.on('request', (request, response) => {
    spoke(request.socket);
    void serve(door, answers, { request, response, awaits100: false });
  });
  // Without this listener Node would say 100 before anybody has looked whether the upload is wanted.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    spoke(request.socket);
    void serve(door, answers, { request, response, awaits100: true });
  });
  // RFC 9110 section 10.1.1: another expectation MAY be refused with 417, and Node would do that by a chunked answer,
  // which some phones cannot read. It is left aside.
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    spoke(request.socket);
    void serve(door, answers, { request, response, awaits100: false });
  });
  server.on('connect', (_request, socket) => {
    // Node hands it over bare: nobody else would hear that it broke, nor hang up on a client that does not.
    socket.on('error', () => undefined);
    socket.on('timeout', () => socket.destroy());
    socket.end(
      'HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
      () => socket.destroy(),
    );
  });
  server.on('clientError', (error: Error, socket) => refuseGarbled(door, error, socket as Socket));
  return server;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly awaits100: boolean;
}

/** An answer that waits for the end of the turn. */
interface Ready {
  readonly door: Door;
  readonly response: ServerResponse;
  readonly body: Body;
  readonly answer: PlainAnswer;
}

async function serve(
  door: Door,
  answers: Gathering<Ready>,
  { request, response, awaits100 }: Exchange,
): Promise<void> {
  const body = bodyOf(request, response, { awaits100, world: door.ground.world });
  let answer = UNABLE;
  try {
    answer = await door.answer(plainRequest(request, body.bytes, door.options.tls));
  } catch (error) {
    door.options.onTrouble(error instanceof Error ? error : new Error(String(error)));
  }
  answers.put({ door, response, body, answer });
}

function write({ door, response, body, answer }: Ready): void {
  const { world } = door.ground;
  const options = { isHead: response.req.method === 'HEAD', world, linger: body.linger() };
  try {
    answerWith(response, answer, options);
  } catch (error) {
    door.options.onTrouble(error instanceof Error ? error : new Error(String(error)));
    if (response.headersSent) response.destroy();
    else answerWith(response, UNABLE, options);
  }
}

/** 503 and not 500: it asks the phone to come again, and it is we who are at fault. */
const UNABLE: PlainAnswer = { status: 503, headers: { 'retry-after': '10' }, body: new Uint8Array(0) };

function plainRequest(
  request: IncomingMessage,
  body: PlainRequest['body'],
  tls: HttpOptions['tls'],
): PlainRequest {
  const { method = '', url: target = '', headers, socket } = request;
  // The one header that node:http gives as a list. No phone sends it.
  const cookies = headers['set-cookie'];
  return {
    method,
    target,
    headers: (cookies === undefined ? headers : { ...headers, 'set-cookie': cookies.join(', ') }) as Record<
      string,
      string | undefined
    >,
    from: peerOf(socket),
    body,
    certificate: tls === undefined ? undefined : certificateOf(socket, tls),
  };
}

function refuseGarbled({ options }: Door, error: Error, socket: Socket): void {
  const code = errnoOf(error) ?? '';
  const isGarbled = code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE';
  const from = peerOf(socket);
  if (isGarbled && from.port !== 0) options.onGarbled(from);
  const mayAnswer = socket.writable && socket.bytesWritten === 0 && code !== 'ECONNRESET';
  const status = MISUNDERSTOOD[code] ?? '400 Bad Request';
  if (mayAnswer) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  else socket.destroy();
}

const MISUNDERSTOOD: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Of connections that are kept, on which many requests come. */
const peers = new WeakMap<Socket, Peer>();

function peerOf(socket: Socket): Peer {
  const known = peers.get(socket);
  if (known !== undefined) return known;
  const peer = { address: parseIpv4(socket.remoteAddress ?? '') ?? ANY, port: socket.remotePort ?? 0 };
  // A connection that is gone already tells nothing, and nothing is to be remembered of it.
  if (peer.port !== 0) peers.set(socket, peer);
  return peer;
}

import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { watchSlowPeers } from '../../src/net/slow-peers.ts';
import { underlying } from '../../src/net/tls.ts';
import { authority, issue } from '../certs/kit.ts';

const opened: (() => void)[] = [];
afterEach(() => {
  for (const close of opened.splice(0)) close();
});

const { certificate: cert, key } = issue({
  subject: [['CN', 'unboxd']],
  signer: authority('unboxd CA'),
  names: ['unboxd'],
  uses: 'serverAuth',
});

async function listening(
  most: number,
  server: Server = createServer(),
): Promise<{ server: Server; port: number; ended: number[]; cut: boolean[]; open: () => Socket }> {
  const { spoke, wasSentAway } = watchSlowPeers(server, { most });
  /** Handshakes that ended early, and whether that was our doing. */
  const cut: boolean[] = [];
  server.on('tlsClientError', (_error: Error, socket: Socket) => cut.push(wasSentAway(underlying(socket))));
  server.on('request', (request, response) => {
    spoke(underlying(request.socket));
    response.end('hello');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  opened.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  const { port } = server.address() as AddressInfo;
  const ended: number[] = [];
  let count = 0;
  const open = (): Socket => {
    const number = count++;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('close', () => ended.push(number));
    opened.push(() => socket.destroy());
    return socket;
  };
  return { server, port, ended, cut, open };
}

async function opening(open: () => Socket): Promise<Socket> {
  const socket = open();
  await new Promise((connected) => socket.once('connect', connected));
  return socket;
}

test('the oldest that says nothing makes room; who has asked something stays', async () => {
  const { ended, open } = await listening(3);
  const first = await opening(open);
  first.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((answered) => first.once('data', answered));
  for (let more = 0; more < 3; more += 1) (await opening(open)).write('GET / HT');
  expect(ended).toEqual([]);
  const late = await opening(open);
  late.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((answered) => late.once('data', answered));
  await expect.poll(() => ended).toEqual([1]);
});

test('connections that ended count no more', async () => {
  const { ended, open, server } = await listening(2);
  for (let turn = 0; turn < 5; turn += 1) (await opening(open)).destroy();
  const count = async (): Promise<number> =>
    await new Promise((resolve, reject) => {
      server.getConnections((error, open) => (error === null ? resolve(open) : reject(error)));
    });
  await expect.poll(count).toBe(0);
  await opening(open);
  await opening(open);
  await expect.poll(count).toBe(2);
  expect(ended).toHaveLength(5);
});

test('under TLS too, where the silent have not even shaken hands', async () => {
  const { ended, cut, open } = await listening(2, createSecureServer({ cert, key }));
  const secured = (raw: Socket) => {
    const socket = connectTls({ socket: raw, rejectUnauthorized: false });
    socket.on('error', () => undefined);
    return socket;
  };
  const first = secured(await opening(open));
  first.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((answered) => first.once('data', answered));
  await opening(open);
  await new Promise((shaken) => secured(open()).once('secureConnect', shaken));
  expect(ended).toEqual([]);
  const late = secured(await opening(open));
  await expect.poll(() => ended).toEqual([1]);
  late.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((answered) => late.once('data', answered));
  expect(ended).toEqual([1]);
  expect(cut).toEqual([true]);
  (await opening(open)).destroy();
  await expect.poll(() => cut).toEqual([true, false]);
});

test('of a hundred that come at once each sends away another one', async () => {
  const { ended, open } = await listening(10);
  const all = Array.from({ length: 100 }, () => open());
  await Promise.all(
    all.map(async (socket) => await new Promise((connected) => socket.once('connect', connected))),
  );
  await expect.poll(() => ended.length).toBe(90);
  expect(new Set(ended).size).toBe(90);
});

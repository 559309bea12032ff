import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { watchSlowPeers } from '../../src/net/slow-peers.ts';

const opened: (() => void)[] = [];
afterEach(() => {
  for (const close of opened.splice(0)) close();
});

async function listening(
  most: number,
): Promise<{ server: Server; port: number; ended: number[]; open: () => Socket }> {
  const server = createServer();
  const { spoke } = watchSlowPeers(server, { most, event: 'connection' });
  server.on('request', (request, response) => {
    spoke(request.socket);
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
  return { server, port, ended, open };
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

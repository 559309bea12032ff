// Requests that take the connection away from HTTP: Node hands the bare socket over, with nobody who hears its errors.
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { closeDoors, door, exchange, ok } from './http-door.ts';

const CONNECT = 'CONNECT h:1 HTTP/1.1\r\nHost: x\r\n\r\n';

async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  await new Promise<void>((open) => socket.once('connect', open));
  return socket;
}

test('CONNECT is no hole', async () => {
  const { port, requests } = await door(({ method }) => ok(method));
  expect(await exchange(port, CONNECT)).toMatch(/^HTTP\/1\.1 405 /);
  expect(requests).toEqual([]);
});

test('CONNECT by somebody who is gone at once harms nobody', async () => {
  const { port, log } = await door(() => ok('hello'));
  for (let turn = 0; turn < 20; turn += 1) {
    const socket = await connected(port);
    await new Promise<void>((written) => socket.write(CONNECT, () => written()));
    socket.resetAndDestroy();
  }
  expect(await exchange(port, 'GET /a HTTP/1.0\r\n\r\n')).toMatch(/hello$/);
  expect(log).toEqual([]);
});

test.each([
  { what: 'CONNECT', said: CONNECT, status: '405' },
  { what: 'garbage', said: 'nonsense\r\n\r\n', status: '400' },
])('$what by somebody who never hangs up does not hold the door', async ({ said, status }) => {
  const { port } = await door(() => ok('hello'));
  const socket = await connected(port);
  const answer = new Promise<string>((heard) =>
    socket.once('data', (bytes) => heard(bytes.toString('latin1'))),
  );
  socket.write(said);
  expect(await answer).toContain(` ${status} `);
  await closeDoors();
  socket.destroy();
});

test('an upgrade that we do not know is an ordinary request, and the connection goes on', async () => {
  const { port, log } = await door(({ target }) => ok(`this is ${target}`));
  const socket = await connected(port);
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  socket.write('GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  await expect.poll(() => text).toMatch(/^HTTP\/1\.1 200 .*this is \/a$/s);
  socket.write('GET /b HTTP/1.1\r\nHost: x\r\n\r\n');
  await expect.poll(() => text).toMatch(/this is \/b$/);
  socket.destroy();
  expect(log).toEqual([]);
});

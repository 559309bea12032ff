// On loopback, with ports of the kernel's choice: what goes over the wire, byte by byte.
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import type { PlainAnswer } from '../../src/net/ports.ts';
import { closeDoors, door, exchange, ok, readAll } from './http-door.ts';

test('an answer has its length, is never chunked, and is told as complete', async () => {
  const { port, requests, outcomes } = await door(() =>
    ok('hello', { 'Content-Type': 'text/plain', 'Content-Length': '99' }),
  );
  const answer = await exchange(port, 'GET /%41?b=c HTTP/1.1\r\nHost: x\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer).toMatch(/\r\ncontent-length: 5\r\n/i);
  expect(answer).not.toMatch(/chunked|: 99/i);
  expect(answer).toMatch(/\r\n\r\nhello$/);
  expect(outcomes).toEqual([{ complete: true, bytes: 5 }]);
  expect(requests[0]).toMatchObject({
    method: 'GET',
    target: '/%41?b=c',
    headers: { host: 'x', 'x-twice': '1, 2' },
  });
});

test.each([
  { when: 'HEAD with the body of GET', method: 'HEAD', answer: ok('hello'), length: '5' },
  {
    when: 'HEAD with the length only',
    method: 'HEAD',
    answer: { status: 200, headers: { 'content-length': '7' } },
    length: '7',
  },
  { when: '304', method: 'GET', answer: { status: 304, headers: { etag: '"1"' } }, length: undefined },
  { when: '204', method: 'GET', answer: { status: 204, headers: {} }, length: undefined },
  { when: '404 without a body', method: 'GET', answer: { status: 404, headers: {} }, length: '0' },
])('$when has no body', async ({ method, answer, length }) => {
  const { port, outcomes } = await door(() => answer);
  const text = await exchange(port, `${method} /a HTTP/1.1\r\nHost: x\r\n\r\n`);
  expect(text).toMatch(/\r\n\r\n$/);
  expect(/content-length: (\d+)/i.exec(text)?.[1]).toBe(length);
  expect(text).not.toMatch(/chunked/i);
  expect(outcomes).toEqual([{ complete: true, bytes: 0 }]);
});

test.each([
  {
    when: 'a control byte in the User-Agent',
    request: 'GET /a HTTP/1.1\r\nHost: x\r\nUser-Agent: Phone\x01/1\r\n\r\n',
  },
  { when: 'bare line feeds', request: 'GET /a HTTP/1.1\nHost: x\n\n' },
  { when: 'no Host', request: 'GET /a HTTP/1.1\r\nUser-Agent: Phone\r\n\r\n' },
  { when: 'HTTP/1.0', request: 'GET /a HTTP/1.0\r\n\r\n' },
  { when: 'two slashes', request: 'GET //a HTTP/1.1\r\nHost: x\r\n\r\n' },
])('a phone with $when is served', async ({ request }) => {
  const { port, log } = await door(() => ok('hello'));
  expect(await exchange(port, request)).toMatch(/hello$/);
  expect(log).toEqual([]);
});

test('bytes that are not HTTP are told, and answered by 400; a head too large by 431', async () => {
  const { port, log, requests } = await door(() => ok('hello'));
  const clientHello = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc';
  expect(await exchange(port, clientHello)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(await exchange(port, `GET /a HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 /,
  );
  expect(requests).toEqual([]);
  expect(log).toEqual(['garbled', 'garbled']);
});

test('a connection that says nothing, or half a request, is no garbage', async () => {
  const { port, log } = await door(() => ok('hello'));
  await exchange(port, '');
  await exchange(port, 'GET /a HT');
  expect(log).toEqual([]);
});

test('a file that the phone did not take whole is told as incomplete', async () => {
  const size = 20_000_000;
  const { port, outcomes } = await door(() => ({ status: 200, headers: {}, body: new Uint8Array(size) }));
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /firmware HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((some) => socket.once('data', some));
  socket.destroy();
  await expect.poll(() => outcomes.length).toBe(1);
  expect(outcomes[0]?.complete).toBe(false);
  expect(outcomes[0]?.bytes).toBeLessThan(size);
});

test('a large file arrives whole', async () => {
  const body = Buffer.alloc(1_000_003, 'abcdefg');
  const { port, outcomes } = await door(() => ({ status: 200, headers: {}, body }));
  const text = await exchange(port, 'GET /firmware HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(text.endsWith(body.toString())).toBe(true);
  expect(outcomes).toEqual([{ complete: true, bytes: body.length }]);
});

test('a phone that is gone before its answer is known is told as incomplete', async () => {
  let goOn: (answer: PlainAnswer) => void = () => undefined;
  const { port, requests, outcomes } = await door(
    async () => await new Promise((resolve) => (goOn = resolve)),
  );
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
  await expect.poll(() => requests.length).toBe(1);
  socket.resetAndDestroy();
  await new Promise((seen) => setTimeout(seen, 50));
  goOn(ok('hello'));
  await expect.poll(() => outcomes).toEqual([{ complete: false, bytes: 0 }]);
});

test.each([
  { when: 'a promise that fails', answer: () => Promise.reject(new Error('a bug')) },
  { when: 'a header that cannot be sent', answer: () => ok('x', { 'x-bad': 'a\r\nb' }) },
])('$when becomes 503 and is told', async ({ answer }) => {
  const { port, log } = await door(answer);
  expect(await exchange(port, 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/^HTTP\/1\.1 503 .*\r\n\r\n$/s);
  expect(log).toHaveLength(1);
});

test('a small body is read away and the connection kept; a large one ends it', async () => {
  const { port, requests } = await door(() => ({ status: 405, headers: {} }));
  const put = (bytes: number): string =>
    `PUT /log HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`;
  expect((await exchange(port, put(1000) + put(1000))).match(/ 405 /g)).toHaveLength(2);
  expect(requests).toHaveLength(2);

  const socket = connect(port, '127.0.0.1');
  const answer = readAll(socket);
  socket.write(put(5_000_000));
  expect(await answer).not.toMatch(/200/);
});

test('closing ends open connections too', async () => {
  const { port } = await door(() => ok('hello'));
  const socket = connect(port, '127.0.0.1');
  const all = readAll(socket);
  socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((some) => socket.once('data', some));
  await closeDoors();
  expect(await all).toMatch(/hello$/);
});

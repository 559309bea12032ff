// Uploads and large answers over a real socket: who waits for whom, and how a connection ends.
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { PlainAnswer, PlainRequest } from '../../src/net/ports.ts';
import { door, exchange, ok } from './http-door.ts';

async function bodyOf({ body }: PlainRequest): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body ?? []) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Says what it read. */
const echo = async (request: PlainRequest): Promise<PlainAnswer> => ok(`<${await bodyOf(request)}>`);
const refuse = (): PlainAnswer => ({ status: 413, headers: {}, body: Buffer.from('too large') });

/** What came so far; the promise resolves when it holds the text. */
function listen(socket: Socket) {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  return { heard: async (what: string) => await expect.poll(() => text).toContain(what), text: () => text };
}

test.each([
  { what: 'with its length', head: 'Content-Length: 5', body: 'hello', reads: 'hello' },
  { what: 'of nothing', head: 'Content-Length: 0', body: '', reads: '' },
  {
    what: 'in chunks',
    head: 'Transfer-Encoding: chunked',
    body: '2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX: y\r\n\r\n',
    reads: 'hello',
  },
])('an upload $what is read, and the connection goes on', async ({ head, body, reads }) => {
  const { port, log } = await door(echo);
  const put = `PUT /log HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n${body}`;
  const said = await exchange(port, put + put);
  expect(said.match(/<[^>]*>/g)).toEqual([`<${reads}>`, `<${reads}>`]);
  expect(log).toEqual([]);
});

test('a request without a body has none', async () => {
  const { port, requests } = await door(echo);
  await exchange(port, 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(requests[0]?.body).toBeUndefined();
});

test('100 is said when somebody begins to read, and not before', async () => {
  let goOn: () => void = () => undefined;
  const looked = new Promise<void>((resolve) => (goOn = resolve));
  const { port, requests } = await door(async (request) => {
    await looked;
    return await echo(request);
  });
  const socket = connect(port, '127.0.0.1');
  const { heard, text } = listen(socket);
  socket.write('PUT /log HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
  await expect.poll(() => requests.length).toBe(1);
  expect(text()).toBe('');
  goOn();
  await heard('HTTP/1.1 100 Continue\r\n\r\n');
  socket.write('hello');
  await heard('<hello>');
  expect(text().match(/100 Continue/g)).toHaveLength(1);
  socket.destroy();
});

test('a refused upload gets no 100: the answer comes at once, and the connection ends', async () => {
  const { port } = await door(refuse);
  const socket = connect(port, '127.0.0.1');
  const { heard, text } = listen(socket);
  socket.write('PUT /log HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
  await heard('too large');
  expect(text()).toMatch(/^HTTP\/1\.1 413 .*\r\nconnection: close\r\n/is);
  socket.end();
  await new Promise((closed) => socket.once('close', closed));
  expect(text()).not.toContain('100 Continue');
});

test('who sends on and on is told 413 in whole before the connection ends', async () => {
  const { port } = await door(refuse);
  const size = 8_000_000;
  const said = await exchange(
    port,
    `PUT /log HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`,
  );
  expect(said).toMatch(/^HTTP\/1\.1 413 /);
  expect(said.endsWith('too large')).toBe(true);
});

test('reading can stop half-way: the answer still comes', async () => {
  const { port } = await door(async ({ body }) => {
    for await (const _first of body ?? []) break;
    return { status: 507, headers: {}, body: Buffer.from('full') };
  });
  const size = 3_000_000;
  const said = await exchange(
    port,
    `PUT /log HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`,
  );
  expect(said).toMatch(/^HTTP\/1\.1 507 .*full$/s);
});

test('a phone that waits is not read faster than its bytes are wanted', async () => {
  let goOn: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (goOn = resolve));
  let read = 0;
  const { port } = await door(async ({ body }) => {
    for await (const piece of body ?? []) {
      read += piece.length;
      await stopped;
    }
    return ok('all');
  });
  const size = 30_000_000;
  const socket = connect(port, '127.0.0.1');
  const { heard } = listen(socket);
  socket.write(`PUT /log HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
  socket.write(Buffer.alloc(size));
  await expect.poll(() => read).toBeGreaterThan(0);
  // The sockets at both ends hold a few megabytes; the rest waits in the phone.
  expect(socket.writableLength).toBeGreaterThan(10_000_000);
  goOn();
  await heard('all');
  expect(read).toBe(size);
  socket.destroy();
});

test('a phone that goes away half-way is an error for who reads', async () => {
  let failed = '';
  const { port, requests } = await door(async (request) => {
    await bodyOf(request).catch((error: unknown) => {
      failed = String(error);
    });
    return ok('');
  });
  const socket = connect(port, '127.0.0.1');
  socket.write('PUT /log HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe');
  await expect.poll(() => requests.length).toBe(1);
  socket.resetAndDestroy();
  await expect.poll(() => failed).toContain('abort');
});

test('requests in one go are answered in their order', async () => {
  const { port } = await door(async ({ target }) => {
    // The first is slow: the others must not overtake it.
    if (target === '/1') await new Promise((later) => setTimeout(later, 30));
    return ok(`[${target}]`);
  });
  const asks = ['/1', '/2', '/3'].map((target) => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
  expect((await exchange(port, asks.join(''))).match(/\[[^\]]*\]/g)).toEqual(['[/1]', '[/2]', '[/3]']);
});

test('of requests in one go, those that wait when the phone goes away are told as incomplete', async () => {
  let gone: () => void = () => undefined;
  const isGone = new Promise<void>((go) => (gone = go));
  const { port, requests, outcomes } = await door(async ({ target }) => {
    // The first answer waits until the phone has gone, and with it all that stand behind.
    if (target === '/1') await isGone;
    return ok('hello');
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(Array.from({ length: 15 }, (_, at) => `GET /${at + 1} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  await expect.poll(() => requests.length).toBe(15);
  socket.resetAndDestroy();
  await expect.poll(() => outcomes.length).toBe(14);
  gone();
  await expect.poll(() => outcomes.length).toBe(15);
  expect(outcomes).toEqual(Array.from({ length: 15 }, () => ({ complete: false, bytes: 0 })));
});

test.each([
  { what: 'HTTP/1.0', ask: 'GET /a HTTP/1.0\r\n\r\n', closes: true },
  {
    what: 'HTTP/1.0 that wants to stay',
    ask: 'GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
    closes: false,
  },
  { what: 'HTTP/1.1', ask: 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n', closes: false },
  { what: 'HTTP/1.1 that goes', ask: 'GET /a HTTP/1.1\r\nConnection: close\r\n\r\n', closes: true },
  {
    what: 'an odd Host',
    ask: 'GET /a HTTP/1.1\r\nHost: ]:99999/\r\nConnection: close\r\n\r\n',
    closes: true,
  },
  {
    what: 'a full address',
    ask: 'GET http://x/a HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n',
    closes: true,
  },
])('$what: the connection closes: $closes', async ({ ask, closes }) => {
  const { port } = await door(() => ok('hello'));
  const socket = connect(port, '127.0.0.1');
  const { heard, text } = listen(socket);
  let isClosed = false;
  socket.once('end', () => {
    isClosed = true;
  });
  socket.write(ask);
  await heard('hello');
  expect(text()).toMatch(/\r\ncontent-length: 5\r\n/i);
  if (closes) await expect.poll(() => isClosed).toBe(true);
  else {
    socket.write('GET /b HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => text().match(/hello/g)?.length).toBe(2);
  }
  socket.destroy();
});

test('challenges stand in fields of their own', async () => {
  const { port } = await door(() => ({
    status: 401,
    headers: {},
    challenges: ['Digest a="b"', 'Basic c="d"'],
  }));
  const said = await exchange(port, 'GET /a HTTP/1.0\r\n\r\n');
  expect(said.match(/^www-authenticate: .*$/gm)?.map((line) => line.trim())).toEqual([
    'www-authenticate: Digest a="b"',
    'www-authenticate: Basic c="d"',
  ]);
});

test('a paced file keeps to its pace, comes whole, and tells how far it is', async () => {
  const body = Buffer.alloc(60_000, 'abcdefg');
  const sums: number[] = [];
  const { port, outcomes } = await door(() => ({
    ...{ status: 200, headers: {}, body, pace: 200_000 },
    progress: (bytes) => void sums.push(bytes),
  }));
  const began = performance.now();
  const said = await exchange(port, 'GET /fw HTTP/1.0\r\n\r\n');
  const took = performance.now() - began;
  expect(said.endsWith(`\r\n\r\n${body.toString()}`)).toBe(true);
  // Three pieces, of which the first goes at once: 200 ms.
  expect(took).toBeGreaterThan(150);
  // What was just written is on its way yet.
  expect(sums).toEqual([0, 20_000, 40_000]);
  expect(outcomes).toEqual([{ complete: true, bytes: body.length }]);
});

test('a phone that leaves a paced file is told as incomplete, and nothing is written after it', async () => {
  const sums: number[] = [];
  const { port, log, outcomes } = await door(() => ({
    ...{ status: 200, headers: {}, body: Buffer.alloc(1_000_000), pace: 100_000 },
    progress: (bytes) => void sums.push(bytes),
  }));
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /fw HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((some) => socket.once('data', some));
  socket.resetAndDestroy();
  await expect.poll(() => outcomes).toMatchObject([{ complete: false }]);
  // The next piece would be due after 100 ms.
  const written = sums.length;
  await new Promise((later) => setTimeout(later, 150));
  expect([sums.length, log]).toEqual([written, []]);
});

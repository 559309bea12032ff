// TCP on loopback with real sockets, in both directions.
import { connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import type { Closable } from '../../src/base/world.ts';
import { makeAuthority, makeServerCertificate } from '../../src/certs/certificate.ts';
import { loadDeviceSockets } from '../../src/net/device-socket.ts';
import { openLan } from '../../src/net/lan.ts';
import type { TcpHandlers, TcpStream } from '../../src/net/ports.ts';
import { realWorld } from '../../src/net/world.ts';
import { ip } from './watched.ts';

const opened: Closable[] = [];
const ways = [
  { way: 'pinned', deviceSockets: loadDeviceSockets },
  { way: 'plain', deviceSockets: async () => await Promise.resolve('nothing pins here') },
] as const;

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

function lanBy(deviceSockets: (typeof ways)[number]['deviceSockets']) {
  return openLan({ interface: 'lo', world: realWorld(), deviceSockets });
}

/** Writes down what one side hears. */
function ears() {
  const log: string[] = [];
  const handlers: TcpHandlers = {
    onBytes: (bytes) => log.push(Buffer.from(bytes).toString('latin1')),
    onEnd: () => log.push('<end>'),
    onClose: () => log.push('<close>'),
  };
  return { log, handlers, text: () => log.join('') };
}

const say = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const trouble = (error: Error): never => {
  throw error;
};

async function listener(deviceSockets: (typeof ways)[number]['deviceSockets']) {
  const lan = lanBy(deviceSockets);
  const heard = ears();
  const streams: TcpStream[] = [];
  const open = await lan.listenTcp({ port: 0, purpose: 'FTP', onTrouble: trouble }, (stream) => {
    streams.push(stream);
    return heard.handlers;
  });
  opened.push(open);
  return { lan, open, heard, streams };
}

test.each(ways)('two of ours talk, $way: bytes, half a close, then the close', async ({ deviceSockets }) => {
  const { lan, open, heard, streams } = await listener(deviceSockets);
  const caller = ears();
  const near = await lan.dialTcp(
    { to: { address: ip('127.0.0.1'), port: open.port }, timeoutMs: 5000 },
    caller.handlers,
  );
  expect(near.far).toEqual({ address: ip('127.0.0.1'), port: open.port });
  expect(await near.send(say('hello'))).toBe(true);
  near.end();
  await expect.poll(heard.text).toBe('hello<end>');
  const far = streams[0] as TcpStream;
  expect(far.far).toEqual(near.near);
  expect(far.near).toEqual(near.far);
  // The caller sends no more, but still reads.
  expect(await far.send(say('good bye'))).toBe(true);
  far.end();
  await expect.poll(caller.text).toBe('good bye<end><close>');
  await expect.poll(heard.text).toBe('hello<end><close>');
  expect(await near.send(say('too late'))).toBe(false);
});

test.each(ways)('a connection from a port that was asked for, $way', async ({ deviceSockets }) => {
  const { lan, open, heard, streams } = await listener(deviceSockets);
  const to = { address: ip('127.0.0.1'), port: open.port };
  const fromPort = 20_000 + (process.pid % 10_000);
  const near = await lan.dialTcp({ to, timeoutMs: 5000, fromPort }, ears().handlers);
  expect(near.near.port).toBe(fromPort);
  await expect.poll(() => streams[0]?.far.port).toBe(fromPort);
  near.destroy();
  await expect.poll(heard.text).toBe('<end>');
});

test('the first bytes wait for the one who reads them; who holds slows the sender down', async () => {
  const { open, heard, streams } = await listener(loadDeviceSockets);
  const socket = connect(open.port, '127.0.0.1');
  await expect.poll(() => streams.length).toBe(1);
  streams[0]?.hold();
  const size = 30_000_000;
  socket.end(Buffer.alloc(size, 'x'));
  await new Promise((seen) => setTimeout(seen, 100));
  const whileHeld = heard.text().length;
  expect(whileHeld).toBeLessThan(size);
  streams[0]?.go();
  await expect.poll(() => heard.text().length, { timeout: 10_000 }).toBe(size + '<end>'.length);
});

test('a sender waits for a slow reader and learns that it is gone', async () => {
  const { open, streams } = await listener(loadDeviceSockets);
  const socket: Socket = connect(open.port, '127.0.0.1');
  socket.pause();
  await expect.poll(() => streams.length).toBe(1);
  const sent = streams[0]?.send(Buffer.alloc(30_000_000)) as Promise<boolean>;
  const first = await Promise.race([sent, new Promise((late) => setTimeout(late, 100, 'waits'))]);
  expect(first).toBe('waits');
  socket.destroy();
  expect(await sent).toBe(false);
});

test('a range is used up, then the port is told as taken', async () => {
  const lan = lanBy(loadDeviceSockets);
  // Below those that the kernel gives out to others.
  const first = 10_000 + (process.pid % 4000) * 2;
  const options = { port: 0, range: { first, last: first + 1 }, purpose: 'FTP data', onTrouble: trouble };
  const ports = [];
  for (let round = 0; round < 2; round += 1) {
    const one = await lan.listenTcp(options, () => ears().handlers);
    opened.push(one);
    ports.push(one.port);
  }
  expect(ports.sort((a, b) => a - b)).toEqual([first, first + 1]);
  await expect(lan.listenTcp(options, () => ears().handlers)).rejects.toMatchObject({ code: 'port-taken' });
  await opened.pop()?.close();
  opened.push(await lan.listenTcp(options, () => ears().handlers));
});

test.each(ways)('why there is no connection is a sentence, $way', async ({ deviceSockets }) => {
  const lan = lanBy(deviceSockets);
  const mute = createServer((socket) => void socket.on('error', () => undefined).resume());
  await new Promise<void>((ready) => mute.listen(0, '127.0.0.1', ready));
  opened.push({ close: async () => await new Promise<void>((done) => mute.close(() => done())) });
  const mutePort = (mute.address() as { readonly port: number }).port;
  const dial = async (port: number, timeoutMs: number, tls?: object): Promise<TcpStream> =>
    await lan.dialTcp({ to: { address: ip('127.0.0.1'), port }, timeoutMs, tls }, ears().handlers);
  await expect(dial(1, 30_000)).rejects.toThrow('127.0.0.1 refuses connections to TCP port 1');
  const isLate = `127.0.0.1 does not answer on TCP port ${mutePort} within 0.2 s`;
  await expect(dial(mutePort, 200, {})).rejects.toThrow(isLate);
});

test('closing the listener ends its connections', async () => {
  const { lan, open, streams } = await listener(loadDeviceSockets);
  const caller = ears();
  await lan.dialTcp({ to: { address: ip('127.0.0.1'), port: open.port }, timeoutMs: 5000 }, caller.handlers);
  await expect.poll(() => streams.length).toBe(1);
  await open.close();
  await expect.poll(caller.text).toBe('<end>');
});

test('TLS to a phone that signed itself, and to none that must be known', async () => {
  const { authority, issued } = await identities();
  const server = createTlsServer({ cert: issued.certificate, key: issued.key }, (socket) => {
    socket.on('error', () => undefined).resume();
    socket.end('secured');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  opened.push({ close: async () => await new Promise<void>((done) => server.close(() => done())) });
  const { port } = server.address() as { readonly port: number };
  for (const { deviceSockets } of ways) {
    const lan = lanBy(deviceSockets);
    const to = { address: ip('127.0.0.1'), port };
    const caller = ears();
    const stream = await lan.dialTcp({ to, timeoutMs: 5000, tls: {} }, caller.handlers);
    expect(stream.far).toEqual(to);
    await expect.poll(caller.text).toBe('secured<end>');
    stream.end();
    await expect.poll(caller.text).toBe('secured<end><close>');
    const known = ears();
    const trusting = { to, timeoutMs: 5000, tls: { authorities: [authority.certificate] } };
    const again = await lan.dialTcp(trusting, known.handlers);
    again.end();
    await expect.poll(known.text).toBe('secured<end><close>');
    const stranger = await makeAuthority('somebody else', Date.now());
    const strict = { to, timeoutMs: 5000, tls: { authorities: [stranger.certificate] } };
    await expect(lan.dialTcp(strict, ears().handlers)).rejects.toThrow(
      `no TLS connection to TCP port ${port} of 127.0.0.1: `,
    );
  }
}, 30_000);

async function identities() {
  const authority = await makeAuthority('lab', Date.now());
  const names = { names: ['localhost'], addresses: ['127.0.0.1'] };
  return { authority, issued: await makeServerCertificate(authority, names, Date.now()) };
}

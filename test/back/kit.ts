// What the tests of the thread share: the worker in TypeScript, a phone, free ports, and what comes from them.
import { get } from 'node:http';
import { createServer, type Server } from 'node:net';
import { expect } from 'vitest';
import { type Ipv4, parseIpv4 } from '../../src/base/ipv4.ts';
import { parseMac } from '../../src/base/mac.ts';
import type { Asker } from '../../src/files/desk.ts';

export const HOST: Ipv4 = parseIpv4('127.0.0.1') ?? expect.fail();
export const A1 = parseMac('02ac3e000001') ?? expect.fail();
export const PHONE: Asker = {
  mac: A1,
  identity: { vendor: 'acme', model: 'A10', by: 'the list', conflicts: [] },
  listed: { mac: A1, columns: { sip_user: '101' } },
};

/** The worker is TypeScript here. */
export const REAL = program(`
  const { register } = await import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))});
  register();
  await import(${JSON.stringify(new URL('../../src/back/worker.ts', import.meta.url).href)});
`);

export function program(text: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(text)}`);
}

export async function listening(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', done);
  });
  return server;
}

export function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : expect.fail('no port');
}

let next = 0;

/** A port that nobody has: below those that the kernel gives out to others meanwhile. */
export async function freePort(): Promise<number> {
  for (;;) {
    next += 1;
    const server = await listening(18_000 + ((process.pid * 16 + next) % 2000)).catch(() => undefined);
    if (server === undefined) continue;
    const port = portOf(server);
    await new Promise((done) => server.close(done));
    return port;
  }
}

/** Status and body. */
export async function fetched(port: number, path: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(`${response.statusCode} ${Buffer.concat(chunks).toString()}`));
    });
    request.on('error', reject);
  });
}

// A real HTTP listener on loopback, at a port of the kernel's choice, and the phone's end of the wire, byte by byte.
import { connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import type { Closable } from '../../src/base/world.ts';
import { openLan } from '../../src/net/lan.ts';
import type { PlainAnswer, PlainRequest } from '../../src/net/ports.ts';
import { realWorld } from '../../src/net/world.ts';

type Outcome = { readonly complete: boolean; readonly bytes: number };

const opened: Closable[] = [];

export async function closeDoors(): Promise<void> {
  for (const one of opened.splice(0)) await one.close();
}

afterEach(closeDoors);

/** Answers as told and writes down what it hears. */
export async function door(answer: (request: PlainRequest) => PlainAnswer | Promise<PlainAnswer>) {
  const log: string[] = [];
  const requests: PlainRequest[] = [];
  const outcomes: Outcome[] = [];
  const lan = openLan({ interface: 'lo', world: realWorld() });
  const options = {
    port: 0,
    onTrouble: (error: Error) => log.push(`trouble: ${error.message}`),
    onGarbled: () => log.push('garbled'),
  };
  const listener = await lan.listenHttp(options, async (request) => {
    requests.push(request);
    const plain = await answer(request);
    return { ...plain, sent: (outcome) => outcomes.push(outcome) };
  });
  opened.push(listener);
  return { port: listener.port, log, requests, outcomes };
}

/** Everything that comes back, until the other end closes. */
export async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(Buffer.from(text, 'latin1'));
  return await readAll(socket);
}

export async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((done) => {
    socket.on('close', () => done());
    socket.on('error', () => undefined);
  });
  return Buffer.concat(chunks).toString('latin1');
}

export const ok = (text: string, headers: Record<string, string> = {}): PlainAnswer => ({
  status: 200,
  headers,
  body: Buffer.from(text),
});

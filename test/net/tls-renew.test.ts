// A listener that shows another certificate, or goes, while connections stand.
import { get } from 'node:https';
import { afterEach, expect, test } from 'vitest';
import { openLan } from '../../src/net/lan.ts';
import type { WebListener } from '../../src/net/ports.ts';
import { realWorld } from '../../src/net/world.ts';
import { authority, issue } from '../certs/kit.ts';

const opened: WebListener[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

const [first, second] = [authority('first'), authority('second')];
const shown = (by: typeof first) => issue({ subject: [['CN', 'unboxd']], names: ['unboxd'], signer: by });

async function door() {
  const waiting: (() => void)[] = [];
  const listener = await openLan({ interface: 'lo', world: realWorld() }).listenHttp(
    {
      port: 0,
      tls: shown(first),
      onTrouble: (error) => expect.fail(error.message),
      onGarbled: () => undefined,
    },
    async ({ target }) => {
      if (target === '/slow') await new Promise<void>((go) => waiting.push(go));
      return { status: 200, headers: {}, body: Buffer.from(target) };
    },
  );
  opened.push(listener);
  return { listener, waiting };
}

async function fetched(port: number, path: string, ca: string): Promise<string> {
  return await new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path, ca: [ca], servername: 'unboxd', agent: false };
    const request = get(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
    });
    request.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
  });
}

async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((done) => setImmediate(done));
}

test('handshakes show the new certificate; an answer under way comes over the old connection', async () => {
  const { listener, waiting } = await door();
  const { port } = listener;
  const slow = fetched(port, '/slow', first.certificate);
  await until(() => waiting.length === 1);
  listener.renew?.(shown(second));
  expect(await fetched(port, '/a', second.certificate)).toBe('/a');
  expect(await fetched(port, '/a', first.certificate)).not.toBe('/a');
  waiting[0]?.();
  expect(await slow).toBe('/slow');
});

test('a listener that retires hears nobody new, gives the answer under way, and is then gone', async () => {
  const { listener, waiting } = await door();
  const { port } = listener;
  const slow = fetched(port, '/slow', first.certificate);
  await until(() => waiting.length === 1);
  let isGone = false;
  const gone = listener.retire?.().then(() => {
    isGone = true;
  });
  expect(await fetched(port, '/a', first.certificate)).toBe('ECONNREFUSED');
  expect(isGone).toBe(false);
  waiting[0]?.();
  expect(await slow).toBe('/slow');
  await gone;
});

test('closing a listener that retires ends it at once', async () => {
  const { listener, waiting } = await door();
  const slow = fetched(listener.port, '/slow', first.certificate);
  await until(() => waiting.length === 1);
  const gone = listener.retire?.();
  await listener.close();
  await gone;
  expect(await slow).toBe('ECONNRESET');
});

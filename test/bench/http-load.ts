// Many GETs of small files, each by a connection of its own, as phones make them; every byte is checked.
//   http-load.ts --server 10.99.0.1 --from 10.99.0.2 --requests 1000 --concurrency 50 --bytes 4096
// Prints one JSON line.
import { get } from 'node:http';
import { parseArgs } from 'node:util';
import { contentOf, macOf } from './content.ts';
import { percentile, stored } from './numbers.ts';

export interface HttpResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50ms: number | null;
  readonly p99ms: number | null;
  readonly failed: number;
  readonly failures: Readonly<Record<string, number>>;
}

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '80' },
    from: { type: 'string', default: '127.0.0.1' },
    requests: { type: 'string', default: '1000' },
    concurrency: { type: 'string', default: '50' },
    bytes: { type: 'string', default: '4096' },
  },
});
const TIMEOUT_MS = 5000;
const requests = Math.min(Number(values.requests), 10_000);
const atATime = Math.min(Number(values.concurrency), requests);
const waiting = Array.from({ length: requests }, (_, index) => {
  const name = `${macOf(index)}.cfg`;
  return { name, expected: contentOf(name, Number(values.bytes)) };
});
const times: number[] = [];
const failures: Record<string, number> = {};

const began = performance.now();
await Promise.all(Array.from({ length: atATime }, work));
const seconds = (performance.now() - began) / 1000;
const result: HttpResult = {
  requests: times.length,
  perSecond: stored(times.length / seconds) ?? 0,
  p50ms: stored(percentile(times, 50)),
  p99ms: stored(percentile(times, 99)),
  failed: requests - times.length,
  failures,
};
process.stdout.write(`${JSON.stringify(result)}\n`);

async function work(): Promise<void> {
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const sent = performance.now();
    const failure = await fetchOnce(one.name, one.expected);
    if (failure === undefined) times.push(performance.now() - sent);
    else failures[failure] = (failures[failure] ?? 0) + 1;
  }
}

/** Why it failed, or undefined. */
async function fetchOnce(name: string, expected: Buffer): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const request = get(
      {
        host: values.server,
        port: Number(values.port),
        localAddress: values.from,
        path: `/${name}`,
        agent: false,
        timeout: TIMEOUT_MS,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', (error) => resolve(error.message));
        response.on('end', () => {
          if (response.statusCode !== 200) resolve(`status ${response.statusCode}`);
          else resolve(Buffer.concat(chunks).equals(expected) ? undefined : 'wrong bytes');
        });
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', (error) => resolve(error.message));
  });
}

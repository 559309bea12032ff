// Many phones that fetch files by TFTP, each from a socket of its own, and check every byte.
//   tftp-fleet.ts --server 10.99.0.1 --from 10.99.0.2 --phones 1000 --concurrency 100 --file %m.cfg --bytes 4096
// %m is the MAC of each phone. The files follow the rule of content.ts. Prints one JSON line.
import { parseArgs } from 'node:util';
import { contentOf, macOf } from './content.ts';
import { percentile, stored } from './numbers.ts';
import { type Fetched, fetchFile } from './tftp-phone.ts';

export interface FleetResult {
  readonly transfers: number;
  readonly perSecond: number;
  readonly mbPerSecond: number;
  readonly p50ms: number | null;
  readonly p99ms: number | null;
  readonly failed: number;
  readonly retransmissions: number;
  readonly duplicates: number;
  /** How often which failure. */
  readonly failures: Readonly<Record<string, number>>;
}

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '69' },
    from: { type: 'string', default: '0.0.0.0' },
    phones: { type: 'string', default: '100' },
    concurrency: { type: 'string', default: '100' },
    file: { type: 'string', default: '%m.cfg' },
    bytes: { type: 'string', default: '4096' },
    blksize: { type: 'string', default: '1432' },
    timeout: { type: 'string', default: '1000' },
    retries: { type: 'string', default: '5' },
    json: { type: 'boolean', default: true },
  },
});

const phones = count('phones', 10_000);
const bytes = count('bytes', 256 * 1024 * 1024);
const atATime = Math.min(phones, count('concurrency', 5000));
const common = {
  server: values.server,
  port: count('port', 65_535),
  from: values.from,
  blksize: count('blksize', 65_464),
  timeoutMs: count('timeout', 60_000),
  retries: count('retries', 100),
};

// Made before the clock starts, and once where all fetch the same file.
const expected = new Map<string, Buffer>();
const files = Array.from({ length: phones }, (_, index) => values.file.replaceAll('%m', macOf(index)));
for (const file of files) if (!expected.has(file)) expected.set(file, contentOf(file, bytes));

const waiting = [...files];
const done: Fetched[] = [];
const began = performance.now();
await Promise.all(Array.from({ length: atATime }, work));
const seconds = (performance.now() - began) / 1000;

const good = done.filter(({ failure }) => failure === undefined);
const failures: Record<string, number> = {};
for (const { failure } of done) if (failure !== undefined) failures[failure] = (failures[failure] ?? 0) + 1;
const times = good.map(({ ms }) => ms);
const result: FleetResult = {
  transfers: good.length,
  perSecond: stored(good.length / seconds) ?? 0,
  mbPerSecond: stored((good.length * bytes) / 1e6 / seconds) ?? 0,
  p50ms: stored(percentile(times, 50)),
  p99ms: stored(percentile(times, 99)),
  failed: done.length - good.length,
  retransmissions: done.reduce((sum, one) => sum + one.retransmissions, 0),
  duplicates: done.reduce((sum, one) => sum + one.duplicates, 0),
  failures,
};
process.stdout.write(`${JSON.stringify(result)}\n`);

async function work(): Promise<void> {
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const content = expected.get(file) ?? Buffer.alloc(0);
    done.push(await fetchFile({ ...common, file, expected: content }));
  }
}

function count(
  name: 'phones' | 'bytes' | 'concurrency' | 'port' | 'blksize' | 'timeout' | 'retries',
  most: number,
) {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new Error(`--${name} takes a whole number up to ${most}`);
}

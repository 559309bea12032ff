// Phones that never stop fetching: firmware by TFTP, rendered files by HTTP. They are there to be in the way of others.
//   file-storm.ts --server 10.99.0.1 --from 10.99.0.2 --tftp 20 --http 200 --seconds 11
// The file of the TFTP phones follows the rule of content.ts. Prints one JSON line.
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { setPriority } from 'node:os';
import { parseArgs } from 'node:util';
import { contentOf, macOf } from './content.ts';
import { FIRMWARE, SMALL } from './ground.ts';
import { stored } from './numbers.ts';
import { fetchFile } from './tftp-phone.ts';

export interface StormResult {
  readonly getsPerSecond: number | null;
  /** By all protocols, headers included. */
  readonly mbPerSecond: number | null;
  readonly failures: Readonly<Record<string, number>>;
}

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: '127.0.0.1' },
    from: { type: 'string', default: '127.0.0.1' },
    tftp: { type: 'string', default: '20' },
    http: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '11' },
  },
});
const { server, from } = values;
const failures: Record<string, number> = {};
let gets = 0;

// In life, phones have processors of their own: these must not take any from those whose answers are timed.
setPriority(19);
const firmware = contentOf(FIRMWARE.name, FIRMWARE.bytes);
for (let phone = 0; phone < Number(values.tftp); phone += 1) void fetchForEver();
for (let phone = 0; phone < Number(values.http); phone += 1)
  getForEver(`/${macOf(SMALL.phones + phone)}.cfg`);
const before = bytesReceived();
const began = performance.now();
setTimeout(() => {
  const seconds = (performance.now() - began) / 1000;
  const result: StormResult = {
    getsPerSecond: stored(gets / seconds),
    mbPerSecond: stored((bytesReceived() - before) / 1e6 / seconds),
    failures,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit());
}, Number(values.seconds) * 1000);

async function fetchForEver(): Promise<never> {
  for (;;) {
    const common = { server, port: 69, from, blksize: 1432, timeoutMs: 1000, retries: 5 };
    const { failure } = await fetchFile({ ...common, file: FIRMWARE.name, expected: firmware });
    if (failure !== undefined) failed(failure);
  }
}

/** A connection for each request, as phones make them. */
function getForEver(path: string): void {
  const again = (): void => getForEver(path);
  const request = get({ host: server, localAddress: from, path, agent: false }, (response) => {
    response.resume();
    response.once('close', () => {
      if (response.statusCode === 200 && response.complete) gets += 1;
      else failed(`status ${response.statusCode}`);
      again();
    });
  });
  request.once('error', (error) => {
    failed(error.message);
    setTimeout(again, 100);
  });
}

function failed(why: string): void {
  failures[why] = (failures[why] ?? 0) + 1;
}

/** Of all interfaces of this namespace. */
function bytesReceived(): number {
  const lines = readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2);
  return lines.reduce((sum, line) => sum + Number(line.split(/[:\s]+/).filter(Boolean)[1] ?? 0), 0);
}

// TFTP and HTTP: fleets of our own that check every byte.
import { FIRMWARE, PHONES, SERVER, SMALL } from './ground.ts';
import type { HttpResult } from './http-load.ts';
import { type Bench, type Load, notesOf, type Outcome } from './measure.ts';
import type { FleetResult } from './tftp-fleet.ts';

const LIMIT_MS = 40_000;
const BLKSIZE = 1432; // what most phones ask for that ask at all

interface Fleet {
  readonly name: string;
  readonly phones: number;
  readonly concurrency: number;
  readonly file: string;
  readonly bytes: number;
}

const small = { phones: SMALL.phones, file: '%m.cfg', bytes: SMALL.bytes };
const FLEETS: readonly Fleet[] = [
  { name: '1,000 phones x 4 KB, 100 at a time', concurrency: 100, ...small },
  { name: '1,000 phones x 4 KB, all at once', concurrency: SMALL.phones, ...small },
  { name: '20 phones x 16 MiB', phones: 20, concurrency: 20, file: FIRMWARE.name, bytes: FIRMWARE.bytes },
];

export function tftpLoads(bench: Bench): readonly Load[] {
  return FLEETS.map((fleet) => ({ name: fleet.name, run: async () => await runFleet(bench, fleet) }));
}

async function runFleet({ ground }: Bench, { phones, concurrency, file, bytes }: Fleet): Promise<Outcome> {
  const result = await ground.loadScript<FleetResult>(
    'tftp-fleet.ts',
    [
      ...['--server', SERVER, '--from', PHONES, '--phones', `${phones}`, '--concurrency', `${concurrency}`],
      ...['--file', file, '--bytes', `${bytes}`, '--blksize', `${BLKSIZE}`, '--timeout', '1000'],
    ],
    LIMIT_MS,
  );
  const { perSecond, mbPerSecond, p50ms, p99ms, failed, retransmissions } = result;
  return {
    done: result.transfers,
    figures: {
      'files/s': perSecond,
      'MB/s': mbPerSecond,
      'p50 ms': p50ms ?? Number.NaN,
      'p99 ms': p99ms ?? Number.NaN,
      failed,
      'sent again': retransmissions,
    },
    notes: notesOf(result.failures),
  };
}

const CONCURRENCIES = [50, 500];

export function httpLoads(bench: Bench): readonly Load[] {
  return CONCURRENCIES.map((concurrency) => ({
    name: `1,000 GETs x 4 KB, ${concurrency} at a time`,
    run: async () => await runHttp(bench, concurrency),
  }));
}

async function runHttp({ ground }: Bench, concurrency: number): Promise<Outcome> {
  const { requests, perSecond, p50ms, p99ms, failed, failures } = await ground.loadScript<HttpResult>(
    'http-load.ts',
    [
      ...['--server', SERVER, '--from', PHONES, '--requests', `${SMALL.phones}`],
      ...['--concurrency', `${concurrency}`, '--bytes', `${SMALL.bytes}`],
    ],
    LIMIT_MS,
  );
  return {
    done: requests,
    figures: {
      'requests/s': perSecond,
      'p50 ms': p50ms ?? Number.NaN,
      'p99 ms': p99ms ?? Number.NaN,
      failed,
    },
    notes: notesOf(failures),
  };
}

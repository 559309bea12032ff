// What phones that ask for addresses feel of those that fetch files: nothing, if all is well.
import type { DhcpResult, Waits } from './dhcp-phones.ts';
import type { StormResult } from './file-storm.ts';
import { PHONES, SERVER } from './ground.ts';
import { type Bench, type Load, notesOf, type Outcome } from './measure.ts';

const RATE = 500;
const SECONDS = 6;
const WARM = 2;
/** The storm is at its height when the clock starts, and goes on until it has stopped. */
const AFTER_MS = 2000;
const STORM_SECONDS = AFTER_MS / 1000 + WARM + SECONDS + 2;
const LIMIT_MS = 30_000;

export function unfeltLoads({ ground }: Bench): readonly Load[] {
  const place = ['--server', SERVER, '--from', PHONES];
  const dhcp = async (): Promise<DhcpResult> => {
    const how = [
      '--rate',
      `${RATE}`,
      '--seconds',
      `${SECONDS}`,
      '--warm',
      `${WARM}`,
      '--after',
      `${AFTER_MS}`,
    ];
    return await ground.loadScript<DhcpResult>('dhcp-phones.ts', [...place, ...how], LIMIT_MS);
  };
  const storm = async (): Promise<StormResult> => {
    const how = ['--tftp', '20', '--http', '200', '--seconds', `${STORM_SECONDS}`];
    return await ground.loadScript<StormResult>('file-storm.ts', [...place, ...how], LIMIT_MS);
  };
  return [
    { name: `${RATE}/s alone`, run: async () => outcomeOf(await dhcp()) },
    {
      name: `${RATE}/s, 20 x 16 MiB by TFTP, 200 GET loops`,
      run: async () => outcomeOf(...(await Promise.all([dhcp(), storm()]))),
    },
  ];
}

function outcomeOf({ begun, bound, offer, ack }: DhcpResult, storm?: StormResult): Outcome {
  return {
    done: bound,
    figures: {
      'lost %': (100 * (begun - bound)) / begun,
      ...waits('OFFER', offer),
      ...waits('ACK', ack),
      'GETs/s': storm?.getsPerSecond ?? Number.NaN,
      'MB/s': storm?.mbPerSecond ?? Number.NaN,
    },
    notes: notesOf(storm?.failures ?? {}),
  };
}

function waits(name: string, { p50, p99, max }: Waits): Readonly<Record<string, number>> {
  return {
    [`${name} p50`]: p50 ?? Number.NaN,
    [`${name} p99`]: p99 ?? Number.NaN,
    [`${name} max`]: max ?? Number.NaN,
  };
}

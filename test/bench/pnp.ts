// SIP PnP: phones that ask the multicast group, by SIPp, each request from one of fifty addresses and sent once.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { macOf } from './content.ts';
import { PNP_ADDRESSES } from './ground.ts';
import { type Bench, type Load, missing, type Outcome } from './measure.ts';
import { percentile } from './numbers.ts';

const SCENARIO = fileURLToPath(new URL('pnp-phone.xml', import.meta.url));
const GROUP = '224.0.1.75:5060';
const PORT = '5059'; // that of Yealink phones
const PATIENCE_MS = 2000;

interface Storm {
  readonly name: string;
  readonly calls: number;
  /** So many calls in each so many milliseconds. */
  readonly rate: number;
  readonly period: number;
}

const STORMS: readonly Storm[] = [
  ...[500, 2000, 5000].map((rate) => ({ name: `${rate}/s for 5 s`, calls: 5 * rate, rate, period: 1000 })),
  { name: '1,000 within 55 ms', calls: 1000, rate: 1000, period: 55 },
];

export const needs = (): string | undefined => missing('sipp', 'sip-tester');

export async function pnpLoads(bench: Bench): Promise<readonly Load[]> {
  const most = Math.max(...STORMS.map(({ calls }) => calls));
  const lines = Array.from({ length: most }, (_, index) => {
    return `${PNP_ADDRESSES[index % PNP_ADDRESSES.length]};${macOf(index)}`;
  });
  await writeFile(join(bench.ground.folder, 'pnp-phones.csv'), `SEQUENTIAL\n${lines.join('\n')}\n`);
  return STORMS.map((storm) => ({ name: storm.name, run: async () => await run(bench, storm) }));
}

async function run({ ground }: Bench, { calls, rate, period }: Storm): Promise<Outcome> {
  const { folder } = ground;
  const seconds = Math.ceil((calls / rate) * (period / 1000));
  const argv = [
    ...['sipp', GROUP, '-sf', SCENARIO, '-inf', 'pnp-phones.csv', '-t', 'ui', '-ip_field', '0'],
    ...['-i', PNP_ADDRESSES[0] ?? '', '-p', PORT, '-r', `${rate}`, '-rp', `${period}`, '-m', `${calls}`],
    ...[
      '-l',
      `${calls}`,
      '-max_socket',
      '1000',
      '-nr',
      '-recv_timeout',
      `${PATIENCE_MS}`,
      '-timer_resol',
      '1',
      '-nostdin',
      '-nd',
    ],
    ...[
      '-buff_size',
      '4000000',
      '-trace_rtt',
      '-rtt_freq',
      '1',
      '-trace_stat',
      '-stf',
      'pnp-stat.csv',
      '-fd',
      '1',
    ],
    ...['-timeout', `${seconds + 10}s`],
  ];
  const { code, output } = await ground.load(argv, (seconds + 15) * 1000);
  const stat = await readFile(join(folder, 'pnp-stat.csv'), 'utf8').catch(() => '');
  const { served, begun } = readStat(stat);
  if (Number.isNaN(served)) throw new Error(`SIPp ended with ${code}:\n${output.slice(-1500)}`);
  const times = await readTimes(folder);
  return {
    done: served,
    figures: {
      begun,
      served,
      'lost %': (100 * (begun - served)) / begun,
      '200 p50 ms': percentile(times.get('ok') ?? [], 50),
      '200 p99 ms': percentile(times.get('ok') ?? [], 99),
      'NOTIFY p50 ms': percentile(times.get('url') ?? [], 50),
      'NOTIFY p99 ms': percentile(times.get('url') ?? [], 99),
    },
  };
}

/** The last line of SIPp's statistics; (C) is what it counted since its start. */
function readStat(text: string) {
  const lines = text.trim().split('\n');
  const names = lines[0]?.split(';') ?? [];
  const values = lines.at(-1)?.split(';') ?? [];
  const number = (name: string): number => Number(values[names.indexOf(name)] ?? Number.NaN);
  return {
    begun: number('TotalCallCreated'),
    served: number('SuccessfulCall(C)'),
  };
}

/** Lines of `date;milliseconds;name`. The file is removed: the next run writes one of its own. */
async function readTimes(folder: string): Promise<ReadonlyMap<string, readonly number[]>> {
  const times = new Map<string, number[]>();
  const files = (await readdir(folder)).filter((name) => name.endsWith('_rtt.csv'));
  for (const file of files) {
    const text = await readFile(join(folder, file), 'utf8');
    for (const line of text.split('\n').slice(1)) {
      const [, ms = '', name = ''] = line.split(';');
      const list = times.get(name.trim()) ?? [];
      list.push(Number(ms));
      times.set(name.trim(), list);
    }
    await rm(join(folder, file));
  }
  return times;
}

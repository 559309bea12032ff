// A storm of wake-ups over 1,000 phones that SIPp plays, each at an address of its own: from the order to the last
// verdict. The phones answer and do not fetch, so an answer is the end (--wait 0s).
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { controlClient } from '../../src/control/client.ts';
import type { StormLine, StormNews } from '../../src/control/storms-api.ts';
import { macOf } from './content.ts';
import type { Ground, OurDaemon } from './ground.ts';
import { type Bench, type Load, measureOn, missing, type Outcome } from './measure.ts';

const SIZE = 1000;
const SILENT = 20;
const LIMIT_MS = 60_000;
const CONFIG = 'storm.yaml';

export const needs = (): string | undefined => missing('sipp', 'sip-tester');

interface Kind {
  readonly name: string;
  readonly scenario: string;
  /** Phones that are off. */
  readonly silent: number;
}

const KINDS: readonly Kind[] = [
  { name: '1,000 phones that answer', scenario: 'storm-ok.xml', silent: 0 },
  { name: '1,000 phones with 401', scenario: 'storm-auth.xml', silent: 0 },
  { name: '1,000 phones, 2 % silent', scenario: 'storm-ok.xml', silent: SILENT },
];

export async function stormLoads({ ground }: Bench): Promise<readonly Load[]> {
  await prepare(ground);
  return KINDS.map((kind) => ({
    name: kind.name,
    startsServers: true,
    run: async () => await run(ground, kind),
  }));
}

/** Where phone `index` is; those that are off have addresses that nobody has. */
function addressOf(index: number, { silent }: Pick<Kind, 'silent'>): string {
  const isOff = index >= SIZE - silent;
  const host = isOff ? index - (SIZE - silent) : index;
  return isOff ? `10.99.9.${host + 1}` : `10.99.${1 + Math.floor(host / 250)}.${1 + (host % 250)}`;
}

async function prepare({ folder, load }: Ground): Promise<void> {
  const rows = Array.from({ length: SIZE }, (_, index) => `${macOf(index)},alice,s3cret`);
  await writeFile(join(folder, 'storm.csv'), `mac,sip_user,sip_password\n${rows.join('\n')}\n`);
  const settings = await readFile(join(folder, 'unboxd.yaml'), 'utf8');
  await writeFile(join(folder, CONFIG), `${settings}phones: storm.csv\n`);
  const scenario = async (name: string): Promise<string> =>
    await readFile(fileURLToPath(new URL(`../lab/sipp/${name}`, import.meta.url)), 'utf8');
  const plain = (await scenario('woken-phone.xml')).replace('SIP/2.0 STATUS', 'SIP/2.0 200 OK');
  await writeFile(join(folder, 'storm-ok.xml'), plain);
  await writeFile(join(folder, 'storm-auth.xml'), await scenario('storm-phone.xml'));
  const own = [1, 2, 3, 4].map((net) => `ip route replace local 10.99.${net}.0/24 dev lo`).join(' && ');
  const { code, output } = await load(['/bin/sh', '-c', own], 5000);
  if (code !== 0) throw new Error(`the addresses of the phones could not be set: ${output}`);
}

/** Leases make addresses known; a daemon that starts on them knows its phones. */
async function daemonWithPhones(ground: Ground, kind: Kind, state: string): Promise<OurDaemon> {
  const first = await ground.startDaemon({ config: CONFIG, state });
  const expires = Date.now() + 3_600_000;
  const leases = Array.from({ length: SIZE }, (_, index) => ({
    ...{ address: addressOf(index, kind), mac: macOf(index), expires },
  }));
  await controlClient(first.control).post('/v1/leases', { leases });
  await first.stop();
  return await ground.startDaemon({ config: CONFIG, state });
}

let runs = 0;

async function run(ground: Ground, kind: Kind): Promise<Outcome> {
  runs += 1;
  const daemon = await daemonWithPhones(ground, kind, join(ground.folder, `state-storm-${runs}`));
  return await measureOn(daemon, async () => {
    // SIPp ends by itself when its calls are done; what is silent never calls it.
    const fleet = ground.load(
      [
        'sipp',
        '-sf',
        kind.scenario,
        '-p',
        '5060',
        '-nostdin',
        '-m',
        `${SIZE - kind.silent}`,
        '-buff_size',
        '4000000',
      ],
      LIMIT_MS,
    );
    await ground.load(
      ['/bin/sh', '-c', `until ss -Hlun sport = :5060 | grep -q 5060; do sleep 0.05; done`],
      10_000,
    );
    const { storm, seconds } = await wakeAll(daemon.control);
    const { code } = await fleet;
    const { acknowledged = 0, unanswered = 0 } = storm.counts;
    const isRight = acknowledged === SIZE - kind.silent && unanswered === kind.silent && code === 0;
    return {
      done: SIZE,
      figures: { seconds, answered: acknowledged, silent: unanswered },
      notes: isRight ? [] : [`${storm.sentence}; SIPp ended with ${code}`],
    };
  });
}

async function wakeAll(control: string): Promise<{ readonly storm: StormLine; readonly seconds: number }> {
  const client = controlClient(control);
  const begun = performance.now();
  let storm = await client.post<StormLine>('/v1/storms', {
    selection: { all: true },
    perSecond: 0,
    patience: 0,
  });
  let seconds = 0;
  await client.lines<StormNews>({ method: 'GET', path: `/v1/storms/${storm.id}/follow` }, (news) => {
    if (news.kind !== 'storm') return;
    storm = news.storm;
    if (storm.mode === 'done' && seconds === 0) seconds = (performance.now() - begun) / 1000;
  });
  return { storm, seconds };
}

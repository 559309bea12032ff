// A storm over phones that SIPp plays: passwords, proofs by real fetches, a report, and a daemon that is killed.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StormLine, StormPhone } from '../../src/control/storms-api.ts';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, type Lab, openLab, type Running, until } from './lab.ts';
import { seat } from './sip-real.ts';

const NEEDS = { commands: ['ip', 'ss', 'sipp', 'curl'], packages: ['iproute2', 'sip-tester', 'curl'] };
const SIZE = 12;
const AGENT = 'Yealink SIP-T46S 66.86.0.15';
const mac = (index: number): string => `00:15:65:00:00:${(16 + index).toString(16)}`;
const address = (index: number): string => `10.99.0.${200 + index}`;
const numbers = Array.from({ length: SIZE }, (_, index) => index);

await describeLab('a storm', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  let phones: Running;
  let log: string;
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    log = join(lab.folder, 'woken.log');
    // The last of the list has no address: it was never plugged in.
    const rows = [...numbers, SIZE].map((index) => `${mac(index)},desk ${index},alice,s3cret,pbx.example`);
    daemon = await startDaemon(lab, {
      list: ['mac,label,sip_user,sip_password,sip_server', ...rows].join('\n'),
      settings: 'lans: [{ interface: lan0, dhcp: { pool: 10.99.0.20-10.99.0.250 } }]',
    });
    await seat(
      lab,
      daemon,
      numbers.map((index) => ({ mac: mac(index), address: address(index) })),
    );
    await startPhones();
  });
  afterAll(async () => {
    await lab.close();
  });

  const startPhones = async (): Promise<void> => {
    await writeFile(log, '');
    const scenario = join(import.meta.dirname, 'sipp/storm-phone.xml');
    const own = ['-p', '5060', '-nostdin', '-trace_logs', '-log_file', log];
    phones = lab.start('phones', ['sipp', '-sf', scenario, ...own]);
    const listens = async () => (await lab.run('phones', ['ss', '-Hlun', 'sport = :5060'])).includes(':5060');
    await until(listens, 'SIPp to listen', phones.output);
  };
  /** Lines of the log that an earlier test has seen. */
  let seen = 0;
  const woken = async (): Promise<readonly string[]> =>
    (await readFile(log, 'utf8'))
      .split('\n')
      .filter((line) => line.startsWith('woken'))
      .slice(seen);
  const forget = async (): Promise<void> => {
    seen += (await woken()).length;
  };
  const fetchOwnFile = async (index: number): Promise<void> => {
    const url = `http://10.99.0.1/${mac(index).replaceAll(':', '')}.cfg`;
    await lab.run('phones', [
      'curl',
      '-sf',
      '-o',
      '/dev/null',
      '-A',
      AGENT,
      '--interface',
      address(index),
      url,
    ]);
  };

  test('each phone has its verdict, and the report says all of it but the password', async () => {
    const report = join(lab.folder, 'report.json');
    const running = daemon.cli('resync', '--all', '--rate', '0', '--wait', '20s', '--report', report);
    await until(async () => (await woken()).length === SIZE, 'all phones to be woken', phones.output);
    await Promise.all(numbers.slice(0, 4).map(fetchOwnFile));
    const { code, output } = await running;
    expect([code, output]).toEqual([3, expect.stringContaining('4 confirmed')]);
    const text = await readFile(report, 'utf8');
    const verdicts = (JSON.parse(text) as readonly StormPhone[]).map(({ verdict }) => verdict);
    expect(verdicts).toEqual([
      ...numbers.map((index) => (index < 4 ? 'confirmed' : 'acknowledged')),
      'unreachable',
    ]);
    expect(text + output).not.toContain('s3cret');
    // A dialogue of two NOTIFYs for each, and no more.
    expect((await woken()).toSorted()).toEqual(numbers.map((index) => `woken ${address(index)}`).toSorted());
  });

  test('a daemon that is killed in the middle goes on, and wakes nobody twice', async () => {
    await forget();
    const running = daemon.cli(
      'resync',
      '--label',
      'desk*',
      '--subnet',
      '10.99.0.0/24',
      '--rate',
      '2',
      '--wait',
      '1s',
    );
    await until(async () => (await woken()).length >= 4, 'some to be woken', phones.output);
    await daemon.restart('SIGKILL');
    expect((await running).code).toBe(1);
    const storm = async (): Promise<StormLine | undefined> => {
      const all = await daemon.client.get<readonly StormLine[]>('/v1/storms');
      return all.at(-1);
    };
    await until(async () => (await storm())?.mode === 'done', 'the storm to end');
    expect(await storm()).toMatchObject({ phones: SIZE, woken: SIZE, finished: SIZE });
    const all = await woken();
    // Whoever was written down and not yet sent when it died is not woken at all; nobody is woken twice.
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThanOrEqual(SIZE - 2);
  });

  test('pause, show, resume, cancel', async () => {
    await forget();
    const running = daemon.cli('resync', '--subnet', '10.99.0.0/24', '--rate', '1', '--wait', '0s');
    await until(async () => (await woken()).length >= 2, 'some to be woken', phones.output);
    const all = JSON.parse((await daemon.cli('storms', '--json')).output) as readonly StormLine[];
    const last = all.at(-1)?.id ?? '';
    expect((await daemon.cli('storms', 'pause', last)).output).toContain(`unboxd storms resume ${last}`);
    const { code, output } = await running;
    expect([code, output]).toEqual([3, expect.stringContaining('paused with')]);
    expect((await daemon.cli('storms', 'show', last)).output).toContain('not woken yet');
    expect((await daemon.cli('storms', 'cancel', last)).output).toContain('cancelled');
    expect((await woken()).length).toBeLessThan(SIZE);
  });
});

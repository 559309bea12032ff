// Kamailio as the PBX of the site: the outbound proxy that phones obey, and the registrar that is handed our commands.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StormPhone } from '../../src/control/storms-api.ts';
import { type Daemon, STAGING } from './daemon.ts';
import { describeLab, heard, type Lab, openLab, type Running, until } from './lab.ts';
import { ACCOUNT, daemonWith, listens, type Seat, startKamailio } from './sip-real.ts';

const NEEDS = {
  commands: ['ip', 'ss', 'unshare', 'bash', 'sipp', 'kamailio', 'kamcmd'],
  packages: ['iproute2', 'util-linux', 'bash', 'sip-tester', 'kamailio'],
};
const PROXY = '10.99.0.8';
const SEATS: readonly Seat[] = [
  { mac: '00:15:65:00:02:01', address: '10.99.0.61' },
  { mac: '00:15:65:00:02:02', address: '10.99.0.62' },
];

await describeLab('Kamailio as the PBX', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  let proxy: Running;
  let stopProxy: () => Promise<unknown> = async () => await Promise.resolve();
  let control: string;
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    await lab.run('phones', ['ip', 'address', 'add', `${PROXY}/24`, 'dev', 'p0']);
    daemon = await daemonWith(lab, SEATS);
    control = join(lab.folder, 'kamailio.ctl');
    proxy = await startKamailio(lab, {
      address: PROXY,
      control,
      load: ['loadmodule "auth.so"'],
      route: [
        // What the phones are sent by this PBX, and nothing that comes from elsewhere without its password.
        'if (!pv_proxy_authenticate("pbx.example", "s3cret", "0")) {',
        '  proxy_challenge("pbx.example", "1"); exit;',
        '}',
        'consume_credentials();',
        'xlog("L_ALERT", "relayed $hdr(Event) of $au to $du$ru\\n");',
        't_relay();',
      ],
    });
    stopProxy = proxy.stop;
  });
  afterAll(async () => {
    await stopProxy();
    await lab.close();
  });

  /** SIPp as a phone; each of its wake-ups is a line. */
  const phoneAt = async (place: string, scenario: string) => {
    const file = join(lab.folder, `${place}.xml`);
    const log = join(lab.folder, `${place}.log`);
    const text = await readFile(`test/lab/sipp/${scenario}.xml`, 'utf8');
    await writeFile(file, text.replace('SIP/2.0 STATUS', 'SIP/2.0 200 OK'));
    await writeFile(log, '');
    const own = ['-p', '5060', '-i', place, '-nostdin', '-trace_logs', '-log_file', log];
    const running = lab.start('phones', ['sipp', '-sf', file, ...own]);
    await listens(lab, running, `${place}:5060`, 'udp');
    return {
      woken: async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== ''),
      // It ends on SIGTERM when all calls are over only.
      end: async () => void (await running.stop('SIGKILL')),
    };
  };

  test('--via: the proxy asks for a password and the phone behind it too, and both get theirs', async () => {
    const [seat] = SEATS;
    const { woken, end } = await phoneAt(seat?.address ?? '', 'storm-phone');
    const report = join(lab.folder, 'report.json');
    const how = ['--via', `${PROXY}:5060`, '--wait', '0s', '--report', report];
    const { code, output } = await daemon.cli('resync', '--mac', seat?.mac ?? '', ...how);
    expect(code, output + proxy.output()).toBe(3);
    const [line] = JSON.parse(await readFile(report, 'utf8')) as readonly StormPhone[];
    expect(line?.sentence).toBe('acknowledged with 200 OK');
    // It writes when it has answered.
    await until(async () => (await woken()).length > 0, 'its line');
    expect(await woken()).toEqual([`woken ${seat?.address}`]);
    await heard(proxy, `relayed check-sync;reboot=false of ${ACCOUNT.user}`);
    await end();
  });

  test('--export kamailio: the commands run as they are printed, and wake the phones', async () => {
    const { code, output } = await daemon.cli('resync', '--all', '--reboot', '--export', 'kamailio');
    expect([code, output.split('\n').filter((line) => line.startsWith('kamcmd '))]).toEqual([
      0,
      expect.arrayContaining(
        SEATS.map(({ address }): unknown => expect.stringContaining(`sip:${ACCOUNT.user}@${address}:5060`)),
      ),
    ]);
    const running = await Promise.all(
      SEATS.map(async ({ address }) => await phoneAt(address, 'woken-phone')),
    );
    const file = join(lab.folder, 'commands.sh');
    // Only where kamcmd finds its daemon differs from a PBX.
    await writeFile(file, `kamcmd() { command kamcmd -s unix:${control} "$@"; }\n${output}`);
    await lab.run('phones', ['bash', '-e', file]);
    for (const { woken } of running)
      await until(
        async () => (await woken()).includes('woken by check-sync;reboot=true'),
        'the wake-up',
        proxy.output,
      );
    for (const { end } of running) await end();
  });
});

// SIP stacks of others as the phones that are woken: libre (baresip) by UDP, TCP and TLS, SIPp over TCP, and Kamailio,
// which asks for passwords in every way and checks them by its own arithmetic.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StormPhone } from '../../src/control/storms-api.ts';
import { type Daemon, STAGING } from './daemon.ts';
import { describeLab, type Lab, openLab, type Running, until } from './lab.ts';
import {
  ACCOUNT,
  daemonWith,
  listens,
  type Seat,
  startBaresip,
  startKamailio,
  startLinphone,
} from './sip-real.ts';

const NEEDS = {
  commands: ['ip', 'ss', 'unshare', 'openssl', 'sipp', 'baresip', 'linphonec', 'kamailio'],
  packages: [
    'iproute2',
    'openssl',
    'sip-tester',
    'baresip-core',
    'linphone-cli',
    'kamailio',
    'kamailio-tls-modules',
  ],
};
const BARESIP: Seat = { mac: '00:15:65:00:01:01', address: '10.99.0.51' };
const SIPP: Seat = { mac: '00:15:65:00:01:02', address: '10.99.0.52' };
const MD5: Seat = { mac: '00:15:65:00:01:03', address: '10.99.0.53' };
const SHA256: Seat = { mac: '00:15:65:00:01:04', address: '10.99.0.54' };
const LINPHONE: Seat = { mac: '00:15:65:00:01:06', address: '10.99.0.56' };
const SILENT: Seat = { mac: '00:15:65:00:01:05', address: '10.99.0.55' };

await describeLab('SIP stacks of others as phones', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    daemon = await daemonWith(lab, [BARESIP, SIPP, MD5, SHA256, LINPHONE, SILENT]);
  });
  afterAll(async () => {
    await lab.close();
  });

  /** What the report says of a phone that was woken so, and the exit code. */
  const resync = async (
    { mac }: Seat,
    transport: string,
    wait = '0s',
  ): Promise<readonly [number | null, string]> => {
    const report = join(lab.folder, 'report.json');
    const how = ['--transport', transport, '--wait', wait, '--report', report];
    const { code } = await daemon.cli('resync', '--mac', mac, ...how);
    const [phone] = JSON.parse(await readFile(report, 'utf8')) as readonly StormPhone[];
    return [code, phone?.sentence ?? ''];
  };

  test.each(['udp', 'tcp', 'tls'])('baresip refuses by %s, and that is what is said', async (transport) => {
    const phone = await startBaresip(lab, BARESIP.address);
    expect(await resync(BARESIP, transport)).toEqual([3, 'refused with 481 Subscription Does Not Exist']);
    expect(phone.output()).toContain(`Event: check-sync;reboot=false`);
    expect(phone.output()).toMatch(
      new RegExp(`Via: SIP/2.0/${transport.toUpperCase()} 10\\.99\\.0\\.1:\\d+;branch=z9hG4bK`),
    );
    await phone.stop();
  });

  test.each(['udp', 'tcp'])(
    'linphone says yes by %s and fetches nothing: not confirmed',
    async (transport) => {
      const phone = await startLinphone(lab, LINPHONE.address);
      const said = await resync(LINPHONE, transport, '1s');
      await phone.stop();
      expect(said, phone.output()).toEqual([3, 'answered 200 Ok, but did not fetch within 1.0 s']);
    },
  );

  test('SIPp over TCP asks for a password and finds it right', async () => {
    const log = join(lab.folder, 'woken.log');
    await writeFile(log, '');
    const own = ['-i', SIPP.address, '-p', '5060', '-t', 't1', '-nostdin', '-trace_logs', '-log_file', log];
    const phone = lab.start('phones', ['sipp', '-sf', 'test/lab/sipp/storm-phone.xml', ...own]);
    await listens(lab, phone, `${SIPP.address}:5060`, 'tcp');
    expect(await resync(SIPP, 'tcp')).toEqual([3, 'acknowledged with 200 OK']);
    // It writes when it has answered.
    await until(async () => (await readFile(log, 'utf8')) !== '', 'its line', phone.output);
    expect(await readFile(log, 'utf8')).toBe(`woken ${SIPP.address}\n`);
  });

  /** Who knows MD5 only knows TLS 1.0 only. */
  const OLD_OR_NEW = {
    MD5: ['modparam("tls", "tls_method", "TLSv1")', 'modparam("tls", "cipher_list", "DEFAULT:@SECLEVEL=0")'],
    'SHA-256': ['modparam("tls", "tls_method", "TLSv1.2+")'],
  } as const;
  const QOP = { auth: '1', none: '0' } as const; // It offers auth-int, but computes no hash of a body.
  /** Kamailio as a phone that takes wake-ups with the right password only, and says what it took. */
  const challenger = async (
    { address }: Seat,
    algorithm: keyof typeof OLD_OR_NEW,
    qop: keyof typeof QOP,
  ): Promise<Running> =>
    await startKamailio(lab, {
      address,
      tls: true,
      load: [
        'loadmodule "auth.so"',
        `modparam("auth", "algorithm", "${algorithm}")`,
        ...OLD_OR_NEW[algorithm],
      ],
      route: [
        `if (!pv_www_authenticate("phone.example", "${ACCOUNT.password}", "0")) {`,
        `  www_challenge("phone.example", "${QOP[qop]}"); exit;`,
        '}',
        'xlog("L_ALERT", "woken by $proto as $au with $hdr(Event)\\n");',
        'sl_send_reply("200", "OK");',
      ],
    });

  test.each([
    { seat: MD5, algorithm: 'MD5', qop: 'auth' },
    { seat: MD5, algorithm: 'MD5', qop: 'none' },
    { seat: SHA256, algorithm: 'SHA-256', qop: 'auth' },
    { seat: SHA256, algorithm: 'SHA-256', qop: 'none' },
  ] as const)(
    'Kamailio takes our $algorithm, qop $qop, by UDP, TCP and TLS',
    async ({ seat, algorithm, qop }) => {
      const phone = await challenger(seat, algorithm, qop);
      try {
        for (const transport of ['udp', 'tcp', 'tls']) {
          expect(await resync(seat, transport), phone.output()).toEqual([3, 'acknowledged with 200 OK']);
          expect(phone.output()).toContain(`woken by ${transport} as alice with check-sync;reboot=false`);
        }
      } finally {
        await phone.stop();
      }
    },
  );

  test('nobody listens by TCP: said at once, and why', async () => {
    expect(await resync(SILENT, 'tcp')).toEqual([
      3,
      'no answer after 0 tries (10.99.0.55 refuses connections to TCP port 5060)',
    ]);
  });
});

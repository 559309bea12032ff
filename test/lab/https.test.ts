// Real programs at the HTTPS doors as phones with and without certificates, clocks of 1970 and TLS of long ago; and a
// second LAN that must never hear of any door.
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authority, phoneCertificate, type Wish, YEAR } from '../certs/kit.ts';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, heard, type Lab, openLab, until } from './lab.ts';
import { OFFICE } from './links.ts';

const NEEDS = {
  commands: ['ip', 'curl', 'udhcpc', 'openssl'],
  packages: ['iproute2', 'curl', 'udhcpc', 'openssl'],
};
const SETTINGS =
  'doors: { https: { port: 443, clientCertificates: optional, authorities: roots.pem }, httpsLegacy: 8443 }';
const MAC = '000e08abcdef';
const OTHER = '000e08abcd00';
const now = Date.now();

await describeLab('a daemon with HTTPS on a host with two LANs', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  beforeAll(async () => {
    lab = await openLab([STAGING, OFFICE]);
    await lab.run('phones', ['ip', 'address', 'add', '10.99.0.9/24', 'dev', 'p0']);
    await lab.run('office', ['ip', 'address', 'add', '10.99.2.9/24', 'dev', 'q0']);
    const makers = authority('Maker Root');
    await writeFile(`${lab.folder}/roots.pem`, makers.certificate);
    const shown: Readonly<Record<string, [typeof makers | undefined, string, Partial<Wish>?]>> = {
      phone: [makers, MAC],
      other: [makers, OTHER],
      stranger: [authority('Stranger Root'), MAC],
      past: [makers, MAC, { from: now - 2 * YEAR, to: now - YEAR }],
    };
    for (const [name, wish] of Object.entries(shown)) {
      const { certificate, key } = phoneCertificate(...wish);
      await writeFile(`${lab.folder}/${name}.pem`, certificate + key);
    }
    const files = { 'a.txt': 'hello', [`${MAC}.cfg`]: 'password = secret' };
    daemon = await startDaemon(lab, { settings: SETTINGS, files });
  });
  afterAll(async () => {
    await lab.close();
  });

  const curl = async (namespace: string, ...args: readonly string[]) => {
    const called = lab.start(namespace, ['curl', '--silent', '--show-error', '--max-time', '30', ...args]);
    return { code: await called.ended, output: called.output() };
  };

  test('who trusts the CA of the appliance gets the file; who does not is told, and the door stays open', async () => {
    const ca = `${lab.folder}/state/certs/ca.pem`;
    const stranger = await curl('phones', 'https://10.99.0.1/a.txt');
    expect([stranger.code, stranger.output]).toEqual([60, expect.stringContaining('certificate')]);
    expect(await curl('phones', '--cacert', ca, 'https://10.99.0.1/a.txt')).toEqual({
      code: 0,
      output: 'hello',
    });
  });

  test('bytes that are no TLS harm nobody', async () => {
    expect((await curl('phones', 'http://10.99.0.1:443/a.txt')).code).not.toBe(0);
    const ca = `${lab.folder}/state/certs/ca.pem`;
    expect((await curl('phones', '--cacert', ca, 'https://10.99.0.1/a.txt')).output).toBe('hello');
    await told('it spoke plain HTTP at the HTTPS port');
  });

  /** The MAC behind which all the phones of this test stand. */
  const phoneMac = async (): Promise<string> =>
    /link\/ether (\S+)/.exec(await lab.run('phones', ['ip', 'link', 'show', 'p0']))?.[1] ?? '';
  /** The story of the phone says so, or that of the LAN as long as nobody knows who is at that address. */
  const told = async (words: string): Promise<void> => {
    const mac = await phoneMac();
    let output = '';
    const says = async () => {
      const all = await Promise.all([daemon.cli('story'), daemon.cli('story', mac)]);
      output = all.map((one) => one.output).join('\n');
      return output.includes(words);
    };
    await until(says, words, () => output);
  };
  /** One request by openssl, as phones with old libraries make it. */
  const openssl = async (port: number, ...args: readonly string[]) => {
    const ca = `${lab.folder}/state/certs/ca.pem`;
    const connection = ['-connect', `10.99.0.1:${port}`, '-CAfile', ca, '-verify_return_error', '-quiet'];
    const called = lab.start('phones', ['openssl', 's_client', ...connection, ...args]);
    called.say('GET /a.txt HTTP/1.0\r\n\r\n');
    return { code: await called.ended, output: called.output() };
  };

  test('the CA is fetched over plain HTTP, is that of the door, and its key is not to be had', async () => {
    await lab.run('phones', ['curl', '-fsS', '-o', `${lab.folder}/fetched.pem`, 'http://10.99.0.1/ca.pem']);
    const trusting = await curl('phones', '--cacert', `${lab.folder}/fetched.pem`, 'https://10.99.0.1/a.txt');
    expect(trusting).toEqual({ code: 0, output: 'hello' });
    const der = ['-inform', 'DER', '-noout', '-subject', '-in', `${lab.folder}/fetched.der`];
    await lab.run('phones', ['curl', '-fsS', '-o', `${lab.folder}/fetched.der`, 'http://10.99.0.1/ca.der']);
    expect(await lab.run('phones', ['openssl', 'x509', ...der])).toContain('CN = unboxd CA');
    expect((await curl('phones', '-f', 'http://10.99.0.1/ca.key')).code).toBe(22);
  });

  test('an unknown CA is told as such', async () => {
    expect((await curl('phones', '--tls-max', '1.2', 'https://10.99.0.1/a.txt')).code).toBe(60);
    await told('it refused our certificate: unknown CA');
  });

  test('a phone whose clock stands in 1970 trusts the certificate; one of 2100 does not, and that is told', async () => {
    expect((await openssl(443, '-attime', '60')).output).toContain('hello');
    expect((await openssl(443, '-attime', '4102444800')).output).not.toContain('hello');
    await told('it refused our certificate as expired or not yet valid: its clock may be wrong');
  });

  test('a phone with TLS 1.0 is told of at the one door and served at the other', async () => {
    const old = ['-tls1', '-cipher', 'AES128-SHA:@SECLEVEL=0'];
    expect((await openssl(443, ...old)).output).not.toContain('hello');
    await told('it offers only old TLS (1.0 or 1.1): doors.httpsLegacy can serve it');
    expect((await openssl(8443, ...old)).output).toContain('hello');
    expect(daemon.running.output()).toContain('port 8443 speaks TLS 1.0 and 1.1');
  });

  test.each([
    { who: 'with its certificate', shows: 'phone', status: '200' },
    { who: 'with the certificate of another', shows: 'other', status: '403' },
    { who: 'whose certificate no authority signed that is trusted here', shows: 'stranger', status: '403' },
    { who: 'with a certificate in the past', shows: 'past', status: '403' },
    { who: 'without a certificate', shows: undefined, status: '403' },
  ])('a phone $who gets $status for the file with its passwords', async ({ shows, status }) => {
    const trust = ['--cacert', `${lab.folder}/state/certs/ca.pem`];
    const certificate = shows === undefined ? [] : ['--cert', `${lab.folder}/${shows}.pem`];
    const code = ['--output', `${lab.folder}/got`, '--write-out', '%{http_code}'];
    const url = `https://10.99.0.1/${MAC}.cfg`;
    expect(await curl('phones', ...trust, ...certificate, ...code, url)).toEqual({ code: 0, output: status });
    if (shows === 'other') await told('00:0e:08:ab:cd:00');
  });

  test('openssl as a phone with a certificate is served', async () => {
    const shown = `${lab.folder}/phone.pem`;
    expect((await openssl(443, '-cert', shown, '-key', shown)).output).toContain('hello');
  });

  test('a DISCOVER on the other LAN gets nothing and is not even counted; on this one it gets a lease', async () => {
    const clerk = lab.start('office', [
      'udhcpc',
      '-i',
      'q0',
      '-f',
      '-n',
      '-q',
      '-t',
      '2',
      '-T',
      '1',
      '-s',
      '/bin/true',
    ]);
    await heard(clerk, 'broadcasting discover');
    expect(await clerk.ended).not.toBe(0);
    const link = await lab.run('office', ['ip', 'link', 'show', 'q0']);
    const clerkMac = /link\/ether (\S+)/.exec(link)?.[1];
    expect(clerkMac).toMatch(/^[0-9a-f:]{17}$/);
    expect((await daemon.phones()).map(({ mac }) => mac)).not.toContain(clerkMac);
    const phone = lab.start('phones', [
      'udhcpc',
      '-i',
      'p0',
      '-f',
      '-n',
      '-q',
      '-t',
      '5',
      '-T',
      '1',
      '-s',
      '/bin/true',
    ]);
    expect(await phone.ended).toBe(0);
    expect(phone.output()).toContain('lease of 10.99.0.');
    const leased = async () =>
      (await daemon.phones()).some(({ sentence }) => sentence.includes('got the address'));
    await until(leased, 'the phone in the list');

    // What goes wrong with TLS now stands in the story of that phone.
    const address = /lease of (10\.99\.0\.\d+)/.exec(phone.output())?.[1] ?? '';
    await lab.run('phones', ['ip', 'address', 'add', `${address}/24`, 'dev', 'p0']);
    await curl('phones', '--interface', address, 'https://10.99.0.1/a.txt');
    const mac = await phoneMac();
    const refused =
      'got no secured connection at the HTTPS door, because it refused our certificate: unknown CA';
    await until(async () => (await daemon.story(mac)).includes(refused), 'the trouble in the story');
  });

  test('the office reaches no door', async () => {
    await lab.run('office', ['ip', 'route', 'add', '10.99.0.0/24', 'via', '10.99.2.1']);
    expect((await curl('office', 'http://10.99.0.1/a.txt')).code).not.toBe(0);
    expect((await curl('office', '-k', 'https://10.99.0.1/a.txt')).code).not.toBe(0);
  });
});

// Real HTTP clients against the real daemon: whole files and parts, conditions, uploads, folders behind a password.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, type Lab, openLab, until } from './lab.ts';

const NEEDS = {
  commands: ['ip', 'curl', 'wget', 'busybox'],
  packages: ['iproute2', 'curl', 'wget', 'busybox'],
};
const SERVER = '10.99.0.1';
const FIRMWARE = Buffer.concat(
  Array.from({ length: 12_000 }, (_, at) => createHash('sha256').update(`fw:${at}`).digest()),
);
const AGENT = 'Yealink SIP-T46S 66.86.0.15 00:15:65:0a:0b:0c';
/** No addresses from us: then a phone is who it says it is. */
const SETTINGS = `lans: [{ interface: lan0, dhcp: { mode: companion } }]
doors:
  accounts:
    - { folder: T23G_1, user: anna, passwordFile: anna.secret }
    - { folder: T23G_2, user: bert, password: hush-bert, methods: [basic] }
`;

await describeLab('real clients of HTTP', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    await lab.run('phones', ['ip', 'address', 'add', '10.99.0.9/24', 'dev', 'p0']);
    await writeFile(join(lab.folder, 'anna.secret'), 'hush-anna\n');
    daemon = await startDaemon(lab, {
      settings: SETTINGS,
      files: {
        'fw.rom': FIRMWARE,
        'empty.bin': '',
        'a b+c.txt': 'blank and plus',
        'profile.xml.gz': Buffer.from([0x1f, 0x8b, 8, 0]),
        'T23G_1/y000000000044.cfg': 'first batch',
        'T23G_2/y000000000044.cfg': 'second batch',
      },
    });
  });
  afterAll(async () => {
    await lab.close();
  });

  const url = (path: string): string => `http://${SERVER}/${path}`;
  const got = (name: string): string => join(lab.folder, `got-${name}`);
  const curl = async (...args: readonly string[]): Promise<string> =>
    await lab.run('phones', ['curl', '-sS', '--max-time', '30', '--path-as-is', ...args]);
  const status = async (...args: readonly string[]): Promise<string> =>
    await curl('-o', '/dev/null', '-w', '%{http_code}', ...args);

  test.each([
    { client: 'curl', argv: (from: string, to: string) => ['curl', '-sSf', '-o', to, from] },
    { client: 'curl by HTTP/1.0', argv: (from: string, to: string) => ['curl', '-sSf0', '-o', to, from] },
    { client: 'wget', argv: (from: string, to: string) => ['wget', '-q', '-O', to, from] },
    {
      client: 'busybox wget',
      argv: (from: string, to: string) => ['busybox', 'wget', '-q', '-O', to, from],
    },
  ])('$client fetches files intact', async ({ client, argv }) => {
    const to = got(client.replaceAll(' ', '-').replace('/', ''));
    await lab.run('phones', argv(url('fw.rom'), to));
    expect((await readFile(to)).equals(FIRMWARE)).toBe(true);
    await lab.run('phones', argv(url('empty.bin'), to));
    expect(await readFile(to, 'utf8')).toBe('');
    await lab.run('phones', argv(url('a%20b+c.txt'), to));
    expect(await readFile(to, 'utf8')).toBe('blank and plus');
  });

  test.each([
    { client: 'curl', argv: (to: string) => ['curl', '-sSf', '-C', '-', '-o', to, url('fw.rom')] },
    { client: 'wget', argv: (to: string) => ['wget', '-q', '-c', '-O', to, url('fw.rom')] },
    {
      client: 'busybox wget',
      argv: (to: string) => ['busybox', 'wget', '-q', '-c', '-O', to, url('fw.rom')],
    },
  ])('$client goes on where it was broken off', async ({ client, argv }) => {
    const to = got(`part-${client.replace(' ', '-')}`);
    await writeFile(to, FIRMWARE.subarray(0, 100_001));
    await lab.run('phones', argv(to));
    expect((await readFile(to)).equals(FIRMWARE)).toBe(true);
  });

  test.each([
    { range: '0-9', status: '206', bytes: FIRMWARE.subarray(0, 10) },
    { range: '383990-', status: '206', bytes: FIRMWARE.subarray(383_990) },
    { range: '-7', status: '206', bytes: FIRMWARE.subarray(-7) },
    { range: '0-1,5-6', status: '200', bytes: FIRMWARE },
    { range: '384000-', status: '416', bytes: Buffer.alloc(0) },
  ])('Range $range: $status', async ({ range, status: expected, bytes }) => {
    const to = got(`range-${range}`);
    expect(await curl('-r', range, '-o', to, '-w', '%{http_code}', url('fw.rom'))).toBe(expected);
    expect((await readFile(to).catch(() => Buffer.alloc(0))).equals(bytes)).toBe(true);
  });

  test('HEAD, the tag and the date, and 304 for who has the bytes', async () => {
    const head = await curl('-I', url('fw.rom'));
    expect(head).toMatch(/^content-length: 384000\r$/m);
    expect(head).not.toMatch(/transfer-encoding|content-encoding/i);
    const tag = /^etag: (\S+)/m.exec(head)?.[1] ?? '';
    expect(await status('-H', `If-None-Match: ${tag}`, url('fw.rom'))).toBe('304');
    expect(await status('-H', 'If-None-Match: "other"', url('fw.rom'))).toBe('200');
    const part = ['-r', '0-9', '-H'];
    expect(await status(...part, `If-Range: ${tag}`, url('fw.rom'))).toBe('206');
    expect(await status(...part, 'If-Range: "other"', url('fw.rom'))).toBe('200');
  });

  test('a compressed profile goes out as it is, and nothing calls it compressed', async () => {
    const head = await curl('-I', '-H', 'Accept-Encoding: gzip', url('profile.xml.gz'));
    expect(head).toMatch(/^content-length: 4\r$/m);
    expect(head).not.toMatch(/content-encoding/i);
  });

  test.each([
    { what: 'DELETE', args: ['-X', 'DELETE', url('fw.rom')], is: '405' },
    {
      what: 'a PUT of a name that phones do not write',
      args: ['-T', 'package.json', url('fw.rom')],
      is: '403',
    },
    { what: 'a PUT without length', args: ['-X', 'PUT', url('x.log')], is: '411' },
    { what: 'a broken escape', args: [url('%zz')], is: '400' },
    { what: 'no such file', args: [url('nothing.bin')], is: '404' },
    { what: 'an odd Host', args: ['-H', 'Host: ]:99999', url('fw.rom')], is: '200' },
    { what: 'a full address as target', args: ['--request-target', 'http://x/fw.rom', url('')], is: '200' },
  ])('$what: $is', async ({ args, is }) => {
    expect(await status(...args)).toBe(is);
  });

  test('an upload of the phone itself is taken, told, and there to be fetched; in chunks too', async () => {
    const own = url('0015650a0b0c-local.cfg');
    const from = join(lab.folder, 'local.cfg');
    await writeFile(from, '#!version:1.0.0.1\nvolume = 3\n');
    expect(await status('-A', AGENT, '-H', 'Expect: 100-continue', '-T', from, own)).toBe('201');
    await writeFile(from, '#!version:1.0.0.1\nvolume = 4\n');
    expect(await status('-A', AGENT, '-H', 'Transfer-Encoding: chunked', '-T', from, own)).toBe('204');
    expect(await curl('-A', AGENT, own)).toBe('#!version:1.0.0.1\nvolume = 4\n');
    expect(await status('-A', AGENT, '-T', from, url('0015650a0b0d-local.cfg'))).toBe('403');
  });

  test('an upload that is too large: 413, which the client gets to read', async () => {
    const large = join(lab.folder, 'large');
    await writeFile(large, Buffer.alloc(20_000_000));
    const own = url('0015650a0b0c-local.cfg');
    expect(await status('-A', AGENT, '-H', 'Expect:', '-T', large, own)).toBe('413');
    const chunked = ['-A', AGENT, '-H', 'Expect:', '-H', 'Transfer-Encoding: chunked', '-T', large, own];
    expect(await status(...chunked)).toBe('413');
  });

  const BEHIND = url('T23G_1/y000000000044.cfg');
  test.each([
    { client: 'curl, Digest', argv: ['curl', '-sSf', '--digest', '-u', 'anna:hush-anna', BEHIND] },
    { client: 'curl, Basic', argv: ['curl', '-sSf', '--basic', '-u', 'anna:hush-anna', BEHIND] },
    { client: 'curl, whichever', argv: ['curl', '-sSf', '--anyauth', '-u', 'anna:hush-anna', BEHIND] },
    { client: 'wget', argv: ['wget', '-qO-', '--user=anna', '--password=hush-anna', BEHIND] },
    {
      client: 'busybox wget',
      argv: ['busybox', 'wget', '-qO-', `http://anna:hush-anna@${SERVER}/T23G_1/y000000000044.cfg`],
    },
  ])('$client enters the folder with user and password', async ({ argv }) => {
    expect(await lab.run('phones', argv)).toBe('first batch');
  });

  test.each([
    { what: 'nobody', args: [BEHIND] },
    { what: 'a wrong password', args: ['--anyauth', '-u', 'anna:hush', BEHIND] },
    { what: 'the account of another folder', args: ['--anyauth', '-u', 'bert:hush-bert', BEHIND] },
    { what: 'a detour', args: [url('x/../T23G_1/y000000000044.cfg')] },
    { what: 'two slashes', args: [url('/T23G_1//y000000000044.cfg')] },
    { what: 'other case', args: [url('t23g_1/y000000000044.cfg')] },
    { what: 'Digest where only Basic is', args: ['--digest', '-u', 'bert:hush-bert', url('T23G_2/y.cfg')] },
  ])('$what does not enter', async ({ args }) => {
    expect(await status(...args)).toBe('401');
  });

  test('a folder behind a password is not to be had by TFTP, and no password is told', async () => {
    const tftp = lab.start('phones', ['curl', '-sS', `tftp://${SERVER}/T23G_1/y000000000044.cfg`]);
    expect(await tftp.ended).not.toBe(0);
    expect(tftp.output()).not.toContain('first batch');
    const { output } = await daemon.cli('story');
    expect(daemon.running.output() + output).not.toMatch(/hush-(?:anna|bert)/);
  });

  test('requests in one go are all answered, in their order', async () => {
    const asks = ['/nothing.bin', '/empty.bin', '/a%20b+c.txt'].map(
      (path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    const nc = lab.start('phones', ['busybox', 'nc', SERVER, '80']);
    nc.say(asks.join(''));
    await expect
      .poll(() => nc.output().match(/^HTTP\/1\.1 \d+/gm))
      .toEqual(['HTTP/1.1 404', 'HTTP/1.1 200', 'HTTP/1.1 200']);
    await until(() => nc.output().endsWith('blank and plus'), 'the last body', nc.output);
    await nc.stop();
  });
});

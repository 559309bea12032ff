// Real TFTP and HTTP clients fetch files from the real daemon, byte for byte.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { content } from './bytes.ts';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, type Lab, openLab } from './lab.ts';

const SIZES = [0, 1, 511, 512, 513, 1432, 70_000] as const;
const NEEDS = {
  commands: ['ip', 'tftp', 'atftp', 'busybox', 'curl'],
  packages: ['iproute2', 'tftp-hpa', 'atftp', 'busybox', 'curl'],
};
const SERVER = '10.99.0.1';

await describeLab('real clients of TFTP and HTTP', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    await lab.run('phones', ['ip', 'address', 'add', '10.99.0.9/24', 'dev', 'p0']);
    const files = Object.fromEntries(SIZES.map((size) => [`f${size}.bin`, content(size)]));
    daemon = await startDaemon(lab, { files: { ...files, 'lines.txt': 'one\ntwo\rthree\n' } });
  });
  afterAll(async () => {
    await lab.close();
  });

  const got = (name: string): string => join(lab.folder, `got-${name}`);
  const fetched = async (name: string, argv: readonly string[]): Promise<Buffer> => {
    await lab.run('phones', argv);
    return await readFile(got(name));
  };

  /** How each client fetches `file` into `to`. */
  const CLIENTS: readonly { client: string; argv: (file: string, to: string) => readonly string[] }[] = [
    { client: 'tftp-hpa', argv: (file, to) => ['tftp', '-4', '-m', 'binary', SERVER, '-c', 'get', file, to] },
    { client: 'atftp, plain', argv: (file, to) => ['atftp', '-g', '-r', file, '-l', to, SERVER, '69'] },
    {
      client: 'atftp with all options',
      argv: (file, to) => [
        ...['atftp', '--option', 'blksize 1432', '--option', 'tsize 0', '--option', 'timeout 2'],
        ...['--option', 'windowsize 8', '-g', '-r', file, '-l', to, SERVER, '69'],
      ],
    },
    { client: 'busybox tftp', argv: (file, to) => ['busybox', 'tftp', '-g', '-r', file, '-l', to, SERVER] },
    {
      client: 'busybox tftp with blksize',
      argv: (file, to) => ['busybox', 'tftp', '-b', '1432', '-g', '-r', file, '-l', to, SERVER],
    },
    { client: 'curl tftp', argv: (file, to) => ['curl', '-sS', '-o', to, `tftp://${SERVER}/${file}`] },
    {
      client: 'curl tftp without options',
      argv: (file, to) => ['curl', '-sS', '--tftp-no-options', '-o', to, `tftp://${SERVER}/${file}`],
    },
    { client: 'curl http', argv: (file, to) => ['curl', '-sS', '-f', '-o', to, `http://${SERVER}/${file}`] },
  ];

  test.each(CLIENTS)('$client fetches files of all sizes intact', async ({ client, argv }) => {
    for (const size of SIZES) {
      const name = `${client.replaceAll(/\W/g, '-')}-${size}`;
      // curl makes no file for an empty body over TFTP.
      await lab.run('phones', ['touch', got(name)]);
      const bytes = await fetched(name, argv(`f${size}.bin`, got(name)));
      expect(bytes.equals(content(size)), `${client}, ${size} bytes`).toBe(true);
    }
  });

  test('tftp-hpa in netascii gets the lines as they are', async () => {
    const argv = ['tftp', '-4', '-m', 'ascii', SERVER, '-c', 'get', 'lines.txt', got('lines')];
    expect((await fetched('lines', argv)).toString()).toBe('one\ntwo\rthree\n');
  });

  test('a name that climbs, a name that is not there, and an upload are refused with their codes', async () => {
    const climb = lab.start('phones', ['tftp', '-4', SERVER, '-c', 'get', '../unboxd.yaml', got('climb')]);
    await climb.ended;
    expect(climb.output()).toContain('Error code 2: the name climbs or is hidden');
    const missing = lab.start('phones', ['tftp', '-4', SERVER, '-c', 'get', 'nothing.bin', got('missing')]);
    await missing.ended;
    expect(missing.output()).toContain('Error code 1:');
    const upload = lab.start('phones', ['tftp', '-4', SERVER, '-c', 'put', 'package.json', 'stolen.txt']);
    await upload.ended;
    expect(upload.output()).toContain('Error code 2: ');
    expect(await readdir(join(lab.folder, 'files'))).not.toContain('stolen.txt');
  });

  const curl = async (...args: readonly string[]): Promise<string> =>
    await lab.run('phones', ['curl', '-sS', '--max-time', '30', '--path-as-is', ...args]);

  test.each([
    { what: 'two slashes', path: '//f513.bin', status: '200' },
    { what: 'a query', path: '/f513.bin?x=1', status: '200' },
    { what: 'dots', path: '/../unboxd.yaml', status: '403' },
    { what: 'encoded dots', path: '/%2e%2e/unboxd.yaml', status: '403' },
    { what: 'dots encoded twice', path: '/%252e%252e/unboxd.yaml', status: '404' },
    { what: 'backslashes', path: '/..%5cunboxd.yaml', status: '403' },
    { what: 'an absolute path', path: '//etc/passwd', status: '404' },
    { what: 'a broken escape', path: '/%zz', status: '400' },
  ])('over HTTP, $what: $status', async ({ path, status }) => {
    const said = await curl('-o', '/dev/null', '-w', '%{http_code}', `http://${SERVER}${path}`);
    expect(said).toBe(status);
  });

  test('HEAD, the tag, and 304 for who has the bytes', async () => {
    const head = await curl('-I', `http://${SERVER}/f513.bin`);
    expect(head).toContain('Content-Length: 513'.toLowerCase());
    const tag = /etag: (\S+)/i.exec(head)?.[1] ?? '';
    const again = await curl(
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '-H',
      `If-None-Match: ${tag}`,
      `http://${SERVER}/f513.bin`,
    );
    expect(again).toBe('304');
    const post = await curl(
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '-d',
      'x=1',
      `http://${SERVER}/f513.bin`,
    );
    expect(post).toBe('403');
  });

  test('a phone gets its rendered file by its User-Agent, and the fetch proves it', async () => {
    const agent = 'Yealink SIP-T46S 66.86.0.15 00:15:65:0a:0b:0c';
    const body = await curl('-A', agent, `http://${SERVER}/0015650a0b0c.cfg`);
    expect(body).toMatch(/^#!version:1\.0\.0\.1\n/);
    const phone = async () => (await daemon.phones()).find(({ mac }) => mac === '00:15:65:0a:0b:0c');
    await expect.poll(phone).toMatchObject({
      vendor: 'Yealink',
      model: 'T46S',
      firmware: '66.86.0.15',
      stage: 'proven',
    });
  });
});

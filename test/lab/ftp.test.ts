// Real FTP clients fetch, list and write at the real daemon, byte for byte.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { content } from './bytes.ts';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, type Lab, openLab } from './lab.ts';

const SIZES = [0, 1, 1432, 70_000, 3_000_000] as const;
const NEEDS = {
  commands: ['ip', 'curl', 'wget', 'busybox', 'lftp'],
  packages: ['iproute2', 'curl', 'wget', 'busybox', 'lftp'],
};
const URL = 'ftp://10.99.0.1';
const HOST = '10.99.0.1';
const MAC = '001565aabbcc';

await describeLab('real clients of FTP', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    const files = Object.fromEntries(SIZES.map((size) => [`sub/f${size}.bin`, content(size)]));
    await writeFile(join(lab.folder, 'account.secret'), 'open-sesame\n');
    daemon = await startDaemon(lab, {
      settings: [
        'doors:',
        '  ftp: { port: 21, passivePorts: "50000-50020" }',
        '  accounts: [{ folder: locked, user: PlcmSpIp, passwordFile: account.secret }]',
      ].join('\n'),
      list: `mac,vendor,model,address\n${MAC},yealink,T46U,10.99.0.9\n`,
      files: { ...files, 'lines.txt': 'one\ntwo\n', 'locked/secret.cfg': 'for one only' },
    });
    // The address holds the lease of the phone: else it may not write what can hold passwords.
    await lab.run('phones', ['ip', 'link', 'set', 'p0', 'address', MAC.replaceAll(/(..)(?=.)/g, '$1:')]);
    await lab.run('phones', ['busybox', 'udhcpc', '-i', 'p0', '-n', '-q', '-f', '-s', '/bin/true']);
    await lab.run('phones', ['ip', 'address', 'add', '10.99.0.9/24', 'dev', 'p0']);
  });
  afterAll(async () => {
    await lab.close();
  });

  const got = (name: string): string => join(lab.folder, `got-${name}`);
  const run = async (...argv: readonly string[]): Promise<string> => await lab.run('phones', argv);
  const ended = async (...argv: readonly string[]): Promise<{ code: number | null; output: string }> => {
    const running = lab.start('phones', argv);
    return { code: await running.ended, output: running.output() };
  };
  const CURL = ['curl', '-sS', '--max-time', '30'] as const;

  /** How each client fetches `file` into `to`. */
  const CLIENTS: readonly { client: string; argv: (file: string, to: string) => readonly string[] }[] = [
    { client: 'curl with EPSV', argv: (file, to) => [...CURL, '-o', to, `${URL}/${file}`] },
    { client: 'curl with PASV', argv: (file, to) => [...CURL, '--disable-epsv', '-o', to, `${URL}/${file}`] },
    {
      client: 'curl with EPRT',
      argv: (file, to) => [...CURL, '--ftp-port', '-', '-o', to, `${URL}/${file}`],
    },
    {
      client: 'curl with PORT',
      argv: (file, to) => [...CURL, '--disable-eprt', '--ftp-port', '-', '-o', to, `${URL}/${file}`],
    },
    { client: 'wget', argv: (file, to) => ['wget', '-q', '-T', '10', '-t', '1', '-O', to, `${URL}/${file}`] },
    {
      client: 'wget, active',
      argv: (file, to) => ['wget', '-q', '-t', '1', '--no-passive-ftp', '-O', to, `${URL}/${file}`],
    },
    { client: 'busybox ftpget', argv: (file, to) => ['busybox', 'ftpget', HOST, to, file] },
    {
      client: 'lftp',
      argv: (file, to) => ['lftp', '-c', `set net:max-retries 1; get ${URL}/${file} -o ${to}`],
    },
  ];

  test.each(CLIENTS)('$client fetches files of all sizes intact', async ({ client, argv }) => {
    for (const size of SIZES) {
      const to = got(`${client.replaceAll(/\W/g, '-')}-${size}`);
      // curl makes no file where there is nothing to write; busybox and lftp do not like one that is there.
      if (client.startsWith('curl')) await run('touch', to);
      await run(...argv(`sub/f${size}.bin`, to));
      expect((await readFile(to)).equals(content(size)), `${client}, ${size} bytes`).toBe(true);
    }
  });

  test('curl goes on where it was cut off, and asks for a part', async () => {
    const to = got('resumed');
    await writeFile(to, content(70_000).subarray(0, 33_333));
    await run(...CURL, '-C', '-', '-o', to, `${URL}/sub/f70000.bin`);
    expect((await readFile(to)).equals(content(70_000))).toBe(true);
    await run(...CURL, '-r', '100-199', '-o', to, `${URL}/sub/f70000.bin`);
    expect((await readFile(to)).equals(content(70_000).subarray(100, 200))).toBe(true);
  });

  test('listings as curl, wget and lftp read them', async () => {
    expect(await run(...CURL, '-l', `${URL}/sub/`)).toContain('f1432.bin');
    expect(await run(...CURL, `${URL}/`)).toMatch(/^-rw.* 8 .* lines\.txt\r?$/m);
    await run('lftp', '-c', `set net:max-retries 1; mirror ${URL}/sub ${got('mirror')}`);
    for (const size of SIZES)
      expect((await readFile(join(got('mirror'), `f${size}.bin`))).equals(content(size))).toBe(true);
  });

  test('a phone writes its own settings, and APPE goes on with them', async () => {
    const from = join(lab.folder, 'from.cfg');
    await writeFile(from, '#!version:1.0.0.1\na = 1\n');
    const name = `${MAC}-local.cfg`;
    await run(...CURL, '-T', from, `${URL}/${name}`);
    await writeFile(from, 'b = 2\n');
    await run(...CURL, '-a', '-T', from, `${URL}/${name}`);
    const kept = join(lab.folder, 'state', 'uploads', name);
    expect(await readFile(kept, 'utf8')).toBe('#!version:1.0.0.1\na = 1\nb = 2\n');
    await writeFile(from, 'c = 3\n');
    await run('busybox', 'ftpput', HOST, name, from);
    expect(await readFile(kept, 'utf8')).toBe('c = 3\n');
    const story = async () => (await daemon.story(MAC)).join('\n');
    await expect.poll(story).toContain(`wrote ${name} over FTP (6 bytes)`);
    const stolen = await ended(...CURL, '-T', from, `${URL}/stolen.txt`);
    expect([stolen.code, stolen.output]).toEqual([25, expect.stringContaining('550')]);
  });

  test('a folder with an account wants its password, and the password stands nowhere', async () => {
    const nobody = await ended(...CURL, `${URL}/locked/secret.cfg`);
    expect(nobody.code).not.toBe(0);
    const wrong = await ended(...CURL, '-u', 'PlcmSpIp:wrong-sesame', `${URL}/locked/secret.cfg`);
    expect([wrong.code, wrong.output]).toEqual([67, expect.stringContaining('530')]);
    expect(await run(...CURL, '-u', 'PlcmSpIp:open-sesame', `${URL}/locked/secret.cfg`)).toBe('for one only');
    expect(await run('busybox', 'wget', '-q', '-O', '-', 'ftp://10.99.0.1/lines.txt')).toBe('one\ntwo\n');
    expect(daemon.running.output()).not.toMatch(/sesame/);
  });
});

// The real daemon reloads while real clients fetch: by the command, by SIGHUP, with mistakes, and at its end.
import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, heard, type Lab, openLab, type Running, until } from './lab.ts';

const NEEDS = { commands: ['ip', 'curl', 'busybox'], packages: ['iproute2', 'curl', 'busybox'] };
const SERVER = '10.99.0.1';
/** More than the buffers of two machines hold. */
const SIZE = 24_000_000;
const HEAD = 'mac,vendor,model,label,sip_user,sip_password,sip_server\n';
const ROW = '00:15:65:aa:bb:cc,yealink,T46S,desk,101,pw,10.99.0.5\n';

/** Bytes that differ from place to place; others for other seeds. */
function content(seed: string): Buffer {
  const blocks = Array.from({ length: 997 }, (_, at) =>
    createHash('sha256').update(`${seed}:${at}`).digest(),
  );
  return Buffer.alloc(SIZE, Buffer.concat(blocks));
}

await describeLab('a reload', NEEDS, () => {
  const [old, fresh] = [content('old'), content('new')];
  let lab: Lab;
  let daemon: Daemon;
  let settings = '';
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    await lab.run('phones', ['ip', 'address', 'add', '10.99.0.9/24', 'dev', 'p0']);
    daemon = await startDaemon(lab, { files: { 'long.bin': old }, list: HEAD + ROW });
    settings = await readFile(join(lab.folder, 'unboxd.yaml'), 'utf8');
    await mkdir(join(lab.folder, 'other'));
    await writeFile(join(lab.folder, 'other/long.bin'), fresh);
  });
  afterAll(async () => {
    await lab.close();
  });

  const got = (name: string): string => join(lab.folder, `got-${name}`);
  const write = async (file: string, text: string): Promise<void> =>
    await writeFile(join(lab.folder, file), text);
  const labelOf = async () => (await daemon.phones()).find(({ mac }) => mac === '00:15:65:aa:bb:cc')?.label;
  /** How much of it has come. */
  const sizeOf = async (name: string): Promise<number> =>
    await stat(got(name)).then(
      ({ size }) => size,
      () => 0,
    );
  /** A client that has begun to fetch and is not done soon. */
  const fetching = async (name: string, argv: readonly string[]): Promise<Running> => {
    const client = lab.start('phones', argv);
    await until(async () => (await sizeOf(name)) > 0, 'the transfer to begin', client.output);
    return client;
  };
  const slowly = async (name: string, rate = '6M'): Promise<Running> =>
    await fetching(name, [
      ...['curl', '-sS', '--limit-rate', rate, '-o', got(name), `http://${SERVER}/long.bin`],
    ]);

  test('transfers under way end with the old bytes, those after it have the new ones', async () => {
    const http = await slowly('http');
    // 512 bytes at a time, each of them acknowledged.
    const tftp = await fetching('tftp', [
      ...['busybox', 'tftp', '-g', '-r', 'long.bin', '-l', got('tftp'), SERVER],
    ]);
    // However long the reload takes, they are in the middle of it.
    for (const { pid } of [http, tftp]) process.kill(pid, 'SIGSTOP');
    await write('unboxd.yaml', settings.replace('root: files', 'root: other'));
    await write('phones.csv', HEAD + ROW.replace('desk', 'hall'));
    const { code, output } = await daemon.cli('reload');
    expect([code, output.trim().split('\n')]).toEqual([
      0,
      ['phone list: 1 changed (001565aabbcc)', 'settings: files.root'],
    ]);
    for (const name of ['http', 'tftp']) expect(await sizeOf(name), name).toBeLessThan(SIZE);
    for (const { pid } of [http, tftp]) process.kill(pid, 'SIGCONT');
    await lab.run('phones', ['curl', '-sS', '-o', got('after'), `http://${SERVER}/long.bin`]);
    expect(fresh.equals(await readFile(got('after')))).toBe(true);
    expect(await labelOf()).toBe('hall');
    expect([await http.ended, await tftp.ended]).toEqual([0, 0]);
    expect(old.equals(await readFile(got('http')))).toBe(true);
    expect(old.equals(await readFile(got('tftp')))).toBe(true);
  }, 180_000);

  test('mistakes are listed with file and line, and nothing changes', async () => {
    await write(
      'phones.csv',
      `${HEAD}${ROW.replace('desk', 'attic')}nonsense,yealink,T46S,x,1,pw,10.99.0.5\n`,
    );
    const { code, output } = await daemon.cli('reload');
    expect(code).toBe(1);
    expect(output).toMatch(/phones\.csv:3.*nonsense/);
    expect(output).toContain('1 mistake; nothing was changed');
    expect(await labelOf()).toBe('hall');
    const { output: asJson } = await daemon.cli('reload', '--json');
    expect(JSON.parse(asJson)).toMatchObject({ done: false, mistakes: [{ line: 3 }] });
  });

  test('SIGHUP does the same, and what needs a restart is named in the log', async () => {
    await write('phones.csv', HEAD + ROW.replace('desk', 'attic'));
    await write(
      'unboxd.yaml',
      `${settings.replace('root: files', 'root: other')}doors: { tftp: off, http: 8080 }\n`,
    );
    process.kill(daemon.running.pid, 'SIGHUP');
    await heard(
      daemon.running,
      'reloaded: phone list: 1 changed (001565aabbcc); settings: doors.http; needs a restart',
    );
    expect(await labelOf()).toBe('attic');
    await lab.run('phones', ['curl', '-sS', '-o', got('moved'), `http://${SERVER}:8080/long.bin`]);
    expect(fresh.equals(await readFile(got('moved')))).toBe(true);
    const refused = lab.start('phones', ['curl', '-sS', `http://${SERVER}/long.bin`]);
    expect(await refused.ended).toBe(7);
    await write('unboxd.yaml', settings);
    expect((await daemon.cli('reload')).code).toBe(0);
  });

  test('at its end, within 5 s, transfers under way are told', async () => {
    const clients = await Promise.all(['a', 'b', 'c'].map(async (name) => await slowly(name, '1M')));
    const before = performance.now();
    expect(await daemon.stop('SIGTERM', 5000)).toBe(0);
    expect(performance.now() - before).toBeLessThan(5000);
    const told = daemon.running.output().match(/long\.bin[^"]*unboxd was stopped/g) ?? [];
    expect(told).toHaveLength(3);
    for (const client of clients) expect(await client.ended).not.toBe(0);
  });
});

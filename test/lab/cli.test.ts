// The commands as an installer types them: the demo, refusals in plain sentences, lists for machines.
import { spawn } from 'node:child_process';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Explanation, LeaseLine, PhoneLine } from '../../src/control/api.ts';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, heard, type Lab, openLab, until } from './lab.ts';

const NEEDS = { commands: ['ip', 'unshare', 'nsenter'], packages: ['iproute2', 'util-linux'] };
const MAIN = 'dist/main.js';
const YEALINK = '00:15:65:00:00:01';

interface Ended {
  readonly code: number | null;
  readonly out: string;
}

/** Runs unboxd as it is, outside of any lab; `stopAt` is the text at which it gets a Ctrl-C. */
async function unboxd(args: readonly string[], stopAt?: string): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  const add = (chunk: Buffer): void => {
    out += chunk.toString();
    if (stopAt !== undefined && out.includes(stopAt)) child.kill('SIGINT');
  };
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  return await new Promise((done) => child.once('close', (code) => done({ code, out })));
}

const demoFolders = async (): Promise<readonly string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('unboxd-demo-'));

await describeLab('the demo', NEEDS, () => {
  test('boots twelve phones until each is proven, and leaves nothing behind', async () => {
    const before = await demoFolders();
    const { code, out } = await unboxd(['demo', '--json']);
    expect([code, out]).toEqual([0, expect.stringContaining('all 12 phones are proven')]);
    const lines = out
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as PhoneLine);
    const proven = new Set(lines.filter(({ stage }) => stage === 'proven').map(({ mac }) => mac));
    expect(proven.size).toBe(12);
    expect(await demoFolders()).toEqual(before);
  }, 150_000);

  test('a Ctrl-C in the middle leaves nothing behind either', async () => {
    const before = await demoFolders();
    const { code, out } = await unboxd(['demo'], 'asking');
    expect([code, out]).toEqual([1, expect.stringContaining('stopped; nothing is left behind')]);
    expect(await demoFolders()).toEqual(before);
  }, 150_000);
});

await describeLab('a daemon and its commands', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    daemon = await startDaemon(lab, { list: `mac,vendor,model,label\n${YEALINK},yealink,T46S,Front desk\n` });
  });
  afterAll(async () => {
    await lab.close();
  });

  const serve = async (...args: readonly string[]): Promise<Ended> => {
    const called = lab.start('desk', [process.execPath, MAIN, 'serve', ...args]);
    return { code: await called.ended, out: called.output() };
  };

  test('a phone that is plugged in shows in every list', async () => {
    const control = join(lab.folder, 'control.sock');
    const watch = lab.start('desk', [process.execPath, MAIN, 'watch', '--control', control]);
    await heard(watch, 'not seen yet');
    const phone = ['--interface', 'p0', '--mac', YEALINK, '--vendor', 'yealink', '--model', 'T46S'];
    lab.start('phones', [process.execPath, MAIN, 'simulate', ...phone]);
    await heard(watch, 'proven: has its own file 001565000001.cfg');
    expect(await watch.stop('SIGINT')).toBe(0);

    expect(await daemon.phones()).toMatchObject([{ mac: YEALINK, stage: 'proven', label: 'Front desk' }]);
    const leases = JSON.parse((await daemon.cli('leases', '--json')).output) as readonly LeaseLine[];
    expect(leases).toMatchObject([{ mac: YEALINK, state: 'bound' }]);
    const story = await daemon.story(YEALINK);
    expect(story.at(0)).toContain('appeared at the DHCP door as Yealink T46S');
    expect(story).toContainEqual(expect.stringContaining('fetched its own file'));
    const { output } = await daemon.cli('render', YEALINK, '001565000001.cfg');
    expect(output).toMatch(/^#!version:1\.0\.0\.1\n/);
    expect((await stat(control)).mode & 0o777).toBe(0o660);
  });

  test.each([
    { mac: '00:15:65:00:00:99', vendor: 'Yealink', own: '001565000099.cfg' },
    { mac: '0c:38:3e:00:00:99', vendor: 'Fanvil', own: '0c383e000099.cfg' },
    { mac: '00:21:f2:00:00:99', vendor: 'Flyingvoice', own: '0021f2000099.cfg' },
    { mac: '00:56:2b:00:00:99', vendor: 'Cisco', own: '00562b000099.xml' },
  ])('a $vendor that was never seen is explained by its MAC', async ({ mac, vendor, own }) => {
    const explained = JSON.parse((await daemon.cli('explain', mac, '--json')).output) as Explanation;
    expect(explained).toMatchObject({ vendor, listed: false, url: 'http://10.99.0.1/' });
    expect(explained.files.find(({ role }) => role === 'own')).toMatchObject({ name: own, gets: 'rendered' });
    expect(explained.options.map(({ code }) => code)).toContain(66);
    expect(explained.options.every(({ hex }) => /^([0-9a-f]{2})+$/.test(hex))).toBe(true);
  });

  test('what is taken is told in one sentence with a hint', async () => {
    const elsewhere = ['--interface', 'lan0', '--state', join(lab.folder, 'other')];
    const port = await serve(...elsewhere, '--control', join(lab.folder, 'other.sock'));
    expect(port).toEqual({
      code: 1,
      out: expect.stringMatching(/^unboxd: UDP port 67 is taken\n {2}try: ss -lunp|see who/) as unknown,
    });
    await daemon.stop();
    const taken = join(lab.folder, 'taken');
    await writeFile(taken, 'a file where a folder should be');
    const state = await serve(
      '--interface',
      'lan0',
      '--state',
      join(taken, 'state'),
      '--control',
      join(lab.folder, 'x.sock'),
    );
    expect(state).toEqual({ code: 1, out: expect.stringContaining('cannot be written') as unknown });
    for (const { out } of [port, state]) expect(out).not.toMatch(/\n\s+at /);
    await daemon.restart();
  });

  test.each([
    { args: [], code: 1, says: 'no interface to serve is named' },
    { args: ['--interface', 'eth9'], code: 1, says: 'there is no interface eth9' },
    { args: ['--config', '/nonexistent.yaml'], code: 1, says: 'there is no such file' },
    { args: ['--colour'], code: 2, says: "unknown option '--colour'" },
  ])('serve $args: $says', async ({ args, code, says }) => {
    const ended = await serve(...args);
    expect(ended).toEqual({ code, out: expect.stringContaining(says) as unknown });
    expect(ended.out).not.toMatch(/\n\s+at /);
  });

  test('mistakes are listed with their places, by check and by serve alike', async () => {
    const config = join(lab.folder, 'bad.yaml');
    await writeFile(
      config,
      'lans:\n  - interface: lan0\n    dhcp: { lease: soon }\ndoors: { http: maybe }\n',
    );
    const checked = await unboxd(['check', '--config', config]);
    expect(checked.code).toBe(1);
    expect(checked.out).toContain(`bad.yaml:3:13: lans.0.dhcp.lease: "soon" is not a duration`);
    expect(checked.out).toContain('bad.yaml:4:10: doors.http: write a port number or off');
    expect(checked.out).toContain('2 mistakes; nothing was changed or started');
    expect(await serve('--config', config)).toEqual(checked);
    expect((await unboxd(['check', '--config', 'config/unboxd.yaml'])).code).toBe(0);
  });

  test('the daemon ends in order within seconds, and the commands then say that it is gone', async () => {
    expect(await daemon.stop('SIGTERM')).toBe(0);
    const { code, output } = await daemon.cli('phones');
    expect([code, output]).toEqual([1, expect.stringContaining('no unboxd answers at')]);
    await until(async () => await daemon.restart().then(() => true), 'the daemon again');
  });
});

// Real clients write files to the real daemon, and get back what is theirs.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, type Lab, openLab } from './lab.ts';

const NEEDS = { commands: ['ip', 'tftp', 'curl'], packages: ['iproute2', 'tftp-hpa', 'curl'] };
const SERVER = '10.99.0.1';
const LOCAL = '0015650a0b0c-local.cfg';

await describeLab('uploads by real clients', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    await lab.run('phones', ['ip', 'address', 'add', '10.99.0.9/24', 'dev', 'p0']);
    daemon = await startDaemon(lab, { files: { 'lines.txt': 'one\n' } });
  });
  afterAll(async () => {
    await lab.close();
  });

  const stateFolder = (): string => join(lab.folder, 'state', 'uploads');
  const put = async (text: string, url: string): Promise<string> => {
    await writeFile(join(lab.folder, 'up.txt'), text);
    const quiet = ['curl', '-sS', '--max-time', '30', '-o', '/dev/null', '-w', '%{http_code}'];
    return await lab.run('phones', [...quiet, '-T', join(lab.folder, 'up.txt'), url]);
  };

  // In mode full it is the lease that says whose files an address may write.
  test('who holds no lease writes nothing, and is told as an alarm', async () => {
    expect(await put('x = 1\n', `http://${SERVER}/${LOCAL}`)).toMatch(/^403/);
    const last = async () => (await daemon.story('00:15:65:0a:0b:0c')).at(-1);
    await expect.poll(last).toContain(`wanted to write ${LOCAL} over HTTP and was not let`);
    expect(await readdir(stateFolder())).toEqual([]);
  });

  test('a name that no phone writes is refused over HTTP and TFTP alike', async () => {
    expect(await put('x', `http://${SERVER}/lines.txt`)).toMatch(/^40[35]/);
    const upload = lab.start('phones', ['tftp', '-4', SERVER, '-c', 'put', 'package.json', 'stolen.txt']);
    await upload.ended;
    expect(upload.output()).toMatch(/Error code 2/);
    expect(await readFile(join(lab.folder, 'files', 'lines.txt'), 'utf8')).toBe('one\n');
  });

  test('where its own word counts, a phone writes its settings over HTTP and TFTP, and fetches them', async () => {
    await daemon.stop();
    await startDaemon(lab, { settings: 'lans: [{ interface: lan0, dhcp: { mode: companion } }]' });
    const fetched = async (): Promise<string> =>
      await lab.run('phones', ['curl', '-sS', '--max-time', '30', `http://${SERVER}/${LOCAL}`]);
    expect(await put('ringtone = 1\n', `http://${SERVER}/${LOCAL}`)).toMatch(/^201/);
    expect(await fetched()).toContain('ringtone = 1\n');
    const file = join(lab.folder, 'up.txt');
    await writeFile(file, 'ringtone = 2\n');
    await lab.run('phones', ['tftp', '-4', '-m', 'binary', SERVER, '-c', 'put', file, LOCAL.toUpperCase()]);
    expect(await fetched()).toContain('ringtone = 2\n');
    expect((await readdir(stateFolder())).sort()).toEqual([LOCAL, `${LOCAL}.1`]);
    expect(await readFile(join(stateFolder(), `${LOCAL}.1`), 'utf8')).toBe('ringtone = 1\n');
  });
});

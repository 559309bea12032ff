// The rehearsal as an installer types it: a private network of its own, the installer's settings, templates and list.
import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeLab } from './lab.ts';

const NEEDS = { commands: ['ip', 'unshare', 'nsenter'], packages: ['iproute2', 'util-linux'] };
const PATIENCE = 90_000;
const MAIN = resolve('dist/main.js');

const ROWS: readonly (readonly [mac: string, vendor: string, model: string])[] = [
  ['00:15:65:10:00:01', 'yealink', 'T46S'],
  ['80:5e:c0:10:00:02', 'yealink', 'T42S'],
  ['24:9a:d8:10:00:03', 'yealink', 'T54W'],
  ['0c:38:3e:10:00:04', 'fanvil', 'C62'],
  ['0c:38:3e:10:00:05', 'fanvil', 'C62'],
  ['0c:38:3e:10:00:06', 'fanvil', 'X6'],
  ['00:21:f2:10:00:07', 'flyingvoice', 'FIP13G'],
  ['00:21:f2:10:00:08', 'flyingvoice', 'FIP15G'],
  ['78:99:12:10:00:09', 'flyingvoice', 'FIP14G'],
  ['00:56:2b:10:00:0a', 'cisco', 'CP-6841-3PCC'],
  ['00:56:2b:10:00:0b', 'cisco', 'CP-7841-3PCC'],
  ['00:56:2b:10:00:0c', 'cisco', 'CP-8811-3PCC'],
];
const LIST = [
  'mac,vendor,model,sip_server,sip_user,sip_password',
  ...ROWS.map((row) => `${row.join(',')},p,u,pw`),
];
/** An interface that this machine does not have, a pool of its own, and a state that must stay untouched. */
const SETTINGS = `lans:
  - interface: nosuch9
    dhcp: { pool: 10.20.0.50-10.20.1.250 }
phones: phones.csv
files: { templates: templates }
state: state
control: { socket: control.sock }
`;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-lab-'));
  await writeFile(join(folder, 'unboxd.yaml'), SETTINGS);
  await writeFile(join(folder, 'phones.csv'), `${LIST.join('\n')}\n`);
  await mkdir(join(folder, 'templates/fanvil'), { recursive: true });
  await mkdir(join(folder, 'tmp'));
  for (const name of ['common.cfg', 'phone.cfg'])
    await copyFile(`config/templates/fanvil/${name}`, join(folder, 'templates/fanvil', name));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

/** Runs it in the folder of its settings. */
async function perform(args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, 'rehearse', '--config', 'unboxd.yaml', ...args], {
    cwd: folder,
    env: { ...process.env, TMPDIR: join(folder, 'tmp'), HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let notes = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    notes += chunk.toString();
  });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, out, notes };
}

/** What the installer wrote is all that is there afterwards. */
async function expectUntouched(): Promise<void> {
  expect((await readdir(folder)).sort()).toEqual(['phones.csv', 'templates', 'tmp', 'unboxd.yaml']);
  expect(await readdir(join(folder, 'tmp'))).toEqual([]);
}

await describeLab('the rehearsal', NEEDS, () => {
  test(
    'twelve phones of four makes, one of the templates broken: named by file and line, the others proven',
    async () => {
      const template = join(folder, 'templates/fanvil/phone.cfg');
      const good = await readFile(template, 'utf8');
      await writeFile(template, `${good}broken:{{ no_such_thing }}\n`);
      const line = good.split('\n').length;
      const { code, out, notes } = await perform([]);
      expect([code, notes]).toEqual([3, '']);
      const why = 'asked for {mac}.cfg and got none, because its template does not render';
      const place = `templates/fanvil/phone.cfg:${line}:11: undefined variable: no_such_thing, for {mac}`;
      expect(out).toContain(`9 proven; 3 stuck: ${why}: ${place}`);
      expect(out).toContain('2 fanvil C62 stuck: 0c:38:3e:10:00:04, 0c:38:3e:10:00:05');
      expect(out).toContain('1 cisco CP-6841-3PCC proven: 00:56:2b:10:00:0a');
      await expectUntouched();
    },
    PATIENCE,
  );

  test(
    'on cables that lose 2 % every phone gets through, and each tells what it asked for and got',
    async () => {
      const { code, out, notes } = await perform(['--loss', '2%', '--json']);
      expect([code, notes]).toEqual([0, '']);
      const { summary, phones } = JSON.parse(out) as {
        readonly summary: string;
        readonly phones: readonly {
          readonly mac: string;
          readonly ending: string;
          readonly asked: readonly {
            readonly url: string;
            readonly found: boolean;
            readonly bytes: number;
          }[];
          readonly story: readonly string[];
        }[];
      };
      expect(summary).toBe('12 proven');
      expect(phones.map(({ mac, ending }) => [mac, ending])).toEqual(ROWS.map(([mac]) => [mac, 'proven']));
      for (const { mac, asked, story } of phones) {
        expect(asked.at(-1)?.url.toLowerCase()).toContain(mac.replaceAll(':', ''));
        expect([asked.at(-1)?.found, story.length > 3]).toEqual([true, true]);
      }
      await expectUntouched();
    },
    PATIENCE,
  );

  test(
    'made-up phones beyond the list, and a count instead of lines',
    async () => {
      const { code, out, notes } = await perform([
        '--phones',
        '40',
        '--vendor',
        'yealink',
        '--model',
        'T46S',
      ]);
      expect(notes).toContain('note: 39 of the phones are made up');
      expect(notes).toContain('40 phones: 40 proven');
      expect([code, out.split('\n')[0]]).toEqual([0, '40 proven']);
    },
    PATIENCE,
  );
});

// The commands beside a daemon as an installer types them, for people and for machines; and how the daemon ends.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Explanation, LeaseLine, PhoneLine, StoryLine } from '../../src/control/api.ts';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, heard, type Lab, openLab, type Running, until } from './lab.ts';

const NEEDS = { commands: ['ip', 'unshare', 'nsenter'], packages: ['iproute2', 'util-linux'] };
const UNBOXD = [process.execPath, 'dist/main.js'];
const LISTED = '00:15:65:00:00:01';
const LIST = `mac,vendor,model,label,extension,sip_server,sip_user,sip_password
${LISTED},yealink,T46S,Front desk,101,pbx.example,101,secret-101
`;

let lab: Lab;
let daemon: Daemon;

/** A factory phone, plugged in. */
function plug(mac: string, vendor: string, model: string): Running {
  const phone = ['--interface', 'p0', '--mac', mac, '--vendor', vendor, '--model', model];
  return lab.start('phones', [...UNBOXD, 'simulate', ...phone]);
}

async function proven(mac: string, phone: Running): Promise<void> {
  const isProven = async () =>
    (await daemon.phones()).some((line) => line.mac === mac && line.stage === 'proven');
  await until(isProven, `${mac} to be proven`, phone.output);
}

async function json<Answer>(...args: readonly string[]): Promise<Answer> {
  const { code, output } = await daemon.cli(...args, '--json');
  expect(code, output).toBe(0);
  return JSON.parse(output) as Answer;
}

const own = (name: string): string => join(lab.folder, name);

await describeLab('the commands beside a daemon', NEEDS, () => {
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    daemon = await startDaemon(lab, { list: LIST });
    await proven(LISTED, plug(LISTED, 'yealink', 'T46S'));
  });
  afterAll(async () => {
    await lab.close();
  });

  test('watch says a line when a phone appears, and ends at a Ctrl-C', async () => {
    const control = ['--control', own('control.sock')];
    const people = lab.start('desk', [...UNBOXD, 'watch', ...control]);
    const machines = lab.start('desk', [...UNBOXD, 'watch', '--json', ...control]);
    await heard(people, `${LISTED}  10.99.0.`);
    await heard(machines, `"mac":"${LISTED}"`);
    const phone = plug('0c:38:3e:00:00:02', 'fanvil', 'X4');
    await proven('0c:38:3e:00:00:02', phone);
    await heard(people, 'Fanvil X4  proven: has its own file 0c383e000002.cfg');
    await heard(machines, '"sentence":"has its own file 0c383e000002.cfg');

    expect([await people.stop('SIGINT'), await machines.stop('SIGINT')]).toEqual([0, 0]);
    const words = `${LISTED}  10.99.0.[0-9]+  Yealink T46S  proven: has its own file 001565000001.cfg`;
    expect(people.output()).toMatch(new RegExp(`^${words}`, 'm'));
    const lines = machines.output().trimEnd().split('\n');
    expect(new Set(lines.map((line) => (JSON.parse(line) as PhoneLine).mac))).toEqual(
      new Set([LISTED, '0c:38:3e:00:00:02']),
    );
  });

  test('phones lists them for people and for machines', async () => {
    const { code, output } = await daemon.cli('phones');
    expect(code).toBe(0);
    expect(output).toMatch(/^MAC +VENDOR +MODEL +ADDRESS +STAGE/);
    expect(output).toContain('Front desk: has its own file 001565000001.cfg');
    const line = (await json<readonly PhoneLine[]>('phones')).find(({ mac }) => mac === LISTED);
    const told = { vendor: 'Yealink', model: 'T46S', label: 'Front desk', extension: '101', listed: true };
    expect(line).toMatchObject({ ...told, stage: 'proven' });
  });

  test('story tells it from the first to the last', async () => {
    const { code, output } = await daemon.cli('story', LISTED);
    expect(code).toBe(0);
    const lines = output.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d {2}appeared at the DHCP door as Yealink T46S/);
    const told = await json<readonly StoryLine[]>('story', LISTED);
    expect(told.map(({ sentence }) => sentence)).toEqual(lines.map((line) => line.slice(10)));
    const kinds = told.map(({ kind }) => kind);
    for (const kind of ['asked-for-address', 'leased', 'told-url', 'pnp-acknowledged', 'fetched']) {
      expect(kinds).toContain(kind);
    }
    expect(told.map(({ at }) => at)).toEqual(told.map(({ at }) => at).sort((a, b) => a - b));

    expect((await daemon.cli('story', '00:15:65:ff:ff:ff')).output).toBe(
      'this phone has not been seen yet\n',
    );
    expect(await json('story')).toEqual([]);
    expect((await daemon.cli('story')).output).toBe('no trouble so far\n');
  });

  test('leases says who holds which address', async () => {
    const [lease] = (await json<readonly LeaseLine[]>('leases')).filter(({ mac }) => mac === LISTED);
    expect(lease).toMatchObject({
      state: 'bound',
      address: expect.stringMatching(/^10\.99\.0\./) as unknown,
    });
    const { code, output } = await daemon.cli('leases');
    expect([code, output]).toEqual([0, expect.stringMatching(/^ADDRESS +MAC +STATE +UNTIL/)]);
    expect(output).toContain(`${lease?.address}  ${LISTED}  bound`);
  });

  test('render prints the bytes that were proven, and says why there are none', async () => {
    const { code, output } = await daemon.cli('render', LISTED, '001565000001.cfg');
    expect(code).toBe(0);
    expect(output).toMatch(/^#!version:1\.0\.0\.1\n/);
    expect(output).toContain('account.1.user_name = 101\n');
    const line = (await daemon.phones()).find(({ mac }) => mac === LISTED);
    expect(line?.sentence).toContain(`(${Buffer.byteLength(output)} bytes)`);

    expect(await daemon.cli('render', LISTED, '001565000001.boot')).toEqual({
      code: 1,
      output: expect.stringContaining(
        'unboxd: 001565000001.boot is not served to it, because it is left out on purpose',
      ) as unknown,
    });
  });

  test('explain of a phone that asked says for which options it asked', async () => {
    const { options, files } = await json<Explanation>('explain', LISTED);
    expect(options.find(({ code }) => code === 66)).toMatchObject({ text: 'http://10.99.0.1/', asked: true });
    expect(options.find(({ code }) => code === 160)).toMatchObject({ asked: false });
    expect(files.filter(({ gets }) => gets === 'rendered').map(({ name }) => name)).toEqual([
      'y000000000066.cfg',
      '001565000001.cfg',
    ]);
  });

  const LAN_OPTIONS = [1, 28, 51, 58, 59, 54];
  test.each([
    {
      mac: '00:15:65:77:00:01',
      vendor: 'Yealink',
      options: [66, 150, 160, 161, 43],
      files: ['001565770001.boot', 'y000000000000.boot', 'y{number:12}.cfg', '001565770001.cfg'],
    },
    {
      mac: '0c:38:3e:77:00:01',
      vendor: 'Fanvil',
      options: [66, 150, 160, 161, 43],
      files: ['{common}.cfg', '{manifest}.txt', '0c383e770001.cfg'],
    },
    {
      mac: '00:21:f2:77:00:01',
      vendor: 'Flyingvoice',
      options: [66, 150, 160, 161],
      files: [
        ...['0021f2770001', '0021f2770001.boot', 'y000000000000.boot', 'y000000000000.cfg'],
        '0021f2770001.cfg',
      ],
    },
    {
      mac: '00:56:2b:77:00:01',
      vendor: 'Cisco',
      options: [66, 150, 160, 161, 159],
      files: ['{psn}.xml', '00562b770001.xml'],
    },
  ])(
    'explain names what a $vendor that was never seen would get',
    async ({ mac, vendor, options, files }) => {
      const explained = await json<Explanation>('explain', mac);
      expect(explained).toMatchObject({
        mac,
        vendor,
        by: 'its MAC',
        listed: false,
        url: 'http://10.99.0.1/',
      });
      expect(explained.options.map(({ code }) => code)).toEqual([...LAN_OPTIONS, ...options]);
      expect(explained.options.every(({ hex }) => /^([0-9a-f]{2})+$/.test(hex))).toBe(true);
      // What follows are files of its user, which only some vendors know.
      expect(explained.files.map(({ name }) => name).slice(0, files.length)).toEqual(files);
      expect(explained.files.find(({ role }) => role === 'own')).toMatchObject({ gets: 'rendered' });

      const { code, output } = await daemon.cli('explain', mac);
      expect(code).toBe(0);
      expect(output).toContain(`${mac} is ${vendor}\n  told by its MAC; not in the phone list\n`);
      const places = [
        'DHCP options:',
        'Files, in the order',
        ...files.map((name) => `\n  ${name} `),
        'Wake-up: ',
      ];
      const found = places.map((words) => output.indexOf(words));
      expect(found).not.toContain(-1);
      expect(found).toEqual(found.toSorted((a, b) => a - b));
      // Nobody becomes known by a question.
      expect((await daemon.phones()).map((line) => line.mac)).not.toContain(mac);
    },
  );

  test('explain of a word says what it means', async () => {
    const { code, output } = await daemon.cli('explain', 'pool-exhausted');
    expect([code, output]).toEqual([
      0,
      expect.stringMatching(/^pool-exhausted: no address of the pool is free/),
    ]);
  });

  test('only its user and group may use the control socket', async () => {
    expect((await stat(own('control.sock'))).mode & 0o777).toBe(0o660);
  });
});

await describeLab('the end of a daemon', NEEDS, () => {
  beforeAll(async () => {
    lab = await openLab([STAGING]);
  });
  beforeEach(async () => {
    daemon = await startDaemon(lab);
  });
  afterEach(async () => {
    await daemon.stop('SIGKILL');
  });
  afterAll(async () => {
    await lab.close();
  });

  // After that it is killed, and then there is no exit code.
  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it within 5 s', async (signal) => {
    expect(await daemon.stop(signal, 5000)).toBe(0);
    expect(daemon.running.output()).not.toMatch(/"level":"(warn|error)"/);
    expect((await daemon.cli('phones')).output).toContain('no unboxd answers at');
  });

  test('nor do a phone, an open connection and a reader of its table keep it', async () => {
    const phone = plug(LISTED, 'yealink', 'T46S');
    await proven(LISTED, phone);
    const watch = lab.start('desk', [...UNBOXD, 'watch', '--control', own('control.sock')]);
    await heard(watch, 'proven: has its own file');
    // Half a request: the door still waits for the rest.
    const half = `require('node:net').connect(80, '10.99.0.1', function () {
      this.write('GET /slow.cfg HTTP/1.1\\r\\n', () => console.log('asked'));
    }).on('error', () => undefined)`;
    await heard(lab.start('phones', [process.execPath, '-e', half]), 'asked');

    expect(await daemon.stop('SIGTERM', 5000)).toBe(0);
    expect(await watch.ended).toBe(1);
    expect(watch.output()).not.toMatch(/^ {4}at /m);
    await daemon.restart();
    expect(await daemon.phones()).toMatchObject([{ mac: LISTED, stage: 'proven' }]);
  });
});

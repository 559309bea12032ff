// What is in the way of serving, or wrong with a command, is told in plain sentences: by real sockets, files, settings.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, type Lab, openLab } from './lab.ts';
import { OFFICE } from './links.ts';

const NEEDS = { commands: ['ip', 'unshare', 'nsenter'], packages: ['iproute2', 'util-linux'] };
const UNBOXD = [process.execPath, 'dist/main.js'];
const LISTED = '00:15:65:00:00:01';

let lab: Lab;
let daemon: Daemon;

const own = (name: string): string => join(lab.folder, name);

/** Runs a command that needs no daemon, to its end. */
async function unboxd(...args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const called = lab.start('desk', [...UNBOXD, ...args]);
  return { code: await called.ended, output: called.output() };
}

await describeLab('what is in the way of serving', NEEDS, () => {
  beforeAll(async () => {
    // On the second LAN a second daemon finds its ports free.
    lab = await openLab([STAGING, OFFICE]);
    daemon = await startDaemon(lab);
    await writeFile(own('file'), 'no folder');
  });
  afterAll(async () => {
    await lab.close();
  });

  const place = (state: string, control: string): readonly string[] => [
    ...['--state', own(state), '--control', own(control)],
  ];
  test.each([
    {
      what: 'an interface that is not there',
      args: () => ['--interface', 'lan9'],
      says: 'there is no interface lan9',
      hint: 'this machine has lo (127.0.0.1), lan0 (10.99.0.1), lan1 (10.99.2.1)',
    },
    {
      what: 'no interface',
      args: () => [],
      says: 'no interface to serve is named',
      hint: 'name the staging LAN: unboxd serve --interface NAME; this machine has lo (127.0.0.1), lan0 (10.99.0.1), lan1 (10.99.2.1)',
    },
    {
      what: 'a taken port',
      args: () => ['--interface', 'lan0', ...place('state2', 'control2.sock')],
      says: 'UDP port 67 is taken',
      hint: "see who has it: ss -lunp 'sport = :67'",
    },
    {
      what: 'another daemon at the control socket',
      args: () => ['--interface', 'lan1', ...place('state2', 'control.sock')],
      says: 'another unboxd answers at CONTROL',
      hint: 'stop it first, or give this one another --control PATH',
    },
    {
      what: 'a file in the place of the state folder',
      args: () => ['--interface', 'lan1', ...place('file', 'control2.sock')],
      says: 'STATE/journal cannot be written (EEXIST)',
      hint: 'give this user a folder it may write, with --state DIR',
    },
    {
      what: 'a file above the state folder',
      args: () => ['--interface', 'lan1', ...place('file/state', 'control2.sock')],
      says: 'STATE/journal cannot be written (ENOTDIR)',
      hint: 'give this user a folder it may write, with --state DIR',
    },
    {
      what: 'a file above the control socket',
      args: () => ['--interface', 'lan1', ...place('state2', 'file/control.sock')],
      says: 'the control socket CONTROL cannot be made (EEXIST)',
      hint: 'give a path in a folder this user may write, with --control PATH',
    },
  ])('serve says it in one sentence with a hint: $what', async ({ args, says, hint }) => {
    const given = args();
    const sentence = says.replace('STATE', given[3] ?? '').replace('CONTROL', given[5] ?? '');
    expect(await unboxd('serve', ...given)).toEqual({
      code: 1,
      output: `unboxd: ${sentence}\n  try: ${hint}\n`,
    });
    // The daemon that was there first is none the worse for it.
    expect(await daemon.client.get('/v1/health')).toMatchObject({ ok: true });
  });

  test.each([
    { args: ['serve', '--interface'], says: "option '--interface <name>' argument missing" },
    { args: ['srve'], says: "unknown command 'srve'" },
    { args: ['simulate'], says: 'simulate needs --interface' },
  ])('wrong usage $args is exit code 2', async ({ args, says }) => {
    const { code, output } = await unboxd(...args);
    expect([code, output]).toEqual([2, expect.stringContaining(says)]);
    expect(output).not.toMatch(/^ {4}at /m);
  });

  test('without a daemon the commands say how to have one', async () => {
    const commands = [['phones'], ['watch'], ['leases'], ['story'], ['explain', LISTED]];
    const nobody = ['--control', own('nobody.sock')];
    const said = await Promise.all(commands.map(async (command) => await unboxd(...command, ...nobody)));
    const sentence = `no unboxd answers at ${own('nobody.sock')}`;
    const hint = 'start it with "unboxd serve", or name its socket with --control PATH';
    for (const one of said) expect(one).toEqual({ code: 1, output: `unboxd: ${sentence}\n  try: ${hint}\n` });
  });

  const BAD_SETTINGS = `lans:
  - interface: lan0
    dhcp: { lease: soon, mode: maybe }
doors: { tftp: on, http: 80000 }
colour: red
`;
  const BAD_LIST = `mac,vendor,model,label
${LISTED},yealink,T46S,Front desk
00:15:65:00:00:zz,yealink,T46S,Kitchen
00:15:65:00:00:03,yealonk,T46S,Yard
`;
  test('check and serve alike tell all mistakes of the settings by their places', async () => {
    const config = own('bad.yaml');
    await writeFile(config, BAD_SETTINGS);
    const checked = await unboxd('check', '--config', config);
    expect(checked.code).toBe(1);
    expect(checked.output.split('\n')).toEqual([
      `${config}:3:13: lans.0.dhcp.lease: "soon" is not a duration (write 30s, 10m, 1h or 2d)`,
      `${config}:3:26: lans.0.dhcp.mode: write full, companion or off`,
      expect.stringContaining(`${config}:4:20: doors.http: `),
      expect.stringContaining(`${config}:5:1: colour: unknown key`),
      'unboxd: 4 mistakes; nothing was changed or started',
      '',
    ]);
    expect(await unboxd('serve', '--config', config)).toEqual(checked);
  });

  test('check tells the mistakes of the phone list by their lines, and that there are none', async () => {
    await writeFile(own('phones.csv'), BAD_LIST);
    const settings = ['check', '--interface', 'lan0', '--phones', own('phones.csv')];
    const { code, output } = await unboxd(...settings);
    expect([code, output.split('\n')]).toEqual([
      1,
      [
        `${own('phones.csv')}:3: "00:15:65:00:00:zz" is not a MAC address`,
        expect.stringContaining(`${own('phones.csv')}:4: vendor "yealonk" is not known`),
        'unboxd: 2 mistakes; nothing was changed or started',
        '',
      ],
    ]);
    await writeFile(own('phones.csv'), BAD_LIST.split('\n').slice(0, 2).join('\n'));
    expect(await unboxd(...settings)).toEqual({
      code: 0,
      output: expect.stringMatching(/^no mistakes: \d+ vendors, \d+ templates, 1 phones\n$/) as unknown,
    });
    expect((await unboxd('check', '--config', 'config/unboxd.yaml')).code).toBe(0);
  });
});

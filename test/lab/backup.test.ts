// Backup and restore beside the running daemon, and settings by `unboxd init` that it starts with.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LeaseLine } from '../../src/control/api.ts';
import { STAGING, startDaemon } from './daemon.ts';
import { describeLab, heard, type Lab, openLab, until } from './lab.ts';

const NEEDS = {
  commands: ['ip', 'unshare', 'nsenter', 'python3'],
  packages: ['iproute2', 'util-linux', 'python3'],
};
const SYSTEMD = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True: print(s.recv(4096).decode(), flush=True)
`;
const UNBOXD = [process.execPath, 'dist/main.js'];
const PHONES = ['00:15:65:00:00:01', '00:15:65:00:00:02'];

let lab: Lab;

const own = (name: string): string => join(lab.folder, name);

await describeLab('backup', NEEDS, () => {
  beforeEach(async () => {
    lab = await openLab([STAGING]);
  });
  afterEach(async () => {
    await lab.close();
  });

  test('what was backed up is what the daemon knows after a restore, without a restart by hand', async () => {
    const daemon = await startDaemon(lab);
    const leases = async (): Promise<readonly string[]> => {
      const { output } = await daemon.cli('leases', '--json');
      const lines = JSON.parse(output) as readonly LeaseLine[];
      return lines.filter(({ state }) => state === 'bound').map(({ mac }) => mac);
    };
    const plug = async (mac: string): Promise<void> => {
      const phone = ['--interface', 'p0', '--mac', mac, '--vendor', 'yealink', '--model', 'T46S'];
      const running = lab.start('phones', [...UNBOXD, 'simulate', ...phone]);
      await until(async () => (await leases()).includes(mac), `a lease of ${mac}`, running.output);
      await running.stop();
    };
    const [first = '', second = ''] = PHONES;
    await plug(first);
    const taken = await daemon.cli('backup', own('b'));
    expect(taken).toEqual({
      code: 0,
      output: expect.stringMatching(/^wrote .*: \d+ records and \d+ files/) as string,
    });
    expect((await stat(own('b'))).mode & 0o777).toBe(0o600);
    await plug(second);
    expect((await leases()).length).toBe(2);

    await writeFile(own('broken'), (await readFile(own('b'))).subarray(0, -1));
    const refused = await daemon.cli('restore', own('broken'));
    expect(refused).toEqual({
      code: 1,
      output: expect.stringContaining('its checksum does not fit') as string,
    });

    const restored = await daemon.cli('restore', own('b'));
    expect(restored).toEqual({
      code: 0,
      output: expect.stringMatching(/^restored \d+ records as of /) as string,
    });
    expect(await leases()).toEqual([first]);
    const checked = lab.start('desk', [...UNBOXD, 'store', 'check', '--state', own('state')]);
    expect([await checked.ended, checked.output()]).toEqual([
      0,
      expect.stringContaining('nothing would be cut off'),
    ]);
    expect(await daemon.stop()).toBe(0);
  });

  // systemd takes STOPPING=1 for an order, and kills who is still there after TimeoutStopSec.
  test('a restore does not tell systemd that the daemon ends', async () => {
    const systemd = lab.start('desk', ['python3', '-c', SYSTEMD, own('notify')]);
    await heard(systemd, 'listening');
    const control = ['--control', own('c.sock')];
    const serve = ['serve', '--interface', 'lan0', '--state', own('state'), ...control];
    const daemon = lab.start('desk', [...UNBOXD, ...serve], { NOTIFY_SOCKET: own('notify') });
    const ready = (): number => systemd.output().split('READY=1').length - 1;
    await until(() => ready() === 1, 'one that is ready', daemon.output);
    await lab.run('desk', [...UNBOXD, 'backup', own('b'), ...control]);
    await lab.run('desk', [...UNBOXD, 'restore', own('b'), ...control]);
    await until(() => ready() === 2, 'one that is ready again', systemd.output);
    expect(systemd.output()).not.toContain('STOPPING');
    expect(await daemon.stop()).toBe(0);
    await heard(systemd, 'STOPPING=1');
  });

  test('without a daemon a backup is refused, and a restore into a folder works', async () => {
    const control = ['--control', own('nobody.sock')];
    const backup = lab.start('desk', [...UNBOXD, 'backup', own('b'), ...control]);
    expect([await backup.ended, backup.output()]).toEqual([1, expect.stringContaining('no unboxd answers')]);
    const daemon = await startDaemon(lab);
    await daemon.cli('backup', own('b'));
    await daemon.stop();
    const restore = lab.start('desk', [...UNBOXD, 'restore', own('b'), '--state', own('other'), ...control]);
    expect([await restore.ended, restore.output()]).toEqual([0, expect.stringContaining('restored')]);
    expect((await readFile(join(own('other'), 'journal'), 'latin1')).startsWith('unboxd-journal 1\n')).toBe(
      true,
    );
  });

  test('init writes settings with which check finds no mistake and the daemon serves', async () => {
    const config = own('new/unboxd.yaml');
    const init = lab.start('desk', [...UNBOXD, 'init', '--yes', '--output', config]);
    expect([await init.ended, init.output()]).toEqual([
      0,
      expect.stringMatching(
        /lan0 +up +10\.99\.0\.1\/24[\s\S]*no other DHCP server answers on lan0[\s\S]*wrote /,
      ),
    ]);
    const check = lab.start('desk', [...UNBOXD, 'check', '--config', config]);
    expect([await check.ended, check.output()]).toEqual([0, expect.stringContaining('no mistakes')]);
    const places = ['--state', own('state'), '--control', own('c.sock')];
    const daemon = lab.start('desk', [...UNBOXD, 'serve', '--config', config, ...places]);
    await heard(daemon, 'serving lan0 (10.99.0.1, 10.99.0.0/24): DHCP full 10.99.0.128-10.99.0.254');
    const doctor = lab.start('desk', [...UNBOXD, 'doctor', '--config', config, ...places]);
    await doctor.ended;
    expect(doctor.output()).toContain(`runs as process ${daemon.pid}`);
    expect(doctor.output()).toContain('UDP port 67 (DHCP) is held by the running unboxd');
    expect(doctor.output()).not.toMatch(/^bad/m);
  });
});

// The daemon as systemd starts it: the unit by systemd's own measure, and what the daemon says while it runs.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STAGING } from './daemon.ts';
import { describeLab, heard, type Lab, openLab, until } from './lab.ts';

const NEEDS = {
  commands: ['ip', 'python3', 'systemd-analyze'],
  packages: ['iproute2', 'python3', 'systemd'],
};
const run = promisify(execFile);
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True: print(s.recv(4096).decode(), flush=True)
`;

let lab: Lab;

/** A folder with the units as they are installed, and the paths of this machine in them. */
async function units(...dropIns: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(lab.folder, 'units-'));
  await mkdir(join(folder, 'unboxd.service.d'), { recursive: true });
  const unit = await readFile('systemd/unboxd.service', 'utf8');
  await writeFile(join(folder, 'unboxd.service'), unit.replaceAll('/usr/bin/node', process.execPath));
  for (const name of ['unboxd', 'unboxd-tftp', 'unboxd-pnp', 'unboxd-http']) {
    await symlink(join(process.cwd(), `systemd/${name}.socket`), join(folder, `${name}.socket`));
  }
  for (const name of dropIns) {
    await symlink(join(process.cwd(), `systemd/${name}`), join(folder, 'unboxd.service.d', name));
  }
  return folder;
}

/** What `systemd-analyze security` makes of it: 0 is the safest, 10 the other end. */
async function exposure(folder: string): Promise<number> {
  const unit = join(folder, 'unboxd.service');
  const { stdout } = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', unit]);
  return Number(/Overall exposure level for unboxd\.service: ([\d.]+)/.exec(stdout)?.[1]);
}

await describeLab('the service', NEEDS, () => {
  beforeAll(async () => {
    lab = await openLab([STAGING]);
  });
  afterAll(async () => {
    await lab.close();
  });

  test('the unit keeps the daemon as small as its work allows', async () => {
    expect(await exposure(await units())).toBeLessThanOrEqual(1.5);
    expect(await exposure(await units('unboxd-raw.conf'))).toBeLessThanOrEqual(1.7);
  });

  test('systemd finds no mistake in the units', async () => {
    const folder = await units();
    const names = [
      'unboxd.service',
      'unboxd.socket',
      'unboxd-tftp.socket',
      'unboxd-pnp.socket',
      'unboxd-http.socket',
    ];
    const paths = names.map((name) => join(folder, name));
    const env = { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` };
    const { stderr } = await run('systemd-analyze', ['verify', ...paths], { env });
    expect(stderr.split('\n').filter((line) => line.includes('unboxd'))).toEqual([]);
  });

  test('it says that it is ready when it serves, that it lives, and that it stops', async () => {
    const [socket, control] = [join(lab.folder, 'notify'), join(lab.folder, 'control.sock')];
    const systemd = lab.start('desk', ['python3', '-c', LISTENER, socket]);
    await heard(systemd, 'listening');
    const daemon = lab.start(
      'desk',
      [
        ...[process.execPath, 'dist/main.js', 'serve', '--interface', 'lan0'],
        ...['--state', join(lab.folder, 'state'), '--control', control],
      ],
      { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '600000' },
    );
    await heard(systemd, 'READY=1\nSTATUS=serving lan0 (10.99.0.1, 10.99.0.0/24): DHCP full');
    // Who hears that may ask: the control socket answers already.
    const asked = lab.start('desk', [process.execPath, 'dist/main.js', 'phones', '--control', control]);
    expect([await asked.ended, asked.output()]).toEqual([0, expect.stringContaining('no phones')]);
    const signs = (): number => systemd.output().split('WATCHDOG=1').length - 1;
    await until(() => signs() >= 3, 'three signs of life', systemd.output);
    expect(systemd.output()).not.toContain('STOPPING');
    expect(await daemon.stop()).toBe(0);
    await heard(systemd, 'STOPPING=1');
  });
});

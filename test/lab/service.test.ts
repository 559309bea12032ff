// The daemon as systemd starts it: the unit by systemd's own measure, and what the daemon says while it runs.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STAGING } from './daemon.ts';
import { describeLab, heard, type Lab, openLab, until } from './lab.ts';

const NEEDS = {
  commands: ['ip', 'python3', 'strace', 'systemd-analyze'],
  packages: ['iproute2', 'python3', 'strace', 'systemd'],
};
const run = promisify(execFile);
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True: print(s.recv(4096).decode(), flush=True)
`;

/** Runs a program that may not change its priority: `setpriority` by its number on this machine is refused (EPERM). */
const UNABLE = `
import ctypes, os, platform, struct, sys
number = {'x86_64': 141, 'aarch64': 140, 'armv7l': 97, 'riscv64': 140}[platform.machine()]
rule = lambda *parts: struct.pack('HBBI', *parts)
rules = rule(0x20, 0, 0, 0) + rule(0x15, 0, 1, number) + rule(0x06, 0, 0, 0x50001) + rule(0x06, 0, 0, 0x7fff0000)
class Program(ctypes.Structure): _fields_ = [('count', ctypes.c_ushort), ('rules', ctypes.c_char_p)]
prctl = ctypes.CDLL(None).prctl
assert prctl(38, 1, 0, 0, 0) == 0 and prctl(22, 2, ctypes.byref(Program(4, rules)), 0, 0) == 0
try: os.setpriority(os.PRIO_PROCESS, 0, 1); sys.exit('it is not refused')
except PermissionError: os.execv(sys.argv[1], sys.argv[1:])
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

/** The system calls of a group (`@resources`) by systemd's own lists. */
async function callsOf(name: string): Promise<readonly string[]> {
  if (!name.startsWith('@')) return [name];
  const { stdout } = await run('systemd-analyze', ['syscall-filter', '--no-pager', name]);
  const lines = stdout.split('\n').map((line) => line.trim());
  const members = lines.slice(1).filter((line) => line !== '' && !line.startsWith('#'));
  return (await Promise.all(members.map(callsOf))).flat();
}

/** Those of the unit's filter. */
async function allowedCalls(): Promise<ReadonlySet<string>> {
  const allowed = new Set<string>();
  const unit = await readFile('systemd/unboxd.service', 'utf8');
  const words = [...unit.matchAll(/^SystemCallFilter=(~?)(.*)$/gm)];
  for (const [, isRefused, names = ''] of words) {
    const calls = (await Promise.all(names.split(' ').map(callsOf))).flat();
    for (const call of calls) isRefused === '' ? allowed.add(call) : allowed.delete(call);
  }
  // systemd allows these whatever is refused.
  return new Set([...allowed, ...(await callsOf('@default'))]);
}

/** Of a thread, by its folder (proc_pid_stat(5), field 19). */
async function nicenessOf(folder: string): Promise<number> {
  const stat = await readFile(join(folder, 'stat'), 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
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

  test('the unit allows all system calls of the daemon, but for those it can do without', async () => {
    const trace = join(lab.folder, 'trace');
    const daemon = lab.start('desk', [
      // -D: what is started here is the daemon, and hears the signal.
      ...['strace', '-D', '-f', '-q', '-o', trace],
      ...[process.execPath, 'dist/main.js', 'serve', '--interface', 'lan0'],
      ...['--state', join(lab.folder, 'traced'), '--control', join(lab.folder, 'traced.sock')],
    ]);
    await heard(daemon, 'serving lan0');
    await daemon.stop();
    const seen = async (): Promise<string> => await readFile(trace, 'utf8');
    const isWhole = async (): Promise<boolean> => (await seen()).includes('exit_group(');
    await until(isWhole, 'the end of the trace', () => '');
    // A call that another thread interrupted stands on two lines, the first of which begins in the same way.
    const calls = new Set([...(await seen()).matchAll(/^\d+ +(\w+)\(/gm)].map(([, call = '']) => call));
    expect([...calls]).toEqual(expect.arrayContaining(['bind', 'recvmsg', 'fdatasync', 'setsockopt']));
    const allowed = await allowedCalls();
    // Keys of memory pages are tried by the C library, priorities by us (see below).
    const refused = [...calls].filter((call) => !allowed.has(call) && call !== 'pkey_alloc');
    expect(refused).toEqual(['setpriority']);
  });

  test('where it may not change priorities it serves all the same', async () => {
    const daemon = lab.start('desk', [
      ...['python3', '-c', UNABLE, process.execPath, 'dist/main.js', 'serve', '--interface', 'lan0'],
      ...['--state', join(lab.folder, 'unable'), '--control', join(lab.folder, 'unable.sock')],
    ]);
    await heard(daemon, 'serving lan0');
    expect(await daemon.stop()).toBe(0);
  });

  test('where it may, files give way to addresses, and compiling to both', async () => {
    const daemon = lab.start('desk', [
      ...[process.execPath, 'dist/main.js', 'serve', '--interface', 'lan0'],
      ...['--state', join(lab.folder, 'polite'), '--control', join(lab.folder, 'polite.sock')],
    ]);
    await heard(daemon, 'serving lan0');
    const own = await nicenessOf(`/proc/${daemon.pid}`);
    const all = await readdir(`/proc/${daemon.pid}/task`);
    const others = await Promise.all(
      all.map(async (id) => await nicenessOf(`/proc/${daemon.pid}/task/${id}`)),
    );
    const lowered = (by: number): number => others.filter((niceness) => niceness === own + by).length;
    expect([lowered(10), lowered(15)]).toEqual([1, 5]);
    expect(await daemon.stop()).toBe(0);
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

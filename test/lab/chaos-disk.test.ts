// A disk that fills up or turns read-only under a daemon that serves: it says so, goes on with what needs no disk, and
// with the rest as soon as the disk can be written again.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeLab, until } from './lab.ts';
import { longTest } from './long.ts';
import { type Ground, openGround } from './soak-ground.ts';
import { RINGTONE } from './soak-phone.ts';

const NEEDS = {
  commands: ['ip', 'mount', 'nsenter', 'curl', 'strace'],
  packages: ['iproute2', 'mount', 'util-linux', 'curl', 'strace'],
};
const SERVER_URL = `http://10.99.0.1/${RINGTONE}`;

await describeLab('a disk in trouble', NEEDS, () => {
  let ground: Ground;
  let state: string;
  beforeEach(async () => {
    ground = await openGround({ gauge: false });
    state = join(ground.lab.folder, 'state');
    await ground.lab.run('desk', ['mkdir', '-p', join(state)]);
    await mounted('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', state);
    await ground.lab.run('desk', ['mkdir', '-p', join(state, 'uploads')]);
    await mounted('-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', join(state, 'uploads'));
    await ground.startDaemon();
    // Each life is that of a phone just unboxed: it needs an address that nobody had.
    const pace = { stays: [50, 200], rests: [20, 100], patience: 3_000 } as const;
    await ground.startCrowd({ phones: 6, fresh: 1, within: 200, pace, seed: 5 });
    await ground.served();
  });
  afterEach(async () => {
    await ground.close();
  });

  /** For the daemons that are started from now on; what changes of a mount reaches also those that run. */
  const mounted = async (...args: readonly string[]): Promise<void> => {
    const inside = ['nsenter', '--target', String(ground.lab.stage.pid), '--mount'];
    await ground.lab.run('desk', [...inside, 'mount', ...args]);
  };
  const shell = async (command: string): Promise<void> => {
    await ground.lab.run('desk', ['sh', '-c', command]);
  };
  const told = async (words: RegExp): Promise<void> => {
    await until(async () => words.test(await ground.log()), String(words));
  };
  /** What needs no disk goes on: files are served, the other commands are answered. */
  const servesFiles = async (): Promise<void> => {
    const quiet = ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '30'];
    expect(await ground.lab.run('phones', [...quiet, SERVER_URL])).toBe('200');
    expect(await ground.client.get('/v1/health')).toMatchObject({ ok: true });
  };
  /** After the end of all trouble: nothing promised is lost, also not for the daemon that comes next. */
  const allIsWell = async (): Promise<void> => {
    await ground.served();
    await ground.checkLeases();
    expect(await ground.endDaemon('SIGTERM')).toBe(0);
    await ground.startDaemon();
    await ground.checkLeases();
    await ground.served();
    expect(ground.ledger.breaches).toEqual([]);
  };

  test('full', async () => {
    await shell(`cat /dev/zero > ${state}/filler || true; cat /dev/zero > ${state}/uploads/filler || true`);
    await told(/journal cannot be written \(ENOSPC\) \(the disk is full: make room\)/);
    await servesFiles();
    await shell(`rm ${state}/filler ${state}/uploads/filler`);
    await allIsWell();
  });

  longTest('read-only, as the kernel makes it after an error', async () => {
    // Refused while a phone writes just then.
    await until(
      async () =>
        await mounted('-o', 'remount,ro', join(state, 'uploads')).then(
          () => true,
          () => false,
        ),
      'no upload to be open for a moment',
    );
    await told(/EROFS: read-only file system, open .*uploads/);
    // A journal that is open for writing keeps the mount from being made read-only by hand: the calls are refused.
    const calls = 'pwrite64,fdatasync';
    const refuse = [
      '-e',
      `trace=${calls}`,
      '-e',
      `inject=${calls}:error=EROFS`,
      '-P',
      join(state, 'journal'),
    ];
    const strace = ground.lab.start('desk', [
      'strace',
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      ...refuse,
      '-p',
      String(ground.pid()),
    ]);
    await told(/journal cannot be written \(EROFS\) \(the disk is read-only: see why with dmesg/);
    await servesFiles();
    await strace.stop();
    await mounted('-o', 'remount,rw', join(state, 'uploads'));
    await allIsWell();
  });

  longTest('read-only when the daemon starts', async () => {
    await ground.endDaemon('SIGKILL');
    await mounted('-o', 'remount,ro', state);
    await expect(ground.startDaemon()).rejects.toThrow(/journal cannot be written \(EROFS\)/);
    await mounted('-o', 'remount,rw', state);
    await ground.startDaemon();
    await allIsWell();
  });
});

// The clock of the machine jumps a year, both ways, under a daemon that serves and between two daemons.
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LeaseLine } from '../../src/control/api.ts';
import type { StormLine } from '../../src/control/storms-api.ts';
import { describeLab, until } from './lab.ts';
import { longTest } from './long.ts';
import { type Ground, openGround } from './soak-ground.ts';

const NEEDS = { commands: ['ip', 'faketime'], packages: ['iproute2', 'faketime'] };
const YEAR = 365 * 24 * 3_600_000;
const LEASE = 8 * 3_600_000;
/** A slow machine may take so long between two looks at the clock. */
const SLACK = 600_000;
/** Found by the loader in the folder of the machine's kind. */
const LIBRARY = '/usr/$LIB/faketime/libfaketime.so.1';

await describeLab('a clock that jumps a year', NEEDS, () => {
  let ground: Ground;
  let clock: string;
  beforeEach(async () => {
    ground = await openGround({
      gauge: false,
      // The wall clock is what the file says it is ahead; the clock that nobody sets stays as it is.
      env: (folder) => ({
        LD_PRELOAD: LIBRARY,
        FAKETIME_TIMESTAMP_FILE: join(folder, 'clock'),
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      }),
    });
    clock = join(ground.lab.folder, 'clock');
    await jump(0);
    await ground.startDaemon();
    const pace = { stays: [50, 300], rests: [20, 100], patience: 3_000 } as const;
    await ground.startCrowd({ phones: 6, fresh: 0, within: 200, pace, seed: 7 });
    await ground.served();
  });
  afterEach(async () => {
    await ground.close();
  });

  const jump = async (ms: number): Promise<void> => {
    await writeFile(clock, `${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1000}\n`);
  };
  /** How far the ends of the leases are from what a lease of this moment would have, the nearest and the farthest, ms. */
  const ends = async (now: number): Promise<readonly [number, number]> => {
    const lines = await ground.client.get<readonly LeaseLine[]>('/v1/leases');
    const left = lines.filter(({ state }) => state === 'bound').map(({ expires }) => expires - now);
    return [Math.min(...left), Math.max(...left)];
  };
  /** A storm begins and ends, and wakes nobody twice. */
  const wakes = async (): Promise<void> => {
    await until(async () => await ground.wakeAll(0), 'a storm to begin');
    await until(async () => {
      const storms = await ground.client.get<readonly StormLine[]>('/v1/storms');
      return storms.every(({ mode }) => mode === 'done');
    }, 'the storm to end');
    expect(ground.ledger.breaches).toEqual([]);
  };

  const whileItServes = async (by: number): Promise<void> => {
    const now = Date.now();
    await jump(by);
    await ground.served();
    await wakes();
    await ground.checkLeases();
    const [first, last] = await ends(now);
    expect(first).toBeGreaterThan(LEASE - SLACK);
    expect(last).toBeLessThan(LEASE + SLACK);
    expect(ground.ledger.breaches).toEqual([]);
  };
  longTest('forward, while it serves: nothing ends, nothing waits', async () => await whileItServes(YEAR));
  longTest('back, while it serves: nothing ends, nothing waits', async () => await whileItServes(-YEAR));

  test('back, between two daemons: leases keep the time that was left, and it is told', async () => {
    await ground.endDaemon('SIGKILL');
    await jump(-YEAR);
    await ground.startDaemon();
    expect(await ground.log()).toMatch(/the clock was set back by 87(?:60|59) h since the state was written/);
    await ground.served();
    await ground.checkLeases();
    // Also for the next daemon.
    await ground.endDaemon('SIGKILL');
    // Files are dated by the kernel, whose clock nobody moved: as it would be.
    const then = new Date(Date.now() - YEAR);
    await utimes(join(ground.lab.folder, 'state', 'journal'), then, then);
    await ground.startDaemon();
    const [first, last] = await ends(Date.now() - YEAR);
    expect(first).toBeGreaterThan(LEASE - SLACK);
    expect(last).toBeLessThan(LEASE + SLACK);
    await wakes();
    expect(ground.ledger.breaches).toEqual([]);
  });

  longTest(
    'forward, between two daemons: leases have ended, yet each phone gets its address again',
    async () => {
      await ground.endDaemon('SIGKILL');
      await jump(YEAR);
      await ground.startDaemon();
      // The ledger takes it for a breach when a phone is given another address, or an address another phone.
      await ground.served();
      await wakes();
      expect(ground.ledger.breaches).toEqual([]);
    },
  );
});

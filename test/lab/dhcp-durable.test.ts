// kill -9 in the middle of a crowd: no lease that was confirmed may be forgotten, and none may be given twice.
// UNBOXD_TRIALS sets how often the daemon is killed.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StageLink } from '../../src/rehearse/stage.ts';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { type Acked, type Crowd, startCrowd } from './dhcp-crowd.ts';
import { describeLab, type Lab, openLab, until } from './lab.ts';

const NEEDS = { commands: ['ip', 'python3'], packages: ['iproute2', 'python3'] };
const TRIALS = Number(process.env['UNBOXD_TRIALS'] ?? 5);
/** A start, a crowd and a look at the leases, on a slow machine. */
const PATIENCE_MS = TRIALS * 30_000;
const WIDE: StageLink = { ...STAGING, address: '10.99.0.1/16' };
const SETTINGS = `
lans:
  - interface: lan0
    dhcp: { pool: 10.99.1.0-10.99.254.255, lease: 8h, guard: off, conflictCheck: off }
`;
/** Faster than this machine can answer: the crowd must be in the middle of it whenever the daemon is killed. */
const RATE = 2000;
/** Whoever of them has no lease yet goes on asking. */
const CLIENTS = 4000;

let lab: Lab;
let daemon: Daemon;

/** Of makes that are known, so that nothing limits them. After ten trials the first ones come again. */
function firstMac(trial: number): string {
  const number = ((trial % 10) * CLIENTS).toString(16).padStart(6, '0');
  return `80:5e:c0:${number.slice(0, 2)}:${number.slice(2, 4)}:${number.slice(4)}`;
}

/** After how many leases the daemon is killed: other ones in each trial, the same in each run. */
function killedAfter(trial: number): number {
  return 1 + ((trial * 379) % 701);
}

function crowdOf(trial: number, count: number): Crowd {
  return startCrowd(lab, { mode: 'only-dora', firstMac: firstMac(trial), count, rate: RATE });
}

/** The address of each client that has a lease. */
async function bound(): Promise<ReadonlyMap<string, string>> {
  const all = (await daemon.leases()).filter(({ state }) => state === 'bound');
  expect(new Set(all.map(({ address }) => address)).size, 'addresses in the list').toBe(all.length);
  expect(new Set(all.map(({ mac }) => mac)).size, 'clients in the list').toBe(all.length);
  return new Map(all.map(({ mac, address }) => [mac, address]));
}

async function acksOf(crowd: Crowd, count: number): Promise<void> {
  await until(
    () => crowd.acked().length >= count,
    `${count} leases`,
    () => crowd.running.output().slice(-500) + daemon.running.output().slice(-2000),
  );
}

/** Adds leases to all that were ever confirmed; fails when two clients have one address, or one client two. */
function confirm(confirmed: Map<string, string>, acked: readonly Acked[], when: string): void {
  for (const { mac, address } of acked) {
    expect(confirmed.get(mac) ?? address, `the address of ${mac}, ${when}`).toBe(address);
    confirmed.set(mac, address);
  }
  expect(new Set(confirmed.values()).size, `addresses, ${when}`).toBe(confirmed.size);
}

await describeLab('leases of a daemon that is killed', NEEDS, () => {
  beforeEach(async () => {
    lab = await openLab([WIDE]);
    daemon = await startDaemon(lab, { settings: SETTINGS });
  });
  afterEach(async () => {
    await lab.close();
  });

  test(
    `all that were confirmed are there after each of ${TRIALS} kills`,
    async () => {
      /** The address of each client. */
      const confirmed = new Map<string, string>();
      for (let trial = 0; trial < TRIALS; trial += 1) {
        const when = `trial ${trial}`;
        const crowd = crowdOf(trial, CLIENTS);
        await acksOf(crowd, killedAfter(trial));
        await daemon.stop('SIGKILL');
        await crowd.stop();
        // Each trial gives leases on top of those of the trials before.
        confirm(confirmed, crowd.acked(), when);
        await daemon.restart();
        const held = await bound();
        const lost = [...confirmed].filter(([mac, address]) => held.get(mac) !== address);
        expect(lost, when).toEqual([]);
      }

      const again = crowdOf(TRIALS - 1, 20);
      await acksOf(again, 20);
      await again.stop();
      confirm(confirmed, again.acked(), 'at the end');
    },
    PATIENCE_MS,
  );
});

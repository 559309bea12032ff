// A flood of made-up clients against a small pool, and honest phones in the middle of it.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { startCrowd } from './dhcp-crowd.ts';
import { leaseOf } from './dhcp-phone.ts';
import { describeLab, type Lab, openLab } from './lab.ts';

const NEEDS = { commands: ['ip', 'udhcpc', 'python3'], packages: ['iproute2', 'udhcpc', 'python3'] };
const FLOOD = 3000;
const POOL = 200;
/** strangers.share at its default. */
const SHARE = POOL / 2;
const SETTINGS = `
lans:
  - interface: lan0
    dhcp: { pool: 10.99.0.50-10.99.0.249 }
`;
const LISTED = '02:aa:00:00:00:01';
const YEALINK = '80:5e:c0:00:00:02';
const LIST = `mac,vendor\n${LISTED},fanvil\n`;

let lab: Lab;
let daemon: Daemon;

function plug(mac: string) {
  return { namespace: 'phones', interface: 'p0', mac };
}

await describeLab('a flood of made-up DHCP clients', NEEDS, () => {
  beforeEach(async () => {
    lab = await openLab([STAGING]);
    daemon = await startDaemon(lab, { settings: SETTINGS, list: LIST });
  });
  afterEach(async () => {
    await lab.close();
  });

  test.each(['discover', 'dora'] as const)(
    '%s: phones of the list and of known makes get their lease within seconds',
    async (mode) => {
      const crowd = startCrowd(lab, { mode, firstMac: '02:00:00:00:00:00', count: FLOOD, rate: 1000 });
      await crowd.allAsked();
      // The flood goes on while they ask.
      const phones = [await leaseOf(lab, plug(LISTED)), await leaseOf(lab, plug(YEALINK))];
      await crowd.stop();
      for (const phone of phones) expect(phone).toMatchObject({ serverid: '10.99.0.1', lease: '3600' });

      const acked = crowd.acked();
      expect(acked).toHaveLength(mode === 'dora' ? SHARE : 0);
      const held = await daemon.leases();
      expect(new Set(held.map(({ address }) => address)).size).toBe(held.length);
      expect(held.filter(({ mac }) => mac === LISTED || mac === YEALINK)).toHaveLength(2);
      expect(held.filter(({ mac }) => mac.startsWith('02:00:')).length).toBe(SHARE);

      const [told, ...more] = (await daemon.trouble()).filter(({ kind }) => kind === 'strangers-limited');
      expect(more).toEqual([]);
      expect(told?.event).toMatchObject({ held: SHARE, most: SHARE });
      expect(told?.sentence).toMatch(
        /^(\d+) unknown clients came within a minute \(\1 with a made-up MAC\): they hold 100 of at most 100 addresses$/,
      );
    },
  );

  test('in the name of a known make: phones of the list get their lease all the same', async () => {
    const crowd = startCrowd(lab, { mode: 'dora', firstMac: '80:5e:c0:10:00:00', count: FLOOD, rate: 1000 });
    await crowd.allAsked();
    expect(await leaseOf(lab, plug(LISTED))).toMatchObject({ serverid: '10.99.0.1', lease: '3600' });
    await crowd.stop();
    // One address is kept for the phone of the list that was missing.
    expect(crowd.acked()).toHaveLength(POOL - 1);
  });
});

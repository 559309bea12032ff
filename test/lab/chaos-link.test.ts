// The cable and the adapter under a daemon that serves: whatever becomes of the interface, it says so, and serves again
// by itself when the interface is back.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeLab, until } from './lab.ts';
import { longTest } from './long.ts';
import { type Ground, OWN, openGround, SERVER, settle } from './soak-ground.ts';

const NEEDS = { commands: ['ip'], packages: ['iproute2'] };
const BACK = 'phones are served again: the interface lan0 is back';

await describeLab('an interface that comes and goes', NEEDS, () => {
  let ground: Ground;
  beforeEach(async () => {
    ground = await openGround({ gauge: false });
    await ground.startDaemon();
    // Half of them ask by multicast first, and are not content without an answer.
    const pace = { stays: [50, 200], rests: [20, 100], patience: 3_000 } as const;
    await ground.startCrowd({ phones: 6, fresh: 0.5, within: 200, pace, seed: 3 });
    await ground.served();
  });
  afterEach(async () => {
    await ground.close();
  });

  const desk = async (...args: readonly string[]): Promise<void> => {
    await ground.lab.run('desk', ['ip', ...args]);
  };
  const told = async (words: string): Promise<void> => {
    await until(async () => (await ground.log()).includes(words), `"${words}"`);
  };
  const allIsWell = async (): Promise<void> => {
    await told(BACK);
    await ground.served();
    await ground.checkLeases();
    expect(ground.ledger.breaches).toEqual([]);
    expect((await ground.log()).split(BACK)).toHaveLength(2);
  };

  longTest('down and up', async () => {
    await desk('link', 'set', 'lan0', 'down');
    await told('no phone is served: the interface lan0 is down (switch it on: ip link set lan0 up)');
    await desk('link', 'set', 'lan0', 'up');
    await allIsWell();
  });

  longTest('renamed and back', async () => {
    const rename = async (from: string, to: string): Promise<void> => {
      await desk('link', 'set', from, 'down');
      await desk('link', 'set', from, 'name', to);
      await desk('link', 'set', to, 'up');
    };
    await rename('lan0', 'usb7');
    await told('no phone is served: there is no interface lan0 (this machine has');
    await rename('usb7', 'lan0');
    await allIsWell();
  });

  test('plugged out and in: another interface by the same name', async () => {
    await desk('link', 'delete', 'lan0');
    await told('no phone is served: there is no interface lan0');
    await desk('link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'p0', 'netns', 'phones');
    await settle(ground.lab, OWN);
    await desk('link', 'set', 'lan0', 'up');
    // Whoever looks after addresses on that machine takes a while.
    await told('no phone is served: the interface lan0 has no IPv4 address');
    await desk('address', 'add', `${SERVER}/16`, 'dev', 'lan0');
    await allIsWell();
  });
});

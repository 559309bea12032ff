// Some kills in the middle of a small crowd. At length: npx tsx test/lab/chaos.ts --kills 100
import { expect, test } from 'vitest';
import { seededDice } from '../../src/rehearse/loss.ts';
import { kill } from './chaos-kills.ts';
import { describeLab } from './lab.ts';

const NEEDS = { commands: ['ip'], packages: ['iproute2'] };

await describeLab('a daemon that is killed under load', NEEDS, () => {
  test('keeps what it promised: leases, uploads, and that nobody is woken twice', async () => {
    const { breaches, counts } = await kill({
      kills: 3,
      phones: 24,
      pace: { stays: [300, 1500], rests: [50, 300], patience: 4_000 },
      perSecond: 10,
      longest: 800,
      dice: seededDice(4),
      say: () => undefined,
    });
    expect(breaches).toEqual([]);
    // Something was there to lose.
    expect(Math.min(counts.leases, counts.uploads, counts.woken, counts.storms)).toBeGreaterThan(0);
  });
});

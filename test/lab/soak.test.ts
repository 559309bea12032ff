// A few phones for a short time, and the rules of the long soak: npx tsx test/lab/soak.ts --minutes 10 --phones 500
import { describe, expect, test } from 'vitest';
import { numbersIn } from '../tools/numbers.ts';
import { describeLab } from './lab.ts';
import type { Sample } from './soak-gauge.ts';
import { beginStorm, checkLeases, checkUploads, note, openLedger } from './soak-ledger.ts';
import { complaintsIn, growth, soak, verdictsKept } from './soak-run.ts';
import { readSealed, sealedText } from './soak-write.ts';

const MAC = '00:15:65:00:00:01';
const OTHER = '00:15:65:00:00:02';

describe('the rules', () => {
  test('a lease is lost or doubled', () => {
    const ledger = openLedger();
    note(ledger, { kind: 'leased', mac: MAC, address: 10 });
    note(ledger, { kind: 'leased', mac: MAC, address: 10 });
    expect(ledger.breaches).toEqual([]);
    note(ledger, { kind: 'leased', mac: OTHER, address: 10 });
    note(ledger, { kind: 'leased', mac: MAC, address: 11 });
    checkLeases(ledger, new Map([[MAC, 11]]), [{ mac: MAC, address: 12, state: 'bound' }]);
    checkLeases(ledger, new Map([[MAC, 11]]), [{ mac: MAC, address: 11, state: 'ended' }]);
    expect(ledger.counts).toMatchObject({ acks: 4, doubled: 1, lost: 3 });
  });

  test('an upload is torn or forgotten', () => {
    const ledger = openLedger();
    const text = Buffer.from(sealedText(MAC, 3, 5000)).toString();
    expect(readSealed(text)).toEqual({ mac: MAC, number: 3 });
    checkUploads(ledger, new Map([[MAC, 3]]), new Map([['a-local.cfg', text]]));
    expect(ledger.breaches).toEqual([]);
    checkUploads(ledger, new Map(), new Map([['a-local.cfg.1', text.slice(0, -1)]]));
    checkUploads(ledger, new Map([[MAC, 4]]), new Map([['a-local.cfg', text]]));
    expect(ledger.counts).toMatchObject({ torn: 1, forgotten: 1 });
  });

  test('a phone is woken twice: another NOTIFY counts, the same one again does not', () => {
    const ledger = openLedger();
    for (const call of ['a', 'a', 'a']) note(ledger, { kind: 'woken', mac: MAC, call });
    beginStorm(ledger);
    note(ledger, { kind: 'woken', mac: MAC, call: 'b' });
    expect(ledger.breaches).toEqual([]);
    note(ledger, { kind: 'woken', mac: MAC, call: 'c' });
    expect(ledger.counts).toMatchObject({ woken: 3, wokenTwice: 1 });
  });

  const samples = (heap: (at: number) => number): readonly Sample[] =>
    Array.from({ length: 40 }, (_, at) => ({ at, rss: 100, descriptors: 30, heaps: [heap(at), 20] }));
  test.each([
    ['flat after a warm-up', (at: number) => Math.min(at, 20), 0],
    ['growing without end', (at: number) => 10 + at / 5, 1],
    ['restless', (at: number) => 20 + (at % 2) * 2, 0],
  ])('a heap that is %s', (_name, heap, count) => {
    expect(growth(samples(heap))).toHaveLength(count);
  });

  test('a heap may hold the verdicts of as many storms as are kept, and no more', () => {
    const rising = samples((at) => 60 + at * 0.4);
    expect(verdictsKept(14_000, 500)).toBeCloseTo(3.4, 1);
    expect(verdictsKept(26_000, 500)).toBe(0);
    expect(growth(rising, verdictsKept(14_000, 500))).toEqual([]);
    expect(growth(rising, verdictsKept(26_000, 500))).toHaveLength(1);
  });

  test('complaints are told apart by what they say, not of whom', () => {
    const line = (level: string, msg: string): string => `{"level":"${level}","msg":"${msg}"}`;
    const log = [
      line('info', 'ok'),
      line('warn', `${MAC} is stuck`),
      line('warn', `${OTHER} is stuck`),
      'died',
    ];
    expect(complaintsIn(log.join('\n'))).toEqual({ '* is stuck': 2, died: 1 });
  });
});

test.each([
  { args: [], says: { kills: 100, seed: 1, json: false } },
  { args: ['--kills', '3', '--json'], says: { kills: 3, seed: 1, json: true } },
  { args: ['--kills', 'many'], says: '--kills takes a number above 0, not many' },
  { args: ['--seed=0'], says: '--seed takes a number above 0, not 0' },
  { args: ['--help'], says: expect.stringContaining("Unknown option '--help'") as string },
])('the options $args', ({ args, says }) => {
  expect(numbersIn({ kills: 100, seed: 1 }, args)).toEqual(says);
});

await describeLab('a short soak', { commands: ['ip'], packages: ['iproute2'] }, () => {
  test('serves, wakes and takes what is written, and gives back all it opened', async () => {
    const { breaches, counts } = await soak({
      minutes: 0.5,
      phones: 16,
      pace: { stays: [100, 600], rests: [20, 100], patience: 30_000 },
      every: 0.5,
      perSecond: 20,
      say: () => undefined,
      isEnough: ({ lives, uploads, woken }) => lives >= 120 && uploads >= 40 && woken >= 20,
    });
    expect(breaches).toEqual([]);
    expect(counts.stuck).toBe(0);
    // It may have run out of time before it was enough, but not before there was anything to count.
    expect(Math.min(counts.uploads, counts.woken)).toBeGreaterThan(0);
  }, 240_000);
});

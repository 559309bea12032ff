// How long leases last: probation, renewal, leases that end outside the pool, classes and makes with a time of their own.
import { describe, expect, test } from 'vitest';
import type { DhcpDecision } from '../../src/dhcp/decision.ts';
import { encodeU32 } from '../../src/dhcp/options.ts';
import { HOUR, ip, phoneMac, type Said, vendor } from './kit.ts';
import { classNamed, decide, lease, replyOf, type Scene, STRANGER, T0, tableOf, told } from './scene.ts';

const ADDRESS = '10.20.0.55';
const SELECT: Said = { type: 'request', server: '10.20.0.1', requested: ADDRESS };
const REBOOT: Said = { type: 'request', requested: ADDRESS };
const RENEW: Said = { type: 'request', ciaddr: ADDRESS };

/** Lease time, T1 and T2 as the reply says them, in seconds. */
function times(decision: DhcpDecision): readonly (number | undefined)[] {
  const { options } = replyOf(decision);
  return [51, 58, 59].map((code) => {
    const bytes = options.get(code);
    return bytes && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  });
}

test('T1 is half of the lease, T2 seven eighths (RFC 2131 section 4.4.5)', () => {
  for (const what of [SELECT, { type: 'discover' } as const]) {
    expect(times(decide(what))).toEqual([3600, 1800, 3150]);
  }
  expect(times(decide(SELECT, { dhcp: { lease: 7_201_000 } }))).toEqual([7201, 3600, 6300]);
});

test.each([0, 1, 60, 86_400, 0xffffffff])(
  'a client that asks for %i s gets what the settings say',
  (seconds) => {
    const more = [[51, encodeU32(seconds)]] as const;
    expect(times(decide({ ...SELECT, more }))).toEqual([3600, 1800, 3150]);
  },
);

describe('strangers are on probation', () => {
  const scene: Scene = { client: STRANGER };
  const probation = [300, 150, 262];
  test('their first lease is short, and so is what is offered', () => {
    expect(times(decide({ type: 'discover' }, scene))).toEqual(probation);
    const decision = decide(SELECT, scene);
    expect(times(decision)).toEqual(probation);
    expect(decision.events.at(-1)).toMatchObject({ kind: 'leased', seconds: 300 });
    expect(decision.changes).toMatchObject([
      { kind: 'bound', lease: { expires: T0 + 300_000, standing: 'stranger' } },
    ]);
  });

  test('who renews has shown that it lives, and gets the full lease; after that a reboot takes nothing back', () => {
    const leases = tableOf();
    decide(SELECT, { ...scene, leases });
    const renewed = decide(RENEW, { ...scene, leases, now: T0 + 150_000 });
    expect(times(renewed)).toEqual([3600, 1800, 3150]);
    const rebooted = decide(REBOOT, { ...scene, leases, now: T0 + 160_000 });
    expect(times(rebooted)).toEqual([3590, 1795, 3141]);
  });

  test('a reboot alone does not end it', () => {
    const leases = tableOf();
    decide(SELECT, { ...scene, leases });
    expect(times(decide(REBOOT, { ...scene, leases, now: T0 + 100_000 }))).toEqual(probation);
  });

  test('it is never longer than the lease', () => {
    const dhcp = { lease: 60_000, strangers: { share: 0.5, probation: 300_000 } };
    expect(times(decide(SELECT, { ...scene, dhcp }))).toEqual([60, 30, 52]);
  });

  test.each([
    { who: 'of the phone list', client: { ...STRANGER, listed: { mac: phoneMac(1), columns: {} } } },
    { who: 'of a known make', client: undefined },
  ])('nobody $who is', ({ client }) => {
    expect(times(decide(SELECT, client === undefined ? {} : { client }))).toEqual([3600, 1800, 3150]);
  });

  test('nor anybody of a class', () => {
    const dhcp = { classes: [classNamed('guests')] };
    expect(times(decide(SELECT, { ...scene, dhcp }))).toEqual([3600, 1800, 3150]);
  });
});

test('the lease of a class beats that of the make, which beats that of the subnet', () => {
  const classes = [classNamed('desk', { lease: 7_200_000 })];
  const rows = [
    { scene: { vendor: vendor({ lease: '10m' }) }, seconds: 600 },
    { scene: { vendor: vendor({ lease: '10m' }), dhcp: { classes } }, seconds: 7200 },
    { scene: { dhcp: { classes } }, seconds: 7200 },
  ];
  for (const { scene, seconds } of rows) {
    expect(times(decide(SELECT, scene))[0]).toBe(seconds);
    expect(decide(SELECT, scene).changes).toMatchObject([{ lease: { expires: T0 + seconds * 1000 } }]);
  }
});

describe('at its end', () => {
  test.each([
    { now: T0 + HOUR - 1, is: 'nak 0.0.0.0' },
    { now: T0 + HOUR, is: `ack ${ADDRESS}` },
    { now: T0 + HOUR + 1, is: `ack ${ADDRESS}` },
  ])('$now: another client that asks for the address gets $is', ({ now, is }) => {
    const decision = decide({ ...REBOOT, mac: phoneMac(5) }, { stored: [lease(ADDRESS, 1)], now });
    expect(told(decision)).toContain(is);
  });

  test.each([HOUR / 2, HOUR - 1, HOUR, HOUR + 1, 30 * HOUR])(
    'its client renews %i ms after it began, while nobody else took it, for a whole lease',
    (after) => {
      const decision = decide(RENEW, { stored: [lease(ADDRESS, 1)], now: T0 + after });
      expect(times(decision)).toEqual([3600, 1800, 3150]);
      expect(decision.changes).toMatchObject([
        { kind: 'bound', lease: { stored: after < HOUR ? T0 + HOUR : undefined } },
      ]);
    },
  );

  test('a lease never ends earlier than was promised: the settings say less now', () => {
    const stored = [lease(ADDRESS, 1, { expires: T0 + 10 * HOUR })];
    const decision = decide(RENEW, { stored });
    expect(times(decision)).toEqual([36_000, 18_000, 31_500]);
    expect(decision.changes).toMatchObject([{ kind: 'bound', lease: { expires: T0 + 10 * HOUR } }]);
  });
});

describe('a lease outside the pool, which was made smaller,', () => {
  const stored = [lease('10.20.0.90', 1, { expires: T0 + 90_000 })];
  test('is promised no longer than it has', () => {
    const decision = decide({ type: 'request', ciaddr: '10.20.0.90', asks: [51, 58, 59] }, { stored });
    expect(times(decision)).toEqual([90, 45, 78]);
    expect(decision.events).toMatchObject([{ kind: 'leased', seconds: 90 }]);
  });

  test('ends, and its client moves', () => {
    const now = T0 + 90_000;
    expect(told(decide({ type: 'request', ciaddr: '10.20.0.90' }, { stored, now }))).toContain('nak');
    expect(told(decide({ type: 'discover' }, { stored, now }))).toContain('offer 10.20.0.50');
  });
});

test('boot loader, then firmware: the class changes with the renewal, the address stays', () => {
  const classes = [
    classNamed('loader', { when: { option60: /^boot/ }, lease: 120_000 }),
    classNamed('firmware', { when: { option60: /^acme/ }, lease: 7_200_000 }),
  ];
  const leases = tableOf({ dhcp: { classes } });
  const ask = (what: Said, vendorClass: string) =>
    decide({ ...what, vendorClass }, { leases, dhcp: { classes } });
  expect(times(ask(SELECT, 'boot 1'))[0]).toBe(120);
  expect(leases.leases.get(ip(ADDRESS))?.class).toBe('loader');
  expect(times(ask(RENEW, 'acme A1'))[0]).toBe(7200);
  expect(leases.leases.get(ip(ADDRESS))?.class).toBe('firmware');
  expect([...leases.held.byClass]).toEqual([
    ['loader', 0],
    ['firmware', 1],
  ]);
});

test('a class that got a pool of its own: its phones move there when their lease ends', () => {
  const classes = [classNamed('desk', { pool: { first: ip('10.20.0.100'), last: ip('10.20.0.109') } })];
  const scene: Scene = { stored: [lease(ADDRESS, 1)], dhcp: { classes } };
  expect(times(decide(RENEW, { ...scene, now: T0 + HOUR / 2 }))[0]).toBe(1800);
  expect(told(decide(RENEW, { ...scene, now: T0 + HOUR }))).toContain('nak');
  expect(told(decide({ type: 'discover' }, { ...scene, now: T0 + HOUR }))).toContain('offer 10.20.0.100');
});

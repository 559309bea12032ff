// The address pool: who gets which address, until when, and what is left when everybody wants one.
import { describe, expect, test } from 'vitest';
import { type Ipv4, ipv4FromNumber, showIpv4 } from '../../src/base/ipv4.ts';
import {
  bind,
  createLeaseTable,
  decline,
  type Lease,
  type LeaseTable,
  OFFER_KEPT,
  offer,
  QUARANTINE,
  release,
  standingOf,
  undo,
  withdraw,
} from '../../src/dhcp/leases.ts';
import { HOUR, ip, lanSite, phoneMac } from './kit.ts';

const T0 = 1_000_000;

function pool(first: string, last: string, stored: readonly Lease[] = []): LeaseTable {
  return createLeaseTable(lanSite({ pool: { first: ip(first), last: ip(last) } }), stored);
}

const held = (phone: number, address: string, expires: number, state: Lease['state'] = 'bound'): Lease => ({
  address: ip(address),
  mac: phoneMac(phone),
  state,
  expires,
});

/** The address that phone number so-and-so is offered, as text. */
function offers(table: LeaseTable, phone: number, now = T0, requested?: string): string | undefined {
  const lease = offer(table, {
    mac: phoneMac(phone),
    now,
    requested: requested === undefined ? undefined : ip(requested),
  });
  return lease && showIpv4(lease.address);
}

function binds(table: LeaseTable, phone: number, address: string, now = T0): ReturnType<typeof bind> {
  return bind(table, { mac: phoneMac(phone), address: ip(address), now, duration: HOUR });
}

/** The whole exchange: offered, then bound to what was offered. */
function leases(table: LeaseTable, phone: number, now = T0): string | undefined {
  const address = offers(table, phone, now);
  return address !== undefined && binds(table, phone, address, now) !== undefined ? address : undefined;
}

const claim = (
  phone: number,
  address: string,
  now = T0,
): { mac: Lease['mac']; address: Ipv4; now: number } => ({
  mac: phoneMac(phone),
  address: ip(address),
  now,
});

describe('which address is offered', () => {
  test('each phone another one, in order, none of them a server', () => {
    const lan = lanSite({
      pool: { first: ip('10.20.0.0'), last: ip('10.20.0.7') },
      router: ip('10.20.0.2'),
      dns: [ip('10.20.0.4')],
      ntp: [ip('10.20.0.5')],
    });
    const table = createLeaseTable(lan, []);
    expect([1, 2, 3, 4].map((phone) => offers(table, phone))).toEqual([
      '10.20.0.3',
      '10.20.0.6',
      '10.20.0.7',
      undefined,
    ]);
  });

  test('the broadcast address of the LAN is never given', () => {
    expect(offers(pool('10.20.0.255', '10.20.0.255'), 1)).toBeUndefined();
  });

  test('the same again to a phone that repeats itself', () => {
    const table = pool('10.20.0.50', '10.20.0.59');
    expect([
      offers(table, 1),
      offers(table, 2),
      offers(table, 1, T0 + 5),
      offers(table, 1, T0 + 2 * OFFER_KEPT),
    ]).toEqual(['10.20.0.50', '10.20.0.51', '10.20.0.50', '10.20.0.50']);
  });

  test('its running lease, and after its end the same address', () => {
    const table = pool('10.20.0.50', '10.20.0.59', [
      held(1, '10.20.0.57', T0 + HOUR),
      held(2, '10.20.0.58', T0 - HOUR),
    ]);
    expect([offers(table, 1), offers(table, 2)]).toEqual(['10.20.0.57', '10.20.0.58']);
  });

  test.each([
    { when: 'it is free', requested: '10.20.0.55', is: '10.20.0.55' },
    { when: 'another phone has it', requested: '10.20.0.57', is: '10.20.0.50' },
    { when: 'another phone was offered it', requested: '10.20.0.59', is: '10.20.0.50' },
    { when: 'it is in quarantine', requested: '10.20.0.58', is: '10.20.0.50' },
    { when: 'it is not of the pool', requested: '10.20.0.60', is: '10.20.0.50' },
    { when: 'it is of another LAN', requested: '192.168.1.5', is: '10.20.0.50' },
    { when: 'the lease of another phone on it has ended', requested: '10.20.0.56', is: '10.20.0.56' },
  ])('the address it asks for when $when: $is', ({ requested, is }) => {
    const table = pool('10.20.0.50', '10.20.0.59', [
      held(2, '10.20.0.57', T0 + HOUR),
      held(3, '10.20.0.58', T0 + HOUR, 'declined'),
      held(4, '10.20.0.56', T0),
    ]);
    offers(table, 5, T0, '10.20.0.59');
    expect(offers(table, 1, T0, requested)).toBe(is);
  });

  test('never used before given back, given back before ended, ended longest first', () => {
    const table = pool('10.20.0.50', '10.20.0.54', [
      held(91, '10.20.0.50', T0 - 10),
      held(92, '10.20.0.51', T0 - 30),
      held(93, '10.20.0.52', T0 - 20),
    ]);
    leases(table, 94); // takes .53, the first never used
    release(table, claim(94, '10.20.0.53'));
    const given = [1, 2, 3, 4, 5, 6].map((phone) => leases(table, phone));
    expect(given).toEqual(['10.20.0.54', '10.20.0.53', '10.20.0.51', '10.20.0.52', '10.20.0.50', undefined]);
  });
});

describe('when the pool is full', () => {
  test('nobody gets a running lease, and the first that ends is given', () => {
    const table = pool('10.20.0.50', '10.20.0.51');
    expect([leases(table, 1, T0), leases(table, 2, T0 + 10), offers(table, 3, T0 + 20)]).toEqual([
      '10.20.0.50',
      '10.20.0.51',
      undefined,
    ]);
    expect(offers(table, 3, T0 + HOUR - 1)).toBeUndefined();
    expect(offers(table, 3, T0 + HOUR)).toBe('10.20.0.50');
    expect(offers(table, 4, T0 + HOUR)).toBeUndefined();
    expect(offers(table, 4, T0 + HOUR + 10)).toBe('10.20.0.51');
  });

  test('two phones race for the last address: the first offered has it, the other gets it when it is not taken', () => {
    const table = pool('10.20.0.50', '10.20.0.50');
    expect([offers(table, 1), offers(table, 2, T0 + 10)]).toEqual(['10.20.0.50', undefined]);
    expect(binds(table, 2, '10.20.0.50', T0 + 10)).toBeUndefined();
    expect(offers(table, 2, T0 + 6000)).toBe('10.20.0.50');
    expect(standingOf(table, claim(1, '10.20.0.50', T0 + 6000))).toBe('taken');
    expect(binds(table, 1, '10.20.0.50', T0 + 6000)).toBeUndefined();
    expect(binds(table, 2, '10.20.0.50', T0 + 6000)).toBeDefined();
  });

  test('a flood of DISCOVERs leaves an honest phone its address', () => {
    const table = pool('10.20.0.50', '10.20.0.59');
    for (let fake = 1000; fake < 4000; fake += 1) offers(table, fake, T0 + fake);
    const address = leases(table, 1, T0 + 20_000);
    expect(address).toBeDefined();
    expect(table.offers.size).toBeLessThanOrEqual(10);
  });
});

describe('binding', () => {
  test('gives the change that must be stored', () => {
    const table = pool('10.20.0.50', '10.20.0.59');
    expect(binds(table, 1, '10.20.0.52')).toEqual({
      lease: held(1, '10.20.0.52', T0 + HOUR),
      changes: [
        { kind: 'bound', mac: phoneMac(1), address: ip('10.20.0.52'), expires: T0 + HOUR, before: undefined },
      ],
    });
  });

  test('a renewal knows the end it moves, and never moves it back', () => {
    const table = pool('10.20.0.50', '10.20.0.59', [held(1, '10.20.0.50', T0 + 2 * HOUR)]);
    expect(binds(table, 1, '10.20.0.50')?.changes).toMatchObject([
      { expires: T0 + 2 * HOUR, before: T0 + 2 * HOUR },
    ]);
    expect(binds(table, 1, '10.20.0.50', T0 + HOUR + 5)?.changes).toMatchObject([
      { expires: T0 + 2 * HOUR + 5 },
    ]);
  });

  test('a phone that moves frees its old address; one that takes an ended lease over ends it for good', () => {
    const table = pool('10.20.0.50', '10.20.0.59', [
      held(1, '10.20.0.50', T0 + HOUR),
      held(2, '10.20.0.51', T0 - 1),
    ]);
    expect(binds(table, 1, '10.20.0.51')?.changes).toMatchObject([
      { kind: 'freed', mac: phoneMac(2), address: ip('10.20.0.51') },
      { kind: 'freed', mac: phoneMac(1), address: ip('10.20.0.50') },
      { kind: 'bound', mac: phoneMac(1), address: ip('10.20.0.51') },
    ]);
    expect(offers(table, 2)).toBe('10.20.0.50');
  });

  test('the address that a phone left can be given again', () => {
    const table = pool('10.20.0.50', '10.20.0.51');
    leases(table, 1);
    binds(table, 1, '10.20.0.51');
    expect(offers(table, 2)).toBe('10.20.0.50');
  });

  test.each([
    { when: 'another phone has it', address: '10.20.0.50' },
    { when: 'it is in quarantine', address: '10.20.0.51' },
    { when: 'it is not of the pool', address: '10.20.0.60' },
    { when: 'it is ours', address: '10.20.0.1' },
  ])('is refused when $when', ({ address }) => {
    const stored = [held(2, '10.20.0.50', T0 + HOUR), held(3, '10.20.0.51', T0 + 1, 'declined')];
    expect(binds(pool('10.20.0.50', '10.20.0.59', stored), 1, address)).toBeUndefined();
  });

  test('a pool that shrank: the lease outside runs to its end and not longer, then the phone moves', () => {
    const table = pool('10.20.0.50', '10.20.0.59', [held(1, '10.20.0.99', T0 + HOUR)]);
    expect(offers(table, 1)).toBe('10.20.0.99');
    expect(binds(table, 1, '10.20.0.99', T0 + 1000)?.lease.expires).toBe(T0 + HOUR);
    expect(binds(table, 1, '10.20.0.99', T0 + HOUR)).toBeUndefined();
    expect(leases(table, 1, T0 + HOUR)).toBe('10.20.0.50');
  });
});

describe('giving back', () => {
  test('its own address: another phone may have it, but it is kept for the phone while others are free', () => {
    const table = pool('10.20.0.50', '10.20.0.51');
    leases(table, 1);
    expect(release(table, claim(1, '10.20.0.50'))).toEqual([
      { kind: 'freed', mac: phoneMac(1), address: ip('10.20.0.50') },
    ]);
    expect([offers(table, 2), offers(table, 1), offers(table, 3)]).toEqual([
      '10.20.0.51',
      '10.20.0.50',
      undefined,
    ]);
  });

  test.each([
    { when: 'it is the lease of another phone', phone: 2, address: '10.20.0.50' },
    { when: 'it has none', phone: 2, address: '10.20.0.51' },
  ])('does nothing when $when', ({ phone, address }) => {
    const table = pool('10.20.0.50', '10.20.0.51');
    leases(table, 1);
    expect(release(table, claim(phone, address))).toBeUndefined();
    expect(standingOf(table, claim(1, '10.20.0.50'))).toBe('own');
  });

  test('an offer: the address is free for others at once', () => {
    const table = pool('10.20.0.50', '10.20.0.50');
    offers(table, 1);
    withdraw(table, phoneMac(1));
    withdraw(table, phoneMac(1));
    expect(offers(table, 2)).toBe('10.20.0.50');
  });
});

describe('declining', () => {
  test('quarantines the address for everybody, until that ends', () => {
    const table = pool('10.20.0.50', '10.20.0.51');
    leases(table, 1);
    expect(decline(table, claim(1, '10.20.0.50'))).toEqual([
      { kind: 'declined', mac: phoneMac(1), address: ip('10.20.0.50'), until: T0 + QUARANTINE },
    ]);
    expect([leases(table, 1), offers(table, 2)]).toEqual(['10.20.0.51', undefined]);
    expect(offers(table, 2, T0 + QUARANTINE)).toBe('10.20.0.50');
  });

  test('works for an offer too, and leaves the former holder of the address without it', () => {
    const table = pool('10.20.0.50', '10.20.0.51', [held(2, '10.20.0.50', T0 - 1)]);
    offers(table, 1, T0, '10.20.0.50');
    expect(decline(table, claim(1, '10.20.0.50'))).toHaveLength(1);
    expect(leases(table, 2)).toBe('10.20.0.51');
    expect(standingOf(table, claim(2, '10.20.0.50'))).toBe('unusable');
  });

  test('is not for the address of another phone', () => {
    const table = pool('10.20.0.50', '10.20.0.51');
    leases(table, 1);
    expect(decline(table, claim(2, '10.20.0.50'))).toBeUndefined();
  });

  test('does not empty the pool: a tenth of it at most, and few by one phone', () => {
    const table = pool('10.20.0.50', '10.20.0.149');
    for (let round = 0; round < 30; round += 1) {
      const address = leases(table, 1, T0 + round);
      decline(table, claim(1, address ?? '', T0 + round));
    }
    expect(table.quarantine.size).toBe(4);
    for (let phone = 2; phone < 90; phone += 1) {
      const address = leases(table, phone, T0 + 100);
      decline(table, claim(phone, address ?? '', T0 + 100));
    }
    expect(table.quarantine.size).toBe(10);
    expect(leases(table, 1, T0 + 200)).toBeDefined();
  });

  test('beyond that the address is only free again', () => {
    const table = pool('10.20.0.50', '10.20.0.52', [held(9, '10.20.0.52', T0 + HOUR, 'declined')]);
    leases(table, 1);
    expect(decline(table, claim(1, '10.20.0.50'))).toEqual([
      { kind: 'freed', mac: phoneMac(1), address: ip('10.20.0.50') },
    ]);
    offers(table, 2);
    expect(decline(table, claim(2, '10.20.0.51'))).toEqual([]);
  });
});

describe('changes that could not be stored', () => {
  test('a new lease is an offer again', () => {
    const table = pool('10.20.0.50', '10.20.0.50');
    offers(table, 1);
    undo(table, binds(table, 1, '10.20.0.50')?.changes ?? [], T0 + 5);
    expect(standingOf(table, claim(2, '10.20.0.50', T0 + 5))).toBe('taken');
    expect(standingOf(table, claim(2, '10.20.0.50', T0 + 5 + OFFER_KEPT))).toBe('free');
    expect(binds(table, 1, '10.20.0.50', T0 + 10)).toBeDefined();
  });

  test('a renewed lease ends when it ended before', () => {
    const table = pool('10.20.0.50', '10.20.0.50', [held(1, '10.20.0.50', T0 + 100)]);
    undo(table, binds(table, 1, '10.20.0.50')?.changes ?? [], T0 + 5);
    expect(standingOf(table, claim(1, '10.20.0.50', T0 + 99))).toBe('own');
    expect(standingOf(table, claim(1, '10.20.0.50', T0 + 100))).toBe('free');
  });

  test('a lease that was renewed since is left alone', () => {
    const table = pool('10.20.0.50', '10.20.0.50');
    const first = binds(table, 1, '10.20.0.50');
    binds(table, 1, '10.20.0.50', T0 + 7);
    undo(table, first?.changes ?? [], T0 + 8);
    expect(standingOf(table, claim(1, '10.20.0.50', T0 + HOUR))).toBe('own');
  });

  test('what was given back stays so', () => {
    const table = pool('10.20.0.50', '10.20.0.50');
    leases(table, 1);
    undo(table, release(table, claim(1, '10.20.0.50')) ?? [], T0);
    expect(offers(table, 2)).toBe('10.20.0.50');
  });
});

/** One phone does one thing at random; says what came of it. */
function randomStep(table: LeaseTable, now: number, roll: (sides: number) => number): readonly Step[] {
  const mac = phoneMac(1 + roll(40));
  const offered = offer(table, { mac, now })?.address;
  const address =
    offered === undefined || roll(4) === 0 ? ipv4FromNumber(ip('10.20.0.45') + roll(30)) : offered;
  const bound = bind(table, { mac, address, now, duration: HOUR });
  const first: Step = { mac, address, what: offered === undefined ? 'exhausted' : 'offered' };
  if (bound === undefined) return [first, { mac, address, what: 'refused' }];
  const steps: Step[] = [first, { mac, address, what: 'bound', until: bound.lease.expires }];
  const fate = roll(6);
  if (fate === 0 && release(table, { mac, address, now })) steps.push({ mac, address, what: 'released' });
  if (fate === 1 && decline(table, { mac, address, now })) steps.push({ mac, address, what: 'declined' });
  return steps;
}

interface Step {
  readonly mac: Lease['mac'];
  readonly address: Ipv4;
  readonly what: 'offered' | 'exhausted' | 'bound' | 'refused' | 'released' | 'declined';
  readonly until?: number;
}

/** What phones believe to have: kept apart from the table, to judge it by. */
function promise(promised: Map<Ipv4, Step>, { address, ...step }: Step, now: number): boolean {
  const other = promised.get(address);
  if (step.what === 'released' || step.what === 'declined') promised.delete(address);
  if (step.what !== 'bound') return true;
  for (const [old, holder] of promised) if (holder.mac === step.mac) promised.delete(old);
  promised.set(address, { address, ...step });
  return other === undefined || other.mac === step.mac || (other.until ?? 0) <= now;
}

test('nobody is given what another phone was promised, in ten thousand random steps', () => {
  const table = pool('10.20.0.50', '10.20.0.69');
  let dice = 1;
  const roll = (sides: number): number => {
    dice = (Math.imul(dice, 1_103_515_245) + 12_345) >>> 0;
    return (dice >>> 8) % sides;
  };
  const promised = new Map<Ipv4, Step>();
  const seen = new Map<Step['what'], number>();
  const broken: unknown[] = [];
  let now = T0;
  for (let turn = 0; turn < 10_000; turn += 1) {
    now += roll(60_000);
    for (const step of randomStep(table, now, roll)) {
      seen.set(step.what, (seen.get(step.what) ?? 0) + 1);
      if (!promise(promised, step, now)) broken.push({ turn, step });
    }
    const strays = [...table.addressOf].filter(([mac, address]) => table.leases.get(address)?.mac !== mac);
    if (strays.length > 0 || table.offers.size !== table.offeredTo.size) broken.push({ turn, strays });
  }
  expect(broken).toEqual([]);
  const bitten = [...seen].filter(([, count]) => count > 100).map(([what]) => what);
  expect(bitten.sort()).toEqual(['bound', 'declined', 'exhausted', 'offered', 'refused', 'released']);
});

test('50,000 leases: a walk over the pool for each of them would never end', () => {
  const lan = lanSite({ pool: { first: ip('10.21.0.1'), last: ip('10.21.195.80') } });
  const stored: Lease[] = Array.from({ length: 50_000 }, (_, index) => ({
    address: ipv4FromNumber(ip('10.21.0.1') + index),
    mac: phoneMac(index),
    state: 'bound',
    expires: T0 + index,
  }));
  const table = createLeaseTable(lan, stored);
  let given = 0;
  for (let phone = 0; phone < 50_000; phone += 1) {
    const mac = phoneMac(100_000 + phone);
    const address = offer(table, { mac, now: T0 + 50_000 })?.address;
    if (address !== undefined && bind(table, { mac, address, now: T0 + 50_000, duration: HOUR })) given += 1;
  }
  expect(given).toBe(50_000);
  expect(table.leases.size).toBe(50_000);
});

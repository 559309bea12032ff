// The settings of a LAN against the interface as it is: defaults that follow from it, and mistakes with their place.
import { describe, expect, test } from 'vitest';
import { showIpv4, showSubnet } from '../../src/base/ipv4.ts';
import { checkShape } from '../../src/base/shape.ts';
import { checkLan } from '../../src/site/check.ts';
import { siteShape } from '../../src/site/schema.ts';
import type { AddressRange, LanSite } from '../../src/site/site.ts';
import { ip, subnetAt } from '../net/watched.ts';

const FACTS = { address: ip('10.20.0.1'), subnet: subnetAt('10.20.0.0/24') };

/** The settings as an installer writes `lans.0.dhcp`. */
function check(dhcp: Record<string, unknown>, facts = FACTS) {
  const read = checkShape(siteShape, { lans: [{ interface: 'eth1', dhcp }] });
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  const [lan] = read.value.lans;
  if (lan === undefined) throw new Error('no LAN');
  return checkLan(lan, facts);
}

function lanOf(dhcp: Record<string, unknown>, facts = FACTS): LanSite {
  const lan = check(dhcp, facts);
  if (!lan.ok) throw new Error(JSON.stringify(lan.error));
  return lan.value;
}

/** Each mistake as `path: sentence`. */
function mistakesOf(dhcp: Record<string, unknown>, facts = FACTS): readonly string[] {
  const lan = check(dhcp, facts);
  return lan.ok ? [] : lan.error.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const shown = ({ first, last }: AddressRange): string => `${showIpv4(first)}-${showIpv4(last)}`;

describe('defaults', () => {
  test.each([
    { subnet: '10.20.0.0/24', pool: '10.20.0.128-10.20.0.254' },
    { subnet: '10.20.0.0/16', pool: '10.20.128.0-10.20.255.254' },
    { subnet: '10.20.0.0/30', pool: '10.20.0.2-10.20.0.2' },
    { subnet: '192.168.7.0/25', pool: '192.168.7.64-192.168.7.126' },
  ])('the pool of $subnet is its upper half: $pool', ({ subnet, pool }) => {
    const lan = lanOf({}, { address: FACTS.address, subnet: subnetAt(subnet) });
    expect(shown(lan.dhcp.pool)).toBe(pool);
  });

  test('a subnet behind a relay has its upper half too, and everything else as ours has it', () => {
    const { dhcp } = lanOf({ relayed: [{ subnet: '10.30.0.0/24' }] });
    expect(dhcp.relayed.map(({ pool }) => shown(pool))).toEqual(['10.30.0.128-10.30.0.254']);
    expect(dhcp.relayed).toMatchObject([
      { lease: 3_600_000, dns: [], ntp: [], options: {}, force: [], suppress: [] },
    ]);
  });

  test('what is written is kept', () => {
    const { dhcp } = lanOf({
      pool: '10.20.0.50-10.20.0.99',
      lease: '2h',
      router: '10.20.0.254',
      relayed: [{ subnet: '10.30.0.0/16', pool: '10.30.1.0-10.30.2.255', lease: '10m', router: '10.30.0.1' }],
      classes: [
        { name: 'desk', when: { vendor: 'acme' }, pool: '10.30.9.0-10.30.9.9', quota: 5, lease: '5m' },
      ],
    });
    expect([shown(dhcp.pool), dhcp.lease, dhcp.router]).toEqual([
      '10.20.0.50-10.20.0.99',
      7_200_000,
      ip('10.20.0.254'),
    ]);
    expect(dhcp.relayed).toMatchObject([{ lease: 600_000, router: ip('10.30.0.1') }]);
    expect(dhcp.relayed.map(({ subnet }) => showSubnet(subnet))).toEqual(['10.30.0.0/16']);
    expect(dhcp.classes).toMatchObject([{ name: 'desk', quota: 5, lease: 300_000, answer: 'always' }]);
  });

  test.each([
    { written: undefined, is: { isOff: false, every: 300_000, allow: new Set() } },
    { written: 'off', is: { isOff: true, allow: 'any' } },
    { written: false, is: { isOff: true, allow: 'any' } },
    { written: { every: 'off' }, is: { isOff: false, every: undefined, allow: new Set() } },
    {
      written: { every: '1m', allow: ['10.20.0.9'] },
      is: { isOff: false, every: 60_000, allow: new Set([ip('10.20.0.9')]) },
    },
    { written: { allow: 'any' }, is: { isOff: false, every: 300_000, allow: 'any' } },
  ])('guard: $written', ({ written, is }) => {
    expect(lanOf(written === undefined ? {} : { guard: written }).dhcp.guard).toEqual(is);
  });
});

describe('mistakes', () => {
  const desk = { name: 'desk', when: {} };
  const rows: readonly { what: string; dhcp: Record<string, unknown>; says: readonly string[] }[] = [
    {
      what: 'a pool outside the subnet',
      dhcp: { pool: '10.21.0.50-10.21.0.99' },
      says: [
        'dhcp.pool: the first address 10.21.0.50 is not in 10.20.0.0/24, the subnet of eth1',
        'dhcp.pool: the last address 10.21.0.99 is not in 10.20.0.0/24, the subnet of eth1',
      ],
    },
    {
      what: 'a pool that reaches out of the subnet',
      dhcp: { pool: '10.20.0.200-10.20.1.20' },
      says: ['dhcp.pool: the last address 10.20.1.20 is not in 10.20.0.0/24, the subnet of eth1'],
    },
    {
      what: 'a router elsewhere',
      dhcp: { router: '10.21.0.1' },
      says: ['dhcp.router: the router 10.21.0.1 is not in 10.20.0.0/24, the subnet of eth1'],
    },
    {
      what: 'a lease under a minute',
      dhcp: { lease: '59s' },
      says: ['dhcp.lease: shorter than a minute: phones would renew all the time'],
    },
    {
      what: 'the same behind a relay',
      dhcp: {
        relayed: [{ subnet: '10.30.0.0/24', pool: '10.31.0.1-10.31.0.9', router: '10.31.0.1', lease: '10s' }],
      },
      says: [
        'dhcp.relayed.0.pool: the first address 10.31.0.1 is not in 10.30.0.0/24',
        'dhcp.relayed.0.pool: the last address 10.31.0.9 is not in 10.30.0.0/24',
        'dhcp.relayed.0.router: the router 10.31.0.1 is not in 10.30.0.0/24',
        'dhcp.relayed.0.lease: shorter than a minute: phones would renew all the time',
      ],
    },
    {
      what: 'a relayed subnet within ours',
      dhcp: { relayed: [{ subnet: '10.20.0.128/25' }] },
      says: ['dhcp.relayed.0.subnet: 10.20.0.128/25 overlaps 10.20.0.0/24, which is served already'],
    },
    {
      what: 'a relayed subnet around ours',
      dhcp: { relayed: [{ subnet: '10.20.0.0/16' }] },
      says: ['dhcp.relayed.0.subnet: 10.20.0.0/16 overlaps 10.20.0.0/24, which is served already'],
    },
    {
      what: 'a relayed subnet twice',
      dhcp: { relayed: [{ subnet: '10.30.0.0/24' }, { subnet: '10.31.0.0/24' }, { subnet: '10.30.0.0/24' }] },
      says: ['dhcp.relayed.2.subnet: 10.30.0.0/24 overlaps 10.30.0.0/24, which is served already'],
    },
    {
      what: 'a class twice',
      dhcp: { classes: [desk, { name: 'door', when: {} }, desk] },
      says: ['dhcp.classes.2.name: there is a class "desk" already'],
    },
    {
      what: 'a class with a lease under a minute',
      dhcp: { classes: [{ ...desk, lease: '30s' }] },
      says: ['dhcp.classes.0.lease: shorter than a minute: phones would renew all the time'],
    },
    {
      what: 'a class with a pool of no subnet',
      dhcp: { classes: [{ ...desk, pool: '10.30.0.1-10.30.0.9' }] },
      says: ['dhcp.classes.0.pool: 10.30.0.1-10.30.0.9 is in none of the served subnets'],
    },
    {
      what: 'a class with a pool of two subnets',
      dhcp: {
        relayed: [{ subnet: '10.20.1.0/24' }],
        classes: [{ ...desk, pool: '10.20.0.100-10.20.1.9' }],
        pool: '10.20.0.50-10.20.0.60',
      },
      says: ['dhcp.classes.0.pool: 10.20.0.100-10.20.1.9 is in none of the served subnets'],
    },
    {
      what: 'a class with a pool that overlaps that of the subnet',
      dhcp: { pool: '10.20.0.50-10.20.0.99', classes: [{ ...desk, pool: '10.20.0.99-10.20.0.110' }] },
      says: [
        'dhcp.classes.0.pool: 10.20.0.99-10.20.0.110 overlaps the pool of 10.20.0.0/24, 10.20.0.50-10.20.0.99',
      ],
    },
    {
      what: 'two classes with pools that overlap',
      dhcp: {
        classes: [
          { ...desk, pool: '10.20.0.10-10.20.0.20' },
          { name: 'door', when: {}, pool: '10.20.0.5-10.20.0.10' },
        ],
      },
      says: [
        'dhcp.classes.1.pool: 10.20.0.5-10.20.0.10 overlaps the pool of class "desk", 10.20.0.10-10.20.0.20',
      ],
    },
  ];
  test.each(rows)('$what', ({ dhcp, says }) => {
    expect(mistakesOf(dhcp)).toEqual(says);
  });

  test('all at once', () => {
    const all = mistakesOf({
      lease: '1s',
      router: '10.9.9.9',
      relayed: [{ subnet: '10.20.0.0/24', lease: '1s' }],
      classes: [desk, desk],
    });
    expect(all.map((each) => each.split(':')[0])).toEqual([
      'dhcp.router',
      'dhcp.lease',
      'dhcp.relayed.0.lease',
      'dhcp.relayed.0.subnet',
      'dhcp.classes.1.name',
    ]);
  });

  test('exactly a minute is long enough, and pools may touch', () => {
    const fine = {
      lease: '60s',
      pool: '10.20.0.50-10.20.0.99',
      classes: [{ ...desk, lease: '1m', pool: '10.20.0.100-10.20.0.110' }],
      relayed: [{ subnet: '10.20.1.0/24' }],
    };
    expect(mistakesOf(fine)).toEqual([]);
  });
});

describe('the interface', () => {
  test.each([
    {
      subnet: '10.0.0.0/8',
      mode: 'full',
      says: ['interface: 10.0.0.0/8 is no staging LAN: at most a /16 is served'],
    },
    { subnet: '10.20.0.0/16', mode: 'full', says: [] },
    { subnet: '10.20.0.1/31', mode: 'companion', says: [] },
    { subnet: '10.20.0.1/32', mode: 'full', says: ['dhcp.mode: 10.20.0.1/32 has no room for phones'] },
  ])('$subnet in mode $mode', ({ subnet, mode, says }) => {
    const found = mistakesOf({ mode }, { address: FACTS.address, subnet: subnetAt(subnet) });
    expect(found.filter((each) => !each.startsWith('dhcp.pool'))).toEqual(says);
  });
});

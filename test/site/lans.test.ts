// Several LANs in the settings: which are served, and what may not stand together.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { parseIpv4, showIpv4, subnetOf } from '../../src/base/ipv4.ts';
import { loadSite } from '../../src/site/load.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-lans-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const HERE: Readonly<Record<string, readonly [string, number]>> = {
  eth1: ['10.20.0.1', 24],
  eth2: ['10.30.0.1', 24],
  eth3: ['10.20.0.2', 25],
};
const facts = (name: string) => {
  const [text = '', prefix = 0] = HERE[name] ?? [];
  const address = parseIpv4(text);
  if (address === undefined) throw new Fault('no-such-interface', `there is no ${name}`, 'plug it in');
  return { address, subnet: subnetOf(address, prefix) };
};

async function load(yaml: string, more: { readonly interface?: string; readonly list?: string } = {}) {
  const [file, phones] = [join(folder, 'unboxd.yaml'), join(folder, 'phones.csv')];
  await writeFile(file, yaml);
  if (more.list !== undefined) await writeFile(phones, more.list);
  return await loadSite({
    ...{ file, interface: more.interface, facts },
    phones: more.list === undefined ? undefined : phones,
  });
}

const TWO = 'lans:\n  - interface: eth1\n  - interface: eth2\n';

test.each<{
  what: string;
  yaml: string;
  named?: string;
  serves: readonly string[];
  away?: readonly string[];
}>([
  { what: 'both', yaml: TWO, serves: ['eth1 10.20.0.1', 'eth2 10.30.0.1'] },
  { what: 'the named one alone', yaml: TWO, named: 'eth2', serves: ['eth2 10.30.0.1'] },
  {
    what: 'one on another interface',
    yaml: 'lans: [{ interface: eth1 }]\n',
    named: 'eth2',
    serves: ['eth2 10.30.0.1'],
  },
  { what: 'none written', yaml: '', named: 'eth1', serves: ['eth1 10.20.0.1'] },
  {
    what: 'one that is not here',
    yaml: `${TWO}  - interface: eth9\n`,
    serves: ['eth1 10.20.0.1', 'eth2 10.30.0.1'],
    away: ['eth9: there is no eth9'],
  },
])('served: $what', async ({ yaml, named, serves, away = [] }) => {
  const loaded = await load(yaml, named === undefined ? {} : { interface: named });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { lan, lans } = loaded.value;
  expect(lans.map((one) => `${one.interface} ${showIpv4(one.address)}`)).toEqual(serves);
  expect(lan).toBe(lans[0]);
  expect(loaded.value.away.map((one) => `${one.interface}: ${one.fault.message}`)).toEqual(away);
});

test.each([
  { what: 'one', yaml: 'lans: [{ interface: eth9 }]\n' },
  { what: 'two', yaml: 'lans: [{ interface: eth9 }, { interface: eth8 }]\n' },
])('none of $what is here: the fault of the first', async ({ yaml }) => {
  await expect(load(yaml)).rejects.toThrow('there is no eth9');
});

test.each<{ what: string; yaml: string; named?: string; list?: string; says: readonly string[] }>([
  {
    what: 'one interface twice',
    yaml: `${TWO}  - interface: eth1\n`,
    says: ['4: lans.2.interface: eth1 has a LAN already, lans.0'],
  },
  {
    what: 'subnets of two interfaces',
    yaml: `${TWO}  - interface: eth3\n`,
    says: ['4: lans.2.interface: 10.20.0.0/25 overlaps 10.20.0.0/24, which is served on eth1'],
  },
  {
    what: 'a subnet behind a relay',
    yaml: `${TWO}    dhcp: { relayed: [{ subnet: 10.20.0.0/16 }] }\n`,
    says: ['4: lans.1.dhcp.relayed.0.subnet: 10.20.0.0/16 overlaps 10.20.0.0/24, which is served on eth1'],
  },
  {
    what: 'a pool of the other LAN',
    yaml: `${TWO}    dhcp: { pool: 10.20.0.10-10.20.0.20 }\n`,
    says: [
      '4: lans.1.dhcp.pool: the first address 10.20.0.10 is not in 10.30.0.0/24, the subnet of eth2',
      '4: lans.1.dhcp.pool: the last address 10.20.0.20 is not in 10.30.0.0/24, the subnet of eth2',
    ],
  },
  {
    what: 'an interface that none of them has',
    yaml: TWO,
    named: 'eth3',
    says: ['1: lans: there is no LAN on eth3 among them: --interface takes one of eth1, eth2'],
  },
  {
    what: 'addresses kept on both, on none, and our own on the second',
    yaml: TWO,
    list: 'mac,address\n001565000001,10.20.0.9\n001565000002,10.30.0.9\n001565000003,10.40.0.9\n001565000004,10.30.0.1\n',
    says: [
      '4: 10.40.0.9 is kept for a phone, but is in none of the served subnets',
      '5: 10.30.0.1 is kept for a phone, but is our own address',
    ],
  },
  {
    what: 'too many',
    yaml: `lans: [${Array.from({ length: 9 }, (_, at) => `{ interface: e${at} }`).join(', ')}]\n`,
    says: ['1: lans: at most 8 LANs'],
  },
])('mistake: $what', async ({ yaml, named, list, says }) => {
  const loaded = await load(yaml, {
    ...(named === undefined ? {} : { interface: named }),
    ...(list === undefined ? {} : { list }),
  });
  const found = loaded.ok ? [] : loaded.error.map(({ line, message }) => `${line}: ${message}`);
  expect(found).toEqual(says);
});

test('with one LAN chosen, addresses kept on the others are no mistake', async () => {
  const list = 'mac,address\n001565000001,10.20.0.9\n001565000002,10.30.0.9\n';
  expect((await load(TWO, { interface: 'eth2', list })).ok).toBe(true);
});

// What the API says of DHCP messages, and leases that come from another server.
import { expect, test } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { showIpv4 } from '../../src/base/ipv4.ts';
import type { DhcpExplanation } from '../../src/control/api.ts';
import { createDhcpDesk } from '../../src/control/dhcp.ts';
import type { LeaseChange } from '../../src/dhcp/lease-table.ts';
import { createLeaseTable } from '../../src/dhcp/leases.ts';
import { encodePacket } from '../../src/dhcp/packet.ts';
import { createRegister } from '../../src/phones/register.ts';
import type { DhcpSite } from '../../src/site/site.ts';
import { HOUR, lanSite, phoneMac, provisioning, type Said, said, vendor } from '../dhcp/kit.ts';
import { fakeWorld } from '../fakes/world.ts';

function desk(dhcp: Partial<DhcpSite> = {}) {
  const world = fakeWorld();
  const lan = lanSite(dhcp);
  const leases = createLeaseTable(lan, [], [{ client: phoneMac(9), address: undefined }]);
  const stored: LeaseChange[] = [];
  const register = createRegister({ catalogue: { vendors: [vendor()] }, list: [] });
  const made = createDhcpDesk({
    lan,
    provisioning,
    register,
    leases,
    urlFor: () => 'http://10.20.0.1/',
    objection: () => undefined,
    commit: async (changes) => {
      stored.push(...changes);
      await Promise.resolve();
    },
    world,
  });
  const explain = (what: Said): DhcpExplanation | string =>
    made.explainDhcp({ hex: toHex(encodePacket(said(what)).bytes) });
  return { ...made, explain, leases, stored, register, now: () => world.now() };
}

test('a DISCOVER is explained: who, why, which address, every option, and what is missing', () => {
  const { explain, leases } = desk();
  const found = explain({ type: 'discover', asks: [1, 66, 67], vendorClass: 'acme A1' });
  expect(found).toMatchObject({
    mac: '02:ac:3e:00:00:01',
    type: 'discover',
    vendor: 'Acme',
    model: 'A1',
    scores: [
      { vendor: 'Acme', score: 170, reasons: ['DHCP option 60 acme A1 (+160)', 'its MAC 02ac3e (+10)'] },
    ],
    outcome: 'would be offered 10.20.0.50, the next free one',
    address: '10.20.0.50',
    notThere: ['67 bootfile-name'],
  });
  if (typeof found === 'string') expect.fail(found);
  expect(found.options.map(({ code, text }) => `${code} ${text}`)).toEqual([
    '54 10.20.0.1',
    '51 3600 s',
    '1 255.255.255.0',
    '66 http://10.20.0.1/',
    '58 1800 s',
    '59 3150 s',
  ]);
  expect(found.notAsked.map(({ code, asked }) => [code, asked])).toContainEqual([160, false]);
  expect(found.hex).toMatch(/^0201/);
  // Nothing was reserved by it.
  expect([leases.leases.size, leases.offers.size]).toEqual([0, 0]);
  expect(explain({ type: 'discover', asks: [1, 66, 67], vendorClass: 'acme A1' })).toEqual(found);
});

test.each<{ when: string; what: Said; dhcp?: Partial<DhcpSite>; outcome: string }>([
  {
    when: 'companion mode',
    what: { type: 'discover' },
    dhcp: { mode: 'companion' },
    outcome: 'would get no answer, because companion mode gives no addresses',
  },
  {
    when: 'INFORM',
    what: { type: 'inform', ciaddr: '10.20.0.200' },
    outcome: 'would be told the options and no address',
  },
  {
    when: 'an address is asked for',
    what: { type: 'discover', requested: '10.20.0.55' },
    outcome: 'would be offered 10.20.0.55, which it asks for and which is free',
  },
])('$when: $outcome', ({ what, dhcp, outcome }) => {
  expect(desk(dhcp).explain(what)).toMatchObject({ outcome });
});

test('what cannot be explained is said', () => {
  expect(desk().explainDhcp({ hex: 'abcd' })).toBe('these bytes are no DHCP message: too-short at byte 2');
  expect(desk().explain({ type: 'discover', op: 2 })).toBe(
    'it would get no answer, because it is an answer and not a question (op 2)',
  );
});

test('leases of another server are kept; those that cannot be are left out with the reason', async () => {
  const { importLeases, leases, stored, register, now } = desk();
  const lease = (address: string, number: number, expires = now() + HOUR) => ({
    address,
    mac: phoneMac(number),
    expires,
  });
  const result = await importLeases([
    lease('10.20.0.51', 1),
    lease('10.20.0.51', 2),
    lease('10.20.0.99', 3),
    lease('192.0.2.1', 4),
    lease('10.20.0.52', 5, now() - 1),
    { address: '10.20.0.x', mac: 'zz', expires: now() + HOUR },
    lease('10.20.0.53', 9),
  ]);
  expect(result.taken).toBe(2);
  expect(result.skipped.map(({ address, because }) => `${address}: ${because}`)).toEqual([
    '10.20.0.51: the address it asks for belongs to another phone',
    '10.20.0.99: that address is not given to phones',
    '192.0.2.1: the address it asks for is not of this LAN',
    '10.20.0.52: it has ended',
    '10.20.0.x: 10.20.0.x is no IPv4 address',
  ]);
  expect(
    [...leases.leases.values()].map(({ client, expires, standing }) => [client, expires - now(), standing]),
  ).toEqual([
    [phoneMac(1), HOUR, 'recognised'],
    [phoneMac(9), HOUR, 'listed'],
  ]);
  expect(stored.map(({ kind }) => kind)).toEqual(['bound', 'bound']);
  // Their holders are known at once, without a restart.
  const there = [...register.byAddress].map(([address, mac]) => `${showIpv4(address)} ${mac}`);
  expect(there).toEqual([`10.20.0.51 ${phoneMac(1)}`, `10.20.0.53 ${phoneMac(9)}`]);
  expect(register.phones.get(phoneMac(1))?.identity.vendor).toBe('acme');
});

// What outlives a restart: leases with all that is known of them, phones, and nothing that was freed.
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Ipv4, ipv4FromNumber } from '../../src/base/ipv4.ts';
import type { Lease, LeaseChange } from '../../src/dhcp/lease-table.ts';
import { openJournal } from '../../src/store/journal.ts';
import { openState, type StoredPhone } from '../../src/store/state.ts';
import { HOUR, ip, phoneMac } from '../dhcp/kit.ts';
import { desk, held, strays } from '../dhcp/tables.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-state-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const path = (): string => join(folder, 'journal');

const bound = (lease: Lease): LeaseChange => ({ kind: 'bound', lease });
const freed = ({ address, client }: Lease): LeaseChange => ({ kind: 'freed', address, client });

/** Opens, does, closes. */
async function visit(
  act: (state: Awaited<ReturnType<typeof openState>>['state']) => Promise<void> = async () => undefined,
): Promise<Awaited<ReturnType<typeof openState>>['stored']> {
  const { state, stored } = await openState(folder);
  await act(state);
  await state.close();
  return stored;
}

const phone: StoredPhone = {
  mac: phoneMac(1),
  clues: [{ kind: 'oui', oui: '02ac3e' }],
  ownFile: { file: 'x.cfg', digest: 'd', bytes: 5, at: 9 },
};

describe('after a restart', () => {
  test.each<{ what: string; lease: Lease }>([
    { what: 'of a recognised phone', lease: held(1, '10.99.0.50', 1000) },
    { what: 'of a listed one', lease: held(1, '10.99.0.50', 1000, { standing: 'listed' }) },
    { what: 'of a stranger', lease: held(1, '10.99.0.50', 1000, { standing: 'stranger' }) },
    { what: 'of a class', lease: held(1, '10.99.0.50', 1000, { class: 'door' }) },
    {
      what: 'of a client known by its identifier',
      lease: held(1, '10.99.0.50', 1000, { client: 'id:ff00', mac: phoneMac(1) }),
    },
    {
      what: 'of a client without Ethernet address',
      lease: held(1, '10.99.0.50', 1000, { client: 'hw32:fe80' }),
    },
    { what: 'that is declined', lease: held(1, '10.99.0.50', 1000, { state: 'declined' }) },
    { what: 'at the upper end', lease: held(1, '223.255.255.254', 2 ** 32 * 1000) },
  ])('a lease $what is what it was', async ({ lease }) => {
    const change: LeaseChange = lease.state === 'declined' ? { kind: 'declined', lease } : bound(lease);
    await visit(async (state) => await state.commit([change]));
    const { leases, phones, cut } = await visit();
    expect({ leases, phones, cut }).toEqual({ leases: [lease], phones: [], cut: 0 });
  });

  test('leases and proofs are there, the latest of each; what was freed is not', async () => {
    const [one, two] = [held(1, '10.99.0.50', 1000), held(2, '10.99.0.51', 2000)];
    const later = { ...two, expires: 3000 };
    await visit(async (state) => {
      await state.commit([bound(one), bound(two)]);
      await state.commit([freed(one), bound(later)]);
      await state.notePhone({ ...phone, clues: [] });
      await state.notePhone(phone);
    });
    const stored = await visit();
    expect(stored).toEqual({ leases: [later], phones: [phone], storms: [], cut: 0 });
  });

  test('an address that changed hands is that of the latter', async () => {
    const [one, two] = [held(1, '10.99.0.50', 1000), held(2, '10.99.0.50', 2000)];
    await visit(async (state) => await state.commit([bound(one), freed(one), bound(two)]));
    expect((await visit()).leases).toEqual([two]);
  });

  test('a commit torn at any byte costs its tail and nothing before it', async () => {
    const [one, two, three] = [1, 2, 3].map((number) => held(number, `10.99.0.${50 + number}`, 1000));
    if (one === undefined || two === undefined || three === undefined) return expect.fail();
    await visit(async (state) => await state.commit([bound(one)]));
    const before = (await stat(path())).size;
    await visit(async (state) => await state.commit([bound(two), bound(three)]));
    const whole = await readFile(path());
    let least = 1;
    for (let length = before; length <= whole.length; length += 1) {
      const copy = await mkdtemp(join(folder, 'copy-'));
      await writeFile(join(copy, 'journal'), whole.subarray(0, length));
      const { state, stored } = await openState(copy);
      await state.close();
      expect(stored.leases).toEqual([one, two, three].slice(0, stored.leases.length));
      expect(stored.leases.length).toBeGreaterThanOrEqual(least);
      least = stored.leases.length;
    }
    expect(least).toBe(3);
  });
});

test('records of the older form are read, as of phones that were recognised', async () => {
  const { journal } = await openJournal(path());
  const [one, two] = [ip('10.99.0.50'), ip('10.99.0.51')];
  await journal.append(
    { kind: 'lease', mac: '02ac3e000001', address: one, state: 'bound', expires: 1000 },
    { kind: 'lease', mac: '02ac3e000002', address: two, state: 'declined', expires: 2000 },
    { kind: 'lease', mac: '02ac3e000003', address: ip('10.99.0.52'), state: 'bound', expires: 3000 },
    { kind: 'freed', address: ip('10.99.0.52') },
    { kind: 'phone', ...phone },
  );
  await journal.close();
  const { leases, phones } = await visit();
  expect(leases).toEqual([held(1, '10.99.0.50', 1000), held(2, '10.99.0.51', 2000, { state: 'declined' })]);
  expect(phones).toEqual([phone]);
});

test('a lease table comes back from its own changes', async () => {
  const changes: LeaseChange[] = [];
  const first = desk();
  for (let number = 1; number <= 6; number += 1)
    changes.push(...first.bound(number, `10.20.0.${50 + number}`, { class: { name: 'door' } }).changes);
  changes.push(...first.bound(1, '10.20.0.58').changes);
  changes.push(...(first.releases(2, '10.20.0.52') ?? []), ...(first.declines(3, '10.20.0.53') ?? []));
  await visit(async (state) => await state.commit(changes));
  const { table, offers, leases } = desk({}, (await visit()).leases);
  expect(strays(table)).toEqual([]);
  expect([1, 4, 5, 6].map((number) => offers(number))).toEqual(
    [58, 54, 55, 56].map((last) => `10.20.0.${last}`),
  );
  expect(leases(9, { requested: '10.20.0.53' })).toBe('10.20.0.50');
  expect(table.held.byClass.get('door')).toBe(3);
});

describe('a journal that grows', () => {
  const lease = held(1, '10.99.0.50', 0);
  const renewals = (count: number, from = 0): readonly LeaseChange[] =>
    Array.from({ length: count }, (_, index) => bound({ ...lease, expires: from + index }));

  test('by renewals is written anew, with what counts', async () => {
    const leases = new Map<Ipv4, Lease>([[lease.address, { ...lease, expires: 17_999 }]]);
    await visit(async (state) => {
      state.follow(() => leases.values());
      await state.notePhone(phone);
      for (let round = 0; round < 6; round += 1) await state.commit(renewals(3000, round * 3000));
    });
    expect((await stat(path())).size).toBeLessThan(1_100_000);
    expect(await visit()).toEqual({
      leases: [{ ...lease, expires: 17_999 }],
      phones: [phone],
      storms: [],
      cut: 0,
    });
    expect(await readdir(folder)).toEqual(['journal']);
  });

  test('grows on while nobody says where the leases are', async () => {
    await visit(async (state) => {
      for (let round = 0; round < 4; round += 1) await state.commit(renewals(3000, round * 3000));
    });
    expect((await stat(path())).size).toBeGreaterThan(1_100_000);
    expect((await visit()).leases).toEqual([{ ...lease, expires: 11_999 }]);
  });

  test('is written without offers and without leases that are known to have ended', async () => {
    const others = [
      held(2, '10.99.0.51', 5, { state: 'ended' }),
      held(3, '10.99.0.52', 5, { state: 'declined' }),
      held(4, '10.99.0.53', 5, { state: 'offered' }),
    ];
    await visit(async (state) => {
      state.follow(() => [lease, ...others]);
      await state.commit(renewals(9000));
    });
    const { leases } = await visit();
    expect(leases).toEqual([lease, others[1]]);
  });

  test('keeps every promise that is made while it is written anew', async () => {
    const count = 4000;
    const table = new Map<Ipv4, Lease>();
    const promised = new Map<Ipv4, number>();
    let rewrites = 0;
    await visit(async (state) => {
      state.follow(() => {
        rewrites += 1;
        return table.values();
      });
      const renew = async (round: number, number: number): Promise<void> => {
        const address = ipv4FromNumber(ip('10.99.0.1') + number);
        const renewed = held(number, '10.99.0.1', round * HOUR, { address });
        table.set(address, renewed);
        await state.commit([bound(renewed)]);
        promised.set(address, renewed.expires);
      };
      for (let round = 1; round <= 6; round += 1)
        await Promise.all(Array.from({ length: count }, async (_, number) => await renew(round, number)));
    });
    const { leases, cut } = await visit();
    expect(cut).toBe(0);
    expect(new Map(leases.map(({ address, expires }) => [address, expires]))).toEqual(promised);
    expect(rewrites).toBeGreaterThan(0);
  });

  test('on a full disk goes on as it is, and is written anew when there is room', async () => {
    const leases = new Map<Ipv4, Lease>([[lease.address, lease]]);
    await visit(async (state) => {
      state.follow(() => leases.values());
      await symlink('/dev/full', `${path()}.new`);
      await state.commit(renewals(9000));
      await state.commit(renewals(10, 9000));
    });
    expect((await stat(path())).size).toBeGreaterThan(1_000_000);
    expect((await visit()).leases).toEqual([{ ...lease, expires: 9009 }]);
    expect(await readdir(folder)).toEqual(['journal']);
    leases.set(lease.address, { ...lease, expires: 9010 });
    await visit(async (state) => {
      state.follow(() => leases.values());
      await state.commit(renewals(1, 9010));
    });
    expect((await stat(path())).size).toBeLessThan(1000);
    expect((await visit()).leases).toEqual([{ ...lease, expires: 9010 }]);
  });
});

test('a folder that cannot be had is a Fault with a hint', async () => {
  await symlink('/dev/null', join(folder, 'none'));
  await expect(openState(join(folder, 'none', 'state'))).rejects.toMatchObject({ code: 'store-unwritable' });
});

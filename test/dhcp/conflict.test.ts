// Addresses in use and free ones, on a table that the test fills as the kernel would.
import { expect, test } from 'vitest';
import { showIpv4 } from '../../src/base/ipv4.ts';
import type { Mac } from '../../src/base/mac.ts';
import { type ConflictCheck, openConflictCheck } from '../../src/dhcp/conflict.ts';
import { parseNeighbours } from '../../src/net/neighbours.ts';
import type { Lan, Peer, UdpOptions } from '../../src/net/ports.ts';
import { fakeWorld } from '../fakes/world.ts';
import { ip, mac, subnetAt } from '../net/watched.ts';

const USED = ip('10.99.0.7');
const FREE = ip('10.99.0.8');
const HOLDER = mac('02:00:00:00:00:07');

interface Bench {
  readonly check: ConflictCheck;
  readonly world: ReturnType<typeof fakeWorld>;
  /** Where a datagram went, as `10.99.0.7:9 (0)` with its length. */
  readonly sent: string[];
  readonly troubles: unknown[];
  readonly table: Map<string, Mac>;
  reads(): number;
  pending(): number;
  breakTable(error: Error): void;
  socketTrouble(error: Error): void;
  /** What a probe said, and after how many ms. */
  answered(probe: Promise<unknown>): () => { readonly is: unknown; readonly after: number } | undefined;
}

/** `answerAfter`: how long the holder of an address takes for its ARP answer. */
async function bench(answerAfter = 1): Promise<Bench> {
  const world = fakeWorld();
  let pending = 0;
  const counted: typeof world = {
    ...world,
    after: (delay, action) => {
      pending += 1;
      let isPending = true;
      const end = (): void => {
        if (isPending) pending -= 1;
        isPending = false;
      };
      const cancel = world.after(delay, () => {
        end();
        action();
      });
      return () => {
        end();
        cancel();
      };
    },
  };
  const table = new Map<string, Mac>();
  const known = new Map([[USED, HOLDER]]);
  const [sent, troubles]: [string[], unknown[]] = [[], []];
  let [reads, broken]: [number, Error | undefined] = [0, undefined];
  let options: UdpOptions | undefined;
  const lan: Lan = {
    interface: 'lan0',
    address: ip('10.99.0.1'),
    subnet: subnetAt('10.99.0.0/24'),
    openUdp: async (wanted) => {
      options = wanted;
      const send = (bytes: Uint8Array, { address, port }: Peer): void => {
        sent.push(`${showIpv4(address)}:${port} (${bytes.length})`);
        const holder = known.get(address);
        if (holder !== undefined) world.after(answerAfter, () => table.set(showIpv4(address), holder));
      };
      return await Promise.resolve({ port: 40_000, send, close: async () => await Promise.resolve() });
    },
    listenHttp: async () => await Promise.reject(new Error('no HTTP here')),
    listenTcp: async () => await Promise.reject(new Error('no TCP here')),
    dialTcp: async () => await Promise.reject(new Error('no TCP here')),
  };
  const check = await openConflictCheck({
    lan,
    world: counted,
    neighbours: async () => {
      reads += 1;
      return await (broken === undefined ? Promise.resolve(new Map(table)) : Promise.reject(broken));
    },
    onTrouble: (error) => troubles.push(error),
  });
  return {
    check,
    world,
    sent,
    troubles,
    table,
    reads: () => reads,
    pending: () => pending,
    breakTable: (error) => {
      broken = error;
    },
    socketTrouble: (error) => options?.onTrouble(error),
    answered: (probe) => {
      const since = world.now();
      let got: { is: unknown; after: number } | undefined;
      probe.then(
        (is) => {
          got = { is, after: world.now() - since };
        },
        () => undefined,
      );
      return () => got;
    },
  };
}

test.each([
  { answerAfter: 1, after: 3 },
  { answerAfter: 5, after: 8 },
  { answerAfter: 90, after: 100 },
])('a used address gives its holder: ARP after $answerAfter ms, said after $after', async (row) => {
  const { check, world, answered, sent } = await bench(row.answerAfter);
  const got = answered(check.probe(USED));
  await world.advance(300);
  expect(got()).toEqual({ is: HOLDER, after: row.after });
  expect(sent).toEqual(['10.99.0.7:9 (0)']);
});

test('a free address is free within 200 ms, and nothing goes on after that', async () => {
  const { check, world, answered, reads, pending } = await bench();
  const got = answered(check.probe(FREE));
  await world.advance(197);
  expect(got()).toBeUndefined();
  await world.advance(1);
  expect(got()).toEqual({ is: 'free', after: 198 });
  expect([reads(), pending()]).toEqual([8, 0]);
  await world.advance(10_000);
  expect(reads()).toBe(8);
});

test('an entry of before is given at the first look: who reads it knows who had the address', async () => {
  const { check, world, answered, table } = await bench();
  table.set(showIpv4(FREE), mac('02:00:00:00:00:99'));
  const got = answered(check.probe(FREE));
  await world.advance(300);
  expect(got()).toEqual({ is: '020000000099', after: 3 });
});

test('the incomplete entry of an unanswered question is no holder', async () => {
  const { check, world, answered, table } = await bench();
  const kernel = `IP address       HW type     Flags       HW address            Mask     Device
10.99.0.8        0x1         0x0         00:00:00:00:00:00     *        lan0
`;
  for (const [address, holder] of parseNeighbours(kernel)) table.set(address, holder);
  const got = answered(check.probe(FREE));
  await world.advance(300);
  expect(got()).toEqual({ is: 'free', after: 198 });
});

test('one address probed twice at a time is asked for once', async () => {
  const { check, world, answered, sent } = await bench();
  const first = answered(check.probe(USED));
  const second = answered(check.probe(USED));
  await world.advance(300);
  expect([first(), second(), sent.length]).toEqual([{ is: HOLDER, after: 3 }, { is: HOLDER, after: 3 }, 1]);
  const again = answered(check.probe(USED));
  await world.advance(300);
  expect([again(), sent.length]).toEqual([{ is: HOLDER, after: 3 }, 2]);
});

test('48 phones at once share their looks and are all done in 200 ms', async () => {
  const { check, world, answered, reads } = await bench();
  const probes = [];
  for (let host = 50; host < 98; host += 1) {
    probes.push(answered(check.probe(ip(`10.99.0.${host}`))));
    await world.advance(1);
  }
  await world.advance(200);
  for (const got of probes) {
    expect(got()?.is).toBe('free');
    expect(got()?.after).toBeLessThanOrEqual(200);
  }
  // 247 ms with a look every 3 ms at the most.
  expect(reads()).toBeLessThanOrEqual(83);
});

test('the 65th at a time is not checked, and not kept waiting', async () => {
  const { check, world, answered, sent } = await bench();
  for (let host = 50; host < 114; host += 1) answered(check.probe(ip(`10.99.0.${host}`)));
  const late = answered(check.probe(ip('10.99.0.114')));
  await world.advance(0);
  expect(late()).toEqual({ is: 'unchecked', after: 0 });
  expect(sent).toHaveLength(64);
  await world.advance(200);
  const next = answered(check.probe(ip('10.99.0.114')));
  await world.advance(200);
  expect(next()).toEqual({ is: 'free', after: 198 });
});

test.each(['10.98.0.7', '8.8.8.8', '10.99.0.0', '10.99.0.255', '10.99.0.1', '0.0.0.0', '255.255.255.255'])(
  'nothing is sent to %s, which is no other host of the LAN',
  async (address) => {
    const { check, sent, pending } = await bench();
    expect(await check.probe(ip(address))).toBe('unchecked');
    expect([sent, pending()]).toEqual([[], 0]);
  },
);

test('closing leaves nobody waiting and no timer behind', async () => {
  const { check, world, answered, pending } = await bench();
  const got = answered(check.probe(FREE));
  await world.advance(50);
  await check.close();
  await check.close();
  await world.advance(0);
  expect([got(), pending()]).toEqual([{ is: 'unchecked', after: 50 }, 0]);
  expect(await check.probe(FREE)).toBe('unchecked');
});

const errno = (code: string): Error => Object.assign(new Error(code), { code });

test.each(['ECONNREFUSED', 'EHOSTUNREACH', 'EHOSTDOWN'])(
  '%s, which is about one address, hurts no probe',
  async (code) => {
    const { check, world, answered, socketTrouble, troubles } = await bench(5);
    const got = answered(check.probe(USED));
    socketTrouble(errno(code));
    await world.advance(300);
    expect([got(), troubles]).toEqual([{ is: HOLDER, after: 8 }, []]);
  },
);

test('where nothing can be sent nothing is free, and it is told once a second', async () => {
  const { check, world, answered, socketTrouble, troubles } = await bench();
  const error = errno('ENETUNREACH');
  for (let turn = 0; turn < 3; turn += 1) {
    const got = answered(check.probe(FREE));
    socketTrouble(error);
    await world.advance(400);
    expect(got()).toEqual({ is: 'unchecked', after: 0 });
  }
  expect(troubles).toEqual([error]);
  socketTrouble(error);
  expect(troubles).toEqual([error, error]);
});

test('where the table cannot be read nothing is free', async () => {
  const { check, world, answered, breakTable, troubles, pending } = await bench();
  const error = new Error('no table');
  breakTable(error);
  const got = answered(check.probe(FREE));
  await world.advance(300);
  expect([got(), troubles, pending()]).toEqual([{ is: 'unchecked', after: 3 }, [error], 0]);
});

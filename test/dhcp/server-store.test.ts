// The lease is stored before the ACK leaves (RFC 2131 section 3.1), and what happens when it cannot be.
import { beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { leaseHolderAt } from '../../src/phones/register.ts';
import { ACK, type Bench, EVERYONE, openBench, SELECT } from './bench.ts';
import { HOUR, ip, phoneMac, type Said } from './kit.ts';
import { lease } from './scene.ts';

const RENEW: Said = { type: 'request', ciaddr: '10.20.0.50' };
const RENEWED = 'ack 10.20.0.50 to 10.20.0.50:68';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});

const faults = (): readonly unknown[] => bench.events.filter(({ kind }) => kind === 'fault');
/** Lets the commit of that number go, or fail. */
async function stored(number: number, error?: Error): Promise<void> {
  if (error === undefined) bench.commits[number]?.done();
  else bench.commits[number]?.fail(error);
  await bench.advance(0);
}
/** Lease time, T1 and T2 of the last reply. */
const times = (): readonly number[] => {
  const options = bench.replies().at(-1)?.options;
  return [51, 58, 59].map((code) => Buffer.from(options?.get(code) ?? [0, 0, 0, 0]).readUInt32BE());
};

describe('before the ACK', () => {
  test('no ACK and no word of it until the commit has resolved', async () => {
    await bench.ask(SELECT);
    await bench.advance(60_000);
    expect([bench.sent(), bench.kinds()]).toEqual([[], ['appeared']]);
    expect(bench.commits.map(({ changes }) => changes)).toMatchObject([
      [{ kind: 'bound', lease: { address: ip('10.20.0.50'), client: phoneMac(1) } }],
    ]);
    expect(leaseHolderAt(bench.door.register, ip('10.20.0.50'))).toBeUndefined();
    await stored(0);
    expect([bench.sent(), bench.kinds()]).toEqual([[ACK], ['appeared', 'leased']]);
    expect(leaseHolderAt(bench.door.register, ip('10.20.0.50'))?.mac).toBe(phoneMac(1));
  });

  test('what stores nothing waits for nothing', async () => {
    await bench.ask(SELECT);
    await bench.ask({ type: 'discover', mac: phoneMac(2) });
    await bench.ask({ type: 'inform', ciaddr: '10.20.0.7', mac: phoneMac(3) });
    expect(bench.sent()).toEqual([`offer 10.20.0.51 to ${EVERYONE}`, 'ack 0.0.0.0 to 10.20.0.7:68']);
    expect(bench.commits).toHaveLength(1);
  });

  test('another phone that asks meanwhile is refused the address', async () => {
    await bench.ask(SELECT);
    await bench.ask({ ...SELECT, mac: phoneMac(2) });
    expect(bench.sent()).toEqual([`nak 0.0.0.0 to ${EVERYONE}`]);
  });

  test('many commit in the order in which they came; each ACK leaves when its own is stored', async () => {
    for (const number of [1, 2, 3]) {
      await bench.ask({ ...SELECT, requested: `10.20.0.5${number}`, mac: phoneMac(number) });
    }
    expect(bench.commits.map(({ changes }) => changes.map(({ kind }) => kind))).toEqual([
      ['bound'],
      ['bound'],
      ['bound'],
    ]);
    expect(
      bench.commits.map(({ changes: [change] }) => change?.kind === 'bound' && change.lease.client),
    ).toEqual([1, 2, 3].map(phoneMac));
    await stored(0);
    expect(bench.sent()).toEqual([`ack 10.20.0.51 to ${EVERYONE}`]);
    bench.commits[1]?.done();
    bench.commits[2]?.done();
    await bench.advance(0);
    expect(bench.sent().slice(1)).toEqual([`ack 10.20.0.52 to ${EVERYONE}`, `ack 10.20.0.53 to ${EVERYONE}`]);
  });

  test('a RELEASE and a DECLINE are told when they are stored', async () => {
    bench = await openBench({
      stored: (now) => [1, 2].map((number) => lease(`10.20.0.5${number}`, number, { expires: now + HOUR })),
    });
    await bench.ask({ type: 'release', ciaddr: '10.20.0.51' });
    await bench.ask({ type: 'decline', requested: '10.20.0.52', mac: phoneMac(2) });
    expect(bench.kinds()).toEqual(['appeared', 'appeared']);
    expect(bench.commits.map(({ changes }) => changes)).toMatchObject([
      [{ kind: 'freed' }],
      [{ kind: 'declined' }],
    ]);
    await stored(0);
    await stored(1);
    expect([bench.kinds().slice(2), bench.sent()]).toEqual([['released', 'declined'], []]);
  });
});

describe('a new lease that cannot be stored', () => {
  test('no ACK, but a fault with its hint; the next try is answered', async () => {
    await bench.ask(SELECT);
    await stored(0, new Fault('disk-full', 'no space left', 'make room'));
    expect(bench.sent()).toEqual([]);
    expect(faults()).toEqual([
      {
        kind: 'fault',
        at: bench.now(),
        mac: phoneMac(1),
        code: 'disk-full',
        message: 'DHCP: no space left',
        hint: 'make room',
      },
    ]);
    expect(leaseHolderAt(bench.door.register, ip('10.20.0.50'))).toBeUndefined();
    await bench.ask(SELECT);
    await stored(1);
    expect(bench.sent()).toEqual([ACK]);
  });

  test('an error that is no Fault is told as well', async () => {
    await bench.ask(SELECT);
    await stored(0, Object.assign(new Error('read-only'), { code: 'EROFS' }));
    expect(faults()).toMatchObject([{ code: 'EROFS', message: 'DHCP: read-only' }]);
  });

  test('its address waits for the client as long as an offer does, then it is free', async () => {
    await bench.ask(SELECT);
    await stored(0, new Error('no disk'));
    await bench.ask({ ...SELECT, mac: phoneMac(2) });
    expect(bench.sent()).toEqual([`nak 0.0.0.0 to ${EVERYONE}`]);
    await bench.advance(30_000);
    await bench.ask({ ...SELECT, mac: phoneMac(2) });
    await stored(1);
    expect(bench.sent().at(-1)).toBe(ACK);
  });

  test('a lease that moves to another address: no ACK, and the client may ask again', async () => {
    bench = await openBench({ stored: (now) => [lease('10.20.0.55', 1, { expires: now + HOUR })] });
    await bench.ask(SELECT);
    await stored(0, new Error('no disk'));
    expect(bench.sent()).toEqual([]);
    await bench.ask(SELECT);
    await stored(1);
    expect(bench.sent()).toEqual([ACK]);
  });
});

describe('a renewal that cannot be stored', () => {
  beforeEach(async () => {
    bench = await openBench({ stored: (now) => [lease('10.20.0.50', 1, { expires: now + HOUR / 2 })] });
  });

  test('is confirmed for as long as was stored before, and the fault is told', async () => {
    await bench.ask(RENEW);
    expect(bench.sent()).toEqual([]);
    await stored(0, new Error('no disk'));
    expect(bench.sent()).toEqual([RENEWED]);
    expect(times()).toEqual([1799, 899, 1574]);
    expect(bench.kinds()).toEqual(['appeared', 'leased', 'fault']);
    expect(bench.events[1]).toMatchObject({ kind: 'leased', seconds: 1799, how: 'renewed' });
    expect(leaseHolderAt(bench.door.register, ip('10.20.0.50'))?.mac).toBe(phoneMac(1));
  });

  test('ends when it would have ended', async () => {
    await bench.ask(RENEW);
    await stored(0, new Error('no disk'));
    await bench.advance(HOUR / 2);
    await bench.ask({ ...SELECT, mac: phoneMac(2) });
    await stored(1);
    expect(bench.sent().at(-1)).toBe(ACK);
  });

  test('the next one that is stored is whole again', async () => {
    await bench.ask(RENEW);
    await stored(0, new Error('no disk'));
    await bench.ask(RENEW);
    await stored(1);
    expect(times()).toEqual([3600, 1800, 3150]);
  });

  test('of a lease that has ended gets no ACK: nothing was promised for now', async () => {
    await bench.advance(HOUR);
    await bench.ask(RENEW);
    await stored(0, new Error('no disk'));
    expect(bench.sent()).toEqual([]);
  });
});

test('a RELEASE that cannot be stored is a fault, and nothing is told of it', async () => {
  bench = await openBench({ stored: (now) => [lease('10.20.0.50', 1, { expires: now + HOUR })] });
  await bench.ask({ type: 'release', ciaddr: '10.20.0.50' });
  await stored(0, new Error('no disk'));
  expect(bench.kinds()).toEqual(['appeared', 'fault']);
});

test('rapid commit is stored before its ACK too', async () => {
  bench = await openBench({ dhcp: { rapidCommit: true } });
  await bench.ask({ type: 'discover', more: [[80, new Uint8Array()]] });
  expect(bench.sent()).toEqual([]);
  await stored(0);
  expect(bench.sent()).toEqual([ACK]);
});

// The door looks whether somebody uses a fresh address before it offers it.
import { describe, expect, test } from 'vitest';
import { mac } from '../net/watched.ts';
import { type Bench, type BenchParts, EVERYONE, openBench, RELAY, SELECT } from './bench.ts';
import { HOUR, ip, phoneMac } from './kit.ts';
import { lease } from './scene.ts';

const ROGUE = mac('4c5e0c000001');
/** Large enough that a few addresses may be in quarantine at a time. */
const pool = { first: ip('10.20.0.50'), last: ip('10.20.0.149') };

async function open({ dhcp = {}, ...parts }: BenchParts = {}): Promise<Bench> {
  return await openBench({ stores: true, dhcp: { conflictCheck: true, pool, ...dhcp }, ...parts });
}

const looked = ({ looks }: Bench): readonly string[] => looks.map(({ address }) => address);
const offers = (...addresses: readonly string[]): readonly string[] =>
  addresses.map((address) => `offer ${address} to ${EVERYONE}`);
const conflicts = ({ events }: Bench): readonly unknown[] =>
  events.filter(({ kind }) => kind === 'address-conflict');

test('nothing is offered before the answer is there', async () => {
  const bench = await open();
  await bench.ask({ type: 'discover' });
  expect([looked(bench), bench.sent(), bench.kinds()]).toEqual([['10.20.0.50'], [], ['appeared']]);
  bench.looks[0]?.finds('free');
  await bench.advance(0);
  expect(bench.sent()).toEqual(offers('10.20.0.50'));
  expect(bench.kinds()).toEqual(['appeared', 'asked-for-address', 'offered']);
});

test.each([
  { found: 'free', when: 'nobody answers' },
  { found: 'unchecked', when: 'it cannot be looked for' },
  { found: phoneMac(1), when: 'the asker itself has it' },
] as const)('$when: it is offered', async ({ found }) => {
  const bench = await open();
  await bench.ask({ type: 'discover' });
  bench.looks[0]?.finds(found);
  await bench.advance(0);
  expect(bench.sent()).toEqual(offers('10.20.0.50'));
  expect([conflicts(bench), bench.commits]).toEqual([[], []]);
});

test('the former holder may still stand in the table of the kernel: that is no use of the address', async () => {
  const stored = (now: number) => [
    lease('10.20.0.50', 2, { expires: now - 1 }),
    lease('10.20.0.51', 3, { expires: now - 1 }),
  ];
  const bench = await open({ stored });
  await bench.ask({ type: 'discover', requested: '10.20.0.50' });
  bench.looks[0]?.finds(phoneMac(2));
  await bench.advance(0);
  await bench.ask({ type: 'discover', requested: '10.20.0.51', mac: phoneMac(4) });
  bench.looks[1]?.finds(phoneMac(2));
  await bench.advance(0);
  expect(bench.sent()).toEqual(offers('10.20.0.50'));
  expect(conflicts(bench)).toMatchObject([{ address: ip('10.20.0.51'), by: phoneMac(2), mac: phoneMac(4) }]);
});

describe('somebody has it', () => {
  test('it goes into quarantine for an hour, is told, and another address is looked for', async () => {
    const bench = await open();
    await bench.ask({ type: 'discover' });
    bench.looks[0]?.finds(ROGUE);
    await bench.advance(0);
    expect([looked(bench), bench.sent()]).toEqual([['10.20.0.50', '10.20.0.51'], []]);
    expect(conflicts(bench)).toEqual([
      { kind: 'address-conflict', at: bench.now(), mac: phoneMac(1), address: ip('10.20.0.50'), by: ROGUE },
    ]);
    expect(bench.commits.map(({ changes }) => changes)).toMatchObject([
      [{ kind: 'declined', lease: { address: ip('10.20.0.50'), expires: bench.now() + HOUR } }],
    ]);
    bench.looks[1]?.finds('free');
    await bench.advance(0);
    expect(bench.sent()).toEqual(offers('10.20.0.51'));
    expect(bench.kinds()).toEqual(['appeared', 'address-conflict', 'asked-for-address', 'offered']);
    await bench.ask({ type: 'discover', mac: phoneMac(2), requested: '10.20.0.50' });
    expect(looked(bench).at(-1)).toBe('10.20.0.52');
  });

  test('four times in a row; the fifth address is offered unlooked, and a DECLINE would tell', async () => {
    const bench = await open();
    await bench.ask({ type: 'discover' });
    for (let at = 0; at < 4; at += 1) {
      bench.looks[at]?.finds(ROGUE);
      await bench.advance(0);
    }
    expect(looked(bench)).toEqual(['10.20.0.50', '10.20.0.51', '10.20.0.52', '10.20.0.53']);
    expect(bench.sent()).toEqual(offers('10.20.0.54'));
    expect(conflicts(bench)).toHaveLength(4);
  });

  test('who claims every address empties no pool: a tenth of it is left alone, no more', async () => {
    const bench = await open({ dhcp: { pool: { first: ip('10.20.0.50'), last: ip('10.20.0.69') } } });
    for (let phone = 1; phone <= 4; phone += 1) {
      await bench.ask({ type: 'discover', mac: phoneMac(phone) });
      for (let at = bench.looks.length - 1; at < bench.looks.length; at += 1) {
        bench.looks[at]?.finds(ROGUE);
        await bench.advance(0);
      }
    }
    expect(bench.door.leases.quarantine.size).toBe(2);
    expect(bench.sent()).toHaveLength(4);
  });

  test('and nothing else is left: silence', async () => {
    const bench = await open({ dhcp: { pool: { first: ip('10.20.0.50'), last: ip('10.20.0.50') } } });
    await bench.ask({ type: 'discover' });
    bench.looks[0]?.finds(ROGUE);
    await bench.advance(0);
    expect(bench.sent()).toEqual([]);
    expect(bench.events.at(-1)).toMatchObject({ kind: 'no-answer-given', because: 'pool-exhausted' });
  });

  test('and the quarantine cannot be stored: a fault, and the offer all the same', async () => {
    const bench = await open({ stores: false });
    await bench.ask({ type: 'discover' });
    bench.looks[0]?.finds(ROGUE);
    await bench.advance(0);
    bench.looks[1]?.finds('free');
    bench.commits[0]?.fail(new Error('no disk'));
    await bench.advance(0);
    expect(bench.sent()).toEqual(offers('10.20.0.51'));
    expect(bench.events.filter(({ kind }) => kind === 'fault')).toMatchObject([{ message: 'DHCP: no disk' }]);
  });
});

describe('the client asks again meanwhile', () => {
  test('one look, one answer: to the latest question', async () => {
    const bench = await open();
    for (const xid of [1, 2, 3]) await bench.ask({ type: 'discover' }, { xid });
    expect(looked(bench)).toEqual(['10.20.0.50']);
    bench.looks[0]?.finds('free');
    await bench.advance(0);
    expect(bench.replies().map(({ xid }) => xid)).toEqual([3]);
    await bench.ask({ type: 'discover' }, { xid: 4 });
    expect(bench.replies().map(({ xid }) => xid)).toEqual([3, 4]);
    expect(bench.looks).toHaveLength(1);
  });

  test('and another has it: the latest question gets the next address', async () => {
    const bench = await open();
    for (const xid of [1, 2]) await bench.ask({ type: 'discover' }, { xid });
    bench.looks[0]?.finds(ROGUE);
    await bench.advance(0);
    bench.looks[1]?.finds('free');
    await bench.advance(0);
    expect(bench.replies().map(({ xid }) => xid)).toEqual([2]);
    expect(bench.sent()).toEqual(offers('10.20.0.51'));
  });

  test('for another address: each is looked for', async () => {
    const bench = await open();
    await bench.ask({ type: 'discover' }, { xid: 1 });
    await bench.ask({ type: 'discover', mac: phoneMac(2) }, { xid: 2 });
    expect(looked(bench)).toEqual(['10.20.0.50', '10.20.0.51']);
    bench.looks[1]?.finds('free');
    await bench.advance(0);
    bench.looks[0]?.finds('free');
    await bench.advance(0);
    expect(bench.sent()).toEqual(offers('10.20.0.51', '10.20.0.50'));
  });
});

describe('nobody is looked for', () => {
  test('where the settings say so', async () => {
    const bench = await open({ dhcp: { conflictCheck: false } });
    await bench.ask({ type: 'discover' });
    expect([looked(bench), bench.sent()]).toEqual([[], offers('10.20.0.50')]);
  });

  test('at the address that the client has, had, or was offered', async () => {
    const bench = await open({
      stored: (now) => [
        lease('10.20.0.60', 1, { expires: now + HOUR }),
        lease('10.20.0.61', 2, { expires: now - 1 }),
      ],
    });
    await bench.ask({ type: 'discover', mac: phoneMac(1) });
    await bench.ask({ type: 'discover', mac: phoneMac(2) });
    expect([looked(bench), bench.sent()]).toEqual([[], offers('10.20.0.60', '10.20.0.61')]);
  });

  test('for a REQUEST: the phone looks itself before it uses an address (RFC 2131 section 4.4.1)', async () => {
    const bench = await open();
    await bench.ask({ ...SELECT, requested: '10.20.0.70' });
    expect([looked(bench), bench.sent()]).toEqual([[], [`ack 10.20.0.70 to ${EVERYONE}`]]);
  });

  test('for silence', async () => {
    const bench = await open();
    bench.guard.objection = 'looking-around';
    await bench.ask({ type: 'discover' });
    expect(bench.looks).toEqual([]);
  });
});

test('rapid commit commits nothing unlooked: the client gets an OFFER', async () => {
  const bench = await open({ dhcp: { rapidCommit: true } });
  await bench.ask({ type: 'discover', more: [[80, new Uint8Array()]] });
  bench.looks[0]?.finds('free');
  await bench.advance(0);
  expect(bench.sent()).toEqual(offers('10.20.0.50'));
});

test('a reserved address is looked for the first time, and a conflict there gives another', async () => {
  const list = [{ mac: phoneMac(1), address: ip('10.20.0.200'), columns: {} }];
  const bench = await open({ list });
  await bench.ask({ type: 'discover' });
  expect(looked(bench)).toEqual(['10.20.0.200']);
  bench.looks[0]?.finds(ROGUE);
  await bench.advance(0);
  bench.looks[1]?.finds('free');
  await bench.advance(0);
  expect(bench.sent()).toEqual(offers('10.20.0.50'));
});

test('a look that breaks is told, and the address offered as one that cannot be looked for', async () => {
  const bench = await open();
  await bench.ask({ type: 'discover' });
  bench.looks[0]?.fails(new Error('no ARP here'));
  await bench.advance(0);
  expect(bench.events.filter(({ kind }) => kind === 'fault')).toMatchObject([
    { message: 'DHCP: no ARP here' },
  ]);
  expect(bench.sent()).toEqual(offers('10.20.0.50'));
});

test('behind a relay the offer goes to the relay, after the look', async () => {
  const bench = await open();
  await bench.relay(RELAY, { type: 'discover' });
  bench.looks[0]?.finds('free');
  await bench.advance(0);
  expect(bench.sent()).toEqual(['offer 10.20.0.50 to 10.20.0.2:67']);
});

test('a door that is closed meanwhile sends nothing', async () => {
  const bench = await open();
  await bench.ask({ type: 'discover' });
  await bench.server.close();
  bench.looks[0]?.finds('free');
  await bench.advance(0);
  expect(bench.sent()).toEqual([]);
});

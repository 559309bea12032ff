// How often clients and switch ports may ask, and what is told when strangers come in crowds.
import { describe, expect, test } from 'vitest';
import { becauseOf } from '../../src/timeline/reason.ts';
import { type Bench, openBench, RELAY } from './bench.ts';
import { ip, mac, phoneMac, type Said } from './kit.ts';

const ASK: Said = { type: 'inform', ciaddr: '10.20.0.7' };

const silences = ({ events }: Bench): readonly string[] =>
  events.flatMap((event) => (event.kind === 'no-answer-given' ? [event.because] : []));

describe('one client', () => {
  test('has bursts of ten times its rate, then its rate; others do not suffer', async () => {
    const bench = await openBench({ dhcp: { limits: { perClient: 2, perPort: 100 } } });
    for (let time = 0; time < 30; time += 1) await bench.ask(ASK);
    // Each message takes a millisecond here, so that nothing of weight is earned meanwhile.
    expect(bench.sent()).toHaveLength(20);
    expect(silences(bench)).toEqual(['asked-too-often']);
    await bench.ask({ ...ASK, mac: phoneMac(2) });
    expect(bench.sent()).toHaveLength(21);
    await bench.advance(1000);
    for (let time = 0; time < 5; time += 1) await bench.ask(ASK);
    expect(bench.sent()).toHaveLength(23);
  });

  test('is known by its identifier where these tell clients apart: a new MAC for each message does not help', async () => {
    const bench = await openBench({
      dhcp: { identity: 'client-id', limits: { perClient: 1, perPort: 100 } },
    });
    for (let time = 0; time < 20; time += 1) {
      await bench.ask({ ...ASK, mac: phoneMac(time), more: [[61, Uint8Array.of(255, 1)]] });
    }
    expect(bench.sent()).toHaveLength(10);
  });

  test('too fast is no phone that is met', async () => {
    const bench = await openBench({ dhcp: { limits: { perClient: 0.01, perPort: 100 } } });
    await bench.ask(ASK);
    const { lastSeen } = bench.door.register.phones.get(phoneMac(1)) ?? {};
    await bench.advance(5000);
    await bench.ask(ASK);
    expect(bench.door.register.phones.get(phoneMac(1))?.lastSeen).toBe(lastSeen);
  });
});

describe('one switch port', () => {
  const at = (port: string, giaddr = RELAY): readonly [typeof RELAY, Said['more']] => [
    giaddr,
    [[82, Buffer.concat([Uint8Array.of(1, port.length), Buffer.from(port)])]],
  ];
  async function flood(bench: Bench, port: string, count: number, relay = RELAY): Promise<void> {
    const [from, more] = at(port, relay);
    for (let time = 0; time < count; time += 1) {
      await bench.relay(from, { ...ASK, mac: phoneMac(1000 + time), ...(more && { more }) });
    }
  }

  test('with a new MAC for each message has its limit all the same; other ports do not suffer', async () => {
    const bench = await openBench({ dhcp: { limits: { perClient: 5, perPort: 1 } } });
    await flood(bench, 'gi7', 15);
    expect(bench.sent()).toHaveLength(10);
    expect(new Set(silences(bench))).toEqual(new Set(['port-asks-too-often']));
    await flood(bench, 'gi8', 3);
    expect(bench.sent()).toHaveLength(13);
    await flood(bench, 'gi7', 3, { ...RELAY, address: ip('10.20.0.3') });
    expect(bench.sent()).toHaveLength(16);
  });

  test('is believed to nobody but a relay', async () => {
    const bench = await openBench({ dhcp: { limits: { perClient: 5, perPort: 1 } } });
    const [, more = []] = at('gi7');
    for (let time = 0; time < 15; time += 1) await bench.ask({ ...ASK, mac: phoneMac(time), more });
    expect(bench.sent()).toHaveLength(15);
  });
});

test('every reason for silence has its sentence', () => {
  for (const reason of ['asked-too-often', 'port-asks-too-often', 'strangers-share-used'] as const) {
    expect(becauseOf(reason)).toMatch(/\w/);
  }
});

describe('strangers', () => {
  const dhcp = {
    strangers: { share: 0.2, probation: 300_000 },
    limits: { perClient: 5, perPort: 100 },
  };
  /** Second lowest bit of the first byte: made up. */
  const madeUp = (number: number) => mac(`0aaaaa${number.toString(16).padStart(6, '0')}`);
  const real = (number: number) => mac(`00aaaa${number.toString(16).padStart(6, '0')}`);
  const limited = ({ events }: Bench): readonly unknown[] =>
    events.filter(({ kind }) => kind === 'strangers-limited');

  test('fill their share and no more; phones of a known make come all the same', async () => {
    const bench = await openBench({ dhcp });
    for (let number = 0; number < 5; number += 1) await bench.ask({ type: 'discover', mac: madeUp(number) });
    expect(bench.sent()).toHaveLength(2);
    await bench.ask({ type: 'discover', mac: phoneMac(1) });
    expect(bench.sent()).toHaveLength(3);
  });

  test('are told once a minute: how many hold addresses, how many came, how many are made up', async () => {
    const bench = await openBench({ dhcp });
    for (let number = 0; number < 3; number += 1) await bench.ask({ type: 'discover', mac: madeUp(number) });
    for (let number = 0; number < 3; number += 1) await bench.ask({ type: 'discover', mac: real(number) });
    expect(limited(bench)).toEqual([
      {
        kind: 'strangers-limited',
        at: expect.any(Number) as unknown,
        held: 2,
        most: 2,
        newcomers: 3,
        madeUp: 3,
      },
    ]);
    // Those that were offered an address take none, so it is free again after half a minute.
    await bench.advance(29_000);
    for (const number of [0, 1]) await bench.ask({ type: 'discover', mac: madeUp(number) });
    await bench.advance(29_000);
    await bench.ask({ type: 'discover', mac: real(9) });
    expect(limited(bench)).toHaveLength(1);
    for (const number of [0, 1]) await bench.ask({ type: 'discover', mac: madeUp(number) });
    await bench.advance(2000);
    await bench.ask({ type: 'discover', mac: real(10) });
    expect(limited(bench).slice(1)).toMatchObject([{ held: 2, most: 2, newcomers: 2, madeUp: 0 }]);
  });

  test('that come back are no newcomers', async () => {
    const bench = await openBench({ dhcp });
    for (let time = 0; time < 4; time += 1) {
      for (let number = 0; number < 3; number += 1) await bench.ask({ type: 'discover', mac: real(number) });
    }
    expect(limited(bench)).toMatchObject([{ newcomers: 3, madeUp: 0 }]);
  });
});

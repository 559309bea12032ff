// The door on a LAN in memory: phones that come and go, messages that are broken, and the word of the guard.
import { beforeEach, describe, expect, test } from 'vitest';
import { leaseHolderAt } from '../../src/phones/register.ts';
import { ACK, type Bench, EVERYONE, openBench, RELAY, SELECT } from './bench.ts';
import { ip, phoneMac, type Said } from './kit.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench({ stores: true });
});

const faults = (): readonly unknown[] => bench.events.filter(({ kind }) => kind === 'fault');

describe('a phone comes', () => {
  test('and is met, offered and leased', async () => {
    await bench.ask({ type: 'discover', asks: [1, 66], vendorClass: 'acme A1' });
    await bench.ask({ ...SELECT, vendorClass: 'acme A1' });
    expect(bench.sent()).toEqual([`offer 10.20.0.50 to ${EVERYONE}`, ACK]);
    expect(bench.kinds()).toEqual(['appeared', 'asked-for-address', 'offered', 'leased']);
    expect(bench.events[0]).toMatchObject({
      mac: phoneMac(1),
      door: 'dhcp',
      model: 'A1',
      by: 'DHCP option 60',
    });
    expect(bench.events[3]).toMatchObject({ url: 'http://10.20.0.1/', urlOptions: [66] });
    expect(leaseHolderAt(bench.door.register, ip('10.20.0.50'))?.mac).toBe(phoneMac(1));
  });

  test('and gives its address back', async () => {
    await bench.ask(SELECT);
    await bench.ask({ type: 'release', ciaddr: '10.20.0.50' });
    expect(bench.sent()).toEqual([ACK]);
    expect(bench.kinds()).toEqual(['appeared', 'leased', 'released']);
    expect(leaseHolderAt(bench.door.register, ip('10.20.0.50'))).toBeUndefined();
  });

  test('and declines its address', async () => {
    await bench.ask(SELECT);
    await bench.ask({ type: 'decline', requested: '10.20.0.50' });
    expect(bench.kinds()).toEqual(['appeared', 'leased', 'declined']);
    expect(leaseHolderAt(bench.door.register, ip('10.20.0.50'))).toBeUndefined();
    await bench.ask({ type: 'discover', requested: '10.20.0.50' });
    expect(bench.sent().at(-1)).toBe(`offer 10.20.0.51 to ${EVERYONE}`);
  });

  test('and only asks for settings: where it says to be is a claim, not a lease', async () => {
    await bench.ask({ type: 'inform', ciaddr: '10.20.0.7', asks: [66] });
    expect(bench.sent()).toEqual(['ack 0.0.0.0 to 10.20.0.7:68']);
    expect(bench.commits).toEqual([]);
    expect(leaseHolderAt(bench.door.register, ip('10.20.0.7'))).toBeUndefined();
    expect(bench.door.register.claims.get(ip('10.20.0.7'))).toBe(phoneMac(1));
  });

  test('through a relay that sends from a port of its own (RFC 8357)', async () => {
    const more = [[82, Uint8Array.of(19, 0)]] as const;
    await bench.relay({ ...RELAY, port: 40_067 }, { type: 'discover', more });
    await bench.relay({ ...RELAY, port: 40_067 }, { type: 'discover' });
    expect(bench.sent()).toEqual(['offer 10.20.0.50 to 10.20.0.2:40067', 'offer 10.20.0.50 to 10.20.0.2:67']);
  });

  test('that is none, without MAC: it is served and no phone is met', async () => {
    const id: Said = { more: [[61, Uint8Array.of(255, 1, 2)]] };
    await bench.ask({ type: 'discover', ...id }, { htype: 32, chaddr: new Uint8Array() });
    expect(bench.sent()).toEqual([`offer 10.20.0.50 to ${EVERYONE}`]);
    expect(bench.kinds()).toEqual(['asked-for-address', 'offered']);
    expect(bench.door.register.phones.size).toBe(0);
  });
});

describe('what comes is broken', () => {
  test('garbage is told, and the next message answered', async () => {
    await bench.hear(new Uint8Array(100));
    await bench.hear(new Uint8Array(300));
    await bench.ask({ type: 'discover' });
    const garbled = { kind: 'garbled', from: '0.0.0.0:68', door: 'dhcp', at: expect.any(Number) as unknown };
    expect(bench.events.slice(0, 2)).toEqual([
      { ...garbled, because: 'too-short', offset: 100, bytes: 100 },
      { ...garbled, because: 'bad-magic', offset: 236, bytes: 300 },
    ]);
    expect(bench.sent()).toHaveLength(1);
  });

  test.each([
    { when: 'it is a reply', what: { type: 'offer', op: 2 }, because: 'not-a-request' },
    { when: 'it is meant for clients', what: { type: 'ack' }, because: 'message-not-for-a-server' },
    {
      when: 'its relay is elsewhere',
      what: { type: 'discover', giaddr: '172.16.1.1' },
      because: 'relay-not-served',
    },
    {
      when: 'its relay is everybody',
      what: { type: 'discover', giaddr: '255.255.255.255' },
      because: 'relay-not-served',
    },
    {
      when: 'its relay is itself',
      what: { type: 'discover', giaddr: '127.0.0.1' },
      because: 'relay-not-served',
    },
    { when: 'its relay is us', what: { type: 'discover', giaddr: '10.20.0.1' }, because: 'relay-not-served' },
  ] as const)('no question introduces a phone: $when', async ({ what, because }) => {
    await bench.ask(what);
    expect(bench.events).toMatchObject([
      { kind: 'no-answer-given', mac: phoneMac(1), door: 'dhcp', because },
    ]);
    expect([bench.sent(), bench.door.register.phones.size]).toEqual([[], 0]);
  });

  test('a relay that goes in a circle is not fed', async () => {
    await bench.ask({ type: 'discover', giaddr: '10.20.0.2' }, { hops: 17 });
    expect(bench.sent()).toEqual([]);
  });

  test('one word a second on the silence that a phone gets', async () => {
    const other: Said = { type: 'request', server: '10.20.0.9', requested: '10.20.0.50' };
    for (let time = 0; time < 20; time += 1) {
      await bench.ask(other);
      await bench.ask({ ...other, mac: phoneMac(2) });
      await bench.advance(98);
    }
    const silences = bench.events.filter(({ kind }) => kind === 'no-answer-given');
    expect([1, 2].map((each) => silences.filter(({ mac }) => mac === phoneMac(each)).length)).toEqual([2, 2]);
  });

  test('a bug in deciding does not close the door', async () => {
    let broken = true;
    bench = await openBench({
      door: {
        urlFor: () => {
          if (broken) throw new Error('bug');
          return undefined;
        },
      },
    });
    await bench.ask({ type: 'discover' });
    expect(faults()).toMatchObject([{ code: 'dhcp-failed', message: 'DHCP: bug' }]);
    broken = false;
    await bench.ask({ type: 'discover' });
    expect(bench.sent()).toHaveLength(1);
  });
});

describe('the guard', () => {
  test.each(['foreign-server-answers', 'looking-around'] as const)(
    'objects (%s): no offer',
    async (objection) => {
      bench.guard.objection = objection;
      await bench.ask({ type: 'discover' });
      expect(bench.sent()).toEqual([]);
      expect(bench.events.slice(1)).toMatchObject([
        { kind: 'asked-for-address' },
        { kind: 'no-answer-given', because: objection },
      ]);
      bench.guard.objection = undefined;
      await bench.ask({ type: 'discover' });
      expect(bench.sent()).toEqual([`offer 10.20.0.50 to ${EVERYONE}`]);
    },
  );

  test('objects: phones that have an address keep it all the same', async () => {
    await bench.ask(SELECT);
    bench.guard.objection = 'foreign-server-answers';
    await bench.ask({ type: 'request', ciaddr: '10.20.0.50' });
    expect(bench.sent()).toEqual([ACK, 'ack 10.20.0.50 to 10.20.0.50:68']);
  });

  test('asks itself: that is not answered, not told and no phone', async () => {
    bench.guard.probes.add(phoneMac(1));
    await bench.ask({ type: 'discover' });
    expect([bench.sent(), bench.events, bench.door.register.phones.size]).toEqual([[], [], 0]);
    await bench.ask({ type: 'discover', mac: phoneMac(2) });
    expect(bench.sent()).toHaveLength(1);
  });

  test('hears which phones another server has caught', async () => {
    await bench.ask({ type: 'request', server: '10.20.0.9', requested: '10.20.0.77' });
    await bench.ask({ ...SELECT, mac: phoneMac(2) });
    await bench.ask({ type: 'request', requested: '10.20.0.55', mac: phoneMac(3) });
    await bench.ask({ type: 'release', server: '10.20.0.9', ciaddr: '10.20.0.77', mac: phoneMac(4) });
    expect(bench.guard.heard).toEqual([`10.20.0.9 by ${phoneMac(1)}`]);
  });

  test('hears nothing from a phone that speaks to us by the name its relay gave us (RFC 5107)', async () => {
    const more = [[82, Uint8Array.of(11, 4, 10, 20, 0, 2)]] as const;
    await bench.relay(RELAY, { ...SELECT, server: '10.20.0.2', more });
    expect(bench.guard.heard).toEqual([]);
    expect(bench.sent()).toEqual(['ack 10.20.0.50 to 10.20.0.2:67']);
  });
});

test('options without room are told, and the rest is sent', async () => {
  const long = `http://10.20.0.1/${'x'.repeat(200)}/`;
  bench = await openBench({ door: { urlFor: () => long } });
  await bench.ask({ type: 'discover', asks: [66, 160] });
  expect(faults()).toMatchObject([
    { code: 'dhcp-reply-full', mac: phoneMac(1), message: 'DHCP: The DHCP reply had no room for option 160' },
  ]);
  expect(bench.replies()[0]?.options.has(66)).toBe(true);
  await bench.ask({ type: 'discover', asks: [66, 160], more: [[57, Uint8Array.of(5, 220)]] });
  expect(faults()).toHaveLength(1);
  expect(bench.replies()[1]?.options.has(160)).toBe(true);
});

test('a socket in trouble is told', () => {
  bench.trouble(Object.assign(new Error('network is down'), { code: 'ENETDOWN' }));
  expect(faults()).toMatchObject([{ code: 'ENETDOWN', message: 'DHCP: network is down' }]);
});

test('a closed door answers nothing, not even what was under way', async () => {
  bench = await openBench();
  await bench.ask(SELECT);
  await bench.server.close();
  bench.commits[0]?.done();
  await bench.ask({ type: 'discover', mac: phoneMac(2) });
  await bench.server.close();
  expect(bench.sent()).toEqual([]);
});

// The door against those who are no phones, in front of firewalls, and under load.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Lan } from '../../src/net/ports.ts';
import { encodePacket } from '../../src/tftp/packet.ts';
import { address, brief, content, option, PORT_69, SERVER, served } from './door.ts';

const OPTIONS = [option('tsize', 0), option('blksize', 1432), option('timeout', 1)];

test.each([
  { what: 'without options', options: [], name: 'a.cfg', most: 516 },
  { what: 'with options', options: OPTIONS, name: '0015651234ab.cfg', most: 5 * 57 },
  { what: 'for what is not there', options: [], name: 'missing', most: 5 * 16 },
])(
  'one request $what that is never acknowledged gets $most bytes in a minute',
  async ({ options, name, most }) => {
    const { phone, world, outcomes } = await served({ content: new Uint8Array(100_000) });
    const { read, heard } = await phone();
    await read(name, 'octet', options);
    await world.advance(60_000);
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(most);
    expect(outcomes.map(({ complete }) => complete)).toEqual(name === 'missing' ? [] : [false]);
  },
);

test('forged senders get nothing: services, ourselves, everybody', async () => {
  const { phone, lan, asked, world } = await served();
  for (const [at, port] of [
    ['10.99.0.50', 7],
    ['10.99.0.255', 5000],
    ['10.99.0.0', 5000],
    ['192.0.2.1', 5000],
  ] as const) {
    const { read } = await phone(at, port);
    await read('a.cfg');
  }
  await world.advance(1000);
  expect(asked).toEqual([]);
  expect(lan.wire.filter(({ from }) => from.address === SERVER)).toEqual([]);
});

test('phones of the port 69 are served', async () => {
  const { phone } = await served();
  const { read, last } = await phone('10.99.0.50', 69);
  await read('a.cfg');
  expect(brief(last().packet)).toBe('data 1');
});

test('who never acknowledges gives way when all places are taken; honest phones get through', async () => {
  const { phone, world, outcomes } = await served({ settings: { maxTransfers: 4 } });
  for (const at of [51, 52, 53, 54]) await (await phone(`10.99.0.${at}`)).read('a.cfg');
  await world.advance(1000);
  const honest = await phone('10.99.0.60');
  await honest.read('a.cfg');
  for (const block of [1, 2, 3]) await honest.say({ kind: 'ack', block }, honest.last().from);
  expect(outcomes).toMatchObject([
    { complete: false, why: 'its place was needed by others' },
    { complete: true, bytes: content.length },
  ]);
});

test('who waits for a file keeps its place: more than that do not run', async () => {
  const { phone, world, asked, outcomes } = await served({ settings: { maxTransfers: 1 } });
  const first = await phone('10.99.0.51');
  await first.read('stuck.cfg');
  await world.advance(1000);
  for (const at of [52, 53]) await (await phone(`10.99.0.${at}`)).read('a.cfg');
  expect(asked).toEqual(['stuck.cfg']);
  await world.advance(1000);
  for (const block of [1, 2, 3]) await first.say({ kind: 'ack', block }, first.last().from);
  expect(outcomes).toMatchObject([{ complete: true }]);
});

test('who has acknowledged is not pushed out', async () => {
  const { phone, world } = await served({ settings: { maxTransfers: 2 } });
  for (const at of [51, 52]) {
    const { read, say, last } = await phone(`10.99.0.${at}`);
    await read('a.cfg');
    await say({ kind: 'ack', block: 1 }, last().from);
  }
  await world.advance(2000);
  const late = await phone('10.99.0.60');
  await late.read('a.cfg');
  expect(late.heard).toEqual([]);
});

test('one port for all: requests, transfers and uploads', async () => {
  const { phone, lan, outcomes, kept } = await served({ settings: { singlePort: true } });
  const { read, write, say, heard } = await phone();
  await read('a.cfg');
  for (const block of [1, 2, 3]) await say({ kind: 'ack', block });
  await write('x-local.cfg');
  await say({ kind: 'data', block: 1, data: Uint8Array.of(1, 2) });
  expect(heard.map(({ packet }) => brief(packet))).toEqual(['data 1', 'data 2', 'data 3', 'ack 0', 'ack 1']);
  expect(outcomes).toMatchObject([{ complete: true }]);
  expect(kept).toMatchObject([{ end: 'finished' }]);
  expect(
    new Set(lan.wire.filter(({ from }) => from.address === SERVER).map(({ from }) => from.port)),
  ).toEqual(new Set([69]));
});

test('one port: another request from the same port ends the old transfer, whose blocks come no more', async () => {
  const { phone, world } = await served({ settings: { singlePort: true } });
  const { read, say, heard } = await phone();
  await read('a.cfg');
  await say({ kind: 'ack', block: 1 });
  await read('missing');
  await world.advance(10_000);
  expect(heard.map(({ packet }) => brief(packet))).toEqual(['data 1', 'data 2', 'error 1']);
});

test('a range of ports: transfers come from it alone, and a taken port is passed over', async () => {
  const lan = (real: Lan): Lan => ({
    ...real,
    openUdp: async (options, onDatagram) => {
      if (options.port === 50_001) throw new Error('taken');
      return await real.openUdp(options, onDatagram);
    },
  });
  const { phone } = await served({ lan, settings: { ports: { first: 50_000, last: 50_002 } } });
  const ports: number[] = [];
  for (let count = 0; count < 4; count += 1) {
    const { read, last } = await phone();
    await read('a.cfg');
    ports.push(last().from.port);
  }
  expect(new Set(ports)).toEqual(new Set([50_000, 50_002]));
});

test('the same port of a phone is never answered from one port twice in a row', async () => {
  const { phone } = await served();
  const one = await phone();
  const ports: number[] = [];
  for (let count = 0; count < 12; count += 1) {
    // Others in between must not bring the turn round to the same port.
    for (let other = 0; other < count % 5; other += 1)
      await (await phone(`10.99.0.${60 + other}`)).read('a.cfg');
    await one.read(`${count}.cfg`);
    ports.push(one.last().from.port);
    for (const block of [1, 2, 3]) await one.say({ kind: 'ack', block }, one.last().from);
  }
  expect(ports.every((port, index) => port !== ports[index - 1])).toBe(true);
});

test.each([
  { mtu: 1500, settings: {}, blksize: 1468 },
  { mtu: 1400, settings: {}, blksize: 1368 },
  { mtu: 9000, settings: {}, blksize: 8968 },
  { mtu: 9000, settings: { blksize: 1024 }, blksize: 1024 },
  { mtu: 1500, settings: { clampToMtu: false }, blksize: 65_464 },
])('with an MTU of $mtu and $settings a block is at most $blksize', async ({ mtu, settings, blksize }) => {
  const { phone } = await served({ mtu, settings });
  const { read, last } = await phone();
  await read('a.cfg', 'octet', [option('BLKSIZE', 65_464)]);
  expect(last().packet).toEqual({ kind: 'oack', options: [option('BLKSIZE', blksize)] });
});

test('options that are refused are not acknowledged, and none are needed for an answer', async () => {
  const { phone } = await served({ settings: { refuseOptions: ['blksize', 'tsize', 'timeout'] } });
  const { read, last } = await phone();
  await read('a.cfg', 'octet', OPTIONS);
  expect(brief(last().packet)).toBe('data 1');
});

test('netascii of a firmware is an ERROR that says what to do', async () => {
  const { phone, outcomes } = await served({ content: new Uint8Array(5 * 1024 * 1024) });
  const { read, last } = await phone();
  await read('firmware.bin', 'netascii');
  expect(last().packet).toEqual({ kind: 'error', code: 0, message: 'too large for netascii: use octet' });
  expect(outcomes).toMatchObject([{ complete: false, bytes: 0 }]);
});

test('progress is told as ACKs come, and a pace is kept', async () => {
  const { phone, world, progress, outcomes } = await served({ content: new Uint8Array(5120), pace: 5120 });
  const { read, say, last, heard } = await phone();
  await read('a.cfg');
  const begun = world.now();
  for (let block = 1; block <= 11; block += 1) {
    while (heard.length < block) await world.advance(10);
    await say({ kind: 'ack', block }, last().from);
  }
  expect(progress).toEqual(Array.from({ length: 11 }, (_, index) => Math.min(5120, (index + 1) * 512)));
  expect(outcomes).toMatchObject([{ complete: true }]);
  expect(world.now() - begun).toBeGreaterThan(850);
  expect(world.now() - begun).toBeLessThan(1300);
});

test('an ACK with bytes after its end counts; one cut short is garbage', async () => {
  const { phone, events } = await served();
  const { read, raw, last, heard } = await phone();
  await read('a.cfg');
  const { from } = last();
  await raw(Uint8Array.of(0, 4, 0), from);
  await raw(Uint8Array.of(0, 4, 0, 1, 9, 9), from);
  expect(heard.map(({ packet }) => brief(packet))).toEqual(['data 1', 'data 2']);
  expect(events).toMatchObject([{ kind: 'garbled', because: 'overrun' }]);
});

test('whatever is thrown at all its ports, the door stands, and the next phone is served', async () => {
  const { phone, world, lan, events } = await served({ settings: { perAddress: 1000 } });
  const thrower = await phone('10.99.0.66');
  await thrower.read('a.cfg');
  const port = thrower.last().from;
  const request = Buffer.from(
    encodePacket({ kind: 'rrq', filename: 'a.cfg', mode: 'octet', options: OPTIONS }),
  );
  const bent = fc
    .tuple(fc.nat(request.length - 1), fc.nat(255), fc.nat(request.length))
    .map(([at, byte, length]) => {
      const copy = Buffer.from(request);
      copy[at] = byte;
      return new Uint8Array(copy.subarray(0, length));
    });
  const packet = fc
    .tuple(fc.nat(8), fc.uint8Array({ maxLength: 600 }))
    .map(([opcode, rest]) => Uint8Array.of(0, opcode, ...rest));
  const datagram = fc.oneof(bent, packet, fc.uint8Array({ maxLength: 40 }));
  const thrown = fc.sample(fc.tuple(datagram, fc.boolean()), { numRuns: 3000, seed: 4 });
  for (const [bytes, toTransfer] of thrown) await thrower.raw(bytes, toTransfer ? port : PORT_69);
  expect(events.filter(({ kind }) => kind === 'fault')).toEqual([]);
  expect(events.length).toBeGreaterThan(0);
  await world.advance(120_000);
  const sent = lan.wire.filter(({ from }) => from.address === SERVER).length;
  // Nothing goes on for ever.
  await world.advance(600_000);
  expect(lan.wire.filter(({ from }) => from.address === SERVER)).toHaveLength(sent);
  const honest = await phone();
  await honest.read('a.cfg');
  for (const block of [1, 2, 3]) await honest.say({ kind: 'ack', block }, honest.last().from);
  const got = honest.heard.map(({ packet: one }) => (one.kind === 'data' ? one.data : new Uint8Array()));
  expect(Buffer.concat(got).equals(content)).toBe(true);
  expect(honest.last().from.address).toBe(address('10.99.0.1'));
}, 60_000);

import { afterEach, expect, test } from 'vitest';
import { type Ipv4, parseIpv4, subnetOf } from '../../src/base/ipv4.ts';
import type { FileDesk, FileOutcome } from '../../src/files/desk.ts';
import type { Lan, Peer, UdpSocket } from '../../src/net/ports.ts';
import { decodePacket, encodePacket, type TftpOption, type TftpPacket } from '../../src/tftp/packet.ts';
import { openTftpServer, type TftpLimits } from '../../src/tftp/server.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { fakeLan } from '../fakes/lan.ts';
import { fakeWorld } from '../fakes/world.ts';

const address = (text: string): Ipv4 => parseIpv4(text) ?? expect.fail(text);
const SERVER = address('10.99.0.1');
const PORT_69: Peer = { address: SERVER, port: 69 };
const content = Buffer.from(Array.from({ length: 1300 }, (_, index) => index & 0xff));

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

interface Changed {
  readonly limits?: Partial<TftpLimits>;
  readonly lan?: (lan: Lan) => Lan;
}

async function served({ limits = {}, lan: changed = (same) => same }: Changed = {}) {
  const world = fakeWorld();
  const lan = fakeLan(world, subnetOf(SERVER, 24));
  const events: PhoneEvent[] = [];
  const outcomes: FileOutcome[] = [];
  const asked: string[] = [];
  const desk: FileDesk = {
    ask: async ({ name }) => {
      asked.push(name);
      await new Promise<void>((done) => world.after(name === 'slow.cfg' ? 50 : 0, done));
      if (name === 'missing') return { kind: 'refused', because: 'no-such-file' };
      if (name === 'broken') throw new Error('the disk is gone');
      const ended = (outcome: FileOutcome): void => void outcomes.push(outcome);
      return { kind: 'file', name, role: 'own', content, digest: 'd', type: 'text/plain', ended };
    },
  };
  const tell = (event: PhoneEvent): void => void events.push(event);
  const server = await openTftpServer({ lan: changed(lan.host(() => SERVER)), desk, world, tell, limits });
  opened.push(server);

  /** A phone with one socket; `heard` collects what reaches it. */
  const phone = async (at = '10.99.0.50') => {
    const heard: { packet: TftpPacket; from: Peer }[] = [];
    const own = address(at);
    const socket: UdpSocket = await lan
      .host(() => own)
      .openUdp({ port: 0, purpose: 'test', onTrouble: () => undefined }, (bytes, from) => {
        const packet = decodePacket(bytes);
        if (packet.ok) heard.push({ packet: packet.value, from });
      });
    const raw = async (bytes: Uint8Array, to = PORT_69): Promise<void> => {
      socket.send(bytes, to);
      await world.advance(5);
    };
    const say = async (packet: TftpPacket, to?: Peer): Promise<void> => await raw(encodePacket(packet), to);
    const read = async (
      filename: string,
      mode = 'octet',
      options: readonly TftpOption[] = [],
    ): Promise<void> => await say({ kind: 'rrq', filename, mode, options });
    return { heard, raw, say, read, last: () => heard.at(-1) ?? expect.fail('it heard nothing') };
  };
  return { world, events, outcomes, asked, phone, server };
}

const brief = (packet: TftpPacket): string =>
  packet.kind === 'data'
    ? `data ${packet.block}`
    : packet.kind === 'error'
      ? `error ${packet.code}`
      : packet.kind;

test('a file goes out block by block from a port of its own, and its end is told', async () => {
  const { phone, outcomes } = await served();
  const { heard, say, read, last } = await phone();
  await read('a.cfg');
  for (const block of [1, 2, 3]) await say({ kind: 'ack', block }, last().from);
  expect(heard.map(({ packet }) => brief(packet))).toEqual(['data 1', 'data 2', 'data 3']);
  expect(new Set(heard.map(({ from }) => from.port)).has(69)).toBe(false);
  const got = Buffer.concat(
    heard.map(({ packet }) => (packet.kind === 'data' ? packet.data : new Uint8Array())),
  );
  expect(got.equals(content)).toBe(true);
  expect(outcomes).toMatchObject([{ complete: true, bytes: 1300 }]);
});

test('netascii and any spelling of the mode; another mode is error 4', async () => {
  const { phone } = await served();
  const { read, heard } = await phone();
  await read('a.cfg', 'NetASCII');
  await read('b.cfg', 'mail');
  expect(heard.map(({ packet }) => brief(packet))).toEqual(['data 1', 'error 4']);
});

test('a repeated request makes no second transfer; another name ends the first', async () => {
  const { phone, asked, outcomes } = await served();
  const { read, heard, say, last } = await phone();
  await read('a.cfg');
  await read('a.cfg');
  expect(asked).toEqual(['a.cfg']);
  await read('b.cfg');
  expect(asked).toEqual(['a.cfg', 'b.cfg']);
  expect(outcomes).toEqual([
    { complete: false, bytes: 0, why: 'the phone asked for something else from the same port' },
  ]);
  const first = heard[0]?.from ?? expect.fail();
  const count = heard.length;
  await say({ kind: 'ack', block: 1 }, first);
  expect(heard.length).toBe(count);
  expect(last().from.port).not.toBe(first.port);
});

test('a stranger at the port of a transfer gets error 5 once a second, and the transfer goes on', async () => {
  const { phone, outcomes, world } = await served();
  const [owner, stranger] = [await phone(), await phone('10.99.0.66')];
  await owner.read('a.cfg');
  const port = owner.last().from;
  // RFC 1350 section 2: an ERROR is never answered.
  await stranger.say({ kind: 'error', code: 0, message: 'die' }, port);
  expect(stranger.heard).toEqual([]);
  await stranger.say({ kind: 'ack', block: 1 }, port);
  await stranger.say({ kind: 'ack', block: 1 }, port);
  expect(stranger.heard.map(({ packet }) => brief(packet))).toEqual(['error 5']);
  await world.advance(1000);
  await stranger.say({ kind: 'ack', block: 1 }, port);
  expect(stranger.heard.map(({ packet }) => brief(packet))).toEqual(['error 5', 'error 5']);
  for (const block of [1, 2, 3]) await owner.say({ kind: 'ack', block }, port);
  expect(outcomes).toMatchObject([{ complete: true }]);
});

test('a missing file is error 1 at once; writing is error 2 and told', async () => {
  const { phone, events } = await served();
  const { read, say, heard } = await phone();
  await read('missing');
  await say({ kind: 'wrq', filename: 'x-local.cfg', mode: 'octet', options: [] });
  expect(heard.map(({ packet }) => brief(packet))).toEqual(['error 1', 'error 2']);
  expect(events).toMatchObject([{ kind: 'refused', file: 'x-local.cfg', because: 'writing-not-served' }]);
});

test('garbage is told with its place, never answered, and the next request is served', async () => {
  const { phone, events, world } = await served();
  const { raw, say, read, heard } = await phone();
  for (const bytes of [[], [0], [0, 9, 1], [0, 1, 97]]) {
    await raw(Uint8Array.from(bytes));
    await world.advance(1000);
  }
  await say({ kind: 'ack', block: 1 });
  await say({ kind: 'data', block: 1, data: content.subarray(0, 3) });
  await say({ kind: 'error', code: 1, message: 'x' });
  expect(heard).toEqual([]);
  expect(events.map(({ kind }) => kind)).toEqual(['garbled', 'garbled', 'garbled', 'garbled']);
  await read('a.cfg');
  expect(heard).toHaveLength(1);
});

test('who is not on the LAN gets nothing', async () => {
  const { phone, asked } = await served();
  const { read } = await phone('192.0.2.7');
  await read('a.cfg');
  expect(asked).toEqual([]);
});

test('trouble of the desk is a fault, not the end of the door', async () => {
  const { phone, events } = await served();
  const { read, heard } = await phone();
  await read('broken');
  await read('a.cfg');
  expect(events).toMatchObject([{ kind: 'fault', message: 'TFTP: the disk is gone' }]);
  expect(heard).toHaveLength(1);
});

test('requests beyond the limits are silent and told once; as transfers end, there is room again', async () => {
  const { phone, events, world, asked } = await served({ limits: { transfers: 5, perAddress: 3 } });
  for (let count = 0; count < 4; count += 1) await (await phone()).read('a.cfg');
  expect(asked).toHaveLength(3);
  for (const at of ['10.99.0.51', '10.99.0.52', '10.99.0.53']) await (await phone(at)).read('b.cfg');
  expect(asked).toHaveLength(5);
  expect(events).toMatchObject([{ kind: 'refused', because: 'too-busy', file: 'a.cfg' }]);
  await world.advance(30_000);
  await (await phone()).read('late.cfg');
  expect(asked.at(-1)).toBe('late.cfg');
});

test('the same request with other options is a new one: our OACK did not please', async () => {
  const { phone, asked } = await served();
  const { read, heard } = await phone();
  await read('a.cfg', 'octet', [{ name: 'blksize', value: '1432' }]);
  await read('a.cfg');
  expect(heard.map(({ packet }) => brief(packet))).toEqual(['oack', 'data 1']);
  expect(asked).toHaveLength(2);
});

test('a phone that starts over at the same port is served afresh', async () => {
  const { phone, world, outcomes } = await served();
  const { read, say, last } = await phone();
  await read('a.cfg');
  await say({ kind: 'ack', block: 1 }, last().from);
  await world.advance(2000);
  await read('a.cfg');
  expect(brief(last().packet)).toBe('data 1');
  expect(outcomes).toEqual([{ complete: false, bytes: 512, why: 'the phone began anew' }]);
});

test('another request while the file is still looked for: the first one ends too, once', async () => {
  const { phone, outcomes, world, asked } = await served();
  const { read, heard } = await phone();
  await read('slow.cfg');
  await read('b.cfg');
  await world.advance(60);
  expect(asked).toEqual(['slow.cfg', 'b.cfg']);
  expect(outcomes).toMatchObject([{ complete: false, bytes: 0 }]);
  expect(heard.map(({ packet }) => brief(packet))).toEqual(['data 1']);
});

test('closing ends every transfer, tells it once, and nothing goes out any more', async () => {
  const { phone, outcomes, world, server } = await served();
  const { read, say, heard, last } = await phone();
  await read('a.cfg');
  await say({ kind: 'ack', block: 1 }, last().from);
  await server.close();
  await server.close();
  expect(outcomes).toEqual([{ complete: false, bytes: 512, why: 'unboxd was stopped' }]);
  const count = heard.length;
  await world.advance(10_000);
  await read('b.cfg');
  expect(heard.length).toBe(count);
});

test('no port for a transfer: a fault, the transfer is told as ended, and the phone may come again', async () => {
  let isFull = true;
  const lan = (real: Lan): Lan => ({
    ...real,
    openUdp: async (options, onDatagram) => {
      if (isFull && options.port === 0) throw new Error('too many open files');
      return await real.openUdp(options, onDatagram);
    },
  });
  const { phone, outcomes, events } = await served({ lan });
  const { read, heard } = await phone();
  await read('a.cfg');
  expect(heard).toEqual([]);
  expect(events).toMatchObject([{ kind: 'fault', message: 'TFTP: too many open files' }]);
  expect(outcomes).toMatchObject([{ complete: false, bytes: 0 }]);
  isFull = false;
  await read('a.cfg');
  expect(heard.map(({ packet }) => brief(packet))).toEqual(['data 1']);
});

test('many writes from one address are all refused and told once a second', async () => {
  const { phone, events } = await served();
  const { say, heard } = await phone();
  for (let count = 0; count < 20; count += 1) {
    await say({ kind: 'wrq', filename: `${count}.log`, mode: 'octet', options: [] });
  }
  expect(heard).toHaveLength(20);
  expect(events).toHaveLength(1);
});

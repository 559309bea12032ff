import { expect, test } from 'vitest';
import type { Lan } from '../../src/net/ports.ts';
import { brief, content, served } from './door.ts';

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

test('a missing file is error 1 at once; a write that the desk refuses is error 2', async () => {
  const { phone } = await served();
  const { read, write, heard } = await phone();
  await read('missing');
  await write('x.cfg');
  expect(heard.map(({ packet }) => packet)).toEqual([
    { kind: 'error', code: 1, message: 'there is no such file' },
    { kind: 'error', code: 2, message: 'phones of its make write no file of that name' },
  ]);
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
  const { phone, events, world, asked } = await served({ settings: { maxTransfers: 5, perAddress: 3 } });
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

test('no port for transfers: the door does not open, and gives back the port that it has', async () => {
  const open: number[] = [];
  const lan = (real: Lan): Lan => ({
    ...real,
    openUdp: async (options, onDatagram) => {
      if (options.port !== 69) throw new Error('too many open files');
      open.push(options.port);
      const socket = await real.openUdp(options, onDatagram);
      const close = async (): Promise<void> => {
        open.pop();
        await socket.close();
      };
      return { ...socket, close };
    },
  });
  await expect(served({ lan })).rejects.toThrow('too many open files');
  expect(open).toEqual([]);
});

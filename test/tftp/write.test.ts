// Uploads through the door: what the phone hears, and what is left on the desk.
import { expect, test } from 'vitest';
import type { Peer } from '../../src/net/ports.ts';
import { brief, type Changed, served as open, option, TOO_LARGE } from './door.ts';

const NAME = '0015651234ab-local.cfg';

async function served(changed: Changed = {}) {
  const all = await open(changed);
  const phone = await all.phone();
  const to = (): Peer => phone.last().from;
  const data = async (block: number, bytes: Uint8Array): Promise<void> =>
    await phone.say({ kind: 'data', block, data: bytes }, to());
  const heard = (): readonly string[] => phone.heard.map(({ packet }) => brief(packet));
  return { ...all, one: phone, data, heard };
}

const block = (fill: number, length = 512): Buffer => Buffer.alloc(length, fill);

test('a file goes in block by block, and is in its place before its last ACK', async () => {
  const { one, data, heard, kept } = await served();
  await one.write(NAME, 'octet', [option('tsize', 1000)]);
  await data(1, block(1));
  expect(kept[0]?.end).toBeUndefined();
  await data(2, block(2, 488));
  expect(heard()).toEqual(['oack', 'ack 1', 'ack 2']);
  expect(kept).toMatchObject([{ ask: { name: NAME, door: 'tftp', length: 1000 }, end: 'finished' }]);
  expect(kept[0]?.bytes.equals(Buffer.concat([block(1), block(2, 488)]))).toBe(true);
});

test('a name that is not for writing is ERROR 2, before any data', async () => {
  const { one, heard, kept } = await served();
  await one.write('y000000000044.cfg');
  expect(one.last().packet).toEqual({
    kind: 'error',
    code: 2,
    message: 'phones of its make write no file of that name',
  });
  expect(heard()).toEqual(['error 2']);
  expect(kept).toEqual([]);
});

test.each([
  { when: 'the size is told', options: [option('tsize', 5000)], blocks: 0 },
  { when: 'the size shows only in the middle', options: [], blocks: 3 },
])('too large, and $when: an ERROR that says so, and nothing is kept', async ({ options, blocks }) => {
  const { one, data, heard, kept } = await served({ disk: { most: 1200 } });
  await one.write(NAME, 'octet', options);
  for (let count = 1; count <= blocks; count += 1) await data(count, block(count));
  expect(heard().at(-1)).toBe('error 3');
  expect(one.last().packet).toMatchObject({ message: TOO_LARGE.detail });
  expect(kept.map(({ end }) => end)).toEqual(blocks === 0 ? [] : ['refused']);
  await data(4, block(4));
  expect(heard()).toHaveLength(blocks === 0 ? 1 : 5);
});

test('a disk that throws is ERROR 0 to the phone, a fault to us, and the upload is thrown away', async () => {
  const { one, data, heard, kept, events } = await served();
  await one.write(NAME);
  const upload = kept[0] ?? expect.fail();
  upload.end = 'the folder is gone';
  await data(1, block(1));
  expect(heard()).toEqual(['ack 0', 'error 0']);
  expect(events).toMatchObject([{ kind: 'fault', message: 'TFTP: written after its end' }]);
});

test('a full disk in the middle is ERROR 3, and nothing is left', async () => {
  const refusal = { kind: 'refused', because: 'disk-full' } as const;
  const { one, data, kept } = await served({ disk: { most: 600, refusal } });
  await one.write(NAME);
  await data(1, block(1));
  await data(2, block(2));
  expect(one.last().packet).toEqual({ kind: 'error', code: 3, message: 'the disk is full' });
  expect(kept[0]?.end).toBe('refused');
});

test('netascii is read over the ends of blocks', async () => {
  const { one, data, kept } = await served();
  await one.write(NAME, 'netascii', [option('blksize', 8), option('tsize', 14)]);
  await data(1, Buffer.from('line 1\rx').fill('\r', 7));
  await data(2, Buffer.from('\nab\r\0c'));
  expect(kept[0]?.bytes.toString()).toBe('line 1\r\nab\rc');
  expect(kept[0]?.ask.length).toBeUndefined();
});

test('blocks that come twice, and a lost last ACK', async () => {
  const { one, data, heard, kept, world } = await served();
  await one.write(NAME);
  await data(1, block(1));
  await data(1, block(1));
  await data(2, block(2, 3));
  await world.advance(1000);
  await data(2, block(2, 3));
  expect(heard()).toEqual(['ack 0', 'ack 1', 'ack 2', 'ack 2']);
  expect(kept[0]?.bytes).toHaveLength(515);
  await world.advance(10_000);
  await data(2, block(2, 3));
  expect(heard()).toHaveLength(4);
});

test('a slow disk: the phone asks again and again, and each block is stored once', async () => {
  const { one, data, heard, kept, world } = await served({ disk: { slow: 3000 } });
  await one.write(NAME);
  await data(1, block(1));
  await data(1, block(1));
  await world.advance(1000);
  await data(1, block(1));
  await world.advance(2000);
  expect(heard()).toEqual(['ack 0', 'ack 1']);
  expect(kept[0]?.bytes).toHaveLength(512);
});

test('a phone that dies leaves nothing, and makes room after a minute', async () => {
  const { one, data, kept, world, phone } = await served({ settings: { perAddress: 1 } });
  await one.write(NAME);
  await data(1, block(1));
  await world.advance(59_000);
  const other = await phone();
  await other.read('a.cfg');
  expect(other.heard).toEqual([]);
  await world.advance(10_000);
  expect(kept[0]?.end).toMatch(/^the phone fell silent for 6\d s$/);
  await other.read('a.cfg');
  expect(other.heard).toHaveLength(1);
});

test('the same write again is one upload; another one from the same port ends it', async () => {
  const { one, data, heard, kept } = await served();
  await one.write(NAME);
  await one.write(NAME);
  expect(kept).toHaveLength(1);
  await data(1, block(1));
  await one.write('other-local.cfg');
  expect(kept.map(({ end }) => end)).toEqual([
    'the phone asked for something else from the same port',
    undefined,
  ]);
  expect(heard()).toEqual(['ack 0', 'ack 1', 'ack 0']);
});

test('what the phone breaks off while it is written is not put in its place', async () => {
  const { one, data, kept, world } = await served({ disk: { slow: 50 } });
  await one.write(NAME);
  await data(1, block(1, 10));
  await one.say({ kind: 'error', code: 0, message: 'no more' }, one.last().from);
  await world.advance(200);
  expect(kept[0]?.end).toBe('the phone sent ERROR 0: no more');
});

test('closing throws half an upload away', async () => {
  const { one, data, kept, server } = await served();
  await one.write(NAME);
  await data(1, block(1));
  await server.close();
  expect(kept[0]?.end).toBe('unboxd was stopped');
});

test('a window of uploads', async () => {
  const { one, data, heard, kept } = await served();
  await one.write(NAME, 'octet', [option('windowsize', 4), option('blksize', 512)]);
  for (let count = 1; count <= 4; count += 1) await data(count, block(count));
  await data(5, block(5, 1));
  expect(heard()).toEqual(['oack', 'ack 4', 'ack 5']);
  expect(kept[0]?.bytes).toHaveLength(2049);
});

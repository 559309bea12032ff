// A file that changes while phones fetch it: whoever has begun gets the whole of what was there, in the size that was
// announced; whoever asks later gets the new one.
import { mkdir, mkdtemp, rename, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { A1, deskIn } from './kit.ts';

let root = '';
let path = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unboxd-changes-'));
  await mkdir(join(root, 'files'));
  path = join(root, 'files', 'ring.wav');
});
afterEach(async () => await rm(root, { recursive: true }));

const CHANGES: Readonly<Record<string, (size: number) => Promise<void>>> = {
  'is replaced by another': async () => {
    await writeFile(`${path}.new`, 'another');
    await rename(`${path}.new`, path);
  },
  'is written over in its place': async (size) => await writeFile(path, Buffer.alloc(size, 'X')),
  'is cut short in its place': async () => await truncate(path, 3),
  grows: async (size) => await writeFile(path, Buffer.alloc(size * 2, 'X')),
  'is taken away': async () => await unlink(path),
};

const CASES = [1000, 3_000_000].flatMap((size) => Object.keys(CHANGES).map((what) => ({ size, what })));

test.each(CASES)('a file of $size bytes that $what', async ({ size, what }) => {
  const old = Buffer.alloc(size, 'abcdefg');
  await writeFile(path, old);
  const { ask, world, lease } = await deskIn(root);
  lease(A1, '10.99.0.50');
  const begun = await ask('ring.wav');
  if (begun.kind !== 'file') return expect.fail(begun.because);
  await CHANGES[what]?.(size);
  await world.advance(5_000);
  const later = await ask('ring.wav');
  expect(begun.content.length).toBe(size);
  expect(old.equals(begun.content)).toBe(true);
  if (what === 'is taken away') expect(later.kind).toBe('refused');
  else
    expect(later.kind === 'file' && later.digest !== begun.digest && !old.equals(later.content)).toBe(true);
});

test('a file from a template is a snapshot too: the phone that became known better gets the new one next time', async () => {
  const texts = {
    'acme/phone.cfg': 'model={{ model }}\n',
    'acme/common.cfg': 'c\n',
    'bolt/common.cfg': 'b\n',
  };
  const { ask, lease } = await deskIn(root, { texts });
  lease(A1, '10.99.0.50');
  const begun = await ask('02ac3e000001.cfg');
  const userAgent = 'Acme A20 1.2.3 02:ac:3e:00:00:01';
  const later = await ask('02ac3e000001.cfg', '10.99.0.50', { userAgent });
  const textOf = (answer: typeof begun) =>
    answer.kind === 'file' ? Buffer.from(answer.content).toString() : answer.because;
  expect([textOf(begun), textOf(later)]).toEqual(['model=\n', 'model=A20\n']);
});

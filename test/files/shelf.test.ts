// The files folder: fast, and no way out of it.
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openShelf } from '../../src/files/disk.ts';
import { cleanName } from '../../src/files/resolve.ts';

setFlagsFromString('--expose-gc');
const MKFIFO = 'mkfifo';
let base = '';
let now = 0;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'unboxd-shelf-'));
  now = Date.now();
  await mkdir(join(base, 'root', 'sub'), { recursive: true });
  await writeFile(join(base, 'secret.txt'), 'SECRET');
});
afterEach(async () => await rm(base, { recursive: true }));

const shelf = (isCaseIgnored = true) => openShelf(join(base, 'root'), { now: () => now, isCaseIgnored });
const put = async (name: string, text: string) => await writeFile(join(base, 'root', name), text);
const got = async (one: ReturnType<typeof shelf>, ...names: readonly string[]) => {
  const file = await one.find(names);
  return file && Buffer.from(file.content).toString();
};

test('a changed file is seen a second later, a small one is not looked at in between', async () => {
  await put('a.cfg', 'one');
  const one = shelf();
  expect(await got(one, 'a.cfg')).toBe('one');
  await put('a.cfg', 'two');
  expect(await got(one, 'a.cfg')).toBe('one');
  now += 1000;
  expect(await got(one, 'a.cfg')).toBe('two');
  await put('next', 'three');
  await rename(join(base, 'root', 'next'), join(base, 'root', 'a.cfg'));
  now += 1000;
  expect(await got(one, 'a.cfg')).toBe('three');
  await unlink(join(base, 'root', 'a.cfg'));
  now += 1000;
  expect(await got(one, 'a.cfg')).toBe(undefined);
});

test('a change that leaves size and time as they were is seen while the file is fresh', async () => {
  await put('a.cfg', 'one');
  const at = new Date();
  await utimes(join(base, 'root', 'a.cfg'), at, at);
  const one = shelf();
  expect(await got(one, 'a.cfg')).toBe('one');
  await put('a.cfg', 'two');
  await utimes(join(base, 'root', 'a.cfg'), at, at);
  now += 1000;
  expect(await got(one, 'a.cfg')).toBe('two');
});

test('the root may come later', async () => {
  const one = openShelf(join(base, 'later'), { now: () => now, isCaseIgnored: true });
  expect(await got(one, 'a.cfg')).toBe(undefined);
  await mkdir(join(base, 'later'));
  await writeFile(join(base, 'later', 'a.cfg'), 'there');
  now += 1000;
  expect(await got(one, 'a.cfg')).toBe('there');
});

test('phones that ask at the same moment share one copy, also of a large file', async () => {
  await writeFile(join(base, 'root', 'fw.rom'), Buffer.alloc(1_000_000, 7));
  const one = shelf();
  const [a, b] = await Promise.all([one.find(['fw.rom']), one.find(['fw.rom'])]);
  expect(a?.content).toBe(b?.content);
  expect((await one.find(['fw.rom']))?.content).toBe(a?.content);
});

test('a name in another case is found, the exact one first, and twins are named', async () => {
  await put('Logo.png', '1');
  await put('x.cfg', 'lower');
  await put('X.CFG', 'upper');
  await put('sub/Inner.txt', 'inner');
  const one = shelf();
  expect(await got(one, 'LOGO.PNG')).toBe('1');
  expect(await got(one, 'SUB/inner.TXT')).toBe('inner');
  expect((await one.find(['x.cfg']))?.twins).toBe(undefined);
  expect(await got(one, 'x.cfg')).toBe('lower');
  expect(await one.find(['X.cfg'])).toMatchObject({ path: 'X.CFG', twins: ['X.CFG', 'x.cfg'] });
  const exact = shelf(false);
  expect(await got(exact, 'LOGO.PNG')).toBe(undefined);
  expect(await got(exact, 'Logo.png')).toBe('1');
});

test('links: inside yes, outside no, and a root that is a link itself', async () => {
  await put('plain.txt', 'plain');
  await symlink('plain.txt', join(base, 'root', 'in.txt'));
  await symlink('../../secret.txt', join(base, 'root', 'sub', 'out.txt'));
  await symlink(base, join(base, 'root', 'outdir'));
  await symlink('nowhere', join(base, 'root', 'dangling'));
  await symlink('loop', join(base, 'root', 'loop'));
  await symlink(join(base, 'root'), join(base, 'alias'));
  const one = shelf();
  expect(await got(one, 'in.txt')).toBe('plain');
  for (const name of ['sub/out.txt', 'outdir/secret.txt', 'outdir', 'dangling', 'loop'])
    expect(await got(one, name), name).toBe(undefined);
  expect(await one.list('outdir')).toBe(undefined);
  expect((await one.list(''))?.map(({ name }) => name)).toEqual(['in.txt', 'plain.txt', 'sub']);
  const alias = openShelf(join(base, 'alias'), { now: () => now, isCaseIgnored: true });
  expect(await got(alias, 'plain.txt')).toBe('plain');
});

test('a file that became a link to the outside is not followed', async () => {
  await put('a.cfg', 'inside');
  const one = shelf();
  expect(await got(one, 'a.cfg')).toBe('inside');
  await unlink(join(base, 'root', 'a.cfg'));
  await symlink('../secret.txt', join(base, 'root', 'a.cfg'));
  now += 1000;
  expect(await got(one, 'a.cfg')).toBe(undefined);
});

test('a folder that is swapped for a link all the time never shows the outside', async () => {
  await mkdir(join(base, 'outside'));
  await writeFile(join(base, 'outside', 'x.txt'), 'SECRET');
  await put('sub/x.txt', 'inside');
  const [sub, kept, link] = [join(base, 'root', 'sub'), join(base, 'kept'), join(base, 'link')];
  await symlink(join(base, 'outside'), link);
  const one = shelf();
  let isOver = false as boolean;
  const swapping = (async () => {
    while (!isOver) {
      await rename(sub, kept);
      await rename(link, sub);
      await rename(sub, link);
      await rename(kept, sub);
    }
  })();
  for (let count = 0; count < 300; count += 1) {
    now += 1000;
    expect(await got(one, 'sub/x.txt')).not.toBe('SECRET');
  }
  isOver = true;
  await swapping;
});

test('a folder, a FIFO and a socket are no files, and nothing waits for them', async () => {
  execFileSync(MKFIFO, [join(base, 'root', 'pipe')]);
  const one = shelf();
  for (const name of ['sub', 'pipe', 'sub/nothing', 'pipe/x'])
    expect(await got(one, name), name).toBe(undefined);
});

test('a file that may not be read is a fault that says so', async () => {
  await put('a.cfg', 'x');
  await chmod(join(base, 'root', 'a.cfg'), 0);
  // Root may read everything: then as somebody else.
  const isRoot = process.geteuid?.() === 0;
  await chmod(base, 0o755);
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    await expect(shelf().find(['a.cfg'])).rejects.toMatchObject({ code: 'file-unreadable' });
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

const NOBODY = 65_534;

test('names that are not there cost nothing and are not kept', async () => {
  const one = shelf();
  const ask = async (count: number) => await one.find([`missing-${count}-${'x'.repeat(100)}.cfg`]);
  for (let count = 0; count < 1000; count += 1) await ask(count);
  const before = heapKept();
  for (let count = 1000; count < 50_000; count += 1) await ask(count);
  // Their letters alone would be six million bytes.
  expect(heapKept() - before).toBeLessThan(2_000_000);
});

/** Bytes of the heap that are in use once all garbage is gone. */
function heapKept(): number {
  runInNewContext('gc()');
  return process.memoryUsage().heapUsed;
}

const part = fc.oneof(
  fc.constantFrom(
    '..',
    '.',
    '...',
    '',
    'sub',
    'secret.txt',
    '%2e%2e',
    '%252e%252e',
    '..%2f',
    '..%5c',
    '.hidden',
    '~',
    'etc',
  ),
  fc.constantFrom(
    '\u0000',
    '\ud800',
    '\u2025',
    '\uff0e\uff0e',
    '..\u0000',
    ' ..',
    '.. ',
    'C:',
    '\\\\server',
    'secret.txt\u0000.cfg',
  ),
  fc.string({ maxLength: 6 }),
);
const traversal = fc
  .array(fc.tuple(part, fc.constantFrom('/', '\\', '//', '\\/', '/./', '%2f', '%5c')), {
    minLength: 1,
    maxLength: 8,
  })
  .map((parts) => parts.flat().join(''));

test('10,000 made-up ways out of the folder lead nowhere', async () => {
  await put('sub/here.txt', 'here');
  await symlink(base, join(base, 'root', 'way'));
  const one = shelf();
  const names = fc.sample(
    fc.oneof(
      traversal,
      traversal.map((path) => `${path}secret.txt`),
      traversal.map((path) => `way/${path}secret.txt`),
    ),
    { numRuns: 10_000, seed: 4 },
  );
  let asked = 0;
  for (const name of names) {
    for (const decoded of [name, decodedOnce(name)]) {
      const cleaned = cleanName(decoded);
      if (!cleaned.ok) continue;
      asked += 1;
      expect(cleaned.value.split('/')).not.toContain('..');
      expect(await got(one, cleaned.value), decoded).not.toBe('SECRET');
    }
  }
  expect(asked).toBeGreaterThan(3000);
}, 30_000);

function decodedOnce(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

// What phones write: whole or not at all, with earlier versions, and nothing old lost whatever goes wrong.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type InboxFile, openInbox } from '../../src/files/inbox.ts';

const TOOL = { mount: 'mount', umount: 'umount' } as const;
const LIMITS = { versions: 5, quota: 10_000 };
const NAME = '02ac3e000001-local.cfg';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unboxd-inbox-'));
});
afterEach(async () => await rm(root, { recursive: true }));

const there = async (): Promise<readonly string[]> => (await readdir(root)).sort();
const text = async (name: string): Promise<string> => await readFile(join(root, name), 'utf8');

async function inbox(limits: Partial<typeof LIMITS> = {}) {
  const opened = await openInbox(root, { ...LIMITS, ...limits });
  const begin = async (largest = 1000, append = false, name = NAME): Promise<InboxFile> => {
    const begun = await opened.begin(name, { largest, append });
    return begun.ok ? begun.value : expect.fail(begun.error);
  };
  const put = async (content: string, name = NAME) => {
    const file = await begin(5000, false, name);
    const written = await file.write(Buffer.from(content));
    return written.ok ? await file.finish() : written;
  };
  return { ...opened, begin, put };
}

test('a file is seen when it is finished and not before', async () => {
  const { begin } = await inbox();
  const file = await begin();
  await file.write(Buffer.from('one '));
  expect((await there()).filter((name) => !name.startsWith('.'))).toEqual([]);
  await file.write(Buffer.from('two'));
  expect(await file.finish()).toEqual({ ok: true, value: 'created' });
  expect(await there()).toEqual([NAME]);
  expect(await text(NAME)).toBe('one two');
});

test('earlier versions are kept, the oldest goes', async () => {
  const { put } = await inbox({ versions: 2 });
  for (const content of ['1', '2', '3', '4']) await put(content);
  expect(await there()).toEqual([NAME, `${NAME}.1`, `${NAME}.2`]);
  expect([await text(NAME), await text(`${NAME}.1`), await text(`${NAME}.2`)]).toEqual(['4', '3', '2']);
});

test('the same content again makes no version', async () => {
  const { put } = await inbox();
  await put('same');
  expect(await put('same')).toEqual({ ok: true, value: 'replaced' });
  expect(await there()).toEqual([NAME]);
});

test('no versions, where none are wanted', async () => {
  const { put } = await inbox({ versions: 0 });
  for (const content of ['1', '2']) await put(content);
  expect(await there()).toEqual([NAME]);
  expect(await text(NAME)).toBe('2');
});

test('an upload that grows too large is over, and the old file stays', async () => {
  const { put, begin } = await inbox();
  await put('old');
  const file = await begin(10);
  expect(await file.write(Buffer.alloc(8))).toEqual({ ok: true, value: undefined });
  expect(await file.write(Buffer.alloc(3))).toEqual({ ok: false, error: 'upload-too-large' });
  expect(await there()).toEqual([NAME]);
  expect(await text(NAME)).toBe('old');
});

test('the quota counts everything, and space that is given back', async () => {
  const { put, begin } = await inbox({ quota: 100, versions: 1 });
  await put('a'.repeat(40));
  await put('b'.repeat(40));
  expect(await put('c'.repeat(40))).toEqual({ ok: false, error: 'upload-quota-used' });
  expect(await text(NAME)).toBe('b'.repeat(40));
  const file = await begin();
  await file.write(Buffer.alloc(20));
  await file.abandon();
  expect(await put('d'.repeat(20))).toEqual({ ok: true, value: 'replaced' });
  // A new start counts what is there: 20 and 40 bytes.
  const again = await inbox({ quota: 100, versions: 1 });
  expect(await again.put('e'.repeat(41), 'other')).toEqual({ ok: false, error: 'upload-quota-used' });
  expect(await again.put('e'.repeat(40), 'other')).toEqual({ ok: true, value: 'created' });
});

test('a phone that goes away leaves nothing, and what a crash left is removed at the start', async () => {
  const { begin } = await inbox();
  const file = await begin();
  await file.write(Buffer.from('half'));
  await file.abandon();
  expect(await there()).toEqual([]);
  const left = join(root, `.part-1-${NAME}`);
  await writeFile(left, 'half');
  // By a process before this one.
  await utimes(left, 1, Date.now() / 1000 - process.uptime() - 60);
  await inbox();
  expect(await there()).toEqual([]);
});

test('two that share the folder do not touch what the other has in the making', async () => {
  const first = await inbox();
  const file = await first.begin();
  await file.write(Buffer.from('of the first'));
  const second = await inbox();
  const same = await second.begin();
  await same.write(Buffer.from('of the second'));
  expect(await file.finish()).toEqual({ ok: true, value: 'created' });
  expect(await text(NAME)).toBe('of the first');
  expect(await same.finish()).toEqual({ ok: true, value: 'replaced' });
  expect(await there()).toEqual([NAME, `${NAME}.1`]);
});

test('closing throws away what is in the making', async () => {
  const { begin, close } = await inbox();
  await begin();
  await close();
  expect(await there()).toEqual([]);
});

test('two phones at once on one name: both whole, one after the other', async () => {
  const { begin } = await inbox();
  const [one, two] = [await begin(), await begin()];
  await one.write(Buffer.from('one'));
  await two.write(Buffer.from('two'));
  await Promise.all([one.finish(), two.finish()]);
  expect(await there()).toEqual([NAME, `${NAME}.1`]);
  expect([await text(NAME), await text(`${NAME}.1`)].sort()).toEqual(['one', 'two']);
});

test('appending begins with what is there', async () => {
  const { begin, put } = await inbox();
  await put('log 1\n');
  const file = await begin(1000, true);
  await file.write(Buffer.from('log 2\n'));
  await file.finish();
  expect(await text(NAME)).toBe('log 1\nlog 2\n');
  const small = await openInbox(root, LIMITS);
  expect(await small.begin(NAME, { largest: 5, append: true })).toEqual({
    ok: false,
    error: 'upload-too-large',
  });
});

test('a link in the folder is neither read nor written through', async () => {
  await writeFile(join(root, 'victim'), 'untouched');
  await mkdir(join(root, 'in'));
  const opened = await openInbox(join(root, 'in'), LIMITS);
  await symlink('../victim', join(root, 'in', NAME));
  expect(await opened.read(NAME)).toBe(undefined);
  const begun = await opened.begin(NAME, { largest: 100 });
  if (!begun.ok) throw new Error(begun.error);
  await begun.value.write(Buffer.from('mine'));
  await begun.value.finish();
  expect(await text('victim')).toBe('untouched');
  expect(await text(`in/${NAME}`)).toBe('mine');
});

test('empty files are files', async () => {
  const { begin, read } = await inbox();
  expect(await (await begin()).finish()).toEqual({ ok: true, value: 'created' });
  expect((await read(NAME))?.content.length).toBe(0);
});

test.runIf(process.getuid?.() === 0)(
  'a full disk: nothing half-written, nothing old lost',
  async ({ skip }) => {
    try {
      execFileSync(TOOL.mount, ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', root]);
    } catch {
      skip('no right to mount here');
    }
    try {
      const { put, begin } = await inbox({ quota: 10_000_000 });
      await put('old');
      const file = await begin(1_000_000);
      let last: Awaited<ReturnType<InboxFile['write']>> = { ok: true, value: undefined };
      for (let count = 0; count < 40 && last.ok; count += 1) last = await file.write(Buffer.alloc(4096));
      expect(last).toEqual({ ok: false, error: 'disk-full' });
      expect(await there()).toEqual([NAME]);
      expect(await text(NAME)).toBe('old');
      expect(await put('new')).toEqual({ ok: true, value: 'replaced' });
    } finally {
      execFileSync(TOOL.umount, [root]);
    }
  },
);

// What phones may write, and what comes of it.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { A1, deskIn } from './kit.ts';

const LOCAL = '02ac3e000001-local.cfg';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unboxd-uploads-'));
});
afterEach(async () => await rm(root, { recursive: true }));

const kept = async () => (await readdir(join(root, 'state', 'uploads'))).sort();

test('a phone writes its own settings and gets them back; both are told', async () => {
  const { put, get, said } = await deskIn(root);
  expect(await get(LOCAL)).toBe('optional-file');
  expect(await put(`/${LOCAL}`, 'ringtone=3\n')).toBe('created');
  expect(await get(LOCAL)).toBe('ringtone=3\n');
  expect(await put(LOCAL, 'ringtone=4\n')).toBe('replaced');
  expect(await get('02AC3E000001-LOCAL.CFG')).toBe('ringtone=4\n');
  expect(await kept()).toEqual([LOCAL, `${LOCAL}.1`]);
  expect(said().slice(1)).toEqual([
    'asked for 02ac3e000001-local.cfg over HTTP and got none, because it is optional and there is none',
    'wrote 02ac3e000001-local.cfg over HTTP (11 bytes, new)',
    'fetched the optional file 02ac3e000001-local.cfg over HTTP (11 bytes)',
    'wrote 02ac3e000001-local.cfg over HTTP (11 bytes)',
    'fetched the optional file 02ac3e000001-local.cfg over HTTP (11 bytes); asked 02AC3E000001-LOCAL.CFG in upper case; the file is 02ac3e000001-local.cfg: served',
  ]);
});

test.each([
  { name: '02ac3e000001.cfg', because: 'upload-not-allowed' },
  { name: 'anything.txt', because: 'upload-not-allowed' },
  { name: '02ac3e000002-local.cfg', because: 'file-of-another-phone' },
  { name: '../02ac3e000001-local.cfg', because: 'name-not-allowed' },
  { name: '02ac3e000001-local.cfg\u0000.txt', because: 'name-not-allowed' },
  { name: `${LOCAL}.1`, because: 'upload-not-allowed' },
  { name: '.part-1-02ac3e000001-local.cfg', because: 'name-not-allowed' },
])('not taken: $name', async ({ name, because }) => {
  const { put, lease, events } = await deskIn(root);
  lease(A1, '10.99.0.50');
  expect(await put(name, 'x')).toBe(because);
  expect(events.at(-1)).toMatchObject({ kind: 'refused', because, writing: true });
  expect(await kept()).toEqual([]);
});

test('a name with a folder is taken without it: the URL of a phone may have one', async () => {
  const { put } = await deskIn(root);
  expect(await put('cfg/02AC3E000001-local.cfg', 'x')).toBe('created');
  expect(await kept()).toEqual([LOCAL]);
});

test('a file that is served is never written over', async () => {
  const { put, get } = await deskIn(root);
  await writeFile(join(root, 'files', LOCAL), 'by hand');
  expect(await put(LOCAL, 'x')).toBe('upload-over-served');
  expect(await get(LOCAL)).toBe('by hand');
});

test('too large: refused before a byte where the phone says so, else in the middle; the old file stays', async () => {
  const { desk, asking, put, get } = await deskIn(root, {
    files: { uploads: { largest: '10', largestLog: '20' } },
  });
  await put(LOCAL, 'old');
  expect(await put(LOCAL, 'x'.repeat(11))).toBe('upload-too-large');
  const upload = await desk.upload(asking(LOCAL));
  if (upload.kind === 'refused') throw new Error(upload.because);
  expect(await upload.write(Buffer.alloc(11))).toEqual({
    ok: false,
    error: { kind: 'refused', because: 'upload-too-large', detail: 'at most 10 bytes are taken' },
  });
  expect(await get(LOCAL)).toBe('old');
  expect(await put('02ac3e000001-boot.log', 'x'.repeat(20))).toBe('created');
  expect(await kept()).toEqual(['02ac3e000001-boot.log', LOCAL]);
});

test('a phone that goes away is told once, and nothing is left', async () => {
  const { desk, asking, said } = await deskIn(root);
  const upload = await desk.upload(asking(LOCAL));
  if (upload.kind === 'refused') throw new Error(upload.because);
  await upload.write(Buffer.from('half'));
  await upload.abandon('the phone fell silent');
  await upload.abandon('again');
  expect((await upload.finish()).ok).toBe(false);
  expect(await kept()).toEqual([]);
  expect(said().at(-1)).toBe(
    'stopped writing 02ac3e000001-local.cfg over HTTP after 4 bytes, and nothing was changed: the phone fell silent',
  );
});

test('where uploads are off nothing is taken', async () => {
  const { put } = await deskIn(root, { files: { uploads: 'off' } });
  expect(await put(LOCAL, 'x')).toBe('writing-not-served');
});

test('what one phone wrote is not for another', async () => {
  const { put, get, lease } = await deskIn(root, { bind: 'lease' });
  lease(A1, '10.99.0.50');
  await put(LOCAL, 'mine');
  expect(await get(LOCAL, '10.99.0.50')).toBe('mine');
  expect(await get(LOCAL, '10.99.0.51')).toBe('not-the-holder');
  expect(await put(LOCAL, 'forged', '10.99.0.51')).toBe('not-the-holder');
  expect(await readFile(join(root, 'state', 'uploads', LOCAL), 'utf8')).toBe('mine');
});

test('a listing shows what the phone may fetch, and nothing of others', async () => {
  const { desk, asking, put, lease, world } = await deskIn(root, { bind: 'lease' });
  lease(A1, '10.99.0.50');
  await put(LOCAL, 'mine');
  await writeFile(join(root, 'files', '02ac3e000002.cfg'), 'of another');
  await writeFile(join(root, 'files', '.hidden'), 'x');
  await writeFile(join(root, 'files', 'logo.png'), 'logo');
  await world.advance(1000);
  const names = async (name: string, from: string) =>
    (await desk.list(asking(name, from)))?.map((file) => file.name);
  expect(await names('/', '10.99.0.50')).toEqual([LOCAL, '02ac3e000001.cfg', 'logo.png']);
  expect(await names('', '10.99.0.51')).toEqual(['02ac3e000002.cfg', 'logo.png']);
  expect(await names('nowhere/', '10.99.0.50')).toBe(undefined);
  expect(await names('../', '10.99.0.50')).toBe(undefined);
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkShape, shape } from '../../src/base/shape.ts';
import { type AccountSetting, accountShape, accountsOf } from '../../src/site/accounts.ts';
import { loadAccounts } from '../../src/site/load-accounts.ts';

const account = (folder: string, user: string) => ({
  folder,
  user,
  password: 'p',
  methods: ['basic'] as AccountSetting['methods'],
});
const ACCOUNTS = [account('T23G_1', 'anna'), account('T23G_1/deep', 'bert'), account('other', 'carl')];

test.each([
  { name: '/T23G_1/a.cfg', users: ['anna'] },
  { name: '/T23G_1', users: ['anna'] },
  { name: '//T23G_1//a.cfg', users: ['anna'] },
  { name: '/t23g_1/a.cfg', users: ['anna'] },
  { name: '\\T23G_1\\a.cfg', users: ['anna'] },
  { name: '/./T23G_1/a.cfg', users: ['anna'] },
  { name: '/x/../T23G_1/a.cfg', users: ['anna'] },
  { name: '/T23G_1/deep/a.cfg', users: ['bert'] },
  { name: '/T23G_1/deep/../a.cfg', users: ['anna'] },
  { name: '/T23G_10/a.cfg', users: [] },
  { name: '/a.cfg', users: [] },
  { name: '', users: [] },
])('$name is for $users', ({ name, users }) => {
  expect(accountsOf(ACCOUNTS, name).map(({ user }) => user)).toEqual(users);
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accounts-'));
  await writeFile(join(folder, 'secret'), 'from the file\nsecond line\n');
  await writeFile(join(folder, 'empty'), '\n');
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const at = (path: readonly (string | number)[], message: string) => ({ file: path.join('.'), message });

async function load(...settings: readonly Record<string, unknown>[]) {
  const checked = checkShape(shape.array(accountShape), settings);
  if (!checked.ok) return checked.error.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const { accounts, mistakes } = await loadAccounts(checked.value, { base: folder, at });
  return mistakes.length > 0 ? mistakes.map(({ file, message }) => `${file}: ${message}`) : accounts;
}

test('passwords stand in the settings or in the first line of a file', async () => {
  expect(
    await load(
      { folder: '/T23G_1/', user: 'anna', password: 'x' },
      { folder: 'T23G_2', user: 'bert', passwordFile: 'secret', methods: ['basic'] },
    ),
  ).toEqual([
    { folder: 'T23G_1', user: 'anna', password: 'x', methods: ['digest', 'basic'] },
    { folder: 'T23G_2', user: 'bert', password: 'from the file', methods: ['basic'] },
  ]);
});

test.each([
  { setting: { folder: 'a', user: 'b' }, says: 'doors.accounts.0.user: it has no password' },
  { setting: { folder: 'a', user: 'b', password: 'p', passwordFile: 'f' }, says: 'passwordFile, not both' },
  { setting: { folder: 'a', user: 'b', passwordFile: 'nowhere' }, says: 'cannot be read (ENOENT)' },
  { setting: { folder: 'a', user: 'b', passwordFile: 'empty' }, says: 'is empty' },
  { setting: { folder: '/', user: 'b', password: 'p' }, says: '0.folder: name a folder' },
  { setting: { folder: 'a', user: 'b:c', password: 'hush' }, says: '0.user: a user name holds no colon' },
  { setting: { folder: 'a', user: 'b', password: 'hush', methods: ['x'] }, says: 'write digest or basic' },
])('a mistake is told by its place and without the password: $says', async ({ setting, says }) => {
  const told = JSON.stringify(await load(setting));
  expect(told).toContain(says);
  expect(told).not.toContain('hush');
});

test('a user stands once in a folder', async () => {
  const one = { folder: 'a', user: 'b', password: 'p' };
  expect(await load(one, { ...one, folder: '/a/' })).toEqual([
    'doors.accounts.1.user: a has a user b already',
  ]);
});

// Whose address it is decides who gets a file with passwords.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdsSecrets, isSecretName, secretsAmong } from '../../src/files/secrets.ts';
import { A1, A2, address, deskIn, LISTED } from './kit.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unboxd-secrets-'));
});
afterEach(async () => await rm(root, { recursive: true }));

const OWN = '02ac3e000001.cfg';
const SECRET = 'user=101\npassword=hush-101\n';

test.each([
  { bind: 'lease', lease: undefined, gets: 'not-the-holder' },
  { bind: 'lease', lease: '10.99.0.50', gets: SECRET },
  { bind: 'lease', lease: '10.99.0.77', gets: 'not-the-holder' },
  { bind: 'claim', lease: undefined, gets: SECRET },
  { bind: 'claim', lease: '10.99.0.50', gets: SECRET },
  { bind: 'claim', lease: '10.99.0.77', gets: 'not-the-holder' },
  { bind: 'off', lease: '10.99.0.77', gets: SECRET },
] as const)('bind $bind, lease at $lease: $gets', async ({ bind, lease, gets }) => {
  const { get, lease: give, events } = await deskIn(root, { bind });
  if (lease !== undefined) give(A1, lease);
  expect(await get(OWN)).toBe(gets);
  if (gets === 'not-the-holder')
    expect(events.at(-1)).toMatchObject({ kind: 'refused', alarm: true, mac: A1 });
});

test('the holder of another lease gets nothing of it, with an alarm that says who and what', async () => {
  const { get, lease, said } = await deskIn(root, { bind: 'lease' });
  lease(A2, '10.99.0.50');
  expect(await get(OWN)).toBe('file-of-another-phone');
  expect(said().at(-1)).toBe(
    'ALARM: asked for 02ac3e000001.cfg over HTTP and got none, because it is the file of another phone (one digit differs from its own, 02ac3e000002: a slip of the pen?)',
  );
});

test('a certificate or a signed-in account is as good as a lease', async () => {
  const { get } = await deskIn(root, { bind: 'lease' });
  const certificate = { subject: 'CN=02ac3e000001', macs: [A1] };
  expect(await get(OWN, '10.99.0.99', { proof: { certificate } })).toBe(SECRET);
  expect(await get(OWN, '10.99.0.99', { proof: { account: 'T23G_1' } })).toBe(SECRET);
  const other = { subject: 'CN=02ac3e000002', macs: [A2] };
  expect(await get(OWN, '10.99.0.99', { proof: { certificate: other } })).toBe('file-of-another-phone');
});

test('a file without passwords is for everybody who names its phone', async () => {
  const { get, world } = await deskIn(root, { bind: 'lease' });
  expect(await get('02ac3e000002.cfg')).toBe('user=none\n');
  await writeFile(join(root, 'files', '02ac3e000003.cfg'), Buffer.alloc(4096, 7));
  await world.advance(1000);
  expect((await get('02ac3e000003.cfg')).length).toBe(4096);
});

test('a file written by hand is looked through for passwords', async () => {
  const { get, lease } = await deskIn(root, { bind: 'lease' });
  await writeFile(join(root, 'files', OWN), 'account.1.password = hand-made\n');
  expect(await get(OWN)).toBe('not-the-holder');
  lease(A1, '10.99.0.50');
  expect(await get(OWN)).toBe('account.1.password = hand-made\n');
});

test('a window of time: before and after it no file with passwords', async () => {
  const { get, lease, world } = await deskIn(root, {
    files: { window: { from: '2026-01-01T00:00:10Z', until: '2026-01-01T00:00:20Z' } },
  });
  lease(A1, '10.99.0.50');
  expect(await get(OWN)).toBe('outside-the-window');
  await world.advance(10_000);
  expect(await get(OWN)).toBe(SECRET);
  await world.advance(10_000);
  expect(await get(OWN)).toBe('outside-the-window');
  expect(await get('a000010.cfg')).toBe('model=A10\n');
});

test('a window by batch counts in the stead of that of all', async () => {
  const windows = { monday: { from: '2026-01-01T00:00:10Z' }, always: {} };
  const window = { until: '2026-01-01T00:00:00Z' };
  const getOf = async (batch: string) => {
    const one = await deskIn(root, { listed: { ...LISTED, batch }, files: { window, windows } });
    one.lease(A1, '10.99.0.50');
    return one;
  };
  const monday = await getOf('monday');
  expect(await monday.get(OWN)).toBe('outside-the-window');
  await monday.world.advance(10_000);
  expect(await monday.get(OWN)).toBe(SECRET);
  expect(await (await getOf('always')).get(OWN)).toBe(SECRET);
  // A batch of which nothing is said, also one that is called like something every object has.
  for (const batch of ['tuesday', '', 'toString'])
    expect(await (await getOf(batch)).get(OWN), batch).toBe('outside-the-window');
});

test.each([
  { line: 'account.1.password = x', holds: true },
  { line: 'account.1.password =', holds: false },
  { line: '<Password_1_ ua="na">hush</Password_1_>', holds: true },
  { line: '<Password_1_ ua="na"></Password_1_>', holds: false },
  { line: 'SIP1 Register Pswd :hush', holds: true },
  { line: 'SIP1 Register Pwd  :hush', holds: true },
  { line: 'SIP1 Register Pwd  :', holds: false },
  { line: 'phone.label = Passage', holds: false },
])('holds a password: $line: $holds', ({ line, holds }) => {
  expect(holdsSecrets(Buffer.from(`a = b\n${line}\nc = d\n`), undefined)).toBe(holds);
});

test('columns whose values are secrets are known by their names', () => {
  for (const name of [
    'sip_password',
    'admin_password',
    'SIP_PASS',
    'secret',
    'user_pin',
    'pin',
    'wifi_psk',
    'aes_key',
  ])
    expect(isSecretName(name), name).toBe(true);
  for (const name of ['label', 'keyboard', 'spinning', 'monkey', 'extension'])
    expect(isSecretName(name), name).toBe(false);
  expect(secretsAmong({ sip_password: 'x', label: 'y', pin: '', n: 3 })).toEqual(['sip_password']);
});

test('a phone that asks from where no lease is ours is not taken for the holder by its User-Agent', async () => {
  const { get, lease } = await deskIn(root, { bind: 'lease' });
  lease(A1, '10.99.0.50');
  const userAgent = 'Acme A10 1.2.3 02:ac:3e:00:00:01';
  expect(await get(OWN, '10.99.0.66', { userAgent })).toBe('not-the-holder');
  expect(address('10.99.0.66')).toBeDefined();
});

// `unboxd seal` and `unboxd unseal` as they are typed.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seal } from '../../src/cli/commands/seal.ts';
import { unseal } from '../../src/cli/commands/unseal.ts';
import { runProgram } from '../../src/cli/program.ts';
import { keyOfSecurity } from '../../src/seal/aes-ecb.ts';
import { sealAes128Gcm } from '../../src/seal/aes128gcm.ts';
import { unsealOpenssl } from '../../src/seal/openssl-enc.ts';
import { steadySalt } from '../../src/seal/sealed.ts';

const KEY = 'SecretPhrase1234';
const PROFILE = '<flat-profile>\n<GPP_A>12345678</GPP_A>\n</flat-profile>\n';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-seal-'));
  await writeFile(at('profile.xml'), PROFILE);
  await writeFile(at('key.txt'), `${KEY}\n`);
});
afterEach(async () => await rm(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);

async function run(...argv: readonly string[]) {
  const notes: string[] = [];
  const raw: Uint8Array[] = [];
  const terminal = {
    out: (line: string) => void notes.push(line),
    note: (line: string) => void notes.push(line),
    raw: (bytes: Uint8Array) => void raw.push(bytes),
    isTty: false,
    columns: 80,
    rows: 24,
    env: { PHONE_KEY: KEY },
    pid: 1,
    onStop: () => undefined,
  };
  const code = await runProgram({ version: '1', commands: [seal, unseal], terminal }, argv);
  expect(notes.join('\n')).not.toContain(KEY);
  return { code, notes: notes.join('\n'), raw: Buffer.concat(raw) };
}

test.each([
  { as: ['openssl'] },
  { as: ['openssl', '--digest', 'sha256'] },
  { as: ['openssl', '--digest', 'md5', '--bits', '128', '--no-salt'], open: ['--bits', '128', '--no-salt'] },
  { as: ['openssl', '--rounds', '1000', '--digest', 'sha256', '--base64'], open: ['--rounds', '1000'] },
  { as: ['rfc8188'] },
  { as: ['rfc8188', '--gzip'] },
  { as: ['aes-ecb'] },
])('what is sealed as $as opens again', async ({ as, open = [] }) => {
  const key = ['--key-file', at('key.txt')];
  const sealed = await run('seal', at('profile.xml'), '--as', ...as, ...key, '-o', at('out'));
  expect(sealed.code, sealed.notes).toBe(0);
  expect((await readFile(at('out'))).includes('flat-profile')).toBe(false);
  expect((await stat(at('out'))).mode & 0o777).toBe(0o600);
  const [form = ''] = as;
  const opened = await run('unseal', at('out'), '--as', form, ...open, ...key, '-o', at('back'));
  expect(opened.code, opened.notes).toBe(0);
  expect(await readFile(at('back'), 'utf8')).toBe(PROFILE);
});

test('the same file and key give the same bytes, so a phone sees no change; the digest is md5 unless told', async () => {
  const typed = ['seal', at('profile.xml'), '--as', 'openssl', '--gzip', '--key-env', 'PHONE_KEY', '-o', '-'];
  const [first, second] = [await run(...typed), await run(...typed)];
  expect(first.raw.equals(second.raw)).toBe(true);
  const opened = unsealOpenssl(first.raw, { key: Buffer.from(KEY), digest: 'md5' });
  expect(opened.ok && gunzipSync(opened.value).toString()).toBe(PROFILE);
  expect(first.notes).toBe(
    `${at('profile.xml')} (55 bytes) is sealed in the standard output: AES-256-CBC with md5; the phone must expect the same digest.`,
  );
});

test('the two-file mode writes both, and says what it is worth', async () => {
  const typed = ['seal', at('profile.xml'), '--as', 'aes-ecb', '--pair', '--key-file', at('key.txt')];
  const { code, notes } = await run(...typed, '-o', at('y01.enc'));
  expect([code, notes]).toEqual([0, expect.stringContaining('every phone can open it')]);
  expect(keyOfSecurity(await readFile(at('y01_Security.enc')))).toEqual({
    ok: true,
    value: Buffer.from(KEY),
  });
  expect((await run(...typed, '-o', at('y01.cfg'))).code).toBe(2);
});

test.each([
  { form: 'text', key: KEY },
  { form: 'hex', key: Buffer.from(KEY).toString('hex') },
  { form: 'base64', key: Buffer.from(KEY).toString('base64') },
])('a key written in $form', async ({ form, key }) => {
  await writeFile(at('key'), `${key}\r\n`);
  const typed = ['--as', 'rfc8188', '--key-file', at('key'), '--key-form', form, '-o', '-'];
  const { raw } = await run('seal', at('profile.xml'), ...typed);
  const [bytes, content] = [Buffer.from(KEY), Buffer.from(PROFILE)];
  expect(raw).toEqual(sealAes128Gcm(content, { key: bytes }, steadySalt(bytes, content, 16)));
});

test('a wrong key is a sentence, and nothing is written', async () => {
  await run('seal', at('profile.xml'), '--as', 'rfc8188', '--key-env', 'PHONE_KEY', '-o', at('out'));
  await writeFile(at('key.txt'), 'another key');
  const { code, notes } = await run(
    'unseal',
    at('out'),
    '--as',
    'rfc8188',
    '--key-file',
    at('key.txt'),
    '-o',
    at('back'),
  );
  expect(code).toBe(1);
  expect(notes).toBe(
    `unboxd: ${at('out')} does not open with this key, or was changed (rfc8188); nothing was written\n` +
      '  try: compare key and container with what the phone was given; for openssl try the other --digest',
  );
  expect((await readdir(folder)).sort()).toEqual(['key.txt', 'out', 'profile.xml']);
});

const to = ['-o', 'OUT'];
const key = ['--key-env', 'PHONE_KEY'];

test.each([
  {
    typed: ['--as', 'openssl', ...to],
    says: 'name the key by --key-file FILE or by --key-env NAME',
    exit: 2,
  },
  { typed: ['--as', 'openssl', ...key], says: 'name the output', exit: 2 },
  { typed: [...key, ...to], says: '--as is one of: openssl, rfc8188, aes-ecb', exit: 2 },
  { typed: ['--as', 'openssl', '--digest', 'sha1', ...key, ...to], says: '--digest is one of', exit: 2 },
  { typed: ['--as', 'openssl', '--bits', '64', ...key, ...to], says: '--bits is 128, 192 or 256', exit: 2 },
  { typed: ['--as', 'openssl', '--key-env', 'NONE', ...to], says: 'the key is empty', exit: 2 },
  { typed: ['--as', 'openssl', '--key-form', 'hex', ...key, ...to], says: 'is not written in hex', exit: 2 },
  {
    typed: ['--as', 'openssl', '--key-file', '/none', ...to],
    says: 'the key file /none cannot be read',
    exit: 1,
  },
  { typed: ['--as', 'openssl', ...key, '-o', 'profile.xml'], says: 'is there already', exit: 1 },
  { typed: ['--as', 'openssl', ...key, '-o', 'none/out'], says: 'cannot be written (ENOENT)', exit: 1 },
])('$typed ends with $exit: $says', async ({ typed, says, exit }) => {
  const words = typed.map((word, i) => (typed[i - 1] === '-o' ? at(word) : word));
  const { code, notes } = await run('seal', at('profile.xml'), ...words);
  expect([code, notes]).toEqual([exit, expect.stringContaining(says)]);
  expect((await readdir(folder)).sort()).toEqual(['key.txt', 'profile.xml']);
  expect(await readFile(at('profile.xml'), 'utf8')).toBe(PROFILE);
});

// Tokens at the doors: what leads out of the folder leads nowhere behind a token either, a token is no way past the
// password of a folder, phones write with one, and logs hold none.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gateDesk } from '../../src/back/account-gate.ts';
import { withoutSecrets } from '../../src/base/log.ts';
import { withoutTokens } from '../../src/base/token-text.ts';
import { statusOf } from '../../src/http/refusal.ts';
import { accountsOf } from '../../src/site/accounts.ts';
import { openState } from '../../src/store/state.ts';
import { openTokenKey } from '../../src/store/token-key.ts';
import { errorFor } from '../../src/tftp/policy.ts';
import { A1, A2 } from './kit.ts';
import { HERE, OWN, THERE, token, tokenDesk } from './token-kit.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unboxd-doors-'));
});
afterEach(async () => await rm(root, { recursive: true }));

const ACCOUNTS = [{ folder: 'T46S_1', user: 'anna', password: 'x', methods: ['basic'] }] as const;

test.each([
  'T46S_1/a.cfg',
  `/${token('first')}/T46S_1/a.cfg`,
  `${token('lasting')}\\t46s_1//a.cfg`,
  `/${token('first').toUpperCase()}/T46S_1`,
])('the folder behind a password is behind it also as %s', (name) => {
  expect(accountsOf(ACCOUNTS, name)).toHaveLength(1);
});

test('at every door: refused without the password, whatever token leads', async () => {
  await mkdir(join(root, 'files/T46S_1'), { recursive: true });
  await writeFile(join(root, 'files/T46S_1/a.cfg'), 'inside\n');
  const { desk, asking, lease, world, events } = await tokenDesk(root);
  lease();
  const gated = gateDesk(desk, { accounts: ACCOUNTS, world, tell: (event) => void events.push(event) });
  for (const lead of ['', `${token('lasting')}/`, `./${token('lasting')}/`, `x/../${token('lasting')}/`]) {
    const answer = await gated.ask(asking(`${lead}T46S_1/a.cfg`));
    expect(answer.kind === 'refused' && answer.because, lead).toMatch(/^(?:sign-in-needed|no-such-file)$/);
  }
});

const part = fc.constantFrom(
  '..',
  '.',
  '...',
  '%2e%2e',
  '..%2f',
  'a',
  '',
  '~',
  token('lasting'),
  token('first'),
  '\0',
  'secret.txt',
);
const path = fc
  .array(fc.tuple(part, fc.constantFrom('/', '\\', '//', '/./')), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.flat().join(''));

test('10,000 made-up ways out of the folder behind a token lead nowhere', async () => {
  await writeFile(join(root, 'secret.txt'), 'SECRET');
  await mkdir(join(root, 'files'), { recursive: true });
  await writeFile(join(root, 'files/here.txt'), 'here');
  const { ask, lease } = await tokenDesk(root);
  lease();
  const given = new Set<string>();
  for (const way of fc.sample(path, { numRuns: 10_000, seed: 4 })) {
    const answer = await ask(`/${token('lasting')}/${way}secret.txt`);
    if (answer.kind === 'file') given.add(Buffer.from(answer.content).toString());
  }
  expect([...given]).toEqual([]);
  const fine = await ask(`/${token('lasting')}/here.txt`);
  expect(fine.kind).toBe('file');
}, 60_000);

test('what a phone writes, it writes with its token; without one it is not taken for the phone', async () => {
  const { desk, asking, lease } = await tokenDesk(root);
  lease(A1, HERE);
  lease(A2, THERE);
  const put = async (name: string, from?: string): Promise<string> => {
    const upload = await desk.upload({ ...asking(name, from), length: 3 });
    if (upload.kind === 'refused') return upload.because;
    const written = await upload.write(Buffer.from('a=1'));
    const done = written.ok ? await upload.finish() : written;
    return done.ok ? done.value : done.error.because;
  };
  expect(await put(`/${token('lasting')}/${A1}-local.cfg`)).toBe('created');
  expect(await put(`/${A1}-local.cfg`)).toBe('token-needed');
  expect(await put(`/${token('lasting', 0, A2)}/${A1}-local.cfg`, THERE)).toBe('file-of-another-phone');
  const back = await desk.ask(asking(`/${token('lasting')}/${A1}-local.cfg`));
  expect(back.kind === 'file' && Buffer.from(back.content).toString()).toBe('a=1');
  expect(await desk.ask(asking(`/${A1}-local.cfg`))).toMatchObject({ because: 'token-needed' });
});

test('a list behind a token is the list of the folder, and shows a password file to its phone only', async () => {
  const { desk, asking, lease } = await tokenDesk(root);
  lease();
  const namesAt = async (name: string) => (await desk.list(asking(name)))?.map((one) => one.name);
  expect(await namesAt(`/${token('lasting')}/`)).toContain(OWN);
  expect(await namesAt(`/${token('lasting')}`)).toContain(OWN);
});

test('a refusal for want of a token: 403, and ERROR 2', () => {
  for (const because of ['token-needed', 'token-wrong'] as const) {
    expect(statusOf({ because })).toBe(403);
    expect(errorFor({ because }).code).toBe(2);
  }
});

test('no token gets into a log or an error, in whatever text it stands', () => {
  const text = token('lasting');
  const error = new Error(`GET /${text}/a.cfg failed`);
  const logged = JSON.stringify(
    withoutSecrets({ url: `http://x/${text}/`, deep: [{ error }], up: text.toUpperCase() }),
  );
  expect(logged.toLowerCase()).not.toContain('tok-');
  expect(withoutTokens(`a ${text}, ${text}`)).toBe('a (token), (token)');
});

test('the key of tokens is made once, for its owner only, and a broken one is told', async () => {
  const key = await openTokenKey(root);
  expect(key).toHaveLength(32);
  expect(await openTokenKey(root)).toEqual(key);
  await writeFile(join(root, 'certs/tokens.key'), 'short\n');
  await expect(openTokenKey(root)).rejects.toMatchObject({ code: 'token-key-unusable' });
});

test('how far a phone is outlives a restart, and a backup holds the key', async () => {
  await openTokenKey(root);
  const first = await openState(root);
  await first.state.noteToken({ mac: A1, generation: 1, confirmed: 0, confirmedAt: 5 });
  await first.state.noteToken({ mac: A1, generation: 1, confirmed: 1, confirmedAt: 9 });
  const backup = await first.backup({ made: 1, by: '1' });
  await first.state.close();
  const again = await openState(root);
  expect(again.stored.tokens).toEqual([{ mac: A1, generation: 1, confirmed: 1, confirmedAt: 9 }]);
  await again.state.close();
  expect(Buffer.from(backup).toString('latin1')).toContain('certs/tokens.key');
});

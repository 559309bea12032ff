// The phone's side is written out here by the formulas of RFC 7616 section 3.4.1, not by the code under test.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { decideSignIn, type SignIn } from '../../src/http/auth.ts';
import { createNonces } from '../../src/http/nonce.ts';
import type { Account } from '../../src/site/accounts.ts';

const NOW = Date.UTC(2026, 0, 1);
const URI = '/T23G_1/y000000000044.cfg';
const account = (more: Partial<Account> = {}): Account => ({
  ...{ folder: 'T23G_1', user: 'anna', password: 'se:cret', methods: ['digest', 'basic'] },
  ...more,
});

function door(accounts: readonly Account[] = [account()]) {
  const nonces = createNonces(Buffer.alloc(32, 1));
  const ask = (
    authorization?: string,
    more: { uri?: string; method?: string; now?: number } = {},
  ): SignIn => {
    const { uri = URI, method = 'GET', now = NOW } = more;
    const headers = authorization === undefined ? {} : { authorization };
    return decideSignIn({ request: { method, target: uri, headers }, name: uri, accounts, nonces, now });
  };
  const challenges = (signIn = ask()): readonly string[] =>
    signIn.kind === 'challenge' ? signIn.challenges : [];
  const nonce = (): string => /nonce="([^"]+)"/.exec(challenges()[0] ?? '')?.[1] ?? '';
  return { ask, challenges, nonce };
}

interface Answering {
  readonly nonce: string;
  readonly algorithm?: 'MD5' | 'SHA-256' | 'SHA-512-256' | undefined;
  readonly qop?: string | undefined;
  readonly nc?: string;
  readonly user?: string;
  readonly realm?: string;
  readonly password?: string;
  readonly uri?: string;
  readonly method?: string;
}

function digest(answering: Answering): string {
  const { nonce, algorithm, qop, nc = '00000001', user = 'anna', realm = 'T23G_1' } = answering;
  const { password = 'se:cret', uri = URI, method = 'GET' } = answering;
  const hash = (text: string): string =>
    createHash(algorithm === 'SHA-256' ? 'sha256' : 'md5')
      .update(text)
      .digest('hex');
  const [a1, a2] = [hash(`${user}:${realm}:${password}`), hash(`${method}:${uri}`)];
  const middle = qop === undefined ? nonce : `${nonce}:${nc}:c0ffee:${qop}`;
  const parts = [
    `username="${user}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${uri}"`,
    `response="${hash(`${a1}:${middle}:${a2}`)}"`,
    ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
    ...(qop === undefined ? [] : [`qop=${qop}`, `nc=${nc}`, 'cnonce="c0ffee"']),
  ];
  return `Digest ${parts.join(', ')}`;
}

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
const KNOWN = { kind: 'known', account: 'anna' };

test('a folder without an account is open, and one with an account challenges, best first', () => {
  const { ask, challenges } = door();
  expect(ask(undefined, { uri: '/y000000000044.cfg' })).toEqual({ kind: 'open' });
  expect(ask()).toMatchObject({ kind: 'challenge', because: 'sign-in-needed' });
  expect(challenges().map((one) => one.replaceAll(/(nonce|opaque)="[\w-]{20,}"/g, '$1'))).toEqual([
    'Digest realm="T23G_1", nonce, opaque, algorithm=SHA-256, qop="auth"',
    'Digest realm="T23G_1", nonce, opaque, algorithm=MD5, qop="auth"',
    'Basic realm="T23G_1", charset="UTF-8"',
  ]);
});

test('only the methods of the account are offered and taken', () => {
  const plain = door([account({ methods: ['basic'] })]);
  expect(plain.challenges()).toEqual(['Basic realm="T23G_1", charset="UTF-8"']);
  const hashed = door([account({ methods: ['digest'] })]);
  expect(hashed.challenges()).toHaveLength(2);
  expect(hashed.ask(basic('anna:se:cret'))).toMatchObject({ because: 'wrong-password' });
});

test.each([
  { what: 'the right password', header: basic('anna:se:cret'), is: KNOWN },
  { what: 'a wrong password', header: basic('anna:secret'), is: { because: 'wrong-password' } },
  { what: 'other case', header: basic('anna:SE:CRET'), is: { because: 'wrong-password' } },
  { what: 'another user', header: basic('bert:se:cret'), is: { because: 'wrong-password' } },
  { what: 'no colon', header: basic('anna'), is: { because: 'wrong-password' } },
  { what: 'no base64', header: 'Basic !!!', is: { because: 'wrong-password' } },
  { what: 'nothing', header: 'Basic', is: { because: 'wrong-password' } },
  { what: 'an unknown scheme', header: 'Bearer abc', is: { because: 'wrong-password' } },
  { what: 'rubbish', header: '\u0001"', is: { because: 'wrong-password' } },
])('Basic with $what', ({ header, is }) => {
  expect(door().ask(header)).toMatchObject(is);
});

test.each([
  { algorithm: 'MD5', qop: 'auth' },
  { algorithm: 'SHA-256', qop: 'auth' },
  { algorithm: 'MD5', qop: undefined },
  { algorithm: 'SHA-256', qop: undefined },
  { algorithm: undefined, qop: 'auth' },
  { algorithm: undefined, qop: undefined },
] as const)('Digest with algorithm $algorithm and qop $qop lets in', ({ algorithm, qop }) => {
  const { ask, nonce } = door();
  expect(ask(digest({ nonce: nonce(), algorithm, qop }))).toEqual(KNOWN);
});

test.each<{ what: string; more: Partial<Answering>; because: string }>([
  { what: 'a wrong password', more: { password: 'x' }, because: 'wrong-password' },
  { what: 'another user', more: { user: 'bert' }, because: 'wrong-password' },
  { what: 'the realm of another folder', more: { realm: 'T23G_2' }, because: 'wrong-password' },
  { what: 'the address of another file', more: { uri: '/T23G_1/other.cfg' }, because: 'wrong-password' },
  { what: 'another method', more: { method: 'PUT' }, because: 'wrong-password' },
  { what: 'qop=auth-int, which was not offered', more: { qop: 'auth-int' }, because: 'wrong-password' },
  {
    what: 'SHA-512-256, which was not offered',
    more: { algorithm: 'SHA-512-256' },
    because: 'wrong-password',
  },
  { what: 'a count that is none', more: { nc: '1' }, because: 'wrong-password' },
  { what: 'a nonce of nobody', more: { nonce: 'abcdef' }, because: 'sign-in-stale' },
])('Digest with $what does not', ({ more, because }) => {
  const { ask, nonce } = door();
  expect(ask(digest({ nonce: nonce(), qop: 'auth', ...more }))).toMatchObject({ kind: 'challenge', because });
});

test('the phone may write the address of the file in full, or encode it in another way', () => {
  for (const uri of [`http://10.99.0.1${URI}`, '/%54%32%33G_1/y000000000044.cfg', `${URI}?x=1`]) {
    const { ask, nonce } = door();
    expect(ask(digest({ nonce: nonce(), qop: 'auth', uri })), uri).toEqual(KNOWN);
  }
});

test('a count that was used is refused as stale, so that the phone signs in anew', () => {
  const { ask, nonce, challenges } = door();
  const said = digest({ nonce: nonce(), qop: 'auth' });
  expect(ask(said)).toEqual(KNOWN);
  const replayed = ask(said);
  expect(replayed).toMatchObject({ because: 'sign-in-stale' });
  expect(challenges(replayed)[0]).toMatch(/, stale=true$/);
});

test('one nonce serves all files of a boot', () => {
  const { ask, nonce } = door();
  const shared = nonce();
  for (const nc of ['00000001', '00000002', '0000000a']) {
    const uri = `/T23G_1/${nc}.cfg`;
    expect(ask(digest({ nonce: shared, qop: 'auth', nc, uri }), { uri })).toEqual(KNOWN);
  }
});

test('after five minutes a nonce is stale', () => {
  const { ask, nonce } = door();
  const said = digest({ nonce: nonce(), qop: 'auth' });
  expect(ask(said, { now: NOW + 300_001 })).toMatchObject({ because: 'sign-in-stale' });
});

test('a folder with two accounts knows both, and not those of its neighbour', () => {
  const { ask } = door([
    account(),
    account({ user: 'bert', password: 'b' }),
    account({ folder: 'T23G_2', user: 'carl', password: 'c' }),
  ]);
  expect(ask(basic('bert:b'))).toEqual({ kind: 'known', account: 'bert' });
  expect(ask(basic('carl:c'))).toMatchObject({ because: 'wrong-password' });
});

test('no challenge holds a password', () => {
  expect(door().challenges().join()).not.toContain('se:cret');
});

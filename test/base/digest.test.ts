import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  digestResponse,
  isKnownAlgorithm,
  isSameResponse,
  isSameText,
  parseAuth,
} from '../../src/base/digest.ts';
import { growthOf, MUCH_GROWTH } from '../fakes/effort.ts';

/** RFC 7616 section 3.9.1; the MD5 answer is also that of the older examples. */
const MUFASA = {
  username: 'Mufasa',
  realm: 'http-auth@example.org',
  password: 'Circle of Life',
  method: 'GET',
  uri: '/dir/index.html',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  qop: 'auth',
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  nc: '00000001',
} as const;

/** RFC 2617 section 3.5. */
const OLD_MUFASA = {
  username: 'Mufasa',
  realm: 'testrealm@host.com',
  password: 'Circle Of Life',
  method: 'GET',
  uri: '/dir/index.html',
  nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
} as const;

/** The inputs of RFC 7616 section 3.9.2 without its userhash; the response is from Python's hashlib. */
const JASON = {
  algorithm: 'SHA-512-256',
  username: 'J\u00e4s\u00f8n Doe',
  realm: 'api@example.org',
  password: 'Secret, or not?',
  method: 'GET',
  uri: '/doe.json',
  nonce: '5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK',
  qop: 'auth',
  cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm',
  nc: '00000001',
} as const;

test.each([
  { what: 'MD5 of RFC 7616', input: MUFASA, response: '8ca523f5e9506fed4657c9700eebdbec' },
  {
    what: 'SHA-256 of RFC 7616',
    input: { ...MUFASA, algorithm: 'SHA-256' },
    response: '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  },
  {
    what: 'qop auth of RFC 2617',
    input: { ...OLD_MUFASA, qop: 'auth', cnonce: '0a4f113b', nc: '00000001' } as const,
    response: '6629fae49393a05397450978507c4ef1',
  },
  {
    what: 'no qop, as RFC 2069 has it',
    input: OLD_MUFASA,
    response: '670fd8c2df070c60b045671b8b24ff02',
  },
  {
    what: 'MD5-sess, any case',
    input: { ...OLD_MUFASA, algorithm: 'md5-SESS', qop: 'auth', cnonce: '0a4f113b', nc: '00000001' } as const,
    response: '8e3825c57e897f5a0dec6c2d4e5059d0',
  },
])('the response by $what', ({ input, response }) => {
  expect(digestResponse(input)).toBe(response);
});

test('SHA-512-256 is the hash of that name, also for letters beyond ASCII', () => {
  expect(digestResponse(JASON)).toBe('7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c');
});

test('auth-int covers the body', () => {
  const withBody = (body: string): string | undefined =>
    digestResponse({ ...MUFASA, qop: 'auth-int', body: Buffer.from(body) });
  expect(withBody('one')).not.toBe(withBody('two'));
  expect(withBody('')).toBe(digestResponse({ ...MUFASA, qop: 'auth-int' }));
  expect(withBody('')).not.toBe(digestResponse(MUFASA));
});

test('an algorithm that nobody here knows gives no response', () => {
  expect(digestResponse({ ...MUFASA, algorithm: 'SHA-3' })).toBeUndefined();
  expect(['MD5', 'sha-256', 'SHA-512-256-sess', undefined, 'token'].map(isKnownAlgorithm)).toEqual([
    ...[true, true, true, true, false],
  ]);
});

test('responses are compared whatever their case', () => {
  expect(isSameResponse('AB01', 'ab01')).toBe(true);
  expect(isSameResponse('ab01', 'ab02')).toBe(false);
  expect(isSameResponse('ab01', 'ab0')).toBe(false);
});

test.each([
  { one: 'secret', other: 'secret', same: true },
  { one: 'secret', other: 'Secret', same: false },
  { one: 'secret', other: 'secret ', same: false },
  { one: '', other: '', same: true },
  { one: '', other: 'x', same: false },
  { one: 'gr\u00fc\u00df', other: 'gr\u00fc\u00df', same: true },
])('the passwords $one and $other are the same: $same', ({ one, other, same }) => {
  expect(isSameText(one, other)).toBe(same);
});

const read = (value: string) =>
  parseAuth(value)?.map(({ scheme, params, token }) => [scheme, Object.fromEntries(params), token]);

test.each([
  {
    what: 'one challenge',
    value: 'Digest realm="a, b", nonce="n", qop="auth,auth-int", stale=TRUE',
    found: [['digest', { realm: 'a, b', nonce: 'n', qop: 'auth,auth-int', stale: 'TRUE' }, undefined]],
  },
  {
    what: 'two challenges in one value',
    value: 'Digest realm="x",nonce="1",algorithm=SHA-256, Digest realm="x", nonce="2"',
    found: [
      ['digest', { realm: 'x', nonce: '1', algorithm: 'SHA-256' }, undefined],
      ['digest', { realm: 'x', nonce: '2' }, undefined],
    ],
  },
  {
    what: 'quotes and backslashes in a realm',
    value: String.raw`Digest realm="say \"hi\" \\ bye", nonce=n`,
    found: [['digest', { realm: String.raw`say "hi" \ bye`, nonce: 'n' }, undefined]],
  },
  {
    what: 'a scheme without parameters before another',
    value: 'Negotiate, Digest nonce="n"',
    found: [
      ['negotiate', {}, undefined],
      ['digest', { nonce: 'n' }, undefined],
    ],
  },
  {
    what: 'blanks around equals signs, empty elements, the first of a repeated name',
    value: ' , DIGEST  Nonce = "n" ,, nonce="later" ,',
    found: [['digest', { nonce: 'n' }, undefined]],
  },
  { what: 'Basic credentials', value: 'Basic YTpi==', found: [['basic', {}, 'YTpi==']] },
  { what: 'a Basic challenge', value: 'Basic realm="x"', found: [['basic', { realm: 'x' }, undefined]] },
  { what: 'nothing', value: '', found: [] },
  { what: 'an open quote', value: 'Digest realm="x', found: undefined },
  { what: 'a value that is missing', value: 'Digest realm=, nonce=n', found: undefined },
])('reads $what', ({ value, found }) => {
  expect(read(value)).toEqual(found);
});

test('any text is read or refused, in time that grows with its length', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseAuth(text)));
  for (const part of ['Digest a=b,', 'Digest ', '"\\', 'Basic a ', ',= ']) {
    const reading = (size: number) => {
      const text = part.repeat(size);
      return () => parseAuth(text);
    };
    expect(growthOf(reading, 500), part).toBeLessThan(MUCH_GROWTH);
  }
});

// Known bytes: a pass phrase, a salt and a profile, sealed by `openssl enc -S` with both digests.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOpensslEnc, type OpensslEnc, sealOpenssl, unsealOpenssl } from '../../src/seal/openssl-enc.ts';
import { steadySalt } from '../../src/seal/sealed.ts';

const KEY = Buffer.from('SecretPhrase1234');
const SALT = Buffer.from('0123456789abcdef', 'hex');
const PROFILE = Buffer.from('<flat-profile>\n<GPP_A>12345678</GPP_A>\n</flat-profile>\n');

test.each([
  { digest: 'md5', sum: '2755ec68cae26c05103e795fdbc47d635e28a0b6ca83fde01c05091a2e8a8d14' },
  { digest: 'sha256', sum: '4a0954b1b31c126942e09ddfe2aec33910e99eefedf64d1be73764e479fbda92' },
] as const)('with $digest the sealed profile has the published bytes, and opens again', ({ digest, sum }) => {
  const sealed = sealOpenssl(PROFILE, { key: KEY, digest }, SALT);
  expect(sealed).toHaveLength(80);
  expect(createHash('sha256').update(sealed).digest('hex')).toBe(sum);
  expect(isOpensslEnc(sealed)).toBe(true);
  expect(unsealOpenssl(sealed, { key: KEY, digest })).toEqual({ ok: true, value: PROFILE });
});

const md5: OpensslEnc = { key: KEY, digest: 'md5' };
const sealedMd5 = sealOpenssl(PROFILE, md5, SALT);

test.each([
  { when: 'no container', bytes: PROFILE, options: md5, fault: 'not-sealed' },
  { when: 'nothing at all', bytes: Buffer.alloc(0), options: md5, fault: 'not-sealed' },
  { when: 'a head without blocks', bytes: sealedMd5.subarray(0, 16), options: md5, fault: 'cut-short' },
  { when: 'half a block', bytes: sealedMd5.subarray(0, 72), options: md5, fault: 'cut-short' },
  { when: 'a block lost at the end', bytes: sealedMd5.subarray(0, 64), options: md5, fault: 'wrong-key' },
  { when: 'the other digest', bytes: sealedMd5, options: { key: KEY, digest: 'sha256' }, fault: 'wrong-key' },
  { when: 'another key', bytes: sealedMd5, options: { ...md5, key: Buffer.from('x') }, fault: 'wrong-key' },
] as const)('$when does not open: $fault', ({ bytes, options, fault }) => {
  expect(unsealOpenssl(bytes, options)).toEqual({ ok: false, error: fault });
});

test('whatever is sealed opens again, in every variant', () => {
  const variant = fc.record({
    digest: fc.constantFrom('md5' as const, 'sha256' as const),
    bits: fc.constantFrom(128 as const, 192 as const, 256 as const),
    rounds: fc.constantFrom(undefined, 1, 1000),
    isUnsalted: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), variant, (content, { isUnsalted, ...options }) => {
      const sealed = sealOpenssl(content, { key: KEY, ...options }, isUnsalted ? undefined : SALT);
      const opened = unsealOpenssl(sealed, { key: KEY, ...options, isUnsalted });
      expect(opened.ok && Buffer.from(opened.value).equals(Buffer.from(content))).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('the steady salt follows content and key, so an unchanged file keeps its bytes', () => {
  const salt = steadySalt(KEY, PROFILE, 8);
  expect(salt).toHaveLength(8);
  expect(steadySalt(KEY, PROFILE, 8)).toEqual(salt);
  expect(steadySalt(Buffer.from('other'), PROFILE, 8)).not.toEqual(salt);
  expect(steadySalt(KEY, PROFILE.subarray(1), 8)).not.toEqual(salt);
  expect(steadySalt(KEY, PROFILE, 16)).toHaveLength(16);
});

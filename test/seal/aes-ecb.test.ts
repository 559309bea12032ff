import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isAesEcbKey,
  keyOfSecurity,
  sealAesEcb,
  sealAesEcbPair,
  unsealAesEcb,
} from '../../src/seal/aes-ecb.ts';

const KEY = Buffer.from('0123456789abcdef');
const LONG_KEY = Buffer.from('0123456789abcdef0123456789ABCDEF');
const CONFIG = Buffer.from('#!version:1.0.0.1\naccount.1.enable = 1\naccount.1.label = Zürich\n');

test('a file is AES-128-ECB, filled up with spaces', () => {
  const cipher = createCipheriv('aes-128-ecb', KEY, null).setAutoPadding(false);
  const filled = Buffer.concat([CONFIG, Buffer.alloc((16 - (CONFIG.length % 16)) % 16, ' ')]);
  expect(sealAesEcb(CONFIG, KEY)).toEqual(Buffer.concat([cipher.update(filled), cipher.final()]));
  expect(unsealAesEcb(sealAesEcb(CONFIG, KEY), KEY)).toEqual({ ok: true, value: CONFIG });
});

test.each([
  { length: 16, algorithm: 'aes-128-ecb', key: KEY },
  { length: 32, algorithm: 'aes-256-ecb', key: LONG_KEY },
])('a file with a key of $length and PKCS#7 padding opens too', ({ algorithm, key }) => {
  const cipher = createCipheriv(algorithm, key, null);
  const sealed = Buffer.concat([cipher.update(CONFIG), cipher.final()]);
  expect(unsealAesEcb(sealed, key)).toEqual({ ok: true, value: CONFIG });
});

test.each([
  {
    when: 'another key',
    bytes: sealAesEcb(CONFIG, KEY),
    key: Buffer.from('fedcba9876543210'),
    fault: 'wrong-key',
  },
  { when: 'half a block', bytes: sealAesEcb(CONFIG, KEY).subarray(0, 24), key: KEY, fault: 'not-sealed' },
  { when: 'nothing', bytes: Buffer.alloc(0), key: KEY, fault: 'not-sealed' },
])('$when does not open: $fault', ({ bytes, key, fault }) => {
  expect(unsealAesEcb(bytes, key)).toEqual({ ok: false, error: fault });
});

test.each([
  { key: 'short', fits: false },
  { key: '0123456789abcdef', fits: true },
  { key: '0123456789abcdefg', fits: false },
  { key: '0123456789abcdef0123456789ABCDEF', fits: true },
])('a key "$key" fits: $fits', ({ key, fits }) => {
  expect(isAesEcbKey(Buffer.from(key))).toBe(fits);
  const seal = () => sealAesEcb(CONFIG, Buffer.from(key));
  if (fits) expect(seal()).not.toHaveLength(0);
  else expect(seal).toThrow(RangeError);
});

test('the two-file mode carries the key beside the file', () => {
  const { file, security } = sealAesEcbPair(CONFIG, KEY);
  expect(security).toHaveLength(16);
  expect(keyOfSecurity(security)).toEqual({ ok: true, value: KEY });
  expect(unsealAesEcb(file, KEY)).toEqual({ ok: true, value: CONFIG });
  expect(keyOfSecurity(security.subarray(1))).toEqual({ ok: false, error: 'not-sealed' });
  expect(() => sealAesEcbPair(CONFIG, LONG_KEY)).toThrow('16 characters');
});

test('any text that does not end in blanks opens as it was', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 80 }), (text) => {
      const content = Buffer.from(`${text}\n`);
      expect(unsealAesEcb(sealAesEcb(content, KEY), KEY)).toEqual({ ok: true, value: content });
    }),
  );
});

// The two examples of RFC 8188 section 3, byte for byte, and what must not open.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sealAes128Gcm, unsealAes128Gcm } from '../../src/seal/aes128gcm.ts';

const from64 = (text: string): Buffer => Buffer.from(text, 'base64url');
const WALRUS = Buffer.from('I am the walrus');

const EXAMPLES = [
  {
    section: '3.1',
    key: from64('yqdlZ-tYemfogSmv7Ws5PQ'),
    salt: from64('I1BsxtFttlv3u_Oo94xnmw'),
    options: {},
    sealed: from64('I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg'),
  },
  {
    section: '3.2',
    key: from64('BO3ZVPxUlnLORbVGMpbT1Q'),
    salt: from64('uNCkWiNYzKTnBN9ji3-qWA'),
    options: { recordSize: 25, keyId: Buffer.from('a1'), padding: [1] },
    sealed: from64(
      'uNCkWiNYzKTnBN9ji3-qWAAAABkCYTHOG8chz_gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3SsLWIqS_uA',
    ),
  },
];

test.each(EXAMPLES)(
  'the example of section $section: sealed and opened',
  ({ key, salt, options, sealed }) => {
    expect(Buffer.from(sealAes128Gcm(WALRUS, { key, ...options }, salt))).toEqual(sealed);
    expect(unsealAes128Gcm(sealed, key)).toEqual({ ok: true, value: WALRUS });
  },
);

const KEY = Buffer.from('0123456789abcdef');
const SALT = Buffer.alloc(16, 7);
const three = Buffer.from(sealAes128Gcm(Buffer.alloc(20, 'x'), { key: KEY, recordSize: 25 }, SALT));
/** The record with that number, as it lies in `three`. */
const record = (number: number): Buffer => three.subarray(21 + 25 * number, 21 + 25 * (number + 1));

test.each([
  { when: 'another key', bytes: three, key: Buffer.from('another'), fault: 'wrong-key' },
  { when: 'a head cut off', bytes: three.subarray(0, 20), key: KEY, fault: 'not-sealed' },
  { when: 'no records', bytes: three.subarray(0, 21), key: KEY, fault: 'cut-short' },
  { when: 'the last record missing', bytes: three.subarray(0, 71), key: KEY, fault: 'cut-short' },
  { when: 'the last record cut', bytes: three.subarray(0, -1), key: KEY, fault: 'wrong-key' },
  {
    when: 'two records in the wrong order',
    bytes: Buffer.concat([three.subarray(0, 21), record(1), record(0), record(2)]),
    key: KEY,
    fault: 'wrong-key',
  },
  {
    when: 'a record after the last',
    bytes: Buffer.concat([
      sealAes128Gcm(Buffer.alloc(8, 'x'), { key: KEY, recordSize: 25 }, SALT),
      record(0),
    ]),
    key: KEY,
    fault: 'wrong-key',
  },
  {
    when: 'a record size that holds nothing',
    bytes: Buffer.concat([three.subarray(0, 16), Buffer.from([0, 0, 0, 17]), three.subarray(20)]),
    key: KEY,
    fault: 'not-sealed',
  },
])('$when does not open: $fault', ({ bytes, key, fault }) => {
  expect(unsealAes128Gcm(bytes, key)).toEqual({ ok: false, error: fault });
});

test('a changed byte anywhere is noticed', () => {
  for (let at = 21; at < three.length; at += 1) {
    const changed = Buffer.from(three);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(unsealAes128Gcm(changed, KEY).ok, `byte ${at}`).toBe(false);
  }
});

test('whatever is sealed opens again, in records of any size', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.integer({ min: 18, max: 60 }),
      (content, recordSize) => {
        const sealed = sealAes128Gcm(content, { key: KEY, recordSize }, SALT);
        const opened = unsealAes128Gcm(sealed, KEY);
        expect(opened.ok && Buffer.from(opened.value).equals(Buffer.from(content))).toBe(true);
      },
    ),
  );
});

test.each([
  { when: 'a short salt', options: {}, salt: Buffer.alloc(8) },
  { when: 'records too small', options: { recordSize: 17 }, salt: SALT },
  { when: 'padding that fills the record', options: { recordSize: 20, padding: [3] }, salt: SALT },
])('$when is refused by the sealer', ({ options, salt }) => {
  expect(() => sealAes128Gcm(WALRUS, { key: KEY, ...options }, salt)).toThrow(RangeError);
});

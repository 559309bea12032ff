// Domain names in bytes, plain and compressed (RFC 1035).
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latin1, toHex } from '../../src/base/bytes.ts';
import { decodeDomains, encodeDomains } from '../../src/base/domain-name.ts';

const hexOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : toHex(bytes);
const namesIn = (bytes: Uint8Array | undefined): readonly string[] | undefined =>
  decodeDomains(bytes ?? Uint8Array.of(255))?.map((labels) => labels.map(latin1).join('.'));

// RFC 3397 section 3: eng.apple.com and marketing.apple.com.
const ENG = '03656e67056170706c6503636f6d00';

test.each([
  { names: ['a.b'], plain: '0161016200', compressed: '0161016200' },
  { names: ['a.b.'], plain: '0161016200', compressed: '0161016200' },
  {
    names: ['eng.apple.com', 'marketing.apple.com'],
    plain: `${ENG}096d61726b6574696e67056170706c6503636f6d00`,
    compressed: `${ENG}096d61726b6574696e67c004`,
  },
  { names: ['a.b', 'A.B'], plain: '01610162000141014200', compressed: '0161016200c000' },
  { names: [], plain: '', compressed: '' },
])('$names', ({ names, plain, compressed }) => {
  expect(hexOf(encodeDomains(names))).toBe(plain);
  expect(hexOf(encodeDomains(names, 'compressed'))).toBe(compressed);
});

test.each(['', '.', 'a..b', '.a', 'a b', 'bücher.example', 'http://a/ ', 'x'.repeat(64)])(
  '"%s" is no name',
  (name) => {
    expect(encodeDomains([name])).toBeUndefined();
  },
);

test('a label has 63 bytes at most, a name 255', () => {
  const label = 'x'.repeat(63);
  expect(encodeDomains([label])).toHaveLength(65);
  expect(encodeDomains([`${label}.${label}.${label}.${'x'.repeat(61)}`])).toHaveLength(255);
  expect(encodeDomains([`${label}.${label}.${label}.${'x'.repeat(62)}`])).toBeUndefined();
});

const label = fc.string({ unit: fc.constantFrom('a', 'b', '-', '1'), minLength: 1, maxLength: 5 });
const list = fc.array(fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')));

test('names come back as they went, also compressed', () => {
  fc.assert(
    fc.property(list, fc.constantFrom('plain' as const, 'compressed' as const), (names, how) => {
      expect(namesIn(encodeDomains(names, how))).toEqual(names);
    }),
  );
});

test('compression stops at byte 16383, where pointers end', () => {
  const names = Array.from({ length: 4000 }, (_, index) => `n${index}.x${index % 3000}`);
  expect(namesIn(encodeDomains(names, 'compressed'))).toEqual(names);
});

test.each([
  { why: 'a pointer to itself', hex: 'c000' },
  { why: 'a pointer forward', hex: '0161c006016200' },
  { why: 'a circle', hex: '0161c000' },
  { why: 'half a pointer', hex: '016100c0' },
  { why: 'a label past the end', hex: '0361' },
  { why: 'no end', hex: '0161' },
  { why: 'a length of the reserved kinds', hex: '4161' },
  { why: 'a name above 255 bytes', hex: `${`3f${'78'.repeat(63)}`.repeat(4)}00` },
])('$why is refused', ({ hex }) => {
  expect(decodeDomains(Buffer.from(hex, 'hex'))).toBeUndefined();
});

test('any bytes are read without a throw and without end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 1, 2, 0x3f, 0xc0, 0xc1, 0xff, 0x61), { maxLength: 300 }),
      (bytes) => {
        decodeDomains(Uint8Array.from(bytes));
      },
    ),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createNetasciiReader, toNetascii } from '../../src/tftp/netascii.ts';

/** Bytes of which many are those that matter. */
const text = fc.array(fc.oneof(fc.constantFrom(10, 13, 0), fc.integer({ min: 0, max: 255 })), {
  maxLength: 80,
});

function read(pieces: readonly Uint8Array[]): Buffer {
  const reader = createNetasciiReader();
  return Buffer.concat([...pieces.map((piece) => Buffer.from(reader.read(piece))), reader.rest()]);
}

test('what was written is read again, wherever it is cut', () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(200), { maxLength: 6 }), (bytes, cuts) => {
      const form = toNetascii(Uint8Array.from(bytes));
      const at = [0, ...cuts.map((cut) => Math.min(cut, form.length)).sort((a, b) => a - b), form.length];
      const pieces = at.slice(1).map((end, index) => form.subarray(at[index], end));
      expect([...read(pieces)]).toEqual(bytes);
    }),
    { numRuns: 500 },
  );
});

test.each([
  {
    what: 'a line end',
    wire: [
      [65, 13],
      [10, 66],
    ],
    bytes: [65, 10, 66],
  },
  {
    what: 'a bare CR',
    wire: [
      [65, 13],
      [0, 66],
    ],
    bytes: [65, 13, 66],
  },
  { what: 'CR and something else', wire: [[13], [65]], bytes: [13, 65] },
  { what: 'two CRs and a line end', wire: [[13, 13], [10]], bytes: [13, 10] },
  { what: 'a CR at the very end', wire: [[65, 13]], bytes: [65, 13] },
  { what: 'a NUL without a CR', wire: [[0, 65]], bytes: [0, 65] },
])('$what over the end of a block', ({ wire, bytes }) => {
  expect([...read(wire.map((piece) => Uint8Array.from(piece)))]).toEqual(bytes);
});

test('one form for all phones, and the file itself where it has no line ends', () => {
  const lines = Buffer.from('a\nb\n');
  expect(toNetascii(lines)).toBe(toNetascii(lines));
  expect(Buffer.from(toNetascii(lines)).toString()).toBe('a\r\nb\r\n');
  const plain = Buffer.from('no line ends');
  expect(toNetascii(plain)).toBe(plain);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePacket, encodePacket, type TftpPacket } from '../../src/tftp/packet.ts';

const RUNS = { seed: 20_260_101, numRuns: 3000 };
const u16 = fc.integer({ min: 0, max: 0xffff });
/** Text as it goes over the wire: Latin-1 without NUL. */
const text = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});
const word = text.filter((each) => each !== '');
const options = fc.array(fc.record({ name: word, value: text }), { maxLength: 6 });

const packet: fc.Arbitrary<TftpPacket> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('rrq' as const, 'wrq' as const),
    filename: text,
    mode: fc.constantFrom('octet', 'netascii', 'mail'),
    options,
  }),
  fc.record({ kind: fc.constant('data' as const), block: u16, data: fc.uint8Array({ maxLength: 600 }) }),
  fc.record({ kind: fc.constant('ack' as const), block: u16 }),
  fc.record({ kind: fc.constant('error' as const), code: u16, message: text }),
  fc.record({ kind: fc.constant('oack' as const), options }),
);

test('what is written is read back the same', () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(packet, (made) => {
      kinds.add(made.kind);
      const read = decodePacket(Uint8Array.from(encodePacket(made)));
      expect(read).toEqual({ ok: true, value: made });
    }),
    RUNS,
  );
  expect(kinds.size).toBe(6);
});

test('no bytes make the reader throw, and both outcomes occur', () => {
  const seen = { ok: 0, refused: 0 };
  const readable = fc.uint8Array({ maxLength: 700 });
  const nearly = fc
    .tuple(packet, fc.nat(), fc.nat({ max: 255 }), fc.nat({ max: 60 }))
    .map(([made, at, byte, cut]) => {
      const bytes = Uint8Array.from(encodePacket(made));
      bytes[at % bytes.length] = byte;
      return bytes.subarray(0, Math.max(0, bytes.length - cut));
    });
  fc.assert(
    fc.property(fc.oneof(readable, nearly), (bytes) => {
      const read = decodePacket(bytes);
      seen[read.ok ? 'ok' : 'refused'] += 1;
      if (!read.ok) expect(read.error.at).toBeLessThanOrEqual(bytes.length);
    }),
    RUNS,
  );
  expect(seen.ok).toBeGreaterThan(RUNS.numRuns / 10);
  expect(seen.refused).toBeGreaterThan(RUNS.numRuns / 10);
});

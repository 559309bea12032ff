// The DHCP codec against arbitrary bytes, damaged packets and arbitrary options. Seeded: every run is the same run.
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ipv4FromNumber } from '../../src/base/ipv4.ts';
import { cluesFromDhcp, macOf } from '../../src/dhcp/clues.ts';
import { showOption } from '../../src/dhcp/options.ts';
import { type DhcpMessage, decodePacket, encodePacket } from '../../src/dhcp/packet.ts';
import { questionOf, readAddressRequest } from '../../src/dhcp/request.ts';
import { lanSite } from '../dhcp/kit.ts';

const SEED = 20_260_101;

const u8 = fc.nat(255);
const u16 = fc.nat(65_535);
const u32 = fc.nat(4_294_967_295);
const address = u32.map(ipv4FromNumber);
/** Text as it fits a field: no NUL, room for one after it. */
const fieldText = (most: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 1, max: 255 }), { maxLength: most })
    .map((codes) => String.fromCharCode(...codes));
const code = fc.integer({ min: 1, max: 254 }).filter((number) => number !== 52);
const value = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 12 }) },
  { weight: 4, arbitrary: fc.uint8Array({ minLength: 40, maxLength: 120 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 250, maxLength: 600 }) },
);
const options = fc.uniqueArray(fc.tuple(code, value), { selector: ([key]) => key, maxLength: 20 });

const message: fc.Arbitrary<DhcpMessage> = fc
  .record({
    op: u8,
    htype: u8,
    hops: u8,
    xid: u32,
    secs: u16,
    flags: u16,
    ciaddr: address,
    yiaddr: address,
    siaddr: address,
    giaddr: address,
    chaddr: fc.uint8Array({ maxLength: 16 }),
    sname: fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fieldText(63) }),
    file: fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fieldText(127) }),
    options,
  })
  .map((fields) => ({ ...fields, options: new Map(fields.options) }));

/** Everything that reads a message must take it as it is. */
function readWhole(bytes: Uint8Array): 'ok' | 'error' {
  const decoded = decodePacket(bytes);
  if (!decoded.ok) return 'error';
  const { value: read } = decoded;
  macOf(read);
  cluesFromDhcp(read);
  readAddressRequest(read);
  questionOf(read, lanSite());
  for (const [key, held] of read.options) showOption(key, held);
  return 'ok';
}

/** Runs the reader over each input and counts how it ended. */
function outcomes(inputs: fc.Arbitrary<Uint8Array>, numRuns: number): Record<'ok' | 'error', number> {
  const seen = { ok: 0, error: 0 };
  const property = fc.property(inputs, (bytes) => {
    seen[readWhole(bytes)] += 1;
  });
  fc.assert(property, { seed: SEED, numRuns });
  return seen;
}

test('arbitrary bytes never throw', () => {
  // Half of them get the magic cookie, or nothing would come past it.
  const bytes = fc
    .tuple(fc.uint8Array({ maxLength: 700, size: 'max' }), fc.boolean())
    .map(([raw, cookie]) => {
      if (cookie && raw.length >= 240) {
        raw.set([99, 130, 83, 99], 236);
        raw[2] = (raw[2] ?? 0) % 20;
      }
      return raw;
    });
  const seen = outcomes(bytes, 5000);
  expect(seen.ok).toBeGreaterThan(500);
  expect(seen.error).toBeGreaterThan(500);
});

test('damaged packets never throw', () => {
  const damage = fc.array(fc.tuple(fc.nat(), u8), { minLength: 1, maxLength: 8 });
  const bytes = fc.tuple(message, damage, fc.option(fc.nat(600))).map(([whole, changes, cut]) => {
    const packet = encodePacket(whole, { maxLength: 1500 }).bytes.slice();
    for (const [at, byte] of changes) packet[at % packet.length] = byte;
    return cut === null ? packet : packet.slice(0, cut);
  });
  const seen = outcomes(bytes, 5000);
  expect(seen.ok).toBeGreaterThan(500);
  expect(seen.error).toBeGreaterThan(500);
});

test('what is written comes back, and only what is told to be dropped is missing', () => {
  const seen = { whole: 0, overloaded: 0, dropped: 0, split: 0 };
  const property = fc.property(
    message,
    fc.constantFrom(undefined, 300, 576, 1000, 1500),
    (whole, maxLength) => {
      const { bytes, dropped } = encodePacket(whole, { maxLength });
      expect(bytes.length).toBeGreaterThanOrEqual(300);
      expect(bytes.length).toBeLessThanOrEqual(Math.max(576, maxLength ?? 576) - 28);
      const kept = new Map([...whole.options].filter(([key]) => !dropped.includes(key)));
      const decoded = decodePacket(bytes);
      // Compared without a diff: shrinking a failure would make thousands of them.
      const wanted = { ok: true, value: { ...whole, options: kept, malformedTail: undefined } };
      expect(isDeepStrictEqual(decoded, wanted)).toBe(true);
      const overloaded = (whole.file === '' && bytes[108] !== 0) || (whole.sname === '' && bytes[44] !== 0);
      seen.overloaded += overloaded ? 1 : 0;
      seen.dropped += dropped.length > 0 ? 1 : 0;
      seen.whole += dropped.length === 0 ? 1 : 0;
      seen.split += [...kept.values()].some(({ length }) => length > 255) ? 1 : 0;
    },
  );
  fc.assert(property, { seed: SEED, numRuns: 2000 });
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(50);
});

test('written again, a message is the same bytes: order and all', () => {
  const property = fc.property(message, (whole) => {
    const { bytes, dropped } = encodePacket(whole, { maxLength: 1500 });
    fc.pre(dropped.length === 0);
    const decoded = decodePacket(bytes);
    expect(decoded.ok && encodePacket(decoded.value, { maxLength: 1500 }).bytes).toEqual(bytes);
  });
  fc.assert(property, { seed: SEED, numRuns: 500 });
});

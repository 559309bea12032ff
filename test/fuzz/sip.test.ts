// What strangers can send: the decoder never throws, never slows down, and nothing it lets through harms the door.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMessage, encodeMessage, type SipMessage } from '../../src/sip/message.ts';
import { effortOf } from '../fakes/effort.ts';
import { DIALECTS, onWire } from '../sip/dialects.ts';
import { openStage } from '../sip/stage.ts';

const SEED = 5060;
const RUNS = 3000;

/** Counts what came of each run, so that a property that never met one of its cases is seen to be empty. */
function tally(): { readonly seen: Map<string, number>; note(what: string): void } {
  const seen = new Map<string, number>();
  return { seen, note: (what) => void seen.set(what, (seen.get(what) ?? 0) + 1) };
}

const seeds = fc.constantFrom(...DIALECTS.map(({ text }) => onWire(text)));

/** Bits of SIP that mean something to a parser. */
const spice = fc.constantFrom(
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '"',
  '\\',
  '<',
  '>',
  '=',
  '@',
  '%',
  '%00',
  'v: ',
  '\r\n ',
  '\r\n\r\n',
  'Content-Length: 9999\r\n',
  'SIP/2.0',
  ';rport',
  'Via: x\r\n',
  '\xff',
);

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.integer({ min: 0, max: 8 }),
  add: fc.oneof(
    { weight: 3, arbitrary: spice },
    { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 5 }) },
  ),
});

/** Changes that leave the grammar whole and alter what the message means. */
const swap = fc.constantFrom<readonly [string, string]>(
  ['Content-Length: 0', 'Content-Length: 99'],
  ['ua-profile', 'presence'],
  ['SUBSCRIBE', 'OPTIONS'],
  ['@10.', '@8.'],
  ['UDP 10.', 'UDP 8.'],
  ['MAC', 'CAM'],
);

/** A real request with a few things done to it. */
const mutated = fc
  .tuple(seeds, fc.array(swap, { maxLength: 1 }), fc.array(mutation, { maxLength: 2 }))
  .map(([seed, swaps, mutations]) => {
    const text = swaps.reduce(
      (old, [from, to]) => old.replaceAll(from, to),
      Buffer.from(seed).toString('latin1'),
    );
    return mutations.reduce(
      (bytes, { at, cut, add }) => {
        const where = Math.floor(at * bytes.length);
        return Buffer.concat([
          bytes.subarray(0, where),
          Buffer.from(add, 'latin1'),
          bytes.subarray(where + cut),
        ]);
      },
      Buffer.from(text, 'latin1'),
    );
  });

const token = fc.string({ unit: fc.constantFrom(..."abzAZ019-.!%*_+`'~"), minLength: 1, maxLength: 20 });
/** Any byte that may stand in a header; blanks at the ends do not belong to the value. */
const value = fc.uint8Array({ maxLength: 60 }).map((bytes) =>
  Buffer.from(bytes)
    .toString('latin1')
    .replaceAll(/[\0\r\n]/g, '?')
    .replace(/^[ \t]+|[ \t]+$/g, ''),
);
const extra = fc.record({ name: token.map((name) => `X-${name}`), value });
const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const digits = fc.integer({ min: 0, max: 2 ** 31 - 1 });

const message: fc.Arbitrary<SipMessage> = fc
  .record({
    token,
    method: token,
    reason: value,
    status: fc.integer({ min: 100, max: 699 }),
    extras: fc.array(extra),
    body,
    digits,
    isRequest: fc.boolean(),
  })
  .map(({ token, method, reason, status, extras, body, digits, isRequest }) => {
    const headers = [
      { name: 'Via', value: `SIP/2.0/UDP 10.1.0.9;branch=${token}` },
      { name: 'From', value: `"${token}" <sip:${encodeURIComponent(token)}@h>;tag=${token}` },
      { name: 'To', value: `<sip:h>` },
      { name: 'Call-ID', value: token },
      { name: 'CSeq', value: `${digits} ${method}` },
      ...extras,
    ];
    if (isRequest) return { kind: 'request', method, uri: `sip:${token}@h`, headers, body };
    return { kind: 'response', status, reason, headers, body };
  });

function decodeKind(bytes: Uint8Array): string {
  const decoded = decodeMessage(bytes);
  return decoded.ok ? decoded.value.kind : decoded.error.code;
}

test('arbitrary bytes: a value or a reason, never a throw', () => {
  const { seen, note } = tally();
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 400 }),
        fc.string({ unit: spice, maxLength: 40 }).map((text) => Buffer.from(text, 'latin1')),
      ),
      (bytes) => {
        note(decodeKind(bytes));
      },
    ),
    { seed: SEED, numRuns: RUNS },
  );
  expect([...seen.keys()]).toEqual(expect.arrayContaining(['too-short', 'bad-text', 'keep-alive']));
});

test('mutated requests: a value or a reason, and what is let through can be written again', () => {
  const { seen, note } = tally();
  fc.assert(
    fc.property(mutated, (bytes) => {
      const decoded = decodeMessage(bytes);
      note(decoded.ok ? decoded.value.kind : decoded.error.code);
      if (!decoded.ok) {
        expect(decoded.error.at).toBeLessThanOrEqual(bytes.length);
        return;
      }
      if (decoded.value.kind !== 'request' || !/^\w+:[!#-;=?-~]+$/.test(decoded.value.uri)) return;
      const again = decodeMessage(encodeMessage(decoded.value));
      expect(again).toEqual(decoded);
      note('written again');
    }),
    { seed: SEED, numRuns: RUNS },
  );
  for (const what of [
    'request',
    'written again',
    'too-short',
    'bad-value',
    'bad-text',
    'bad-magic',
    'overrun',
  ]) {
    expect(seen.get(what) ?? 0, what).toBeGreaterThan(RUNS / 300);
  }
  expect(seen.get('written again') ?? 0).toBeGreaterThan(RUNS / 4);
});

test('decode of encode is the message', () => {
  const { seen, note } = tally();
  fc.assert(
    fc.property(message, (original) => {
      note(original.kind);
      expect(decodeMessage(encodeMessage(original))).toEqual({
        ok: true,
        value: { ...original, body: Uint8Array.from(original.body), seen: expect.anything() as unknown },
      });
    }),
    { seed: SEED, numRuns: RUNS },
  );
  expect(seen.get('request')).toBeGreaterThan(RUNS / 4);
  expect(seen.get('response')).toBeGreaterThan(RUNS / 4);
});

test('whatever comes, the door does not break and sends to the source of the datagram only', async () => {
  const { seen, note } = tally();
  const source = '10.1.2.2:40001';
  await fc.assert(
    fc.asyncProperty(mutated, fc.constantFrom('rfc' as const, 'legacy' as const), async (bytes, style) => {
      const stage = await openStage({ notifyStyleFor: () => style });
      stage.deliver(bytes, source);
      stage.deliver(bytes, source);
      stage.world.advance(60_000);
      note(stage.sent.length > 0 ? 'answered' : (stage.kinds().at(-1) ?? 'ignored'));
      expect(stage.kinds()).not.toContain('fault');
      expect(stage.sent.filter(({ to }) => to !== source)).toEqual([]);
      for (const { text } of stage.sent)
        expect(decodeKind(Buffer.from(text, 'latin1'))).toMatch(/request|response/);
    }),
    { seed: SEED, numRuns: RUNS / 3 },
  );
  for (const what of ['answered', 'garbled', 'no-answer-given']) {
    expect(seen.get(what) ?? 0, what).toBeGreaterThan(RUNS / 100);
  }
});

describe('64 kB of the worst', () => {
  /** Generous, for a machine that is busy: what is quadratic takes seconds. */
  const MOST_MS = 250;
  const FULL = 65_000;
  const [GOOD = Buffer.alloc(0)] = DIALECTS.map(({ text }) => Buffer.from(onWire(text)));
  const inPlaceOf = (pattern: RegExp, text: string): string =>
    GOOD.toString('latin1').replace(pattern, () => text);
  /** Lines of 8 kB, the longest that are read, as many as fit. */
  const lines = (line: (filling: string) => string, filling: string): string =>
    line(filling.repeat(Math.floor(8100 / filling.length))).repeat(8);

  test.each<[string, string]>([
    ['blanks in one Via', inPlaceOf(/Via: .*/, `Via: SIP/2.0/UDP h${' '.repeat(FULL)}x`)],
    [
      'blanks in many Via',
      inPlaceOf(
        /Via: .*\r\n/,
        lines((blanks) => `Via: SIP/2.0/UDP h${blanks}x\r\n`, ' '),
      ),
    ],
    ['blanks in Via, just short enough', inPlaceOf(/Via: .*/, `Via: SIP/2.0/UDP h${' '.repeat(8100)}x`)],
    ['blanks in From', inPlaceOf(/From: .*/, `From: a${' '.repeat(8100)}x`)],
    ['blanks in CSeq', inPlaceOf(/CSeq: .*/, `CSeq: 1${' '.repeat(8100)}x y`)],
    ['blanks in the start line', inPlaceOf(/ SIP\/2.0/, `${' '.repeat(8100)}x SIP/2.0`)],
    ['leading line ends', `${'\r\n'.repeat(FULL / 2)}x`],
    ['leading blanks', ' '.repeat(FULL)],
    ['folded lines', inPlaceOf(/CSeq: 1/, `CSeq: 1${'\r\n '.repeat(FULL / 3)}`)],
    ['folded lines of one letter', inPlaceOf(/CSeq: 1/, `CSeq: 1${'\r\n x'.repeat(FULL / 4)}`)],
    ['empty header names', inPlaceOf(/Via: .*\r\n/, ':\r\n'.repeat(FULL / 3))],
    ['many short headers', inPlaceOf(/Via: .*\r\n/, 'v:h\r\n'.repeat(FULL / 5))],
    [
      'semicolons',
      inPlaceOf(
        /From: .*\r\n/,
        lines((marks) => `From: <sip:a>${marks}\r\n`, ';'),
      ),
    ],
    [
      'commas in Via',
      inPlaceOf(
        /Via: .*\r\n/,
        lines((marks) => `Via: ${marks}\r\n`, ','),
      ),
    ],
    ['open brackets', inPlaceOf(/From: .*/, `From: ${'<'.repeat(8100)}`)],
    ['brackets that close late', inPlaceOf(/From: .*/, `From: ${'<'.repeat(8000)}sip:a>`)],
    ['quotes', inPlaceOf(/From: .*/, `From: ${'"'.repeat(8001)} <sip:a>`)],
    ['backslashes', inPlaceOf(/From: .*/, `From: "${'\\'.repeat(8000)} <sip:a>`)],
    ['percent signs', inPlaceOf(/sip:MAC/, `sip:MAC${'%3a'.repeat(2000)}`)],
    ['parameters of Event', inPlaceOf(/Event: .*/, `Event: ua-profile${';a=b'.repeat(2000)}`)],
    ['digits of Content-Length', inPlaceOf(/Content-Length: .*/, `Content-Length: ${'9'.repeat(8000)}`)],
    ['no line end at all', 'x'.repeat(FULL)],
  ])('%s', async (_, text) => {
    const bytes = Buffer.from(text, 'latin1');
    let best = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 3; tries += 1) {
      const stage = await openStage();
      const hear = (): void => {
        decodeMessage(bytes);
        stage.deliver(bytes, '10.1.2.2:5060');
      };
      best = Math.min(best, effortOf(hear, 1));
      expect(stage.kinds()).not.toContain('fault');
    }
    expect(best).toBeLessThan(MOST_MS);
  });
});

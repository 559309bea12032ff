// The torture of RFC 4475: what a strict reader takes and what it refuses.
import { describe, expect, test } from 'vitest';
import { decodeMessage, encodeMessage } from '../../src/sip/message.ts';
import { strictFault } from '../../src/sip/strict.ts';
import { DIALECTS, onWire } from './dialects.ts';
import { INVALID } from './torture-invalid.ts';
import { VALID } from './torture-valid.ts';

/** Why it is refused, or undefined. */
function refusal(bytes: Uint8Array): string | undefined {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) return decoded.error.message;
  return decoded.value.kind === 'keep-alive' ? 'keep-alive' : strictFault(bytes, decoded.value)?.what;
}

test('all 49 are here', () => {
  const names = [...VALID, ...INVALID].map(({ name }) => name);
  expect([VALID.length, INVALID.length, new Set(names).size]).toEqual([26, 23, 49]);
});

describe('taken', () => {
  test.each(VALID)('$name ($section)', ({ text }) => {
    expect(refusal(onWire(text))).toBeUndefined();
  });
});

describe('refused', () => {
  test.each(INVALID)('$name ($section)', ({ text }) => {
    expect(refusal(onWire(text))).toBeDefined();
  });
});

test('what was taken can be written, and is then the same', () => {
  for (const { name, text } of VALID) {
    const decoded = decodeMessage(onWire(text));
    if (!decoded.ok || decoded.value.kind === 'keep-alive') throw new Error(name);
    const again = decodeMessage(encodeMessage(decoded.value));
    expect(again, name).toEqual(decoded);
  }
});

test('line ends of LF alone are not strict', () => {
  const text = VALID[2]?.text ?? '';
  expect(refusal(Buffer.from(text))).toBe('line end');
});

test('phones that ask for provisioning would fail it: that is what their own profile is for', () => {
  const failing = DIALECTS.filter(({ text }) => refusal(onWire(text)) !== undefined);
  expect(failing.map(({ phone }) => phone)).toEqual(['Planet as its manual prints it: a blank after MAC=']);
});

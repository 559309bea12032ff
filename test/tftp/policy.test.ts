import { expect, test } from 'vitest';
import { errorFor, unknownMode } from '../../src/tftp/policy.ts';
import { allReasons, type Reason } from '../../src/timeline/reason.ts';

test.each<{ because: Reason; code: number }>([
  { because: 'no-such-file', code: 1 },
  { because: 'unknown-phone', code: 1 },
  { because: 'optional-file', code: 1 },
  { because: 'left-out-on-purpose', code: 1 },
  { because: 'file-of-another-phone', code: 2 },
  { because: 'name-not-allowed', code: 2 },
  { because: 'writing-not-served', code: 2 },
  { because: 'template-broken', code: 0 },
])('$because is ERROR $code', ({ because, code }) => {
  expect(errorFor(because).code).toBe(code);
});

test('no ERROR text shows a path of the server', () => {
  for (const reason of allReasons()) expect(errorFor(reason).message).not.toContain('/');
});

test('a mode that nobody serves is an illegal operation, however long it is', () => {
  const { code, message } = unknownMode('x'.repeat(10_000));
  expect(code).toBe(4);
  expect(message.length).toBeLessThan(100);
});

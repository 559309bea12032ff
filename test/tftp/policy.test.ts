import { expect, test } from 'vitest';
import { parseIpv4, subnetOf } from '../../src/base/ipv4.ts';
import { errorFor, fitted, isForged, unknownMode } from '../../src/tftp/policy.ts';
import { allReasons, type Reason } from '../../src/timeline/reason.ts';

test.each<{ because: Reason; code: number }>([
  { because: 'no-such-file', code: 1 },
  { because: 'unknown-phone', code: 1 },
  { because: 'optional-file', code: 1 },
  { because: 'left-out-on-purpose', code: 1 },
  { because: 'file-of-another-phone', code: 2 },
  { because: 'name-not-allowed', code: 2 },
  { because: 'writing-not-served', code: 2 },
  { because: 'upload-not-allowed', code: 2 },
  { because: 'not-the-holder', code: 2 },
  { because: 'upload-too-large', code: 3 },
  { because: 'upload-quota-used', code: 3 },
  { because: 'disk-full', code: 3 },
  { because: 'upload-over-served', code: 6 },
  { because: 'template-broken', code: 0 },
])('$because is ERROR $code', ({ because, code }) => {
  expect(errorFor({ because }).code).toBe(code);
});

test('particulars come before the general words', () => {
  const detail = 'this phone is asked to take 0015651234ab.cfg';
  expect(errorFor({ because: 'no-such-file', detail })).toEqual({ kind: 'error', code: 1, message: detail });
});

test('no ERROR text shows a path of the server', () => {
  for (const because of allReasons()) expect(errorFor({ because }).message).not.toMatch(/(^|\s)\//);
});

test('a mode that nobody serves is an illegal operation, however long it is', () => {
  const { code, message } = unknownMode('x'.repeat(10_000));
  expect(code).toBe(4);
  expect(message.length).toBeLessThan(100);
});

test('an ERROR is at most five times as long as what asked for it, and in plain letters', () => {
  const long = {
    kind: 'error',
    code: 1,
    message: `na\u00efve \u4e2d\u6587 \u001b[2J ${'x'.repeat(300)}`,
  } as const;
  expect(fitted(long, 20).message).toHaveLength(95);
  expect(fitted(long, 1000).message).toMatch(/^na\?ve \?\? \\x1b\[2J x{10}/);
  expect(fitted(long, 1000).message.length).toBeLessThan(256);
  expect(fitted({ kind: 'error', code: 1, message: 'no' }, 20).message).toBe('no');
});

test.each([
  { address: '10.99.0.50', port: 40_000, forged: false },
  { address: '10.99.0.50', port: 69, forged: false },
  { address: '10.99.0.50', port: 1024, forged: false },
  { address: '10.99.0.50', port: 7, forged: true },
  { address: '10.99.0.50', port: 53, forged: true },
  { address: '10.99.0.1', port: 40_000, forged: true },
  { address: '10.99.0.0', port: 40_000, forged: true },
  { address: '10.99.0.255', port: 40_000, forged: true },
  { address: '255.255.255.255', port: 40_000, forged: true },
  { address: '192.0.2.1', port: 40_000, forged: true },
])('a request from $address:$port is forged: $forged', ({ address, port, forged }) => {
  const own = parseIpv4('10.99.0.1') ?? expect.fail();
  const from = parseIpv4(address) ?? expect.fail();
  expect(isForged({ address: from, port }, { address: own, subnet: subnetOf(own, 24) })).toBe(forged);
});

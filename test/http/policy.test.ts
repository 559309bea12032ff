import { expect, test } from 'vitest';
import type { FileAnswer, FileOutcome } from '../../src/files/desk.ts';
import { answerWith, decideHttp } from '../../src/http/policy.ts';

test.each([
  { method: 'GET', target: '/001565aabbcc.cfg', name: '/001565aabbcc.cfg' },
  { method: 'GET', target: '//001565aabbcc.cfg', name: '//001565aabbcc.cfg' },
  { method: 'GET', target: '/a.cfg?x=1#y', name: '/a.cfg' },
  { method: 'GET', target: 'http://10.99.0.1/a.cfg', name: '/a.cfg' },
  { method: 'GET', target: '/%61%2ecfg', name: '/a.cfg' },
  { method: 'GET', target: '/%252e%252e/x', name: '/%2e%2e/x' },
  { method: 'HEAD', target: '/a.cfg', name: '/a.cfg' },
])('$method $target asks for $name', ({ method, target, name }) => {
  expect(decideHttp({ method, target })).toEqual({ kind: 'ask', name, head: method === 'HEAD' });
});

test.each([
  { method: 'PUT', target: '/a.cfg', status: 405, because: 'writing-not-served' },
  { method: 'POST', target: '/a.cfg', status: 405, because: 'writing-not-served' },
  { method: 'DELETE', target: '/a.cfg', status: 405, because: 'method-not-served' },
  { method: 'GET', target: '/%zz', status: 400, because: 'name-not-allowed' },
  { method: 'GET', target: '/%ff', status: 400, because: 'name-not-allowed' },
])('$method $target is refused with $status', ({ method, target, status, because }) => {
  expect(decideHttp({ method, target })).toMatchObject({ kind: 'refuse', status, because });
});

function file(): { answer: FileAnswer; outcomes: FileOutcome[] } {
  const outcomes: FileOutcome[] = [];
  const content = Buffer.from('hello');
  const ended = (outcome: FileOutcome): void => void outcomes.push(outcome);
  const digest = 'abcdef0123456789'.repeat(4);
  return {
    outcomes,
    answer: { kind: 'file', name: 'a', role: 'own', content, digest, type: 'text/plain', ended },
  };
}

test('GET carries the bytes, their length and a tag, and tells when they went out', () => {
  const { answer, outcomes } = file();
  const got = answerWith(answer, { method: 'GET', headers: {} });
  expect(got).toMatchObject({
    status: 200,
    headers: { 'content-length': '5', 'content-type': 'text/plain' },
  });
  expect(Buffer.from(got.body ?? []).toString()).toBe('hello');
  got.sent?.({ complete: true, bytes: 5 });
  expect(outcomes).toMatchObject([{ complete: true, bytes: 5 }]);
});

test('HEAD carries the same headers, no bytes, and proves nothing', () => {
  const { answer, outcomes } = file();
  const [get, head] = ['GET', 'HEAD'].map((method) => answerWith(answer, { method, headers: {} }));
  expect(head?.headers).toEqual(get?.headers);
  expect(head?.body).toBeUndefined();
  head?.sent?.({ complete: true, bytes: 0 });
  expect(outcomes).toEqual([]);
});

test('a phone that has the bytes is told 304, and that is proof', () => {
  const { answer, outcomes } = file();
  const tag = answerWith(answer, { method: 'GET', headers: {} }).headers['etag'] ?? '';
  const got = answerWith(answer, { method: 'GET', headers: { 'if-none-match': `"other", W/${tag}` } });
  expect([got.status, got.body]).toEqual([304, undefined]);
  got.sent?.({ complete: true, bytes: 0 });
  expect(outcomes).toMatchObject([{ unchanged: true }]);
  expect(answerWith(answer, { method: 'GET', headers: { 'if-none-match': '"other"' } }).status).toBe(200);
});

test.each([
  { because: 'no-such-file', status: 404 },
  { because: 'optional-file', status: 404 },
  { because: 'unknown-phone', status: 404 },
  { because: 'file-of-another-phone', status: 403 },
  { because: 'name-not-allowed', status: 403 },
  { because: 'template-broken', status: 503 },
  { because: 'too-busy', status: 503 },
] as const)('$because is told as $status', ({ because, status }) => {
  const got = answerWith({ kind: 'refused', because }, { method: 'GET', headers: {} });
  expect(got.status).toBe(status);
  expect(Buffer.from(got.body ?? []).toString()).toMatch(/^[A-Z].*\.\n$/);
  expect(got.headers['content-length']).toBe(String(got.body?.length));
});

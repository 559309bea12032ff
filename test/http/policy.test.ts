import { expect, test } from 'vitest';
import type { FileAnswer, FileOutcome } from '../../src/files/desk.ts';
import { answerWith, decideHttp } from '../../src/http/policy.ts';
import { refusal } from '../../src/http/refusal.ts';
import { allReasons } from '../../src/timeline/reason.ts';

test.each([
  { method: 'GET', target: '//a.cfg?x', is: { kind: 'ask', name: '//a.cfg', head: false } },
  { method: 'HEAD', target: '/a.cfg', is: { kind: 'ask', name: '/a.cfg', head: true } },
  {
    method: 'DELETE',
    target: '/a.cfg',
    is: { kind: 'refuse', name: '/a.cfg', because: 'method-not-served' },
  },
  { method: 'OPTIONS', target: '*', is: { kind: 'refuse', name: '*', because: 'method-not-served' } },
  { method: 'get', target: '/a', is: { kind: 'refuse', name: '/a', because: 'method-not-served' } },
  {
    method: 'GET',
    target: 'http://u:secret@h/%zz',
    is: { kind: 'refuse', name: '/%zz', because: 'request-garbled' },
  },
])('$method $target', ({ method, target, is }) => {
  expect(decideHttp({ method, target, headers: {} })).toEqual(is);
});

test.each([
  { headers: { 'content-length': '12' }, is: { kind: 'take', name: '/a', length: 12 } },
  { headers: { 'content-length': '0' }, is: { kind: 'take', name: '/a', length: 0 } },
  { headers: { 'transfer-encoding': 'chunked' }, is: { kind: 'take', name: '/a' } },
  { headers: {}, is: { kind: 'refuse', because: 'length-needed' } },
  { headers: { 'content-length': '-1' }, is: { kind: 'refuse', because: 'request-garbled' } },
  { headers: { 'content-length': '1', 'content-range': 'bytes 0-0/9' }, is: { because: 'request-garbled' } },
])('an upload with $headers', ({ headers, is }) => {
  for (const method of ['PUT', 'POST']) {
    expect(decideHttp({ method, target: '/a', headers })).toMatchObject(is);
  }
});

type FileFound = Extract<FileAnswer, { kind: 'file' }>;

function file(more: Partial<FileFound> = {}): { answer: FileFound; outcomes: FileOutcome[] } {
  const outcomes: FileOutcome[] = [];
  return {
    outcomes,
    answer: {
      ...{ kind: 'file', name: 'a', role: 'own', type: 'text/plain' },
      content: Buffer.from('hello'),
      digest: 'abcdef0123456789'.repeat(4),
      ended: (outcome) => void outcomes.push(outcome),
      ...more,
    },
  };
}

const TAG = '"abcdef0123456789abcdef0123456789"';
const get = (headers: Record<string, string> = {}) => ({ method: 'GET', headers });
const textOf = (body: Uint8Array | undefined): string => Buffer.from(body ?? []).toString();

test('GET carries the bytes, their length, a tag and a date, and tells when they went out', () => {
  const { answer, outcomes } = file({ modified: Date.UTC(2026, 0, 1) });
  const got = answerWith(answer, get());
  expect(got.status).toBe(200);
  expect(got.headers).toEqual({
    'accept-ranges': 'bytes',
    'cache-control': 'no-cache',
    'content-length': '5',
    'content-type': 'text/plain',
    'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
    etag: TAG,
  });
  expect(textOf(got.body)).toBe('hello');
  got.sent?.({ complete: true, bytes: 5 });
  expect(outcomes).toEqual([{ complete: true, bytes: 5 }]);
});

test('HEAD carries the same headers, no bytes, and proves nothing', () => {
  const { answer, outcomes } = file();
  const [got, head] = ['GET', 'HEAD'].map((method) => answerWith(answer, { method, headers: {} }));
  expect(head?.headers).toEqual(got?.headers);
  expect(head?.body).toBeUndefined();
  head?.sent?.({ complete: true, bytes: 0 });
  expect(outcomes).toEqual([]);
});

test('a sealed file says how; a compressed one does not: phones see it by themselves', () => {
  const sealed = answerWith(file({ encoding: 'aes128gcm' }).answer, get());
  expect(sealed.headers['content-encoding']).toBe('aes128gcm');
  const gz = answerWith(file({ name: 'a.xml.gz', content: Buffer.from([0x1f, 0x8b]) }).answer, get());
  expect(gz.headers['content-encoding']).toBeUndefined();
});

test('pace and progress reach the listener', () => {
  const progress = (): void => undefined;
  expect(answerWith(file({ pace: 1000, progress }).answer, get())).toMatchObject({ pace: 1000, progress });
});

test.each([
  { range: 'bytes=1-3', headers: {}, body: 'ell', said: 'bytes 1-3/5', whole: false },
  { range: 'bytes=0-', headers: {}, body: 'hello', said: 'bytes 0-4/5', whole: true },
  { range: 'bytes=2-', headers: {}, body: 'llo', said: 'bytes 2-4/5', whole: false },
  { range: 'bytes=2-', headers: { 'if-range': TAG }, body: 'llo', said: 'bytes 2-4/5', whole: true },
  { range: 'bytes=-2', headers: {}, body: 'lo', said: 'bytes 3-4/5', whole: false },
])('Range $range $headers: 206 with "$body", the whole file then held: $whole', (asked) => {
  const sums: number[] = [];
  const { answer, outcomes } = file({ progress: (bytes) => void sums.push(bytes) });
  const got = answerWith(answer, get({ range: asked.range, ...asked.headers }));
  expect([got.status, textOf(got.body)]).toEqual([206, asked.body]);
  expect(got.headers).toMatchObject({
    'content-range': asked.said,
    'content-length': String(asked.body.length),
    etag: TAG,
  });
  got.progress?.(1);
  expect(sums).toEqual([Number(/\d+/.exec(asked.said)?.[0]) + 1]);
  got.sent?.({ complete: true, bytes: asked.body.length });
  expect(outcomes).toMatchObject([{ complete: asked.whole, bytes: asked.whole ? 5 : asked.body.length }]);
});

test.each([
  { headers: { range: 'bytes=5-' }, status: 416, said: 'bytes */5' },
  { headers: { range: 'bytes=5-', 'if-range': '"old"' }, status: 200, said: undefined },
  { headers: { range: 'bytes=0-1,3-4' }, status: 200, said: undefined },
])('$headers: $status', ({ headers, status, said }) => {
  const { answer, outcomes } = file();
  const got = answerWith(answer, get(headers));
  expect([got.status, got.headers['content-range']]).toEqual([status, said]);
  got.sent?.({ complete: true, bytes: got.body?.length ?? 0 });
  expect(outcomes).toMatchObject([{ complete: status === 200 }]);
});

test('HEAD knows no ranges', () => {
  const got = answerWith(file().answer, { method: 'HEAD', headers: { range: 'bytes=1-1' } });
  expect([got.status, got.headers['content-length']]).toEqual([200, '5']);
});

test('a phone that has the bytes is told 304, and that is proof', () => {
  const { answer, outcomes } = file();
  const got = answerWith(answer, get({ 'if-none-match': `"other", W/${TAG}` }));
  expect([got.status, got.body, got.headers['etag']]).toEqual([304, undefined, TAG]);
  got.sent?.({ complete: true, bytes: 0 });
  expect(outcomes).toMatchObject([{ complete: true, unchanged: true }]);
});

test('a phone that wants another state than there is is told 412, which proves nothing', () => {
  const { answer, outcomes } = file();
  const got = answerWith(answer, get({ 'if-match': '"other"' }));
  expect([got.status, got.body]).toEqual([412, undefined]);
  got.sent?.({ complete: true, bytes: 0 });
  expect(outcomes).toMatchObject([{ complete: false, unchanged: false }]);
});

test.each([
  { role: 'firmware', why: 'it hung up, which is normal for a phone that has this firmware already' },
  { role: 'own', why: 'the connection broke' },
] as const)('a broken fetch of role $role is told as: $why', ({ role, why }) => {
  const { answer, outcomes } = file({ role });
  answerWith(answer, get()).sent?.({ complete: false, bytes: 3 });
  expect(outcomes).toEqual([{ complete: false, bytes: 3, why }]);
});

test.each([
  { because: 'no-such-file', status: 404 },
  { because: 'optional-file', status: 404 },
  { because: 'left-out-on-purpose', status: 404 },
  { because: 'unknown-phone', status: 404 },
  { because: 'file-of-another-phone', status: 403 },
  { because: 'not-the-holder', status: 403 },
  { because: 'name-not-allowed', status: 403 },
  { because: 'outside-the-window', status: 403 },
  { because: 'no-access', status: 403 },
  { because: 'method-not-served', status: 405 },
  { because: 'upload-too-large', status: 413 },
  { because: 'template-broken', status: 503 },
  { because: 'too-busy', status: 503 },
  { because: 'seal-key-unusable', status: 503 },
  { because: 'disk-full', status: 507 },
  { because: 'upload-quota-used', status: 507 },
] as const)('$because is told as $status', ({ because, status }) => {
  const got = answerWith({ kind: 'refused', because }, get());
  expect(got.status).toBe(status);
  expect(textOf(got.body)).toMatch(/^[A-Z].*\.\n$/);
  expect(got.headers['content-length']).toBe(String(got.body?.length));
});

test('a refusal says particulars, when to come again, and what is served instead', () => {
  const busy = refusal({ because: 'too-busy', retryAfter: 2.4, detail: 'three are ahead' });
  expect(busy.headers['retry-after']).toBe('3');
  expect(textOf(busy.body)).toBe('Too much is under way at a time (three are ahead).\n');
  // A file that will be there in a moment: 404 would send the phone away for good.
  expect(refusal({ because: 'no-such-file', retryAfter: 5 }).status).toBe(503);
  expect(refusal({ because: 'method-not-served' }).headers['allow']).toBe('GET, HEAD, PUT, POST');
  expect(refusal({ because: 'writing-not-served' }).headers['allow']).toBe('GET, HEAD');
});

test('no reason is told as 500', () => {
  for (const because of allReasons()) {
    const { status } = refusal({ because });
    expect([400, 401, 403, 404, 405, 411, 413, 503, 507], because).toContain(status);
  }
});

import { expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { header } from '../../src/sip/message.ts';
import { type Answer, address, authOf, cseq, MAC, md5, PHONE, wake } from './wake-kit.ts';

const CREDENTIALS = { user: 'alice', password: 's3cret' };
const challenge = (nonce: string, more = ''): Answer => ({
  status: 401,
  headers: { 'WWW-Authenticate': `Digest realm="phone", nonce="${nonce}"${more}` },
});
const OK: Answer = { status: 200 };

test('a phone that answers is asked once', async () => {
  const { sent, outcome, kinds } = await wake(() => OK);
  expect(outcome).toEqual({ kind: 'answered', status: 200, reason: 'Word' });
  expect(sent.map(({ at, to }) => [at, to])).toEqual([[0, { address: PHONE, port: 5060 }]]);
  expect(kinds).toEqual(['woken', 'wake-answered']);
});

test('a silent phone gets 11 datagrams by timer E and is given up by timer F', async () => {
  const { sent, outcome } = await wake(() => undefined);
  expect(sent.map(({ at }) => at)).toEqual([
    ...[0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500],
  ]);
  expect(outcome).toEqual({ kind: 'unanswered', tries: 11 });
});

test.each([
  {
    when: 'the first two are lost',
    answer: (_: unknown, count: number) => (count < 3 ? undefined : OK),
    status: 200,
  },
  { when: 'its answer comes twice', answer: () => [OK, OK], status: 200 },
  {
    when: 'it takes its time',
    answer: (_: unknown, count: number) => (count === 1 ? { status: 100 } : OK),
    status: 200,
  },
  { when: 'it knows no such event', answer: () => ({ status: 489 }), status: 489 },
  { when: 'it wants a subscription', answer: () => ({ status: 481 }), status: 481 },
  {
    when: 'it points elsewhere',
    answer: () => ({ status: 302, headers: { Contact: '<sip:10.9.9.9>' } }),
    status: 302,
  },
])('when $when the outcome is $status, from it alone', async ({ answer, status }) => {
  const { sent, outcome } = await wake(answer);
  expect(outcome).toMatchObject({ kind: 'answered', status });
  expect(new Set(sent.map(({ to }) => to.address))).toEqual(new Set([PHONE]));
});

test('100 and then silence ends after 32 s too', async () => {
  const { outcome } = await wake((_, count) => (count === 1 ? { status: 100 } : undefined));
  expect(outcome).toMatchObject({ kind: 'unanswered' });
});

test('a 200 with another branch is not its answer', async () => {
  const forged = await wake(() => ({ status: 200, branch: 'z9hG4bKguess' }));
  expect(forged.outcome).toEqual({ kind: 'unanswered', tries: 11 });
});

test('a 200 that comes after timer F changes nothing', async () => {
  const late = await wake(() => OK, { delay: 40_000 });
  expect(late.outcome).toEqual({ kind: 'unanswered', tries: 11 });
});

test('a challenge is answered once, with a branch and number of its own', async () => {
  const { sent, outcome } = await wake(
    (request) => (header(request, 'CSeq') === '1 NOTIFY' ? challenge('n1') : OK),
    {
      credentials: CREDENTIALS,
    },
  );
  expect(outcome).toMatchObject({ status: 200 });
  expect(sent.map(({ request }) => cseq(request))).toEqual(['1 NOTIFY', '2 NOTIFY']);
  const [first, second] = sent.map(({ request }) => request);
  if (first === undefined || second === undefined) return expect.fail();
  expect(header(first, 'Call-ID')).toBe(header(second, 'Call-ID'));
  expect(header(first, 'Via')).not.toBe(header(second, 'Via'));
  const a2 = md5(`NOTIFY:${second.uri}`);
  expect(authOf(second)).toEqual({
    ...{ username: 'alice', realm: 'phone', nonce: 'n1', uri: second.uri },
    response: md5(`${md5('alice:phone:s3cret')}:n1:${a2}`),
  });
});

test('qop brings cnonce and count, and opaque goes back', async () => {
  const { sent } = await wake(
    (_, count) => (count === 1 ? challenge('n1', ', qop="auth-int,auth", opaque="o", algorithm=MD5') : OK),
    { credentials: CREDENTIALS },
  );
  const request = sent[1]?.request ?? expect.fail();
  const { cnonce = '', response, ...auth } = authOf(request);
  expect(auth).toMatchObject({ qop: 'auth', nc: '00000001', opaque: 'o', algorithm: 'MD5' });
  const a1 = md5('alice:phone:s3cret');
  expect(response).toBe(md5(`${a1}:n1:00000001:${cnonce}:auth:${md5(`NOTIFY:${request.uri}`)}`));
});

test('auth-int alone covers the body', async () => {
  const { sent } = await wake((_, count) => (count === 1 ? challenge('n', ', qop="auth-int"') : OK), {
    credentials: CREDENTIALS,
    message: { contentType: 'text/xml', body: '<a/>' },
  });
  const request = sent[1]?.request ?? expect.fail();
  const { cnonce = '', response } = authOf(request);
  const a2 = md5(`NOTIFY:${request.uri}:${md5('<a/>')}`);
  expect(response).toBe(md5(`${md5('alice:phone:s3cret')}:n:00000001:${cnonce}:auth-int:${a2}`));
});

test.each([
  {
    what: 'in one header',
    headers: {
      'WWW-Authenticate':
        'Basic realm="b", Digest realm="r", nonce="m", Digest realm="r", nonce="s", algorithm=SHA-512-256, Digest realm="r", nonce="t", algorithm=SHA-256',
    },
  },
  {
    what: 'with one that nobody knows',
    headers: {
      'WWW-Authenticate':
        'Digest realm="r", nonce="x", algorithm=SHA-9000, Digest realm="r", nonce="s", algorithm=SHA-512-256',
    },
  },
])('of several challenges $what the strongest is answered', async ({ headers }) => {
  const { sent } = await wake((_, count) => (count === 1 ? { status: 401, headers } : OK), {
    credentials: CREDENTIALS,
  });
  expect(authOf(sent[1]?.request ?? expect.fail())).toMatchObject({ nonce: 's', algorithm: 'SHA-512-256' });
});

test('a phone and a proxy may both ask', async () => {
  const proxy: Answer = { status: 407, headers: { 'Proxy-Authenticate': 'Digest realm="proxy", nonce="p"' } };
  const { sent, outcome } = await wake((_, count) => [proxy, challenge('n'), OK][count - 1], {
    credentials: CREDENTIALS,
  });
  expect(outcome).toMatchObject({ status: 200 });
  const last = sent[2]?.request ?? expect.fail();
  expect([authOf(last)['realm'], authOf(last, 'Proxy-Authorization')['realm']]).toEqual(['phone', 'proxy']);
});

test.each([
  {
    when: 'there is no password',
    answer: () => challenge('n'),
    given: undefined,
    auth: 'no-credentials',
    sends: 1,
  },
  {
    when: 'the password is wrong',
    answer: () => challenge('n'),
    given: CREDENTIALS,
    auth: 'rejected',
    sends: 2,
  },
  {
    when: 'it has a new nonce for each and is never content',
    answer: (_: unknown, count: number) => challenge(`n${count}`),
    given: CREDENTIALS,
    auth: 'rejected',
    sends: 2,
  },
  {
    when: 'every nonce is stale',
    answer: (_: unknown, count: number) => challenge(`n${count}`, ', stale=true'),
    given: CREDENTIALS,
    auth: 'endless',
    sends: 5,
  },
  {
    when: 'it calls the same nonce stale',
    answer: () => challenge('n', ', stale=true'),
    given: CREDENTIALS,
    auth: 'rejected',
    sends: 2,
  },
  {
    when: 'it asks without a challenge',
    answer: () => ({ status: 401 }),
    given: CREDENTIALS,
    auth: 'not-supported',
    sends: 1,
  },
  {
    when: 'it computes in a way that nobody knows',
    answer: () => challenge('n', ', algorithm=SHA-9000'),
    given: CREDENTIALS,
    auth: 'not-supported',
    sends: 1,
  },
  {
    when: 'it takes Basic only',
    answer: () => ({ status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } }),
    given: CREDENTIALS,
    auth: 'not-supported',
    sends: 1,
  },
])('when $when it ends: $auth', async ({ answer, given, auth, sends }) => {
  const { sent, outcome } = await wake(answer, { credentials: given });
  expect(outcome).toMatchObject({ kind: 'answered', status: 401, auth });
  expect(sent).toHaveLength(sends);
});

test('a stale nonce is replaced once and then good', async () => {
  const { outcome, sent } = await wake(
    (_, count) => [challenge('n1'), challenge('n2', ', stale=TRUE'), OK][count - 1],
    { credentials: CREDENTIALS },
  );
  expect(outcome).toMatchObject({ status: 200 });
  expect(authOf(sent[2]?.request ?? expect.fail())).toMatchObject({ nonce: 'n2' });
});

test.each([
  { wants: '5', at: 5001 },
  { wants: '0', at: 1001 },
  { wants: '30 (booting);duration=3600', at: 30_001 },
])('503 with Retry-After: $wants is asked again after that', async ({ wants, at }) => {
  const busy = { status: 503, headers: { 'Retry-After': wants } };
  const { sent, outcome } = await wake((_, count) => (count === 1 ? busy : OK));
  expect(outcome).toMatchObject({ status: 200 });
  expect(sent.map((one) => one.at)).toEqual([0, at]);
});

test.each([
  { what: 'none', headers: undefined, sends: 1 },
  { what: 'a date', headers: { 'Retry-After': 'Sat, 01 Jan 2028 00:00:00 GMT' }, sends: 1 },
  { what: 'a day', headers: { 'Retry-After': '86400' }, sends: 1 },
  { what: 'a second, for ever', headers: { 'Retry-After': '1' }, sends: 4 },
])('503 with a Retry-After of $what is left at that', async ({ headers, sends }) => {
  const { sent, outcome } = await wake(() =>
    headers === undefined ? { status: 503 } : { status: 503, headers },
  );
  expect(outcome).toMatchObject({ kind: 'answered', status: 503 });
  expect(sent).toHaveLength(sends);
});

test.each(['tcp', 'tls'] as const)('over %s it is sent once, in a dialogue of its own', async (transport) => {
  const { sent, outcome } = await wake((_, count) => (count === 1 ? challenge('n') : [{ status: 100 }, OK]), {
    transport,
    credentials: CREDENTIALS,
  });
  expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
  expect(sent).toHaveLength(2);
  const [{ request }] = sent as [(typeof sent)[number]];
  expect(header(request, 'Via')).toContain(`SIP/2.0/${transport.toUpperCase()} 10.1.0.1:40000;branch=`);
  expect(request.uri).toBe(`sip:10.1.0.51:5060;transport=${transport}`);
});

test('over TCP a silent phone is given up after 32 s, without another try', async () => {
  const { sent, outcome } = await wake(() => undefined, { transport: 'tcp' });
  expect([sent.length, outcome]).toEqual([1, { kind: 'unanswered', tries: 1 }]);
});

test('by a proxy the datagram goes there and the Request-URI names the phone', async () => {
  const via = { address: address('10.1.0.5'), port: 5070 };
  const { sent } = await wake(() => OK, { via, user: '101' });
  expect([sent[0]?.to, sent[0]?.request.uri]).toEqual([via, 'sip:101@10.1.0.51:5060']);
});

test('nothing is sent off the LAN, unless the settings allow that proxy', async () => {
  const far = { address: address('192.0.2.1'), port: 5060 };
  for (const off of [{ address: far.address }, { via: far }, { address: address('10.1.0.255') }]) {
    const { sent, outcome } = await wake(() => OK, off);
    expect(sent).toEqual([]);
    expect(outcome).toBeInstanceOf(Fault);
  }
  const { sent } = await wake(() => OK, { via: far, allowed: far });
  expect(sent[0]?.to).toEqual(far);
});

test('the password is in nothing that leaves but as a hash', async () => {
  const { sent, kinds, outcome } = await wake(
    (_, count) => (count === 1 ? challenge('n') : { status: 403 }),
    {
      credentials: CREDENTIALS,
    },
  );
  expect(JSON.stringify([sent, kinds, outcome])).not.toContain('s3cret');
  expect(MAC).toBe('001565aabb01');
});

// Challenges that are odd and still good, and what a phone says beside its answer.
import { expect, test } from 'vitest';
import { header } from '../../src/sip/message.ts';
import { type Answer, authOf, cseq, md5, wake } from './wake-kit.ts';

const CREDENTIALS = { user: 'alice', password: 's3cret' };
const OK: Answer = { status: 200 };
const asks = (value: string): Answer => ({ status: 401, headers: { 'WWW-Authenticate': value } });

test.each([
  { realm: 'a, b', written: 'a, b' },
  { realm: String.raw`say \"hi\" \\ bye`, written: 'say "hi" \\ bye' },
  { realm: '', written: '' },
])(
  'the realm $written goes back as it came, and counts without its backslashes',
  async ({ realm, written }) => {
    const { sent, outcome } = await wake(
      (_, count) => (count === 1 ? asks(`Digest realm="${realm}", nonce="n, 1"`) : OK),
      { credentials: CREDENTIALS },
    );
    expect(outcome).toMatchObject({ status: 200 });
    const request = sent[1]?.request ?? expect.fail();
    expect(header(request, 'Authorization')).toContain(`realm="${realm}", nonce="n, 1"`);
    const a2 = md5(`NOTIFY:${request.uri}`);
    expect(authOf(request)['response']).toBe(md5(`${md5(`alice:${written}:s3cret`)}:n, 1:${a2}`));
  },
);

test('a user name with quotes cannot end its own quotes', async () => {
  const { sent } = await wake((_, count) => (count === 1 ? asks('Digest realm="r", nonce="n"') : OK), {
    credentials: { user: 'al"ice', password: 's3cret' },
  });
  expect(header(sent[1]?.request ?? expect.fail(), 'Authorization')).toContain(
    String.raw`username="al\"ice",`,
  );
});

test('the next nonce that comes with a 200 is of no use to us: each wake-up is a dialogue of its own', async () => {
  const next: Answer = { status: 200, headers: { 'Authentication-Info': 'nextnonce="n2", qop=auth' } };
  const { sent, outcome } = await wake(
    (_, count) => (count === 1 ? asks('Digest realm="r", nonce="n1", qop="auth"') : next),
    { credentials: CREDENTIALS },
  );
  expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
  expect(sent.map(({ request }) => cseq(request))).toEqual(['1 NOTIFY', '2 NOTIFY']);
});

test('a challenge, a pause that is asked for, and the same password again', async () => {
  const busy: Answer = { status: 503, headers: { 'Retry-After': '5' } };
  const { sent, outcome } = await wake(
    (_, count) => [asks('Digest realm="r", nonce="n1"'), busy, OK][count - 1],
    { credentials: CREDENTIALS },
  );
  expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
  expect(sent.map(({ at, request }) => [at, authOf(request)['nonce']])).toEqual([
    [0, undefined],
    [1, 'n1'],
    [5002, 'n1'],
  ]);
});

test('480 and 486 with Retry-After: asked again when the call is over', async () => {
  for (const status of [480, 486]) {
    const { sent, outcome } = await wake((_, count) =>
      count === 1 ? { status, headers: { 'Retry-After': '10' } } : OK,
    );
    expect([sent.length, outcome]).toMatchObject([2, { status: 200 }]);
  }
});

test.each([
  { transport: 'udp', at: 3, answer: undefined },
  { transport: 'udp', at: 1, answer: asks('Digest realm="r", nonce="n"') },
  { transport: 'udp', at: 1, answer: { status: 503, headers: { 'Retry-After': '5' } } },
  { transport: 'tcp', at: 1, answer: OK },
] as const)(
  'over $transport, not wanted any more after try $at: nothing is sent, and no end is told',
  async ({ transport, at, answer }) => {
    const over = new AbortController();
    const { sent, outcome, kinds } = await wake(
      (_, count) => {
        if (count === at) over.abort();
        return answer;
      },
      { transport, until: over.signal, credentials: CREDENTIALS },
    );
    expect(sent).toHaveLength(at);
    expect(outcome).toMatchObject({ kind: 'unanswered' });
    expect(kinds).toEqual(['woken']);
  },
);

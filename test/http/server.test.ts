import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openDoor, PHONE } from './door.ts';
import { address, piecesOf, textOf } from './kit.ts';

const ACCOUNTS = [
  { folder: 'T23G_1', user: 'anna', password: 'hush-hush', methods: ['digest', 'basic'] },
] as const;
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

test('the desk is asked by name, with what the phone said of itself', async () => {
  const { fetch, asks } = await openDoor({});
  await fetch({ target: '//a%2ecfg?x', headers: { 'user-agent': 'Phone/1' } });
  expect(asks).toEqual([
    {
      door: 'http',
      name: '//a.cfg',
      from: PHONE,
      userAgent: 'Phone/1',
      acceptsGzip: false,
      proof: undefined,
    },
  ]);
});

test('a sender off the LAN gets nothing, and the desk is not asked', async () => {
  const { fetch, asks, events } = await openDoor({});
  const got = await fetch({ target: '/a.cfg', from: { address: address('192.0.2.1'), port: 9 } });
  expect([got.status, asks]).toEqual([403, []]);
  expect(events).toMatchObject([
    { kind: 'refused', from: '192.0.2.1:9', file: 'a.cfg', because: 'sender-off-the-lan' },
  ]);
});

test.each([
  { method: 'DELETE', target: '/a.cfg', headers: {}, status: 405, because: 'method-not-served' },
  { method: 'GET', target: '/%zz', headers: {}, status: 400, because: 'request-garbled' },
  { method: 'PUT', target: '/a.log', headers: {}, status: 411, because: 'length-needed' },
])('$method $target: $status, told', async ({ status, because, ...request }) => {
  const { fetch, asks, uploads, events } = await openDoor({});
  expect((await fetch(request)).status).toBe(status);
  expect([asks, uploads]).toEqual([[], []]);
  expect(events).toMatchObject([{ kind: 'refused', door: 'http', because }]);
});

test('an upload goes to the desk with its length', async () => {
  const { fetch, uploads, taken } = await openDoor({ result: 'replaced' });
  const headers = { 'content-length': '3', 'user-agent': 'Phone/1' };
  const got = await fetch({ method: 'PUT', target: '/x.log', headers, body: piecesOf(['abc']) });
  expect([got.status, taken]).toEqual([204, { bytes: ['abc'], end: 'finished' }]);
  expect(uploads).toMatchObject([{ name: '/x.log', length: 3, userAgent: 'Phone/1' }]);
});

test('the activation code: a prompt at first, the file with user and password, refusal with wrong ones', async () => {
  const { fetch, asks, events } = await openDoor({ accounts: ACCOUNTS });
  const target = '/T23G_1/y000000000044.cfg';
  const first = await fetch({ target });
  expect(first.status).toBe(401);
  expect(first.challenges).toHaveLength(3);
  expect(asks).toEqual([]);

  await fetch({ target, headers: { authorization: basic('anna:hush-hush') } });
  expect(asks).toMatchObject([{ name: target, proof: { account: 'anna' } }]);
  expect(asks[0]?.proof?.certificate).toBeUndefined();

  const wrong = await fetch({ target, headers: { authorization: basic('anna:hush') } });
  expect(wrong.status).toBe(401);
  expect(asks).toHaveLength(1);
  expect(events.map((event) => 'because' in event && event.because)).toEqual([
    'sign-in-needed',
    'wrong-password',
  ]);
  expect(JSON.stringify([events, first, wrong])).not.toContain('hush-hush');
});

test('an upload into such a folder needs the password too, and says so before it is sent', async () => {
  const { fetch, uploads, taken } = await openDoor({ accounts: ACCOUNTS });
  const request = { method: 'PUT', target: '/T23G_1/x.log', body: piecesOf(['a']) };
  expect((await fetch({ ...request, headers: { 'content-length': '1' } })).status).toBe(401);
  expect([uploads, taken.bytes]).toEqual([[], []]);
});

test('a certificate of another phone is an alarm; its own is proof', async () => {
  const tls = { certificate: '', key: '', clients: { ask: 'optional', authorities: [] } } as const;
  const { fetch, asks, events } = await openDoor({ tls });
  const certificate = { subject: 'ST=000e08abcdef', values: ['000e08abcdef'], isTrusted: true };
  expect((await fetch({ target: '/001565aabbcc.cfg', certificate })).status).toBe(403);
  expect(events).toMatchObject([
    { kind: 'refused', door: 'https', because: 'certificate-of-another-phone', alarm: true },
  ]);
  await fetch({ target: '/000e08abcdef.cfg', certificate });
  expect(asks).toMatchObject([
    { proof: { certificate: { subject: 'ST=000e08abcdef', macs: ['000e08abcdef'] } } },
  ]);
});

test('a macro that the phone did not fill in is named', async () => {
  const { fetch } = await openDoor({});
  const got = await fetch({ target: '/$PN/$MAC.cfg' });
  expect([got.status, textOf(got.body)]).toEqual([
    404,
    'There is no such file (the phone should have filled in $PN).\n',
  ]);
});

test('whatever is asked, the answer is no 500 and nobody throws', async () => {
  const { fetch } = await openDoor({ accounts: ACCOUNTS, result: 'created' });
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  const names = [
    ...['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'authorization'],
    ...['content-length', 'transfer-encoding', 'content-range', 'user-agent', 'host', 'expect'],
  ];
  const requests = fc.record({
    method: fc.oneof(fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE'), text),
    target: fc.oneof(
      text,
      text.map((rest) => `/T23G_1/${rest}`),
    ),
    headers: fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(text, fc.constantFrom('Digest ', 'Basic =', '1')),
    ),
  });
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      const { status } = await fetch(request);
      statuses.add(status);
      expect(status).toBeLessThan(500);
    }),
    { numRuns: 1500 },
  );
  expect([...statuses]).toEqual(expect.arrayContaining([400, 401, 404, 405]));
});

// Heads of HTTP requests as no phone writes them, over a real connection: the door answers or closes, and the next phone
// is served.
import { connect } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerWith, decideHttp } from '../../src/http/policy.ts';
import { refusal } from '../../src/http/refusal.ts';
import type { PlainAnswer, PlainRequest } from '../../src/net/ports.ts';
import { door, exchange, readAll } from '../net/http-door.ts';

const CONTENT = Buffer.from('user=101\n');

/** What the door decides by, on one file. */
function answer(request: PlainRequest): PlainAnswer {
  const decision = decideHttp(request);
  if (decision.kind !== 'ask') return refusal({ because: 'method-not-served' });
  const file = {
    name: decision.name,
    role: 'own',
    content: CONTENT,
    digest: 'd'.repeat(64),
    type: 'text/plain',
  } as const;
  return answerWith({ kind: 'file', ...file, ended: () => undefined }, request);
}

const SEEDS = [
  'GET /001565aabbcc.cfg HTTP/1.1\r\nHost: 10.99.0.1\r\nUser-Agent: Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37\r\n\r\n',
  'HEAD //a.cfg?x=1 HTTP/1.0\r\nRange: bytes=0-5\r\nIf-None-Match: "x"\r\n\r\n',
  'PUT /a-local.cfg HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  'POST http://10.99.0.1/a HTTP/1.1\r\nHost: y\r\nContent-Length: 3\r\nAuthorization: Digest a="b", c=d\r\n\r\nabc',
];
const TOKENS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  ':',
  '%',
  '../',
  '\t',
  'HTTP/1.1',
  'HTTP/9.9',
  'Content-Length: -1\r\n',
  '\u00ff',
  'bytes=9-1',
];

/** A head with bytes changed, taken out, doubled or put in. */
const mangled = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: 9_999 }),
        do: fc.constantFrom('put', 'cut', 'double', 'byte'),
        token: fc.constantFrom(...TOKENS),
        byte: fc.integer({ min: 0, max: 255 }),
        length: fc.integer({ min: 0, max: 30 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  )
  .map(([seed, steps]) =>
    steps.reduce((text, step) => {
      const at = Math.floor((step.at * text.length) / 10_000);
      const [before, rest] = [text.slice(0, at), text.slice(at)];
      if (step.do === 'put') return before + step.token + rest;
      if (step.do === 'cut') return before + rest.slice(step.length);
      if (step.do === 'double') return before + rest.slice(0, step.length) + rest;
      return before + String.fromCharCode(step.byte) + rest.slice(1);
    }, seed),
  );

test('a thousand broken heads: an answer that is none of ours to be ashamed of, or a closed connection', async () => {
  const { port, log } = await door(answer);
  const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
  const heads = fc.sample(fc.oneof({ weight: 4, arbitrary: mangled }, { weight: 1, arbitrary: noise }), {
    numRuns: 1000,
    seed: 4,
  });
  const statuses = new Map<string, number>();
  for (let at = 0; at < heads.length; at += 50) {
    const answers = await Promise.all(
      heads.slice(at, at + 50).map(async (head) => await exchange(port, head)),
    );
    for (const text of answers) {
      const status =
        text === ''
          ? 'closed'
          : (/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? `no answer: ${text.slice(0, 40)}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      expect(text.toLowerCase()).not.toContain('transfer-encoding: chunked');
    }
  }
  expect([...statuses.keys()].filter((status) => !/^(?:closed|[1234]\d\d)$/.test(status))).toEqual([]);
  for (const wanted of ['200', '400', '405']) expect(statuses.get(wanted) ?? 0, wanted).toBeGreaterThan(20);
  expect(log.filter((line) => line.startsWith('trouble'))).toEqual([]);
  expect(await exchange(port, SEEDS[0] ?? '')).toContain('\r\n\r\nuser=101\n');
}, 60_000);

test.each([
  {
    what: 'a control byte in the User-Agent',
    head: 'User-Agent: AVAYA/SIP12x0\x17/04.00.04.00\r\n',
    status: 200,
  },
  { what: 'letters of Latin-1', head: 'User-Agent: Fernsprecher \xdc\r\n', status: 200 },
  { what: 'a head of 8 KB', head: `X-Long: ${'a'.repeat(8000)}\r\n`, status: 200 },
  { what: 'a head beyond all measure', head: `X-Long: ${'a'.repeat(200_000)}\r\n`, status: 431 },
  { what: 'two Content-Lengths', head: 'Content-Length: 1\r\nContent-Length: 2\r\n', status: 400 },
])('$what: $status', async ({ head, status }) => {
  const { port, requests } = await door(answer);
  const text = await exchange(port, `GET /a.cfg HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${head}\r\n`);
  expect(text.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
  expect(requests).toHaveLength(status === 200 ? 1 : 0);
});

test('a head that comes one byte at a time is read; without Host too, from an old phone', async () => {
  const { port, requests } = await door(answer);
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  const all = readAll(socket);
  for (const byte of 'GET /a.cfg HTTP/1.0\r\nUser-Agent: x\r\n\r\n') {
    socket.write(byte);
    await new Promise((done) => setImmediate(done));
  }
  expect(await all).toContain('user=101');
  expect(requests).toMatchObject([{ target: '/a.cfg', headers: { 'user-agent': 'x' } }]);
});

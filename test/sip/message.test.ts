import { describe, expect, test } from 'vitest';
import { WireError } from '../../src/base/bytes.ts';
import { decodeMessage, encodeMessage, header, headers, type SipMessage } from '../../src/sip/message.ts';
import { DIALECTS, onWire, W52P } from './dialects.ts';

const GOOD = onWire(W52P.text).toString();

function decode(text: string | Uint8Array) {
  return decodeMessage(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
}

function decoded(text: string | Uint8Array): SipMessage {
  const result = decode(text);
  if (!result.ok) throw result.error;
  if (result.value.kind === 'keep-alive') throw new Error('a keep-alive');
  return result.value;
}

/** A message with everything a message needs, and these lines more. */
function withLines(...lines: readonly string[]): string {
  return GOOD.replace('Max-Forwards: 70\r\n', lines.map((line) => `${line}\r\n`).join(''));
}

test('a request in its parts', () => {
  const message = decoded(GOOD);
  expect(message).toMatchObject({
    kind: 'request',
    method: 'SUBSCRIBE',
    uri: 'sip:MAC001565f4f9e1@224.0.1.75',
  });
  expect(message.headers.map(({ name }) => name)).toEqual([
    'Via',
    'From',
    'To',
    'Call-ID',
    'CSeq',
    'Contact',
    'Max-Forwards',
    'User-Agent',
    'Expires',
    'Event',
    'Accept',
  ]);
  expect(header(message, 'User-Agent')).toBe('Yealink W52P 25.81.0.10');
  expect(message.body).toHaveLength(0);
});

test('a response in its parts', () => {
  const text = GOOD.replace(/^.*\r\n/, 'SIP/2.0 481 Call/Transaction Does Not Exist\r\n');
  expect(decoded(text)).toMatchObject({
    kind: 'response',
    status: 481,
    reason: 'Call/Transaction Does Not Exist',
  });
});

/** A blank in a Request-URI is read but never written. */
const WRITABLE = DIALECTS.filter(({ text }) => /^\S+ \S+ SIP/.test(text));

test.each(WRITABLE)('decode and encode agree: $phone', ({ text }) => {
  const message = decoded(onWire(text));
  const bytes = encodeMessage(message);
  expect(decoded(bytes)).toEqual(message);
  expect(encodeMessage(decoded(bytes))).toEqual(bytes);
});

test('all dialects but one can be written', () => {
  expect(WRITABLE).toHaveLength(DIALECTS.length - 1);
});

describe('what is tolerated', () => {
  test.each([
    ['line ends of LF alone', GOOD.replaceAll('\r\n', '\n')],
    ['line ends before the message', `\r\n\r\n\n${GOOD}`],
    ['bytes beyond Content-Length', `${GOOD}more`],
    ['no Content-Length', GOOD.replace('Content-Length: 0\r\n', '')],
    ['a blank before the colon', GOOD.replace('CSeq:', 'CSeq \t:')],
    ['names in any case', GOOD.replace('Call-ID', 'cALL-iD').replace('Via', 'VIA')],
    ['sip/2.0 in small letters', GOOD.replace(' SIP/2.0', ' sip/2.0')],
    ['a folded header', GOOD.replace('CSeq: 1 ', 'CSeq: 1\r\n\t')],
    ['no Max-Forwards', GOOD.replace('Max-Forwards: 70\r\n', '')],
    ['no Contact', GOOD.replace(/Contact: .*\r\n/, '')],
    ['no From tag', GOOD.replace(';tag=1536537630', '')],
    ['no branch', GOOD.replace(';branch=z9hG4bK1536537630', '')],
    ['a Via without a port', GOOD.replace('10.1.3.239:5059;', '10.1.3.239;')],
    [
      'a Via with blanks where the grammar allows them',
      GOOD.replace('SIP/2.0/UDP 10.1.3.239:5059', 'SIP / 2.0 / UDP  10.1.3.239 : 5059'),
    ],
    ['a Via with an IPv6 address', GOOD.replace('10.1.3.239:5059', '[fe80::215:65ff:fef4:f9e1%25eth0]:5059')],
    ['a header nobody knows', withLines('X-Extra: "open quotes are nobody\'s business')],
    ['an empty header', withLines('Organization:')],
    ['letters beyond ASCII', withLines('Subject: caf\u00e9 \u00a0')],
    ['a quoted name with brackets in it', GOOD.replace('From: <', 'From: "<a\\" ; b>" <')],
    ['From without brackets', GOOD.replace(/From: .*\r\n/, 'From: sip:MAC001565f4f9e1@224.0.1.75;tag=1\r\n')],
    ['100 headers', withLines(...Array.from({ length: 89 }, (_, at) => `X-${at}: 1`))],
    ['10 Via', withLines(...Array.from({ length: 9 }, () => 'Via: SIP/2.0/UDP 10.9.9.9'))],
    ['a line of 8 kB', withLines(`X-Long: ${'x'.repeat(8180)}`)],
  ])('%s', (_, text) => {
    expect(decode(text)).toMatchObject({ ok: true, value: { kind: 'request', method: 'SUBSCRIBE' } });
  });

  test('what is folded or compact reads as if it were not', () => {
    const message = decoded(
      GOOD.replace('Via:', 'v:').replace('Event: ', 'o:\r\n ').replace('Contact:', 'm:'),
    );
    expect(message.headers).toEqual(decoded(GOOD).headers);
  });

  test('several Via in one line are several', () => {
    const message = decoded(
      GOOD.replace(/Via: (.*)\r\n/, 'Via: $1 , SIP/2.0/TCP b.example ,SIP/2.0/UDP c.example\r\n'),
    );
    expect(headers(message, 'Via').slice(1)).toEqual(['SIP/2.0/TCP b.example', 'SIP/2.0/UDP c.example']);
  });
});

describe('what is refused', () => {
  test.each([
    ['binary junk', Buffer.from([0x30, 0x82, 0, 1, 0x0a, 0x0a]), 'bad-text'],
    ['no blank line at the end', GOOD.slice(0, -2), 'too-short'],
    ['cut in the middle of a header', GOOD.slice(0, 200), 'too-short'],
    ['an HTTP request', GOOD.replace(' SIP/2.0', ' HTTP/1.1'), 'bad-magic'],
    ['SIP/7.0', GOOD.replace('SIP/2.0', 'SIP/7.0'), 'bad-magic'],
    ['blanks after the version', GOOD.replace(' SIP/2.0\r', ' SIP/2.0  \r'), 'bad-magic'],
    ['no Request-URI', GOOD.replace(/^\S+ \S+/, 'SUBSCRIBE'), 'bad-value'],
    ['a Request-URI in brackets', GOOD.replace(/sip:\S+/, '<sip:a@b>'), 'bad-value'],
    ['a method that is no token', GOOD.replaceAll('SUBSCRIBE', 'SUB{SCRIBE}'), 'bad-value'],
    ['a blank before the start line', ` ${GOOD}`, 'bad-value'],
    ['a folded start line', GOOD.replace('\r\n', '\r\n folded\r\n'), 'bad-value'],
    ['status 099', GOOD.replace(/^.*\r\n/, 'SIP/2.0 099 Odd\r\n'), 'bad-magic'],
    ['a header without a colon', withLines('Nothing here'), 'bad-value'],
    ['a header without a name', withLines(': 1'), 'bad-value'],
    ['Content-Length beyond the body', GOOD.replace('Content-Length: 0', 'Content-Length: 500'), 'overrun'],
    ['Content-Length below zero', GOOD.replace('Content-Length: 0', 'Content-Length: -1'), 'bad-value'],
    ['Content-Length in words', GOOD.replace('Content-Length: 0', 'Content-Length: none'), 'bad-value'],
    ['Content-Length in hex', GOOD.replace('Content-Length: 0', 'Content-Length: 0x0'), 'bad-value'],
    ['two Content-Length', withLines('l: 0'), 'bad-value'],
    ['no Via', GOOD.replace(/Via: .*\r\n/, ''), 'bad-value'],
    ['no From', GOOD.replace(/From: .*\r\n/, ''), 'bad-value'],
    ['no To', GOOD.replace(/To: .*\r\n/, ''), 'bad-value'],
    ['no Call-ID', GOOD.replace(/Call-ID: .*\r\n/, ''), 'bad-value'],
    ['no CSeq', GOOD.replace(/CSeq: .*\r\n/, ''), 'bad-value'],
    ['an empty Call-ID', GOOD.replace(/Call-ID: .*\r\n/, 'Call-ID:\r\n'), 'bad-value'],
    ['two From', withLines('From: <sip:a@b>;tag=1'), 'bad-value'],
    ['two CSeq', withLines('CSeq: 1 SUBSCRIBE'), 'bad-value'],
    ['a CSeq of another method', GOOD.replace('CSeq: 1 SUBSCRIBE', 'CSeq: 1 NOTIFY'), 'bad-value'],
    ['a CSeq of 2**31', GOOD.replace('CSeq: 1 ', 'CSeq: 2147483648 '), 'bad-value'],
    ['a CSeq without a number', GOOD.replace('CSeq: 1 ', 'CSeq: '), 'bad-value'],
    ['a Via of another protocol', GOOD.replace('Via: SIP/2.0', 'Via: SIP/7.0'), 'bad-value'],
    ['a Via with a port beyond 65535', GOOD.replace(':5059;', ':65536;'), 'bad-value'],
    ['a Via with an open quote', GOOD.replace(';branch=', ';branch="'), 'bad-value'],
    ['a second Via with an open quote', withLines('Via: SIP/2.0/UDP h;x="'), 'bad-value'],
    ['a From with an open quote', GOOD.replace('From: <', 'From: "A <'), 'bad-value'],
    ['a To with an open bracket', GOOD.replace(/To: .*\r\n/, 'To: <sip:a@b\r\n'), 'bad-value'],
    ['a To that is no URI', GOOD.replace(/To: .*\r\n/, 'To: nobody\r\n'), 'bad-value'],
    ['a To with text behind its brackets', GOOD.replace(/To: .*\r\n/, 'To: <sip:a@b> c\r\n'), 'bad-value'],
    ['a NUL in a header', withLines('Subject: a\0b'), 'bad-text'],
    ['a CR in a header', withLines('Subject: a\rb'), 'bad-text'],
    ['101 headers', withLines(...Array.from({ length: 90 }, (_, at) => `X-${at}: 1`)), 'too-long'],
    ['71 Via', withLines(...Array.from({ length: 70 }, () => 'Via: SIP/2.0/UDP 10.9.9.9')), 'too-long'],
    [
      '71 Via in two lines',
      withLines(`Via: ${Array.from({ length: 70 }, () => 'SIP/2.0/UDP h').join()}`),
      'too-long',
    ],
    ['a line beyond 8 kB', withLines(`X-Long: ${'x'.repeat(8192)}`), 'too-long'],
    [
      'a folded header beyond 8 kB',
      withLines('X: 1', ...Array.from({ length: 10 }, () => ` ${'x'.repeat(900)}`)),
      'too-long',
    ],
    ['a datagram beyond 64 kB', GOOD + 'x'.repeat(65_536), 'too-long'],
  ])('%s', (_, text, code) => {
    expect(decode(text)).toMatchObject({ ok: false, error: { code } });
  });
});

test.each([
  ['one line end', '\r\n'],
  ['two', '\r\n\r\n'],
  ['LF', '\n'],
  ['nothing at all', ''],
])('a keep-alive of %s is neither a message nor an error', (_, text) => {
  expect(decode(text)).toEqual({ ok: true, value: { kind: 'keep-alive' } });
});

test('the body ends where Content-Length says', () => {
  const text = GOOD.replace('Content-Length: 0\r\n\r\n', 'Content-Length: 3\r\n\r\nabcdef');
  expect(Buffer.from(decoded(text).body).toString()).toBe('abc');
});

const RESPONSE: SipMessage = {
  kind: 'response',
  status: 200,
  reason: 'OK',
  headers: [
    { name: 'Via', value: 'SIP/2.0/UDP 10.1.0.9' },
    { name: 'Subject', value: 'caf\u00e9' },
  ],
  body: Buffer.from('\u00e9\u20ac', 'utf8'),
};

test('Content-Length counts bytes', () => {
  const text = Buffer.from(encodeMessage(RESPONSE)).toString('latin1');
  expect(text).toBe(
    'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.1.0.9\r\nSubject: caf\u00e9\r\nContent-Length: 5\r\n\r\n\u00c3\u00a9\u00e2\u0082\u00ac',
  );
});

test.each<[string, Partial<SipMessage>]>([
  ['a line end in a header', { headers: [{ name: 'Event', value: 'a\r\nVia: b' }] }],
  ['a CR in a header', { headers: [{ name: 'Event', value: 'a\rb' }] }],
  ['a NUL in a header', { headers: [{ name: 'Event', value: 'a\0' }] }],
  ['a character whose lower byte is a line end', { headers: [{ name: 'Event', value: 'a\u010a' }] }],
  ['a header name with a colon', { headers: [{ name: 'Event:', value: 'a' }] }],
  ['a Content-Length of its own', { headers: [{ name: 'Content-Length', value: '7' }] }],
  ['a line end in the reason', { reason: 'OK\r\n' }],
  ['a blank in the Request-URI', { kind: 'request', method: 'NOTIFY', uri: 'sip:a b@c' }],
  ['a line end in the Request-URI', { kind: 'request', method: 'NOTIFY', uri: 'sip:a@c\r\n' }],
  ['a method that is no token', { kind: 'request', method: 'NOT IFY', uri: 'sip:c' }],
])('encode refuses %s', (_, change) => {
  expect(() => encodeMessage({ ...RESPONSE, ...change } as SipMessage)).toThrow(WireError);
});

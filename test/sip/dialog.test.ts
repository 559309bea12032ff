import { describe, expect, test } from 'vitest';
import { contentTypeFor } from '../../src/sip/dialog.ts';
import { decodeMessage } from '../../src/sip/message.ts';
import { AUDIOCODES_440HD, DIALECTS, W52P } from './dialects.ts';
import { decide, written } from './question.ts';
import { peer } from './stage.ts';

test('the 200 and the NOTIFY, byte by byte', () => {
  expect(written(decide(W52P.text))).toEqual({
    response: `SIP/2.0 200 OK
Via: SIP/2.0/UDP 10.1.3.239:5059;branch=z9hG4bK1536537630
From: <sip:MAC001565f4f9e1@224.0.1.75>;tag=1536537630
To: <sip:MAC001565f4f9e1@224.0.1.75>;tag=ourtag
Call-ID: 1536537630@10.1.3.239
CSeq: 1 SUBSCRIBE
Contact: <sip:10.1.0.1:5060>
Expires: 0
Content-Length: 0

`,
    notify: `NOTIFY sip:MAC001565f4f9e1@10.1.3.239:5059 SIP/2.0
Via: SIP/2.0/UDP 10.1.0.1:5060;branch=z9hG4bKours
Max-Forwards: 70
From: <sip:MAC001565f4f9e1@224.0.1.75>;tag=ourtag
To: <sip:MAC001565f4f9e1@224.0.1.75>;tag=1536537630
Call-ID: 1536537630@10.1.3.239
CSeq: 1 NOTIFY
Contact: <sip:10.1.0.1:5060>
Event: ua-profile;effective-by=0
Subscription-State: terminated;reason=timeout
Content-Type: application/url
Content-Length: 16

http://10.1.0.1/`,
  });
});

test('the NOTIFY as makers print it: Via, From, To and Event are the phone\u2019s own', () => {
  const decision = decide(AUDIOCODES_440HD.text, { notifyStyle: 'legacy', from: peer('10.1.2.37:5060') });
  expect(written(decision).notify).toBe(`NOTIFY sip:00000001@10.1.2.37:5060 SIP/2.0
Via: SIP/2.0/UDP 10.1.2.37:5060;rport;branch=z9hG4bK-386d4398-6ad00ca2-7ca3606e
Max-Forwards: 20
Contact: <sip:10.1.0.1:5060>
To: <sip:224.0.1.75:5060>
From: <sip:00000001@10.1.2.37:5060>;tag=87a5a8-25020d0a-13c4-50029-386d4398-66dc40c-386d4398
Call-ID: 8884c8-25020d0a-13c4-50029-386d4398-3e2bcb8e-386d4398
CSeq: 1 NOTIFY
Event: ua-profile;profile-type="application";model="440HD";version="2.2.2"
Subscription-State: terminated;reason=timeout
Content-Type: application/url
Content-Length: 16

http://10.1.0.1/`);
});

test.each(DIALECTS)('a reply can be written for $phone', ({ text }) => {
  for (const notifyStyle of ['rfc', 'legacy'] as const) {
    const { response, notify } = written(decide(text, { notifyStyle, from: peer('10.1.0.9:5060') }));
    expect([decodeMessage(Buffer.from(response)), decodeMessage(Buffer.from(notify))]).toMatchObject([
      { ok: true, value: { status: 200 } },
      { ok: true, value: { method: 'NOTIFY', uri: 'sip:10.1.0.9:5060' } },
    ]);
  }
});

test('the URL goes out byte by byte', () => {
  const { notify } = written(decide(W52P.text, { url: 'http://h/\u00fc/' }));
  expect(notify).toContain('\nContent-Length: 12\n\nhttp://h/\u00c3\u00bc/');
});

describe('the Via of the 200 (RFC 3261 section 18.2.1, RFC 3581 section 4)', () => {
  test.each([
    { via: '10.1.3.239:5059;branch=z9hG4bK1', stamped: '10.1.3.239:5059;branch=z9hG4bK1' },
    { via: '10.1.3.239;rport', stamped: '10.1.3.239;rport=5059;received=10.1.3.239' },
    { via: '10.1.3.239;rport=1;x=y', stamped: '10.1.3.239;x=y;rport=5059;received=10.1.3.239' },
    { via: '192.168.1.1:5060;branch=z', stamped: '192.168.1.1:5060;branch=z;received=10.1.3.239' },
    {
      via: 'phone.local ; RPORT ; branch=z',
      stamped: 'phone.local ; branch=z;rport=5059;received=10.1.3.239',
    },
    { via: '8.8.8.8;received=9.9.9.9', stamped: '8.8.8.8;received=10.1.3.239' },
    { via: '10.1.3.239;x="a;rport"', stamped: '10.1.3.239;x="a;rport"' },
  ])('$via', ({ via, stamped }) => {
    const text = W52P.text.replace(/Via: .*/, `Via: SIP/2.0/UDP ${via}\nVia: SIP/2.0/UDP 10.9.9.9;rport`);
    expect(written(decide(text)).response).toContain(
      `\nVia: SIP/2.0/UDP ${stamped}\nVia: SIP/2.0/UDP 10.9.9.9;rport\n`,
    );
  });
});

describe('the Request-URI of the NOTIFY names the source and nobody else', () => {
  const SOURCE = 'sip:10.1.3.239:5059';
  test.each([
    { contact: '<sip:a@10.1.3.239:5062;x=1>;q=1', uri: 'sip:a@10.1.3.239:5062;x=1' },
    { contact: 'sip:a@10.1.3.239;q=1', uri: 'sip:a@10.1.3.239' },
    { contact: '"A, B" <sip:10.1.3.239>, <sip:8.8.8.8>', uri: 'sip:10.1.3.239' },
    { contact: '<sip:a@8.8.8.8:5060>', uri: SOURCE },
    { contact: '<sip:10.1.3.239@8.8.8.8>', uri: SOURCE },
    { contact: '<sip:127.0.0.1:22;transport=tcp>', uri: SOURCE },
    { contact: '<sips:10.1.3.239>', uri: SOURCE },
    { contact: '<sip:10.1.3.239?Route=%3Csip:8.8.8.8%3E>', uri: SOURCE },
    { contact: '<sip:MAC= 00304fa99948@10.1.3.239>', uri: SOURCE },
    { contact: '<sip:a\u00e9@10.1.3.239>', uri: SOURCE },
    { contact: '<tel:+49>', uri: SOURCE },
    { contact: '*', uri: SOURCE },
    { contact: '<sip:10.1.3.239', uri: SOURCE },
    { contact: undefined, uri: SOURCE },
  ])('Contact: $contact', ({ contact, uri }) => {
    const text = W52P.text.replace(/Contact: .*\n/, contact === undefined ? '' : `Contact: ${contact}\n`);
    expect(written(decide(text)).notify).toMatch(`NOTIFY ${uri} SIP/2.0\n`);
  });
});

describe('the type under which the URL goes out', () => {
  test.each([
    [undefined, 'application/url'],
    ['', 'application/url'],
    ['application/url', 'application/url'],
    ['application/x-gs-ucm-url, application/url;q=0.5', 'application/url'],
    ['*/*', 'application/url'],
    ['application/*', 'application/url'],
    ['application/x-gs-ucm-url', 'application/x-gs-ucm-url'],
    ['Message/External-Body, application/x-z100', 'message/external-body'],
    ['text/plain\r\nEvil: yes', 'application/url'],
    ['<script>', 'application/url'],
    [`a/${'b'.repeat(50)}`, 'application/url'],
  ])('Accept: %j: %s', (accepted, type) => {
    expect(contentTypeFor(accepted)).toBe(type);
  });

  test('content indirection, for whoever asks as RFC 6080 wants it', () => {
    const text = W52P.text.replace('Accept: application/url', 'Accept: message/external-body');
    expect(
      written(decide(text)).notify,
    ).toContain(`Content-Type: message/external-body;access-type="URL";URL="http://10.1.0.1/"
Content-Length: 71

Content-Type: application/octet-stream
Content-ID: <ourtag@unboxd>

`);
  });
});

import { expect, test } from 'vitest';
import { WireError } from '../../src/base/bytes.ts';
import { encodeMessage } from '../../src/sip/message.ts';
import { verdictOf, type WakeQuestion, wakeRequest } from '../../src/sip/notify.ts';
import { peer } from './stage.ts';

const QUESTION: WakeQuestion = {
  event: 'check-sync;reboot=false',
  to: peer('10.1.0.51:5059'),
  from: peer('10.1.0.1:5060'),
  callId: 'call',
  tag: 'tag',
  branch: 'z9hG4bKwake',
};

test('the wake-up, byte by byte', () => {
  expect(Buffer.from(encodeMessage(wakeRequest(QUESTION))).toString()).toBe(
    `NOTIFY sip:10.1.0.51:5059 SIP/2.0
Via: SIP/2.0/UDP 10.1.0.1:5060;branch=z9hG4bKwake
Max-Forwards: 70
From: <sip:unboxd@10.1.0.1:5060>;tag=tag
To: <sip:10.1.0.51:5059>
Call-ID: call
CSeq: 1 NOTIFY
Contact: <sip:10.1.0.1:5060>
Event: check-sync;reboot=false
Subscription-State: terminated
Content-Length: 0

`.replaceAll('\n', '\r\n'),
  );
});

test.each(['resync', 'reboot_now', 'check-sync;reboot=true', 'resync;profile="http://10.1.0.1/x.xml"'])(
  'Event: %s goes out as the vendor file has it',
  (event) => {
    expect(Buffer.from(encodeMessage(wakeRequest({ ...QUESTION, event }))).toString()).toContain(
      `\r\nEvent: ${event}\r\n`,
    );
  },
);

test('an event with a line end in it does not go out', () => {
  expect(() => encodeMessage(wakeRequest({ ...QUESTION, event: 'resync\r\nX: y' }))).toThrow(WireError);
});

test('an account of the phone is named in Request-URI and To', () => {
  const { uri, headers } = wakeRequest({ ...QUESTION, user: '+49 30' });
  expect([uri, headers.find(({ name }) => name === 'To')?.value]).toEqual([
    'sip:+49%2030@10.1.0.51:5059',
    '<sip:+49%2030@10.1.0.51:5059>',
  ]);
});

test.each([
  [200, 'accepted'],
  [202, 'accepted'],
  [302, 'refused'],
  [401, 'wants-password'],
  [403, 'refused'],
  [407, 'wants-password'],
  [480, 'later'],
  [481, 'refused'],
  [486, 'later'],
  [489, 'refused'],
  [503, 'later'],
  [603, 'refused'],
])('%i is %s', (status, verdict) => {
  expect(verdictOf({ status })).toBe(verdict);
});

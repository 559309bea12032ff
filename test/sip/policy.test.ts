import { describe, expect, test } from 'vitest';
import { encodeMessage } from '../../src/sip/message.ts';
import {
  decidePnp,
  isReachable,
  type PnpDecision,
  type PnpQuestion,
  screenPnp,
} from '../../src/sip/policy.ts';
import { SNOM_370, W52P } from './dialects.ts';
import { questionOf } from './question.ts';
import { peer, SUBNET } from './stage.ts';

function screenAndDecide(text: string, changes: Partial<PnpQuestion> = {}): PnpDecision {
  const question = questionOf(text, changes);
  return screenPnp(question) ?? decidePnp(question);
}

describe('silence and its reason', () => {
  const elsewhere = { from: peer('8.8.8.8:5060') };
  test.each<{ when: string; text?: string; changes?: Partial<PnpQuestion>; because: string }>([
    { when: 'an OPTIONS', text: W52P.text.replaceAll('SUBSCRIBE', 'OPTIONS'), because: 'not-a-subscribe' },
    {
      when: 'an ACK to us alone, which nobody answers',
      text: W52P.text.replaceAll('SUBSCRIBE', 'ACK'),
      changes: { ingress: 'us' },
      because: 'not-a-subscribe',
    },
    {
      when: 'a method in small letters',
      text: W52P.text.replaceAll('SUBSCRIBE', 'subscribe'),
      because: 'not-a-subscribe',
    },
    { when: 'presence', text: W52P.text.replace('ua-profile', 'presence'), because: 'event-not-served' },
    { when: 'no Event', text: W52P.text.replace(/Event: .*\n/, ''), because: 'event-not-served' },
    {
      when: 'a To tag',
      text: W52P.text.replace(/(To: .*)/, '$1;tag=theirs'),
      because: 'subscription-elsewhere',
    },
    { when: 'a phone of another subnet', changes: elsewhere, because: 'phone-of-another-lan' },
    {
      when: 'a sender off the LAN to us alone',
      changes: { ...elsewhere, ingress: 'us' },
      because: 'sender-off-the-lan',
    },
    { when: 'a rule', changes: { verb: 'ignore' }, because: 'ignored-by-rule' },
    {
      when: 'a Contact elsewhere',
      text: W52P.text.replace('@10.1.3.239:5059>', '@8.8.8.8>'),
      because: 'contact-elsewhere',
    },
    {
      when: 'a sender of all hosts',
      changes: { from: peer('10.1.3.255:5060') },
      because: 'sender-off-the-lan',
    },
    {
      when: 'a sender without a port',
      changes: { from: peer('10.1.3.239:0') },
      because: 'sender-off-the-lan',
    },
    { when: 'a phone nobody knows', changes: { phone: undefined }, because: 'no-mac-in-request' },
    { when: 'discover only', changes: { mode: 'discover' }, because: 'discover-only' },
    { when: 'no URL', changes: { url: undefined }, because: 'no-url-for-this-phone' },
    {
      when: 'all of it: what is wrong first, comes first',
      text: W52P.text.replaceAll('SUBSCRIBE', 'OPTIONS'),
      changes: { ...elsewhere, phone: undefined, url: undefined, mode: 'discover' },
      because: 'sender-off-the-lan',
    },
  ])('$when', ({ text = W52P.text, changes, because }) => {
    expect(screenAndDecide(text, changes)).toMatchObject({ kind: 'silence', because });
  });

  test('ua-profile is read in any case', () => {
    expect(screenAndDecide(SNOM_370.text.replace('ua-profile', 'UA-Profile')).kind).toBe('reply');
  });
});

describe('refused, where nobody else hears it', () => {
  test.each<{ when: string; text?: string; changes?: Partial<PnpQuestion>; starts: string; because: string }>(
    [
      {
        when: 'another event',
        text: W52P.text.replace('ua-profile', 'presence'),
        starts: 'SIP/2.0 489 Bad Event\n',
        because: 'event-not-served',
      },
      {
        when: 'a To tag',
        text: W52P.text.replace(/(To: .*)/, '$1;tag=theirs'),
        starts: 'SIP/2.0 481 Subscription Does Not Exist\n',
        because: 'subscription-elsewhere',
      },
      {
        when: 'an OPTIONS, with a yes',
        text: W52P.text.replaceAll('SUBSCRIBE', 'OPTIONS'),
        starts: 'SIP/2.0 200 OK\n',
        because: 'not-a-subscribe',
      },
      {
        when: 'a REGISTER',
        text: W52P.text.replaceAll('SUBSCRIBE', 'REGISTER'),
        starts: 'SIP/2.0 405 Method Not Allowed\n',
        because: 'not-a-subscribe',
      },
      {
        when: 'a rule',
        changes: { verb: 'deny' },
        starts: 'SIP/2.0 403 Forbidden\n',
        because: 'denied-by-rule',
      },
    ],
  )('$when', ({ text = W52P.text, changes, starts, because }) => {
    const decision = screenAndDecide(text, { ...changes, ingress: 'us' });
    expect(decision).toMatchObject({ kind: 'refuse', because });
    if (decision.response === undefined) throw new Error('no response');
    const written = Buffer.from(encodeMessage(decision.response)).toString('latin1').replaceAll('\r\n', '\n');
    expect(written.slice(0, starts.length)).toBe(starts);
    expect(written.match(/^To: .*;tag=\w+$/gm)).toHaveLength(1);
    const saysWhatFor = because === 'event-not-served' || because === 'not-a-subscribe';
    expect(written.includes('Allow-Events: ua-profile\n')).toBe(saysWhatFor);
    expect(written.includes('Allow: SUBSCRIBE, OPTIONS\n')).toBe(because === 'not-a-subscribe');
    // A rule is the installer's own word, so the group may hear it too.
    const inGroup = screenAndDecide(text, { ...changes, ingress: 'group' });
    expect(inGroup.kind).toBe(because === 'denied-by-rule' ? 'refuse' : 'silence');
  });
});

test.each([
  { to: '10.1.0.1:5060', may: true },
  { to: '10.1.3.254:1', may: true },
  { to: '10.1.0.0:5060', may: false },
  { to: '10.1.3.255:5060', may: false },
  { to: '10.1.4.0:5060', may: false },
  { to: '224.0.1.75:5060', may: false },
  { to: '255.255.255.255:5060', may: false },
  { to: '127.0.0.1:5060', may: false },
  { to: '10.1.0.9:0', may: false },
  { to: '10.1.0.9:65535', may: true },
  { to: '10.1.0.9:65536', may: false },
])('datagrams may go to $to: $may', ({ to, may }) => {
  expect(isReachable(peer(to), SUBNET)).toBe(may);
});

test('on a link of two or of one, every address is a host', () => {
  const two = { network: SUBNET.network, prefix: 31 };
  expect(['10.1.0.0:1', '10.1.0.1:1', '10.1.0.2:1'].map((to) => isReachable(peer(to), two))).toEqual([
    true,
    true,
    false,
  ]);
});

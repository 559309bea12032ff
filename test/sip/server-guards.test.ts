import { describe, expect, test } from 'vitest';
import { bindAddress, leaseHolderAt, meet, phoneAt } from '../../src/phones/register.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { onWire, W52P } from './dialects.ts';
import { answerTo, ip, macOf, openStage, PROVISION, type Sent, type Stage } from './stage.ts';

const SUBSCRIBE = onWire(W52P.text);
const PHONE = '10.1.3.239:5059';

function notifiesOf({ sent }: Stage): readonly Sent[] {
  return sent.filter(({ text }) => text.startsWith('NOTIFY '));
}

function only(events: readonly PhoneEvent[], kind: PhoneEvent['kind']): readonly PhoneEvent[] {
  return events.filter((event) => event.kind === kind);
}

const SPOOFED = [
  { spoofed: 'Via', from: W52P.text.replace('UDP 10.1.3.239:5059', 'UDP 8.8.8.8:53') },
  { spoofed: 'Contact', from: W52P.text.replace('@10.1.3.239:5059>', '@8.8.8.8:53>') },
  {
    spoofed: 'Contact over TCP',
    from: W52P.text.replace(/Contact: .*/, 'Contact: <sip:127.0.0.1:22;transport=tcp>'),
  },
  { spoofed: 'second Contact', from: W52P.text.replace(/Contact: /, 'Contact: <sip:a@8.8.8.8>, ') },
];

describe('an address off the LAN in Via or Contact is refused and told', () => {
  test.each(SPOOFED)('$spoofed', async ({ from }) => {
    for (const to of ['group', 'us'] as const) {
      const stage = await openStage();
      stage.deliver(onWire(from), '10.1.2.2:40001', to);
      stage.world.advance(60_000);
      expect(stage.sent).toEqual([]);
      expect(stage.events).toMatchObject([
        { kind: 'no-answer-given', because: 'contact-elsewhere', from: '10.1.2.2:40001' },
      ]);
    }
  });

  test.each(['0.0.0.0', 'phone.local', '10.1.0.2'])('%s is none', async (host) => {
    const stage = await openStage();
    stage.deliver(onWire(W52P.text.replaceAll('@10.1.3.239:5059>', `@${host}:5059>`)), PHONE);
    expect(stage.sent.map(({ to }) => to)).toEqual([PHONE, PHONE]);
  });
});

describe('everything goes to the source of the datagram', () => {
  test.each([
    {
      spoofed: 'Via with received and rport',
      from: W52P.text.replace(';branch', ';received=8.8.8.8;rport=53;branch'),
    },
    { spoofed: 'Via with maddr', from: W52P.text.replace(';branch', ';maddr=224.0.0.1;branch') },
    { spoofed: 'Contact on the LAN', from: W52P.text.replace('@10.1.3.239:5059>', '@10.1.0.2:5060>') },
    {
      spoofed: 'Route',
      from: W52P.text.replace('Expires', 'Record-Route: <sip:8.8.8.8;lr>\nRoute: <sip:8.8.8.8;lr>\nExpires'),
    },
    { spoofed: 'Reply-To', from: W52P.text.replace('Expires', 'Reply-To: <sip:8.8.8.8>\nExpires') },
  ])('spoofed $spoofed', async ({ from }) => {
    for (const notifyStyleFor of [() => 'rfc' as const, () => 'legacy' as const]) {
      const stage = await openStage({ notifyStyleFor });
      stage.deliver(onWire(from), '10.1.2.2:40001');
      stage.deliver(onWire(from), '10.1.2.2:40001');
      stage.world.advance(60_000);
      expect(stage.sent.length).toBeGreaterThan(2);
      expect(new Set(stage.sent.map(({ to }) => to))).toEqual(new Set(['10.1.2.2:40001']));
    }
  });
});

describe('whose address it is', () => {
  const VICTIM = macOf('001565f4f9e1');

  test('a lease counts more than what a request says', async () => {
    const stage = await openStage();
    const other = macOf('02aabbccddee');
    meet(stage.register, { mac: other, door: 'dhcp', clues: [], at: 0 });
    bindAddress(stage.register, other, ip('10.1.3.239'));
    stage.deliver(SUBSCRIBE, PHONE);
    expect(phoneAt(stage.register, ip('10.1.3.239'))?.mac).toBe(other);
    expect(stage.register.phones.get(VICTIM)?.sipPort).toBeUndefined();
  });

  test('a request from elsewhere does not turn the wake-ups of a phone away', async () => {
    const stage = await openStage();
    meet(stage.register, { mac: VICTIM, door: 'dhcp', clues: [], at: 0 });
    bindAddress(stage.register, VICTIM, ip('10.1.0.51'));
    stage.deliver(SUBSCRIBE, '10.1.3.239:666');
    expect(leaseHolderAt(stage.register, ip('10.1.0.51'))).toMatchObject({ mac: VICTIM });
    expect(stage.register.phones.get(VICTIM)).toMatchObject({ address: ip('10.1.0.51') });
    expect(stage.register.phones.get(VICTIM)?.sipPort).toBeUndefined();
  });
});

describe('bounds', () => {
  const asked = (at: number): Uint8Array => onWire(W52P.text.replaceAll('1536537630', `${at}`));

  test('one source asks ten seconds of its share in a burst, and then its share', async () => {
    const stage = await openStage();
    for (let at = 0; at < 300; at += 1) stage.deliver(asked(at), PHONE);
    expect(notifiesOf(stage)).toHaveLength(200);
    expect(only(stage.events, 'no-answer-given')).toMatchObject([{ because: 'asked-too-often' }]);
    stage.deliver(asked(0), '10.1.0.9:5060');
    expect(notifiesOf(stage)).toHaveLength(201);
    stage.world.advance(1000);
    for (let at = 300; at < 400; at += 1) stage.deliver(asked(at), PHONE);
    expect(stage.sent.filter(({ text }) => text.startsWith('SIP/2.0 200'))).toHaveLength(221);
  });

  test('all sources together make five thousand wait and no more, by one timer', async () => {
    const stage = await openStage();
    for (let at = 0; at < 5400; at += 1) stage.deliver(asked(at), `10.1.${at % 3}.${10 + (at % 200)}:5060`);
    expect(stage.world.timers()).toBe(1);
    expect(only(stage.events, 'pnp-unacknowledged').length).toBe(400);
  });
});

describe('what says that it is an answer', () => {
  const ORDER = { mac: macOf('001565f4f9e1'), address: ip('10.1.3.239'), port: 5059, event: 'check-sync' };
  const STRAY = answerTo({ at: 0, to: PHONE, text: onWire(W52P.text).toString() });
  /** A wake-up that waits for its answer. */
  const woken = async (): Promise<{ readonly stage: Stage; readonly outcome: Promise<unknown> }> => {
    const stage = await openStage({ site: { pnp: { ...PROVISION, mode: 'off' } } });
    const outcome = stage.sip.wake(ORDER);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    expect(stage.sent).toHaveLength(1);
    return { stage, outcome };
  };

  test('is not read while nobody waits for one', async () => {
    const stage = await openStage();
    for (const bytes of ['SIP/', STRAY, `SIP/2.0 200 OK\r\n${'x'.repeat(60_000)}`])
      stage.deliver(bytes, PHONE, 'us');
    expect([stage.sent, stage.events]).toEqual([[], []]);
  });

  test('is not read when it is longer than a phone says', async () => {
    const { stage, outcome } = await woken();
    const good = answerTo(stage.sent[0]);
    stage.deliver(good.replace('\r\n\r\n', `\r\nX: ${'x'.repeat(5000)}\r\n\r\n`), PHONE, 'us');
    expect(only(stage.events, 'garbled')).toMatchObject([{ because: 'too-long' }]);
    stage.deliver(good, PHONE, 'us');
    expect(await outcome).toMatchObject({ kind: 'answered', status: 200 });
  });

  test('is read ten thousand times a second and no more; the phone answers again', async () => {
    const { stage, outcome } = await woken();
    for (let count = 0; count < 10_000; count += 1) stage.deliver(STRAY, `10.1.0.9:${1024 + count}`, 'us');
    stage.deliver(answerTo(stage.sent[0]), PHONE, 'us');
    expect(only(stage.events, 'wake-answered')).toEqual([]);
    expect(only(stage.events, 'no-answer-given')).toMatchObject([{ because: 'too-busy' }]);
    stage.world.advance(500);
    stage.deliver(answerTo(stage.sent[1]), PHONE, 'us');
    expect(await outcome).toMatchObject({ kind: 'answered', status: 200 });
  });
});

import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { bindAddress, meet } from '../../src/phones/register.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { AUDIOCODES_440HD, DIALECTS, onWire, SNOM_370, W52P } from './dialects.ts';
import { answerTo, ip, macOf, openStage, PROVISION, type Sent, type Stage } from './stage.ts';

const SUBSCRIBE = onWire(W52P.text);
const PHONE = '10.1.3.239:5059';
const MAC = macOf('001565f4f9e1');
const SENDS = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];

function notifiesOf({ sent }: Stage): readonly Sent[] {
  return sent.filter(({ text }) => text.startsWith('NOTIFY '));
}

function only(events: readonly PhoneEvent[], kind: PhoneEvent['kind']): readonly PhoneEvent[] {
  return events.filter((event) => event.kind === kind);
}

describe('a phone asks by PnP', () => {
  test('and is told the URL, acknowledges it, and that is its story', async () => {
    const stage = await openStage();
    expect(stage.opened).toMatchObject([
      { port: 5060, address: ip('224.0.1.75'), group: ip('224.0.1.75') },
      { port: 5060, address: ip('10.1.0.1') },
    ]);
    stage.deliver(SUBSCRIBE, PHONE);
    expect(stage.sent.map(({ to, text }) => [to, text.split('\r\n')[0]])).toEqual([
      [PHONE, 'SIP/2.0 200 OK'],
      [PHONE, 'NOTIFY sip:MAC001565f4f9e1@10.1.3.239:5059 SIP/2.0'],
    ]);
    stage.world.advance(20);
    stage.deliver(answerTo(stage.sent[1]), PHONE);
    stage.world.advance(60_000);
    expect(stage.sent).toHaveLength(2);
    expect(stage.world.timers()).toBe(0);
    const seen = { mac: MAC, from: PHONE };
    expect(stage.events).toMatchObject([
      { ...seen, at: 0, kind: 'appeared', door: 'pnp' },
      { ...seen, at: 0, kind: 'asked-by-pnp' },
      { ...seen, at: 0, kind: 'told-url', door: 'pnp', url: 'http://10.1.0.1/' },
      { ...seen, at: 20, kind: 'pnp-acknowledged', status: 200 },
    ]);
  });

  test.each(DIALECTS)('$phone', async ({ text, mac }) => {
    const stage = await openStage();
    const lease = macOf('02aabbccddee');
    meet(stage.register, { mac: lease, door: 'dhcp', clues: [], at: 0 });
    // The one that does not name itself is known by its address.
    bindAddress(stage.register, lease, ip('10.1.0.9'));
    stage.deliver(onWire(text), '10.1.0.9:4711');
    expect(stage.sent.map(({ to }) => to)).toEqual(['10.1.0.9:4711', '10.1.0.9:4711']);
    expect(only(stage.events, 'told-url')).toMatchObject([{ mac: mac ?? lease }]);
  });

  test('what it says of itself reaches the register', async () => {
    const stage = await openStage();
    stage.deliver(SUBSCRIBE, PHONE);
    const phone = stage.register.phones.get(MAC);
    expect(phone).toMatchObject({ address: ip('10.1.3.239'), sipPort: 5059 });
    expect(phone?.clues.get('pnp-event')).toMatchObject({
      vendor: 'yealink',
      model: 'W52P',
      version: '25.81.0.10',
    });
    expect(phone?.clues.get('user-agent')).toMatchObject({ text: 'Yealink W52P 25.81.0.10' });
  });

  test('the NOTIFY goes out by timer E and is given up by timer F', async () => {
    const stage = await openStage();
    stage.deliver(SUBSCRIBE, PHONE);
    stage.world.advance(60_000);
    expect(notifiesOf(stage).map(({ at }) => at)).toEqual(SENDS);
    expect(new Set(notifiesOf(stage).map(({ text }) => text)).size).toBe(1);
    expect(stage.events.at(-1)).toMatchObject({
      kind: 'pnp-unacknowledged',
      at: 32_000,
      tries: 11,
      mac: MAC,
    });
    expect(stage.world.timers()).toBe(0);
  });

  test('a refusal of the NOTIFY is an answer too', async () => {
    const stage = await openStage();
    stage.deliver(SUBSCRIBE, PHONE);
    stage.deliver(answerTo(stage.sent[1], '489 Bad Event'), PHONE);
    expect(stage.events.at(-1)).toMatchObject({ kind: 'pnp-acknowledged', status: 489 });
  });

  test('the answer counts from any port and address, and only with our branch', async () => {
    const stage = await openStage();
    stage.deliver(SUBSCRIBE, PHONE);
    const good = answerTo(stage.sent[1]);
    stage.deliver(good.replace('z9hG4bK', 'z9hG4bKx'), PHONE);
    stage.deliver(good.replace('1 NOTIFY', '1 OPTIONS'), PHONE);
    stage.deliver(good.replace(/;branch=\w+/, ''), PHONE);
    expect(only(stage.events, 'pnp-acknowledged')).toEqual([]);
    stage.deliver(good, '10.1.3.240:40000');
    stage.deliver(good, PHONE);
    expect(only(stage.events, 'pnp-acknowledged')).toHaveLength(1);
  });

  test('a phone that wants the printed form gets it once, and nothing is waited for', async () => {
    const stage = await openStage({ notifyStyleFor: () => 'legacy' });
    stage.deliver(SUBSCRIBE, PHONE);
    stage.world.advance(60_000);
    expect(notifiesOf(stage).map(({ to, text }) => [to, /Via: (.*)\r/.exec(text)?.[1]])).toEqual([
      [PHONE, 'SIP/2.0/UDP 10.1.3.239:5059;branch=z9hG4bK1536537630'],
    ]);
    expect(stage.kinds()).toEqual(['appeared', 'asked-by-pnp', 'told-url']);
  });
});

describe('the same SUBSCRIBE again', () => {
  test.each([
    { phone: 'with a branch', text: W52P.text },
    { phone: 'without', text: SNOM_370.text },
  ])('$phone: the same 200, no second NOTIFY, no second event', async ({ text }) => {
    const stage = await openStage();
    stage.deliver(onWire(text), PHONE);
    stage.deliver(answerTo(stage.sent[1]), PHONE);
    const before = stage.kinds();
    for (let again = 0; again < 3; again += 1) stage.deliver(onWire(text), PHONE);
    const [first, , ...others] = stage.sent.map((one) => one.text);
    expect(others).toEqual([first, first, first]);
    expect(stage.kinds()).toEqual(before);
  });

  test('after 32 s it is a new one', async () => {
    const stage = await openStage();
    stage.deliver(SUBSCRIBE, PHONE);
    stage.deliver(answerTo(stage.sent[1]), PHONE);
    stage.world.advance(31_999);
    stage.deliver(SUBSCRIBE, PHONE);
    expect(notifiesOf(stage)).toHaveLength(1);
    stage.world.advance(1);
    stage.deliver(SUBSCRIBE, PHONE);
    expect(notifiesOf(stage)).toHaveLength(2);
  });

  test('a phone that asks anew is answered anew', async () => {
    const stage = await openStage();
    stage.deliver(SUBSCRIBE, PHONE);
    stage.deliver(onWire(W52P.text.replaceAll('1536537630', '99')), PHONE);
    expect(notifiesOf(stage)).toHaveLength(2);
    expect(only(stage.events, 'asked-by-pnp')).toHaveLength(2);
  });

  test('silence is told once; and when the phone has become known meanwhile, its copy is answered', async () => {
    const stage = await openStage();
    const text = onWire(AUDIOCODES_440HD.text);
    stage.deliver(text, '10.1.2.37:5060');
    stage.world.advance(2000);
    stage.deliver(text, '10.1.2.37:5060');
    expect(stage.events).toMatchObject([{ kind: 'no-answer-given', because: 'no-mac-in-request' }]);
    meet(stage.register, { mac: MAC, door: 'dhcp', clues: [], at: 0 });
    bindAddress(stage.register, MAC, ip('10.1.2.37'));
    stage.deliver(text, '10.1.2.37:5060');
    stage.deliver(text, '10.1.2.37:5060');
    expect(stage.sent.map((one) => one.text.slice(0, 7))).toEqual(['SIP/2.0', 'NOTIFY ', 'SIP/2.0']);
  });
});

describe('silence', () => {
  test.each([
    { when: 'an OPTIONS', text: W52P.text.replaceAll('SUBSCRIBE', 'OPTIONS'), because: 'not-a-subscribe' },
    { when: 'a REGISTER', text: W52P.text.replaceAll('SUBSCRIBE', 'REGISTER'), because: 'not-a-subscribe' },
    { when: 'presence', text: W52P.text.replace('ua-profile', 'presence'), because: 'event-not-served' },
    { when: 'no MAC', text: AUDIOCODES_440HD.text, because: 'no-mac-in-request' },
  ])('$when', async ({ text, because }) => {
    const stage = await openStage();
    stage.deliver(onWire(text), PHONE);
    expect(stage.sent).toEqual([]);
    expect(stage.events).toMatchObject([{ kind: 'no-answer-given', door: 'pnp', because, from: PHONE }]);
    expect(stage.register.phones.size).toBe(0);
  });

  test('nothing to serve: the phone is known all the same', async () => {
    const stage = await openStage({ urlFor: () => undefined });
    stage.deliver(SUBSCRIBE, PHONE);
    stage.world.advance(2000);
    stage.deliver(SUBSCRIBE, PHONE);
    expect(stage.sent).toEqual([]);
    expect(stage.kinds()).toEqual(['appeared', 'asked-by-pnp', 'no-answer-given']);
    expect(stage.events.at(-1)).toMatchObject({
      kind: 'no-answer-given',
      because: 'no-url-for-this-phone',
      mac: MAC,
    });
    expect(stage.register.phones.get(MAC)?.sipPort).toBe(5059);
  });

  test('discover only: seen and not answered', async () => {
    const stage = await openStage({ site: { pnp: { ...PROVISION, mode: 'discover' } } });
    stage.deliver(SUBSCRIBE, PHONE);
    expect(stage.sent).toEqual([]);
    expect(stage.kinds()).toEqual(['appeared', 'asked-by-pnp', 'no-answer-given']);
  });

  test('off: not even seen', async () => {
    const stage = await openStage({ site: { pnp: { ...PROVISION, mode: 'off' } } });
    stage.deliver(SUBSCRIBE, PHONE);
    expect([stage.sent, stage.events, stage.register.phones.size]).toEqual([[], [], 0]);
  });

  test('senders off the LAN leave no trace but one word a second', async () => {
    const stage = await openStage();
    for (let host = 1; host < 200; host += 1) stage.deliver(SUBSCRIBE, `10.9.0.${host}:5060`);
    stage.world.advance(1000);
    stage.deliver(SUBSCRIBE, '8.8.8.8:5060');
    expect([stage.sent, stage.register.phones.size]).toEqual([[], 0]);
    expect(stage.events.map((event) => [event.kind, event.from])).toEqual([
      ['no-answer-given', '10.9.0.1:5060'],
      ['no-answer-given', '8.8.8.8:5060'],
    ]);
  });

  test('keep-alives are ignored, junk is told once a second', async () => {
    const stage = await openStage();
    for (const bytes of ['\r\n\r\n', '', 'junk', 'junk', W52P.text.slice(0, 99)]) stage.deliver(bytes, PHONE);
    expect(stage.sent).toEqual([]);
    expect(stage.events).toEqual([
      { at: 0, kind: 'garbled', door: 'pnp', from: PHONE, because: 'too-short', offset: 4, bytes: 4 },
    ]);
  });

  test('a request longer than any phone makes is refused, since answers to it would have to be kept', async () => {
    const stage = await openStage();
    stage.deliver(onWire(W52P.text.replace('Expires', `Subject: ${'x'.repeat(4000)}\nExpires`)), PHONE);
    expect(stage.sent).toEqual([]);
    expect(stage.events).toMatchObject([{ kind: 'garbled', because: 'too-long', offset: 4096 }]);
  });

  test('a bug met by one datagram is told and the next is served', async () => {
    let calls = 0;
    const urlFor = (): string => {
      calls += 1;
      if (calls === 1) throw new TypeError('a bug');
      return 'http://10.1.0.1/';
    };
    const stage = await openStage({ urlFor });
    stage.deliver(SUBSCRIBE, PHONE);
    stage.deliver(SUBSCRIBE, PHONE);
    expect(only(stage.events, 'fault')).toMatchObject([{ code: 'sip-failed', message: 'SIP: a bug' }]);
    expect(stage.sent).toHaveLength(2);
  });

  test('trouble of the socket is told with its code', async () => {
    const stage = await openStage();
    stage.opened[0]?.onTrouble(Object.assign(new Error('send'), { code: 'ENETUNREACH' }));
    stage.opened[0]?.onTrouble(new Fault('port-in-use', 'taken', 'free it'));
    expect(stage.events).toMatchObject([
      { kind: 'fault', code: 'ENETUNREACH' },
      { kind: 'fault', code: 'port-in-use', hint: 'free it' },
    ]);
  });
});

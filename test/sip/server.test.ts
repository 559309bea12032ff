import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { bindAddress, leaseHolderAt, meet, phoneAt } from '../../src/phones/register.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { AUDIOCODES_440HD, DIALECTS, onWire, SNOM_370, W52P } from './dialects.ts';
import { ip, macOf, openStage, type Sent, type Stage } from './stage.ts';

const SUBSCRIBE = onWire(W52P.text);
const PHONE = '10.1.3.239:5059';
const MAC = macOf('001565f4f9e1');
const SENDS = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];

/** What a phone answers to that request: its Via, From, To, Call-ID and CSeq under this status line. */
function answerTo(request: Sent | undefined, status = '200 OK'): string {
  const lines = (request?.text ?? '').split('\r\n\r\n')[0]?.split('\r\n') ?? [];
  const echoed = lines.filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
  return [`SIP/2.0 ${status}`, ...echoed, '', ''].join('\r\n');
}

function notifiesOf({ sent }: Stage): readonly Sent[] {
  return sent.filter(({ text }) => text.startsWith('NOTIFY '));
}

function only(events: readonly PhoneEvent[], kind: PhoneEvent['kind']): readonly PhoneEvent[] {
  return events.filter((event) => event.kind === kind);
}

describe('a phone asks by PnP', () => {
  test('and is told the URL, acknowledges it, and that is its story', async () => {
    const stage = await openStage();
    expect(stage.opened).toMatchObject([{ port: 5060, group: ip('224.0.1.75') }]);
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

describe('everything goes to the source of the datagram', () => {
  test.each([
    { spoofed: 'Via', from: W52P.text.replace('UDP 10.1.3.239:5059', 'UDP 8.8.8.8:53') },
    {
      spoofed: 'Via with received and rport',
      from: W52P.text.replace(';branch', ';received=8.8.8.8;rport=53;branch'),
    },
    { spoofed: 'Via with maddr', from: W52P.text.replace(';branch', ';maddr=224.0.0.1;branch') },
    { spoofed: 'Contact', from: W52P.text.replace('@10.1.3.239:5059>', '@8.8.8.8:53>') },
    {
      spoofed: 'Contact over TCP',
      from: W52P.text.replace(/Contact: .*/, 'Contact: <sip:127.0.0.1:22;transport=tcp>'),
    },
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
    const stage = await openStage({ site: { pnp: 'discover' } });
    stage.deliver(SUBSCRIBE, PHONE);
    expect(stage.sent).toEqual([]);
    expect(stage.kinds()).toEqual(['appeared', 'asked-by-pnp', 'no-answer-given']);
  });

  test('off: not even seen', async () => {
    const stage = await openStage({ site: { pnp: 'off' } });
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

  test('one source holds a thousand transactions and no more', async () => {
    const stage = await openStage();
    for (let at = 0; at < 1200; at += 1) stage.deliver(asked(at), PHONE);
    expect(notifiesOf(stage)).toHaveLength(1000);
    expect(only(stage.events, 'no-answer-given')).toMatchObject([{ because: 'too-busy' }]);
    stage.deliver(asked(0), '10.1.0.9:5060');
    expect(notifiesOf(stage)).toHaveLength(1001);
    stage.world.advance(32_000);
    stage.deliver(asked(1200), PHONE);
    expect(notifiesOf(stage).at(-1)?.at).toBe(32_000);
  });

  test('all sources together make five thousand wait and no more', async () => {
    const stage = await openStage();
    for (let at = 0; at < 6000; at += 1) {
      stage.deliver(asked(at), `10.1.${1 + (Math.floor(at / 900) % 2)}.${10 + (at % 200)}:5060`);
    }
    expect(stage.world.timers()).toBe(5000);
    expect(only(stage.events, 'pnp-unacknowledged')).toHaveLength(1000);
  });
});

describe('a wake-up', () => {
  const ORDER = { mac: MAC, address: ip('10.1.3.239'), port: 5059, event: 'check-sync;reboot=false' };

  test('is answered', async () => {
    const stage = await openStage({ site: { pnp: 'off' } });
    const outcome = stage.sip.wake(ORDER);
    stage.world.advance(40);
    const [notify] = stage.sent;
    expect([notify?.to, notify?.text.split('\r\n')[0]]).toEqual([
      PHONE,
      'NOTIFY sip:10.1.3.239:5059 SIP/2.0',
    ]);
    stage.deliver(answerTo(notify, '401 Un\x1bauthorized'), PHONE);
    expect(await outcome).toEqual({ kind: 'answered', status: 401, reason: 'Un\\x1bauthorized' });
    expect(stage.events).toEqual([
      { at: 0, kind: 'woken', mac: MAC, event: 'check-sync;reboot=false', to: PHONE },
      { at: 40, kind: 'wake-answered', mac: MAC, status: 401, reason: 'Un\\x1bauthorized' },
    ]);
  });

  test('is given up after eleven datagrams', async () => {
    const stage = await openStage();
    const outcome = stage.sip.wake(ORDER);
    stage.world.advance(32_000);
    expect(await outcome).toEqual({ kind: 'unanswered', tries: 11 });
    expect(stage.sent.map(({ at }) => at)).toEqual(SENDS);
    expect(stage.events.at(-1)).toEqual({ at: 32_000, kind: 'wake-unanswered', mac: MAC, tries: 11 });
  });

  test('waits on after 100 Trying, at T2', async () => {
    const stage = await openStage();
    const outcome = stage.sip.wake(ORDER);
    stage.deliver(answerTo(stage.sent[0], '100 Trying'), PHONE);
    stage.world.advance(9000);
    stage.deliver(answerTo(stage.sent[0]), PHONE);
    expect(await outcome).toEqual({ kind: 'answered', status: 200, reason: 'OK' });
    expect(stage.sent.map(({ at }) => at)).toEqual([0, 500, 4500, 8500]);
  });

  test('many at a time are told apart', async () => {
    const stage = await openStage();
    const first = stage.sip.wake(ORDER);
    const second = stage.sip.wake(ORDER);
    stage.deliver(answerTo(stage.sent[1], '481 Gone'), PHONE);
    stage.deliver(answerTo(stage.sent[0]), PHONE);
    expect(await Promise.all([first, second])).toMatchObject([{ status: 200 }, { status: 481 }]);
  });

  test('of a whole fleet is not cut short by the bounds for strangers', async () => {
    const stage = await openStage();
    const fleet = Array.from({ length: 6000 }, () => stage.sip.wake(ORDER));
    stage.world.advance(10);
    for (const notify of stage.sent.slice()) stage.deliver(answerTo(notify), PHONE);
    expect(new Set((await Promise.all(fleet)).map(({ kind }) => kind))).toEqual(new Set(['answered']));
  });

  test.each(['8.8.8.8', '10.1.4.1', '10.1.3.255', '224.0.1.75', '255.255.255.255'])(
    'never goes to %s',
    async (off) => {
      const stage = await openStage();
      await expect(stage.sip.wake({ ...ORDER, address: ip(off) })).rejects.toThrow(Fault);
      expect([stage.sent, stage.events]).toEqual([[], []]);
    },
  );

  test('ends with the door, and nothing is told or sent after that', async () => {
    const stage = await openStage();
    const outcome = stage.sip.wake(ORDER);
    stage.deliver(SUBSCRIBE, PHONE);
    const before = stage.kinds();
    await stage.sip.close();
    await stage.sip.close();
    expect(await outcome).toEqual({ kind: 'unanswered', tries: 1 });
    const { length } = stage.sent;
    stage.world.advance(60_000);
    stage.deliver(SUBSCRIBE, PHONE);
    expect(await stage.sip.wake(ORDER)).toEqual({ kind: 'unanswered', tries: 0 });
    expect([stage.kinds(), stage.sent.length, stage.world.timers()]).toEqual([before, length, 0]);
  });
});

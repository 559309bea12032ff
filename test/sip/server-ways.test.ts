// The ways into the door beside the group: to us alone, over TCP; and out of it unasked, or later.
import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { bindAddress, meet } from '../../src/phones/register.ts';
import { onWire, W52P } from './dialects.ts';
import { ip, macOf, openStage, PROVISION } from './stage.ts';

const PHONE = '10.1.3.239:5059';
const MAC = macOf('001565f4f9e1');
const OVER_TCP = W52P.text.replace('SIP/2.0/UDP', 'SIP/2.0/TCP');

function startsOf(texts: readonly string[]): readonly string[] {
  return texts.map((text) => text.split('\r\n')[0]?.split(' ').slice(0, 2).join(' ') ?? '');
}

function okTo(request = ''): string {
  const echoed = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
  return ['SIP/2.0 200 OK', ...echoed, 'Content-Length: 0', '', ''].join('\r\n');
}

describe('to us alone', () => {
  test.each([
    ['ua-profile', W52P.text, ['SIP/2.0 200', 'NOTIFY sip:MAC001565f4f9e1@10.1.3.239:5059']],
    ['presence', W52P.text.replace('ua-profile', 'presence'), ['SIP/2.0 489']],
    ['a To tag', W52P.text.replace(/(To: .*)/, '$1;tag=x'), ['SIP/2.0 481']],
    ['an OPTIONS', W52P.text.replaceAll('SUBSCRIBE', 'OPTIONS'), ['SIP/2.0 200']],
    ['a REGISTER', W52P.text.replaceAll('SUBSCRIBE', 'REGISTER'), ['SIP/2.0 405']],
    ['an ACK', W52P.text.replaceAll('SUBSCRIBE', 'ACK'), []],
  ])('%s', async (_, text, starts) => {
    const stage = await openStage();
    stage.deliver(onWire(text), PHONE, 'us');
    expect(startsOf(stage.sent.map((one) => one.text))).toEqual(starts);
    expect(stage.sent.every(({ to }) => to === PHONE)).toBe(true);
  });

  test('a copy of what was refused gets the same refusal, and is told once', async () => {
    const stage = await openStage();
    const text = onWire(W52P.text.replace('ua-profile', 'presence'));
    for (let again = 0; again < 3; again += 1) stage.deliver(text, PHONE, 'us');
    expect(new Set(stage.sent.map((one) => one.text)).size).toBe(1);
    expect(stage.sent).toHaveLength(3);
    expect(stage.kinds()).toEqual(['no-answer-given']);
  });

  test('RFC 6080: the MAC in a UUID, an expiry, content indirection', async () => {
    const stage = await openStage();
    const text = W52P.text
      .replaceAll('MAC001565f4f9e1', 'urn%3auuid%3a00000000-0000-1000-0000-001565F4F9E1')
      .replace('User-Agent: Yealink W52P 25.81.0.10\n', '')
      .replace('Expires: 0', 'Expires: 86400')
      .replace('application/url', 'message/external-body');
    stage.deliver(onWire(text), PHONE, 'us');
    expect(stage.events).toMatchObject([{ mac: MAC }, { mac: MAC }, { kind: 'told-url', mac: MAC }]);
    expect(stage.sent[1]?.text).toContain('access-type="URL";URL="http://10.1.0.1/"');
  });
});

describe('over TCP', () => {
  test('in pieces, with the 200 and the NOTIFY on the same connection, which the phone answers', async () => {
    const stage = await openStage();
    const phone = stage.connect('10.1.3.239:41000');
    const bytes = onWire(OVER_TCP);
    for (let at = 0; at < bytes.length; at += 7) phone.say(bytes.subarray(at, at + 7));
    expect(startsOf(phone.heard)).toEqual(['SIP/2.0 200', 'NOTIFY sip:MAC001565f4f9e1@10.1.3.239:5059']);
    expect(phone.heard[1]).toContain('Via: SIP/2.0/TCP 10.1.0.1:5060;branch=');
    phone.say(okTo(phone.heard[1]));
    expect(stage.events.at(-1)).toMatchObject({ kind: 'pnp-acknowledged', status: 200, mac: MAC });
    expect(stage.sent).toEqual([]);
  });

  test('a NOTIFY without an answer is sent once and given up after 32 s', async () => {
    const stage = await openStage();
    const phone = stage.connect('10.1.3.239:41000');
    phone.say(onWire(OVER_TCP));
    stage.world.advance(32_000);
    expect(phone.heard).toHaveLength(2);
    expect(stage.events.at(-1)).toMatchObject({ kind: 'pnp-unacknowledged', tries: 1, at: 32_000 });
  });

  test('two requests in one piece, and a ping before them', async () => {
    const stage = await openStage();
    const phone = stage.connect('10.1.3.239:41000');
    const other = OVER_TCP.replaceAll('1536537630', '99');
    phone.say(`\r\n\r\n${Buffer.from(onWire(OVER_TCP)).toString()}${Buffer.from(onWire(other)).toString()}`);
    expect(startsOf(phone.heard).map((text) => text.slice(0, 11))).toEqual([
      '',
      ...['SIP/2.0 200', 'NOTIFY sip:'],
      ...['SIP/2.0 200', 'NOTIFY sip:'],
    ]);
  });

  test('no Content-Length: 400 and the end', async () => {
    const stage = await openStage();
    const phone = stage.connect('10.1.3.239:41000');
    phone.say(onWire(OVER_TCP.replace('Content-Length: 0\n', '')));
    expect(startsOf(phone.heard)).toEqual(['SIP/2.0 400']);
    await Promise.resolve();
    expect(phone.isOpen()).toBe(false);
  });

  test.each([
    { limits: { perSource: 0.1, total: 20_000 }, because: 'asked-too-often' },
    { limits: { perSource: 20, total: 1 }, because: 'too-busy' },
  ])('with $limits the second request ends it: $because', async ({ limits, because }) => {
    const stage = await openStage({ site: { pnp: { ...PROVISION, limits } } });
    const phone = stage.connect('10.1.3.239:41000');
    const bytes = onWire(OVER_TCP);
    phone.say(bytes);
    phone.say(bytes);
    await Promise.resolve();
    expect(phone.isOpen()).toBe(false);
    expect(stage.events.filter(({ kind }) => kind === 'no-answer-given')).toMatchObject([{ because }]);
  });

  test('a message that is too long ends it, and what says nothing is closed', async () => {
    const stage = await openStage();
    const loud = stage.connect('10.1.3.239:41000');
    loud.say('x'.repeat(5000));
    await Promise.resolve();
    expect([loud.isOpen(), loud.heard]).toEqual([false, []]);
    const quiet = stage.connect('10.1.3.240:41000');
    stage.world.advance(40_000);
    await Promise.resolve();
    expect(quiet.isOpen()).toBe(false);
    expect(stage.world.timers()).toBe(0);
  });

  test('four connections of one address, and none from off the LAN', async () => {
    const stage = await openStage();
    const all = [1, 2, 3, 4, 5].map((port) => stage.connect(`10.1.3.239:${port}`));
    const stranger = stage.connect('8.8.8.8:5060');
    await Promise.resolve();
    expect(all.map((one) => one.isOpen())).toEqual([true, true, true, true, false]);
    expect(stranger.isOpen()).toBe(false);
    all[0]?.hangUp();
    expect(stage.connect('10.1.3.239:6').isOpen()).toBe(true);
  });

  test('off where the settings say so', async () => {
    const stage = await openStage({ site: { pnp: { ...PROVISION, tcp: false } } });
    expect(() => stage.connect(PHONE)).toThrow('nobody listens');
  });
});

describe('the delay', () => {
  test('spreads the answers of a rack, each once, whatever is asked again meanwhile', async () => {
    const stage = await openStage({ site: { pnp: { ...PROVISION, delay: 1000 } } });
    const asked = (at: number): Uint8Array => onWire(W52P.text.replaceAll('1536537630', `${at}`));
    for (let at = 0; at < 50; at += 1) stage.deliver(asked(at), `10.1.0.${10 + at}:5060`);
    expect(stage.sent).toEqual([]);
    for (let at = 0; at < 50; at += 1) stage.deliver(asked(at), `10.1.0.${10 + at}:5060`);
    stage.world.advance(1000);
    const oks = stage.sent.filter(({ text }) => text.startsWith('SIP/2.0 200'));
    expect(oks).toHaveLength(50);
    expect(new Set(oks.map(({ to }) => to)).size).toBe(50);
    const times = oks.map(({ at }) => at);
    expect(Math.max(...times)).toBeLessThan(1000);
    // No two hundred milliseconds hold half of the rack.
    for (let from = 0; from < 1000; from += 100)
      expect(times.filter((at) => at >= from && at < from + 200).length).toBeLessThan(25);
  });
});

describe('push', () => {
  const known = async (changes: Parameters<typeof openStage>[0] = {}) => {
    const stage = await openStage({ takesPush: () => true, ...changes });
    meet(stage.register, { mac: MAC, door: 'dhcp', clues: [], at: 0 });
    bindAddress(stage.register, MAC, ip('10.1.0.51'));
    return stage;
  };

  test('tells the URL unasked, and hears whether it was taken', async () => {
    const stage = await known();
    const end = stage.sip.push(MAC);
    expect(stage.sent.map(({ to }) => to)).toEqual(['10.1.0.51:5060']);
    const text = stage.sent[0]?.text ?? '';
    expect(text.split('\r\n')[0]).toBe('NOTIFY sip:10.1.0.51:5060 SIP/2.0');
    expect(text).toContain('\r\nEvent: ua-profile;effective-by=0\r\n');
    expect(text).toContain('\r\nContent-Type: application/url\r\nContent-Length: 16\r\n\r\nhttp://10.1.0.1/');
    stage.deliver(okTo(text), '10.1.0.51:5060', 'us');
    expect(await end).toEqual({ kind: 'answered', status: 200, reason: 'OK' });
    expect(stage.events).toMatchObject([
      { kind: 'told-url', door: 'notify', mac: MAC, url: 'http://10.1.0.1/' },
      { kind: 'pnp-acknowledged', mac: MAC, status: 200 },
    ]);
  });

  test('is not sent again, and no end is told, when nobody wants to know any more', async () => {
    const stage = await known();
    const over = new AbortController();
    const end = stage.sip.push(MAC, over.signal);
    stage.world.advance(600);
    over.abort();
    stage.world.advance(60_000);
    expect(await end).toEqual({ kind: 'unanswered', tries: 2 });
    expect([stage.sent.length, stage.kinds()]).toEqual([2, ['told-url']]);
  });

  test.each<[string, Parameters<typeof openStage>[0], string]>([
    ['a make that does not take it', { takesPush: () => false }, 'push-not-taken'],
    ['nothing to serve', { urlFor: () => undefined }, 'no-url'],
  ])('not for %s', async (_, changes, code) => {
    const stage = await known(changes);
    await expect(stage.sip.push(MAC)).rejects.toMatchObject({ code });
    expect(stage.sent).toEqual([]);
  });

  test('not for a phone that is not known, has no address, or is off the LAN', async () => {
    const stage = await openStage({ takesPush: () => true });
    await expect(stage.sip.push(MAC)).rejects.toThrow(Fault);
    meet(stage.register, { mac: MAC, door: 'dhcp', clues: [], at: 0 });
    await expect(stage.sip.push(MAC)).rejects.toMatchObject({ code: 'no-address' });
    bindAddress(stage.register, MAC, ip('10.9.0.1'));
    await expect(stage.sip.push(MAC)).rejects.toMatchObject({ code: 'push-off-the-lan' });
    expect(stage.sent).toEqual([]);
  });
});

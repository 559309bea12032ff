// Phones of subnets behind routers, which the group does not reach: they ask us alone. And what discover mode keeps to itself.
import { describe, expect, test } from 'vitest';
import { parseSubnet } from '../../src/base/ipv4.ts';
import { bindAddress, meet } from '../../src/phones/register.ts';
import type { SipDoor } from '../../src/sip/pnp.ts';
import { onWire, W52P } from './dialects.ts';
import { ip, macOf, openStage, PROVISION } from './stage.ts';

const MAC = macOf('001565f4f9e1');
const FAR = '10.30.0.51:5059';
/** The phone where it says it is. */
const ASKED = onWire(W52P.text.replaceAll('10.1.3.239', '10.30.0.51'));
const BEHIND_ROUTER: Partial<SipDoor> = {
  wakeable: { served: [parseSubnet('10.30.0.0/24') ?? expect.fail()], via: [] },
};

function reasons(events: readonly object[]): readonly unknown[] {
  return events.flatMap((event) => ('because' in event ? [event.because] : []));
}

describe('from a served subnet behind a router', () => {
  test('a SUBSCRIBE to us alone is answered, to its source', async () => {
    const stage = await openStage(BEHIND_ROUTER);
    stage.deliver(ASKED, FAR, 'us');
    expect(stage.sent.map(({ to, text }) => [to, text.split('\r\n')[0]])).toEqual([
      [FAR, 'SIP/2.0 200 OK'],
      [FAR, 'NOTIFY sip:MAC001565f4f9e1@10.30.0.51:5059 SIP/2.0'],
    ]);
    expect(stage.register.phones.get(MAC)).toMatchObject({ address: ip('10.30.0.51'), sipPort: 5059 });
  });

  test('and over TCP', async () => {
    const stage = await openStage(BEHIND_ROUTER);
    const phone = stage.connect('10.30.0.51:41000');
    phone.say(Buffer.from(ASKED).toString('latin1').replace('/UDP', '/TCP'));
    expect(phone.heard.map((text) => text.slice(0, 11))).toEqual(['SIP/2.0 200', 'NOTIFY sip:']);
  });

  test('each of its phones has a share of its own', async () => {
    const stage = await openStage(BEHIND_ROUTER);
    for (let at = 0; at < 300; at += 1) {
      const text = W52P.text.replaceAll('10.1.3.239', '10.30.0.51').replaceAll('1536537630', `${at}`);
      stage.deliver(onWire(text), FAR, 'us');
    }
    expect(reasons(stage.events)).toEqual(['asked-too-often']);
    const before = stage.sent.length;
    stage.deliver(onWire(W52P.text.replaceAll('10.1.3.239', '10.30.0.52')), '10.30.0.52:5060', 'us');
    expect(stage.sent).toHaveLength(before + 2);
  });

  test.each([
    ['to the group, where no router lets it through', FAR, 'group', ASKED, 'phone-of-another-lan'],
    ['from a subnet beside it', '10.31.0.51:5059', 'us', ASKED, 'sender-off-the-lan'],
    ['from all hosts of it', '10.30.0.255:5059', 'us', ASKED, 'sender-off-the-lan'],
    [
      'with a Contact elsewhere',
      FAR,
      'us',
      onWire(
        Buffer.from(ASKED)
          .toString('latin1')
          .replaceAll('\r\n', '\n')
          .replace('@10.30.0.51:5059>', '@8.8.8.8>'),
      ),
      'contact-elsewhere',
    ],
  ] as const)('not %s', async (_, from, to, bytes, because) => {
    const stage = await openStage(BEHIND_ROUTER);
    stage.deliver(bytes, from, to);
    expect([stage.sent, reasons(stage.events)]).toEqual([[], [because]]);
  });

  test('its phones are told a URL unasked, too; others are not', async () => {
    const stage = await openStage({ ...BEHIND_ROUTER, takesPush: () => true });
    meet(stage.register, { mac: MAC, door: 'dhcp', clues: [], at: 0 });
    bindAddress(stage.register, MAC, ip('10.30.0.51'));
    const end = stage.sip.push(MAC);
    expect(stage.sent.map(({ to }) => to)).toEqual(['10.30.0.51:5060']);
    stage.world.advance(32_000);
    expect(await end).toEqual({ kind: 'unanswered', tries: 11 });
    bindAddress(stage.register, MAC, ip('10.31.0.51'));
    await expect(stage.sip.push(MAC)).rejects.toMatchObject({
      code: 'push-off-the-lan',
      hint: 'only phones on 10.1.0.0/22, 10.30.0.0/24 are told from here',
    });
  });
});

describe('discover mode never answers, not even with a no', () => {
  const DISCOVER: Partial<SipDoor> = { site: { pnp: { ...PROVISION, mode: 'discover' } } };
  test.each([
    ['another event', W52P.text.replace('ua-profile', 'presence'), 'event-not-served'],
    ['a To tag', W52P.text.replace(/(To: .*)/, '$1;tag=x'), 'subscription-elsewhere'],
    ['an OPTIONS', W52P.text.replaceAll('SUBSCRIBE', 'OPTIONS'), 'not-a-subscribe'],
  ])('%s', async (_, text, because) => {
    const stage = await openStage(DISCOVER);
    stage.deliver(onWire(text), '10.1.3.239:5059', 'us');
    stage.deliver(onWire(text), '10.1.3.239:5059', 'us');
    expect([stage.sent, reasons(stage.events)]).toEqual([[], [because]]);
  });

  test('a message without its length over TCP', async () => {
    const stage = await openStage(DISCOVER);
    const phone = stage.connect('10.1.3.239:41000');
    phone.say(onWire(W52P.text.replace('/UDP', '/TCP').replace('Content-Length: 0\n', '')));
    expect([phone.heard, stage.kinds()]).toEqual([[], ['garbled']]);
  });
});

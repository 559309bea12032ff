import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { onWire, W52P } from './dialects.ts';
import { answerTo, ip, macOf, openStage, PROVISION } from './stage.ts';

const SUBSCRIBE = onWire(W52P.text);
const PHONE = '10.1.3.239:5059';
const MAC = macOf('001565f4f9e1');
const SENDS = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];

/** A wake-up goes on when promises have had their turn. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe('a wake-up', () => {
  const ORDER = { mac: MAC, address: ip('10.1.3.239'), port: 5059, event: 'check-sync;reboot=false' };

  test('is answered', async () => {
    const stage = await openStage({ site: { pnp: { ...PROVISION, mode: 'off' } } });
    const outcome = stage.sip.wake(ORDER);
    await settled();
    stage.world.advance(40);
    const [notify] = stage.sent;
    expect([notify?.to, notify?.text.split('\r\n')[0]]).toEqual([
      PHONE,
      'NOTIFY sip:10.1.3.239:5059 SIP/2.0',
    ]);
    stage.deliver(answerTo(notify, '401 Un\x1bauthorized'), PHONE);
    expect(await outcome).toMatchObject({ kind: 'answered', status: 401, reason: 'Un\\x1bauthorized' });
    expect(stage.events).toEqual([
      { at: 0, kind: 'woken', mac: MAC, event: 'check-sync;reboot=false', to: PHONE },
      { at: 40, kind: 'wake-answered', mac: MAC, status: 401, reason: 'Un\\x1bauthorized' },
    ]);
  });

  test('is given up after eleven datagrams', async () => {
    const stage = await openStage();
    const outcome = stage.sip.wake(ORDER);
    await settled();
    stage.world.advance(32_000);
    expect(await outcome).toEqual({ kind: 'unanswered', tries: 11 });
    expect(stage.sent.map(({ at }) => at)).toEqual(SENDS);
    expect(stage.events.at(-1)).toEqual({ at: 32_000, kind: 'wake-unanswered', mac: MAC, tries: 11 });
  });

  test('waits on after 100 Trying, at T2', async () => {
    const stage = await openStage();
    const outcome = stage.sip.wake(ORDER);
    await settled();
    stage.deliver(answerTo(stage.sent[0], '100 Trying'), PHONE);
    stage.world.advance(9000);
    stage.deliver(answerTo(stage.sent[0]), PHONE);
    expect(await outcome).toEqual({ kind: 'answered', status: 200, reason: 'OK' });
    expect(stage.sent.map(({ at }) => at)).toEqual([0, 500, 4500, 8500]);
  });

  test('is answered from any port and address, and by its own branch only', async () => {
    const stage = await openStage();
    const outcome = stage.sip.wake(ORDER);
    await settled();
    const good = answerTo(stage.sent[0]);
    stage.deliver(good.replace('z9hG4bK', 'z9hG4bKx').replace('200 OK', '403 No'), PHONE);
    stage.deliver(good.replace('1 NOTIFY', '2 NOTIFY').replace('NOTIFY', 'INVITE'), PHONE);
    stage.deliver(good, '10.1.3.240:40000');
    expect(await outcome).toEqual({ kind: 'answered', status: 200, reason: 'OK' });
  });

  test('many at a time are told apart', async () => {
    const stage = await openStage();
    const first = stage.sip.wake(ORDER);
    const second = stage.sip.wake(ORDER);
    await settled();
    stage.deliver(answerTo(stage.sent[1], '481 Gone'), PHONE);
    stage.deliver(answerTo(stage.sent[0]), PHONE);
    expect(await Promise.all([first, second])).toMatchObject([{ status: 200 }, { status: 481 }]);
  });

  test('of a whole fleet is not cut short by the bounds for strangers', async () => {
    const stage = await openStage();
    const fleet = Array.from({ length: 6000 }, () => stage.sip.wake(ORDER));
    await settled();
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
    await settled();
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

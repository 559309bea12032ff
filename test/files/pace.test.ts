// Firmware for many phones, in virtual time: who may load, who waits, and what is told.
import { expect, test } from 'vitest';
import type { Mac } from '../../src/base/mac.ts';
import { createPacer, type Loading, SLOWLY, type Transfer } from '../../src/files/pace.ts';
import type { FirmwarePace } from '../../src/site/files.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { fakeWorld } from '../fakes/world.ts';
import { mac } from '../net/watched.ts';

const SIZE = 10_000_000;

function pacer(limits: FirmwarePace = { atOnce: 2 }) {
  const world = fakeWorld();
  const events: PhoneEvent[] = [];
  const made = createPacer({ limits, world, tell: (event) => events.push(event) });
  const open = (phone: Mac, more: Partial<Loading> = {}) =>
    made.open({
      ...{ mac: phone, from: '10.99.0.50:4000', door: 'http', file: 'x.rom', role: 'firmware' },
      ...{ vendor: 'acme', bytes: SIZE, ...more },
    });
  return { world, events, open };
}

const phone = (index: number): Mac => mac(`02ac3e0000${index.toString(16).padStart(2, '0')}`);

function transfer(opened: ReturnType<ReturnType<typeof pacer>['open']>): Transfer {
  if (opened.kind === 'refused') throw new Error(opened.detail);
  return opened;
}

test('so many of a make at a time; the next is told when to come again, and then let in', async () => {
  const { world, open } = pacer();
  const first = transfer(open(phone(1)));
  const second = transfer(open(phone(2)));
  expect([first.pace, second.pace]).toEqual([undefined, undefined]);
  await world.advance(10_000);
  first.progress(5_000_000);
  second.progress(2_000_000);
  expect(open(phone(3))).toEqual({
    kind: 'refused',
    because: 'too-busy',
    detail: '2 phones of its make load firmware now; there is room again in about 10 s',
    retryAfter: 10,
  });
  // Those behind come later, so that they do not all come at once.
  expect(open(phone(4))).toMatchObject({ retryAfter: 10 });
  expect(open(phone(5))).toMatchObject({ retryAfter: 15 });
  expect(open(phone(6), { vendor: 'other' }).kind).toBe('transfer');
  await world.advance(10_000);
  first.over();
  expect(open(phone(3)).kind).toBe('transfer');
  expect(open(phone(4)).kind).toBe('refused');
});

test.each([
  { role: 'own', bytes: 4000 },
  { role: 'other', bytes: SIZE },
] as const)('files of the role $role never wait', ({ role, bytes }) => {
  const { open } = pacer({ atOnce: 1, rate: 1_000_000 });
  for (let index = 0; index < 100; index += 1)
    expect(transfer(open(phone(index), { role, bytes })).pace).toBeUndefined();
});

test('who has begun is let in again for its next part, and takes one place', () => {
  const { open } = pacer({ atOnce: 1 });
  transfer(open(phone(1), { file: 'a.loads' })).over();
  const part = transfer(open(phone(1), { file: 'b.bin' }));
  expect(open(phone(2)).kind).toBe('refused');
  expect(open(phone(1), { file: 'b.bin' }).kind).toBe('transfer');
  part.over();
});

test('the phone comes back in the middle of the next one: both go on', async () => {
  const { world, open } = pacer({ atOnce: 1 });
  transfer(open(phone(1))).over();
  await world.advance(1000);
  const other = transfer(open(phone(2)));
  expect(open(phone(1)).kind).toBe('transfer');
  other.over();
  await world.advance(16_000);
  expect(open(phone(3)).kind).toBe('refused');
});

test('over TFTP and FTP the others are served slowly, and only a crowd waits', () => {
  const { open } = pacer({ atOnce: 1 });
  const first = transfer(open(phone(0), { door: 'tftp' }));
  expect(first.pace).toBeUndefined();
  for (const index of [1, 2, 3, 4])
    expect(transfer(open(phone(index), { door: index < 3 ? 'tftp' : 'ftp' })).pace).toBe(SLOWLY);
  expect(open(phone(5), { door: 'tftp' }).kind).toBe('refused');
  // Slow ones do not keep those out that may go.
  first.over();
  expect(open(phone(5), { door: 'http' }).kind).toBe('transfer');
});

test('a rate is for every phone, and slow is never faster', () => {
  const { open } = pacer({ atOnce: 1, rate: 20_000 });
  expect(transfer(open(phone(1))).pace).toBe(20_000);
  expect(transfer(open(phone(2), { door: 'tftp' })).pace).toBe(20_000);
});

test('a transfer that moves no more gives its place away', async () => {
  const { world, open } = pacer({ atOnce: 1 });
  const lost = transfer(open(phone(1)));
  await world.advance(170_000);
  lost.progress(5);
  await world.advance(179_000);
  expect(open(phone(2)).kind).toBe('refused');
  await world.advance(2000);
  expect(open(phone(2)).kind).toBe('transfer');
});

test('phones without a MAC are told apart by their addresses', () => {
  const { open } = pacer({ atOnce: 1 });
  const nameless = { mac: undefined };
  expect(open(phone(1), { ...nameless, from: '10.99.0.50:1000' }).kind).toBe('transfer');
  expect(open(phone(1), { ...nameless, from: '10.99.0.50:2000' }).kind).toBe('transfer');
  expect(open(phone(1), { ...nameless, from: '10.99.0.51:1000' }).kind).toBe('refused');
});

test('progress is told once a second, with what is needed to say how long it takes', async () => {
  const { world, events, open } = pacer();
  const loading = transfer(open(phone(1), { door: 'tftp' }));
  for (let tenth = 1; tenth <= 50; tenth += 1) {
    await world.advance(100);
    loading.progress(tenth * 50_000);
  }
  expect(events).toHaveLength(5);
  expect(events[1]).toEqual({
    ...{ kind: 'progress', at: world.now() - 3000, mac: phone(1), from: '10.99.0.50:4000' },
    ...{ door: 'tftp', file: 'x.rom', role: 'firmware', bytes: 1_000_000, of: SIZE, bytesPerSecond: 500_000 },
  });
  loading.over();
  const small = transfer(open(phone(1), { bytes: 199_999 }));
  await world.advance(5000);
  small.progress(100_000);
  expect(events).toHaveLength(5);
});

test('500 phones of 100 MB at 50 at a time: all have it in the end, and none starves', async () => {
  const { world, open } = pacer({ atOnce: 50, rate: 20_000_000 });
  const order = Array.from({ length: 500 }, (_, index) =>
    mac((0x02ac3e000000 + index).toString(16).padStart(12, '0')),
  );
  let [under, most, done, refusals] = [0, 0, 0, 0];
  const attempt = (who: Mac): void => {
    const opened = open(who, { bytes: 100_000_000 });
    if (opened.kind === 'refused') {
      refusals += 1;
      world.after((opened.retryAfter ?? 0) * 1000, () => attempt(who));
      return;
    }
    under += 1;
    most = Math.max(most, under);
    world.after(5000, () => {
      under -= 1;
      done += 1;
      opened.over();
    });
  };
  for (const who of order) attempt(who);
  await world.advance(300_000);
  expect([done, most]).toEqual([500, 50]);
  expect(refusals).toBeLessThan(500 * 12);
}, 30_000);

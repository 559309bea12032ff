import { expect, test } from 'vitest';
import { createWheel } from '../../src/tftp/wheel.ts';
import { fakeWorld } from '../fakes/world.ts';

function wound() {
  const world = fakeWorld();
  const start = world.now();
  const wheel = createWheel(world);
  const rung: string[] = [];
  const alarm = (name: string) => wheel.alarm(() => rung.push(`${name} ${world.now() - start}`));
  return { world, start, wheel, rung, alarm };
}

test('an alarm rings once, at its moment or up to 10 ms later', async () => {
  const { world, start, rung, alarm } = wound();
  alarm('a').set(start + 100);
  alarm('b').set(start + 101);
  alarm('c').set(start + 30);
  await world.advance(1000);
  expect(rung).toEqual(['c 30', 'a 100', 'b 110']);
});

test('it is put off and brought forward as often as one likes', async () => {
  const { world, start, rung, alarm } = wound();
  const a = alarm('a');
  a.set(start + 50);
  for (let at = 60; at <= 500; at += 10) a.set(start + at);
  await world.advance(300);
  expect(rung).toEqual([]);
  a.set(start + 320);
  a.set(start + 310);
  await world.advance(1000);
  expect(rung).toEqual(['a 310']);
  a.set(start + 2000);
  await world.advance(1000);
  expect(rung).toEqual(['a 310', 'a 2000']);
});

test('taken back it does not ring; what rings may wind itself again', async () => {
  const { world, start, wheel, rung, alarm } = wound();
  const back = alarm('back');
  back.set(start + 20);
  back.set(undefined);
  let left = 3;
  const again = wheel.alarm(() => {
    rung.push(`again ${world.now() - start}`);
    left -= 1;
    if (left > 0) again.set(world.now() + 1);
  });
  again.set(start + 5);
  await world.advance(200);
  expect(rung).toEqual(['again 10', 'again 20', 'again 30']);
});

test('thousands of alarms need one timer, and none when the wheel is closed', async () => {
  const world = fakeWorld();
  let timers = 0;
  const wheel = createWheel({
    ...world,
    after: (delay, action) => {
      timers += 1;
      return world.after(delay, action);
    },
  });
  let rung = 0;
  const alarms = Array.from({ length: 5000 }, () => wheel.alarm(() => (rung += 1)));
  for (let put = 0; put < 20; put += 1) {
    for (const [index, alarm] of alarms.entries()) alarm.set(world.now() + 100 + (index % 50) + put * 5);
  }
  await world.advance(200);
  expect(rung).toBe(600);
  expect(timers).toBeLessThan(20);
  wheel.close();
  await world.advance(1000);
  expect(rung).toBe(600);
});

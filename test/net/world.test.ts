import { expect, test } from 'vitest';
import { realWorld } from '../../src/net/world.ts';

test('the clock is the wall clock, in whole milliseconds, and goes on', async () => {
  const world = realWorld();
  const before = world.now();
  expect(Number.isInteger(before)).toBe(true);
  expect(Math.abs(before - Date.now())).toBeLessThan(1000);
  await new Promise<void>((done) => world.after(20, done));
  expect(world.now()).toBeGreaterThanOrEqual(before + 19);
});

test('what was taken back is not called, and a month is not a moment', async () => {
  const world = realWorld();
  const called: string[] = [];
  world.after(1, () => called.push('taken back'))();
  const cancelMonth = world.after(31 * 86_400_000, () => called.push('month'));
  await new Promise<void>((done) => world.after(20, done));
  cancelMonth();
  expect(called).toEqual([]);
});

test('the dice fall within bounds', () => {
  const { random } = realWorld();
  const throws = Array.from({ length: 10_000 }, random);
  expect(throws.every((one) => one >= 0 && one < 1)).toBe(true);
  expect(new Set(throws).size).toBe(10_000);
  expect(throws.reduce((sum, one) => sum + one, 0) / 10_000).toBeCloseTo(0.5, 1);
  // Down to the last of 53 bits.
  expect(throws.filter((one) => (one * 2 ** 53) % 2 === 1).length).toBeGreaterThan(4000);
});

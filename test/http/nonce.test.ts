import { expect, test } from 'vitest';
import { createNonces } from '../../src/http/nonce.ts';

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const nonces = () => createNonces(Buffer.alloc(32, 7));

test('a nonce is good for five minutes, for its folder, at who made it', () => {
  const ours = nonces();
  const nonce = ours.make('T23G_1', NOW);
  expect(ours.judge(nonce, 'T23G_1', NOW)).toBe('good');
  expect(ours.judge(nonce, 'T23G_1', NOW + 5 * MINUTE)).toBe('good');
  expect(ours.judge(nonce, 'T23G_1', NOW + 5 * MINUTE + 1)).toBe('stale');
  expect(ours.judge(nonce, 'T23G_2', NOW)).toBe('forged');
  expect(createNonces(Buffer.alloc(32, 8)).judge(nonce, 'T23G_1', NOW)).toBe('forged');
});

test('no two are alike, in the same millisecond neither', () => {
  const ours = nonces();
  const made = Array.from({ length: 1000 }, () => ours.make('r', NOW));
  expect(new Set(made).size).toBe(1000);
});

test('a changed byte, another spelling, a cut or an empty one is forged', () => {
  const ours = nonces();
  const nonce = ours.make('r', NOW);
  const changed = `${nonce.startsWith('A') ? 'B' : 'A'}${nonce.slice(1)}`;
  for (const bad of [changed, `${nonce}=`, nonce.slice(0, -2), '', 'x'.repeat(5000)]) {
    expect(ours.judge(bad, 'r', NOW)).toBe('forged');
  }
});

test('each count of a nonce is good for once, in any order', () => {
  const ours = nonces();
  const [one, other] = [ours.make('r', NOW), ours.make('r', NOW)];
  expect([1, 3, 2, 3, 1].map((count) => ours.use(one, count))).toEqual([true, true, true, false, false]);
  expect(ours.use(other, 1)).toBe(true);
});

test('what was forgotten for lack of room does not count again', () => {
  const ours = nonces();
  const first = ours.make('r', NOW);
  ours.use(first, 1);
  for (let count = 1; count <= 4096; count += 1) ours.use(ours.make('r', NOW + count), 1);
  expect(ours.judge(first, 'r', NOW + 5000)).toBe('stale');
  const last = ours.make('r', NOW + 4096);
  expect(ours.judge(last, 'r', NOW + 5000)).toBe('good');
});

test('a nonce is worn out after many counts', () => {
  const ours = nonces();
  const nonce = ours.make('r', NOW);
  const good = Array.from({ length: 1100 }, (_, count) => ours.use(nonce, count)).filter(Boolean);
  expect(good).toHaveLength(1000);
});

test('opaque is the same for a folder until the restart', () => {
  const ours = nonces();
  expect(ours.opaque('a')).toBe(ours.opaque('a'));
  expect(ours.opaque('a')).not.toBe(ours.opaque('b'));
});

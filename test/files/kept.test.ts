import { expect, test } from 'vitest';
import { isSameFile, openKept } from '../../src/files/kept.ts';
import type { Prepared } from '../../src/files/make.ts';
import { A1, A2 } from './kit.ts';

const identity = { vendor: 'acme', model: 'A10', by: 'the list', conflicts: [] };
const PHONE = { mac: A1, identity };
const made = (size: number): { gets: Prepared; from: undefined } => ({
  gets: {
    ...{ kind: 'file', name: 'a.cfg', role: 'own', content: new Uint8Array(size), digest: '' },
    ...{ type: '', origin: 'rendered', isSecret: false },
  },
  from: undefined,
});

test('it stays while the phone is known by the same words, and not longer', () => {
  const kept = openKept();
  kept(PHONE).keep('a.cfg', made(10));
  expect(kept(structuredClone(PHONE)).made.has('a.cfg')).toBe(true);
  expect(kept({ ...PHONE, mac: A2 }).made.size).toBe(0);
  expect(kept({ ...PHONE, listed: { mac: A1, columns: { sip_user: '1' } } }).made.size).toBe(0);
  expect(kept(PHONE).made.size).toBe(0);
});

test('no more bytes are kept than allowed, and nothing large at all', () => {
  const kept = openKept(100);
  kept(PHONE).keep('a.cfg', made(60));
  kept({ ...PHONE, mac: A2 }).keep('a.cfg', made(40));
  expect(kept(PHONE).made.size).toBe(1);
  kept(PHONE).keep('b.cfg', made(1));
  expect([kept(PHONE).made.size, kept({ ...PHONE, mac: A2 }).made.size]).toEqual([0, 0]);
  const roomy = openKept();
  roomy(PHONE).keep('large.rom', made(256 * 1024 + 1));
  expect(roomy(PHONE).made.size).toBe(0);
});

test('names are remembered up to a number and a length', () => {
  const known = openKept()(PHONE);
  const plan = { kind: 'refuse', because: 'no-such-file' } as const;
  for (let number = 0; number < 100; number += 1) known.note(`${number}.cfg`, plan);
  known.keep('x', made(1));
  for (let number = 0; number < 100; number += 1) known.keep(`${number}.cfg`, made(1));
  expect([known.plans.size, known.made.size <= 32]).toEqual([32, true]);
  const other = openKept()(PHONE);
  other.note('x'.repeat(513), plan);
  expect(other.plans.size).toBe(0);
});

test('a file in the folder is another one as soon as anything of it changed', () => {
  const file = { path: 'a.cfg', content: new Uint8Array(1), modified: 1 };
  expect(isSameFile(file, { ...file })).toBe(true);
  expect(isSameFile(undefined, undefined)).toBe(true);
  const changes = [{ path: 'A.cfg' }, { content: new Uint8Array(1) }, { modified: 2 }, { twins: ['A.cfg'] }];
  for (const change of changes) expect(isSameFile(file, { ...file, ...change })).toBe(false);
  expect(isSameFile(file, undefined)).toBe(false);
});

import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { parseMac } from '../../src/base/mac.ts';
import { openJournal } from '../../src/store/journal.ts';
import { openState } from '../../src/store/state.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-store-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const path = (): string => join(folder, 'journal');

async function written(records: readonly unknown[]): Promise<void> {
  const { journal } = await openJournal(path());
  await Promise.all(records.map(async (record) => await journal.append(record)));
  await journal.close();
}

async function readBack(): Promise<{ records: readonly unknown[]; cut: number }> {
  const { journal, records, cut } = await openJournal(path());
  await journal.close();
  return { records, cut };
}

test('what was appended is there after a restart, in order', async () => {
  await written([1, { two: 2 }, 'three']);
  await written([4]);
  expect(await readBack()).toEqual({ records: [1, { two: 2 }, 'three', 4], cut: 0 });
});

test('a tail torn at any byte costs the torn record and nothing before it', async () => {
  await written(['first', 'second', 'third']);
  const whole = await readFile(path());
  const ends = [17, 17 + 8 + 7, 17 + 8 + 7 + 8 + 8, whole.length];
  for (let length = 17; length <= whole.length; length += 1) {
    await writeFile(path(), whole);
    await truncate(path(), length);
    const { records, cut } = await readBack();
    const complete = ends.filter((end) => end > 17 && end <= length).length;
    expect(records, `cut at ${length}`).toEqual(['first', 'second', 'third'].slice(0, complete));
    expect(cut).toBe(length - (ends.filter((end) => end <= length).at(-1) ?? 0));
    expect((await stat(path())).size).toBe(length - cut);
  }
});

test('a flipped bit ends the good part', async () => {
  await written(['first', 'second']);
  const bytes = await readFile(path());
  const at = bytes.length - 3;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path(), bytes);
  expect((await readBack()).records).toEqual(['first']);
});

test('after a cut, appending goes on where the good part ended', async () => {
  await written(['first', 'second']);
  await truncate(path(), (await stat(path())).size - 1);
  await written(['third']);
  expect((await readBack()).records).toEqual(['first', 'third']);
});

test('a rewrite holds what its snapshot says, and what is appended meanwhile is not lost', async () => {
  const { journal } = await openJournal(path());
  const memory: string[] = [];
  const add = async (text: string): Promise<void> => {
    memory.push(text);
    await journal.append(text);
  };
  const early = add('a');
  const rewriting = journal.rewrite(() => [...memory]);
  const late = add('b');
  await Promise.all([early, rewriting, late]);
  await add('c');
  await journal.close();
  expect(new Set((await readBack()).records as string[])).toEqual(new Set(['a', 'b', 'c']));
});

test('a file of another version is not touched', async () => {
  await writeFile(path(), 'unboxd-journal 9\nsomething');
  await expect(openJournal(path())).rejects.toMatchObject({ code: 'journal-unknown' });
  expect(await readFile(path(), 'utf8')).toBe('unboxd-journal 9\nsomething');
});

test('a folder that cannot be made is a Fault with a hint', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(openJournal(join(folder, 'file', 'journal'))).rejects.toMatchObject({
    code: 'store-unwritable',
  });
});

test('leases and proofs outlive a restart; what was freed does not', async () => {
  const mac = parseMac('02ac3e000001') ?? expect.fail();
  const [one, two] = [parseIpv4('10.99.0.50') ?? expect.fail(), parseIpv4('10.99.0.51') ?? expect.fail()];
  const state = await openState(folder);
  await state.commit([
    { kind: 'bound', mac, address: one, expires: 1000 },
    { kind: 'bound', mac, address: two, expires: 2000 },
  ]);
  await state.commit([
    { kind: 'freed', mac, address: one },
    { kind: 'bound', mac, address: two, expires: 3000 },
  ]);
  const ownFile = { file: 'x.cfg', digest: 'd', bytes: 5, at: 9 };
  await state.notePhone({ mac, clues: [{ kind: 'oui', mac }], ownFile });
  await state.close();
  const again = await openState(folder);
  expect(again.leases).toEqual([{ mac, address: two, state: 'bound', expires: 3000 }]);
  expect(again.phones).toEqual([{ mac, clues: [{ kind: 'oui', mac }], ownFile }]);
  await again.close();
});

test('a journal that grows by renewals is rewritten to what counts', async () => {
  const mac = parseMac('02ac3e000001') ?? expect.fail();
  const address = parseIpv4('10.99.0.50') ?? expect.fail();
  const state = await openState(folder);
  for (let round = 0; round < 6; round += 1) {
    const renewals = Array.from(
      { length: 3000 },
      (_, index) => ({ kind: 'bound', mac, address, expires: index }) as const,
    );
    await state.commit(renewals);
  }
  await state.close();
  expect((await stat(path())).size).toBeLessThan(1_100_000);
  const again = await openState(folder);
  expect(again.leases).toEqual([{ mac, address, state: 'bound', expires: 2999 }]);
  await again.close();
});

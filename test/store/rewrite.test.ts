// A journal that is written anew: appends go on meanwhile, a crash at any moment leaves the old one or the new one whole,
// and a failure leaves the old one at work.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Journal, openJournal } from '../../src/store/journal.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-store-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const path = (): string => join(folder, 'journal');

async function readBack(): Promise<{ records: readonly unknown[]; cut: number }> {
  const { journal, records, cut } = await openJournal(path());
  await journal.close();
  return { records, cut };
}

/** Keys and values, the later record first served: what a reader makes of a journal of our kind. */
function replayed(records: readonly unknown[]): Map<string, number> {
  return new Map(records as readonly (readonly [string, number])[]);
}

/** Records of a snapshot that is not taken faster than it is written: others get their turn in between. */
function* snapshot(count: number, between: (index: number) => void = () => undefined): Iterable<unknown> {
  for (let index = 0; index < count; index += 1) {
    between(index);
    yield [`key ${index}`, 0];
  }
}

describe('writing it anew', () => {
  test('leaves what the snapshot says and nothing else', async () => {
    const { journal } = await openJournal(path());
    await journal.append(...Array.from({ length: 100 }, (_, index) => ['a', index]));
    const before = journal.size;
    await journal.rewrite([['a', 99]]);
    expect(journal.size).toBe((await stat(path())).size);
    expect(journal.size).toBeLessThan(before / 40);
    await journal.append(['b', 1]);
    await journal.close();
    expect(await readBack()).toEqual({
      records: [
        ['a', 99],
        ['b', 1],
      ],
      cut: 0,
    });
    expect(await readdir(folder)).toEqual(['journal']);
  });

  test.each([0, 1, 499, 500, 501, 1000, 2600])('holds all %i records of a snapshot', async (count) => {
    const { journal } = await openJournal(path());
    await journal.rewrite(snapshot(count));
    await journal.close();
    expect((await readBack()).records).toEqual([...snapshot(count)]);
  });

  test('what is appended meanwhile is not lost, and wins over the snapshot', async () => {
    const { journal } = await openJournal(path());
    await journal.append(['key 3', -1], ['gone', -1]);
    const appending: Promise<void>[] = [];
    // Before, in the middle of, and after the slice in which the snapshot holds the key.
    const between = (index: number): void => {
      if (index % 100 === 50)
        appending.push(journal.append([`key ${index % 700}`, index], [`new ${index}`, index]));
    };
    const rewriting = journal.rewrite(snapshot(5000, between));
    appending.push(journal.append(['key 0', 7]));
    await rewriting;
    await Promise.all(appending);
    await journal.append(['last', 1]);
    await journal.close();

    const expected = replayed([...snapshot(5000), ['key 0', 7]]);
    for (let index = 50; index < 5000; index += 100) {
      expected.set(`key ${index % 700}`, index);
      expected.set(`new ${index}`, index);
    }
    expected.set('last', 1);
    const { records, cut } = await readBack();
    expect(cut).toBe(0);
    expect(replayed(records)).toEqual(expected);
  });

  test('does not make those wait who append meanwhile', async () => {
    const { journal } = await openJournal(path());
    const watch: { isOver: boolean } = { isOver: false };
    const order: string[] = [];
    const rewriting = journal.rewrite(snapshot(50_000)).then(() => {
      watch.isOver = true;
      order.push('rewritten');
    });
    for (let record = 0; record < 5; record += 1) {
      await journal.append(['a', record]);
      if (!watch.isOver) order.push('appended');
    }
    await rewriting;
    await journal.close();
    expect(order).toEqual([...Array.from({ length: 5 }, () => 'appended'), 'rewritten']);
    expect(replayed((await readBack()).records).get('a')).toBe(4);
  });

  test('twice in a row, with appends all the time, loses nothing', async () => {
    const { journal } = await openJournal(path());
    const memory = new Map<string, number>();
    const add = async (turn: number): Promise<void> => {
      memory.set(`key ${turn % 40}`, turn);
      await journal.append([`key ${turn % 40}`, turn]);
    };
    const watch: { isOver: boolean } = { isOver: false };
    const adding = (async () => {
      for (let turn = 0; !watch.isOver; turn += 1) await add(turn);
    })();
    for (let round = 0; round < 10; round += 1) await journal.rewrite(memory);
    watch.isOver = true;
    await adding;
    await journal.close();
    const { records } = await readBack();
    expect(replayed(records)).toEqual(memory);
    expect(memory.size).toBeGreaterThan(5);
  });
});

describe('a crash while it is written anew', () => {
  /** What the new file looks like when it is whole. */
  async function newFile(records: Iterable<unknown>): Promise<Uint8Array> {
    const { journal } = await openJournal(join(folder, 'other', 'journal'));
    await journal.rewrite(records);
    await journal.close();
    const bytes = await readFile(join(folder, 'other', 'journal'));
    await rm(join(folder, 'other'), { recursive: true });
    return bytes;
  }

  test('at any byte of the new file, before it has the name, leaves the old one', async () => {
    const { journal: first } = await openJournal(path());
    await first.append('old', 'records');
    await first.close();
    const old = await readFile(path());
    const fresh = await newFile([...snapshot(4)]);
    for (let length = 0; length <= fresh.length; length += 1) {
      await writeFile(`${path()}.new`, fresh.subarray(0, length));
      expect(await readBack(), `cut at ${length}`).toEqual({ records: ['old', 'records'], cut: 0 });
      expect(await readFile(path())).toEqual(old);
    }
    // What was left lying is no obstacle to the next attempt, nor does any of it come through.
    const { journal } = await openJournal(path());
    await journal.rewrite(['new']);
    await journal.close();
    expect((await readBack()).records).toEqual(['new']);
    expect(await readdir(folder)).toEqual(['journal']);
  });

  test('seen from outside the file is whole at every moment', async () => {
    const { journal } = await openJournal(path());
    await journal.append(...snapshot(200));
    const watch: { isOver: boolean } = { isOver: false };
    const seen: number[] = [];
    const looking = (async () => {
      while (!watch.isOver) {
        const bytes = await readFile(path());
        const copy = join(folder, 'copy');
        await writeFile(copy, bytes);
        const { journal: copied, records, cut } = await openJournal(copy);
        await copied.close();
        seen.push(cut === 0 ? records.length : -1);
      }
    })();
    for (let round = 0; round < 20; round += 1) await journal.rewrite(snapshot(200));
    watch.isOver = true;
    await looking;
    await journal.close();
    expect(new Set(seen)).toEqual(new Set([200]));
  });
});

describe('when it cannot be written anew', () => {
  async function goesOn(journal: Journal): Promise<void> {
    await journal.append('after');
    await journal.close();
    expect(await readBack()).toEqual({ records: ['before', 'after'], cut: 0 });
  }

  test('for a snapshot that fails in its middle, the old one stays and goes on', async () => {
    const { journal } = await openJournal(path());
    await journal.append('before');
    const failing = snapshot(2000, (index) => {
      if (index === 1200) throw new Error('no more');
    });
    await expect(journal.rewrite(failing)).rejects.toMatchObject({ code: 'store-unwritable' });
    await goesOn(journal);
  });

  test('for a full disk, the old one stays and goes on, and no half of a new one takes the room', async () => {
    const { journal } = await openJournal(path());
    await journal.append('before');
    await symlink('/dev/full', `${path()}.new`);
    const rewriting = journal.rewrite(snapshot(2000));
    await expect(rewriting).rejects.toMatchObject({ code: 'store-unwritable', hint: /disk is full/ });
    expect(await readdir(folder)).toEqual(['journal']);
    await goesOn(journal);
  });

  test('for want of a place, the old one stays and goes on, and the next attempt succeeds', async () => {
    const { journal } = await openJournal(path());
    await journal.append('first');
    await mkdir(`${path()}.new`);
    await expect(journal.rewrite(['new'])).rejects.toMatchObject({ code: 'store-unwritable' });
    await rm(`${path()}.new`, { recursive: true });
    await journal.append('between');
    await journal.rewrite(['before']);
    await goesOn(journal);
  });
});

// The journal: what was appended is there after a crash at any byte.
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournal } from '../../src/store/journal.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-store-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const path = (): string => join(folder, 'journal');
const HEAD = 'unboxd-journal 1\n';

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

describe('appending', () => {
  test('what was appended is there after a restart, in order', async () => {
    await written([1, { two: 2 }, 'three']);
    await written([4]);
    expect(await readBack()).toEqual({ records: [1, { two: 2 }, 'three', 4], cut: 0 });
  });

  test('the bytes are those of format 1: length, CRC-32, JSON', async () => {
    await written(['first', { ü: 1 }]);
    expect((await readFile(path())).toString('hex')).toBe(
      [
        Buffer.from(HEAD).toString('hex'),
        `0000000786734db8${Buffer.from('"first"').toString('hex')}`,
        `00000008455ffed5${Buffer.from('{"ü":1}').toString('hex')}`,
      ].join(''),
    );
  });

  test('many records at once share their fate and their order', async () => {
    const { journal } = await openJournal(path());
    await Promise.all([journal.append(1, 2, 3), journal.append(), journal.append(4)]);
    expect(journal.size).toBe((await stat(path())).size);
    await journal.close();
    expect((await readBack()).records).toEqual([1, 2, 3, 4]);
  });

  test('after it was closed is refused, and closing twice does nothing', async () => {
    const { journal } = await openJournal(path());
    await journal.close();
    await journal.close();
    await expect(journal.append('late')).rejects.toMatchObject({ code: 'store-unwritable' });
    expect((await readBack()).records).toEqual([]);
  });
});

describe('after a crash', () => {
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

  test('a head torn at any byte is a new journal', async () => {
    for (let length = 0; length < HEAD.length; length += 1) {
      await writeFile(path(), HEAD.slice(0, length));
      expect(await readBack(), `cut at ${length}`).toEqual({ records: [], cut: length });
      expect(await readFile(path(), 'utf8')).toBe(HEAD);
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

  test('appending goes on where the good part ended', async () => {
    await written(['first', 'second']);
    await truncate(path(), (await stat(path())).size - 1);
    await written(['third']);
    expect((await readBack()).records).toEqual(['first', 'third']);
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
});

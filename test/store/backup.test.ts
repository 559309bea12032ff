// Backups: whole and versioned or refused; a restore leaves the old state or the new one. And old formats open.
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import type { Lease } from '../../src/dhcp/lease-table.ts';
import { applyRestore, layRestore, readBackup } from '../../src/store/backup.ts';
import { inspectJournal } from '../../src/store/inspect.ts';
import { openJournal } from '../../src/store/journal.ts';
import { openState } from '../../src/store/state.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-backup-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const FACTS = { made: Date.UTC(2027, 0, 31), by: '1.2.3' };

function lease(last: number): Lease {
  const address = parseIpv4(`10.20.0.${last}`);
  if (address === undefined) throw new Error('no address');
  return {
    address,
    client: `0015650000${String(last).padStart(2, '0')}`,
    state: 'bound',
    expires: 9e12,
    standing: 'listed',
  };
}

/** A state with leases of these addresses and a key. */
async function filled(name: string, ...lasts: readonly number[]): Promise<string> {
  const where = join(folder, name);
  const { state } = await openState(where);
  await state.commit(lasts.map((last) => ({ kind: 'bound', lease: lease(last) })));
  await state.close();
  await mkdir(join(where, 'certs'));
  await writeFile(join(where, 'certs/ca.key'), `key of ${name}`, { mode: 0o600 });
  return where;
}

async function addresses(where: string): Promise<readonly number[]> {
  const { state, stored } = await openState(where);
  await state.close();
  return stored.leases.map(({ address }) => address & 255).sort((a, b) => a - b);
}

async function backupOf(where: string): Promise<Uint8Array> {
  const { state, backup } = await openState(where);
  const bytes = await backup(FACTS);
  await state.close();
  return bytes;
}

describe('a backup', () => {
  test('holds every record and certificate, and says of itself what it is', async () => {
    const read = await readBackup('b', await backupOf(await filled('a', 1, 2)));
    expect(read).toMatchObject({ ...FACTS, records: 2 });
    expect(read.files.map(({ path, mode }) => [path, mode])).toEqual([
      ['journal', 0o640],
      ['certs/ca.key', 0o600],
    ]);
  });

  const recordsOf = async (bytes: Uint8Array) => {
    await writeFile(join(folder, 'copy'), bytes);
    const { journal, records, cut } = await openJournal(join(folder, 'copy'));
    await journal.close();
    return [cut, ...records];
  };

  test('shows one moment, while more is appended and the journal is written anew', async () => {
    const { journal } = await openJournal(join(folder, 'journal'));
    await journal.append(1, 2, 3);
    const copies = [journal.copy(), journal.append(4), journal.rewrite(['small']), journal.copy()] as const;
    const [before, , , after] = await Promise.all(copies);
    await journal.append(5);
    await journal.close();
    expect(await recordsOf(before)).toEqual([0, 1, 2, 3]);
    expect((await recordsOf(after)).slice(0, 2)).toEqual([0, 1]);
  });

  test('of a journal that was written anew has what is in the new one', async () => {
    const { journal } = await openJournal(join(folder, 'journal'));
    await journal.append(1, 2, 3);
    await journal.rewrite(['small']);
    await journal.append(4);
    const copy = await journal.copy();
    await journal.close();
    expect(await recordsOf(copy)).toEqual([0, 'small', 4]);
  });

  test('taken while it is written anew has the old records, and not one of the new', async () => {
    const { journal } = await openJournal(join(folder, 'journal'));
    await journal.append(1, 2, 3);
    const copies: Promise<Uint8Array>[] = [];
    function* snapshot(): Iterable<unknown> {
      for (let index = 0; index < 2000; index += 1) {
        if (index === 1700) {
          void journal.append(4);
          copies.push(journal.copy());
        }
        yield 'small';
      }
    }
    await journal.rewrite(snapshot());
    const [copy = expect.fail('none was taken')] = await Promise.all(copies);
    const after = await journal.copy();
    await journal.close();
    const small = Array.from({ length: 2000 }, () => 'small');
    expect(await recordsOf(copy)).toEqual([0, 1, 2, 3, 4]);
    expect(await recordsOf(after)).toEqual([0, ...small, 4]);
  });

  test('is not made without the keys, where their folder cannot be read', async () => {
    const where = await filled('a', 1);
    await rm(join(where, 'certs'), { recursive: true });
    expect((await readBackup('b', await backupOf(where))).files.map(({ path }) => path)).toEqual(['journal']);
    await writeFile(join(where, 'certs'), 'no folder');
    await expect(backupOf(where)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  test('that was changed or cut off anywhere is refused', async () => {
    const bytes = await backupOf(await filled('a', 1, 2, 3));
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x20;
      await expect(readBackup('b', changed), `byte ${at}`).rejects.toMatchObject({
        code: expect.stringMatching(/^backup-/) as string,
      });
      await expect(readBackup('b', bytes.subarray(0, at))).rejects.toMatchObject({ code: 'backup-broken' });
    }
  });

  test('of a later format is told as such', async () => {
    const bytes = Buffer.from(await backupOf(await filled('a', 1)));
    const later = Buffer.from(
      bytes.toString('latin1').replace('unboxd-backup 1 ', 'unboxd-backup 2 '),
      'latin1',
    );
    await expect(readBackup('b', later)).rejects.toMatchObject({ code: 'backup-unknown' });
  });
});

describe('a restore', () => {
  test('takes the place of the state, keeps the old journal, and closes keys', async () => {
    const bytes = await backupOf(await filled('a', 1, 2));
    const where = await filled('b', 3);
    await layRestore(where, 'b', bytes);
    expect(await addresses(where)).toEqual([1, 2]);
    expect(await readFile(join(where, 'certs/ca.key'), 'utf8')).toBe('key of a');
    expect((await stat(join(where, 'certs/ca.key'))).mode & 0o777).toBe(0o600);
    expect((await readdir(where)).sort()).toEqual(['certs', 'journal', 'journal.before-restore']);
    await copyFile(join(where, 'journal.before-restore'), join(where, 'journal'));
    expect(await addresses(where)).toEqual([3]);
  });

  test('into an empty folder', async () => {
    const bytes = await backupOf(await filled('a', 7));
    const where = join(folder, 'new');
    await layRestore(where, 'b', bytes);
    await applyRestore(where);
    expect(await addresses(where)).toEqual([7]);
  });

  test('that a crash stopped half-way is done again', async () => {
    const bytes = await backupOf(await filled('a', 1));
    const where = await filled('b', 3);
    await layRestore(where, 'b', bytes);
    const old = await readFile(join(where, 'journal'));
    // As after a crash between the journal and the certificates, in the middle of a file: what is to be written there
    // cannot be.
    await mkdir(join(where, 'certs/ca.key.new'));
    await expect(applyRestore(where)).rejects.toMatchObject({ code: 'store-unwritable' });
    expect(await readFile(join(where, 'certs/ca.key'), 'utf8')).toBe('key of b');
    await rm(join(where, 'certs/ca.key.new'), { recursive: true });
    await writeFile(join(where, 'certs/ca.key.new'), 'half');
    expect(await addresses(where)).toEqual([1]);
    expect(await readFile(join(where, 'certs/ca.key'), 'utf8')).toBe('key of a');
    expect(await readFile(join(where, 'journal.before-restore'))).toEqual(old);
    expect(await addresses(where)).toEqual([1]);
  });

  test('of something broken changes nothing', async () => {
    const where = await filled('b', 3);
    await expect(layRestore(where, 'b', Buffer.from('nonsense'))).rejects.toMatchObject({
      code: 'backup-broken',
    });
    expect((await readdir(where)).sort()).toEqual(['certs', 'journal']);
  });
});

describe('store check', () => {
  test('counts what is there', async () => {
    const facts = await inspectJournal(join(await filled('a', 1, 2), 'journal'));
    expect(facts).toMatchObject({ records: 2, kinds: { lease: 2 }, cut: 0, lost: 0 });
  });

  test('tells a torn end from damage in the middle', async () => {
    const path = join(await filled('a', 1, 2, 3), 'journal');
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, whole.length - 5));
    const torn = await inspectJournal(path);
    expect(torn).toMatchObject({ records: 2, lost: 0 });
    expect(torn.at + torn.cut).toBe(whole.length - 5);

    const damaged = Buffer.from(whole);
    damaged.writeUInt8(0, 40); // within the first record
    await writeFile(path, damaged);
    expect(await inspectJournal(path)).toMatchObject({ records: 0, at: 17, cut: whole.length - 17, lost: 2 });
  });

  test('changes nothing, and says when there is none', async () => {
    const path = join(await filled('a', 1), 'journal');
    await writeFile(path, (await readFile(path)).subarray(0, -1));
    const before = await readFile(path);
    await inspectJournal(path);
    expect(await readFile(path)).toEqual(before);
    await expect(inspectJournal(join(folder, 'none'))).rejects.toMatchObject({ code: 'journal-unreadable' });
  });
});

// One folder entry for each format that was ever written, as its version wrote it; they are never written anew.
const FORMATS = (await readdir('test/store/formats')).filter((name) => name.endsWith('.journal')).sort();

describe('formats', () => {
  test('there is a journal of each', () => {
    expect(FORMATS).toEqual(['1-first.journal', '1-with-standing.journal']);
  });

  test.each(FORMATS)('%s opens with all that is in it, and its backup restores', async (name) => {
    const expected = JSON.parse(await readFile(`test/store/formats/${name}.json`, 'utf8')) as unknown;
    const where = join(folder, 'old');
    await mkdir(where);
    await copyFile(`test/store/formats/${name}`, join(where, 'journal'));
    const { state, stored, backup } = await openState(where);
    const bytes = await backup(FACTS);
    await state.close();
    const { leases, phones, cut } = stored;
    expect(JSON.parse(JSON.stringify({ leases, phones, cut }))).toEqual(expected);
    await layRestore(join(folder, 'copy'), name, bytes);
    const again = await openState(join(folder, 'copy'));
    await again.state.close();
    expect(again.stored).toEqual(stored);
  });

  test('one of a later version is left alone, with a sentence', async () => {
    const path = join(folder, 'journal');
    await writeFile(path, 'unboxd-journal 2\nwhatever');
    await expect(openState(folder)).rejects.toMatchObject({ code: 'journal-unknown' });
    expect(await readFile(path, 'utf8')).toBe('unboxd-journal 2\nwhatever');
  });
});

// The longest records there are: a storm with all its phones. What stands behind one must be read again.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Mac } from '../../src/base/mac.ts';
import type { Past, StormPlan } from '../../src/sip/storm-plan.ts';
import { inspectJournal } from '../../src/store/inspect.ts';
import { LONGEST_RECORD, openJournal } from '../../src/store/journal.ts';
import { openState } from '../../src/store/state.ts';
import { recordsOfStorms, type StormRecord, type StormTable } from '../../src/store/storms.ts';
import { phoneMac } from '../dhcp/kit.ts';
import { held } from '../dhcp/tables.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-storms-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const path = (): string => join(folder, 'journal');

const targets = Array.from({ length: 10_000 }, (_, number) => phoneMac(number));
const plan: StormPlan = {
  id: 'a-storm',
  madeAt: 1_800_000_000_000,
  startAt: 1_800_000_000_000,
  targets,
  manner: { what: 'fetch', byHttp: false },
  ...{ perSecond: 50, atOnce: 0, spread: 0, waves: [], stopAt: 1, retries: 1, patience: 60_000 },
};
const past = new Map<Mac, Past>(
  targets.map((mac, number) => [
    mac,
    {
      wokenAt: plan.startAt + number,
      times: 1 + (number % 2),
      outcome: {
        verdict: 'confirmed',
        at: plan.startAt + number + 5000,
        end: { kind: 'answered', status: 200, reason: 'OK' },
        file: `${mac}.cfg`,
        afterMs: 5000,
      },
    },
  ]),
);
const table: StormTable = new Map([[plan.id, { plan, mode: 'done' as const, past }]]);
const lease = held(1, '10.99.0.50', 1000);
/** The storm, and the lease that stands behind it. */
const WHOLE = { leases: [lease], phones: [], storms: [{ plan, mode: 'done', past }], cut: 0 };

/** What stands in the folder when it is opened anew. */
async function storedAgain() {
  const { state, stored } = await openState(folder);
  await state.close();
  return stored;
}

async function leased(): Promise<void> {
  const { state } = await openState(folder);
  await state.commit([{ kind: 'bound', lease }]);
  await state.close();
}

test('a lease behind a storm of 10,000 phones that was appended is there after a restart', async () => {
  const { state } = await openState(folder);
  for (const record of recordsOfStorms(table)) await state.noteStorm(record);
  await state.commit([{ kind: 'bound', lease }]);
  await state.close();
  expect(await storedAgain()).toEqual(WHOLE);
});

test('and behind one that was written anew', async () => {
  const { journal } = await openJournal(path());
  await journal.rewrite(recordsOfStorms(table));
  await journal.close();
  await leased();
  expect(await storedAgain()).toEqual(WHOLE);
});

test('a storm behind damage is counted among what would be lost', async () => {
  const { journal } = await openJournal(path());
  const [storm] = [...recordsOfStorms(table)] as [StormRecord];
  await journal.append({ kind: 'freed', address: 1 });
  await journal.append(storm, { kind: 'freed', address: 2 });
  await journal.close();
  const bytes = await readFile(path());
  bytes.writeUInt8(0, 40); // within the first record
  await writeFile(path(), bytes);
  expect(await inspectJournal(path())).toMatchObject({ records: 0, lost: 2 });
});

test('a record that could not be read again is not written, and the journal goes on', async () => {
  const { journal } = await openJournal(path());
  await journal.append('before');
  const endless = 'x'.repeat(LONGEST_RECORD);
  await expect(journal.append('with it', endless)).rejects.toMatchObject({ code: 'record-too-long' });
  await expect(journal.rewrite(['new', endless])).rejects.toMatchObject({ code: 'store-unwritable' });
  await journal.append('after');
  await journal.close();
  const { journal: again, ...read } = await openJournal(path());
  await again.close();
  expect(read).toEqual({ records: ['before', 'after'], cut: 0 });
});

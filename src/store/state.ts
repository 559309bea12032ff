// What outlives a restart: leases, and how far each phone was. Memory is the working copy, the journal its shadow.
import { join } from 'node:path';
import { type Ipv4, ipv4FromNumber } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Lease, LeaseChange } from '../dhcp/leases.ts';
import type { Clue } from '../phones/clues.ts';
import type { OwnFile } from '../timeline/progress.ts';
import { type Journal, openJournal } from './journal.ts';

/** A phone that has fetched its own file whole at least once. */
export interface StoredPhone {
  readonly mac: Mac;
  readonly clues: readonly Clue[];
  readonly ownFile: OwnFile;
}

export interface State {
  readonly leases: readonly Lease[];
  readonly phones: readonly StoredPhone[];
  /** Bytes of a torn tail that were cut at the start: the trace of a crash. */
  readonly cut: number;
  /** Resolves when the changes are on disk (RFC 2131 section 3.1: before the ACK leaves). */
  commit(changes: readonly LeaseChange[]): Promise<void>;
  notePhone(phone: StoredPhone): Promise<void>;
  close(): Promise<void>;
}

/** Below this size a journal is not worth rewriting. */
const SMALL = 1_000_000;

type StoredRecord =
  | ({ readonly kind: 'lease' } & Lease)
  | { readonly kind: 'freed'; readonly address: number }
  | ({ readonly kind: 'phone' } & StoredPhone);

/** Opens the state folder. Rejects with a Fault when it cannot be written or is of another version. */
export async function openState(folder: string): Promise<State> {
  const { journal, records, cut } = await openJournal(join(folder, 'journal'));
  const leases = new Map<Ipv4, Lease>();
  const phones = new Map<Mac, StoredPhone>();
  for (const record of records as readonly StoredRecord[]) replay(record, leases, phones);
  const stored = { leases: [...leases.values()], phones: [...phones.values()] };

  let snapshotSize = 0;
  const snapshot = (): readonly StoredRecord[] => [
    ...[...leases.values()].map((lease) => ({ kind: 'lease', ...lease }) as const),
    ...[...phones.values()].map((phone) => ({ kind: 'phone', ...phone }) as const),
  ];
  const append = async (record: StoredRecord): Promise<void> => {
    replay(record, leases, phones);
    await journal.append(record);
    if (journal.size > Math.max(SMALL, 4 * snapshotSize)) await compact(journal);
  };
  const compact = async (full: Journal): Promise<void> => {
    // Set first: while one rewrite is under way no other is begun.
    snapshotSize = full.size;
    await full.rewrite(snapshot);
    snapshotSize = full.size;
  };

  return {
    ...stored,
    cut,
    commit: async (changes) => {
      await Promise.all(changes.map(async (change) => await append(recordOf(change))));
    },
    notePhone: async (phone) => await append({ kind: 'phone', ...phone }),
    close: async () => await journal.close(),
  };
}

function replay(record: StoredRecord, leases: Map<Ipv4, Lease>, phones: Map<Mac, StoredPhone>): void {
  switch (record.kind) {
    case 'lease': {
      const { kind: _, ...lease } = record;
      leases.set(lease.address, lease);
      return;
    }
    case 'freed':
      leases.delete(ipv4FromNumber(record.address));
      return;
    case 'phone': {
      const { kind: _, ...phone } = record;
      phones.set(phone.mac, phone);
      return;
    }
  }
}

function recordOf(change: LeaseChange): StoredRecord {
  const { mac, address } = change;
  switch (change.kind) {
    case 'bound':
      return { kind: 'lease', mac, address, state: 'bound', expires: change.expires };
    case 'declined':
      return { kind: 'lease', mac, address, state: 'declined', expires: change.until };
    case 'freed':
      return { kind: 'freed', address };
  }
}

// What outlives a restart: leases, and how far each phone was. Memory is the working copy, the journal its shadow.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Ipv4, ipv4FromNumber } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import type { ClientKey, Lease, LeaseChange } from '../dhcp/lease-table.ts';
import type { Clue } from '../phones/clues.ts';
import type { OwnFile } from '../timeline/progress.ts';
import { applyRestore, type BackupFacts, makeBackup } from './backup.ts';
import { openJournal } from './journal.ts';
import {
  recordsOfStorms,
  replayStorm,
  type StoredStorm,
  type StormRecord,
  type StormTable,
} from './storms.ts';

/** A phone that has fetched its own file whole at least once. */
export interface StoredPhone {
  readonly mac: Mac;
  readonly clues: readonly Clue[];
  readonly ownFile: OwnFile;
}

/** How far a phone is with its tokens (files/tokens.ts). The tokens follow from it and from a key of their own. */
export interface StoredToken {
  readonly mac: Mac;
  readonly generation: number;
  /** When a first token of that generation was shown. */
  readonly usedAt?: Millis | undefined;
  /** The latest generation whose lasting token was shown, and when. */
  readonly confirmed?: number | undefined;
  readonly confirmedAt?: Millis | undefined;
}

/** What was stored when the state was opened. */
export interface Stored {
  readonly leases: readonly Lease[];
  readonly phones: readonly StoredPhone[];
  readonly storms: readonly StoredStorm[];
  readonly tokens?: readonly StoredToken[] | undefined;
  /** Bytes of a torn tail that were cut at the start: the trace of a crash. */
  readonly cut: number;
}

export interface State {
  /** Resolves when the changes are on disk (RFC 2131 section 3.1: before the ACK leaves). */
  commit(changes: readonly LeaseChange[]): Promise<void>;
  notePhone(phone: StoredPhone): Promise<void>;
  noteToken(token: StoredToken): Promise<void>;
  /** Resolves when it is on disk. */
  noteStorm(record: StormRecord): Promise<void>;
  /** Where all leases are: what the journal holds is taken from there when it is written anew. Until then it grows. */
  follow(leases: () => Iterable<Lease>): void;
  close(): Promise<void>;
}

/** Below this size a journal is not worth rewriting. */
const SMALL = 1_000_000;

/** As older versions wrote it too: they knew clients by their MAC alone, and nothing of standing and class. */
type LeaseRecord = {
  readonly kind: 'lease';
  readonly mac: ClientKey;
  readonly address: number;
  readonly state: 'bound' | 'declined';
  readonly expires: Millis;
} & Partial<Pick<Lease, 'standing' | 'class'>> & { readonly hardware?: Mac };

type StoredRecord =
  | LeaseRecord
  | { readonly kind: 'freed'; readonly address: number }
  | ({ readonly kind: 'phone' } & StoredPhone)
  | ({ readonly kind: 'token' } & StoredToken)
  | StormRecord;

export interface OpenedState {
  readonly state: State;
  readonly stored: Stored;
  /** When the last of it was written, by the clock of this machine; absent where nothing was. */
  readonly written: Millis | undefined;
  /** All that is stored at this moment, with the certificates, as a file (see backup.ts). */
  readonly backup: (facts: BackupFacts) => Promise<Uint8Array>;
}

/** Opens the state folder. Rejects with a Fault when it cannot be written or is of another version. */
export async function openState(folder: string): Promise<OpenedState> {
  await applyRestore(folder);
  const path = join(folder, 'journal');
  const written = await stat(path).then(
    ({ mtimeMs }) => Math.floor(mtimeMs),
    () => undefined,
  );
  const { journal, records, cut } = await openJournal(path);
  const leases = new Map<Ipv4, Lease>();
  const phones = new Map<Mac, StoredPhone>();
  const storms: StormTable = new Map();
  const tokens = new Map<Mac, StoredToken>();
  for (const record of records as readonly StoredRecord[]) replay(record, { leases, phones, storms, tokens });
  const stored = {
    leases: [...leases.values()],
    phones: [...phones.values()],
    // Copies: ours go on changing with what is noted.
    ...(tokens.size === 0 ? {} : { tokens: [...tokens.values()] }),
    storms: [...storms.values()].map(({ past, ...storm }) => ({ ...storm, past: new Map(past) })),
    cut,
  };

  let source: (() => Iterable<Lease>) | undefined;
  let snapshotSize = 0;
  let compacting: Promise<void> | undefined;
  function* snapshot(all: Iterable<Lease>): Iterable<StoredRecord> {
    for (const lease of all) if (lease.state !== 'ended' && lease.state !== 'offered') yield recordOf(lease);
    for (const phone of phones.values()) yield { kind: 'phone', ...phone };
    for (const token of tokens.values()) yield { kind: 'token', ...token };
    yield* recordsOfStorms(storms);
  }
  const append = async (...added: readonly StoredRecord[]): Promise<void> => {
    await journal.append(...added);
    if (compacting !== undefined || source === undefined) return;
    if (journal.size <= Math.max(SMALL, 4 * snapshotSize)) return;
    compacting = journal.rewrite(snapshot(source())).then(
      () => {
        snapshotSize = journal.size;
        compacting = undefined;
      },
      () => {
        // The old journal stands as it was; tried again when it has grown as much once more.
        snapshotSize = journal.size;
        compacting = undefined;
      },
    );
  };

  return {
    stored,
    written,
    backup: async (facts) => await makeBackup(folder, await journal.copy(), facts),
    state: {
      commit: async (changes) => await append(...changes.map(recordOfChange)),
      notePhone: async (phone) => {
        phones.set(phone.mac, phone);
        await append({ kind: 'phone', ...phone });
      },
      noteToken: async (token) => {
        tokens.set(token.mac, token);
        await append({ kind: 'token', ...token });
      },
      noteStorm: async (record) => {
        replayStorm(storms, record);
        await append(record);
      },
      follow: (all) => {
        source = all;
      },
      close: async () => {
        await compacting;
        await journal.close();
      },
    },
  };
}

interface Tables {
  readonly leases: Map<Ipv4, Lease>;
  readonly phones: Map<Mac, StoredPhone>;
  readonly storms: StormTable;
  readonly tokens: Map<Mac, StoredToken>;
}

function replay(record: StoredRecord, { leases, phones, storms, tokens }: Tables): void {
  switch (record.kind) {
    case 'lease': {
      const { mac: client, hardware: mac, state, expires, standing = 'recognised' } = record;
      const address = ipv4FromNumber(record.address);
      leases.set(address, { address, client, mac, state, expires, standing, class: record.class });
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
    case 'token': {
      const { kind: _, ...token } = record;
      tokens.set(token.mac, token);
      return;
    }
    case 'storm':
    case 'storm-mode':
    case 'storm-woken':
    case 'storm-verdicts':
      replayStorm(storms, record);
      return;
  }
}

function recordOf({ address, client, mac, state, expires, standing, class: group }: Lease): LeaseRecord {
  return {
    kind: 'lease',
    mac: client,
    address,
    state: state === 'declined' ? state : 'bound',
    expires,
    standing,
    ...(mac === undefined ? {} : { hardware: mac }),
    ...(group === undefined ? {} : { class: group }),
  };
}

function recordOfChange(change: LeaseChange): StoredRecord {
  return change.kind === 'freed' ? { kind: 'freed', address: change.address } : recordOf(change.lease);
}

// What has happened, in numbers: events folded into counters. Every label has few values, and none names a phone.
import type { DoorName, EventKind, EventOf, PhoneEvent } from './event.ts';

/** The counters and what they count. Prometheus wants `_total` at the end. */
export const COUNTERS = {
  unboxd_events_total: 'Events told, by kind.',
  unboxd_decisions_total: 'What doors decided: answered, refused or silent, and the reason of a no.',
  unboxd_garbled_total: 'Messages that could not be read, by fault.',
  unboxd_leases_granted_total: 'DHCP ACKs, by how the phone came to its lease.',
  unboxd_transfers_total: 'Files fetched whole, by their part in the boot.',
  unboxd_transfer_bytes_total: 'Bytes of files fetched whole.',
  unboxd_transfers_unchanged_total: 'Files that the phone had already (304).',
  unboxd_transfers_refused_total: 'Files asked for and not given, by reason.',
  unboxd_transfers_cut_short_total: 'Transfers that ended before the file did.',
  unboxd_uploads_total: 'Files that phones put here.',
  unboxd_upload_bytes_total: 'Bytes of files that phones put here.',
  unboxd_uploads_refused_total: 'Files that phones may not put here, by reason.',
  unboxd_uploads_cut_short_total: 'Uploads that ended early.',
  unboxd_wakes_total: 'Wake-ups by what came of them; one is counted at each step it reaches.',
  unboxd_faults_total: 'Trouble with the world, by code.',
} as const;

export type CounterName = keyof typeof COUNTERS;
export type Labels = Readonly<Record<string, string>>;

export interface Increment {
  readonly counter: CounterName;
  readonly labels: Labels;
  readonly by: number;
}

/** What an event adds to the counters. */
export function countsOf(event: PhoneEvent): readonly Increment[] {
  const rule = RULES[event.kind] as ((event: PhoneEvent) => readonly Increment[]) | undefined;
  return [one('unboxd_events_total', { kind: event.kind }), ...(rule?.(event) ?? [])];
}

/** The door an event was told by; undefined where it was none. */
export function doorOf(event: PhoneEvent): DoorName | undefined {
  return 'door' in event ? event.door : DOORS[event.kind];
}

/** Events that only one door tells do not name it. */
const DOORS: Readonly<Partial<Record<EventKind, DoorName>>> = {
  'asked-for-address': 'dhcp',
  offered: 'dhcp',
  leased: 'dhcp',
  informed: 'dhcp',
  'address-refused': 'dhcp',
  released: 'dhcp',
  declined: 'dhcp',
  'address-conflict': 'dhcp',
  'caught-elsewhere': 'dhcp',
  'strangers-limited': 'dhcp',
  'asked-by-pnp': 'pnp',
  'pnp-acknowledged': 'pnp',
  'pnp-unacknowledged': 'pnp',
  woken: 'notify',
  'wake-answered': 'notify',
  'wake-unanswered': 'notify',
  'wake-confirmed': 'notify',
  'wake-unconfirmed': 'notify',
};

/** Events that are not here are counted by their kind alone. */
const RULES: { readonly [Kind in EventKind]?: (event: EventOf<Kind>) => readonly Increment[] } = {
  offered: () => [decided('dhcp', 'answered')],
  leased: ({ how }) => [decided('dhcp', 'answered'), one('unboxd_leases_granted_total', { how })],
  informed: () => [decided('dhcp', 'answered')],
  'address-refused': ({ because }) => [decided('dhcp', 'refused', because)],
  'no-answer-given': ({ door, because }) => [decided(door, 'silent', because)],
  'told-url': ({ door }) => [decided(door, 'answered')],
  'tls-refused': ({ door, because }) => [decided(door, 'refused', because)],
  garbled: ({ door, because }) => [one('unboxd_garbled_total', { door, fault: because })],
  fault: ({ code }) => [one('unboxd_faults_total', { code })],
  fetched: ({ door, role, bytes }) => [
    decided(door, 'answered'),
    one('unboxd_transfers_total', { door, role }),
    { counter: 'unboxd_transfer_bytes_total', labels: { door, role }, by: bytes },
  ],
  'up-to-date': ({ door }) => [decided(door, 'answered'), one('unboxd_transfers_unchanged_total', { door })],
  refused: ({ door, because, writing }) => [
    decided(door, 'refused', because),
    one(writing === true ? 'unboxd_uploads_refused_total' : 'unboxd_transfers_refused_total', {
      door,
      reason: because,
    }),
  ],
  'transfer-ended-early': ({ door }) => [one('unboxd_transfers_cut_short_total', { door })],
  uploaded: ({ door, how, bytes }) => [
    decided(door, 'answered'),
    one('unboxd_uploads_total', { door, how }),
    { counter: 'unboxd_upload_bytes_total', labels: { door }, by: bytes },
  ],
  'upload-ended-early': ({ door }) => [one('unboxd_uploads_cut_short_total', { door })],
  woken: () => [wake('sent')],
  'wake-answered': ({ status }) => [wake(status < 300 ? 'acknowledged' : 'answered-otherwise')],
  'wake-unanswered': () => [wake('unanswered')],
  'wake-confirmed': () => [wake('confirmed')],
  'wake-unconfirmed': () => [wake('unconfirmed')],
};

function decided(door: DoorName, outcome: 'answered' | 'refused' | 'silent', reason = ''): Increment {
  return one('unboxd_decisions_total', { door, outcome, reason });
}

function wake(outcome: string): Increment {
  return one('unboxd_wakes_total', { outcome });
}

function one(counter: CounterName, labels: Labels): Increment {
  return { counter, labels, by: 1 };
}

export interface Counted {
  readonly labels: Labels;
  readonly value: number;
}

/** The counters since the start. */
export interface Tally {
  add(event: PhoneEvent): void;
  /** All counters, also those that count nothing yet. */
  read(): ReadonlyMap<CounterName, readonly Counted[]>;
}

/** Far more than doors times reasons: only a label that is not bounded, by a mistake of ours, comes near it. */
const MOST_SERIES = 2_000;

export function createTally(): Tally {
  const series = new Map<string, { readonly counter: CounterName; readonly labels: Labels; value: number }>();
  return {
    add: (event) => {
      for (const { counter, labels, by } of countsOf(event)) {
        const key = `${counter} ${Object.values(labels).join(' ')}`;
        const found = series.get(key);
        if (found !== undefined) found.value += by;
        else if (series.size < MOST_SERIES) series.set(key, { counter, labels, value: by });
      }
    },
    read: () => {
      const byName = new Map<CounterName, Counted[]>();
      for (const name of Object.keys(COUNTERS) as CounterName[]) byName.set(name, []);
      for (const { counter, labels, value } of series.values()) byName.get(counter)?.push({ labels, value });
      return byName;
    },
  };
}

import { expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { parseMac } from '../../src/base/mac.ts';
import { COUNTERS, countsOf, createTally, doorOf } from '../../src/timeline/counts.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';

const mac = parseMac('02:ac:3e:00:00:01') ?? expect.fail('no MAC');
const address = parseIpv4('10.20.0.50') ?? expect.fail('no address');
const common = { at: 1, mac, from: '10.20.0.50:5060' };

const fetched: PhoneEvent = {
  ...common,
  kind: 'fetched',
  door: 'tftp',
  file: 'secret-name.cfg',
  role: 'own',
  bytes: 700,
  digest: 'd',
};
const leased: PhoneEvent = {
  ...common,
  kind: 'leased',
  address,
  seconds: 60,
  how: 'renewed',
  urlOptions: [],
};

const cases: readonly (readonly [PhoneEvent, readonly string[]])[] = [
  [
    fetched,
    [
      'decisions{door=tftp outcome=answered reason=} 1',
      'transfers{door=tftp role=own} 1',
      'transfer_bytes{door=tftp role=own} 700',
    ],
  ],
  [leased, ['decisions{door=dhcp outcome=answered reason=} 1', 'leases_granted{how=renewed} 1']],
  [
    { ...common, kind: 'no-answer-given', door: 'dhcp', because: 'pool-exhausted' },
    ['decisions{door=dhcp outcome=silent reason=pool-exhausted} 1'],
  ],
  [
    { ...common, kind: 'refused', door: 'http', file: 'x', because: 'too-busy' },
    [
      'decisions{door=http outcome=refused reason=too-busy} 1',
      'transfers_refused{door=http reason=too-busy} 1',
    ],
  ],
  [
    { ...common, kind: 'refused', door: 'ftp', file: 'x', because: 'too-busy', writing: true },
    ['decisions{door=ftp outcome=refused reason=too-busy} 1', 'uploads_refused{door=ftp reason=too-busy} 1'],
  ],
  [
    { ...common, kind: 'uploaded', door: 'http', file: 'x', bytes: 9, how: 'created' },
    [
      'decisions{door=http outcome=answered reason=} 1',
      'uploads{door=http how=created} 1',
      'upload_bytes{door=http} 9',
    ],
  ],
  [
    { ...common, kind: 'up-to-date', door: 'http', file: 'x', role: 'own', digest: 'd' },
    ['decisions{door=http outcome=answered reason=} 1', 'transfers_unchanged{door=http} 1'],
  ],
  [
    { ...common, kind: 'transfer-ended-early', door: 'tftp', file: 'x', bytes: 1, of: 2, why: 'gone' },
    ['transfers_cut_short{door=tftp} 1'],
  ],
  [
    { ...common, kind: 'upload-ended-early', door: 'ftp', file: 'x', bytes: 1, why: 'gone' },
    ['uploads_cut_short{door=ftp} 1'],
  ],
  [{ ...common, kind: 'wake-answered', status: 200, reason: 'OK' }, ['wakes{outcome=acknowledged} 1']],
  [{ ...common, kind: 'wake-answered', status: 401, reason: 'No' }, ['wakes{outcome=answered-otherwise} 1']],
  [{ ...common, kind: 'wake-unconfirmed', waitedMs: 1 }, ['wakes{outcome=unconfirmed} 1']],
  [
    { at: 1, kind: 'fault', code: 'store-unwritable', message: 'm', hint: 'h' },
    ['faults{code=store-unwritable} 1'],
  ],
  [
    { at: 1, kind: 'tls-refused', door: 'https', because: 'tls-silent' },
    ['decisions{door=https outcome=refused reason=tls-silent} 1'],
  ],
  [{ ...common, kind: 'declined', address }, []],
];

test.each(cases)('%# what an event adds', (event, added) => {
  const shown = countsOf(event).map(({ counter, labels, by }) => {
    const inside = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    return `${counter.replace(/^unboxd_|_total$/g, '')}{${inside.join(' ')}} ${by}`;
  });
  expect(shown).toEqual([`events{kind=${event.kind}} 1`, ...added]);
});

test('no label names a phone, its address or its file', () => {
  const told = JSON.stringify(cases.flatMap(([event]) => countsOf(event)));
  expect(told).not.toMatch(/02:ac|02ac|10\.20\.|secret-name/);
});

test('a tally adds up, and shows the counters that count nothing', () => {
  const tally = createTally();
  for (const event of [fetched, fetched, leased]) tally.add(event);
  const read = tally.read();
  expect([...read.keys()]).toEqual(Object.keys(COUNTERS));
  expect(read.get('unboxd_transfer_bytes_total')).toEqual([
    { labels: { door: 'tftp', role: 'own' }, value: 1400 },
  ]);
  expect(read.get('unboxd_events_total')).toEqual([
    { labels: { kind: 'fetched' }, value: 2 },
    { labels: { kind: 'leased' }, value: 1 },
  ]);
  expect(read.get('unboxd_faults_total')).toEqual([]);
});

test('a label without bounds does not fill the memory', () => {
  const tally = createTally();
  for (let code = 0; code < 3_000; code += 1)
    tally.add({ at: 1, kind: 'fault', code: `code-${code}`, message: '', hint: '' });
  expect(tally.read().get('unboxd_faults_total')).toHaveLength(1_999);
  expect(tally.read().get('unboxd_events_total')).toEqual([{ labels: { kind: 'fault' }, value: 3_000 }]);
});

test.each<[PhoneEvent, string | undefined]>([
  [fetched, 'tftp'],
  [leased, 'dhcp'],
  [{ ...common, kind: 'woken', event: 'check-sync', to: 'x' }, 'notify'],
  [{ ...common, kind: 'asked-by-pnp', by: 'event' }, 'pnp'],
  [{ at: 1, kind: 'fault', code: 'x', message: '', hint: '' }, undefined],
])('%# the door of an event', (event, door) => {
  expect(doorOf(event)).toBe(door);
});

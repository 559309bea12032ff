import { expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { parseMac } from '../../src/base/mac.ts';
import { lineOf, type VendorHabits } from '../../src/timeline/diagnosis.ts';
import type { EventKind, PhoneEvent } from '../../src/timeline/event.ts';
import { createTimeline } from '../../src/timeline/journal.ts';
import { MEANING } from '../../src/timeline/meaning.ts';
import { advance, type Progress } from '../../src/timeline/progress.ts';
import { allReasons, becauseOf, isNormal, meaningOf } from '../../src/timeline/reason.ts';
import { sentence } from '../../src/timeline/sentence.ts';

const mac = parseMac('02ac3e000001') ?? expect.fail();
const address = parseIpv4('10.99.0.50') ?? expect.fail();
const DIGEST = 'd'.repeat(64);
const acme: VendorHabits = { name: 'Acme', obeys: [66, 43], asksByPnp: true };

/** One event of every kind, by which every sentence is read. */
const EVENTS: Readonly<Record<EventKind, PhoneEvent>> = {
  appeared: {
    kind: 'appeared',
    at: 1,
    mac,
    door: 'dhcp',
    vendor: 'acme',
    model: 'A10',
    firmware: '1.2',
    by: 'its MAC',
  },
  identified: { kind: 'identified', at: 1, mac, vendor: 'acme', by: 'its User-Agent' },
  'evidence-conflicts': { kind: 'evidence-conflicts', at: 1, mac, says: ['a says x', 'b says y'] },
  'asked-for-address': { kind: 'asked-for-address', at: 1, mac, asksOptions: [1, 3, 66] },
  offered: { kind: 'offered', at: 1, mac, address },
  leased: {
    kind: 'leased',
    at: 1,
    mac,
    address,
    seconds: 3600,
    how: 'new',
    url: 'http://10.99.0.1/',
    urlOptions: [66],
  },
  informed: { kind: 'informed', at: 1, mac, address },
  'address-refused': { kind: 'address-refused', at: 1, mac, address, because: 'address-of-another-subnet' },
  released: { kind: 'released', at: 1, mac, address },
  declined: { kind: 'declined', at: 1, mac, address },
  'no-answer-given': { kind: 'no-answer-given', at: 1, mac, door: 'dhcp', because: 'pool-exhausted' },
  'address-conflict': { kind: 'address-conflict', at: 1, mac, address, by: mac },
  'caught-elsewhere': { kind: 'caught-elsewhere', at: 1, mac, server: address },
  'changed-lan': { kind: 'changed-lan', at: 1, mac, address, interface: 'eth2', before: 'eth1' },
  'foreign-server': {
    at: 1,
    kind: 'foreign-server',
    door: 'dhcp',
    server: address,
    hardware: mac,
    maker: 'MikroTik',
    caught: [mac],
    stops: true,
  },
  'foreign-server-gone': { at: 0, kind: 'foreign-server-gone', door: 'dhcp', server: address },
  'strangers-limited': { at: 0, kind: 'strangers-limited', held: 10, most: 10, newcomers: 300, madeUp: 299 },
  'asked-by-pnp': { kind: 'asked-by-pnp', at: 1, mac, vendor: 'acme', by: 'its PnP request' },
  'told-url': { kind: 'told-url', at: 1, mac, door: 'pnp', url: 'http://10.99.0.1/' },
  'pnp-acknowledged': { kind: 'pnp-acknowledged', at: 1, mac, status: 200 },
  'pnp-unacknowledged': { kind: 'pnp-unacknowledged', at: 1, mac, tries: 11 },
  fetched: {
    kind: 'fetched',
    at: 1,
    mac,
    door: 'tftp',
    file: 'x.cfg',
    role: 'own',
    bytes: 5,
    digest: DIGEST,
  },
  'up-to-date': { kind: 'up-to-date', at: 1, mac, door: 'http', file: 'x.cfg', role: 'own', digest: DIGEST },
  fetching: {
    kind: 'fetching',
    at: 1,
    mac,
    door: 'tftp',
    file: 'fw.rom',
    role: 'firmware',
    bytes: 16_000_000,
  },
  refused: {
    kind: 'refused',
    at: 1,
    mac,
    door: 'http',
    file: 'y.cfg',
    because: 'no-such-file',
    detail: 'more',
  },
  progress: {
    kind: 'progress',
    at: 1,
    mac,
    door: 'tftp',
    file: 'fw.rom',
    role: 'firmware',
    bytes: 4_300_000,
    of: 10_000_000,
    bytesPerSecond: 47_500,
  },
  'transfer-ended-early': {
    kind: 'transfer-ended-early',
    at: 1,
    mac,
    door: 'tftp',
    file: 'fw.rom',
    bytes: 5,
    of: 9,
    why: 'ERROR 0',
  },
  uploaded: { kind: 'uploaded', at: 1, mac, door: 'http', file: 'x-local.cfg', bytes: 90, how: 'created' },
  'upload-ended-early': {
    kind: 'upload-ended-early',
    at: 1,
    mac,
    door: 'tftp',
    file: 'x-local.cfg',
    bytes: 512,
    why: 'the phone fell silent',
  },
  access: { kind: 'access', at: 1, mac, door: 'http', step: 'confirmed', generation: 0 },
  woken: { kind: 'woken', at: 1, mac, event: 'check-sync', to: '10.99.0.50:5060' },
  'wake-answered': { kind: 'wake-answered', at: 1, mac, status: 401, reason: 'Unauthorized' },
  'wake-unanswered': { kind: 'wake-unanswered', at: 1, mac, tries: 11 },
  'wake-confirmed': { kind: 'wake-confirmed', at: 1, mac, file: 'x.cfg', afterMs: 1500 },
  'wake-unconfirmed': { kind: 'wake-unconfirmed', at: 1, mac, waitedMs: 60_000 },
  'tls-refused': { kind: 'tls-refused', at: 1, mac, door: 'https', because: 'tls-unknown-ca' },
  garbled: { kind: 'garbled', at: 1, door: 'dhcp', because: 'too-short', offset: 3, bytes: 3 },
  'interface-back': { kind: 'interface-back', at: 1, interface: 'eth1' },
  fault: { kind: 'fault', at: 1, code: 'x', message: 'the disk is full', hint: 'make room' },
};

test('every event has a sentence of its own and a meaning', () => {
  const sentences = Object.values(EVENTS).map(sentence);
  expect(new Set(sentences).size).toBe(sentences.length);
  expect(sentences).toMatchSnapshot();
  expect(Object.keys(MEANING).sort()).toEqual(Object.keys(EVENTS).sort());
  for (const meaning of Object.values(MEANING)) expect(meaning).toMatch(/\.$/);
});

test('every reason has its words', () => {
  expect(allReasons().length).toBeGreaterThan(20);
  for (const reason of allReasons()) {
    expect(becauseOf(reason), reason).toMatch(/^\w.*[^.]$/);
    expect(meaningOf(reason), reason).toMatch(/^[A-Za-z].*\.$/);
  }
  expect(allReasons().filter(isNormal)).toEqual(['left-out-on-purpose', 'optional-file', 'sign-in-needed']);
});

test('a phone cannot write to the terminal through its own words', () => {
  const event: PhoneEvent = {
    kind: 'refused',
    at: 1,
    mac,
    door: 'tftp',
    file: '\u001b[2J',
    because: 'no-such-file',
  };
  expect(sentence(event)).not.toContain('\u001b');
});

function after(...events: readonly PhoneEvent[]): Progress | undefined {
  return events.reduce<Progress | undefined>((progress, event) => advance(progress, event), undefined);
}

const asked = EVENTS['asked-for-address'];
const leased = EVENTS.leased;
const SOON = 1_000;
const LATE = 1_000_000;

test.each<{
  when: string;
  events: readonly PhoneEvent[];
  now: number;
  stage: string;
  says: RegExp;
  vendor?: VendorHabits | undefined;
}>([
  { when: 'nothing happened', events: [], now: SOON, stage: 'expected', says: /not seen/ },
  { when: 'it asked', events: [asked], now: SOON, stage: 'asking', says: /asked for an address/ },
  {
    when: 'it has an address without a URL',
    events: [asked, { ...leased, kind: 'leased', urlOptions: [] } as PhoneEvent],
    now: SOON,
    stage: 'addressed',
    says: /asked for none of the options/,
  },
  { when: 'it has address and URL', events: [asked, leased], now: SOON, stage: 'told', says: /option 66/ },
  {
    when: 'an optional file was missing',
    events: [leased, { ...EVENTS.refused, because: 'optional-file' } as PhoneEvent],
    now: SOON,
    stage: 'fetching',
    says: /got the address/,
  },
  {
    when: 'its own file was fetched',
    events: [leased, EVENTS.fetched],
    now: LATE,
    stage: 'proven',
    says: /x\.cfg.*final bytes/,
  },
  {
    when: 'its file changed since',
    events: [leased, { ...EVENTS.fetched, digest: 'old' } as PhoneEvent],
    now: SOON,
    stage: 'stale',
    says: /older x\.cfg/,
  },
  {
    when: 'its file changed long ago',
    events: [leased, { ...EVENTS.fetched, digest: 'old' } as PhoneEvent],
    now: LATE,
    stage: 'stuck',
    says: /older file/,
  },
  {
    when: 'its own file was refused',
    events: [leased, EVENTS.refused],
    now: LATE,
    stage: 'stuck',
    says: /y\.cfg.*no such file/,
  },
  {
    when: 'the pool was empty',
    events: [asked, EVENTS['no-answer-given']],
    now: LATE,
    stage: 'stuck',
    says: /no address of the pool/,
  },
  {
    when: 'it never asked for the option',
    events: [{ ...asked, asksOptions: [1, 3] } as PhoneEvent, { ...leased, urlOptions: [] } as PhoneEvent],
    now: LATE,
    stage: 'stuck',
    says: /never asked for option 66, 43/,
  },
  {
    when: 'it was told and fetched nothing',
    events: [asked, leased],
    now: LATE,
    stage: 'stuck',
    says: /asked for no file/,
  },
  {
    when: 'its make is unknown',
    events: [asked],
    now: LATE,
    stage: 'stuck',
    says: /unknown make/,
    vendor: undefined,
  },
  {
    when: 'it only got a common file',
    events: [leased, { ...EVENTS.fetched, role: 'common' } as PhoneEvent],
    now: LATE,
    stage: 'stuck',
    says: /never for its own/,
  },
])('when $when it is $stage', ({ when, events, now, stage, says, ...rest }) => {
  const vendor = 'vendor' in rest ? rest.vendor : acme;
  const line = lineOf({ progress: after(...events), now, silence: 120_000, wanted: DIGEST, vendor });
  expect([when, line.stage]).toEqual([when, stage]);
  expect(line.sentence).toMatch(says);
  if (stage === 'stuck') expect(line.advice).toMatch(/\w/);
});

test('the timeline is bounded per phone, and progress outlives the events', () => {
  const timeline = createTimeline();
  const seen: PhoneEvent[] = [];
  const stop = timeline.follow((event) => seen.push(event));
  timeline.tell(EVENTS.fetched);
  for (let at = 2; at < 1000; at += 1) timeline.tell({ ...asked, at });
  stop();
  timeline.tell(asked);
  expect(timeline.story(mac)).toHaveLength(200);
  expect(timeline.progress(mac)?.ownFile?.digest).toBe(DIGEST);
  expect(seen).toHaveLength(999);
  timeline.tell(EVENTS.garbled);
  expect(timeline.story()).toEqual([EVENTS.garbled]);
});

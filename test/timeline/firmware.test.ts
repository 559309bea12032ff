// The story of a firmware, event by event: what the phone's line says at each moment.
import { expect, test } from 'vitest';
import { lineOf } from '../../src/timeline/diagnosis.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { howFar, versionIn } from '../../src/timeline/firmware.ts';
import { createTimeline } from '../../src/timeline/journal.ts';
import { mac } from '../net/watched.ts';

const PHONE = mac('02ac3e000001');
const FILE = 'firmware/acme/A10/2.4.0/a10.rom';
const DIGEST = 'd'.repeat(64);

const file = { door: 'http', file: FILE, role: 'firmware' } as const;
const says = (firmware: string, at: number): PhoneEvent => {
  return { at, mac: PHONE, kind: 'identified', vendor: 'acme', firmware, by: 'its User-Agent' };
};
const begins = (at: number): PhoneEvent => ({ at, mac: PHONE, kind: 'fetching', ...file, bytes: 10_000_000 });
const moves = (at: number, bytes: number): PhoneEvent => {
  return { at, mac: PHONE, kind: 'progress', ...file, bytes, of: 10_000_000, bytesPerSecond: 50_000 };
};
const took = (at: number, name = FILE): PhoneEvent => {
  return { at, mac: PHONE, kind: 'fetched', ...file, file: name, bytes: 10_000_000, digest: 'e' };
};
const starts = (at: number): PhoneEvent => ({ at, mac: PHONE, kind: 'asked-for-address', asksOptions: [66] });
const own = (at: number): PhoneEvent => {
  return {
    at,
    mac: PHONE,
    kind: 'fetched',
    door: 'http',
    file: 'x.cfg',
    role: 'own',
    bytes: 9,
    digest: DIGEST,
  };
};

function lineAfter(now: number, ...events: readonly PhoneEvent[]) {
  const timeline = createTimeline();
  for (const event of events) timeline.tell(event);
  const line = lineOf({ progress: timeline.progress(PHONE), now, silence: 60_000, wanted: DIGEST });
  return { line: `${line.stage}: ${line.sentence}`, story: timeline.story(PHONE) };
}

test('while it loads: how far, how long, and not to unplug it, although its own file is proven', () => {
  const before = [own(0), begins(1000)];
  const loading = 'fetching: is loading the firmware firmware/acme/A10/2.4.0/a10.rom';
  expect(lineAfter(1500, ...before).line).toBe(`${loading} (0 %): do not unplug`);
  const { line, story } = lineAfter(87_000, ...before, moves(2000, 50_000), moves(87_000, 4_300_000));
  expect(line).toBe(`${loading} (43 %, 114 s left): do not unplug`);
  // Of the progress the latest is kept: the story has room for other things.
  expect(story.map(({ kind }) => kind)).toEqual(['fetched', 'fetching', 'progress']);
});

test('a transfer in which nothing moves any more is stuck, and says where', () => {
  const { line } = lineAfter(100_000, begins(1000), moves(30_000, 4_300_000));
  expect(line).toBe(
    'stuck: stopped in the middle of the firmware firmware/acme/A10/2.4.0/a10.rom (43 %), silent for 70 s',
  );
});

test('one that ended early is over', () => {
  const ended: PhoneEvent = {
    ...{ at: 3000, mac: PHONE, kind: 'transfer-ended-early', door: 'http' },
    ...{ file: FILE, bytes: 5, of: 9, why: 'the connection broke' },
  };
  expect(lineAfter(3100, begins(1000), ended).line).toBe(
    `fetching: stopped fetching ${FILE} after 5 of 9 bytes: the connection broke`,
  );
});

test('after the last byte it writes its flash: not to be unplugged until it is back, for five minutes at most', () => {
  const events = [own(0), begins(1000), took(200_000)];
  const writes = `fetching: has the firmware ${FILE} and writes it: do not unplug`;
  expect(lineAfter(200_001, ...events).line).toBe(writes);
  expect(lineAfter(499_000, ...events).line).toBe(writes);
  expect(lineAfter(501_000, ...events).line).toBe('proven: has its own file x.cfg (9 bytes), final bytes');
  // The parts that follow, and a lease renewed, are no start.
  expect(lineAfter(206_000, ...events, own(205_000)).line).toBe(writes);
});

test.each([
  {
    runs: '2.4.0',
    line: 'proven: has its own file x.cfg (9 bytes), final bytes; came back with the firmware 2.4.0',
  },
  {
    runs: '02.04.0.117',
    line: 'proven: has its own file x.cfg (9 bytes), final bytes; came back with the firmware 02.04.0.117',
  },
  { runs: '2.3.9', line: 'stale: came back with the old firmware 2.3.9, although it fetched 2.4.0' },
  { runs: '12.4.0', line: 'stale: came back with the old firmware 12.4.0, although it fetched 2.4.0' },
])('it comes back and says $runs', ({ runs, line }) => {
  const events = [
    says('2.3.1', 0),
    begins(1000),
    took(100_000),
    starts(160_000),
    says(runs, 165_000),
    own(165_001),
  ];
  expect(lineAfter(165_002, ...events).line).toBe(line);
});

test('it comes back as it was, so nothing new is said of it: that is the old firmware too', () => {
  const events = [says('2.3.1', 0), begins(1000), took(100_000), starts(160_000), own(165_000)];
  const { line } = lineAfter(165_002, ...events);
  expect(line).toBe('stale: came back with the old firmware 2.3.1, although it fetched 2.4.0');
  // It loads again: the old story is over.
  expect(lineAfter(170_001, ...events, begins(170_000)).line).toMatch(/^fetching: is loading the firmware/);
});

test('a file whose name tells no version: another than before is the new one', () => {
  const first = [says('2.3.1', 0), took(100_000, 'sip.ld'), starts(160_000)];
  expect(lineAfter(165_002, ...first, says('2.4.0', 165_000), own(165_001)).line).toContain(
    'came back with the firmware 2.4.0',
  );
  expect(lineAfter(165_002, ...first, own(165_001)).line).toBe(
    'stale: came back with the old firmware 2.3.1',
  );
  // A phone that never said what it runs is not judged.
  const mute = [took(100_000, 'sip.ld'), starts(160_000), own(165_001)];
  expect(lineAfter(165_002, ...mute).line).toBe('proven: has its own file x.cfg (9 bytes), final bytes');
});

test('a phone that has another firmware and fetched none got it from its neighbour: no alarm', () => {
  const events = [says('11.3.1', 0), own(1000), starts(300_000), says('11.3.7', 310_000), own(310_001)];
  expect(lineAfter(310_002, ...events).line).toBe(
    'proven: has its own file x.cfg (9 bytes), final bytes; runs the firmware 11.3.7, which it did not fetch here (some phones pass it on to each other)',
  );
});

test.each([
  ['firmware/acme/A10/2.4.0/a10.rom', '2.4.0'],
  ['T46U-108.86.0.20.rom', '108.86.0.20'],
  ['sip88xx.11-3-7MPP0001-31.loads', '11-3-7'],
  ['sip.ld', undefined],
  ['1.2.3/sip.ld', undefined],
])('the version in %s is %s', (name, version) => {
  expect(versionIn(name)).toBe(version);
});

test.each([
  [{ file: 'x', bytes: 0, of: 100, bytesPerSecond: 0 }, 'x (0 %)'],
  [{ file: 'x', bytes: 99, of: 100, bytesPerSecond: 1 }, 'x (99 %, 1.0 s left)'],
  [{ file: 'x\x1b', bytes: 0, of: 12_000_000, bytesPerSecond: 20_000 }, 'x\\x1b (0 %, 10 min left)'],
])('how far: %o', (progress, text) => {
  expect(howFar(progress)).toBe(text);
});

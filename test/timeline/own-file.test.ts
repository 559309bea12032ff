import { expect, test } from 'vitest';
import { LEFT_OUT } from '../../src/timeline/access.ts';
import type { EventOf, PhoneEvent } from '../../src/timeline/event.ts';
import { advance, ownFileAfter, type Progress, rememberedProgress } from '../../src/timeline/progress.ts';
import { mac } from '../net/watched.ts';

const who = { mac: mac('00:15:65:aa:bb:cc'), door: 'http', file: 'x.cfg', role: 'own' } as const;

function fetched(at: number, digest: string, detail?: string): EventOf<'fetched'> {
  return { ...who, kind: 'fetched', at, digest, bytes: 10, detail };
}

function same(at: number, digest: string): EventOf<'up-to-date'> {
  return { ...who, kind: 'up-to-date', at, digest };
}

const BLANK = `${LEFT_OUT}: no good token`;

test.each<{ what: string; events: readonly PhoneEvent[]; isBlank: true | undefined }>([
  { what: 'is blank', events: [fetched(1, 'b', BLANK)], isBlank: true },
  {
    what: 'is blank still when it is the same',
    events: [fetched(1, 'b', BLANK), same(2, 'b')],
    isBlank: true,
  },
  { what: 'is whole when it is another', events: [fetched(1, 'b', BLANK), same(2, 'w')], isBlank: undefined },
  {
    what: 'is whole when it came whole',
    events: [fetched(1, 'b', BLANK), fetched(2, 'w')],
    isBlank: undefined,
  },
  { what: 'was always whole', events: [fetched(1, 'w'), same(2, 'w')], isBlank: undefined },
])('its own file $what', ({ events, isBlank }) => {
  const fold = (from: Progress | undefined, added: readonly PhoneEvent[]): Progress | undefined =>
    added.reduce<Progress | undefined>(advance, from);
  expect(fold(undefined, events)?.ownFile?.isBlank).toBe(isBlank);
  // The same with a restart behind the first, of which only what is stored is known.
  const [first, ...more] = events;
  if (first?.kind !== 'fetched') return expect.fail();
  const stored = JSON.parse(JSON.stringify(ownFileAfter(undefined, first))) as ReturnType<
    typeof ownFileAfter
  >;
  expect(fold(rememberedProgress(who.mac, stored), more)?.ownFile?.isBlank).toBe(isBlank);
});

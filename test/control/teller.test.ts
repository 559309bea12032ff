// What becomes of the log in a flood: as many lines as a person could read, errors apart from the rest.
import { expect, test } from 'vitest';
import type { Log } from '../../src/base/log.ts';
import { createTeller } from '../../src/control/teller.ts';
import { createRegister } from '../../src/phones/register.ts';
import type { State } from '../../src/store/state.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { catalogue } from '../fakes/vendors.ts';

const AT = Date.UTC(2026, 0, 1);
const FULL: PhoneEvent = {
  kind: 'fault',
  at: AT,
  code: 'ENOSPC',
  message: 'the journal cannot be written',
  hint: 'make room',
};
const ASKED: PhoneEvent = {
  kind: 'told-url',
  at: AT,
  door: 'pnp',
  url: 'http://10.0.0.1/',
  from: '10.0.0.9:5060',
};

function teller() {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (_fields: unknown, text?: string): void =>
      void lines.push(`${level} ${text ?? ''}`);
  const log = {
    ...{ debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    isLevelEnabled: () => true,
  } as unknown as Log;
  const told: PhoneEvent[] = [];
  const tell = createTeller({
    state: {} as State,
    register: createRegister({ catalogue, list: [] }),
    log,
    tell: (event) => void told.push(event),
  });
  const count = (level: string): number => lines.filter((line) => line.startsWith(level)).length;
  return { tell, told, lines, count };
}

test('a full disk writes 20 errors a second, whatever else is said, and says how many were left out', () => {
  const { tell, told, lines, count } = teller();
  for (let one = 0; one < 2_000; one += 1) tell(ASKED);
  for (let one = 0; one < 50; one += 1) tell(FULL);
  expect(count('error')).toBe(20);
  expect(count('info')).toBe(1_000);
  tell({ ...FULL, at: AT + 1_000 });
  expect(count('error')).toBe(21);
  expect(lines.at(-2)).toContain('30 more lines are left out');
  // The timelines have them all.
  expect(told).toHaveLength(2_051);
});

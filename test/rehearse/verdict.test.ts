// What is said at the end: phones that went the same way are one group, and the first cause is in the first line.
import { expect, test } from 'vitest';
import { parseMac, showMac } from '../../src/base/mac.ts';
import type { PhoneLine } from '../../src/control/api.ts';
import { endingOf, groupsOf, type Rehearsed, verdictLines } from '../../src/rehearse/verdict.ts';
import { acme } from '../fakes/vendors.ts';

const MISTAKE = { file: '/t/phone.cfg', line: 3, column: 4, message: 'undefined variable: x, for ' };

/** The phone whose MAC ends so. */
function phone(end: number, stage: PhoneLine['stage'] | 'unheard', hasMistake = false): Rehearsed {
  const mac = parseMac(`02ac3e00000${end}`) ?? expect.fail();
  const sentence = stage === 'stuck' ? `asked for ${mac}.cfg and got none (silent for ${end} s)` : 'fine';
  const line = {
    mac: showMac(mac),
    listed: true,
    stage,
    sentence,
    advice: stage === 'stuck' ? 'Mend it.' : undefined,
  };
  return {
    actor: { mac, vendor: acme, model: acme.models[0] ?? expect.fail(), listed: true },
    line: stage === 'unheard' ? undefined : { ...line, stage },
    asked:
      stage === 'unheard'
        ? []
        : [{ url: `http://10.0.0.1/${mac}.cfg`, found: stage === 'proven', bytes: end }],
    mistakes: hasMistake ? [{ ...MISTAKE, message: `${MISTAKE.message}${showMac(mac)}` }] : [],
  };
}

const lines = (phones: readonly Rehearsed[]): readonly string[] =>
  verdictLines(
    phones,
    groupsOf(phones, (file) => file.slice(1)),
    4_000,
  );

test('all proven: one line, and what they did', () => {
  expect(lines([phone(1, 'proven'), phone(2, 'proven')])).toEqual([
    '2 proven',
    'The phones took 4.0 s. What they asked for and got:',
    '',
    '2 acme A10 proven: 02:ac:3e:00:00:01, 02:ac:3e:00:00:02',
    '  asked http://10.0.0.1/ for {mac}.cfg',
    '  has its own file, final bytes',
  ]);
});

test('those in trouble come first, with cause, place and advice; their MACs and silences do not tell them apart', () => {
  const stuck = [phone(2, 'stuck', true), phone(3, 'stuck', true)];
  expect(lines([phone(1, 'proven'), ...stuck]).slice(0, 8)).toEqual([
    '1 proven; 2 stuck: asked for {mac}.cfg and got none: t/phone.cfg:3:4: undefined variable: x, for {mac}',
    'The phones took 4.0 s. What they asked for and got:',
    '',
    '2 acme A10 stuck: 02:ac:3e:00:00:02, 02:ac:3e:00:00:03',
    '  asked http://10.0.0.1/ for {mac}.cfg (none)',
    '  asked for {mac}.cfg and got none',
    '  t/phone.cfg:3:4: undefined variable: x, for {mac}',
    '  try: Mend it.',
  ]);
});

test('a file that no such phone can read is not the end of the way', () => {
  const phones = [phone(1, 'proven', true), phone(2, 'proven')];
  expect(phones.map(endingOf)).toEqual(['doubtful', 'proven']);
  expect(lines(phones)[0]).toBe(
    '1 proven; 1 with a file that such a phone cannot read: t/phone.cfg:3:4: undefined variable: x, for {mac}',
  );
});

test('a phone of which the daemon knows nothing is stuck', () => {
  expect(lines([phone(1, 'unheard')])).toContain('  asked for no file');
  expect(lines([phone(1, 'unheard')])[0]).toBe('0 proven; 1 stuck: was never heard by the daemon');
});

import { expect, test } from 'vitest';
import type { Clue } from '../../src/phones/clues.ts';
import { cluesFromSubscribe, type SubscribeClues } from '../../src/sip/clues.ts';
import { decodeMessage } from '../../src/sip/message.ts';
import { DIALECTS, onWire, W52P } from './dialects.ts';

function cluesOf(text: string): SubscribeClues {
  const decoded = decodeMessage(onWire(text));
  if (!decoded.ok || decoded.value.kind !== 'request') throw new Error('not a request');
  return cluesFromSubscribe(decoded.value);
}

function ofKind<Kind extends Clue['kind']>({ clues }: SubscribeClues, kind: Kind) {
  return clues.find((clue): clue is Extract<Clue, { kind: Kind }> => clue.kind === kind);
}

test.each(DIALECTS)('$phone', ({ text, mac, vendor, model, version }) => {
  const said = cluesOf(text);
  expect(said.mac).toBe(mac);
  const event = ofKind(said, 'pnp-event');
  expect({ vendor: event?.vendor, model: event?.model, version: event?.version }).toEqual({
    vendor,
    model,
    version,
  });
  expect(ofKind(said, 'user-agent')?.text).toBe(/User-Agent: (.*)/.exec(text)?.[1]);
});

test('the table holds what it should', () => {
  expect(DIALECTS.length).toBeGreaterThanOrEqual(10);
});

test.each([
  { agent: 'Maker X4U 2.4.2 0c383e112233', mac: '0c383e112233' },
  { agent: 'Maker X4U 2.4.2 0c:38:3e:11:22:33', mac: '0c383e112233' },
  { agent: 'Maker X4U 2.4.2 0C-38-3E-11-22-33', mac: '0c383e112233' },
  { agent: 'Maker X4U 2.4.2 00:15:65:12:34:56', mac: '001565123456' },
  { agent: '0c383e112233', mac: '0c383e112233' },
  { agent: 'Maker build 202601021504', mac: undefined },
  { agent: 'Maker 0c383e112233 2.4.2', mac: undefined },
  { agent: 'Maker 0c383e11223', mac: undefined },
  { agent: 'Maker ffffffffffff', mac: undefined },
  { agent: '', mac: undefined },
])('a User-Agent "$agent" names $mac', ({ agent, mac }) => {
  const text = W52P.text.replaceAll('MAC001565f4f9e1', 'someone').replace('Yealink W52P 25.81.0.10', agent);
  expect(cluesOf(text).mac).toBe(mac);
});

test('the Request-URI is believed before From, From before To, To before the User-Agent', () => {
  const three = W52P.text
    .replace('From: <sip:MAC001565f4f9e1', 'From: <sip:MAC001565000002')
    .replace('To: <sip:MAC001565f4f9e1', 'To: <sip:MAC001565000003')
    .replace('25.81.0.10\n', '25.81.0.10 00156500000d\n');
  const two = three.replace('SUBSCRIBE sip:MAC001565f4f9e1', 'SUBSCRIBE sip:x');
  const one = two.replace('From: <sip:MAC001565000002', 'From: <sip:x');
  const none = one.replace('To: <sip:MAC001565000003', 'To: <sip:x');
  expect([three, two, one, none].map((text) => cluesOf(text).mac)).toEqual([
    '001565f4f9e1',
    '001565000002',
    '001565000003',
    '00156500000d',
  ]);
});

test('what a phone says of itself is cut and cannot steer a terminal', () => {
  const said = cluesOf(
    W52P.text
      .replace('model="W52P"', `model="\x1b[31m${'x'.repeat(500)}"`)
      .replace('Yealink W52P', 'Y\x07\x9b'),
  );
  expect(ofKind(said, 'pnp-event')?.model).toBe(`\\x1b[31m${'x'.repeat(59)}…`);
  expect(ofKind(said, 'user-agent')?.text).toBe('Y\\x07\\x9b 25.81.0.10');
});

test('an Event that cannot be read gives no clue', () => {
  expect(
    ofKind(cluesOf(W52P.text.replace('vendor="yealink"', 'vendor="yealink')), 'pnp-event'),
  ).toBeUndefined();
  expect(ofKind(cluesOf(W52P.text.replace(/Event: .*\n/, '')), 'pnp-event')).toBeUndefined();
});

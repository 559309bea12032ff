// Which class a client falls into: each condition by itself, all of them together, and the first that fits.
import { describe, expect, test } from 'vitest';
import { type ClassCase, classOf, conditionsInWords } from '../../src/dhcp/classes.ts';
import { createHabitReader, relayInformation } from '../../src/dhcp/clues.ts';
import { encodeHex, encodeText } from '../../src/dhcp/options.ts';
import { ownScope } from '../../src/dhcp/request.ts';
import type { ClassConditions } from '../../src/site/site.ts';
import { subnetAt } from '../net/watched.ts';
import { lanSite, phoneMac, phoneOf, type Said, said } from './kit.ts';
import { classNamed, relayedSubnet, STRANGER } from './scene.ts';

const text = (value: string): Uint8Array => Uint8Array.from(encodeText(value));
const hex = (digits: string): Uint8Array => Uint8Array.from(encodeHex(digits));

function facts(what: Said = {}, changes: Partial<ClassCase> = {}): ClassCase {
  const { options } = said({ type: 'discover', ...what });
  return {
    client: phoneOf(1, 'A1'),
    habits: createHabitReader()({ options }),
    relay: relayInformation(options),
    scope: ownScope(lanSite()),
    ...changes,
  };
}

const fits = (when: ClassConditions, of: ClassCase): boolean =>
  classOf([classNamed('c', { when })], of) !== undefined;

const listed = { ...phoneOf(1), listed: { mac: phoneMac(1), columns: {} } };
const option = (code: number, bytes: Uint8Array): ClassCase => facts({ more: [[code, bytes]] });
const port = option(82, hex('0105676931'.concat('2f37', '02', '04', '73772d31')));
/** TR-069 (3561) in option 125, two enterprises in 124. */
const vivso = option(125, hex('00000de9040102aabb'));
const vivc = option(124, hex('0000000905046162636400000de90100'));

describe('each condition', () => {
  const rows: readonly { when: ClassConditions; of: string; facts: ClassCase; is: boolean }[] = [
    { when: { vendor: 'acme' }, of: 'a phone of it', facts: facts(), is: true },
    { when: { vendor: 'bolt' }, of: 'a phone of another', facts: facts(), is: false },
    { when: { vendor: 'acme' }, of: 'a stranger', facts: facts({}, { client: STRANGER }), is: false },
    { when: { model: /^a\d$/i }, of: 'a phone of the model', facts: facts(), is: true },
    { when: { model: /^b/i }, of: 'a phone of another', facts: facts(), is: false },
    {
      when: { model: /^a/i },
      of: 'a phone of no known model',
      facts: facts({}, { client: phoneOf(1) }),
      is: false,
    },
    { when: { listed: true }, of: 'a phone of the list', facts: facts({}, { client: listed }), is: true },
    { when: { listed: true }, of: 'another', facts: facts(), is: false },
    { when: { listed: false }, of: 'a phone of the list', facts: facts({}, { client: listed }), is: false },
    { when: { listed: false }, of: 'another', facts: facts(), is: true },
    { when: { ouis: ['001565', '02ac3e'] }, of: 'a phone of one of them', facts: facts(), is: true },
    { when: { ouis: ['001565'] }, of: 'another', facts: facts(), is: false },
    { when: { ouis: [] }, of: 'anybody', facts: facts(), is: false },
    {
      when: { ouis: ['02ac3e'] },
      of: 'a client without MAC',
      facts: facts({}, { client: { identity: STRANGER.identity } }),
      is: false,
    },
    { when: { option60: /^acme/i }, of: 'who says so', facts: facts({ vendorClass: 'ACME 7\0' }), is: true },
    {
      when: { option60: /^acme$/i },
      of: 'who says more',
      facts: facts({ vendorClass: 'acme 7' }),
      is: false,
    },
    { when: { option60: /./ }, of: 'who says nothing', facts: facts(), is: false },
    { when: { option60: /.*/ }, of: 'who says nothing', facts: facts(), is: false },
    {
      when: { option60Hex: '0000363d' },
      of: 'who begins so',
      facts: option(60, hex('0000363d0501')),
      is: true,
    },
    {
      when: { option60Hex: '0000363d' },
      of: 'who begins otherwise',
      facts: option(60, hex('0001363d')),
      is: false,
    },
    {
      when: { option60Hex: '363d' },
      of: 'who says it later on',
      facts: option(60, hex('0000363d')),
      is: false,
    },
    { when: { option60Hex: '0000363d' }, of: 'who says less', facts: option(60, hex('000036')), is: false },
    { when: { option60Hex: '00' }, of: 'who says nothing', facts: facts(), is: false },
    { when: { option60Hex: 'ff' }, of: 'bytes above 127', facts: option(60, hex('ff80')), is: true },
    {
      when: { option77: /^phones$/ },
      of: 'who is of it (RFC 3004)',
      facts: option(77, hex('0670686f6e6573')),
      is: true,
    },
    {
      when: { option77: /^b$/ },
      of: 'who is of it and another',
      facts: option(77, hex('01610162')),
      is: true,
    },
    { when: { option77: /^phones$/ }, of: 'who says so bare', facts: option(77, text('phones')), is: true },
    {
      when: { option77: /^ab$/ },
      of: 'whose two classes say so together',
      facts: option(77, hex('01610162')),
      is: false,
    },
    { when: { option77: /.*/ }, of: 'who is of none', facts: facts(), is: false },
    {
      when: { asks: [66, 43] },
      of: 'who asks for both, in any order',
      facts: facts({ asks: [1, 43, 3, 66] }),
      is: true,
    },
    { when: { asks: [66, 43] }, of: 'who asks for one', facts: facts({ asks: [1, 66] }), is: false },
    { when: { asks: [66] }, of: 'who asks for nothing by name', facts: facts(), is: false },
    { when: { hostname: /^door-/ }, of: 'who is called so', facts: option(12, text('door-7')), is: true },
    { when: { hostname: /^door-/ }, of: 'who is not', facts: option(12, text('my-door-7')), is: false },
    { when: { hostname: /.*/ }, of: 'who has no name', facts: facts(), is: false },
    { when: { enterprise: 3561 }, of: 'who says it in 125', facts: vivso, is: true },
    { when: { enterprise: 3561 }, of: 'who says it in 124, after another', facts: vivc, is: true },
    { when: { enterprise: 9 }, of: 'who says it in 124, before another', facts: vivc, is: true },
    { when: { enterprise: 9 }, of: 'who says another', facts: vivso, is: false },
    { when: { enterprise: 9 }, of: 'who says none', facts: facts(), is: false },
    { when: { circuitId: /^gi1\/7$/ }, of: 'who is there', facts: port, is: true },
    { when: { circuitId: /^gi1\/8$/ }, of: 'who is elsewhere', facts: port, is: false },
    { when: { circuitId: /.*/ }, of: 'who is nowhere', facts: facts(), is: false },
    { when: { remoteId: /^sw-1$/ }, of: 'who is there', facts: port, is: true },
    { when: { remoteId: /^sw-2$/ }, of: 'who is elsewhere', facts: port, is: false },
    { when: { remoteId: /.*/ }, of: 'who is nowhere', facts: facts(), is: false },
    { when: { subnet: subnetAt('10.20.0.0/24') }, of: 'who is in it', facts: facts(), is: true },
    { when: { subnet: subnetAt('10.30.0.0/24') }, of: 'who is not', facts: facts(), is: false },
    { when: { subnet: subnetAt('10.20.0.0/16') }, of: 'who is in a part of it', facts: facts(), is: false },
    {
      when: { subnet: subnetAt('10.30.0.0/24') },
      of: 'who is behind a relay there',
      facts: facts({}, { scope: relayedSubnet('10.30.0.0/24') }),
      is: true,
    },
  ];
  test.each(rows)('$when fits $of: $is', ({ when, facts: of, is }) => {
    expect(fits(when, of)).toBe(is);
  });

  test('every condition that can be written is in this table', () => {
    expect([...new Set(rows.flatMap(({ when }) => Object.keys(when)))].sort()).toEqual([
      ...['asks', 'circuitId', 'enterprise', 'hostname', 'listed', 'model', 'option60', 'option60Hex'],
      ...['option77', 'ouis', 'remoteId', 'subnet', 'vendor'],
    ]);
  });
});

describe('several conditions', () => {
  const of = facts({ asks: [66], vendorClass: 'acme' });
  test.each([
    { when: {}, is: true },
    { when: { vendor: 'acme', asks: [66], option60: /acme/ }, is: true },
    { when: { vendor: 'bolt', asks: [66], option60: /acme/ }, is: false },
    { when: { vendor: 'acme', asks: [67], option60: /acme/ }, is: false },
    { when: { vendor: 'acme', asks: [66], option60: /bolt/ }, is: false },
  ])('$when: $is, all must hold', ({ when, is }) => {
    expect(fits(when, of)).toBe(is);
  });
});

test('the first class that fits counts', () => {
  const classes = [
    classNamed('bolts', { when: { vendor: 'bolt' } }),
    classNamed('acmes', { when: { vendor: 'acme' } }),
    classNamed('all'),
  ];
  expect(classOf(classes, facts())?.name).toBe('acmes');
  expect(classOf(classes, facts({}, { client: STRANGER }))?.name).toBe('all');
  expect(classOf([...classes].reverse(), facts())?.name).toBe('all');
  expect(classOf([], facts())).toBeUndefined();
});

test.each([
  { when: {}, words: 'it means every client' },
  { when: { vendor: 'acme' }, words: 'its make' },
  {
    when: { remoteId: /x/, circuitId: /x/, listed: false },
    words: 'the phone list, its switch port, its switch',
  },
  {
    when: { option60: /x/, asks: [66], subnet: subnetAt('10.20.0.0/24') },
    words: 'option 60, option 55, its subnet',
  },
])('$when in words: $words', ({ when, words }) => {
  expect(conditionsInWords(classNamed('c', { when }))).toBe(words);
});

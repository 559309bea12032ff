import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ElsewhereServer, isElsewhereServer, writeElsewhere } from '../../src/dhcp/elsewhere.ts';
import { classTexts } from '../../src/dhcp/elsewhere-class.ts';
import { type OptionSet, spellings, textsOf } from '../../src/dhcp/elsewhere-set.ts';

const SERVERS: readonly ElsewhereServer[] = ['dnsmasq', 'isc', 'kea', 'windows', 'mikrotik'];

const begins = (...texts: readonly string[]) => texts.map((text) => ({ text, anchored: true }));
const holds = (...texts: readonly string[]) => texts.map((text) => ({ text, anchored: false }));

test.each([
  { source: '^yealink', texts: begins('yealink') },
  { source: 'yealink', texts: holds('yealink') },
  { source: '^Acme[ -]X\\d', texts: begins('Acme X', 'Acme-X') },
  { source: '^Acme(?: (?<model>\\S+))?$', texts: begins('Acme', 'Acme ') },
  { source: '^(?:Ac|Di)me|Zap', texts: [...begins('Acme', 'Dime'), ...holds('Zap')] },
  { source: '^Systems?, Inc\\.', texts: begins('System, Inc.', 'Systems, Inc.') },
  { source: '^ab{2}c', texts: begins('abbc') },
  { source: '^abc{1,3}d', texts: begins('abc') },
  { source: '^abc+d', texts: begins('abc') },
  { source: '^abcd*e', texts: begins('abce', 'abcd') },
  { source: '^abcd{0,2}e', texts: begins('abce', 'abcd') },
  { source: '^abcd{0}e', texts: begins('abce') },
  { source: '^abc(?!d)e', texts: begins('abce') },
  { source: '^abc\\b-e', texts: begins('abc-e') },
  { source: '^abc.d', texts: begins('abc') },
  { source: '^abc[^d]', texts: begins('abc') },
  { source: '^abc[a-z]', texts: begins('abc') },
  { source: '^abc\\/d', texts: begins('abc/d') },
  { source: '^abc[\\d]', texts: begins('abc') },
])('what fits $source begins with one of $texts', ({ source, texts }) => {
  expect(classTexts(source)).toEqual(texts);
});

test.each([
  '',
  '^',
  '.*',
  '^\\d+phone',
  '^ab',
  '^(?:Acme|.)',
  '^Acme|x',
  '^a?b?c?',
  '^[a-z]cme',
  '^Acme)',
  '\\x41cme',
])('nothing is known of what fits %j', (source) => {
  expect(classTexts(source)).toBeUndefined();
});

/** Expressions, each with a text that fits. */
const fitting: fc.Arbitrary<{ source: string; text: string }> = fc.letrec<{
  node: { source: string; text: string };
}>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('a', 'B', ' ', '-').map((text) => ({ source: text, text })),
    fc.constant({ source: '\\d', text: '7' }),
    fc.constant({ source: '[xy]', text: 'y' }),
    fc.constant({ source: '.', text: '#' }),
    fc.array(tie('node'), { minLength: 1, maxLength: 4 }).map((parts) => ({
      source: parts.map(({ source }) => source).join(''),
      text: parts.map(({ text }) => text).join(''),
    })),
    fc
      .tuple(tie('node'), tie('node'))
      .map(([a, b]) => ({ source: `(?:${a.source}|${b.source})`, text: b.text })),
    fc
      .tuple(
        tie('node'),
        fc.constantFrom(['?', 0], ['?', 1], ['*', 0], ['*', 3], ['+', 2], ['{2}', 2], ['{1,3}', 3]),
      )
      .map(([{ source, text }, [sign, times]]) => ({
        source: `(${source})${sign}`,
        text: text.repeat(Number(times)),
      })),
  ),
})).node;

test('whatever fits an expression begins with one of its texts, or holds it', () => {
  fc.assert(
    fc.property(fitting, fc.boolean(), ({ source, text }, anchored) => {
      const whole = `${anchored ? '^' : ''}${source}`;
      const before = anchored ? '' : '(before)';
      const told = `${before}${text}`;
      expect(new RegExp(whole, 'i').test(told)).toBe(true);
      const texts = classTexts(whole);
      if (texts === undefined) return;
      expect(texts.some((one) => (one.anchored ? told.startsWith(one.text) : told.includes(one.text)))).toBe(
        true,
      );
    }),
    { numRuns: 2000 },
  );
});

test('spellings of what is written small, and only the seen one of the rest', () => {
  expect(spellings('acme')).toEqual(['acme', 'Acme', 'ACME']);
  expect(spellings('Acme, Inc.')).toEqual(['Acme, Inc.']);
  expect(spellings('42-x')).toEqual(['42-x', '42-X']);
});

const acme: OptionSet = {
  vendor: 'acme',
  name: 'Acme',
  option60: ['^acme(?: \\d)?', '^acme phone', '^\\d'],
  option60Hex: ['ff01'],
  ouis: ['02AC3E'],
  options: [
    { code: 43, bytes: Buffer.from('http://10.0.0.1/') },
    { code: 66, bytes: Buffer.from("it's $5"), forced: true },
    { code: 150, bytes: Uint8Array.of(10, 0, 0, 1) },
    { code: 160, bytes: Uint8Array.of(0, 255) },
  ],
  left: ['option 161: its value holds the MAC\nof the single phone'],
};

test('a text that another covers is not said twice; expressions without text are named', () => {
  expect(textsOf(acme)).toEqual({ texts: begins('acme'), unmatched: ['^\\d'] });
  expect(textsOf({ ...acme, option60: ['^acme x', 'acme', 'acme'] }).texts).toEqual(holds('acme'));
});

const REMARKS = [
  '# Acme',
  '# option 60 is not matched by ^\\d: it gives no fixed text; the MAC prefixes have to do',
  '# left out: option 161: its value holds the MAC\\x0aof the single phone',
];
const HEX_43 = [...Buffer.from('http://10.0.0.1/')].map((byte) => `0x${byte.toString(16)}`).join(',');

test.each<{ server: ElsewhereServer; lines: readonly string[] }>([
  {
    server: 'dnsmasq',
    lines: [
      ...REMARKS,
      'dhcp-vendorclass=set:unboxd-acme,"acme"',
      'dhcp-vendorclass=set:unboxd-acme,"Acme"',
      'dhcp-vendorclass=set:unboxd-acme,"ACME"',
      'dhcp-match=set:unboxd-acme,60,ff:01',
      'dhcp-mac=set:unboxd-acme,02:ac:3e:*:*:*',
      'dhcp-option=tag:unboxd-acme,43,"http://10.0.0.1/"',
      'dhcp-option-force=tag:unboxd-acme,66,"it\'s $5"',
      'dhcp-option=tag:unboxd-acme,150,10.0.0.1',
      'dhcp-option=tag:unboxd-acme,160,00:ff',
    ],
  },
  {
    server: 'isc',
    lines: [
      'option unboxd-43 code 43 = string;',
      'option unboxd-66 code 66 = string;',
      'option unboxd-150 code 150 = string;',
      'option unboxd-160 code 160 = string;',
      '',
      ...REMARKS,
      'class "unboxd-acme" {',
      '  match if lcase(substring(option vendor-class-identifier, 0, 4)) = "acme"',
      '    or substring(option vendor-class-identifier, 0, 2) = ff:01',
      '    or substring(hardware, 1, 3) = 02:ac:3e;',
      '  option unboxd-43 "http://10.0.0.1/";',
      '  option unboxd-66 "it\'s $5";',
      '  option unboxd-150 0a:00:00:01;',
      '  option unboxd-160 00:ff;',
      '  option dhcp-parameter-request-list = concat(option dhcp-parameter-request-list, 42);',
      '}',
    ],
  },
  {
    server: 'windows',
    lines: [
      "Add-DhcpServerv4OptionDefinition -OptionId 150 -Name 'unboxd-150' -Type IPv4Address -MultiValued",
      "Add-DhcpServerv4OptionDefinition -OptionId 160 -Name 'unboxd-160' -Type BinaryData",
      '',
      ...REMARKS,
      '# option 60 that begins with the bytes ff01 is not matched: a class is text here',
      '# option 66 is sent only to phones that ask for it: Windows knows no other way',
      "Add-DhcpServerv4Class -Name 'unboxd-acme-1' -Type Vendor -Data 'acme'",
      "Add-DhcpServerv4Class -Name 'unboxd-acme-2' -Type Vendor -Data 'Acme'",
      "Add-DhcpServerv4Class -Name 'unboxd-acme-3' -Type Vendor -Data 'ACME'",
      "Add-DhcpServerv4Policy -Name 'unboxd-acme' -Condition OR -VendorClass EQ,'unboxd-acme-1*','unboxd-acme-2*','unboxd-acme-3*' -MacAddress EQ,'02AC3E*'",
      '# http://10.0.0.1/',
      `Set-DhcpServerv4OptionValue -PolicyName 'unboxd-acme' -OptionId 43 -Value ${HEX_43}`,
      "Set-DhcpServerv4OptionValue -PolicyName 'unboxd-acme' -OptionId 66 -Value 'it''s $5'",
      "Set-DhcpServerv4OptionValue -PolicyName 'unboxd-acme' -OptionId 150 -Value 10.0.0.1",
      "Set-DhcpServerv4OptionValue -PolicyName 'unboxd-acme' -OptionId 160 -Value 0x00,0xff",
    ],
  },
  {
    server: 'mikrotik',
    lines: [
      ...REMARKS,
      '# option 60 that begins with the bytes ff01 is not matched: a class is text here',
      '# phones that say nothing in option 60 are not matched by their MAC prefixes',
      '/ip dhcp-server option add name=unboxd-acme-43 code=43 value="s\'http://10.0.0.1/\'"',
      "# it's $5",
      '/ip dhcp-server option add name=unboxd-acme-66 code=66 value=0x69742773202435 force=yes',
      '/ip dhcp-server option add name=unboxd-acme-150 code=150 value=0x0a000001',
      '/ip dhcp-server option add name=unboxd-acme-160 code=160 value=0x00ff',
      '/ip dhcp-server option sets add name=unboxd-acme options=unboxd-acme-43,unboxd-acme-66,unboxd-acme-150,unboxd-acme-160',
      '/ip dhcp-server matcher add name=unboxd-acme-1 code=60 matching-type=substring value="acme" option-set=unboxd-acme',
      '/ip dhcp-server matcher add name=unboxd-acme-2 code=60 matching-type=substring value="Acme" option-set=unboxd-acme',
      '/ip dhcp-server matcher add name=unboxd-acme-3 code=60 matching-type=substring value="ACME" option-set=unboxd-acme',
    ],
  },
])('for $server, line by line', ({ server, lines }) => {
  expect(writeElsewhere(server, [acme])).toContain(`\n${lines.join('\n')}\n`);
  expect(
    writeElsewhere(server, [acme])
      .trimEnd()
      .endsWith(lines.at(-1) ?? ''),
  ).toBe(true);
});

function keaClasses(sets: readonly OptionSet[]): unknown {
  const text = writeElsewhere('kea', sets).replaceAll(/^\s*\/\/.*$/gm, '');
  return (JSON.parse(text) as { Dhcp4: Record<string, unknown> }).Dhcp4['client-classes'];
}

test('for kea: JSON with comments; 43 defined anew within the class; no comma too many', () => {
  const untold = { ...acme, vendor: 'inner', option60: ['acme'], option60Hex: [], ouis: [] };
  expect(
    keaClasses([{ ...acme, options: [...acme.options, { code: 159, bytes: Buffer.from('x') }] }, untold]),
  ).toEqual([
    {
      name: 'unboxd-acme',
      test: "(substring(option[60].hex,0,4) == 'acme') or (substring(option[60].hex,0,4) == 'Acme') or (substring(option[60].hex,0,4) == 'ACME') or (substring(option[60].hex,0,2) == 0xff01) or (substring(pkt4.mac,0,3) == 0x02ac3e)",
      'option-def': [{ name: 'unboxd-43', code: 43, type: 'binary' }],
      'option-data': [
        { code: 43, 'csv-format': false, data: "'http://10.0.0.1/'" },
        { code: 66, 'csv-format': false, 'always-send': true, data: '69742773202435' },
        { code: 150, 'csv-format': false, data: '0a000001' },
        { code: 160, 'csv-format': false, data: '00ff' },
      ],
    },
  ]);
  expect(writeElsewhere('kea', [untold])).toContain('// left out: Kea has nothing to tell these phones by');
  expect(keaClasses([])).toEqual([]);
});

test.each(SERVERS)('%s: a make that nothing tells from others is named and left out', (server) => {
  const text = writeElsewhere(server, [{ ...acme, option60: ['^\\d'], option60Hex: [], ouis: [] }]);
  expect(text).toContain('left out: nothing tells these phones from others');
  expect(text).not.toContain('http://');
});

test.each(SERVERS)('%s: no text of a name or remark begins a line of its own', (server) => {
  const evil = 'x\r\noption 66 "evil"; }\u2028y';
  const text = writeElsewhere(server, [{ ...acme, name: evil, left: [evil] }]);
  const lines = text.split('\n').filter((line) => line.includes('evil'));
  expect(lines.every((line) => /^\s*(?:#|\/\/)/.test(line))).toBe(true);
});

test('the servers by name', () => {
  expect(SERVERS.every(isElsewhereServer)).toBe(true);
  expect(['all', 'toString', ''].some(isElsewhereServer)).toBe(false);
});

test('every expression for option 60 of our vendor files gives texts', () => {
  // The expressions of the four makes that unboxd began with, as their files have them.
  const sources = ['yealink', 'fanvil', 'flyingvoice', 'cisco'].flatMap((vendor) => {
    const file = readFileSync(`config/vendors/${vendor}.yaml`, 'utf8');
    const block = /^ {2}option60:\n((?: {4}.*\n)+)/m.exec(file)?.[1] ?? '';
    return [...block.matchAll(/^ {4}- (['"])(.*?)\1/gm)].map((found) => found[2] ?? '');
  });
  expect(sources.length).toBeGreaterThan(3);
  expect(sources.filter((source) => classTexts(source) === undefined)).toEqual([]);
});

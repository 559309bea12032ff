import { describe, expect, test } from 'vitest';
import {
  macInUri,
  parseHostPort,
  parseNameAddr,
  parseParams,
  parseUri,
  parseVia,
  showUri,
  splitOutside,
  trimmed,
} from '../../src/sip/uri.ts';
import { peer } from './stage.ts';

test.each([
  { uri: 'sip:MAC001565f4f9e1@224.0.1.75', mac: '001565f4f9e1' },
  { uri: 'sip:MAC%3a0004132E08B4@lan', mac: '0004132e08b4' },
  { uri: 'sip:MAC%3AC074AD112233@224.0.1.75', mac: 'c074ad112233' },
  { uri: 'sip:MAC:0015654093A7@224.0.1.75', mac: '0015654093a7' },
  { uri: 'sip:MAC=00304fa99948@224.0.1.75', mac: '00304fa99948' },
  { uri: 'sip:MAC= 00304fa99948@224.0.1.75', mac: '00304fa99948' },
  { uri: 'sip:MAC 001565f4f9e1@224.0.1.75', mac: '001565f4f9e1' },
  { uri: 'sip:MAC%20001565f4f9e1@224.0.1.75', mac: '001565f4f9e1' },
  { uri: 'sip:mac:00:15:65:f4:f9:e1@224.0.1.75', mac: '001565f4f9e1' },
  { uri: 'sip:MAC%3a00-15-65-F4-F9-E1@224.0.1.75', mac: '001565f4f9e1' },
  { uri: 'sips:MAC001565f4f9e1@h', mac: '001565f4f9e1' },
  { uri: 'sip:224.0.1.75:5060', mac: undefined },
  { uri: 'sip:512@10.1.0.90', mac: undefined },
  { uri: 'sip:001565f4f9e1@224.0.1.75', mac: undefined },
  { uri: 'sip:MAC001565f4f9e@224.0.1.75', mac: undefined },
  { uri: 'sip:MAC001565f4f9e11@224.0.1.75', mac: undefined },
  { uri: 'sip:MAC001565f4f9ez@224.0.1.75', mac: undefined },
  { uri: 'sip:MAC%00001565f4f9e1@h', mac: undefined },
  { uri: 'sip:MAC000000000000@h', mac: undefined },
  { uri: 'sip:MACffffffffffff@h', mac: undefined },
  { uri: `sip:MAC${' '.repeat(9000)}001565f4f9e1@h`, mac: undefined },
  { uri: '', mac: undefined },
])('the MAC in $uri is $mac', ({ uri, mac }) => {
  expect(macInUri(uri)).toBe(mac);
});

describe('parseUri', () => {
  test.each([
    ['sip:10.1.0.9', { scheme: 'sip', host: '10.1.0.9', user: undefined }],
    ['SIPS:a@b.example:5061;transport=tls', { scheme: 'sips', user: 'a', host: 'b.example', port: 5061 }],
    ['sip:a:secret@b', { user: 'a:secret', host: 'b' }],
    ['sip:a;x=y?z@b', { user: 'a;x=y?z', host: 'b', headers: undefined }],
    ['sip:[fd00::1]:5070', { host: '[fd00::1]', port: 5070 }],
    ['sip:b?Route=%3Csip:c%3E', { host: 'b', headers: 'Route=%3Csip:c%3E' }],
  ])('%s', (text, parts) => {
    expect(parseUri(text)).toMatchObject(parts);
  });

  test.each([
    'tel:+49',
    'urn:uuid:1',
    'sip:',
    'sip:a@',
    'sip:h:0',
    'sip:h:70000',
    'sip:h:x',
    'sip:[::1',
    'nothing',
  ])('%s is none', (text) => {
    expect(parseUri(text)).toBeUndefined();
  });

  test('its parameters are its own', () => {
    expect(parseUri('sip:a@b;transport=TCP;lr')?.params).toEqual(
      new Map([
        ['transport', 'TCP'],
        ['lr', ''],
      ]),
    );
  });
});

describe('parseNameAddr', () => {
  test.each([
    ['<sip:a@b;x=1>;tag=2', 'sip:a@b;x=1', '2'],
    ['sip:a@b;tag=2', 'sip:a@b', '2'],
    ['"Quoted; \\"<name>\\"" <sip:a@b> ; TAG = 2', 'sip:a@b', '2'],
    ['Two Words <sip:a@b>', 'sip:a@b', undefined],
    ['< sip:a@b >', 'sip:a@b', undefined],
  ])('%s', (text, uri, tag) => {
    const read = parseNameAddr(text);
    expect([read?.uri, read?.params.get('tag')]).toEqual([uri, tag]);
  });

  test.each([
    '',
    'nobody',
    '"sip:a@b"',
    '"<sip:a@b>"',
    '<sip:a@b',
    '<sip:a@b> c',
    '<<sip:a@b>>',
    '"a <sip:a@b>',
    '<>',
  ])('%j is none', (text) => {
    expect(parseNameAddr(text)).toBeUndefined();
  });
});

test('parameters: quotes come off, names go small, the first of a name counts', () => {
  const read = parseParams(' UA-Profile ; a="x;\\"y\\\\" ;B = two;b=3;flag; ;=lost;c=""');
  expect(read?.value).toBe('UA-Profile');
  expect([...(read?.params ?? [])]).toEqual([
    ['a', 'x;"y\\'],
    ['b', 'two'],
    ['flag', ''],
    ['c', ''],
  ]);
});

test('names from the object prototype are nothing special', () => {
  expect(parseParams('x;__proto__=1;constructor=2')?.params.get('__proto__')).toBe('1');
  expect(parseParams('x')?.params.get('constructor')).toBeUndefined();
});

test.each<[string, readonly string[] | undefined]>([
  ['a,b', ['a', 'b']],
  ['"a,b",<c,d>,e', ['"a,b"', '<c,d>', 'e']],
  ['"\\",",x', ['"\\","', 'x']],
  ['', ['']],
  ['"a', undefined],
  ['"a\\', undefined],
  ['"a\\"', undefined],
  ['<a', undefined],
])('splitOutside cuts %j', (text, parts) => {
  expect(splitOutside(text, ',')).toEqual(parts);
});

test.each([
  ['SIP/2.0/UDP 10.1.0.9:5059;branch=z9hG4bK1;rport', { transport: 'UDP', host: '10.1.0.9', port: 5059 }],
  ['SIP / 2.0 / TCP   h.example : 5070 ;x', { transport: 'TCP', host: 'h.example', port: 5070 }],
  ['sip/2.0/udp h', { transport: 'udp', host: 'h' }],
  ['SIP/2.0/UDP h:0;branch=z', { transport: 'UDP', host: 'h' }],
])('parseVia reads %s', (text, via) => {
  expect(parseVia(text)).toMatchObject(via);
});

test.each([
  '',
  'SIP/2.0/UDP',
  'SIP/2.0/UDP ;x',
  'SIP/2.0 h',
  'SIP/1.0/UDP h',
  'SIP/2.0/UDP h i',
  'SIP/2.0/UDP h;a="',
])('parseVia refuses %j', (text) => {
  expect(parseVia(text)).toBeUndefined();
});

test.each(['h:', 'h:0', 'h:65536', 'a b', '', '[::1', 'h:1:2', 'h_\u00e9'])(
  'parseHostPort refuses %j',
  (text) => {
    expect(parseHostPort(text)).toBeUndefined();
  },
);

test.each([
  { user: undefined, uri: 'sip:10.1.0.9:5059' },
  { user: 'alice', uri: 'sip:alice@10.1.0.9:5059' },
  { user: '+49 30', uri: 'sip:+49%2030@10.1.0.9:5059' },
  { user: 'a@b\r\nVia: c', uri: 'sip:a%40b%0D%0AVia%3A%20c@10.1.0.9:5059' },
  { user: '\u00e9', uri: 'sip:%C3%A9@10.1.0.9:5059' },
])('showUri writes $uri', ({ user, uri }) => {
  expect(showUri(peer('10.1.0.9:5059'), user)).toBe(uri);
});

test('trimmed takes blanks and tabs, and no bytes of letters', () => {
  expect(trimmed(' \t a\u00a0 \t')).toBe('a\u00a0');
  expect(trimmed(' \t ')).toBe('');
});

// The table of options: by number, by name, by other people's names.
import { expect, test } from 'vitest';
import { OPTIONS, optionCodeOf, optionName } from '../../src/base/dhcp-options.ts';

test('the table names all of RFC 2132, and no two options alike', () => {
  const codes = Array.from({ length: 76 }, (_, index) => index + 1);
  expect(codes.filter((code) => OPTIONS[code] === undefined)).toEqual([]);
  const names = Object.values(OPTIONS).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(
    Object.keys(OPTIONS)
      .map(Number)
      .every((code) => code >= 1 && code <= 254),
  ).toBe(true);
});

test('a name leads back to its code, and so does every number', () => {
  for (let code = 1; code <= 254; code += 1) {
    expect(optionCodeOf(optionName(code))).toBe(code);
    expect(optionCodeOf(String(code))).toBe(code);
  }
  expect(optionName(66)).toBe('tftp-server-name');
  expect(optionName(199)).toBe('option-199');
});

test.each([
  ['tftp-server', 66],
  ['TFTP-Server-Name', 66],
  [' ntp ', 42],
  ['ntp-servers', 42],
  ['dns', 6],
  ['domain_name_servers', 6],
  ['routers', 3],
  ['bootfile', 67],
  ['mtu', 26],
  ['vendor-class-identifier', 60],
  ['vendor-encapsulated-options', 43],
  ['voip-tftp-server', 150],
  ['sip-server', 120],
  ['vlan', 132],
  ['6rd', 212],
  ['option-160', 160],
  ['043', 43],
])('%s is option %i', (name, code) => {
  expect(optionCodeOf(name)).toBe(code);
});

test.each(['', '0', '255', '256', '1000', '6.5', '-1', '0x42', 'tftp server', 'constructor', '__proto__'])(
  '"%s" is none',
  (name) => {
    expect(optionCodeOf(name)).toBeUndefined();
  },
);

import { expect, test } from 'vitest';
import { parseMac } from '../../src/base/mac.ts';
import { cleanName, macInName, nameFromBytes, resolve } from '../../src/files/resolve.ts';
import type { Phone } from '../../src/phones/phone.ts';
import { catalogue } from '../fakes/vendors.ts';

const phone = (mac: string, vendor: string | undefined, model?: string): Phone => ({
  mac: parseMac(mac) ?? expect.fail(mac),
  clues: new Map(),
  identity: { vendor, model, by: '', conflicts: [] },
});
const acmePhone = phone('02ac3e000001', 'acme', 'A10');

test.each([
  { asked: '/02ac3e000001.cfg', clean: '02ac3e000001.cfg' },
  { asked: '//a//b.cfg', clean: 'a/b.cfg' },
  { asked: 'folder\\file.cfg', clean: 'folder/file.cfg' },
  { asked: 'folder/', clean: 'folder' },
  { asked: '%2e%2e/x', clean: '%2e%2e/x' },
  { asked: 'T46S/../y000000000066.cfg', clean: 'y000000000066.cfg' },
  { asked: '/a/b/../../c/./d', clean: 'c/d' },
])('the name $asked is read as $clean', ({ asked, clean }) => {
  expect(cleanName(asked)).toEqual({ ok: true, value: clean });
});

test.each([
  '../etc/passwd',
  'a/../../x',
  '../../x',
  '../../../../x/y',
  '..\\x',
  '/etc/../../x',
  'a/../.hidden',
  'a/..',
  '.hidden',
  'a/.git/config',
  '',
  '/',
  '.',
  'a\u0000b',
  'a\nb',
  'x'.repeat(600),
])('the name %j is refused', (asked) => {
  expect(cleanName(asked).ok).toBe(false);
});

test('a name is UTF-8 where it can be, Latin-1 else', () => {
  expect(nameFromBytes(Buffer.from('grün.cfg'))).toBe('grün.cfg');
  expect(nameFromBytes(Uint8Array.of(0xfc, 0x2e))).toBe('ü.');
});

test.each([
  { name: '02ac3e000001.cfg', mac: '02ac3e000001' },
  { name: 'x/02-AC-3E-00-00-01-contact.xml', mac: '02ac3e000001' },
  { name: 'logs-02ac3e000001.txt', mac: '02ac3e000001' },
  // A common file with twelve digits is no MAC, neither are longer words.
  { name: 'a000000000010.cfg', mac: undefined },
  { name: 'fw02ac3e000001ab.rom', mac: undefined },
  { name: '000000000000.cfg', mac: undefined },
])('the MAC in $name is $mac', ({ name, mac }) => {
  expect(macInName(catalogue, name)).toBe(mac);
});

test.each([
  { when: 'its own file', name: '02ac3e000001.cfg', gives: 'render', tells: '02ac3e000001.cfg', role: 'own' },
  {
    when: 'its own file in upper case',
    name: '02AC3E000001.CFG',
    gives: 'render',
    tells: '02ac3e000001.cfg',
    role: 'own',
  },
  {
    when: 'the common file of its model',
    name: 'a0010.cfg',
    gives: 'render',
    tells: 'a000010.cfg',
    role: 'common',
  },
  {
    when: 'a boot file that hides others',
    name: '02ac3e000001.boot',
    gives: 'left-out-on-purpose',
    tells: '02ac3e000001.boot',
    role: 'boot',
  },
  {
    when: 'an optional file',
    name: '02ac3e000001-local.cfg',
    gives: 'optional-file',
    tells: '02ac3e000001-local.cfg',
    role: 'optional',
  },
  {
    when: 'something else',
    name: 'ringtone.wav',
    gives: 'no-such-file',
    tells: 'ringtone.wav',
    role: 'other',
  },
])('a phone that asks for $when gets: $gives', ({ name, gives, tells, role }) => {
  const plan = resolve({ name, phone: acmePhone, catalogue });
  if (!('statics' in plan)) throw new Error(plan.because);
  expect(plan.otherwise.kind === 'render' ? 'render' : plan.otherwise.because).toBe(gives);
  expect([plan.name, plan.role]).toEqual([tells, role]);
  expect(plan.statics[0]).toBe(name);
});

test.each(['02ac3e000002.cfg', '02AC3E000002.cfg', 'backup/02ac3e000002.txt'])(
  'nobody gets %s of another phone',
  (name) => {
    expect(resolve({ name, phone: acmePhone, catalogue })).toEqual({
      kind: 'refuse',
      because: 'file-of-another-phone',
    });
  },
);

test('who is unknown gets no rendered file, and the same name means another file to another make', () => {
  const plan = resolve({ name: 'a000000.cfg', phone: undefined, catalogue });
  expect('statics' in plan && plan.otherwise).toEqual({ kind: 'refuse', because: 'unknown-phone' });
  const forBolt = resolve({ name: 'a000000.cfg', phone: phone('02b017000001', 'bolt'), catalogue });
  expect('statics' in forBolt && forBolt.role).toBe('common');
});

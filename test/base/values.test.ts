import { expect, test } from 'vitest';
import { ByteReader, ByteWriter, caught, printable } from '../../src/base/bytes.ts';
import { fill, placeholdersOf } from '../../src/base/fill.ts';
import {
  broadcastOf,
  isWithin,
  maskOf,
  parseIpv4,
  parseSubnet,
  showIpv4,
  showSubnet,
} from '../../src/base/ipv4.ts';
import { isUnusableMac, macFromBytes, parseMac, showMac } from '../../src/base/mac.ts';
import { parseDuration, roughly, showBytes, showDuration } from '../../src/base/units.ts';

test.each([
  { written: '00:15:65:AA:bb:cc', hex: '001565aabbcc' },
  { written: '00-15-65-aa-bb-cc', hex: '001565aabbcc' },
  { written: '0015.65aa.bbcc', hex: '001565aabbcc' },
  { written: '001565aabbcc ', hex: '001565aabbcc' },
  { written: '001565aabbc', hex: undefined },
  { written: '001565aabbcg', hex: undefined },
  { written: '', hex: undefined },
])('the MAC $written is read as $hex', ({ written, hex }) => {
  expect(parseMac(written)).toBe(hex);
});

test('a MAC is shown as on the label of the box', () => {
  const mac = macFromBytes(Uint8Array.of(0, 0x15, 0x65, 0xaa, 0xbb, 0xcc, 0, 0));
  expect(mac && showMac(mac)).toBe('00:15:65:aa:bb:cc');
  expect(macFromBytes(Uint8Array.of(1, 2, 3))).toBeUndefined();
});

test.each([
  { text: '000000000000', unusable: true },
  { text: '01005e000001', unusable: true },
  { text: 'ffffffffffff', unusable: true },
  { text: '02ac3e000001', unusable: false },
])('whether $text can be a phone: $unusable', ({ text, unusable }) => {
  const mac = parseMac(text);
  expect(mac && isUnusableMac(mac)).toBe(unusable);
});

test.each(['10.20.0.1', '0.0.0.0', '255.255.255.255', '192.168.1.254'])(
  'the address %s comes back as written',
  (text) => {
    const address = parseIpv4(text);
    expect(address === undefined ? undefined : showIpv4(address)).toBe(text);
  },
);

test.each(['0x7f.1', '127.1', '10.20.0.256', '10.20.0', '10.20.0.1/24', '010.020.0.1x', ''])(
  '%s is no address',
  (text) => {
    expect(parseIpv4(text)).toBeUndefined();
  },
);

test.each([
  {
    text: '10.20.1.7/22',
    network: '10.20.0.0/22',
    last: '10.20.3.255',
    inside: '10.20.3.9',
    outside: '10.20.4.0',
  },
  {
    text: '192.0.2.1/24',
    network: '192.0.2.0/24',
    last: '192.0.2.255',
    inside: '192.0.2.0',
    outside: '192.0.3.1',
  },
  {
    text: '198.51.100.9/32',
    network: '198.51.100.9/32',
    last: '198.51.100.9',
    inside: '198.51.100.9',
    outside: '198.51.100.8',
  },
])('the subnet $text', ({ text, network, last, inside, outside }) => {
  const subnet = parseSubnet(text);
  const [within, without] = [parseIpv4(inside), parseIpv4(outside)];
  if (subnet === undefined || within === undefined || without === undefined)
    throw new Error('the table is wrong');
  expect(showSubnet(subnet)).toBe(network);
  expect(showIpv4(broadcastOf(subnet))).toBe(last);
  expect([isWithin(subnet, within), isWithin(subnet, without)]).toEqual([true, false]);
});

test('prefix lengths at both ends', () => {
  expect([maskOf(0), maskOf(32), maskOf(8)]).toEqual([0, 0xffffffff, 0xff000000]);
  expect(parseSubnet('10.0.0.0/33')).toBeUndefined();
});

test.each([
  { text: '500ms', ms: 500 },
  { text: '30s', ms: 30_000 },
  { text: '10m', ms: 600_000 },
  { text: '1h', ms: 3_600_000 },
  { text: '2d', ms: 172_800_000 },
])('$text is $ms ms and back', ({ text, ms }) => {
  expect(parseDuration(text)).toBe(ms);
  expect(showDuration(ms)).toBe(text);
});

test.each(['', '10', '1w', '-5s', '1.5h', 's'])('"%s" is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test('amounts for people', () => {
  expect([roughly(3200), roughly(59_000), roughly(240_000), roughly(7_200_000)]).toEqual([
    '3.2 s',
    '59 s',
    '4 min',
    '2 h',
  ]);
  expect([showBytes(512), showBytes(70_000), showBytes(16_000_000)]).toEqual(['512 bytes', '70 kB', '16 MB']);
});

test('placeholders: widths, forms, and those that nobody fills', () => {
  expect(fill('y{number:12}.cfg', { number: '66' })).toEqual({ text: 'y000000000066.cfg', unknown: [] });
  expect(fill('{mac:colons} {mac:dashes}', { mac: '0015aa' }).text).toBe('00:15:aa 00-15-aa');
  expect(fill('{mac}-{nobody}', { mac: 'x' })).toEqual({ text: 'x-{nobody}', unknown: ['nobody'] });
  for (const [url, parts] of [
    ['http://10.20.0.1/', '10.20.0.1 80 <>'],
    ['https://a.example:8443/x/y/', 'a.example 8443 </x/y>'],
    ['tftp://u:p@10.20.0.1', '10.20.0.1 69 <>'],
    ['no url', 'no url no url <no url>'],
  ]) {
    expect(fill('{url:host} {url:port} <{url:folder}>', { url }).text).toBe(parts);
  }
  expect(placeholdersOf('a{b}c{d:3}')).toEqual(['b', 'd']);
});

test('a reader never reads past the end, and says where it stood', () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3));
  expect(reader.u16()).toBe(0x0102);
  const read = caught(() => reader.u16());
  expect(read.ok ? undefined : [read.error.code, read.error.at]).toEqual(['overrun', 2]);
  expect(caught(() => reader.text()).ok).toBe(false);
});

test('a writer grows, and what it wrote is read back', () => {
  const bytes = new ByteWriter(1).u8(7).u16(0x1234).u32(0xdeadbeef).zeros(2).run(Uint8Array.of(9)).done();
  const reader = new ByteReader(bytes);
  expect([reader.u8(), reader.u16(), reader.u32(), reader.u16(), reader.u8(), reader.left]).toEqual([
    7, 0x1234, 0xdeadbeef, 0, 9, 0,
  ]);
});

test('an error that is not about bytes passes through', () => {
  expect(() =>
    caught(() => {
      throw new TypeError('a mistake of ours');
    }),
  ).toThrow(TypeError);
});

test('text of peers cannot move the cursor of a terminal', () => {
  expect(printable('a\u001b[2Jb\nc')).toBe('a\\x1b[2Jb\\x0ac');
  expect(printable('x'.repeat(200))).toHaveLength(121);
});

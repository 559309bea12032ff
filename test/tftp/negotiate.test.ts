import { expect, test } from 'vitest';
import { fromLatin1 } from '../../src/base/bytes.ts';
import { ETHERNET, negotiate } from '../../src/tftp/negotiate.ts';
import { toNetascii } from '../../src/tftp/netascii.ts';

test.each([
  { asked: [['blksize', '0']], acknowledged: [], blksize: 512 },
  { asked: [['blksize', '7']], acknowledged: [], blksize: 512 },
  { asked: [['blksize', '8']], acknowledged: [['blksize', '8']], blksize: 8 },
  { asked: [['blksize', '511']], acknowledged: [['blksize', '511']], blksize: 511 },
  { asked: [['blksize', '1432']], acknowledged: [['blksize', '1432']], blksize: 1432 },
  { asked: [['blksize', '65464']], acknowledged: [['blksize', '1468']], blksize: 1468 },
  { asked: [['blksize', '65465']], acknowledged: [], blksize: 512 },
  { asked: [['blksize', '99999999999']], acknowledged: [], blksize: 512 },
  { asked: [['blksize', '-5']], acknowledged: [], blksize: 512 },
  { asked: [['blksize', '512x']], acknowledged: [], blksize: 512 },
  { asked: [['blksize', '']], acknowledged: [], blksize: 512 },
  { asked: [['BlkSize', '1024']], acknowledged: [['BlkSize', '1024']], blksize: 1024 },
  {
    asked: [
      ['blksize', '600'],
      ['BLKSIZE', '700'],
    ],
    acknowledged: [['blksize', '600']],
    blksize: 600,
  },
  { asked: [['tsize', '99']], acknowledged: [['tsize', '70000']], blksize: 512 },
  { asked: [['timeout', '0']], acknowledged: [], blksize: 512 },
  { asked: [['timeout', '255']], acknowledged: [['timeout', '255']], blksize: 512 },
  { asked: [['timeout', '256']], acknowledged: [], blksize: 512 },
  { asked: [['windowsize', '65535']], acknowledged: [['windowsize', '64']], blksize: 512 },
  { asked: [['windowsize', '0']], acknowledged: [], blksize: 512 },
  { asked: [['multicast', '']], acknowledged: [], blksize: 512 },
  {
    asked: [
      ['tsize', '0'],
      ['blksize', '512'],
      ['timeout', '5'],
    ],
    acknowledged: [
      ['tsize', '70000'],
      ['blksize', '512'],
      ['timeout', '5'],
    ],
    blksize: 512,
  },
])('$asked is answered $acknowledged', ({ asked, acknowledged, blksize }) => {
  const options = asked.map(([name = '', value = '']) => ({ name, value }));
  const got = negotiate({ options, size: 70_000, limits: ETHERNET });
  expect(got.acknowledged.map(({ name, value }) => [name, value])).toEqual(acknowledged);
  expect(got.settings.blksize).toBe(blksize);
});

test('the size of an empty file is not told', () => {
  const options = [{ name: 'tsize', value: '0' }];
  expect(negotiate({ options, size: 0, limits: ETHERNET }).acknowledged).toEqual([]);
});

test.each([
  { what: 'a line', text: 'a\nb', netascii: 'a\r\nb' },
  { what: 'a bare CR', text: 'b\rc', netascii: 'b\r\0c' },
  { what: 'CR and LF', text: 'c\r\n', netascii: 'c\r\0\r\n' },
  { what: 'no line at all', text: 'abc', netascii: 'abc' },
  { what: 'nothing', text: '', netascii: '' },
])('netascii of $what', ({ text, netascii }) => {
  expect(Buffer.from(toNetascii(fromLatin1(text))).toString('latin1')).toBe(netascii);
});

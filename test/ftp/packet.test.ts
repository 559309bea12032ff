// Command lines and replies byte by byte, in whatever segments they come.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  encodeReply,
  type Heard,
  NOTHING_READ,
  parseExtended,
  parseHostPort,
  readCommands,
  showHostPort,
} from '../../src/ftp/packet.ts';
import { folderFrom, nameFrom } from '../../src/ftp/paths.ts';
import { fromWire, toWire } from '../../src/ftp/text.ts';
import { at } from './kit.ts';

function heardIn(segments: readonly Uint8Array[]): readonly Heard[] {
  let reading = NOTHING_READ;
  return segments.flatMap((segment) => {
    const { next, heard } = readCommands(reading, segment);
    reading = next;
    return heard;
  });
}

const segments = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });

test('any bytes in any segments give the same as in one, and never throw', () => {
  fc.assert(
    fc.property(segments, (parts) => {
      expect(heardIn(parts)).toEqual(heardIn([Uint8Array.from(Buffer.concat(parts))]));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['RETR a b \r\n', { verb: 'RETR', argument: 'a b ' }],
  ['retr x\n', { verb: 'RETR', argument: 'x' }],
  ['PWD\r\n', { verb: 'PWD', argument: '' }],
  ['RETR ä€\r\n', { verb: 'RETR', argument: 'ä€' }],
  ['RETR a\0b\r\n', { verb: 'RETR', argument: 'ab' }],
  ['\r\n', { verb: '', argument: '' }],
])('%j is a command', (text, command) => {
  expect(heardIn([Buffer.from(text)])).toEqual([{ kind: 'command', ...command }]);
});

test('a reply has one line, or says where it ends, whatever is in it', () => {
  expect(Buffer.from(encodeReply(200, 'a\r\nb')).toString()).toBe('200 a??b\r\n');
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }), (lines) => {
      const text = Buffer.from(encodeReply(211, lines)).toString();
      expect(text.split('\r\n')).toHaveLength(lines.length + 1);
      expect(text.split('\r\n').filter((line) => /^211 /.test(line))).toHaveLength(1);
      expect(text.split('\r\n').at(-2)).toMatch(/^211 /);
    }),
  );
});

test('PORT and EPRT read what is written, and nothing else', () => {
  const there = { address: at('10.99.0.50'), port: 1930 };
  expect(parseHostPort('10,99,0,50,7,138')).toEqual(there);
  expect(showHostPort(there)).toBe('10,99,0,50,7,138');
  expect(parseExtended('|1|10.99.0.50|1930|')).toEqual(there);
  expect(parseExtended('!1!10.99.0.50!1930!')).toEqual(there);
  for (const text of [
    '',
    '|1|10.99.0.50|1930',
    '|1|10.99.0|1|',
    '|1|0x0a.99.0.50|19|',
    '|1||19|',
    'x'.repeat(4000),
  ])
    expect(parseExtended(text)).toBeUndefined();
  expect(parseExtended('|2|::1|80|')).toBe('other-protocol');
});

test('no path leads above the root without saying so', () => {
  const part = fc.constantFrom('..', '.', 'a', '', '...', 'b\\..', '\\', ' ');
  fc.assert(
    fc.property(fc.array(part), fc.array(part), (standing, path) => {
      const folder = folderFrom(folderFrom('/', standing.join('/')), path.join('/'));
      expect(folder.split('/')).not.toContain('..');
      expect(folder).toMatch(/^\//);
      // Where a name climbs out, `..` is what it begins with: the desk refuses it.
      expect(nameFrom(folder, path.join('/'))).toMatch(/^(?:(?:\.\.\/)*\.\.|(?!.*\/\.\.(?:\/|$)).*)/s);
    }),
  );
});

test('texts come back from the wire as they went, in any segments', () => {
  const line = fc.constantFrom('\n', 'a', 'bc', '');
  fc.assert(
    fc.property(fc.array(line), fc.integer({ min: 1, max: 5 }), (lines, size) => {
      const content = Buffer.from(lines.join(''));
      const wire = toWire(content);
      expect(Buffer.from(wire).toString()).toBe(lines.join('').replaceAll('\n', '\r\n'));
      const plain = fromWire();
      const back: Uint8Array[] = [];
      for (let from = 0; from < wire.length; from += size) back.push(plain(wire.subarray(from, from + size)));
      expect(Buffer.concat([...back, plain(undefined)])).toEqual(content);
    }),
  );
});

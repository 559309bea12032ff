// Files as their phones can read them, and what is wrong with others.
import { expect, test } from 'vitest';
import { fileMistakes } from '../../src/files/lint.ts';
import { xmlMistake } from '../../src/files/xml.ts';
import { vendor } from '../phones/kit.ts';

test.each([
  {
    what: 'a profile',
    text: '<?xml version="1.0"?>\n<!-- x -->\n<flat-profile>\n<A ua="na">1 &amp; 2</A>\n<B/>\n</flat-profile>\n',
  },
  { what: 'CDATA', text: '<a><![CDATA[ < & > ]]></a>' },
  { what: 'character references', text: "<a b='&#9;&#x41;'>&lt;</a>" },
])('well-formed: $what', ({ text }) => {
  expect(xmlMistake(text)).toBe(undefined);
});

test.each([
  { text: '<a>\n<b>\n</a>', line: 3, says: '</a> where </b> is due' },
  { text: '<a>\nR & D</a>', line: 1, says: 'a bare &' },
  { text: '<a>\n</a>\n</a>', line: 3, says: '</a> closes nothing' },
  { text: '<a></a>\n<b></b>', line: 2, says: '<b> stands beside the outermost element' },
  { text: '<a>\n\n', line: 3, says: '<a> is not closed' },
  { text: '\n', line: 2, says: 'there is no element' },
  { text: '<a></a>\nx', line: 1, says: 'text outside of the outermost element' },
  { text: '<a>1 < 2</a>', line: 1, says: 'this is no tag: < 2</a>' },
  { text: '<a b=c></a>', line: 1, says: 'this is no tag: <a b=c>' },
  { text: '<a b="1" b="2"/>', line: 1, says: 'the attribute b stands twice' },
  { text: '<a b="x & y"/>', line: 1, says: 'a bare & in the attribute b' },
  { text: '<!DOCTYPE a><a/>', line: 1, says: 'this is no tag: <!DOCTYPE a>' },
  { text: '<a><!-- x</a>', line: 1, says: 'this is no tag: <!-- x' },
])('not well-formed: $text', ({ text, line, says }) => {
  expect(xmlMistake(text)).toMatchObject({ line });
  expect(xmlMistake(text)?.message).toContain(says);
});

test('a long text that is not closed is read once', () => {
  const began = performance.now();
  expect(xmlMistake(`<a>${'<!--'.repeat(200_000)}`)?.message).toContain('this is no tag');
  expect(xmlMistake(`<a ${'b="1" '.repeat(100_000)}`)?.message).toContain('this is no tag');
  expect(performance.now() - began).toBeLessThan(2000);
});

const there = async (name: string) => await Promise.resolve(name === 'y000000000066.cfg');

test.each([
  { maker: 'yealink', text: '#!version:1.0.0.1\n# x\n\naccount.1.enable = 1\n', says: [] },
  {
    maker: 'yealink',
    text: '\n#!version:1.0.0.1\n',
    says: ['1 the first line must begin with #!version:1.0.0.1'],
  },
  {
    maker: 'yealink',
    text: '#!version:1.0.0.1\nlabel = a\nb and c\n',
    says: ['3 no phone reads this line: b and c'],
  },
  {
    maker: 'yealink',
    text: '#!version:1.0.0.1\ninclude:config "y000000000066.cfg"\ninclude:config <http://other/x.cfg>\n',
    says: [],
  },
  {
    maker: 'yealink',
    text: '#!version:1.0.0.1\ninclude:config "gone.cfg"\n',
    says: ['2 it names gone.cfg, which is not served'],
  },
  { maker: 'flyingvoice', text: '#!version:1.0.0.1\nx.y = 1\nz\n', says: ['3 no phone reads this line: z'] },
  {
    maker: 'fanvil',
    text: '<<VOIP CONFIG FILE>>Version:2.0000000001\n\n<SIP CONFIG MODULE>\n--SIP Line List--  :\nSIP1 Phone Number  :1\n\n<<END OF FILE>>\n',
    says: [],
  },
  {
    maker: 'fanvil',
    text: '<<VOIP CONFIG FILE>>Version:2.1\nnonsense\n',
    says: ['2 no phone reads this line: nonsense'],
  },
  {
    maker: 'cisco',
    text: '<flat-profile>\n<A>R & D</A>\n</flat-profile>\n',
    says: ['2 a bare & (write &amp;, or use "| escape")'],
  },
])('$maker: $says', async ({ maker, text, says }) => {
  const mistakes = await fileMistakes(vendor(maker), text, there);
  expect(mistakes.map(({ line, message }) => `${line} ${message}`)).toEqual(says);
});

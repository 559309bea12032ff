// Files as their phones can read them, and what is wrong with others.
import { describe, expect, test } from 'vitest';
import { fileMistakes } from '../../src/files/lint.ts';
import { parseTemplate, render } from '../../src/files/render.ts';
import { holdsSecrets } from '../../src/files/secrets.ts';
import { xmlMistake } from '../../src/files/xml.ts';
import { matchFile } from '../../src/phones/files.ts';
import { growthOf, MUCH_GROWTH } from '../fakes/effort.ts';
import { read, vendor } from '../phones/kit.ts';

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
  for (const part of ['<a>|<!--', '<a |b="1" ']) {
    const [head = '', more = ''] = part.split('|');
    const mistakeIn = (size: number) => {
      const text = head + more.repeat(size);
      expect(xmlMistake(text)?.message).toContain('this is no tag');
      return () => xmlMistake(text);
    };
    expect(growthOf(mistakeIn, 5000), part).toBeLessThan(MUCH_GROWTH);
  }
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

/** Columns that a list may have, in forms that are awkward for one format or another. */
const COLUMNS = {
  label: 'Réception & Büro',
  extension: '101',
  sip_server: '10.20.0.5',
  sip_user: '101',
  sip_password: "s3cret'&<x>",
  sip_port: '5070',
  sip_auth: '101a',
  admin_password: '4711',
  user_password: '815',
};

const MAKES = ['poly', 'mitel', 'audiocodes', 'panasonic', 'avaya', 'vtech', 'spa'];
const STRANGER = {
  ...{ mac: '0200000000aa', model: 'x', server: '10.20.0.1', url: 'http://10.20.0.1/' },
  ...{ listed: false, label: '', extension: '' },
};

/** All files that a make's templates make. */
function filesOf(id: string, variables: Readonly<Record<string, unknown>>) {
  return vendor(id).files.flatMap(({ template, role }) => {
    if (template === undefined) return [];
    const parsed = parseTemplate(template, read(`config/templates/${id}/${template}`));
    const text = parsed.ok ? render(parsed.value, { vendor: id, ...variables }) : expect.fail(template);
    return [{ template, role, text: text.ok ? text.value : expect.fail(text.error.message) }];
  });
}

describe.each(MAKES)('what the templates of %s make', (id) => {
  const listed = { ...STRANGER, listed: true, ...COLUMNS };

  test('is what its phones read', async () => {
    const served = async (name: string) =>
      await Promise.resolve(matchFile(vendor(id), name)?.file.template !== undefined);
    for (const { template, text } of [...filesOf(id, STRANGER), ...filesOf(id, listed)])
      expect(await fileMistakes(vendor(id), text, served), template).toEqual([]);
  });

  test('is known for a secret when it holds a password, and only then', () => {
    const isSecret = (text: string) => holdsSecrets(Buffer.from(text), vendor(id));
    for (const { template, text } of filesOf(id, STRANGER)) expect(isSecret(text), template).toBe(false);
    for (const { template, role, text } of filesOf(id, listed))
      expect(isSecret(text), template).toBe(role === 'own');
  });
});

test('files for a Panasonic have lines that end in CR LF, and an empty one at the end', () => {
  for (const { template, text } of filesOf('panasonic', STRANGER)) {
    expect(text.endsWith('"\r\n\r\n'), template).toBe(true);
    expect(text.replaceAll('\r\n', ''), template).not.toMatch(/[\r\n]/);
  }
});

test.each([
  {
    maker: 'avaya',
    text: 'SET A 1\nLABEL = x\nGET other.cfg\n',
    says: ['2 no phone reads this line: LABEL = x', '3 it names other.cfg, which is not served'],
  },
  {
    maker: 'poly',
    text: '<?xml version="1.0"?>\n<APPLICATION CONFIG_FILES="x.cfg, site.cfg"/>\n',
    says: ['2 it names x.cfg, which is not served'],
  },
  {
    maker: 'panasonic',
    text: '# Panasonic SIP Phone Standard Format File #\r\nA="x"y"\r\n',
    says: ['2 no phone reads this line: A="x"y"'],
  },
  {
    maker: 'mitel',
    text: 'sip line1 user name 101\n',
    says: ['1 no phone reads this line: sip line1 user name 101'],
  },
])('a file of $maker with mistakes', async ({ maker, text, says }) => {
  const mistakes = await fileMistakes(vendor(maker), text, async () => await Promise.resolve(false));
  expect(mistakes.map(({ line, message }) => `${line} ${message}`)).toEqual(says);
});

// Whether a text is well-formed XML, as far as configuration files go: elements closed in order, attributes quoted,
// no bare & or <. No document type, for phones read none and it may make a small file large.

export interface XmlMistake {
  readonly message: string;
  readonly line: number;
}

const NAME = '[A-Za-z_:][\\w:.-]*';
const VALUE = `(?:"[^"<]*"|'[^'<]*')`;
/** A comment, CDATA section or declaration; a tag; text; or a bracket that begins none of these. */
const TOKEN = new RegExp(
  [
    '(?<aside><!--[\\s\\S]*?-->|<\\?[\\s\\S]*?\\?>)',
    '(?<cdata><!\\[CDATA\\[[\\s\\S]*?\\]\\]>)',
    `<(?<closes>/?)(?<name>${NAME})(?<attributes>(?:\\s+${NAME}\\s*=\\s*${VALUE})*)\\s*(?<empty>/?)>`,
    '(?<text>[^<]+)',
    '<',
  ].join('|'),
  'g',
);
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(${VALUE})`, 'g');
const BARE = /&(?!(?:lt|gt|amp|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)/;

/** What has been read so far. */
interface Reading {
  /** Elements that are not closed yet. */
  readonly open: string[];
  hasRoot: boolean;
}

type Groups = Readonly<Record<string, string | undefined>>;

/** The first mistake, or undefined when there is none. */
export function xmlMistake(text: string): XmlMistake | undefined {
  const reading: Reading = { open: [], hasRoot: false };
  for (const token of text.matchAll(TOKEN)) {
    const message = tokenMistake(reading, token.groups ?? {}, text.slice(token.index, token.index + 30));
    if (message !== undefined) return { message, line: lineAt(text, token.index) };
  }
  const last = reading.open.at(-1);
  if (last === undefined && reading.hasRoot) return undefined;
  return {
    message: last === undefined ? 'there is no element' : `<${last}> is not closed`,
    line: lineAt(text, text.length),
  };
}

function tokenMistake(reading: Reading, groups: Groups, start: string): string | undefined {
  if (groups['aside'] !== undefined) return undefined;
  if (groups['name'] !== undefined) return tagMistake(reading, groups, groups['name']);
  const said = groups['text'] ?? groups['cdata'];
  if (said === undefined) return `this is no tag: ${start.split('\n')[0]}`;
  if (reading.open.length === 0 && /[^\s\ufeff]/.test(said)) return 'text outside of the outermost element';
  return groups['text'] === undefined || !BARE.test(said)
    ? undefined
    : 'a bare & (write &amp;, or use "| escape")';
}

function tagMistake(reading: Reading, groups: Groups, name: string): string | undefined {
  const { open } = reading;
  if (groups['closes'] === '/') {
    const expected = open.pop();
    if (expected === name) return undefined;
    return expected === undefined ? `</${name}> closes nothing` : `</${name}> where </${expected}> is due`;
  }
  if (open.length === 0 && reading.hasRoot) return `<${name}> stands beside the outermost element`;
  reading.hasRoot = true;
  if (groups['empty'] !== '/') open.push(name);
  return attributeMistake(groups['attributes'] ?? '');
}

function attributeMistake(attributes: string): string | undefined {
  const seen = new Set<string>();
  for (const [, name = '', value = ''] of attributes.matchAll(ATTRIBUTE)) {
    if (seen.has(name)) return `the attribute ${name} stands twice`;
    if (BARE.test(value)) return `a bare & in the attribute ${name}`;
    seen.add(name);
  }
  return undefined;
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}

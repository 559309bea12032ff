// The forms of the names of a make's files as expressions, and what every name of such a form begins and ends with.
import type { Vendor } from './vendor.ts';

/** A form of a name. It begins and ends so, in lower case: most names are told apart by that alone. */
export interface NamePattern {
  readonly pattern: RegExp;
  readonly head: string;
  readonly tail: string;
  /** It holds more than a MAC: the model, or what stands for it. */
  readonly tells: boolean;
}

const MAC_FORM = '(?:[0-9a-f]{12}|[0-9a-f]{2}(?:[-:][0-9a-f]{2}){5})';
const PLACEHOLDER = /\{\w+(?::\w+)?\}/;

/** `y{number:12}.cfg` as a pattern: placeholders become named groups, the rest is literal. */
export function patternOf(vendor: Vendor, ask: string): NamePattern {
  const seen = new Set<string>();
  const source = ask
    .split(/(\{\w+(?::\w+)?\})/)
    .map((part) => {
      const name = /^\{(\w+)/.exec(part)?.[1];
      if (name === undefined) return literal(part);
      const group = name.toLowerCase() === 'mac' ? 'mac' : name;
      const form = group === 'mac' ? MAC_FORM : tokenForms(vendor, name);
      if (seen.has(group)) return `\\k<${group}>`;
      seen.add(group);
      return `(?<${group}>${form})`;
    })
    .join('');
  const parts = ask.toLowerCase().split(PLACEHOLDER);
  const pattern = new RegExp(`^${source}$`, 'i');
  return { pattern, head: parts[0] ?? '', tail: parts.at(-1) ?? '', tells: tells(pattern) };
}

/** What the last part of a name says by that form; null where it has another. `lower` is the same in lower case. */
export function readName(
  { pattern, head, tail }: NamePattern,
  last: string,
  lower: string,
): RegExpExecArray | null {
  return lower.startsWith(head) && lower.endsWith(tail) ? pattern.exec(last) : null;
}

/** An expression that a vendor file holds. */
export function likeOf(pattern: RegExp): NamePattern {
  return { pattern, tells: tells(pattern), ...endsOf(pattern.source) };
}

function tells({ source }: RegExp): boolean {
  return /\(\?<(?!mac>|[=!])/.test(source);
}

function tokenForms(vendor: Vendor, token: string): string {
  if (token === 'model') return '[\\w.-]+';
  const values = new Set(vendor.models.flatMap((model) => model.tokens[token] ?? []));
  // Longest first, so that no value hides a longer one that begins with it.
  const longest = [...values].sort((a, b) => b.length - a.length).map(literal);
  return longest.length === 0 ? '(?!)' : `0*(?:${longest.join('|')})`;
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** As much of it as is plain to see; nothing where the expression is a choice between wholes, or writes signs by number. */
function endsOf(source: string): Pick<NamePattern, 'head' | 'tail'> {
  const whole = /^\^(.*)\$$/.exec(source)?.[1];
  if (whole === undefined || isChoice(whole) || /\\[xuc\d]/.test(whole)) return { head: '', tail: '' };
  const head = /^(?:[\w-](?![*?{])|\\[.-](?![*?{]))*/.exec(whole)?.[0] ?? '';
  const tail = /(?:(?<!\\)[\w-]|\\[.-])*$/.exec(whole)?.[0] ?? '';
  return { head: plain(head), tail: plain(tail) };
}

function isChoice(source: string): boolean {
  let depth = 0;
  for (const sign of source.replaceAll(/\\.|\[(?:\\.|[^\]])*\]/g, '')) {
    if (sign === '(') depth += 1;
    else if (sign === ')') depth -= 1;
    else if (sign === '|' && depth === 0) return true;
  }
  return false;
}

function plain(source: string): string {
  return source.replaceAll('\\', '').toLowerCase();
}

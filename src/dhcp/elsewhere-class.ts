// Other DHCP servers compare option 60 with fixed text, ours with regular expressions. This finds the text with which
// everything must begin that fits an expression.

/** A text in option 60, without regard to case: at its begin (anchored) or anywhere. */
export interface ClassText {
  readonly text: string;
  readonly anchored: boolean;
}

/** Shorter than this and a class would catch devices of other makers. */
const SHORTEST = 3;
/** More than these and nobody would want to read the result. */
const MOST = 16;

/**
 * The texts of which one must be there wherever the expression fits. They may fit more than the expression does.
 * Undefined when there is no such text, or only one that is too short to tell anything.
 */
export function classTexts(source: string): readonly ClassText[] | undefined {
  const reader = new PatternReader(source);
  const texts: ClassText[] = [];
  do {
    const anchored = reader.takes('^');
    for (const { text } of sequence(reader)) texts.push({ text, anchored });
  } while (reader.takes('|'));
  if (!reader.isDone || texts.some(({ text }) => text.length < SHORTEST)) return undefined;
  return texts.filter(
    ({ text, anchored }, index) =>
      texts.findIndex((other) => other.text === text && other.anchored === anchored) === index,
  );
}

/** A way in which a fitting text may begin. Open: what follows is not known. */
interface Start {
  readonly text: string;
  readonly open: boolean;
}

const NOTHING: readonly Start[] = [{ text: '', open: false }];
const ANYTHING: readonly Start[] = [{ text: '', open: true }];

class PatternReader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  get isDone(): boolean {
    return this.#at >= this.#source.length;
  }

  /** Whether a branch ends here. */
  get atEnd(): boolean {
    return this.isDone || this.#source.startsWith('|', this.#at) || this.#source.startsWith(')', this.#at);
  }

  takes(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  take(pattern: RegExp): RegExpExecArray | null {
    const match = new RegExp(pattern.source, 'sy');
    match.lastIndex = this.#at;
    const found = match.exec(this.#source);
    if (found !== null) this.#at = match.lastIndex;
    return found;
  }
}

function branches(reader: PatternReader): readonly Start[] {
  const starts = [...sequence(reader)];
  while (reader.takes('|')) starts.push(...sequence(reader));
  return starts;
}

function sequence(reader: PatternReader): readonly Start[] {
  let starts = NOTHING;
  while (!reader.atEnd) starts = joined(starts, repeated(reader, atom(reader)));
  return starts;
}

function joined(before: readonly Start[], after: readonly Start[]): readonly Start[] {
  const starts = before.flatMap((start) =>
    start.open ? [start] : after.map(({ text, open }) => ({ text: start.text + text, open })),
  );
  // Too many ways: what was known before is still true.
  return starts.length > MOST ? before.map(opened) : starts;
}

function opened(start: Start): Start {
  return { ...start, open: true };
}

/** The starts of an atom with the quantifier after it. */
function repeated(reader: PatternReader, starts: readonly Start[]): readonly Start[] {
  const found = reader.take(/(?:([?*+])|\{(\d+)(,(\d*))?\})\??/);
  if (found === null) return starts;
  const [, sign, least = '', comma, most] = found;
  if (sign === '?') return [...NOTHING, ...starts];
  if (sign === '*') return [...NOTHING, ...starts.map(opened)];
  const times = sign === '+' ? 1 : Number(least);
  const exactly = sign !== '+' && (comma === undefined || most === least);
  if (times === 0) return exactly ? NOTHING : [...NOTHING, ...starts.map(opened)];
  let all = NOTHING;
  for (let count = 0; count < Math.min(times, MOST); count += 1) all = joined(all, starts);
  return exactly && times <= MOST ? all : all.map(opened);
}

function atom(reader: PatternReader): readonly Start[] {
  // Where, and not what: neither takes part of the text.
  if (reader.take(/[$^]|\\[bB]/) !== null) return NOTHING;
  if (reader.take(/\(\?<?[=!]/) !== null) return around(reader, NOTHING);
  if (reader.take(/\((?:\?:|\?<\w+>)?/) !== null) return around(reader);
  const set = reader.take(/\[((?:[^\]\\]|\\.)*)\]/)?.[1];
  if (set !== undefined) return oneOf(set);
  const escaped = reader.take(/\\(.)/)?.[1];
  // A letter or digit after a backslash stands for something else than itself.
  if (escaped !== undefined) return /\w/.test(escaped) ? ANYTHING : [{ text: escaped, open: false }];
  const [one = ''] = reader.take(/./) ?? [];
  return one === '.' ? ANYTHING : [{ text: one, open: false }];
}

/** A group, to its closing bracket; with `as`, whatever it holds. */
function around(reader: PatternReader, as?: readonly Start[]): readonly Start[] {
  const starts = branches(reader);
  reader.takes(')');
  return as ?? starts;
}

/** The characters of a set, when they are few and written one by one. */
function oneOf(set: string): readonly Start[] {
  const plain = set.replaceAll(/\\([^\w])/g, '$1');
  const isRange = /.-./.test(set);
  if (set.startsWith('^') || isRange || /\\\w/.test(set) || plain.length > 4) return ANYTHING;
  return [...plain].map((text) => ({ text, open: false }));
}

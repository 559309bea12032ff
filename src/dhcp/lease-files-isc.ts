// The lease file of ISC dhcpd (dhcpd.leases(5)): declarations in the language of its configuration.

/** A lease as it stands in the file; the last one of an address counts. */
export interface IscLease {
  readonly line: number;
  readonly address: string;
  readonly mac?: string | undefined;
  readonly hostname?: string | undefined;
  /** The state, where one is written; old files have none. */
  readonly state?: string | undefined;
  /** When it ends: seconds since 1970, or never; undefined: what stands there is no time. */
  readonly ends?: number | 'never' | undefined;
  /** The end as it is written. */
  readonly endsText?: string | undefined;
}

export interface IscLeases {
  readonly leases: readonly IscLease[];
  readonly mistakes: readonly IscMistake[];
}

interface IscMistake {
  readonly line: number;
  readonly message: string;
}

interface Token {
  readonly line: number;
  readonly kind: 'word' | 'text' | 'mark';
  readonly text: string;
}

/** Words and texts up to a semicolon, or up to the block that they head. */
interface Statement {
  readonly line: number;
  readonly words: readonly Token[];
  readonly block?: readonly Statement[] | undefined;
}

/** The form of the file is broken: what follows cannot be trusted. */
class BrokenFile extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** The lease declarations of a file, or where its form is broken. */
export function readIscDeclarations(text: string): IscLeases {
  try {
    const reading = { tokens: tokensOf(text), at: 0 };
    const leases: IscLease[] = [];
    while (reading.at < reading.tokens.length) {
      const { line, words, block } = statement(reading, 0);
      // Failover peers, groups, hosts and the server's own identifier are no leases.
      if (words[0]?.text === 'lease' && block !== undefined)
        leases.push({ line, address: words[1]?.text ?? '', ...factsOf(block) });
    }
    return { leases, mistakes: [] };
  } catch (error) {
    if (!(error instanceof BrokenFile)) throw error;
    return { leases: [], mistakes: [{ line: error.line, message: error.message }] };
  }
}

function tokensOf(text: string): readonly Token[] {
  const pattern = /(\n)|[^\S\n]+|#[^\n]*|"((?:[^"\\\n]|\\[^\n])*)"|([{};])|([^\s{};"#]+)/y;
  const tokens: Token[] = [];
  let line = 1;
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    const found = pattern.exec(text);
    if (found === null) throw new BrokenFile(line, 'a quote is opened and not closed in its line');
    const [, newline, quoted, mark, word] = found;
    if (newline !== undefined) line += 1;
    if (quoted !== undefined) tokens.push({ line, kind: 'text', text: unescaped(quoted) });
    if (mark !== undefined) tokens.push({ line, kind: 'mark', text: mark });
    if (word !== undefined) tokens.push({ line, kind: 'word', text: word });
  }
  return tokens;
}

/** dhcpd writes bytes that cannot be printed as `\ooo`. */
function unescaped(quoted: string): string {
  return quoted.replaceAll(/\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)/g, (_, code: string) => {
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 255);
    if (/^x./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return { n: '\n', t: '\t', r: '\r', b: '\b' }[code] ?? code;
  });
}

interface Reading {
  readonly tokens: readonly Token[];
  at: number;
}

/** No lease file nests deeper; a file that does must not overflow the stack. */
const DEEPEST = 20;

/** Words up to a semicolon, or up to a block and the block. */
function statement(reading: Reading, depth: number): Statement {
  const words: Token[] = [];
  const begin = reading.tokens[reading.at]?.line ?? 1;
  for (;;) {
    const token = reading.tokens[reading.at];
    if (token === undefined) throw new BrokenFile(begin, `the file ends in the middle of "${nameOf(words)}"`);
    if (token.text === '}' && token.kind === 'mark')
      throw new BrokenFile(
        token.line,
        words.length === 0
          ? 'a brace is closed that was never opened'
          : `a semicolon is missing after "${nameOf(words)}"`,
      );
    reading.at += 1;
    if (token.kind !== 'mark') words.push(token);
    else if (token.text === ';') return { line: begin, words };
    else return { line: begin, words, block: block(reading, token.line, depth + 1) };
  }
}

function block(reading: Reading, opened: number, depth: number): readonly Statement[] {
  if (depth > DEEPEST) throw new BrokenFile(opened, 'too many braces inside each other');
  const statements: Statement[] = [];
  for (;;) {
    const token = reading.tokens[reading.at];
    if (token === undefined) throw new BrokenFile(opened, 'a brace is opened and never closed');
    if (token.kind === 'mark' && token.text === '}') {
      reading.at += 1;
      return statements;
    }
    statements.push(statement(reading, depth));
  }
}

function nameOf(words: readonly Token[]): string {
  return words[0]?.text ?? '';
}

type Facts = Omit<IscLease, 'line' | 'address'>;

/** What a statement says about its lease; all others say nothing to us. */
const FACTS: Readonly<Record<string, (values: readonly string[]) => Facts>> = {
  ends: (values) => ({ ends: momentOf(values), endsText: values.join(' ') }),
  binding: ([what, state]) => (what === 'state' ? { state } : {}),
  // Before states were written, a word of its own said that an address was found in use.
  abandoned: () => ({ state: 'abandoned' }),
  hardware: ([type, mac]) => (type === 'ethernet' ? { mac } : {}),
  'client-hostname': ([hostname]) => ({ hostname }),
};

function factsOf(statements: readonly Statement[]): Facts {
  const facts = statements.map(({ words }) => {
    const [key = '', ...values] = words.map(({ text }) => text);
    return Object.hasOwn(FACTS, key) ? FACTS[key]?.(values) : undefined;
  });
  return Object.assign({}, ...facts) as Facts;
}

/** `4 2026/03/05 12:00:00` (UTC), `epoch 1772712000`, `never`. */
function momentOf(values: readonly string[]): number | 'never' | undefined {
  const [kind, date = '', time = ''] = values;
  if (kind === 'never') return 'never';
  if (kind === 'epoch') return /^\d{1,11}$/.test(date) ? Number(date) : undefined;
  const day = /^(\d{4})\/(\d{1,2})\/(\d{1,2})$/.exec(date);
  const clock = /^(\d{1,2}):(\d{2}):(\d{2})$/.exec(time);
  if (day === null || clock === null) return undefined;
  const [, year, month, dayOfMonth] = day.map(Number);
  const [, hour, minute, second] = clock.map(Number);
  const ms = Date.UTC(year ?? 0, (month ?? 0) - 1, dayOfMonth, hour, minute, second);
  // The 31st of February is taken for a day in March.
  const isReal = new Date(ms).getUTCMonth() === (month ?? 0) - 1 && new Date(ms).getUTCDate() === dayOfMonth;
  return isReal ? ms / 1000 : undefined;
}

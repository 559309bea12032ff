// YAML with the place of every value, so that a mistake names file, line and column. The one home of yaml.
import { isMap, isNode, isScalar, LineCounter, type Node, type Pair, parseDocument } from 'yaml';

/** A mistake in a file that a person wrote. Line and column count from 1. */
export interface Mistake {
  readonly file: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly message: string;
}

export interface YamlText {
  readonly value: unknown;
  /** Syntax mistakes; when there are any, `value` is not to be used. */
  readonly mistakes: readonly Mistake[];
  /** A mistake at the value (or, where it is absent, at the nearest thing around it) under that path. */
  at(path: readonly (string | number)[], message: string): Mistake;
}

/** Reads one YAML document. Never throws for bad text. */
export function readYaml(file: string, text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const placed = (offset: number | undefined, message: string): Mistake => {
    if (offset === undefined) return { file, message };
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, message };
  };
  const offsetOf = (path: readonly (string | number)[]): number | undefined => {
    for (let depth = path.length; depth >= 0; depth -= 1) {
      const offset = startOf(document.contents, path.slice(0, depth));
      if (offset !== undefined) return offset;
    }
    return undefined;
  };
  return {
    value: document.errors.length > 0 ? undefined : (document.toJS() as unknown),
    mistakes: document.errors.map((error) => placed(error.pos[0], firstLine(error.message))),
    at: (path, message) => {
      const key = path.join('.');
      return placed(offsetOf(path), key === '' ? message : `${key}: ${message}`);
    },
  };
}

/** One line for a person: `unboxd.yaml:3:5: doors.tftp: …`. */
export function showMistake(mistake: Mistake): string {
  const place = [mistake.file, mistake.line, mistake.column].filter((part) => part !== undefined).join(':');
  return `${place}: ${mistake.message}`;
}

/** Where the key of a value begins (a person looks for the key), or the value of a list. */
function startOf(contents: unknown, path: readonly (string | number)[]): number | undefined {
  let node = contents;
  let start = isNode(node) ? node.range?.[0] : undefined;
  for (const step of path) {
    const found = childOf(node, step);
    if (found === undefined) return undefined;
    node = found.value;
    start = found.start;
  }
  return start;
}

function childOf(
  node: unknown,
  step: string | number,
): { value: unknown; start: number | undefined } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(
      (item: Pair) => isScalar(item.key) && String(item.key.value) === String(step),
    );
    if (pair === undefined) return undefined;
    return { value: pair.value, start: isScalar(pair.key) ? pair.key.range?.[0] : undefined };
  }
  if (isNode(node) && 'items' in node && typeof step === 'number') {
    const item = (node.items as readonly Node[])[step];
    return item === undefined ? undefined : { value: item, start: item.range?.[0] };
  }
  return undefined;
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message;
}

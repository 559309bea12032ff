// Comma-separated rows by RFC 4180, with the line of each row, and safe to open in a spreadsheet.

export interface CsvRow {
  /** Where the row begins; rows with quoted line breaks span several lines. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface CsvRows {
  readonly rows: readonly CsvRow[];
  readonly mistakes: readonly { readonly line: number; readonly message: string }[];
}

/** A spreadsheet takes a cell that begins so for a formula, and runs it. */
const FORMULA = /^[=+\-@\t\r']/;
const KEPT_FROM_FORMULA = /^'(?=[=+\-@\t\r'])/;

/** One row, without line break. */
export function writeCsvRow(cells: readonly string[]): string {
  return cells.map(writeCell).join(',');
}

function writeCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** All rows that are not empty. Spreadsheets of some countries write `;` between cells: what the first line has counts. */
export function readCsvRows(text: string): CsvRows {
  const [first = ''] = text.split(/\r?\n/, 1);
  const comma = first.includes(';') && !first.includes(',') ? ';' : ',';
  const rows: CsvRow[] = [];
  for (let at = 0, line = 1; at < text.length; ) {
    const row = readRow(text, at, comma);
    if (typeof row === 'string') return { rows, mistakes: [{ line, message: row }] };
    if (row.cells.some((cell) => cell !== '')) rows.push({ line, cells: row.cells });
    at = row.end;
    line += row.breaks;
  }
  return { rows, mistakes: [] };
}

interface Row {
  readonly cells: readonly string[];
  /** Where the next row begins. */
  readonly end: number;
  readonly breaks: number;
}

/** The row that begins there, or what is wrong with it. */
function readRow(text: string, begin: number, comma: string): Row | string {
  const cells: string[] = [];
  let breaks = 1;
  for (let at = begin; ; at += 1) {
    const cell = readCell(text, at, comma);
    if (typeof cell === 'string') return cell;
    cells.push(cell.text.replace(KEPT_FROM_FORMULA, ''));
    breaks += cell.breaks;
    at = cell.end;
    if (text[at] !== comma) return { cells, end: at + (text[at] === '\r' ? 2 : 1), breaks };
  }
}

interface Cell {
  readonly text: string;
  /** Where the comma or the line break after it stands. */
  readonly end: number;
  readonly breaks: number;
}

/** The cell that begins there, or what is wrong with it. */
function readCell(text: string, at: number, comma: string): Cell | string {
  if (text[at] !== '"') {
    const end = endOf(text, at, comma);
    return { text: text.slice(at, end), end, breaks: 0 };
  }
  const quoted = /"((?:[^"]|"")*)"/y;
  quoted.lastIndex = at;
  const inside = quoted.exec(text)?.[1];
  if (inside === undefined) return 'a quote is opened and never closed';
  const end = quoted.lastIndex;
  if (endOf(text, end, comma) !== end) return 'something follows a closed quote';
  return { text: inside.replaceAll('""', '"'), end, breaks: inside.split('\n').length - 1 };
}

function endOf(text: string, at: number, comma: string): number {
  let end = at;
  while (end < text.length && text[end] !== comma && text[end] !== '\n' && !text.startsWith('\r\n', end))
    end += 1;
  return end;
}

// Tables and colours for a terminal; plain text elsewhere.
import type { PhoneLine } from '../control/api.ts';
import type { Stage } from '../timeline/diagnosis.ts';

/** Columns as wide as their widest cell, two blanks between, the last one cut at the width of the terminal. */
export function table(rows: readonly (readonly string[])[], columns: number): readonly string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, index) => Math.max(widest[index] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) => {
    const cells = row.map((cell, index) =>
      index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0),
    );
    const line = cells.join('  ');
    return line.length > columns ? `${line.slice(0, columns - 1)}…` : line;
  });
}

const COLOUR: Readonly<Record<Stage, string>> = {
  expected: '90',
  asking: '36',
  addressed: '36',
  told: '36',
  fetching: '33',
  proven: '32',
  stale: '35',
  stuck: '31',
};

/** The table of phones, its header first. Colour marks the stage and is off where nobody looks. */
export function phoneTable(
  lines: readonly PhoneLine[],
  look: { columns: number; colour: boolean },
): readonly string[] {
  const [header = '', ...rows] = table(
    [['MAC', 'VENDOR', 'MODEL', 'ADDRESS', 'STAGE', ''], ...lines.map(cells)],
    look.columns,
  );
  if (!look.colour) return [header, ...rows];
  return [`\x1b[1m${header}\x1b[0m`, ...rows.map((row, index) => coloured(row, lines[index]?.stage))];
}

function cells(line: PhoneLine): readonly string[] {
  const label = line.label === undefined ? '' : `${line.label}: `;
  const advice = line.advice === undefined ? '' : `. ${line.advice}`;
  return [
    line.mac,
    line.vendor ?? '?',
    line.model ?? '?',
    line.address ?? '-',
    line.stage,
    `${label}${line.sentence}${advice}`,
  ];
}

function coloured(row: string, stage: Stage | undefined): string {
  return stage === undefined ? row : `\x1b[${COLOUR[stage]}m${row}\x1b[0m`;
}

/** `3 proven, 1 stuck`, in the order of the way. */
export function countStages(lines: readonly PhoneLine[]): string {
  const counts = new Map<Stage, number>();
  for (const { stage } of lines) counts.set(stage, (counts.get(stage) ?? 0) + 1);
  const order = Object.keys(COLOUR) as Stage[];
  const parts = order.flatMap((stage) => (counts.has(stage) ? [`${counts.get(stage)} ${stage}`] : []));
  return parts.length === 0 ? 'no phones yet' : parts.join(', ');
}

/** Local wall time of a moment, to the second. */
export function clock(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Local date and wall time of a moment, to the minute: for what lies days ahead. */
export function dateAndClock(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(at).slice(0, 5)}`;
}

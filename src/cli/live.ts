// The live table of phones: redrawn in place on a terminal, one line per change elsewhere.
import type { PhoneLine } from '../control/api.ts';
import type { Terminal } from './command.ts';
import { countStages, phoneTable } from './table.ts';

export interface LiveTable {
  /** A line is new or has changed. */
  show(line: PhoneLine): void;
  /** Draws what is not yet drawn. */
  flush(): void;
  lines(): readonly PhoneLine[];
}

/** `title` stands above the table. Without a terminal each change is one plain line; with `json`, one JSON object. */
export function liveTable(terminal: Terminal, look: { title: string; json: boolean }): LiveTable {
  const lines = new Map<string, PhoneLine>();
  let drawn = 0;
  let due: ReturnType<typeof setTimeout> | undefined;

  const draw = (): void => {
    due = undefined;
    const all = sorted(lines.values());
    const room = Math.max(3, terminal.rows - 3);
    const rows = phoneTable(all, { columns: terminal.columns, colour: true });
    const shown =
      rows.length > room ? [...rows.slice(0, room - 1), `… and ${rows.length - room + 1} more`] : rows;
    const frame = [`${look.title}: ${countStages(all)}`, ...shown];
    // Back to the top of the last frame, then each line cleared as it is drawn: no flicker.
    const up = drawn === 0 ? '' : `\x1b[${drawn}A`;
    terminal.out(`${up}${frame.map((line) => `\x1b[2K${line}`).join('\n')}\x1b[J`);
    drawn = frame.length;
  };

  return {
    lines: () => sorted(lines.values()),
    show: (line) => {
      const before = lines.get(line.mac);
      lines.set(line.mac, line);
      if (look.json) terminal.out(JSON.stringify(line));
      else if (terminal.isTty) due ??= setTimeout(draw, 80);
      else if (before?.sentence !== line.sentence || before.stage !== line.stage) terminal.out(plain(line));
    },
    flush: () => {
      if (due === undefined) return;
      clearTimeout(due);
      draw();
    },
  };
}

function plain(line: PhoneLine): string {
  const who = [line.vendor, line.model].filter((part) => part !== undefined).join(' ');
  return `${line.mac}  ${line.address ?? '-'}  ${who || '?'}  ${line.stage}: ${line.sentence}`;
}

/** Stable for the eye: by MAC, not by last contact. */
function sorted(lines: Iterable<PhoneLine>): readonly PhoneLine[] {
  return [...lines].sort((a, b) => a.mac.localeCompare(b.mac));
}

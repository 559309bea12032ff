// Mistakes of configuration, all of them, as lines that an editor can jump to.
import { relative } from 'node:path';
import { type Mistake, showMistake } from '../base/yaml-text.ts';
import type { ExitCode, Terminal } from './command.ts';

/** Prints the mistakes sorted by place; the exit code says failed. */
export function tellMistakes(terminal: Terminal, mistakes: readonly Mistake[]): ExitCode {
  for (const mistake of [...mistakes].sort(byPlace))
    terminal.note(showMistake({ ...mistake, file: nearest(mistake.file) }));
  const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
  terminal.note(`unboxd: ${count}; nothing was changed or started`);
  return 1;
}

function byPlace(a: Mistake, b: Mistake): number {
  return a.file.localeCompare(b.file) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** The path as the person would type it here. */
function nearest(file: string): string {
  if (!file.startsWith('/')) return file;
  const from = relative(process.cwd(), file);
  return from.startsWith('..') ? file : from;
}

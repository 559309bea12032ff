// Mistakes of configuration, all of them, as lines that an editor can jump to.
import { relative } from 'node:path';
import { type Mistake, showMistake } from '../base/yaml-text.ts';
import type { ExitCode, Terminal } from './command.ts';

/** Prints the mistakes sorted by place; the exit code says failed. */
export function tellMistakes(terminal: Terminal, mistakes: readonly Mistake[]): ExitCode {
  for (const mistake of inOrder(mistakes)) terminal.note(showMistake(mistake));
  const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
  terminal.note(`unboxd: ${count}; nothing was changed or started`);
  return 1;
}

/** Sorted by place, with paths as the person would type them here. */
export function inOrder(mistakes: readonly Mistake[]): readonly Mistake[] {
  return [...mistakes].sort(byPlace).map((mistake) => ({ ...mistake, file: nearest(mistake.file) }));
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

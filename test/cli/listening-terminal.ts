import type { Terminal } from '../../src/cli/command.ts';

/** A terminal that is no TTY, unless `more` says so, and keeps what commands say to it. */
export function listeningTerminal(more: Partial<Terminal> = {}) {
  const outs: string[] = [];
  const notes: string[] = [];
  const terminal: Terminal = {
    out: (line: string) => void outs.push(line),
    note: (line: string) => void notes.push(line),
    raw: () => undefined,
    isTty: false,
    columns: 80,
    rows: 24,
    env: {},
    pid: 1,
    onStop: () => undefined,
    ...more,
  };
  return { terminal, outs, notes };
}

/** A terminal that is no TTY and keeps what commands say to it. */
export function listeningTerminal() {
  const outs: string[] = [];
  const notes: string[] = [];
  const terminal = {
    out: (line: string) => void outs.push(line),
    note: (line: string) => void notes.push(line),
    raw: () => undefined,
    isTty: false,
    columns: 80,
    rows: 24,
    env: {},
    pid: 1,
    onStop: () => undefined,
  };
  return { terminal, outs, notes };
}

// How a soak and the kills speak at a terminal, in a pipe, and to machines.

interface Result {
  readonly counts: Readonly<Record<string, number>>;
  readonly breaches: readonly string[];
}

export interface Report {
  /** On a terminal the line takes the place of the one before. */
  progress(line: string): void;
  /** Says how it went, and sets the exit code. */
  result(result: Result): void;
}

/** With `json` all that is said is the result. */
export function report(json: boolean): Report {
  const { stdout, stderr } = process;
  return {
    progress: (line) => {
      if (json) return;
      stderr.write(stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
    },
    result: (result) => {
      if (stderr.isTTY && !json) stderr.write('\n');
      stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : inWords(result));
      if (result.breaches.length > 0) process.exitCode = 1;
    },
  };
}

function inWords({ counts, breaches }: Result): string {
  const figures = Object.entries(counts).map(([name, count]) => `${name}: ${count}`);
  const verdict = breaches.length === 0 ? ['no rule was broken'] : breaches.map((each) => `BROKEN: ${each}`);
  return `${[...figures, ...verdict].join('\n')}\n`;
}

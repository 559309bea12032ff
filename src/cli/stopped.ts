// What a Ctrl-C makes of a command that runs for a while.
import type { ExitCode, Terminal } from './command.ts';

/** Does the work. What fails after it was told to stop fails because of that: it is no trouble, and told as the end. */
export async function unlessStopped(
  terminal: Pick<Terminal, 'note'>,
  stop: AbortSignal,
  work: () => Promise<ExitCode>,
): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    if (!stop.aborted) throw error;
    return tellStopped(terminal);
  }
}

export function tellStopped(terminal: Pick<Terminal, 'note'>): ExitCode {
  terminal.note('stopped; nothing is left behind');
  return 1;
}

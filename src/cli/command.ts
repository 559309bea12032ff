// What a command is. Each lives in commands/<name>.ts; program.ts hands them to commander.

/** 0 done, 1 failed with a sentence, 2 wrong usage, 3 done but not for every phone. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Flag {
  /** As commander writes them: `--mac <mac>`. */
  readonly flags: string;
  readonly what: string;
  readonly otherwise?: string | undefined;
}

export interface Command {
  readonly name: string;
  /** As commander writes them: `<mac> [name]`. */
  readonly args?: string | undefined;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** Lines that can be typed as they stand. */
  readonly examples: readonly string[];
  /** What one must know besides, in whole sentences. */
  readonly notes?: readonly string[] | undefined;
  /** Left out of the help: for processes that unboxd starts itself. */
  readonly hidden?: boolean | undefined;
  readonly run: (call: Call) => Promise<ExitCode>;
}

export interface Call {
  readonly args: readonly string[];
  readonly flags: Flags;
  readonly terminal: Terminal;
}

/** Flags by their long name in camel case. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** The person, or the program, at the other end. */
export interface Terminal {
  /** A line of the result. */
  out(line: string): void;
  /** A line about the work: progress, warnings, mistakes. */
  note(line: string): void;
  /** Bytes as they are. */
  raw(bytes: Uint8Array): void;
  readonly isTty: boolean;
  /** Asks the person there; undefined at the end of the input. Absent where nobody can be asked. */
  readonly ask?: ((question: string) => Promise<string | undefined>) | undefined;
  readonly columns: number;
  readonly rows: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Calls back once, at the first Ctrl-C or SIGTERM; a second one ends the process at once. */
  onStop(action: () => void): void;
  /** Calls back at each SIGHUP, by which daemons are told to read their settings anew. Absent where there are none. */
  readonly onHangup?: ((action: () => void) => void) | undefined;
}

/** Wrong usage: told with a hint at the command's help, exit code 2. */
export class UsageError extends Error {}

/** The value of a flag that takes one. */
export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** The flags of every command that talks to the daemon. */
export const DAEMON_FLAGS: readonly Flag[] = [
  { flags: '--control <path>', what: 'socket of the daemon', otherwise: '/run/unboxd/control.sock' },
  { flags: '--json', what: 'for machines: JSON' },
];

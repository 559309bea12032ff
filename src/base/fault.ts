// The broken world (a taken port, a full disk) as an error that a person at a terminal can act on.

/** Thrown when the world, and not a peer or a rule, is in the way. `hint` says what to try. */
export class Fault extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'Fault';
    this.code = code;
    this.hint = hint;
  }
}

/** The `code` of an error of Node's (`EADDRINUSE`, `ENOENT`), where it has one. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** One sentence for whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

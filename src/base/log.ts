// The log: JSON lines, or readable ones on a terminal. The one home of pino; everyone else gets a Log handed in.
import { pino } from 'pino';

export type Log = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error' | 'isLevelEnabled'>;

/** Names under which secrets travel; their values never reach a log, however deep they sit. */
const SECRETS = ['password', 'sip_password', 'admin_password', 'authorization', 'secret', 'token', 'key'];

/** Opens the log on standard output. `pretty` is for people at a terminal. */
export async function openLog({
  level,
  pretty,
}: {
  readonly level: string;
  readonly pretty: boolean;
}): Promise<Log> {
  const redact = { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '(secret)' };
  const options = {
    level,
    redact,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (!pretty) {
    const log: Log = pino(options);
    return log;
  }
  // A service needs none of it, and its memory is small.
  const { build } = await import('pino-pretty');
  const log: Log = pino(
    options,
    build({ colorize: true, translateTime: 'SYS:HH:MM:ss', ignore: 'event', hideObject: true }),
  );
  return log;
}

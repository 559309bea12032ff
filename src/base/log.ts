// The log: JSON lines, or readable ones on a terminal. The one home of pino; everyone else gets a Log handed in.
import { pino } from 'pino';
import { build } from 'pino-pretty';

export type Log = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error' | 'isLevelEnabled'>;

/** Names under which secrets travel; their values never reach a log, however deep they sit. */
const SECRETS = ['password', 'sip_password', 'admin_password', 'authorization', 'secret', 'token', 'key'];

/** Opens the log on standard output. `pretty` is for people at a terminal. */
export function openLog({ level, pretty }: { readonly level: string; readonly pretty: boolean }): Log {
  const redact = { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '(secret)' };
  const options = {
    level,
    redact,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (!pretty) return pino(options);
  return pino(
    options,
    build({ colorize: true, translateTime: 'SYS:HH:MM:ss', ignore: 'event', hideObject: true }),
  );
}

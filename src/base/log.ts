// The log: JSON lines, or readable ones on a terminal. The one home of pino; everyone else gets a Log handed in.
// And the one place where secrets are taken out, whoever put them in.
import { pino } from 'pino';
import { SECRET_PARTS, SECRET_WORDS } from './secret-words.ts';
import { withoutTokens } from './token-text.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface Log extends Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error' | 'isLevelEnabled'> {
  /** The log for the events of a door, which may have a level of its own. */
  readonly forDoor?: ((door: string) => Log) | undefined;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** For people at a terminal. */
  readonly pretty: boolean;
  /** Doors whose level is another. */
  readonly doors?: Readonly<Partial<Record<string, LogLevel>>> | undefined;
  /** Where it goes; without it to standard output. */
  readonly to?: pino.DestinationStream | undefined;
}

/** Opens the log. */
export async function openLog({ level, pretty, doors = {}, to }: LogOptions): Promise<Log> {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // Errors are made plain before, by withoutSecrets.
    serializers: { err: (error: unknown) => error },
    hooks: {
      logMethod(parts, write) {
        const [first, ...more] = parts as readonly unknown[];
        const named =
          first instanceof Error ? [{ err: first }, ...(more.length > 0 ? more : [first.message])] : parts;
        write.apply(this, named.map((part: unknown) => withoutSecrets(part)) as typeof parts);
      },
    },
  };
  const log: pino.Logger = pino(options, pretty ? await prettyStream(to) : (to ?? pino.destination(1)));
  const ofDoors = new Map<string, Log>();
  for (const [door, own = level] of Object.entries(doors)) {
    const child = log.child({}, { level: own });
    ofDoors.set(door, child);
  }
  return Object.assign(log, { forDoor: (door: string): Log => ofDoors.get(door) ?? log });
}

async function prettyStream(to: pino.DestinationStream | undefined): Promise<pino.DestinationStream> {
  // A service needs none of it, and its memory is small.
  const { build } = await import('pino-pretty');
  const where = to === undefined ? {} : { destination: to as NodeJS.WritableStream };
  return build({
    ...where,
    colorize: to === undefined,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'event',
    hideObject: true,
  });
}

const CENSORED = '(secret)';
/** Deeper than anything of ours; what lies below it, or goes round in a ring, is left out. */
const DEEPEST = 8;

/** The same, secrets taken out: values by the name of their key, and credentials within texts. */
export function withoutSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return censorText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) return '(too deep)';
  if (value instanceof Error) return plainError(value, depth);
  if (value instanceof Date || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      isSecretName(name) ? CENSORED : withoutSecrets(each, depth + 1),
    ]),
  );
}

/** Names of keys under which secrets travel: sip_password, authPass, apiKey, proxy-authorization, token ... */
export function isSecretName(name: string): boolean {
  const plain = name.replaceAll(/[^A-Za-z0-9]/g, '');
  const parts = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll(/[^A-Za-z]+/g, '_');
  return IN_NAME.test(plain) || AS_PART.test(parts);
}

const IN_NAME = new RegExp(`${SECRET_WORDS}|token|authorization|credential|cookie|pass\\d*$|key\\d*$`, 'i');
const AS_PART = new RegExp(`(?:^|_)(?:${SECRET_PARTS})(?:_|$)`, 'i');

/** A setting named so, with what separates it from its value. */
function setting(words: string, separator: string): RegExp {
  return new RegExp(
    `\\b((?:\\w{0,40}[_.-])?(?:${words})["']?${separator})("[^"]*"|'[^']*'|[^\\s&;,"']+)`,
    'gi',
  );
}

/** user:pass@ of a URL; "password=..." and its like in queries and form bodies; header lines of HTTP and SIP. */
const IN_TEXT: readonly (readonly [RegExp, string])[] = [
  // As far as the last @ before the path: people put an @ into passwords.
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#"'<>]{1,500}@/gi, `$1${CENSORED}@`],
  [setting(`${SECRET_WORDS}|token|key|pass`, '='), `$1${CENSORED}`],
  [setting(`${SECRET_WORDS}|token|key`, ':\\s?'), `$1${CENSORED}`],
  [/\b((?:proxy-)?authorization["']?\s?[:=]\s?)[^\r\n]+/gi, `$1${CENSORED}`],
  // Words of a sentence are not meant: base64 has digits or capitals in it.
  [/\b([Bb]asic|[Bb]earer)\s+(?=\S*[A-Z0-9=])[A-Za-z0-9+/_.=-]{6,}/g, `$1 ${CENSORED}`],
];

function censorText(text: string): string {
  return withoutTokens(IN_TEXT.reduce((censored, [pattern, by]) => censored.replaceAll(pattern, by), text));
}

function plainError(error: Error, depth: number): unknown {
  const { name, message, stack, cause } = error;
  const own = Object.fromEntries(Object.entries(error).filter(([key]) => key !== 'cause'));
  const fields = { ...own, type: name, message, stack, cause };
  return withoutSecrets(
    Object.fromEntries(Object.entries(fields).filter(([, each]) => each !== undefined)),
    depth + 1,
  );
}

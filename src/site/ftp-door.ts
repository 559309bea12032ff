// How an installer writes the FTP door: off, a port, or what is different from the usual.
import { duration, shape } from '../base/shape.ts';

export interface FtpSettings {
  readonly port: number;
  /** For firewalls; absent: any free port. */
  readonly passivePorts?: { readonly first: number; readonly last: number } | undefined;
  /** Whoever is none of doors.accounts may come in too. */
  readonly anonymous: boolean;
  /** Control connections at a time. */
  readonly maxSessions: number;
  /** ms after which a control connection that asks nothing is closed. */
  readonly idle: number;
}

const port = shape.int().min(1).max(65_535);
const flag = shape
  .union([shape.boolean(), shape.enum(['on', 'off'])], { error: 'write on or off' })
  .transform((value) => value === true || value === 'on');

const ports = shape
  .string()
  .refine((text) => rangeIn(text) !== undefined, {
    error: ({ input }) => `"${String(input)}" is not a range of ports (write 50000-50100)`,
  })
  .transform((text) => rangeIn(text));

function rangeIn(text: string): FtpSettings['passivePorts'] {
  const [, first, last] = /^\s*(\d{1,5})\s*-\s*(\d{1,5})\s*$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  return range.first >= 1 && range.first <= range.last && range.last <= 65_535 ? range : undefined;
}

const settings = shape.strictObject({
  port: port.default(21),
  passivePorts: ports.optional(),
  anonymous: flag.default(true),
  maxSessions: shape.int().min(1).max(1000).default(200),
  idle: duration.default(300_000),
});

export const ftpSetting = shape
  .union(
    [
      shape.union([shape.literal('off'), shape.literal(false)]).transform(() => 'off' as const),
      port.transform((number): FtpSettings => settings.parse({ port: number })),
      settings,
    ],
    {
      error: (issue) =>
        typeof issue.input === 'object' && issue.input !== null
          ? undefined
          : 'write off, a port, or settings such as { port: 21, passivePorts: "50000-50100" }',
    },
  )
  .default('off');

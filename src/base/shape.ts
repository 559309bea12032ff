// Checking unknown data against a shape, all mistakes at once. The one home of zod, with the value types that
// people write: durations, addresses, ranges.
import { z } from 'zod';
import { type Ipv4, parseIpv4, parseSubnet } from './ipv4.ts';
import { err, ok, type Result } from './result.ts';
import { parseDuration, parseSize } from './units.ts';

/** The shape builder itself, so that zod is imported here and nowhere else. */
export const shape = z;

export type ShapeOf<Schema extends z.ZodType> = z.output<Schema>;

/** A mistake, and the path of keys and indexes that leads to it. */
export interface ShapeMistake {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The value in its checked form, or every mistake in it. */
export function checkShape<Schema extends z.ZodType>(
  schema: Schema,
  raw: unknown,
): Result<z.output<Schema>, readonly ShapeMistake[]> {
  const checked = schema.safeParse(raw);
  if (checked.success) return ok(checked.data);
  return err(checked.error.issues.flatMap(mistakesOf));
}

function mistakesOf(issue: z.core.$ZodIssue): readonly ShapeMistake[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: `unknown key "${key}"` }));
  }
  return [{ path, message: issue.message }];
}

/** Text that `parse` understands; `what` finishes "is not …". */
function written<Value>(what: string, parse: (text: string) => Value | undefined) {
  return z.union([z.string(), z.number()]).transform((raw, context): Value => {
    const value = parse(String(raw));
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `"${raw}" is not ${what}` });
    return z.NEVER;
  });
}

/** YAML 1.2 reads a bare off as text and some writers still make it false: take both. */
export const off = z.union([z.literal('off'), z.literal(false)]).transform(() => 'off' as const);

/** `on` as true. */
export const flag = z
  .union([z.boolean(), z.enum(['on', 'off'])], { error: 'write on or off' })
  .transform((value) => value === true || value === 'on');

export const port = z.int().min(1).max(65_535);

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** `50000-50031`, both ends included; `example` is shown where it is wrong. */
export function portRange(example: string) {
  // Refined first: of a setting that has other forms too, a union then tells this mistake and not only that it fits none.
  return z
    .string()
    .refine((text) => portsIn(text) !== undefined, {
      error: ({ input }) => `"${String(input)}" is not a range of ports (write ${example})`,
    })
    .transform(portsIn);
}

function portsIn(text: string): PortRange | undefined {
  const [, first, last] = /^\s*(\d{1,5})\s*-\s*(\d{1,5})\s*$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  return range.first >= 1 && range.first <= range.last && range.last <= 65_535 ? range : undefined;
}

export const duration = written('a duration (write 30s, 10m, 1h or 2d)', parseDuration);
export const size = written('a size (write 64 KiB, 4 MiB or 1 GiB)', parseSize);

/** A moment with its time zone, as milliseconds since 1970. */
export const clockTime = written(
  'a moment (write 2026-11-21T08:00+01:00, quoted)',
  (text): number | undefined => {
    const said = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)$/.test(text);
    const at = said ? Date.parse(text) : Number.NaN;
    return Number.isNaN(at) ? undefined : at;
  },
);
export const ipv4 = written('an IPv4 address (write 10.20.0.1)', parseIpv4);

/** `10.30.0.0/24`. */
export const subnet = written('a subnet (write 10.30.0.0/24)', parseSubnet);

/** `30%` as 0.3. */
export const share = written('a share (write 50%)', (text): number | undefined => {
  const percent = /^(\d{1,3})%$/.exec(text)?.[1];
  return percent === undefined || Number(percent) > 100 ? undefined : Number(percent) / 100;
});

/** `10.20.0.50-10.20.3.250`, both ends included. */
export const ipv4Range = written(
  'a range of addresses (write 10.20.0.50-10.20.3.250)',
  (text): { readonly first: Ipv4; readonly last: Ipv4 } | undefined => {
    const [from = '', to = '', ...more] = text.split('-').map((end) => end.trim());
    const first = parseIpv4(from);
    const last = parseIpv4(to);
    if (first === undefined || last === undefined || more.length > 0 || first > last) return undefined;
    return { first, last };
  },
);

/** A regular expression, always matched without regard to case. */
export const pattern = written('a regular expression', (text): RegExp | undefined => {
  try {
    return new RegExp(text, 'i');
  } catch {
    return undefined;
  }
});

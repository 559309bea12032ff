// How an installer writes the PnP settings of a LAN: one word for the mode, or everything.
import { duration, flag, off, pattern, shape } from '../base/shape.ts';

const mode = shape.union([off, shape.enum(['provision', 'discover'])], {
  error: 'write provision, discover or off',
});

/** A MAC or how it begins, with any separators: `00:15:65`, `001565aabbcc`. */
const macStart = shape
  .string()
  .transform((text) => text.toLowerCase().replaceAll(/[:.\s-]/g, ''))
  .refine((hex) => /^[0-9a-f]{1,12}$/.test(hex), 'a MAC or how it begins, quoted: "00:15:65"');

const ruleShape = shape.strictObject({
  vendor: shape.string().min(1).optional(),
  model: pattern.optional(),
  mac: macStart.optional(),
  do: shape.enum(['answer', 'ignore', 'deny'], { error: 'write answer, ignore or deny' }),
});

/** After more than that, phones that ask once give up or fall back to what they kept. */
const LONGEST_DELAY = 2000;

const whole = shape.strictObject({
  mode: mode.default('provision'),
  rules: shape.array(ruleShape).default([]),
  delay: duration.refine((ms) => ms <= LONGEST_DELAY, 'at most 2s: phones do not wait longer').default(0),
  tcp: flag.default(true),
  limits: shape
    .strictObject({
      perSource: shape.number().positive().default(20),
      total: shape.number().positive().default(20_000),
    })
    .prefault({}),
});

/** The mode alone, or all settings. */
export const pnpSetting = shape
  .preprocess((raw) => (typeof raw === 'object' && raw !== null ? raw : { mode: raw }), whole)
  .prefault({});

// The settings for waking phones: passwords that phones ask for, and outbound proxies.
import { ipv4, type ShapeOf, shape } from '../base/shape.ts';

const text = shape.string().min(1);

const credentials = shape
  .strictObject({
    /** The id of a vendor file; without it for all others. */
    vendor: text.optional(),
    user: text,
    password: text.optional(),
    /** The file holds the password and nothing else. */
    passwordFile: text.optional(),
  })
  .refine(
    ({ password, passwordFile }) => (password === undefined) !== (passwordFile === undefined),
    'write either password or passwordFile',
  );

export const wakeSettings = shape
  .strictObject({
    /** For phones without a password of their own in the phone list. */
    credentials: shape.array(credentials).default([]),
    /** Outbound proxies outside of the served subnets that --via may name. */
    via: shape.array(ipv4).default([]),
  })
  .prefault({});

export type WakeSettings = ShapeOf<typeof wakeSettings>;

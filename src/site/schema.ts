// How an installer writes the settings (unboxd.yaml). Every key has a default; unknown keys are mistakes.
import { duration, ipv4, ipv4Range, type ShapeOf, shape } from '../base/shape.ts';
import { optionValue } from '../phones/vendor.ts';

const text = shape.string().min(1);
const optionCode = shape.coerce.number().int().min(1).max(254);
const port = shape.int().min(1).max(65_535);
/** YAML 1.2 reads a bare off as text and some writers still make it false: take both. */
const off = shape.union([shape.literal('off'), shape.literal(false)]).transform(() => 'off' as const);
const portOrOff = shape.union([off, port], { error: 'write a port number or off' });

const dhcpShape = shape.strictObject({
  mode: shape
    .union([off, shape.enum(['full', 'companion'])], { error: 'write full, companion or off' })
    .default('full'),
  /** Default: the upper part of the subnet. */
  pool: ipv4Range.optional(),
  lease: duration.default(3_600_000),
  router: ipv4.optional(),
  dns: shape.array(ipv4).default([]),
  ntp: shape.array(ipv4).default([]),
  domain: text.optional(),
});

const lanShape = shape.strictObject({
  interface: text,
  dhcp: dhcpShape.prefault({}),
  pnp: shape
    .union([off, shape.enum(['provision', 'discover'])], { error: 'write provision, discover or off' })
    .default('provision'),
});

export const siteShape = shape.strictObject({
  lans: shape.array(lanShape).max(1, 'one LAN only, for now').default([]),
  provisioning: shape
    .strictObject({
      url: text.default('http://{server}/'),
      options: shape.array(optionCode).default([66, 160, 161]),
      /** Further DHCP options for every phone: code to value, as in vendor files. */
      extra: shape.record(shape.string().regex(/^\d{1,3}$/, 'an option code'), optionValue).default({}),
    })
    .prefault({}),
  phones: text.optional(),
  files: shape
    .strictObject({
      root: text.optional(),
      templates: text.optional(),
    })
    .prefault({}),
  doors: shape
    .strictObject({
      tftp: shape
        .union([off, shape.literal('on'), shape.literal(true).transform(() => 'on' as const)], {
          error: 'write on or off',
        })
        .default('on'),
      http: portOrOff.default(80),
      https: portOrOff.default('off'),
    })
    .prefault({}),
  /** Overrides of vendor files by id, checked against the vendor shape after merging. */
  vendors: shape.record(shape.string().regex(/^[a-z0-9-]+$/), shape.unknown()).default({}),
  control: shape.strictObject({ socket: text.default('/run/unboxd/control.sock') }).prefault({}),
  state: text.default('/var/lib/unboxd'),
  log: shape
    .strictObject({ level: shape.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info') })
    .prefault({}),
});

export type SiteFile = ShapeOf<typeof siteShape>;

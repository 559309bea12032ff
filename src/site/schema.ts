// How an installer writes the settings (unboxd.yaml). Every key has a default; unknown keys are mistakes.
import {
  duration,
  flag,
  ipv4,
  ipv4Range,
  off,
  pattern,
  port,
  type ShapeOf,
  shape,
  share,
  subnet,
} from '../base/shape.ts';
import { optionCode, optionValues } from '../phones/option-value.ts';
import { replyShape } from '../phones/vendor.ts';
import { accountShape } from './accounts.ts';
import { controlSettings, logSettings } from './control.ts';
import { filesShape } from './files.ts';
import { ftpSetting } from './ftp-door.ts';
import { httpsSetting, legacySetting } from './https.ts';
import { pnpSetting } from './pnp.ts';
import { tftpSetting } from './tftp-door.ts';
import { wakeSettings } from './wake.ts';

const text = shape.string().min(1);
const oui = shape
  .string()
  .regex(/^[0-9a-fA-F]{6}$/, 'six hex digits, quoted')
  .toLowerCase();
const hex = shape
  .string()
  .regex(/^([0-9a-fA-F]{2})+$/, 'hex digits in pairs')
  .toLowerCase();
const portOrOff = shape.union([off, port], { error: 'write a port number or off' });

/** What the hosts of one subnet get. */
const scopeShape = {
  lease: duration.default(3_600_000),
  router: ipv4.optional(),
  dns: shape.array(ipv4).default([]),
  ntp: shape.array(ipv4).default([]),
  domain: text.optional(),
  options: optionValues.default({}),
  force: shape.array(optionCode).default([]),
  suppress: shape.array(optionCode).default([]),
};

const classShape = shape.strictObject({
  name: text,
  when: shape.strictObject({
    vendor: text.optional(),
    model: pattern.optional(),
    listed: shape.boolean().optional(),
    ouis: shape.array(oui).optional(),
    option60: pattern.optional(),
    option60Hex: hex.optional(),
    option77: pattern.optional(),
    asks: shape.array(optionCode).optional(),
    hostname: pattern.optional(),
    enterprise: shape.int().min(1).optional(),
    circuitId: pattern.optional(),
    remoteId: pattern.optional(),
    subnet: subnet.optional(),
  }),
  answer: shape.enum(['always', 'never'], { error: 'write always or never' }).default('always'),
  pool: ipv4Range.optional(),
  quota: shape.int().min(0).optional(),
  options: optionValues.default({}),
  force: shape.array(optionCode).default([]),
  suppress: shape.array(optionCode).default([]),
  rapidCommit: flag.optional(),
  ...replyShape,
});

const guardShape = shape.strictObject({
  every: shape.union([off, duration], { error: 'write a duration (5m) or off' }).default(300_000),
  allow: shape.union([shape.literal('any'), shape.array(ipv4)]).default([]),
});

const dhcpShape = shape.strictObject({
  mode: shape
    .union([off, shape.enum(['full', 'companion'])], { error: 'write full, companion or off' })
    .default('full'),
  /** Default: the upper part of the subnet. */
  pool: ipv4Range.optional(),
  ...scopeShape,
  identity: shape.enum(['mac', 'client-id'], { error: 'write mac or client-id' }).default('mac'),
  authoritative: flag.default(true),
  takeover: shape.enum(['silent', 'nak'], { error: 'write silent or nak' }).default('silent'),
  rapidCommit: flag.default(false),
  trust82: flag.default(false),
  conflictCheck: flag.default(true),
  guard: shape.union([off, guardShape]).prefault({}),
  strangers: shape
    .strictObject({ share: share.default(0.5), probation: duration.default(300_000) })
    .prefault({}),
  limits: shape
    .strictObject({
      perClient: shape.number().positive().default(5),
      perPort: shape.number().positive().default(100),
    })
    .prefault({}),
  classes: shape.array(classShape).default([]),
  relayed: shape.array(shape.strictObject({ subnet, pool: ipv4Range.optional(), ...scopeShape })).default([]),
});

const lanShape = shape.strictObject({
  interface: text,
  dhcp: dhcpShape.prefault({}),
  pnp: pnpSetting,
});

export const siteShape = shape.strictObject({
  lans: shape.array(lanShape).max(8, 'at most 8 LANs').default([]),
  provisioning: shape
    .strictObject({
      url: text.default('http://{server}/'),
      options: shape.array(optionCode).default([66, 160, 161]),
      /** Further DHCP options for every phone: code to value, as in vendor files. */
      extra: optionValues.default({}),
    })
    .prefault({}),
  phones: text.optional(),
  files: filesShape.prefault({}),
  doors: shape
    .strictObject({
      tftp: tftpSetting,
      http: portOrOff.default(80),
      https: httpsSetting,
      httpsLegacy: legacySetting,
      ftp: ftpSetting,
      accounts: shape.array(accountShape).default([]),
    })
    .prefault({}),
  /** Overrides of vendor files by id, checked against the vendor shape after merging. */
  vendors: shape.record(shape.string().regex(/^[a-z0-9-]+$/), shape.unknown()).default({}),
  wake: wakeSettings,
  control: controlSettings,
  state: text.default('/var/lib/unboxd'),
  log: logSettings,
});

export type SiteFile = ShapeOf<typeof siteShape>;

// The shape of a vendor file (config/vendors/*.yaml): everything that is special about a maker of phones is data here.
import { duration, pattern, type ShapeOf, shape } from '../base/shape.ts';
import { optionCode, optionValues } from './option-value.ts';
import { sealShape } from './seal.ts';
import { wakeShape } from './wake.ts';

const text = shape.string().min(1);

/** Fields of a DHCP reply beside its options; text takes the placeholders of option values. */
export const replyShape = {
  /** Next server. Some phones take it for their provisioning server, so by default it stays empty. */
  siaddr: text.optional(),
  sname: shape.string().max(63).optional(),
  file: shape.string().max(127).optional(),
  /** Some phones choose the server that offers the longest. */
  lease: duration.optional(),
};

const fileShape = shape.strictObject({
  /** The name as the phone asks for it, with placeholders: `{mac}.cfg`, `y{number:12}.cfg`. */
  ask: text,
  /** Other spellings that mean the same: a regular expression over the last part of the name, case does not matter. */
  like: pattern.optional(),
  role: shape.enum(['own', 'common', 'boot', 'optional', 'firmware', 'other']),
  /** The template under config/templates/<vendor>/; absent when nothing is served under this name. */
  template: text.optional(),
  /** Why nothing is served (the stop rule), for `explain`. */
  never: text.optional(),
});

const uploadObject = shape.strictObject({
  /** The name under which the phone writes the file; it must hold its MAC. */
  ask: text.regex(/\{mac\}/i, 'must hold {mac}: a phone writes files of its own only'),
  /** Logs may be larger than settings. */
  kind: shape.enum(['settings', 'log']).default('settings'),
});
const uploadShape = shape.union([uploadObject, text.transform((ask) => ({ ask }))]).pipe(uploadObject);

const modelShape = shape.strictObject({
  name: text,
  /** Other spellings in PnP requests, User-Agents and lists. */
  also: shape.array(text).default([]),
  /** SIP accounts of the model. */
  accounts: shape.int().min(1).optional(),
  /** Values for the placeholders of this model, such as number, common, psn. */
  tokens: shape.record(shape.string(), shape.coerce.string()).default({}),
  /** Variables of templates, for this model. */
  variables: shape.record(shape.string(), shape.coerce.string()).default({}),
});

export const vendorShape = shape.strictObject({
  name: text,
  /** How long a phone at work may say nothing; after that it counts as stuck. */
  silence: duration,
  recognise: shape.strictObject({
    ouis: shape.array(shape.string().regex(/^[0-9a-fA-F]{6}$/, 'six hex digits, quoted')).default([]),
    /** Regular expressions; the named groups model, firmware and mac are used where present. */
    option60: shape.array(pattern).default([]),
    /** How option 60 begins where it is binary: hex digits in pairs. */
    option60Hex: shape.array(shape.string().regex(/^([0-9a-fA-F]{2})+$/, 'hex digits in pairs')).default([]),
    /** User classes (RFC 3004), joined by line breaks. */
    option77: shape.array(pattern).default([]),
    hostname: shape.array(pattern).default([]),
    /** Enterprise numbers in options 124 and 125 (RFC 3925). */
    enterprises: shape.array(shape.int().min(1)).default([]),
    pnpVendor: shape.array(pattern).default([]),
    userAgent: shape.array(pattern).default([]),
    /** Parameter request lists seen, as fingerprints. */
    option55: shape.array(shape.array(optionCode)).default([]),
  }),
  dhcp: shape.strictObject({
    /** The options from which the phone may take the URL, in its own order. For diagnosis and for simulated phones. */
    obeys: shape.array(optionCode),
    /** What to send when the phone asks for it (option 55). */
    options: optionValues.default({}),
    /** Codes to send even when the phone does not ask for them. */
    force: shape.array(optionCode).default([]),
    /** Codes never to send to it, whoever sets them. */
    suppress: shape.array(optionCode).default([]),
    ...replyShape,
    /**
     * For phones that stopped half-way through an update and ask with a class of their own: the first that fits adds
     * its options and fields, also unasked.
     */
    rescue: shape
      .array(
        shape.strictObject({
          option60: pattern.optional(),
          option77: pattern.optional(),
          options: optionValues.default({}),
          ...replyShape,
        }),
      )
      .default([]),
  }),
  pnp: shape.strictObject({
    /** Whether phones of this vendor ask by multicast. */
    asks: shape.boolean(),
    /** rfc: RFC 6665 dialog, tags swapped. legacy: as the vendors' printed traces show it. */
    notify: shape.enum(['rfc', 'legacy']).default('rfc'),
    /** Whether the phone takes the URL from a NOTIFY that it never asked for. */
    push: shape.boolean().default(false),
  }),
  /** The URL in this vendor's form; {url} is the site's. */
  url: text.default('{url}'),
  /** In the order in which the phone asks. */
  files: shape.array(fileShape).min(1),
  /** What the phone may write to the server: names, or names with their kind. */
  uploads: shape.array(uploadShape).default([]),
  config: shape.strictObject({
    /** The line that must be first in a configuration file. */
    header: text.optional(),
    /** Content-Type over HTTP. */
    type: text,
    /** How a file is put together, for `check`: every line by the pattern `line`, or XML. */
    format: shape.enum(['lines', 'xml']).optional(),
    line: pattern.optional(),
    /** How a file names others that must exist; the named group `name`. */
    include: pattern.optional(),
    /** Settings that hold passwords, beside those called so. */
    secrets: shape.array(pattern).default([]),
    /** Which of several firmware files in a folder the phone is told of. */
    firmware: pattern.optional(),
    /** How files are sealed for phones that have a key in the list (column seal_key). */
    seal: sealShape.optional(),
    /** Compressed over HTTP. file: always, the phone sees it by the bytes; encoding: where it says Accept-Encoding. */
    gzip: shape.enum(['file', 'encoding']).optional(),
  }),
  wake: wakeShape,
  /** How such a phone speaks: for simulated phones. */
  speaks: shape.strictObject({
    option60: text.optional(),
    option55: shape.array(optionCode),
    userAgent: text,
    firmware: text,
    /**
     * How it finds the URL in an option that holds more than that or another form of it: in the bytes as Latin-1, by
     * named groups that `url` takes. Options not named here hold a URL or a bare address.
     */
    reads: shape
      .array(shape.strictObject({ option: optionCode, like: pattern, url: text.default('{url}') }))
      .default([]),
    /** Which way it tries first. */
    discovery: shape.array(shape.enum(['pnp', 'dhcp'])).min(1),
    pnp: shape
      .strictObject({ uri: text, event: text, port: shape.int().min(1).max(65_535).default(5060) })
      .optional(),
    tftp: shape.record(shape.string(), shape.coerce.string()).default({}),
  }),
  models: shape.array(modelShape).min(1),
  /** Variables of templates, for all phones of this make. */
  variables: shape.record(shape.string(), shape.coerce.string()).default({}),
});

/** A vendor as its file says, under the name of its file. */
export type Vendor = ShapeOf<typeof vendorShape> & { readonly id: string };
export type VendorFile = Vendor['files'][number];
export type VendorUpload = Vendor['uploads'][number];
export type Model = Vendor['models'][number];

export interface Catalogue {
  readonly vendors: readonly Vendor[];
}

export function vendorOf(catalogue: Catalogue, id: string | undefined): Vendor | undefined {
  return id === undefined ? undefined : catalogue.vendors.find((vendor) => vendor.id === id);
}

/** The model of that name, in any spelling its file lists. */
export function modelOf(vendor: Vendor, name: string | undefined): Model | undefined {
  if (name === undefined) return undefined;
  const wanted = spelled(name);
  return vendor.models.find((model) =>
    [model.name, ...model.also].some((known) => spelled(known) === wanted),
  );
}

/** Case, blanks, dashes and underscores do not tell models apart. */
function spelled(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '');
}

// How values of DHCP options are written in settings and vendor files: in full as {text: …}, {ips: …}, {tlv: …}, or
// short as a plain scalar or list, which is then read in the form that the option has.
import { OPTIONS, optionCodeOf, optionName } from '../base/dhcp-options.ts';
import { encodeDomains } from '../base/domain-name.ts';
import { placeholdersOf } from '../base/fill.ts';
import { type Ipv4, parseIpv4, parseSubnet, type Subnet } from '../base/ipv4.ts';
import { err, type Result } from '../base/result.ts';
import { checkShape, type ShapeMistake, type ShapeOf, shape } from '../base/shape.ts';
import { holdsOf, inFull, misfitOf, refusalOf } from './option-fit.ts';

/** What one option or sub-option can hold; texts, addresses and names take the placeholders of `dhcp.options`. */
export type ScalarValue =
  | { readonly text: string; readonly nul?: boolean | undefined }
  | { readonly ip: string }
  | { readonly ips: string | readonly string[] }
  | { readonly u8: number }
  | { readonly u16: number }
  | { readonly u32: number }
  | { readonly i32: number }
  | { readonly bool: boolean }
  | { readonly hex: string };

/** An encapsulated option (RFC 2132 section 8.4). */
export type SubOption = ScalarValue & { readonly code: number };

/** What TR-069 section 3.1 puts into option 43. */
export interface Tr069Value {
  readonly url: string;
  readonly code?: string | undefined;
  /** Seconds. */
  readonly retryWait?: number | undefined;
  /** Thousandths. */
  readonly retryMultiplier?: number | undefined;
}

/** What one enterprise says: options (125) or classes (124). */
export interface EnterpriseValue {
  readonly number: number;
  readonly tlv?: readonly SubOption[] | undefined;
  readonly classes?: readonly string[] | undefined;
}

/** The value of a DHCP option. */
export type OptionValue =
  | ScalarValue
  | { readonly u16s: readonly number[] }
  | { readonly routes: readonly string[] }
  | { readonly domains: readonly string[] }
  | { readonly sip: readonly string[] }
  /** In the order written. */
  | { readonly tlv: readonly SubOption[] }
  | { readonly tr069: Tr069Value }
  | { readonly enterprise: readonly EnterpriseValue[] };

const whole = (from: number, to: number) => {
  const error = `write a whole number from ${from} to ${to}`;
  return shape.int({ error }).min(from, error).max(to, error);
};

/** Numbers are taken as their digits: a VLAN is a number to people and text to phones. */
const text = shape
  .union([shape.string().min(1), shape.int()], { error: 'write text, in quotes if need be' })
  .transform(String);

/** Text that is fit as it stands, or will have to be once its placeholders are filled. */
const suited = (what: string, suits: (text: string) => boolean) =>
  shape
    .string({ error: `write ${what}` })
    .refine((value) => placeholdersOf(value).length > 0 || suits(value), {
      error: ({ input }) => `"${input}" is not ${what}`,
    });

/** One may stand without brackets. */
const some = <Item extends AnyShape>(item: Item) =>
  shape.preprocess(
    (raw): unknown => (Array.isArray(raw) ? raw : [raw]),
    shape.array(item).min(1, 'write at least one'),
  );

type AnyShape = Parameters<typeof checkShape>[0];

const isIpv4 = (value: string): boolean => parseIpv4(value) !== undefined;
const isName = (value: string): boolean => encodeDomains([value]) !== undefined;
const address = suited('an IPv4 address (write 10.20.0.1)', isIpv4);
const addresses = shape.union([address, shape.array(address).min(1, 'write at least one')], {
  error: 'write an IPv4 address or a list of them',
});
const domain = suited('a domain name (write voice.example.com)', isName);
const route = suited('a route (write 10.0.0.0/8 via 10.20.0.1)', (value) => parseRoute(value) !== undefined);
const sipServers = some(suited('a domain name or an IPv4 address', isName)).refine(
  (list) => new Set(list.filter((each) => placeholdersOf(each).length === 0).map(isIpv4)).size <= 1,
  'write either names or addresses: the option holds one kind only',
);
const hex = shape
  .string({ error: 'write hex digits in quotes' })
  .regex(/^[0-9a-f]{2}([:\s-]?[0-9a-f]{2})*$/i, 'write hex digits in pairs (0a:14:00:01)')
  .transform((digits) => digits.replaceAll(/[:\s-]/g, ''));
const onOff = shape
  .union([shape.boolean(), shape.enum(['on', 'off'])], { error: 'write on or off' })
  .transform((value) => value === true || value === 'on');

const SCALARS = {
  text: shape.strictObject({ text, nul: shape.boolean().optional() }),
  ip: shape.strictObject({ ip: address }),
  ips: shape.strictObject({ ips: addresses }),
  u8: shape.strictObject({ u8: whole(0, 255) }),
  u16: shape.strictObject({ u16: whole(0, 65_535) }),
  u32: shape.strictObject({ u32: whole(0, 4_294_967_295) }),
  i32: shape.strictObject({ i32: whole(-2_147_483_648, 2_147_483_647) }),
  bool: shape.strictObject({ bool: onOff }),
  hex: shape.strictObject({ hex }),
};

const subOption = shape
  .looseObject({ code: whole(1, 254) }, { error: 'write a sub-option such as {code: 1, text: abc}' })
  .transform(({ code, ...written }, context): SubOption => {
    const read = readForm(SCALARS, written);
    if (read.ok) return { code, ...read.value };
    for (const mistake of read.error) context.addIssue(issueOf(mistake));
    return shape.NEVER;
  });
const subOptions = shape
  .array(subOption, { error: 'write a list of sub-options' })
  .min(1, 'write at least one');

const FORMS = {
  ...SCALARS,
  u16s: shape.strictObject({ u16s: some(whole(0, 65_535)) }),
  routes: shape.strictObject({ routes: some(route) }),
  domains: shape.strictObject({ domains: some(domain) }),
  sip: shape.strictObject({ sip: sipServers }),
  tlv: shape.strictObject({ tlv: subOptions }),
  tr069: shape.strictObject({
    tr069: shape.strictObject({
      url: text,
      code: text.optional(),
      retryWait: whole(1, 65_535).optional(),
      retryMultiplier: whole(1000, 65_535).optional(),
    }),
  }),
  enterprise: shape.strictObject({
    enterprise: shape
      .array(
        shape.strictObject({
          number: whole(1, 4_294_967_295),
          tlv: subOptions.optional(),
          classes: some(text).optional(),
        }),
        { error: 'write a list such as [{number: 3561, tlv: [{code: 1, text: abc}]}]' },
      )
      .min(1, 'write at least one'),
  }),
};

/** The code of an option, written as its number or as its name. */
export const optionCode = shape
  .union([shape.number(), shape.string()], { error: 'write the number or the name of a DHCP option' })
  .transform((raw, context): number => {
    const code = optionCodeOf(String(raw));
    if (code !== undefined) return code;
    context.addIssue({ code: 'custom', message: noOption(raw) });
    return shape.NEVER;
  });

/** Values by the code or name of their option; comes out by code. */
export const optionValues = shape
  .record(shape.string(), shape.unknown(), { error: 'write option: value, one a line' })
  .transform((raw, context): Readonly<Record<string, OptionValue>> => {
    const values: Record<string, OptionValue> = {};
    for (const [key, written] of Object.entries(raw)) {
      const code = optionCodeOf(key);
      const read = code !== undefined && code in values ? err([twice(code)]) : readOption(key, written);
      if (read.ok) values[String(code)] = read.value;
      else
        for (const { path, message } of read.error)
          context.addIssue(issueOf({ path: [key, ...path], message }));
    }
    return values;
  });

type Read<Value> = Result<Value, readonly ShapeMistake[]>;

function readOption(key: string, written: unknown): Read<OptionValue> {
  const refusal = refusalOf(key);
  if (refusal !== undefined) return err([at(refusal)]);
  const code = optionCodeOf(key);
  if (code === undefined) return err([at(noOption(key))]);
  const read = isObject(written) ? readForm(FORMS, written) : readShort(code, written);
  const misfit = read.ok ? (misfitOf(code, formOf(read.value)) ?? miscountOf(code, read.value)) : undefined;
  return misfit === undefined ? read : err([at(misfit)]);
}

/** A mistake in it is told without the form into which it was put: who wrote it knows nothing of that form. */
function readShort(code: number, written: unknown): Read<OptionValue> {
  const full = inFull(code, written);
  if (!full.ok) return err([at(full.error)]);
  const read = readForm(FORMS, full.value);
  if (read.ok) return read;
  return err(
    read.error.map(({ path, message }) => ({
      path: Array.isArray(written) ? path.slice(1) : [],
      message: `${holdsOf(code)}: ${message}`,
    })),
  );
}

function formOf(value: OptionValue): string {
  return Object.keys(value).find((key) => key !== 'nul') ?? '';
}

/** Why a value of a form that fits does not: too many, too few, or the parts of another option. */
function miscountOf(code: number, value: OptionValue): string | undefined {
  const form = OPTIONS[code]?.form;
  let isFit = true;
  if ('ips' in value) {
    const count = [value.ips].flat().length;
    isFit = form === 'ip' ? count === 1 : form !== 'ip-pairs' || count % 2 === 0;
  }
  if ('enterprise' in value) {
    const ofClasses = value.enterprise.filter(({ classes }) => classes !== undefined).length;
    const ofOptions = value.enterprise.filter(({ tlv }) => tlv !== undefined).length;
    const [own, other] = form === 'vendor-classes' ? [ofClasses, ofOptions] : [ofOptions, ofClasses];
    isFit = own === value.enterprise.length && other === 0;
  }
  return isFit ? undefined : holdsOf(code);
}

/** Reads an object by the one form that it names. */
function readForm<Schema extends AnyShape>(
  forms: Readonly<Record<string, Schema>>,
  written: Readonly<Record<string, unknown>>,
): Read<ShapeOf<Schema>> {
  const [found, ...more] = Object.entries(forms).filter(([form]) => Object.hasOwn(written, form));
  if (found === undefined || more.length > 0) {
    return err([at(`write one of ${Object.keys(forms).join(', ')}`)]);
  }
  return checkShape(found[1], written);
}

function isObject(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

const at = (message: string): ShapeMistake => ({ path: [], message });

const issueOf = ({ path, message }: ShapeMistake) => ({ code: 'custom' as const, path: [...path], message });

const noOption = (raw: string | number): string =>
  `"${raw}" is not a DHCP option (write a number from 1 to 254 or a name such as tftp-server-name)`;

const twice = (code: number): ShapeMistake =>
  at(`option ${code} (${optionName(code)}) is written twice, once by another name`);

/** `10.0.0.0/8 via 10.20.0.1`. */
export function parseRoute(written: string): { readonly subnet: Subnet; readonly gateway: Ipv4 } | undefined {
  const [, to = '', via = ''] = /^(\S+)\s+via\s+(\S+)$/.exec(written.trim()) ?? [];
  const subnet = parseSubnet(to);
  const gateway = parseIpv4(via);
  return subnet === undefined || gateway === undefined ? undefined : { subnet, gateway };
}

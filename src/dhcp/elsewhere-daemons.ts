// The options of phones as settings of the DHCP servers that run on Unix: dnsmasq, ISC dhcpd, Kea.
import { toHex } from '../base/bytes.ts';
import {
  asIps,
  asText,
  colons,
  hexPairs,
  isTellable,
  type OptionSet,
  remarks,
  type SetOption,
  spellings,
  textsOf,
} from './elsewhere-set.ts';

/** dnsmasq takes nothing but addresses for these. */
const DNSMASQ_IPS = new Set([
  1, 3, 6, 7, 9, 16, 21, 28, 32, 33, 41, 42, 44, 45, 48, 49, 50, 54, 65, 68, 69, 70, 71, 74, 150,
]);

/** And these are text for it, whatever is written. */
const DNSMASQ_TEXTS = new Set([15, 17, 18, 40, 47, 64, 66, 67, 100, 101]);

/** Lines for dnsmasq.conf. */
export function forDnsmasq(sets: readonly OptionSet[]): readonly string[] {
  const head = [
    '# For a file in /etc/dnsmasq.d/.',
    '# It compares option 60 byte by byte: spellings that are not listed are not matched.',
  ];
  return [
    ...head,
    ...sets.flatMap((set) => ['', ...remarks('#', set), ...(isTellable(set) ? dnsmasqSet(set) : [])]),
  ];
}

function dnsmasqSet(set: OptionSet): readonly string[] {
  const tag = `unboxd-${set.vendor}`;
  const texts = textsOf(set).texts.flatMap(({ text }) => spellings(text));
  return [
    ...texts.map((text) => `dhcp-vendorclass=set:${tag},${quoted(text)}`),
    // A value in hex fits whatever begins with it; one byte alone would be read as a number.
    ...set.option60Hex.map(
      (hex) => `dhcp-match=set:${tag},60,${hexPairs(hex).join(':')}${hex.length === 2 ? ':*' : ''}`,
    ),
    ...set.ouis.map((oui) => `dhcp-mac=set:${tag},${hexPairs(oui).join(':')}:*:*:*`),
    ...set.options.map((option) => {
      const value = dnsmasqValue(option);
      if (value === undefined)
        return `# left out: dnsmasq cannot send ${toHex(option.bytes)} as option ${option.code}`;
      return `dhcp-option${option.forced === true ? '-force' : ''}=tag:${tag},${option.code},${value}`;
    }),
  ];
}

function dnsmasqValue({ code, bytes }: SetOption): string | undefined {
  if (DNSMASQ_IPS.has(code)) return asIps(bytes)?.join(',');
  const text = asText(bytes);
  if (DNSMASQ_TEXTS.has(code)) return text === undefined ? undefined : quoted(text);
  // What looks like a number is one, quoted or not.
  if (text !== undefined && !/^-?\d+[bsi]?$/i.test(text)) return quoted(text);
  return bytes.length === 1 ? `${bytes[0]}b` : colons(bytes);
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** Statements for dhcpd.conf (ISC). */
export function forIsc(sets: readonly OptionSet[]): readonly string[] {
  const told = sets.filter(isTellable);
  const codes = [...new Set(told.flatMap(({ options }) => options.map(({ code }) => code)))].sort(
    (a, b) => a - b,
  );
  return [
    '# For dhcpd.conf, outside of any subnet. The options get names of their own, so that they carry the bytes as they are.',
    ...codes.map((code) => `option unboxd-${code} code ${code} = string;`),
    ...sets.flatMap((set) => ['', ...remarks('#', set), ...(isTellable(set) ? iscSet(set) : [])]),
  ];
}

function iscSet(set: OptionSet): readonly string[] {
  const field = 'option vendor-class-identifier';
  const tests = [
    ...textsOf(set).texts.map(({ text, anchored }) =>
      anchored
        ? `lcase(substring(${field}, 0, ${text.length})) = ${quoted(text.toLowerCase())}`
        : `${field} ~~ ${quoted(text.replaceAll(/[.*+?^${}()|[\]\\]/g, '[$&]'))}`,
    ),
    ...set.option60Hex.map((hex) => `substring(${field}, 0, ${hex.length / 2}) = ${hexPairs(hex).join(':')}`),
    // The first byte of `hardware` is the type of the network.
    ...set.ouis.map((oui) => `substring(hardware, 1, 3) = ${hexPairs(oui).join(':')}`),
  ];
  const forced = set.options
    .filter((option) => option.forced === true)
    .map(({ code }) => colons(Uint8Array.of(code)));
  const asked = 'option dhcp-parameter-request-list';
  return [
    `class "unboxd-${set.vendor}" {`,
    `  match if ${tests.join('\n    or ')};`,
    ...set.options.map(({ code, bytes }) => {
      const text = asText(bytes);
      return `  option unboxd-${code} ${text === undefined ? colons(bytes) : quoted(text)};`;
    }),
    ...(forced.length === 0 ? [] : [`  ${asked} = concat(${asked}, ${forced.join(':')});`]),
    '}',
  ];
}

/** Kea has forms of its own for these, which no class may change: text comes out cut short (measured with 159). */
const KEA_KEEPS = new Set([141, 143, 151, 152, 153, 154, 155, 156, 157, 159, 212, 213]);

/** A configuration for Kea (kea-dhcp4) with client classes only. */
export function forKea(sets: readonly OptionSet[]): readonly string[] {
  const parts = sets.map((set) => ({ set, tests: keaTests(set) }));
  const last = parts.findLast(({ tests }) => tests.length > 0);
  return [
    '// Add these client classes to those in kea-dhcp4.conf.',
    '// Kea compares option 60 byte by byte: spellings that are not listed are not matched.',
    '{ "Dhcp4": {',
    '  "client-classes": [',
    ...parts.flatMap((part) => [
      ...remarks('    //', part.set, keaRemarks(part.set, part.tests)),
      ...(part.tests.length === 0
        ? []
        : [...keaClass(part.set, part.tests), `    }${part === last ? '' : ','}`]),
    ]),
    '  ]',
    '} }',
  ];
}

/** The expressions of which one must hold; none when there is nothing to set, or nothing to tell the phones by. */
function keaTests(set: OptionSet): readonly string[] {
  if (!isTellable(set)) return [];
  const texts = textsOf(set).texts.filter(({ anchored }) => anchored);
  return [
    ...texts.flatMap(({ text }) => spellings(text)).map(keaBegins),
    ...set.option60Hex.map(
      (hex) => `substring(option[60].hex,0,${hex.length / 2}) == 0x${hex.toLowerCase()}`,
    ),
    ...set.ouis.map((oui) => `substring(pkt4.mac,0,3) == 0x${oui.toLowerCase()}`),
  ];
}

function keaRemarks(set: OptionSet, tests: readonly string[]): readonly string[] {
  const within = textsOf(set).texts.filter(({ anchored }) => !anchored);
  return [
    ...within.map(
      ({ text }) => `option 60 with "${text}" inside is not matched: Kea compares from its begin`,
    ),
    ...(isTellable(set) && tests.length === 0 ? ['left out: Kea has nothing to tell these phones by'] : []),
    ...set.options
      .filter(({ code }) => KEA_KEEPS.has(code))
      .map(({ code }) => `left out: option ${code}, for which Kea has a form of its own`),
  ];
}

/** A class but for its closing brace. */
function keaClass(set: OptionSet, tests: readonly string[]): readonly string[] {
  const options = set.options.filter(({ code }) => !KEA_KEEPS.has(code));
  return [
    '    {',
    `      "name": ${JSON.stringify(`unboxd-${set.vendor}`)},`,
    `      "test": ${JSON.stringify(tests.map((test) => `(${test})`).join(' or '))},`,
    // Without it Kea takes 43 for a list of sub-options and sends it empty.
    ...(options.some(({ code }) => code === 43)
      ? ['      "option-def": [{ "name": "unboxd-43", "code": 43, "type": "binary" }],']
      : []),
    '      "option-data": [',
    ...options.map((option, index) => keaOption(option, index === options.length - 1 ? '' : ',')),
    '      ]',
  ];
}

function keaBegins(text: string): string {
  const literal = text.includes("'") ? `0x${Buffer.from(text, 'latin1').toString('hex')}` : `'${text}'`;
  return `substring(option[60].hex,0,${text.length}) == ${literal}`;
}

function keaOption({ code, bytes, forced }: SetOption, end: string): string {
  const text = asText(bytes);
  // Text in single quotes goes out as it is; there is no way to write such a quote inside.
  const data = text === undefined || /['\\]/.test(text) ? toHex(bytes) : `'${text}'`;
  const always = forced === true ? ' "always-send": true,' : '';
  return `        { "code": ${code}, "csv-format": false,${always} "data": ${JSON.stringify(data)} }${end}`;
}

// The options of phones as commands for Windows Server (PowerShell) and MikroTik RouterOS.
import { toHex } from '../base/bytes.ts';
import { OPTIONS } from '../base/dhcp-options.ts';
import {
  asIps,
  asText,
  isTellable,
  type OptionSet,
  remarks,
  type SetOption,
  spellings,
  textsOf,
} from './elsewhere-set.ts';

/** Windows has definitions of its own up to 76, and of 121. */
const WINDOWS_LAST = 76;
const WINDOWS_TOO = new Set([121]);

type WindowsType = 'String' | 'IPv4Address' | 'BinaryData' | 'Number';

/** Commands for PowerShell on the Windows DHCP server. */
export function forWindows(sets: readonly OptionSet[]): readonly string[] {
  const told = sets.filter(isWindowsTellable);
  const types = windowsTypes(told);
  const own = [...types].filter(([code]) => !isPredefined(code)).sort(([a], [b]) => a - b);
  return [
    '# For PowerShell, as an administrator, on the DHCP server. The policies hold for all scopes.',
    '# Windows ends text with a NUL; phones ignore it.',
    ...own.map(([code, type]) => {
      const list = type === 'IPv4Address' ? ' -MultiValued' : '';
      return `Add-DhcpServerv4OptionDefinition -OptionId ${code} -Name 'unboxd-${code}' -Type ${type}${list}`;
    }),
    ...sets.flatMap((set) => [
      '',
      ...windowsRemarks(set),
      ...(isWindowsTellable(set) ? windowsSet(set, types) : []),
    ]),
  ];
}

function windowsRemarks(set: OptionSet): readonly string[] {
  const within = textsOf(set).texts.filter(({ anchored }) => !anchored);
  return remarks('#', set, [
    ...within.map(
      ({ text }) => `option 60 with "${text}" inside is not matched: Windows compares from its begin`,
    ),
    ...set.option60Hex.map(
      (hex) => `option 60 that begins with the bytes ${hex} is not matched: a class is text here`,
    ),
    ...set.options
      .filter(({ forced }) => forced === true)
      .map(({ code }) => `option ${code} is sent only to phones that ask for it: Windows knows no other way`),
    ...(isTellable(set) && !isWindowsTellable(set)
      ? ['left out: Windows has nothing to tell these phones by']
      : []),
  ]);
}

function isWindowsTellable(set: OptionSet): boolean {
  if (set.options.length === 0) return false;
  return set.ouis.length > 0 || textsOf(set).texts.some(({ anchored }) => anchored);
}

function windowsSet(set: OptionSet, types: ReadonlyMap<number, WindowsType>): readonly string[] {
  const policy = `unboxd-${set.vendor}`;
  const texts = textsOf(set)
    .texts.filter(({ anchored }) => anchored)
    .flatMap(({ text }) => spellings(text));
  const classes = texts.map((text, index) => ({ name: `${policy}-${index + 1}`, text }));
  const conditions = [
    // The asterisk: whatever begins with the text of the class.
    ...(classes.length === 0 ? [] : [`-VendorClass EQ,${classes.map(({ name }) => `'${name}*'`).join(',')}`]),
    ...(set.ouis.length === 0
      ? []
      : [`-MacAddress EQ,${set.ouis.map((oui) => `'${oui.toUpperCase()}*'`).join(',')}`]),
  ];
  return [
    ...classes.map(
      ({ name, text }) => `Add-DhcpServerv4Class -Name '${name}' -Type Vendor -Data ${single(text)}`,
    ),
    `Add-DhcpServerv4Policy -Name '${policy}' -Condition OR ${conditions.join(' ')}`,
    ...set.options.flatMap((option) => windowsOption(policy, option, types.get(option.code) ?? 'BinaryData')),
  ];
}

function windowsOption(policy: string, { code, bytes }: SetOption, type: WindowsType): readonly string[] {
  const value = windowsValue(bytes, type);
  if (value === undefined) return [`# left out: Windows cannot send ${toHex(bytes)} as option ${code}`];
  const text = type === 'BinaryData' ? asText(bytes) : undefined;
  return [
    ...(text === undefined ? [] : [`# ${text}`]),
    `Set-DhcpServerv4OptionValue -PolicyName '${policy}' -OptionId ${code} -Value ${value}`,
  ];
}

function windowsValue(bytes: Uint8Array, type: WindowsType): string | undefined {
  switch (type) {
    case 'String': {
      const text = asText(bytes);
      return text === undefined ? undefined : single(text);
    }
    case 'IPv4Address':
      return asIps(bytes)?.join(',');
    case 'Number':
      return `0x${toHex(bytes)}`;
    case 'BinaryData':
      return [...bytes].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(',');
  }
}

function isPredefined(code: number): boolean {
  return code <= WINDOWS_LAST || WINDOWS_TOO.has(code);
}

/** One type for each code: the one that fits all sets. */
function windowsTypes(sets: readonly OptionSet[]): ReadonlyMap<number, WindowsType> {
  const types = new Map<number, WindowsType>();
  for (const { code, bytes } of sets.flatMap(({ options }) => options)) {
    const type = windowsType(code, bytes);
    const before = types.get(code) ?? type;
    types.set(code, before === type ? type : 'BinaryData');
  }
  return types;
}

function windowsType(code: number, bytes: Uint8Array): WindowsType {
  const form = OPTIONS[code]?.form;
  if (form === 'ip' || form === 'ips') return asIps(bytes) === undefined ? 'BinaryData' : 'IPv4Address';
  if (!isPredefined(code)) return asText(bytes) === undefined ? 'BinaryData' : 'String';
  if (form === 'text') return 'String';
  return form !== undefined && /^(?:u8|u16|u32|i32|seconds|bool)$/.test(form) ? 'Number' : 'BinaryData';
}

function single(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Commands for the terminal of RouterOS 7.16 or later. */
export function forMikrotik(sets: readonly OptionSet[]): readonly string[] {
  return [
    '# For the terminal of RouterOS 7.16 or later (matching-type came with it). The matchers hold for all servers.',
    '# RouterOS tells classes by options only, never by MAC prefix, and compares byte by byte.',
    ...sets.flatMap((set) => [
      '',
      ...mikrotikRemarks(set),
      ...(isMikrotikTellable(set) ? mikrotikSet(set) : []),
    ]),
  ];
}

function mikrotikRemarks(set: OptionSet): readonly string[] {
  return remarks('#', set, [
    ...set.option60Hex.map(
      (hex) => `option 60 that begins with the bytes ${hex} is not matched: a class is text here`,
    ),
    ...(set.ouis.length === 0
      ? []
      : [`phones that say nothing in option 60 are not matched by their MAC prefixes`]),
    ...(isTellable(set) && !isMikrotikTellable(set)
      ? ['left out: RouterOS has nothing to tell these phones by']
      : []),
  ]);
}

function isMikrotikTellable(set: OptionSet): boolean {
  return set.options.length > 0 && textsOf(set).texts.length > 0;
}

function mikrotikSet(set: OptionSet): readonly string[] {
  const name = `unboxd-${set.vendor}`;
  const texts = textsOf(set).texts.flatMap(({ text }) => spellings(text));
  return [
    ...set.options.flatMap((option) => mikrotikOption(name, option)),
    `/ip dhcp-server option sets add name=${name} options=${set.options.map(({ code }) => `${name}-${code}`).join(',')}`,
    ...texts.map((text, index) => {
      const match = `code=60 matching-type=substring value="${text.replaceAll(/["\\$]/g, '\\$&')}"`;
      return `/ip dhcp-server matcher add name=${name}-${index + 1} ${match} option-set=${name}`;
    }),
  ];
}

function mikrotikOption(name: string, { code, bytes, forced }: SetOption): readonly string[] {
  const text = asText(bytes);
  // $ begins a variable there, and the quotes cannot be written inside.
  const isPlain = text !== undefined && !/['"\\$]/.test(text);
  const force = forced === true ? ' force=yes' : '';
  const value = isPlain ? `"s'${text}'"` : `0x${toHex(bytes)}`;
  return [
    ...(text === undefined || isPlain ? [] : [`# ${text}`]),
    `/ip dhcp-server option add name=${name}-${code} code=${code} value=${value}${force}`,
  ];
}

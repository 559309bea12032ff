// Which values fit which DHCP option: a URL where addresses belong would be read by every phone as nonsense.
import { OPTIONS, type OptionForm, optionCodeOf, optionName } from '../base/dhcp-options.ts';
import { err, ok, type Result } from '../base/result.ts';
import { parseDuration } from '../base/units.ts';

interface Rule {
  /** Finishes "option 66 (tftp-server-name) holds …". */
  readonly holds: string;
  /** The forms of values that fit, beside hex, which always does. */
  readonly takes: readonly string[];
  /** A plain scalar or list in the form it means. */
  readonly short: (raw: unknown) => Readonly<Record<string, unknown>>;
}

const asHex = (raw: unknown) => ({ hex: raw });
const OPAQUE: Rule = { holds: 'bytes (write {hex: "0a14"})', takes: [], short: asHex };
const ENTERPRISE: Rule['short'] = (raw) => ({ enterprise: raw });

const RULES: Readonly<Record<OptionForm, Rule>> = {
  text: { holds: 'text', takes: ['text'], short: (raw) => ({ text: raw }) },
  ip: { holds: 'one address (write 10.20.0.1)', takes: ['ip', 'ips'], short: (raw) => ({ ip: raw }) },
  ips: {
    holds: 'addresses (write [10.20.0.1, 10.20.0.2])',
    takes: ['ip', 'ips'],
    short: (raw) => ({ ips: raw }),
  },
  'ip-pairs': {
    holds: 'addresses two by two (write [10.1.0.0, 10.20.0.1])',
    takes: ['ips'],
    short: (raw) => ({ ips: raw }),
  },
  u8: { holds: 'a number of one byte', takes: ['u8'], short: (raw) => ({ u8: raw }) },
  u16: { holds: 'a number of two bytes', takes: ['u16'], short: (raw) => ({ u16: raw }) },
  u16s: {
    holds: 'numbers of two bytes (write [68, 1500])',
    takes: ['u16', 'u16s'],
    short: (raw) => ({ u16s: raw }),
  },
  u32: { holds: 'a number of four bytes', takes: ['u32'], short: (raw) => ({ u32: raw }) },
  i32: { holds: 'a number of four bytes', takes: ['i32', 'u32'], short: (raw) => ({ i32: raw }) },
  seconds: {
    holds: 'a time (write 600 for seconds, or 10m)',
    takes: ['u32'],
    short: (raw) => ({ u32: secondsOf(raw) }),
  },
  bool: { holds: 'on or off', takes: ['bool', 'u8'], short: (raw) => ({ bool: raw }) },
  routes: {
    holds: 'routes (write ["10.0.0.0/8 via 10.20.0.1"])',
    takes: ['routes'],
    short: (raw) => ({ routes: raw }),
  },
  domains: {
    holds: 'domain names (write [example.com])',
    takes: ['domains'],
    short: (raw) => ({ domains: raw }),
  },
  'sip-servers': {
    holds: 'SIP servers by name or by address (write [sip.example.com])',
    takes: ['sip'],
    short: (raw) => ({ sip: raw }),
  },
  'sub-options': {
    holds: 'text or sub-options (write [{code: 1, text: abc}])',
    takes: ['text', 'tlv'],
    short: (raw) => (typeof raw === 'string' ? { text: raw } : { tlv: raw }),
  },
  'vendor-classes': {
    holds: 'classes of enterprises (write [{number: 3561, classes: [abc]}])',
    takes: ['enterprise'],
    short: ENTERPRISE,
  },
  'vendor-options': {
    holds: 'options of enterprises (write [{number: 3561, tlv: [{code: 1, text: abc}]}])',
    takes: ['enterprise'],
    short: ENTERPRISE,
  },
  'user-class': OPAQUE,
  fqdn: OPAQUE,
  hex: OPAQUE,
  flag: OPAQUE,
  codes: OPAQUE,
  'message-type': OPAQUE,
};

const VENDOR_SPECIFIC = 43;
const ONLY_CLIENTS = 'only clients send it';

/**
 * The protocol's own options, and what to write instead: the lease and the message speak through them, so data cannot
 * set them. A lease time from a vendor file, for one, would promise an address for longer than it is kept.
 */
const REFUSED: Readonly<Record<number, string>> = {
  0: 'it fills gaps and has no value',
  50: ONLY_CLIENTS,
  51: 'write the setting `lease`',
  52: 'the server sets it when the options need more room',
  53: 'every message has its own',
  54: 'it is the address of the server',
  55: ONLY_CLIENTS,
  57: ONLY_CLIENTS,
  58: 'it follows from the setting `lease`',
  59: 'it follows from the setting `lease`',
  61: ONLY_CLIENTS,
  80: 'write the setting `rapidCommit`',
  82: 'only relays send it, and get it back by themselves',
  255: 'it ends the options and has no value',
};

/** Why an option cannot be set by data, whatever the value. */
export function refusalOf(key: string): string | undefined {
  const code = optionCodeOf(key) ?? Number(key);
  const reason = REFUSED[code];
  return reason === undefined ? undefined : `option ${named(code)} cannot be set: ${reason}`;
}

/** Why a form of value does not suit an option. Codes that nobody or everybody defines take any. */
export function misfitOf(code: number, form: string): string | undefined {
  const entry = OPTIONS[code];
  if (entry === undefined || entry.free === true || form === 'hex') return undefined;
  if (code === VENDOR_SPECIFIC && form === 'tr069') return undefined;
  return RULES[entry.form].takes.includes(form) ? undefined : `${holdsOf(code)}, not ${form}`;
}

/** What an option holds, as a sentence: "option 3 (router) holds addresses". */
export function holdsOf(code: number): string {
  const form = OPTIONS[code]?.form;
  return form === undefined
    ? `option ${code} holds anything`
    : `option ${named(code)} holds ${RULES[form].holds}`;
}

/** A value that was written short, in the form that its option has; or what to write instead. */
export function inFull(code: number, raw: unknown): Result<Readonly<Record<string, unknown>>, string> {
  const form = OPTIONS[code]?.form;
  if (form !== undefined) return ok(RULES[form].short(raw));
  if (typeof raw === 'string') return ok({ text: raw });
  return err(
    `option ${code} has no form of its own: say which you mean (write {u8: 5}, {ips: [10.20.0.1]} …)`,
  );
}

function named(code: number): string {
  return code in OPTIONS ? `${code} (${optionName(code)})` : String(code);
}

/** A duration in seconds; anything else as it is. */
function secondsOf(raw: unknown): unknown {
  const milliseconds = typeof raw === 'string' ? parseDuration(raw) : undefined;
  return milliseconds === undefined ? raw : Math.floor(milliseconds / 1000);
}

// Leases of other DHCP servers, read from their files, and ours as a table for people. A bad line is named; nothing is
// half-read in silence.
import { type Ipv4, parseIpv4 } from '../base/ipv4.ts';
import { type Mac, parseMac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import { type CsvRow, readCsvRows, writeCsvRow } from './lease-files-csv.ts';
import { readIscDeclarations } from './lease-files-isc.ts';

export interface FileLease {
  readonly address: Ipv4;
  readonly mac: Mac;
  readonly expires: Millis;
  readonly hostname?: string | undefined;
}

export interface LineMistake {
  readonly line: number;
  readonly message: string;
}

export interface LeaseFile {
  /** Those that still run, one per address. */
  readonly leases: readonly FileLease[];
  /** When there are any, the leases are not to be used. */
  readonly mistakes: readonly LineMistake[];
  /** How many had ended and were left out. */
  readonly ended: number;
}

type Read = (text: string, now: Millis) => LeaseFile;

/**
 * A lease without end is never renewed, so its address must not go to another phone for as long as that phone may be
 * in use. Ours have an end, all of them: ten years is beyond the life of a phone on a desk.
 */
const ENDLESS = 10 * 365 * 86_400_000;
/** The end of the year 9999: later than this is no moment but a mistake. */
const LAST_SECOND = 253_402_300_799;
const KEA_FOREVER = 0xffffffff;

/** `dnsmasq.leases`: expiry in seconds since 1970, MAC, address, host name, client id. */
export const readDnsmasqLeases: Read = (text, now) => {
  const gathered = gather(now);
  for (const [index, written] of linesOf(text).entries()) {
    const line = index + 1;
    const [expiry = '', mac = '', address = '', hostname] = written.trim().split(/\s+/);
    // After the server's own DUID come leases of IPv6 only.
    if (expiry === 'duid') break;
    // Hardware other than Ethernet has its type before a dash; no phone has it.
    if (expiry === '' || address.includes(':') || /^[0-9a-f]{2}-/i.test(mac)) continue;
    if (hostname === undefined) {
      gathered.wrong(
        line,
        'not the four or five fields of a dnsmasq lease (expiry, MAC, address, name, client id)',
      );
      continue;
    }
    const name = hostname === '*' ? undefined : hostname;
    gathered.take({
      line,
      address,
      mac,
      hostname: name,
      ends: expiry === '0' ? 'never' : seconds(expiry),
      shown: expiry,
    });
  }
  return gathered.done();
};

/** `dhcpd.leases` of ISC dhcpd. */
export const readIscLeases: Read = (text, now) => {
  const { leases, mistakes } = readIscDeclarations(withoutBom(text));
  const gathered = gather(now);
  for (const { line, message } of mistakes) gathered.wrong(line, message);
  for (const { line, address, mac, hostname, state = 'active', ends, endsText = '' } of leases) {
    // Hardware other than Ethernet: no phone has it.
    if (state !== 'active' || mac === undefined) gathered.drop(address);
    else gathered.take({ line, address, mac: padded(mac), hostname, ends, shown: endsText });
  }
  return gathered.done();
};

/** The memfile of Kea (kea-leases4.csv). */
export const readKeaLeases: Read = (text, now) => {
  const gathered = gather(now);
  const table = tableOf(text, ['address', 'hwaddr', 'valid_lifetime', 'expire'], gathered);
  for (const { line, cell, raw } of table) {
    const address = cell('address');
    // State 1: declined, 2: ended and cleared away. A lifetime of 0 takes the lease back.
    const isGone = (cell('state') || '0') !== '0' || cell('valid_lifetime') === '0';
    if (isGone || cell('hwaddr') === '') {
      gathered.drop(address);
      continue;
    }
    const expire = cell('expire');
    const ends = Number(cell('valid_lifetime')) === KEA_FOREVER ? 'never' : seconds(expire);
    // Kea writes a comma inside of a cell as a character reference.
    const hostname = raw('hostname').replaceAll('&#x2c', ',') || undefined;
    gathered.take({ line, address, mac: cell('hwaddr'), hostname, ends, shown: expire });
  }
  return gathered.done();
};

/** Our own table, as `writeLeasesCsv` writes it; any with columns address, mac and expires will do. */
export const readLeasesCsv: Read = (text, now) => {
  const gathered = gather(now);
  for (const { line, cell, raw } of tableOf(text, ['address', 'mac', 'expires'], gathered)) {
    const state = cell('state') || 'bound';
    if (state !== 'bound') continue;
    const expires = cell('expires');
    const at = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(expires) ? Date.parse(expires) / 1000 : Number.NaN;
    const ends = expires === 'never' ? expires : Number.isNaN(at) ? undefined : at;
    gathered.take({
      line,
      address: cell('address'),
      mac: cell('mac'),
      hostname: raw('hostname') || undefined,
      ends,
      shown: expires,
    });
  }
  return gathered.done();
};

export const LEASE_FORMATS = {
  dnsmasq: readDnsmasqLeases,
  isc: readIscLeases,
  kea: readKeaLeases,
  csv: readLeasesCsv,
} as const;

export type LeaseFormat = keyof typeof LEASE_FORMATS;

/** Whose file it is, by its look. */
export function detectLeaseFormat(text: string): LeaseFormat | undefined {
  const lines = linesOf(text).filter((line) => line.trim() !== '');
  const [first = ''] = lines;
  const columns = first
    .toLowerCase()
    .split(/[,;]/)
    .map((name) => name.trim());
  if (columns.includes('address') && columns.includes('hwaddr')) return 'kea';
  if (columns.includes('address') && columns.includes('mac')) return 'csv';
  if (/^\s*(?:lease\s+[\d.]+\s*\{|(?:authoring-byte-order|server-duid|failover)\b)/m.test(text)) return 'isc';
  if (/^\d+\s+\S*[0-9a-f]{2}:\S+\s+\S+/i.test(first) || /^duid\s/.test(first)) return 'dnsmasq';
  return undefined;
}

/** One line of our lease list. */
export interface LeaseRow {
  readonly address: string;
  readonly mac: string;
  readonly state: string;
  readonly expires: Millis;
  readonly hostname?: string | undefined;
}

/** The leases as comma-separated values (RFC 4180), times in UTC by ISO 8601. */
export function writeLeasesCsv(rows: readonly LeaseRow[]): string {
  const cells = rows.map(({ address, mac, state, expires, hostname = '' }) => [
    address,
    mac,
    state,
    new Date(expires).toISOString(),
    hostname,
  ]);
  return [['address', 'mac', 'state', 'expires', 'hostname'], ...cells]
    .map((row) => `${writeCsvRow(row)}\r\n`)
    .join('');
}

interface Written {
  readonly line: number;
  readonly address: string;
  readonly mac: string;
  readonly hostname: string | undefined;
  /** Seconds since 1970; undefined: it could not be read. */
  readonly ends: number | 'never' | undefined;
  /** The end as it is written. */
  readonly shown: string;
}

/** Collects leases, the last one of each address, and mistakes. */
function gather(now: Millis) {
  const kept = new Map<string, FileLease>();
  const mistakes: LineMistake[] = [];
  const wrong = (line: number, message: string): void => void mistakes.push({ line, message });
  return {
    wrong,
    drop: (address: string): void => void kept.delete(address),
    take: ({ line, hostname, ...written }: Written): void => {
      const address = parseIpv4(written.address);
      const mac = parseMac(written.mac);
      const { ends } = written;
      if (address === undefined) wrong(line, `"${written.address}" is not an IPv4 address`);
      if (mac === undefined) wrong(line, `"${written.mac}" is not a MAC address`);
      const isMoment = ends === 'never' || (ends !== undefined && ends >= 0 && ends <= LAST_SECOND);
      if (!isMoment) wrong(line, `"${written.shown}" is no time at which a lease ends`);
      if (address === undefined || mac === undefined || !isMoment) return;
      const expires = ends === 'never' ? now + ENDLESS : ends * 1000;
      kept.set(written.address, { address, mac, expires, ...(hostname === undefined ? {} : { hostname }) });
    },
    done: (): LeaseFile => {
      const leases = [...kept.values()].filter(({ expires }) => expires > now);
      return { leases, mistakes, ended: kept.size - leases.length };
    },
  };
}

interface TableRow {
  readonly line: number;
  /** Empty where the row has no such column. */
  readonly cell: (column: string) => string;
  /** With the blanks around it. */
  readonly raw: (column: string) => string;
}

function tableOf(
  text: string,
  needed: readonly string[],
  gathered: ReturnType<typeof gather>,
): readonly TableRow[] {
  const { rows, mistakes } = readCsvRows(withoutBom(text));
  for (const { line, message } of mistakes) gathered.wrong(line, message);
  const [header, ...body] = rows;
  const names = header?.cells.map((name) => name.trim().toLowerCase()) ?? [];
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    if (mistakes.length === 0)
      gathered.wrong(1, `the header line has no column ${missing.map((name) => `"${name}"`).join(', ')}`);
    return [];
  }
  return body.flatMap((row) => tableRow(row, names, gathered));
}

function tableRow(
  { line, cells }: CsvRow,
  names: readonly string[],
  gathered: ReturnType<typeof gather>,
): readonly TableRow[] {
  if (cells.length > names.length) {
    gathered.wrong(line, `${cells.length} cells, but the header line names ${names.length}`);
    return [];
  }
  const raw = (column: string): string => cells[names.indexOf(column)] ?? '';
  return [{ line, raw, cell: (column) => raw(column).trim() }];
}

function seconds(text: string): number | undefined {
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

/** dhcpd of some systems writes the bytes of a MAC without leading zeros. */
function padded(mac: string): string {
  return mac
    .split(':')
    .map((byte) => byte.padStart(2, '0'))
    .join(':');
}

function linesOf(text: string): readonly string[] {
  return withoutBom(text).split(/\r?\n/);
}

function withoutBom(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

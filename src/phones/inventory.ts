// Reads the phone list (CSV with a header line). Every bad row is named with its line; nothing is half-loaded.
import { CsvError, type Info, parse } from 'csv-parse/sync';
import { type Ipv4, parseIpv4, showIpv4 } from '../base/ipv4.ts';
import { ouiOf, parseMac, showMac } from '../base/mac.ts';
import type { Mistake } from '../base/yaml-text.ts';
import { identify } from './identify.ts';
import type { ListedPhone, ListedPlace } from './phone.ts';
import { type Catalogue, modelOf, vendorOf } from './vendor.ts';

interface Read {
  readonly phones: readonly ListedPhone[];
  readonly places: readonly ListedPlace[];
  /** Where each MAC, each dotted address and each place stands. */
  readonly lineOf: ReadonlyMap<string, number>;
  readonly mistakes: readonly Mistake[];
}

interface Row {
  readonly line: number;
  readonly columns: Readonly<Record<string, string>>;
}

/** A column becomes a template variable, so it must be a name. */
const COLUMN = /^[a-z][a-z0-9_]*$/;

/**
 * The phones of a list, checked against the vendors that are known. Separators `,` and `;` are both read. A row without
 * a MAC keeps its `address` for whoever is at its switch port (`circuit_id`) or has its client identifier (`client_id`).
 */
export function readInventory(file: string, text: string, catalogue: Catalogue): Read {
  const { rows, mistakes } = readRows(file, text);
  const lineOf = new Map<string, number>();
  const found: Mistake[] = [...mistakes];
  const phones: ListedPhone[] = [];
  const places: ListedPlace[] = [];
  for (const row of rows) {
    const wrong = (message: string): void => {
      found.push({ file, line: row.line, message });
    };
    const isFirst = (what: string, key: string): boolean => {
      const first = lineOf.get(key);
      if (first !== undefined) wrong(`${what} stands in line ${first} already`);
      else lineOf.set(key, row.line);
      return first === undefined;
    };
    const address = readAddress(row, wrong);
    if (address !== undefined) isFirst(`the address ${showIpv4(address)}`, showIpv4(address));
    if ((row.columns['mac'] ?? '') === '') {
      const place = readPlace(row, address, wrong);
      if (place !== undefined && isFirst('that place', place.key)) places.push(place);
      continue;
    }
    const phone = readPhone(row, catalogue, wrong);
    if (phone !== undefined && isFirst(showMac(phone.mac), phone.mac)) phones.push({ ...phone, address });
  }
  return { phones, places, lineOf, mistakes: found };
}

type Wrong = (message: string) => void;

function readAddress({ columns }: Row, wrong: Wrong): Ipv4 | undefined {
  const written = columns['address'] ?? '';
  if (written === '') return undefined;
  const address = parseIpv4(written);
  if (address === undefined) wrong(`"${written}" is not an IPv4 address`);
  return address;
}

function readPlace({ columns }: Row, address: Ipv4 | undefined, wrong: Wrong): ListedPlace | undefined {
  const circuit = columns['circuit_id'] ?? '';
  const id = (columns['client_id'] ?? '').replaceAll(/[-:.\s]/g, '').toLowerCase();
  if (circuit === '' && id === '') wrong('the MAC is missing');
  else if (address === undefined)
    wrong('a row without MAC keeps an address for a place: the address is missing');
  else if (circuit !== '') return { key: `port:${circuit}`, address };
  else if (/^([0-9a-f]{2})+$/.test(id)) return { key: `id:${id}`, address };
  else wrong(`"${columns['client_id']}" is no client identifier (write its bytes in hex)`);
  return undefined;
}

function readRows(file: string, text: string): { rows: readonly Row[]; mistakes: readonly Mistake[] } {
  const firstLine = text.split(/\r?\n/, 1)[0] ?? '';
  try {
    const parsed = parse(text, {
      bom: true,
      columns: (header: string[]) => header.map((name) => name.trim().toLowerCase()),
      delimiter: firstLine.includes(';') && !firstLine.includes(',') ? ';' : ',',
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as readonly { record: Readonly<Record<string, string>>; info: Info }[];
    const header = Object.keys(parsed[0]?.record ?? {});
    const mistakes = header
      .filter((name) => !COLUMN.test(name))
      .map((name) => ({
        file,
        line: 1,
        message: `column "${name}" is no name for a template variable (write a-z, 0-9, _)`,
      }));
    if (parsed.length > 0 && !header.includes('mac')) {
      return {
        rows: [],
        mistakes: [...mistakes, { file, line: 1, message: 'the header line has no column "mac"' }],
      };
    }
    return { rows: parsed.map(({ record, info }) => ({ line: info.lines, columns: record })), mistakes };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error['lines'] === 'number' ? error['lines'] : undefined;
    return { rows: [], mistakes: [{ file, line, message: error.message }] };
  }
}

function readPhone(
  { columns }: Row,
  catalogue: Catalogue,
  wrong: (message: string) => void,
): ListedPhone | undefined {
  const written = columns['mac'] ?? '';
  const mac = parseMac(written);
  if (mac === undefined) {
    wrong(`"${written}" is not a MAC address`);
    return undefined;
  }
  // A value becomes part of a line of a configuration file: a line break in it would begin a setting of its own.
  const broken = Object.keys(columns).find((name) => /\p{Cc}/u.test(columns[name] ?? ''));
  if (broken !== undefined) {
    wrong(`the ${broken} holds a line break or another control character`);
    return undefined;
  }
  const vendorName = columns['vendor']?.toLowerCase() || undefined;
  const vendor = vendorOf(catalogue, vendorName);
  if (vendorName !== undefined && vendor === undefined) {
    const known = catalogue.vendors.map((each) => each.id).join(', ');
    wrong(`vendor "${columns['vendor']}" is not known (known: ${known})`);
    return undefined;
  }
  const maker = vendor ?? vendorOf(catalogue, identify(catalogue, [{ kind: 'oui', oui: ouiOf(mac) }]).vendor);
  const model = columns['model'] || undefined;
  if (model !== undefined && maker !== undefined && modelOf(maker, model) === undefined) {
    wrong(`model "${model}" is not in the vendor file of ${maker.name}`);
    return undefined;
  }
  return {
    mac,
    vendor: vendorName,
    model,
    label: columns['label'] || undefined,
    extension: columns['extension'] || undefined,
    columns: Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== '')),
  };
}

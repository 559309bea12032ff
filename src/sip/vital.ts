// The headers that every message must have, exactly one good one of each, read once for all who need them.
import { WireError } from '../base/bytes.ts';
import { type NameAddr, parseNameAddr, parseVia, type Via } from './uri.ts';

export interface Vital {
  readonly via: Via;
  readonly from: NameAddr;
  readonly to: NameAddr;
  readonly cseq: CSeq;
}

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

const MOST_VIAS = 70;

interface SipHeader {
  readonly name: string;
  readonly value: string;
}

/** The headers that every message has (RFC 3261 section 8.1.1; Max-Forwards, the sixth, is often forgotten). */
type VitalName = 'Via' | 'From' | 'To' | 'Call-ID' | 'CSeq';

/** Reads them; throws WireError. `method` of the start line where it is a request: CSeq must name it too. */
export function readVital(all: readonly SipHeader[], method: string | undefined, at: number): Vital {
  const values = vitalValues(all, at);
  const must = <Value>(value: Value | undefined, name: VitalName): Value => {
    if (value === undefined) throw notOne(name, at);
    return value;
  };
  const seen = {
    via: must(parseVia(values.Via), 'Via'),
    from: must(parseNameAddr(values.From), 'From'),
    to: must(parseNameAddr(values.To), 'To'),
    cseq: must(parseCSeq(values.CSeq), 'CSeq'),
  };
  if (values['Call-ID'] === '') throw notOne('Call-ID', at);
  if (method !== undefined && seen.cseq.method !== method) throw notOne('CSeq', at);
  return seen;
}

/** The first Via and the only one of each other; '' for what is absent. */
function vitalValues(all: readonly SipHeader[], at: number): Record<VitalName, string> {
  const values: Record<VitalName, string> = { Via: '', From: '', To: '', 'Call-ID': '', CSeq: '' };
  const found = new Set<string>();
  let vias = 0;
  for (const { name, value } of all) {
    if (!isVital(name)) continue;
    if (name === 'Via') vias += 1;
    else if (found.has(name)) throw notOne(name, at);
    if (!found.has(name)) values[name] = value;
    found.add(name);
  }
  if (vias > MOST_VIAS) throw new WireError('too-long', at, 'too many Via');
  return values;
}

function isVital(name: string): name is VitalName {
  return name === 'Via' || name === 'From' || name === 'To' || name === 'Call-ID' || name === 'CSeq';
}

function notOne(name: string, at: number): WireError {
  return new WireError('bad-value', at, `not exactly one good ${name}`);
}

/** Reads `20000 SUBSCRIBE`. */
export function parseCSeq(text: string): CSeq | undefined {
  const [, digits = '', method] = /^(\d{1,10})[ \t]+(\S+)$/.exec(text) ?? [];
  // RFC 3261 section 8.1.1.5: less than 2**31.
  return method === undefined || Number(digits) >= 2 ** 31 ? undefined : { number: Number(digits), method };
}

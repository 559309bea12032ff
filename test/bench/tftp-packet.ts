// TFTP as a phone speaks it (RFC 1350, 2347 to 2349). On purpose none of it comes from src/tftp: a mistake there must
// not agree with itself here.

export type Heard =
  | { readonly kind: 'data'; readonly block: number; readonly data: Buffer }
  | { readonly kind: 'oack'; readonly options: ReadonlyMap<string, string> }
  | { readonly kind: 'error'; readonly code: number; readonly message: string };

const RRQ = 1;
const DATA = 3;
const ACK = 4;
const ERROR = 5;
const OACK = 6;

export function readRequest(name: string, options: Readonly<Record<string, number>>): Buffer {
  const words = [name, 'octet', ...Object.entries(options).flatMap(([key, value]) => [key, String(value)])];
  return Buffer.from(`\0${String.fromCharCode(RRQ)}${words.join('\0')}\0`, 'latin1');
}

export function acknowledge(block: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(ACK, 0);
  bytes.writeUInt16BE(block, 2);
  return bytes;
}

/** Undefined for what no server may send to a phone that reads. */
export function hear(bytes: Buffer): Heard | undefined {
  if (bytes.length < 4 && !(bytes.length >= 2 && bytes.readUInt16BE(0) === OACK)) return undefined;
  switch (bytes.readUInt16BE(0)) {
    case DATA:
      return { kind: 'data', block: bytes.readUInt16BE(2), data: bytes.subarray(4) };
    case OACK:
      return heardOptions(bytes.subarray(2).toString('latin1'));
    case ERROR: {
      const message = bytes.subarray(4).toString('latin1').split('\0')[0] ?? '';
      return { kind: 'error', code: bytes.readUInt16BE(2), message };
    }
    default:
      return undefined;
  }
}

function heardOptions(text: string): Heard | undefined {
  const words = text.split('\0');
  // Every word ends with a NUL, so the last piece is empty, and names and values pair.
  if (words.pop() !== '' || words.length % 2 !== 0) return undefined;
  const pairs = words.flatMap((word, at) =>
    at % 2 === 0 ? [[word.toLowerCase(), words[at + 1] ?? ''] as const] : [],
  );
  return { kind: 'oack', options: new Map(pairs) };
}

// netascii (RFC 764, RFC 1350 section 1): a line ends in CR LF, a bare CR is CR NUL.

const CR = 13;
const LF = 10;
const NUL = 0;

/** A whole file in netascii. */
export function toNetascii(content: Uint8Array): Uint8Array {
  let extra = 0;
  for (const byte of content) if (byte === LF || byte === CR) extra += 1;
  const out = new Uint8Array(content.length + extra);
  let at = 0;
  for (const byte of content) {
    if (byte === LF) out[at++] = CR;
    out[at++] = byte;
    if (byte === CR) out[at++] = NUL;
  }
  return out;
}

// netascii (RFC 764, RFC 1350 section 1): a line ends in CR LF, a bare CR is CR NUL.

const CR = 13;
const LF = 10;
const NUL = 0;

/** Texts are short; a firmware asked for in netascii is a phone's mistake, and turning it round would take long. */
export const LARGEST_TEXT = 4 * 1024 * 1024;

/** By the content itself, which nobody changes: all phones that fetch a file share its netascii form too. */
const forms = new WeakMap<Uint8Array, Uint8Array>();

/** A whole file in netascii: the file itself where it has no line ends. */
export function toNetascii(content: Uint8Array): Uint8Array {
  const known = forms.get(content);
  if (known !== undefined) return known;
  const form = converted(content);
  forms.set(content, form);
  return form;
}

function converted(content: Uint8Array): Uint8Array {
  let extra = 0;
  for (const byte of content) if (byte === LF || byte === CR) extra += 1;
  if (extra === 0) return content;
  const out = new Uint8Array(content.length + extra);
  let at = 0;
  for (const byte of content) {
    if (byte === LF) out[at++] = CR;
    out[at++] = byte;
    if (byte === CR) out[at++] = NUL;
  }
  return out;
}

/** Reads netascii piece by piece. */
export interface NetasciiReader {
  /** What the piece says; a CR at its end waits for the next. */
  read(piece: Uint8Array): Uint8Array;
  /** What still waits when nothing follows. */
  rest(): Uint8Array;
}

export function createNetasciiReader(): NetasciiReader {
  let isCrOpen = false;
  const read = (piece: Uint8Array): Uint8Array => {
    const out = new Uint8Array(piece.length + 1);
    let at = 0;
    for (const byte of piece) {
      const isAfterCr = isCrOpen;
      isCrOpen = byte === CR;
      // What is neither LF nor NUL after a CR is no netascii, and is kept as it is.
      if (isAfterCr && byte !== LF) out[at++] = CR;
      const isRead = byte !== CR && !(isAfterCr && byte === NUL);
      if (isRead) out[at++] = byte;
    }
    return out.subarray(0, at);
  };
  return {
    read,
    rest: () => {
      const isOpen = isCrOpen;
      isCrOpen = false;
      return isOpen ? Uint8Array.of(CR) : new Uint8Array();
    },
  };
}

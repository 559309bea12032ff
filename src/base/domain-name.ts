// Domain names as they stand in DNS messages and in some DHCP options (RFC 1035 sections 3.1 and 4.1.4).

const LONGEST_LABEL = 63;
const LONGEST_NAME = 255;
/** The two upper bits of a length byte make it the first byte of a pointer. */
const POINTER = 0xc0;
/** Where pointers cannot reach any more: 14 bits. */
const OUT_OF_REACH = 0x4000;

/**
 * Names one behind the other; undefined when one of them is none. Compressed, the end of a name that stood before
 * becomes a pointer to it.
 */
export function encodeDomains(
  names: readonly string[],
  how: 'plain' | 'compressed' = 'plain',
): Uint8Array | undefined {
  const bytes: number[] = [];
  const known = new Map<string, number>();
  for (const name of names) {
    const labels = labelsOf(name);
    if (labels === undefined) return undefined;
    const tails = labels.map((_, index) => labels.slice(index).join('.').toLowerCase());
    const pointers = tails.map((tail) => (how === 'compressed' ? known.get(tail) : undefined));
    const first = pointers.findIndex((pointer) => pointer !== undefined);
    const own = first < 0 ? labels.length : first;
    for (const [index, label] of labels.slice(0, own).entries()) {
      if (bytes.length < OUT_OF_REACH) known.set(tails[index] ?? '', bytes.length);
      bytes.push(label.length, ...Buffer.from(label));
    }
    const pointer = pointers[own];
    bytes.push(...(pointer === undefined ? [0] : [POINTER | (pointer >>> 8), pointer & 255]));
  }
  return Uint8Array.from(bytes);
}

/** Visible ASCII only: names of other alphabets are written in their xn-- form. A dot at the end says nothing. */
function labelsOf(name: string): readonly string[] | undefined {
  const labels = name.replace(/\.$/, '').split('.');
  const isFit = labels.every((label) => /^[\x21-\x7e]+$/.test(label) && label.length <= LONGEST_LABEL);
  const length = labels.reduce((sum, label) => sum + 1 + label.length, 1);
  return isFit && length <= LONGEST_NAME ? labels : undefined;
}

/** The names, each as its labels in bytes; undefined when the bytes are not names from end to end. */
export function decodeDomains(bytes: Uint8Array): readonly (readonly Uint8Array[])[] | undefined {
  const names: (readonly Uint8Array[])[] = [];
  for (let at = 0; at < bytes.length; ) {
    const read = domainAt(bytes, at);
    if (read === undefined) return undefined;
    names.push(read.labels);
    at = read.end;
  }
  return names;
}

/** The name that begins at a byte, and where the next one does. Pointers lead backwards only, so reading ends. */
function domainAt(
  bytes: Uint8Array,
  start: number,
): { readonly labels: readonly Uint8Array[]; readonly end: number } | undefined {
  const labels: Uint8Array[] = [];
  let end: number | undefined;
  for (let at = start, from = start, length = 1; ; ) {
    const size = bytes[at];
    if (size === undefined) return undefined;
    if (size === 0) return { labels, end: end ?? at + 1 };
    const next = bytes[at + 1];
    if (size >= POINTER && next !== undefined) {
      const target = ((size & ~POINTER) << 8) | next;
      if (target >= from) return undefined;
      end ??= at + 2;
      at = from = target;
      continue;
    }
    length += 1 + size;
    if (size > LONGEST_LABEL || length > LONGEST_NAME || at + 1 + size > bytes.length) return undefined;
    labels.push(bytes.subarray(at + 1, at + 1 + size));
    at += 1 + size;
  }
}

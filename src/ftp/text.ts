// TYPE A: lines end with CR LF on the wire (RFC 959 section 3.1.1.1) and with LF in our files.

const LF = 10;
const CR = 13;

/** Larger than any text for a phone; whoever fetches more in TYPE A has forgotten TYPE I. */
export const LARGEST_TEXT = 8 * 1024 * 1024;

/** LF becomes CR LF; where there is CR LF already, it stays. */
export function toWire(content: Uint8Array): Uint8Array {
  const bare = bareLineFeeds(content);
  if (bare === 0) return content;
  const out = new Uint8Array(content.length + bare);
  let at = 0;
  let before = 0;
  for (const byte of content) {
    if (byte === LF && before !== CR) out[at++] = CR;
    out[at++] = byte;
    before = byte;
  }
  return out;
}

function bareLineFeeds(content: Uint8Array): number {
  let count = 0;
  for (let at = content.indexOf(LF); at !== -1; at = content.indexOf(LF, at + 1)) {
    if (content[at - 1] !== CR) count += 1;
  }
  return count;
}

/** CR LF becomes LF, also where a segment ends between the two. Call with nothing at the end. */
export function fromWire(): (bytes: Uint8Array | undefined) => Uint8Array {
  let isPending = false;
  return (bytes) => {
    const out: number[] = [];
    if (bytes === undefined) {
      if (isPending) out.push(CR);
      isPending = false;
      return Uint8Array.from(out);
    }
    for (const byte of bytes) {
      if (isPending && byte !== LF) out.push(CR);
      isPending = byte === CR;
      if (!isPending) out.push(byte);
    }
    return Uint8Array.from(out);
  };
}

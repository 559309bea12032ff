// Where a message ends in a stream: Content-Length says (RFC 3261 section 18.3).
import { latin1 } from '../base/bytes.ts';

export type Framed =
  /** Not all of it has come. */
  | { readonly kind: 'more' }
  /** Two line ends between messages: the peer asks whether we are there (RFC 5626 section 4.4.1). */
  | { readonly kind: 'ping'; readonly used: number }
  | { readonly kind: 'message'; readonly bytes: Uint8Array; readonly used: number }
  /** A head that does not say how long its body is: what follows cannot be told apart any more. */
  | {
      readonly kind: 'lost';
      readonly because: 'no-length';
      readonly bytes: Uint8Array;
      readonly used: number;
    }
  | { readonly kind: 'lost'; readonly because: 'too-long' };

/** Looks for the first message of what has come so far; none may be longer than `longest`. */
export function nextFrame(buffer: Uint8Array, longest: number): Framed {
  let start = 0;
  while (buffer[start] === 0x0d || buffer[start] === 0x0a) start += 1;
  if (start >= 4) return { kind: 'ping', used: start };
  if (start === buffer.length) return { kind: 'more' };
  const text = latin1(buffer.subarray(start, start + longest));
  const end = /\r?\n\r?\n/.exec(text);
  if (end === null) return buffer.length - start >= longest ? LOST : { kind: 'more' };
  const bodyAt = end.index + end[0].length;
  const length = lengthIn(text.slice(0, end.index));
  if (length === undefined) {
    const used = start + bodyAt;
    return { kind: 'lost', because: 'no-length', bytes: buffer.slice(start, used), used };
  }
  const used = start + bodyAt + length;
  if (bodyAt + length > longest) return LOST;
  return used > buffer.length
    ? { kind: 'more' }
    : { kind: 'message', bytes: buffer.slice(start, used), used };
}

const LOST: Framed = { kind: 'lost', because: 'too-long' };

/** By its long or its short name; the decoder refuses a message that has two. */
function lengthIn(head: string): number | undefined {
  const digits = /^(?:content-length|l)[ \t]*:[ \t]*(\d{1,9})[ \t]*$/im.exec(head.replaceAll('\r', ''))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

// The Range header (RFC 9110 section 14): which part of a file is wanted.

/** Both ends belong to it. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

const ONE_RANGE = /^bytes=[ \t]*(?:(\d+)-(\d*)|-(\d+))[ \t,]*$/i;

/**
 * The part that the header asks for, `whole` for all of it, `beyond` where nothing of it exists (416).
 * Whatever cannot be read is as if it were not there (section 14.2), and so are several ranges at a time: no phone
 * asks so, and the whole file is always a right answer.
 */
export function wantedSpan(header: string | undefined, size: number): Span | 'whole' | 'beyond' {
  const match = header === undefined ? null : ONE_RANGE.exec(header);
  if (match === null) return 'whole';
  const [, from, to = '', tail] = match;
  if (tail !== undefined) {
    const wanted = Math.min(Number(tail), size);
    if (Number(tail) === 0) return 'beyond';
    return wanted === size ? 'whole' : { first: size - wanted, last: size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < first) return 'whole'; // not valid (section 14.1.1)
  return first >= size ? 'beyond' : { first, last };
}

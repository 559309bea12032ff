// The request target (RFC 9112 section 3.2): which file it names.
import { nameFromBytes } from '../files/resolve.ts';

/** Nothing to decode, nothing to cut off. */
const PLAIN = /^\/[!"$&->@-~]*$/;

/**
 * The path of an origin-form or absolute-form target, percent-decoded once: what is still encoded after that is part
 * of the name. Bytes that are no UTF-8 are taken as Latin-1, as they are over TFTP. Undefined for a broken escape.
 */
export function nameInTarget(target: string): string | undefined {
  if (PLAIN.test(target)) return target;
  const path = pathOf(target);
  if (!/[%\u0080-\uffff]/.test(path)) return path;
  if (/%(?![0-9a-f]{2})/i.test(path)) return undefined;
  const bytes = path.replaceAll(/%([0-9a-f]{2})/gi, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return nameFromBytes(Buffer.from(bytes, 'latin1'));
}

/** Without query and fragment, and without an authority, in which a password may stand. */
export function pathOf(target: string): string {
  return target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
}

/** Macros that phones put into a URL, and the placeholders of our own settings. */
const UNFILLED = /\$[A-Z]{2,6}\b|\{(?:mac|MAC|model|server)\}/;

/** A macro that the phone should have filled in before it asked: `$MAC`. */
export function unfilledIn(name: string): string | undefined {
  return UNFILLED.exec(name)?.[0];
}

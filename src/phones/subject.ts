// What the subject of a phone's certificate says of it.
import { isUnusableMac, type Mac, parseMac } from '../base/mac.ts';

/** Twelve hex digits that stand alone: bare, in pairs with colons or dashes, or in fours with dots. */
const WRITTEN =
  /(?<![0-9a-f])(?:[0-9a-f]{12}|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|(?:[0-9a-f]{2}-){5}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})(?![0-9a-f])/gi;

/**
 * The MACs in the attributes of a subject, wherever they stand: makers put them into CN, SN, ST or behind a prefix
 * ("SEP000E08ABCDEF"). A serial number of twelve hex digits looks like one too, so there may be several.
 */
export function macsInSubject(values: readonly string[]): readonly Mac[] {
  const found = values
    .flatMap((value) => value.match(WRITTEN) ?? [])
    .map(parseMac)
    .filter((mac) => mac !== undefined);
  return [...new Set(found)].filter((mac) => !isUnusableMac(mac));
}

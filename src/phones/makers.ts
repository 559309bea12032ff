// Who made a network card, by the first three bytes of its address: to find the box that should not be there.
import { type Mac, ouiOf } from '../base/mac.ts';
import { shape } from '../base/shape.ts';

/** Names by prefix: six lower-case hex digits. */
export type Makers = ReadonlyMap<string, string>;

/** One text for each maker, since thousands of prefixes are read at every start. */
const prefixes = shape.string().transform((text, context): readonly string[] => {
  const all = text.trim().split(/\s+/);
  for (const one of all) {
    if (/^[0-9A-F]{6}$/.test(one)) continue;
    context.addIssue({ code: 'custom', message: `"${one}" is not a prefix (write 4C5E0C)` });
  }
  return all;
});

/** The file: prefixes by the name of their maker, with blanks between them. */
export const makersShape = shape.record(shape.string(), prefixes).transform((file, context): Makers => {
  const makers = new Map<string, string>();
  for (const [maker, all] of Object.entries(file)) {
    for (const prefix of all) {
      const key = prefix.toLowerCase();
      const other = makers.get(key);
      if (other !== undefined) {
        context.addIssue({ code: 'custom', path: [maker], message: `${prefix} stands under ${other} too` });
      }
      makers.set(key, maker);
    }
  }
  return makers;
});

/** Undefined for makers that the file does not hold, and for addresses that a program made up. */
export function makerOf(makers: Makers, mac: Mac): string | undefined {
  return makers.get(ouiOf(mac));
}

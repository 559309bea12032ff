// Hardware addresses of phones.

declare const brand: unique symbol;

/** Twelve lower-case hex digits without separators. Only `parseMac` and `macFromBytes` make one. */
export type Mac = string & { readonly [brand]: 'Mac' };

/** Reads a MAC in any form people write it (colons, dashes, dots, blanks, none; any case). */
export function parseMac(text: string): Mac | undefined {
  const hex = text.replaceAll(/[-:.\s]/g, '').toLowerCase();
  return /^[0-9a-f]{12}$/.test(hex) ? (hex as Mac) : undefined;
}

/** The MAC held in the first six bytes. */
export function macFromBytes(bytes: Uint8Array): Mac | undefined {
  if (bytes.length < 6) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset, 6).toString('hex') as Mac;
}

/** `00:15:65:aa:bb:cc`, the form that people compare with the label on the box. */
export function showMac(mac: Mac): string {
  return mac.replaceAll(/(..)(?=.)/g, '$1:');
}

/** The first three bytes, by which the registry names the maker: six lower-case hex digits. */
export function ouiOf(mac: Mac): string {
  return mac.slice(0, 6);
}

/** No phone can have it: all zeros, or a group address (lowest bit of the first byte, IEEE 802 section 8.2). */
export function isUnusableMac(mac: Mac): boolean {
  return mac === '000000000000' || (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

// What traffic reveals about a phone. Doors collect clues; `identify` weighs them.

export type Clue =
  | { readonly kind: 'user-agent'; readonly text: string }
  | { readonly kind: 'file-name'; readonly text: string }
  | {
      readonly kind: 'pnp-event';
      readonly vendor?: string | undefined;
      readonly model?: string | undefined;
      readonly version?: string | undefined;
    }
  | { readonly kind: 'listed'; readonly vendor?: string | undefined; readonly model?: string | undefined }
  /** Bytes as Latin-1, without NULs at the end: some vendors send binary. */
  | { readonly kind: 'option-60'; readonly text: string }
  /** Enterprise numbers of RFC 3925 (options 124 and 125). */
  | { readonly kind: 'enterprise'; readonly numbers: readonly number[] }
  | { readonly kind: 'option-77'; readonly classes: readonly string[] }
  | { readonly kind: 'hostname'; readonly text: string }
  | { readonly kind: 'option-55'; readonly codes: readonly number[] }
  /** The first three bytes of the MAC: six lower-case hex digits. */
  | { readonly kind: 'oui'; readonly oui: string };

export type ClueKind = Clue['kind'];

/**
 * How much a clue weighs. Each outweighs all lighter ones together, so that many weak hints never overrule a strong one.
 * Strings that a user can set on the phone are never a hard gate.
 */
export const WEIGHT: Readonly<Record<ClueKind, number>> = {
  'user-agent': 2800,
  listed: 1400,
  'file-name': 700,
  'pnp-event': 340,
  'option-60': 150,
  enterprise: 75,
  'option-77': 36,
  hostname: 18,
  oui: 10,
  'option-55': 5,
};

/** What an expression that describes the whole of option 60 adds to its weight: a model named beats a prefix. */
export const WHOLE = 10;

/** How a clue is called in a sentence. */
export const CLUE_NAME: Readonly<Record<ClueKind, string>> = {
  'user-agent': 'its User-Agent',
  listed: 'the phone list',
  'file-name': 'the file it asks for',
  'pnp-event': 'its PnP request',
  'option-60': 'DHCP option 60',
  enterprise: 'DHCP option 124 or 125',
  'option-77': 'DHCP option 77',
  hostname: 'its host name',
  'option-55': 'DHCP option 55',
  oui: 'its MAC',
};

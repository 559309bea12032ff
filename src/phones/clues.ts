// What traffic reveals about a phone. Doors collect clues; `identify` weighs them.
import type { Mac } from '../base/mac.ts';

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
  | { readonly kind: 'option-60'; readonly text: string }
  | { readonly kind: 'option-55'; readonly codes: readonly number[] }
  | { readonly kind: 'oui'; readonly mac: Mac };

export type ClueKind = Clue['kind'];

/** How much a clue weighs. Strings that a user can set on the phone are never a hard gate. */
export const WEIGHT: Readonly<Record<ClueKind, number>> = {
  'user-agent': 80,
  listed: 70,
  'file-name': 60,
  'pnp-event': 50,
  'option-60': 40,
  'option-55': 20,
  oui: 10,
};

/** How a clue is called in a sentence. */
export const CLUE_NAME: Readonly<Record<ClueKind, string>> = {
  'user-agent': 'its User-Agent',
  listed: 'the phone list',
  'file-name': 'the file it asks for',
  'pnp-event': 'its PnP request',
  'option-60': 'DHCP option 60',
  'option-55': 'DHCP option 55',
  oui: 'its MAC',
};

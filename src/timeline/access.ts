// How a phone comes to its lasting URL, in words. Tokens themselves are never told.
import type { EventOf } from './event.ts';

/** Begins what is told of a file that went out without its passwords. */
export const LEFT_OUT = 'passwords left out';

/** Whether the file went out so. */
export function isLeftOut({ detail }: { readonly detail?: string | undefined }): boolean {
  return detail?.includes(LEFT_OUT) === true;
}

const OVER = (door: EventOf<'access'>['door']): string =>
  door === undefined ? '' : ` over ${door.toUpperCase()}`;

/** The end of "the phone …". */
export function accessSentence({ step, door }: EventOf<'access'>): string {
  switch (step) {
    case 'first-used':
      return `came with its first token${OVER(door)} and was told its lasting URL`;
    case 'confirmed':
      return `came with its lasting URL${OVER(door)}: its first token is used up`;
    case 'renewed':
      return 'has a new first token; its lasting URL stays good until the next one is confirmed';
  }
}

// How a transfer to a phone is told.
import type { FileOutcome } from '../files/desk.ts';
import type { FileRole } from '../timeline/event.ts';

/**
 * A phone looks at the head of a firmware, sees that it has it, and closes the connection: that is how it asks whether
 * its firmware is current. Of a firmware that it wants it does not give up the first half of its own will.
 */
export function closedByPhone(role: FileRole, bytes: number, of: number): FileOutcome {
  if (role === 'firmware' && bytes < of / 2)
    return { complete: false, bytes, unchanged: true, why: 'the phone has this firmware already' };
  return { complete: false, bytes, why: 'the phone closed the data connection' };
}

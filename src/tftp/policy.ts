// What a TFTP request gets before any transfer begins: which error, if any, and in which words.
import { becauseOf, type Reason } from '../timeline/reason.ts';
import { ERROR_CODE, type TftpPacket } from './packet.ts';

type ErrorPacket = Extract<TftpPacket, { kind: 'error' }>;

/**
 * The ERROR for a refusal. Phones show the number to their installer: 1 for what is not there, 2 for what is not
 * theirs. The text has no paths of the server.
 */
export function errorFor(because: Reason): ErrorPacket {
  const { notFound, accessViolation } = ERROR_CODE;
  const code = NOT_THERE.has(because)
    ? notFound
    : NOT_THEIRS.has(because)
      ? accessViolation
      : ERROR_CODE.undefined;
  return { kind: 'error', code, message: becauseOf(because) };
}

const NOT_THERE: ReadonlySet<Reason> = new Set([
  'no-such-file',
  'unknown-phone',
  'optional-file',
  'left-out-on-purpose',
]);
const NOT_THEIRS: ReadonlySet<Reason> = new Set([
  'file-of-another-phone',
  'name-not-allowed',
  'writing-not-served',
]);

/** RFC 1350 section 4: to whoever sends to a transfer that is not theirs; the transfer goes on. */
export const UNKNOWN_TID: ErrorPacket = {
  kind: 'error',
  code: ERROR_CODE.unknownTid,
  message: 'no transfer of yours is at this port',
};

export function unknownMode(mode: string): ErrorPacket {
  const message = `mode ${mode.slice(0, 20)} is not served: use octet or netascii`;
  return { kind: 'error', code: ERROR_CODE.illegalOperation, message };
}

// What a TFTP request gets before any transfer begins: which error, if any, and in which words.
import { printable } from '../base/bytes.ts';
import { broadcastOf, type Ipv4, isWithin, type Subnet } from '../base/ipv4.ts';
import { becauseOf, type Reason } from '../timeline/reason.ts';
import { ERROR_CODE, type TftpPacket } from './packet.ts';
import { AMPLIFIED } from './rto.ts';

type ErrorPacket = Extract<TftpPacket, { kind: 'error' }>;

export interface Refusal {
  readonly because: Reason;
  /** Particulars that the peer may see. */
  readonly detail?: string | undefined;
}

/**
 * The ERROR for a refusal. Phones show the number to their installer: 1 for what is not there, 2 for what is not
 * theirs, 3 for what has no room. The text has no paths of the server.
 */
export function errorFor({ because, detail }: Refusal): ErrorPacket {
  return { kind: 'error', code: codeOf(because), message: detail ?? becauseOf(because) };
}

function codeOf(because: Reason): number {
  for (const [code, reasons] of CODES) if (reasons.includes(because)) return code;
  return ERROR_CODE.undefined;
}

const CODES: readonly (readonly [number, readonly Reason[]])[] = [
  [ERROR_CODE.notFound, ['no-such-file', 'unknown-phone', 'optional-file', 'left-out-on-purpose']],
  [
    ERROR_CODE.accessViolation,
    [
      ...(['file-of-another-phone', 'name-not-allowed', 'writing-not-served', 'upload-not-allowed'] as const),
      ...(['not-the-holder', 'outside-the-window', 'sign-in-needed', 'wrong-password', 'no-access'] as const),
      ...(['token-needed', 'token-wrong'] as const),
    ],
  ],
  [ERROR_CODE.diskFull, ['upload-too-large', 'upload-quota-used', 'disk-full']],
  [ERROR_CODE.exists, ['upload-over-served']],
];

/** An ERROR no longer than what its sender may get for so many bytes, in letters that every display has. */
export function fitted({ code, message }: ErrorPacket, asked: number): ErrorPacket {
  const most = Math.max(1, AMPLIFIED * asked - 5);
  const plain = printable(message.slice(0, 200), 200).replaceAll(/[^ -~]/g, '?');
  return { kind: 'error', code, message: plain.slice(0, most) };
}

/** RFC 1350 section 4: to whoever sends to a transfer that is not theirs; the transfer goes on. */
export const UNKNOWN_TID: ErrorPacket = {
  kind: 'error',
  code: ERROR_CODE.unknownTid,
  message: 'no transfer of yours is at this port',
};

export function unknownMode(mode: string): ErrorPacket {
  const message = `mode ${printable(mode, 20)} is not served: use octet or netascii`;
  return { kind: 'error', code: ERROR_CODE.illegalOperation, message };
}

export function isServedMode(mode: string): boolean {
  return mode === 'octet' || mode === 'netascii';
}

/** Of all ports that services have, this one alone is used by TFTP clients too. */
const TFTP_PORT = 69;
const FIRST_FREE_PORT = 1024;

/** Why a sender gets nothing, not even an ERROR: what we would send could only do harm. */
export function isForged(
  { address, port }: { readonly address: Ipv4; readonly port: number },
  lan: { readonly address: Ipv4; readonly subnet: Subnet },
): boolean {
  if (!isWithin(lan.subnet, address) || address === lan.address) return true;
  const { network, prefix } = lan.subnet;
  if (prefix < 31 && (address === broadcastOf(lan.subnet) || address === network)) return true;
  // An answer to a service would be answered by it, and so on without end.
  return port < FIRST_FREE_PORT && port !== TFTP_PORT;
}

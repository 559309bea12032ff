// One message, whatever it holds and however it came: decoded, and handed to whom it concerns.
import type { Peer } from '../net/ports.ts';
import { decodeMessage, type SipRequest } from './message.ts';
import { type Answering, answerRequest, type Call } from './pnp.ts';
import { isPnp } from './policy.ts';
import { strictFault } from './strict.ts';

/** A bug met by one message must not take the door from all other phones. */
export function hearMessage(door: Answering, bytes: Uint8Array, way: Omit<Call, 'request'>): void {
  try {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) {
      const { code, at } = decoded.error;
      door.told.garbled(way.from, { because: code, offset: at, bytes: bytes.length });
    } else if (decoded.value.kind === 'response') {
      if (!door.pending.hear(decoded.value)) door.wakes.hear(decoded.value);
    } else if (decoded.value.kind === 'request' && isGood(door, bytes, decoded.value, way.from)) {
      const { from, ingress, carrier, send } = way;
      answerRequest(door, { request: decoded.value, from, ingress, carrier, send });
    }
  } catch (error) {
    door.told.fault(error);
  }
}

/** Phones that ask for provisioning are forgiven their grammar; nobody else is. */
function isGood(door: Answering, bytes: Uint8Array, request: SipRequest, from: Peer): boolean {
  const fault = isPnp(request) ? undefined : strictFault(bytes, request);
  if (fault === undefined) return true;
  door.told.garbled(from, { because: fault.code, offset: fault.at, bytes: bytes.length });
  return false;
}

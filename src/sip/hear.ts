// One message, whatever it holds and however it came: decoded, and handed to whom it concerns.
import type { Peer } from '../net/ports.ts';
import type { FloodVerdict } from './floods.ts';
import { decodeMessage, type SipRequest } from './message.ts';
import { type Answering, answerRequest, type Call } from './pnp.ts';
import { isPnp, isServed } from './policy.ts';
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

/** Whether what that peer asks is looked at now; else why not is told. */
export function isAdmitted(door: Answering, from: Peer): boolean {
  // Invented addresses cost nothing: all that are not served count as one.
  const { subnet } = door.lan;
  const source = isServed(from, subnet, door.wakeable?.served) ? from.address : subnet.network;
  return passes(door, from, door.gate.admit(source, door.world.now()));
}

/** What the gate says, told where it is no. */
export function passes({ told }: Answering, from: Peer, verdict: FloodVerdict): boolean {
  if (verdict === 'source-too-fast') told.silence({ from }, { because: 'asked-too-often' });
  if (verdict === 'all-too-fast') told.silence({ from, about: 'too-busy' }, { because: 'too-busy' });
  return verdict === 'pass';
}

/** Phones that ask for provisioning are forgiven their grammar; nobody else is. */
function isGood(door: Answering, bytes: Uint8Array, request: SipRequest, from: Peer): boolean {
  const fault = isPnp(request) ? undefined : strictFault(bytes, request);
  if (fault === undefined) return true;
  door.told.garbled(from, { because: fault.code, offset: fault.at, bytes: bytes.length });
  return false;
}

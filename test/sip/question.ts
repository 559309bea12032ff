// A SUBSCRIBE and what is to be decided on it, with all that the answer needs.
import type { Phone } from '../../src/phones/phone.ts';
import { contactOf } from '../../src/sip/dialog.ts';
import { decodeMessage, encodeMessage, type SipRequest } from '../../src/sip/message.ts';
import { decidePnp, type PnpDecision, type PnpQuestion } from '../../src/sip/policy.ts';
import { onWire } from './dialects.ts';
import { macOf, peer, SERVER, SUBNET } from './stage.ts';

const PHONE: Phone = {
  mac: macOf('001565f4f9e1'),
  clues: new Map(),
  identity: { by: 'its MAC', conflicts: [] },
};

function request(text: string): SipRequest {
  const decoded = decodeMessage(onWire(text));
  if (!decoded.ok || decoded.value.kind !== 'request') throw new Error('not a request');
  return decoded.value;
}

export function questionOf(text: string, changes: Partial<PnpQuestion> = {}): PnpQuestion {
  const asked = request(text);
  return {
    request: asked,
    contact: contactOf(asked),
    from: peer('10.1.3.239:5059'),
    subnet: SUBNET,
    mode: 'provision',
    phone: PHONE,
    url: 'http://10.1.0.1/',
    notifyStyle: 'rfc',
    server: { address: SERVER, port: 5060 },
    tag: 'ourtag',
    branch: 'z9hG4bKours',
    ingress: 'group',
    carrier: 'datagrams',
    interface: 'lan0',
    verb: 'answer',
    ...changes,
  };
}

export function decide(text: string, changes: Partial<PnpQuestion> = {}): PnpDecision {
  return decidePnp(questionOf(text, changes));
}

/** Both messages with bare line ends. */
export function written(decision: PnpDecision): { readonly response: string; readonly notify: string } {
  if (decision.kind !== 'reply') throw new Error(`silent: ${decision.because}`);
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1').replaceAll('\r\n', '\n');
  return { response: text(encodeMessage(decision.response)), notify: text(encodeMessage(decision.notify)) };
}

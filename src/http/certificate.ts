// What a client certificate proves, and whether it fits the name that is asked for.

import { showMac } from '../base/mac.ts';
import type { Proof } from '../files/desk.ts';
import { macInName } from '../files/resolve.ts';
import type { PeerCertificate, TlsDoor } from '../net/ports.ts';
import { macsInSubject } from '../phones/subject.ts';
import type { Catalogue } from '../phones/vendor.ts';
import type { Reason } from '../timeline/reason.ts';

export type CertificateVerdict =
  | { readonly kind: 'go-on'; readonly proof: Proof['certificate'] }
  | { readonly kind: 'refuse'; readonly because: Reason; readonly detail?: string | undefined };

export interface CertificateQuestion {
  readonly certificate: PeerCertificate | undefined;
  readonly ask: NonNullable<TlsDoor['clients']>['ask'];
  /** The name asked for, decoded. */
  readonly name: string;
  readonly catalogue: Catalogue;
}

/**
 * A MAC in the name must be one of those in the certificate, trusted or not: with a forged one too, nobody honest asks
 * for another's file. Only a trusted one proves who asks; makers' certificates for a whole series hold no MAC.
 */
export function decideCertificate({
  certificate,
  ask,
  name,
  catalogue,
}: CertificateQuestion): CertificateVerdict {
  if (certificate === undefined)
    return ask === 'required' ? { kind: 'refuse', because: 'certificate-needed' } : NOTHING_SHOWN;
  const { subject, values, isTrusted, why } = certificate;
  const macs = macsInSubject(values);
  const asked = macs.length === 0 ? undefined : macInName(catalogue, name.replace(/^[\\/]+/, ''));
  if (asked !== undefined && !macs.includes(asked)) {
    const detail = `the certificate names ${macs.map(showMac).join(', ')}`;
    return { kind: 'refuse', because: 'certificate-of-another-phone', detail };
  }
  if (isTrusted) return { kind: 'go-on', proof: { subject, macs } };
  return ask === 'required'
    ? { kind: 'refuse', because: 'certificate-not-trusted', detail: why }
    : NOTHING_SHOWN;
}

const NOTHING_SHOWN: CertificateVerdict = { kind: 'go-on', proof: undefined };

// Reading certificates and keys, of any maker and kind, by node:crypto. What makes them is certificate.ts.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Millis } from '../base/world.ts';

/** What a certificate says, for people. */
export interface CertificateFacts {
  /** `O=Example, CN=unboxd`. */
  readonly subject: string;
  readonly issuer: string;
  /** DNS names and addresses of the subject alternative name. */
  readonly names: readonly string[];
  readonly notBefore: Millis;
  readonly notAfter: Millis;
  /** `RSA 2048`, `EC prime256v1`. */
  readonly key: string;
  /** SHA-256 over the DER bytes, hex. */
  readonly fingerprint: string;
  /** SHA-1, which the web pages of older phones show. */
  readonly sha1: string;
}

/** Reads one certificate, PEM or DER; of a chain the first. Throws when the text is none. */
export function readCertificate(text: string | Uint8Array): CertificateFacts {
  return factsOf(new X509Certificate(text));
}

/** What that certificate says. */
export function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    subject: onOneLine(certificate.subject),
    issuer: onOneLine(certificate.issuer),
    names: namesOf(certificate),
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
    key: keyKind(certificate.publicKey),
    fingerprint: hex(certificate.fingerprint256),
    sha1: hex(certificate.fingerprint),
  };
}

/** Every certificate in a file: PEM blocks, whatever stands between them, or one in DER. Throws when one is broken. */
export function readChain(file: Uint8Array): readonly X509Certificate[] {
  const blocks = pemBlocks(Buffer.from(file).toString('latin1'));
  if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block));
  // DER begins with a SEQUENCE (ITU-T X.690 section 8.9).
  return file[0] === 0x30 ? [new X509Certificate(file)] : [];
}

/** The certificates of a PEM text, each a PEM of its own. */
export function pemBlocks(text: string): readonly string[] {
  return (text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (one) => `${one}\n`,
  );
}

/** Reads a private key in PEM, or says why it cannot be used. */
export function readKey(pem: string): KeyObject | 'locked' | 'no-key' {
  if (/ENCRYPTED/.test(pem)) return 'locked';
  try {
    return createPrivateKey(pem);
  } catch {
    return 'no-key';
  }
}

function namesOf({ subjectAltName }: X509Certificate): readonly string[] {
  // "DNS:a.example, IP Address:10.0.0.1"; a name that holds a comma is quoted, and no phone is called so.
  return (subjectAltName ?? '')
    .split(', ')
    .flatMap((part) => /^(?:DNS|IP Address):(.+)$/.exec(part)?.[1] ?? []);
}

function onOneLine(name: string): string {
  return name.split('\n').join(', ');
}

function keyKind({ asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject): string {
  const kind = asymmetricKeyType?.toUpperCase() ?? 'unknown';
  const size = details?.modulusLength ?? details?.namedCurve;
  return size === undefined ? kind : `${kind} ${size}`;
}

function hex(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}

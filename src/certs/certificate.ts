// The certificates of the appliance: a CA of its own and the server certificate it signs (RFC 5280). The one home of
// node-forge, which writes them; keys are made by node:crypto, off the main thread.
import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import type { Millis } from '../base/world.ts';

/** A certificate and its key, both PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

export interface ServerNames {
  /** DNS names; the first is the common name. Phones that know only addresses use the next. */
  readonly names: readonly string[];
  /** Dotted quads. */
  readonly addresses: readonly string[];
}

/** What a certificate says, for people. */
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly notBefore: Millis;
  readonly notAfter: Millis;
  /** SHA-256 over the DER bytes, hex. */
  readonly fingerprint: string;
}

const DAY = 86_400_000;
const CA_DAYS = 3650;
/** Some TLS stacks refuse server certificates that live for longer (CA/Browser Forum Baseline Requirements 6.3.2). */
const SERVER_DAYS = 398;
/** A phone without a clock lives in the past: the certificate must have begun long ago. */
const BACKDATED = Date.UTC(2000, 0, 1);

const makeKeys = promisify(generateKeyPair);

/** A new CA: may sign certificates and nothing else. */
export async function makeAuthority(name: string, now: Millis): Promise<Identity> {
  const keys = await rsaKeys();
  const certificate = blank(keys, { from: BACKDATED, to: now + CA_DAYS * DAY });
  const subject = [{ name: 'commonName', value: name }];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true, pathLenConstraint: 0 },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return signed(certificate, keys.privatePem, keys.privatePem);
}

/** A server certificate with subject alternative names (RFC 6125: phones of today look nowhere else). */
export async function makeServerCertificate(
  authority: Identity,
  { names, addresses }: ServerNames,
  now: Millis,
): Promise<Identity> {
  const keys = await rsaKeys();
  const issuer = forge.pki.certificateFromPem(authority.certificate);
  const certificate = blank(keys, { from: BACKDATED, to: now + SERVER_DAYS * DAY });
  certificate.setSubject([{ name: 'commonName', value: names[0] ?? addresses[0] ?? 'unboxd' }]);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    {
      name: 'subjectAltName',
      altNames: [...names.map((value) => ({ type: 2, value })), ...addresses.map((ip) => ({ type: 7, ip }))],
    },
  ]);
  return signed(certificate, authority.key, keys.privatePem);
}

/** Reads a certificate. Throws when the text is none. */
export function readCertificate(pem: string): CertificateFacts {
  const certificate = forge.pki.certificateFromPem(pem);
  const der = forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes();
  const alternatives = certificate.getExtension('subjectAltName') as
    | { altNames?: AltName[] }
    | null
    | undefined;
  return {
    subject: commonName(certificate.subject),
    issuer: commonName(certificate.issuer),
    names: (alternatives?.altNames ?? []).map(({ ip, value }) => ip ?? value ?? ''),
    notBefore: certificate.validity.notBefore.getTime(),
    notAfter: certificate.validity.notAfter.getTime(),
    fingerprint: forge.md.sha256.create().update(der).digest().toHex(),
  };
}

interface AltName {
  readonly ip?: string;
  readonly value?: string;
}

function commonName(subject: forge.pki.Certificate['subject']): string {
  const field = subject.getField('CN') as { value?: unknown } | null;
  return typeof field?.value === 'string' ? field.value : '';
}

interface Keys {
  readonly publicPem: string;
  readonly privatePem: string;
}

/** RSA, since phones of the last fifteen years know it; 2048 bits, since the oldest cannot do more. */
async function rsaKeys(): Promise<Keys> {
  const { publicKey, privateKey } = await makeKeys('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return { publicPem: publicKey, privatePem: privateKey };
}

function blank(keys: Keys, valid: { readonly from: Millis; readonly to: Millis }): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(keys.publicPem);
  // Positive and of 16 bytes (RFC 5280 section 4.1.2.2).
  certificate.serialNumber = `00${randomBytes(16).toString('hex')}`;
  certificate.validity.notBefore = new Date(valid.from);
  certificate.validity.notAfter = new Date(valid.to);
  return certificate;
}

function signed(certificate: forge.pki.Certificate, signingKey: string, key: string): Identity {
  certificate.sign(forge.pki.privateKeyFromPem(signingKey), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), key };
}

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

const DAY = 86_400_000;
const CA_DAYS = 3650;
/** Some TLS stacks refuse server certificates that live for longer (CA/Browser Forum Baseline Requirements 6.3.2). */
const SERVER_DAYS = 398;
/** A phone without a clock lives in 1970, or in the year it was made: the certificate must have begun before. */
const BACKDATED = 0;
/** An appliance without a clock of its own lives there too; a certificate that ends in its 1971 is of no use. */
const NOT_BEFORE_NOW = Date.UTC(2026, 10, 1);

const makeKeys = promisify(generateKeyPair);

/** A new CA: may sign certificates and nothing else. */
export async function makeAuthority(name: string, now: Millis): Promise<Identity> {
  const keys = await rsaKeys();
  const certificate = blank(keys, { from: BACKDATED, to: trusted(now) + CA_DAYS * DAY });
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
  names: ServerNames,
  now: Millis,
): Promise<Identity> {
  const keys = await rsaKeys();
  const issuer = forge.pki.certificateFromPem(authority.certificate);
  const certificate = blank(keys, { from: BACKDATED, to: trusted(now) + SERVER_DAYS * DAY });
  certificate.setSubject(subjectFor(names));
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectKeyIdentifier' },
    // RFC 5280 section 4.2.1.1: strict clients refuse a certificate without it.
    {
      name: 'authorityKeyIdentifier',
      keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes(),
    },
    alternatives(names),
  ]);
  return signed(certificate, authority.key, keys.privatePem);
}

/** A key and a request that an outside authority signs (PKCS#10, RFC 2986), PEM. */
export async function makeRequest(
  names: ServerNames,
): Promise<{ readonly request: string; readonly key: string }> {
  const keys = await rsaKeys();
  const request = forge.pki.createCertificationRequest();
  request.publicKey = forge.pki.publicKeyFromPem(keys.publicPem);
  request.setSubject(subjectFor(names));
  request.setAttributes([{ name: 'extensionRequest', extensions: [alternatives(names)] }]);
  request.sign(forge.pki.privateKeyFromPem(keys.privatePem), forge.md.sha256.create());
  return { request: forge.pki.certificationRequestToPem(request), key: keys.privatePem };
}

function subjectFor({ names, addresses }: ServerNames): { name: string; value: string }[] {
  return [{ name: 'commonName', value: names[0] ?? addresses[0] ?? 'unboxd' }];
}

function alternatives({ names, addresses }: ServerNames) {
  const altNames = [
    ...names.map((value) => ({ type: 2, value })),
    ...addresses.map((ip) => ({ type: 7, ip })),
  ];
  return { name: 'subjectAltName', altNames };
}

function trusted(now: Millis): Millis {
  return Math.max(now, NOT_BEFORE_NOW);
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
  certificate.serialNumber = serialNumber(randomBytes(16));
  certificate.validity.notBefore = new Date(valid.from);
  certificate.validity.notAfter = new Date(valid.to);
  return certificate;
}

function signed(certificate: forge.pki.Certificate, signingKey: string, key: string): Identity {
  certificate.sign(forge.pki.privateKeyFromPem(signingKey), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), key };
}

/**
 * The serial number, in hex, of these random bytes: positive (RFC 5280 section 4.1.2.2), and the first byte is neither 0
 * nor has its high bit set, so that it is the shortest DER as it stands (X.690 section 8.3.2). One certificate in 512
 * would be refused as badly encoded otherwise.
 */
export function serialNumber(random: Uint8Array): string {
  const [first = 0, ...rest] = random;
  return Buffer.from([(first & 0x7f) | 0x40, ...rest]).toString('hex');
}

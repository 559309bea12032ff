// Certificates of other makers for the tests: authorities, phones and servers, good and bad.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import forge from 'node-forge';
import { type Identity, serialNumber } from '../../src/certs/certificate.ts';

export const YEAR = 365 * 86_400_000;

export interface Wish {
  /** Attributes of the subject: short name or OID, and value. */
  readonly subject: readonly (readonly [name: string, value: string])[];
  readonly signer?: Identity | undefined;
  readonly isAuthority?: boolean;
  readonly from?: number;
  readonly to?: number;
  readonly names?: readonly string[];
  readonly uses?: 'serverAuth' | 'clientAuth';
  readonly bits?: 1024 | 2048;
  /** What the serial number is made of. */
  readonly dice?: Uint8Array;
}

/** A certificate as wished for, signed by `signer` or by itself. */
export function issue(wish: Wish): Identity {
  const { subject, signer, isAuthority = false, names = [], uses, bits = 2048 } = wish;
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = serialNumber(wish.dice ?? randomBytes(8));
  certificate.validity.notBefore = new Date(wish.from ?? Date.now() - YEAR);
  certificate.validity.notAfter = new Date(wish.to ?? Date.now() + YEAR);
  certificate.setSubject(
    subject.map(([name, value]) => (/^\d/.test(name) ? { type: name, value } : { shortName: name, value })),
  );
  const issuer = signer === undefined ? certificate : forge.pki.certificateFromPem(signer.certificate);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: isAuthority, critical: true },
    ...(uses === undefined ? [] : [{ name: 'extKeyUsage', [uses]: true }]),
    ...(names.length === 0
      ? []
      : [{ name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) }]),
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(signer?.key ?? privateKey), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), key: privateKey };
}

/** An authority that signed itself. */
export function authority(name: string): Identity {
  return issue({ subject: [['CN', name]], isAuthority: true });
}

/** A phone’s certificate as one maker makes it: product, serial number and, as surname (2.5.4.4), the MAC. */
export function phoneCertificate(
  signer: Identity | undefined,
  mac: string,
  dates: Partial<Wish> = {},
): Identity {
  const subject = [
    ['O', 'Example Phones, Inc.'],
    ['OU', 'CP-6841-3PCC'],
    ['L', '88012BA01234'],
    ['2.5.4.4', mac],
  ] as const;
  return issue({ subject, signer, uses: 'clientAuth', ...dates });
}

// Why no secured connection came about, and why a client certificate was not enough. Part of the table of reasons.
import type { TlsRefusal } from '../net/ports.ts';

const CLOCK = 'Give phones the time (DHCP option 42) before they fetch by HTTPS.';
const TRUST =
  'Give the phone the CA of the appliance first, over plain HTTP ("unboxd cert show" says where it lies), or install a certificate that the phone trusts ("unboxd cert csr").';

export const TLS_REASONS = {
  'tls-unknown-ca': {
    because: 'it refused our certificate: unknown CA',
    meaning: `The phone does not trust the authority that signed our certificate (TLS alert 48). ${TRUST}`,
  },
  'tls-bad-certificate': {
    because: 'it refused our certificate as bad: its clock may be wrong, or it asked for us by another name',
    meaning: `TLS alert 42, which phones send for a certificate that is not valid yet (a clock of 1970), for a name that is not in it, and for one they cannot read. ${CLOCK} "unboxd cert show" lists the names and dates.`,
  },
  'tls-certificate-expired': {
    because: 'it refused our certificate as expired or not yet valid: its clock may be wrong',
    meaning: `TLS alert 45. The phone’s clock is probably 1970, or the certificate ran out: "unboxd cert show" tells its dates. ${CLOCK}`,
  },
  'tls-certificate-refused': {
    because: 'it refused our certificate without saying why',
    meaning: `TLS alerts 43, 44, 46 and 49. Mostly an authority that the phone does not trust, or its clock. ${TRUST} ${CLOCK}`,
  },
  'tls-too-old': {
    because: 'it offers only old TLS (1.0 or 1.1): doors.httpsLegacy can serve it',
    meaning:
      'The HTTPS door speaks TLS 1.2 and 1.3. Set doors.httpsLegacy to a port of its own and send such phones there, or give them newer firmware over HTTP first.',
  },
  'tls-too-new': {
    because: 'it speaks only a newer TLS than this door',
    meaning:
      'The phone accepts no version that this port speaks. Send it to doors.https, not doors.httpsLegacy.',
  },
  'tls-no-common-cipher': {
    because: 'no cipher is known to both sides',
    meaning:
      'Old firmware may know ciphers only that nobody should use. doors.httpsLegacy offers all that are left (no RC4, no 3DES, no export ciphers); else use HTTP in the staging LAN.',
  },
  'tls-plain-http': {
    because: 'it spoke plain HTTP at the HTTPS port',
    meaning:
      'The URL says http:// with the port of HTTPS. Write https://, or the port of doors.http, in provisioning.url or on the phone.',
  },
  'tls-not-tls': {
    because: 'what it sent is no TLS',
    meaning: 'Another protocol reached the HTTPS port, perhaps a scanner. Look who is at that address.',
  },
  'tls-cut-off': {
    because: 'the handshake was cut off',
    meaning: `The phone hung up in the middle of the TLS handshake without a word. Many do so when they do not trust the certificate. ${TRUST}`,
  },
  'tls-silent': {
    because: 'it connected and never finished the handshake',
    meaning:
      'Nothing came for half a minute. Normal for a phone that was unplugged; else look at cable and switch.',
  },
  'tls-failed': {
    because: 'the handshake failed',
    meaning: 'TLS could not be agreed on. The words in brackets are those of the TLS library.',
  },
  'certificate-needed': {
    because: 'it showed no client certificate',
    meaning:
      'doors.https.clientCertificates is required, and the phone has none or does not show it. Set it to optional to let the address of the phone count instead.',
  },
  'certificate-not-trusted': {
    because: 'its client certificate leads to no authority trusted here',
    meaning:
      'Put the root certificate of the vendor into doors.https.authorities. If it is there, the certificate is forged or ran out: look who is at that address.',
  },
} as const satisfies Record<
  TlsRefusal | 'certificate-needed' | 'certificate-not-trusted',
  { readonly because: string; readonly meaning: string }
>;

// TLS at the HTTPS door: how the listener is set, what certificate a phone showed, and why a handshake failed.
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { errnoOf } from '../base/fault.ts';
import { createSeldom } from '../base/seldom.ts';
import type { Millis } from '../base/world.ts';
import type { PeerCertificate, TlsDoor, TlsRefusal } from './ports.ts';

/** Phones of today are done in a second; old ones with an RSA key to work on take ten. */
const HANDSHAKE_MS = 30_000;

export interface TlsWatch {
  now(): Millis;
  readonly onRefused: (socket: Socket, why: TlsRefusal, detail: string | undefined) => void;
}

/** A phone that trusts nobody comes again and again: one word in ten seconds about each and its trouble is enough. */
const SELDOM = { every: 10_000, most: 1000 };

/** A server of node:https that tells why a handshake failed; the socket still knows its peer then. */
export function createTlsServer(settings: ServerOptions, tls: TlsDoor, { now, onRefused }: TlsWatch): Server {
  const server = createServer({ ...settings, ...tlsSettings(tls) });
  // Asked for once, the address is remembered by the socket: at the time of the trouble it may be closed already.
  server.on('connection', (socket: Socket) => socket.remoteAddress);
  const mayTell = createSeldom(SELDOM);
  server.on('tlsClientError', (error, socket) => {
    // Closing cuts handshakes off, which is no trouble of theirs.
    if (!server.listening) return;
    const { why, detail } = tlsRefusal(error);
    const peer = underlying(socket);
    if (mayTell(`${peer.remoteAddress} ${why}`, now())) onRefused(peer, why, detail);
  });
  return server;
}

/** Another certificate, key or list of authorities; whether clients are asked for theirs stays as it is. */
export function renewTls(server: Pick<Server, 'setSecureContext'>, tls: TlsDoor): void {
  server.setSecureContext(tlsSettings(tls));
}

function tlsSettings(tls: TlsDoor): ServerOptions {
  return {
    cert: tls.certificate,
    key: tls.key,
    handshakeTimeout: HANDSHAKE_MS,
    ...(tls.isLegacy === true ? LEGACY : { minVersion: 'TLSv1.2' as const }),
    ...(tls.clients === undefined ? {} : askingClients(tls.clients)),
  };
}

/**
 * Level 0 lets signatures with SHA-1 and small keys through, without which there is no TLS 1.0; dhparam brings the DHE
 * ciphers back. RC4, 3DES and export ciphers are no part of the library any more. Never without a certificate (aNULL).
 */
const LEGACY = { minVersion: 'TLSv1', ciphers: 'ALL:!aNULL:!eNULL:@SECLEVEL=0', dhparam: 'auto' } as const;

/** Whoever shows a bad certificate is let in and told by the handler: a refused handshake tells the phone nothing. */
function askingClients({ authorities }: NonNullable<TlsDoor['clients']>): ServerOptions {
  return { requestCert: true, rejectUnauthorized: false, ca: [...authorities] };
}

/** The certificate that the peer showed; undefined where none is asked for and when it showed none. */
export function certificateOf(socket: Socket, tls: TlsDoor | undefined): PeerCertificate | undefined {
  if (tls?.clients === undefined || !(socket instanceof TLSSocket)) return undefined;
  // Null when the connection is gone, without a subject when there is no certificate, whatever the types say.
  const shown = socket.getPeerCertificate() as { readonly subject?: unknown } | null;
  const subject = shown?.subject;
  if (typeof subject !== 'object' || subject === null) return undefined;
  const attributes = Object.entries(subject as Record<string, string | string[]>).flatMap(([name, value]) =>
    [value].flat().map((one) => ({ name, value: one })),
  );
  const isTrusted = socket.authorized;
  // A code here, although it is declared to be an Error.
  const code: unknown = socket.authorizationError;
  return {
    subject: attributes.map(({ name, value }) => `${name}=${value}`).join(', '),
    values: attributes.map(({ value }) => value),
    isTrusted,
    ...(isTrusted ? {} : { why: whyUntrusted(typeof code === 'string' ? code : 'UNSPECIFIED') }),
  };
}

const UNTRUSTED: Readonly<Record<string, string>> = {
  UNABLE_TO_GET_ISSUER_CERT: 'no authority in doors.https.authorities signed it',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'no authority in doors.https.authorities signed it',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'no authority in doors.https.authorities signed it',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it signed itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'the authority that it brings along is not in doors.https.authorities',
  CERT_HAS_EXPIRED: 'it has run out, by the clock of this appliance',
  CERT_NOT_YET_VALID: 'it is not valid yet, by the clock of this appliance',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  CERT_REVOKED: 'it was revoked',
  INVALID_PURPOSE: 'it is not for clients',
  INVALID_CA: 'what signed it may not sign certificates',
  CA_MD_TOO_WEAK: 'it is signed in a way that is too weak (MD5)',
  EE_KEY_TOO_SMALL: 'its key is too short',
  CA_KEY_TOO_SMALL: 'the key of its authority is too short',
};

function whyUntrusted(code: string): string {
  return UNTRUSTED[code] ?? `the TLS library says ${code}`;
}

/** What went wrong, told by the number of the alert where one came (RFC 8446 section 6), else by OpenSSL's code. */
export function tlsRefusal(error: Error): { readonly why: TlsRefusal; readonly detail?: string } {
  const alert = Number(/SSL alert number (\d+)/.exec(error.message)?.[1]);
  const code = errnoOf(error) ?? '';
  const why = ALERTS[alert] ?? CODES[code];
  if (why !== undefined) return { why };
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : code;
  return { why: 'tls-failed', ...(reason === '' ? {} : { detail: reason }) };
}

const ALERTS: Readonly<Record<number, TlsRefusal>> = {
  0: 'tls-cut-off', // close_notify
  40: 'tls-no-common-cipher', // handshake_failure
  42: 'tls-bad-certificate',
  43: 'tls-certificate-refused', // unsupported_certificate
  44: 'tls-certificate-refused', // certificate_revoked
  45: 'tls-certificate-expired',
  46: 'tls-certificate-refused', // certificate_unknown
  48: 'tls-unknown-ca',
  49: 'tls-certificate-refused', // access_denied
  70: 'tls-too-new', // protocol_version: we chose one that it does not want
  71: 'tls-no-common-cipher', // insufficient_security
  90: 'tls-cut-off', // user_canceled
};

const CODES: Readonly<Record<string, TlsRefusal>> = {
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'tls-too-old',
  ERR_SSL_VERSION_TOO_LOW: 'tls-too-old',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'tls-too-old',
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: 'tls-too-old',
  ERR_SSL_NO_SHARED_CIPHER: 'tls-no-common-cipher',
  ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS: 'tls-no-common-cipher',
  ERR_SSL_INAPPROPRIATE_FALLBACK: 'tls-too-old',
  ERR_SSL_HTTP_REQUEST: 'tls-plain-http',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'tls-plain-http',
  // Also what bytes of no protocol at all look like.
  ERR_SSL_WRONG_VERSION_NUMBER: 'tls-not-tls',
  ERR_SSL_UNEXPECTED_MESSAGE: 'tls-not-tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'tls-not-tls',
  ERR_SSL_RECORD_TOO_SMALL: 'tls-not-tls',
  ERR_SSL_UNKNOWN_PROTOCOL: 'tls-not-tls',
  ERR_SSL_BAD_RECORD_TYPE: 'tls-not-tls',
  ERR_SSL_UNEXPECTED_EOF_WHILE_READING: 'tls-cut-off',
  ECONNRESET: 'tls-cut-off',
  EPIPE: 'tls-cut-off',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'tls-silent',
};

/** The plain socket below one of TLS, which remembers its peer; any other is its own. */
export function underlying(socket: Socket): Socket {
  // Node keeps it under this name and gives no other way to it.
  const parent = '_parent' in socket ? socket._parent : undefined;
  return parent !== null && typeof parent === 'object' && 'remoteAddress' in parent
    ? (parent as Socket)
    : socket;
}

// The LAN as the doors see it. net/ implements it with real sockets, test/fakes/lan.ts in memory and virtual time.
import type { Ipv4, Subnet } from '../base/ipv4.ts';
import type { Closable } from '../base/world.ts';

/** Where a datagram or a connection comes from or goes to. */
export interface Peer {
  readonly address: Ipv4;
  /** 1 to 65535. */
  readonly port: number;
}

export interface UdpOptions {
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** Bind to this address only; default is any address of the interface. */
  readonly address?: Ipv4;
  /** A multicast group to join on the interface. */
  readonly group?: Ipv4;
  /** Several processes share the port (simulated phones on port 68). A server never does. */
  readonly shared?: boolean;
  /** What the socket is for, as a sentence would say it: "DHCP", "SIP PnP". */
  readonly purpose: string;
  /** A send that failed, or a socket that died. */
  readonly onTrouble: (error: Error) => void;
}

export interface UdpSocket extends Closable {
  readonly port: number;
  /** What it is bound to, where it is known: a socket from elsewhere may be bound to ANY whatever was asked for. */
  readonly address?: Ipv4 | undefined;
  /** Sends before the turn of the loop ends; trouble goes to `onTrouble`. The bytes must not be changed afterwards. */
  send(bytes: Uint8Array, to: Peer): void;
}

/** `bytes` belong to the receiver. */
export type OnDatagram = (bytes: Uint8Array, from: Peer) => void;

/** A request as policy sees it: no sockets, no streams. */
export interface PlainRequest {
  readonly method: string;
  /** As on the wire: path and query, percent-encoded. */
  readonly target: string;
  /** Names in lower case; a repeated header is joined as node:http does. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly from: Peer;
  /** The body, to be read at most once; what is not read is thrown away. Iterating throws when the connection breaks. */
  readonly body?: AsyncIterable<Uint8Array> | undefined;
  /** The client certificate, where one was shown. */
  readonly certificate?: PeerCertificate | undefined;
}

/** A client certificate as the listener saw it. */
export interface PeerCertificate {
  /** `CN=..., OU=...`, in the order of the certificate. */
  readonly subject: string;
  /** The values of all attributes of the subject. */
  readonly values: readonly string[];
  /** Whether it leads to a certificate authority that is trusted here. */
  readonly isTrusted: boolean;
  /** Why it does not, as a sentence's end. */
  readonly why?: string | undefined;
}

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent for HEAD, 304 and the like. */
  readonly body?: Uint8Array | undefined;
  /** The values of as many WWW-Authenticate fields: phones read one challenge a field. */
  readonly challenges?: readonly string[] | undefined;
  /** Not more bytes a second than so many. */
  readonly pace?: number | undefined;
  /** Called now and then with how many bytes of the body went out so far. */
  readonly progress?: ((bytes: number) => void) | undefined;
  /** Called once, when the last byte went out or the connection broke. */
  readonly sent?: (outcome: { readonly complete: boolean; readonly bytes: number }) => void;
}

export interface HttpOptions {
  readonly port: number;
  /** The listener speaks HTTPS. */
  readonly tls?: TlsDoor | undefined;
  readonly onTrouble: (error: Error) => void;
  /** Bytes on the port that are not HTTP. */
  readonly onGarbled: (from: Peer) => void;
  /** A peer with which no TLS came about; `detail` is in the words of the TLS library. */
  readonly onTlsRefused?: ((from: Peer, why: TlsRefusal, detail?: string) => void) | undefined;
}

/** A listener for HTTP or HTTPS. Closing it ends what is under way. */
export interface WebListener extends Closable {
  /** Takes no new connection; resolves, closed, when the last answer has gone out. */
  retire?(): Promise<void>;
  /** Handshakes from now on show this certificate; connections that stand stay as they are. */
  renew?(tls: TlsDoor): void;
}

/** What a listener needs to speak HTTPS. */
export interface TlsDoor {
  /** PEM; those of intermediate authorities follow the server's own. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** Client certificates are asked for, and checked against these authorities (PEM). */
  readonly clients?:
    | { readonly ask: 'optional' | 'required'; readonly authorities: readonly string[] }
    | undefined;
  /** TLS 1.0 and 1.1 too, with ciphers of that time. */
  readonly isLegacy?: boolean | undefined;
  /** The CA that phones must trust, PEM; it is no secret. */
  readonly authority?: string | undefined;
}

/** Why no TLS came about. */
export type TlsRefusal =
  | 'tls-unknown-ca'
  | 'tls-bad-certificate'
  | 'tls-certificate-expired'
  | 'tls-certificate-refused'
  | 'tls-too-old'
  | 'tls-too-new'
  | 'tls-no-common-cipher'
  | 'tls-plain-http'
  | 'tls-not-tls'
  | 'tls-cut-off'
  | 'tls-silent'
  | 'tls-failed';

export interface TcpOptions {
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** With port 0: the first free one between these two. */
  readonly range?: { readonly first: number; readonly last: number } | undefined;
  /** "FTP", "SIP". */
  readonly purpose: string;
  readonly onTrouble: (error: Error) => void;
}

/** What one side of a connection wants to hear. */
export interface TcpHandlers {
  /** `bytes` belong to the receiver. */
  readonly onBytes: (bytes: Uint8Array) => void;
  /** The peer sends no more, but may still read. */
  readonly onEnd: () => void;
  /** Called once, last. */
  readonly onClose: () => void;
}

export interface TcpStream {
  readonly near: Peer;
  readonly far: Peer;
  /** Resolves when there is room for more: true, or false when the connection is gone. Never rejects. */
  send(bytes: Uint8Array): Promise<boolean>;
  /** Reads no more until `go`. */
  hold(): void;
  go(): void;
  /** Sends what is left, then the end. */
  end(): void;
  destroy(): void;
}

export interface TcpListener extends Closable {
  readonly port: number;
}

export interface DialOptions {
  readonly to: Peer;
  /** From any free port but with our address on the LAN, or from this port. */
  readonly fromPort?: number | undefined;
  readonly timeoutMs: number;
  /** TLS; phones have certificates of their own making, so `verify` is off unless authorities are given (PEM). */
  readonly tls?:
    | { readonly authorities?: readonly string[] | undefined; readonly serverName?: string }
    | undefined;
}

/** One served interface. */
export interface Lan {
  readonly interface: string;
  /** Our address on it. */
  readonly address: Ipv4;
  readonly subnet: Subnet;
  openUdp(options: UdpOptions, onDatagram: OnDatagram): Promise<UdpSocket>;
  listenHttp(
    options: HttpOptions,
    answer: (request: PlainRequest) => Promise<PlainAnswer>,
  ): Promise<WebListener>;
  /** Connections to a port of ours; the handlers of each come from `accept`. Closing ends all of them. */
  listenTcp(options: TcpOptions, accept: (stream: TcpStream) => TcpHandlers): Promise<TcpListener>;
  /** A connection of ours; rejects with an Error whose message is a plain sentence. */
  dialTcp(options: DialOptions, handlers: TcpHandlers): Promise<TcpStream>;
}

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
  /** Sends at once; trouble goes to `onTrouble`. The bytes must not be changed afterwards. */
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
}

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent for HEAD, 304 and the like. */
  readonly body?: Uint8Array | undefined;
  /** Called once, when the last byte went out or the connection broke. */
  readonly sent?: (outcome: { readonly complete: boolean; readonly bytes: number }) => void;
}

export interface HttpOptions {
  readonly port: number;
  /** Certificate and key, PEM: the listener speaks HTTPS. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
  readonly onTrouble: (error: Error) => void;
  /** Bytes on the port that are not HTTP. */
  readonly onGarbled: (from: Peer) => void;
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
  ): Promise<Closable>;
}

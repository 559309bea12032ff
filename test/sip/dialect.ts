// What one way to ask for provisioning by multicast looks like.

export interface Dialect {
  readonly phone: string;
  /** Lines end with LF here; `onWire` makes them CRLF. */
  readonly text: string;
  readonly mac: string | undefined;
  readonly vendor: string | undefined;
  readonly model: string | undefined;
  readonly version: string | undefined;
}

// Reading and writing bytes without ever reading past the end. Inside a decoder the reader throws WireError;
// `caught` turns that into a value at the decoder's one exit.
import { err, ok, type Result } from './result.ts';

/** Why some bytes are not the message they claim to be. */
export type WireFault =
  | 'too-short' // the datagram ends before its fixed part does
  | 'overrun' // a length points past the end
  | 'bad-value' // a field holds a value the protocol does not know
  | 'bad-magic' // not this protocol at all
  | 'bad-text' // text with bytes that must not be there
  | 'too-long'; // longer than the protocol or our limits allow

/** Bad bytes: what is wrong and at which offset (bytes from the start of the datagram). */
export class WireError extends Error {
  readonly code: WireFault;
  readonly at: number;

  constructor(code: WireFault, at: number, message = `${code} at byte ${at}`) {
    super(message);
    this.name = 'WireError';
    this.code = code;
    this.at = at;
  }
}

/** Runs a decoder that may throw WireError and gives its value or that error. Other errors pass through. */
export function caught<Value>(decode: () => Value): Result<Value, WireError> {
  try {
    return ok(decode());
  } catch (error) {
    if (error instanceof WireError) return err(error);
    throw error;
  }
}

/** Reads big-endian numbers and runs of bytes, refusing to overrun. */
export class ByteReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  #take(count: number): number {
    if (count > this.left) throw new WireError('overrun', this.at);
    const at = this.at;
    this.at += count;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** A view (no copy) of the next `count` bytes. */
  run(count: number): Uint8Array {
    const at = this.#take(count);
    return this.bytes.subarray(at, at + count);
  }

  /** Text up to and including a NUL byte; the NUL is consumed and not returned. Bytes become Latin-1 characters. */
  text(): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw new WireError('overrun', this.bytes.length);
    return latin1(this.run(end + 1 - this.at).subarray(0, -1));
  }
}

/** Collects big-endian numbers and runs of bytes; grows as needed. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 600) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** Makes room; may replace bytes and view, so it is called before they are touched. */
  #room(count: number): number {
    const at = this.#length;
    if (at + count > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, at + count));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = at + count;
    return at;
  }

  u8(value: number): this {
    const at = this.#room(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#room(2);
    this.#view.setUint16(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#room(4);
    this.#view.setUint32(at, value);
    return this;
  }

  run(bytes: Uint8Array): this {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  zeros(count: number): this {
    this.#room(count);
    return this;
  }

  /** What was written: a view, valid until the next write. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Bytes as Latin-1 text: every byte one character, so nothing is lost and nothing throws. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The reverse of `latin1`; characters above 255 lose their upper bits. */
export function fromLatin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** What a peer sent, made safe for a terminal, a log or a page: control characters become `\xNN`, long text is cut. */
export function printable(text: string, most = 120): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut.replace(/\p{Cc}/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

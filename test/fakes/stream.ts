// TCP in memory: bytes arrive in order, cut or joined as the test wants; a reader that holds slows the writer down.
import { Fault } from '../../src/base/fault.ts';
import { type Ipv4, showIpv4 } from '../../src/base/ipv4.ts';
import type { World } from '../../src/base/world.ts';
import type {
  DialOptions,
  Peer,
  TcpHandlers,
  TcpListener,
  TcpOptions,
  TcpStream,
} from '../../src/net/ports.ts';

/** How bytes are cut into segments: as they were sent, all that waits in one, or in pieces of so many bytes. */
export type Segments = 'as sent' | 'joined' | number;

export interface StreamRules {
  segments: Segments;
}

type Accept = (stream: TcpStream) => TcpHandlers;

export interface FakeStreams {
  readonly rules: StreamRules;
  listen(address: () => Ipv4, options: TcpOptions, accept: Accept): Promise<TcpListener>;
  /** TLS is not played: a connection with it is one without. */
  dial(address: () => Ipv4, options: DialOptions, handlers: TcpHandlers): Promise<TcpStream>;
}

const CABLE_MS = 0.2;
/** What may be on its way unread before the writer is asked to wait. */
const WINDOW = 64 * 1024;

/** `isHost` says whether anybody has an address: a port of nobody is silent, a closed port refuses. */
export function fakeStreams(world: World, isHost: (address: Ipv4) => boolean): FakeStreams {
  const rules: StreamRules = { segments: 'as sent' };
  const listeners = new Map<string, { readonly accept: Accept; readonly ends: Set<End> }>();
  let nextPort = 32_768;
  const keyOf = ({ address, port }: Peer): string => `${address}:${port}`;

  const pick = (own: Ipv4, { port, range }: TcpOptions): number => {
    if (port !== 0 || range === undefined) return port === 0 ? nextPort++ : port;
    for (let one = range.first; one <= range.last; one += 1) {
      if (!listeners.has(keyOf({ address: own, port: one }))) return one;
    }
    return range.last;
  };

  return {
    rules,
    listen: async (address, options, accept) => {
      await Promise.resolve();
      const own = address();
      const port = pick(own, options);
      const key = keyOf({ address: own, port });
      if (listeners.has(key)) throw new Fault('port-taken', `TCP port ${port} is taken`, 'close one');
      const ends = new Set<End>();
      listeners.set(key, { accept, ends });
      const close = async (): Promise<void> => {
        listeners.delete(key);
        for (const end of ends) end.stream.destroy();
        await Promise.resolve();
      };
      return { port, close };
    },
    dial: async (address, { to, fromPort, timeoutMs }, handlers) => {
      const wait = async (ms: number): Promise<void> => await new Promise((done) => world.after(ms, done));
      if (!isHost(to.address)) {
        await wait(timeoutMs);
        throw new Error(
          `${showIpv4(to.address)} does not answer on TCP port ${to.port} within ${timeoutMs / 1000} s`,
        );
      }
      await wait(2 * CABLE_MS);
      const listener = listeners.get(keyOf(to));
      if (listener === undefined)
        throw new Error(`${showIpv4(to.address)} refuses connections to TCP port ${to.port}`);
      const near = new End(world, rules, { address: address(), port: fromPort ?? nextPort++ });
      const far = new End(world, rules, to);
      near.peer = far;
      far.peer = near;
      listener.ends.add(far);
      near.handlers = handlers;
      far.handlers = listener.accept(far.stream);
      return near.stream;
    },
  };
}

/** One end of a connection. */
class End {
  handlers: TcpHandlers | undefined;
  peer: End | undefined;
  readonly stream: TcpStream;
  readonly #world: World;
  readonly #rules: StreamRules;
  readonly #near: Peer;
  #unread: Uint8Array[] = [];
  readonly #waiters: (() => void)[] = [];
  #isHeld = false;
  #isEnded = false;
  #hearsEnd = false;
  #isEndTold = false;
  #isDestroyed = false;
  #isClosed = false;

  constructor(world: World, rules: StreamRules, near: Peer) {
    this.#world = world;
    this.#rules = rules;
    this.#near = near;
    const far = (): Peer => this.#far().#near;
    this.stream = {
      near,
      get far() {
        return far();
      },
      send: async (bytes) => await this.#send(bytes.slice()),
      hold: () => {
        this.#isHeld = true;
      },
      go: () => {
        this.#isHeld = false;
        this.#world.after(0, () => this.#read());
      },
      end: () => this.#end(),
      destroy: () => this.#destroy(),
    };
  }

  #far(): End {
    if (this.peer === undefined) throw new Error('not connected yet');
    return this.peer;
  }

  async #send(bytes: Uint8Array): Promise<boolean> {
    if (this.#isEnded || this.#isDestroyed) return false;
    const far = this.#far();
    far.#unread.push(bytes);
    this.#world.after(CABLE_MS, () => far.#read());
    if (far.#unreadBytes() <= WINDOW) return true;
    return await new Promise((resolve) => {
      const look = (): void => {
        const isGone = this.#isDestroyed || far.#isDestroyed;
        if (isGone || far.#unreadBytes() <= WINDOW) resolve(!isGone);
        else far.#waiters.push(look);
      };
      far.#waiters.push(look);
    });
  }

  #unreadBytes(): number {
    return this.#unread.reduce((sum, { length }) => sum + length, 0);
  }

  #read(): void {
    // Who closed without reading answers further bytes with a reset.
    if (this.#isDestroyed) {
      if (this.#unread.length > 0) this.#world.after(CABLE_MS, () => this.#far().#reset());
      this.#unread = [];
      this.#wake();
      return;
    }
    const { segments } = this.#rules;
    while (this.#mayRead()) {
      if (segments !== 'as sent') this.#unread = [joined(this.#unread)];
      const first = this.#unread[0] ?? new Uint8Array(0);
      const size = typeof segments === 'number' ? Math.min(segments, first.length) : first.length;
      if (size === first.length) this.#unread.shift();
      else this.#unread[0] = first.subarray(size);
      if (size > 0) this.handlers?.onBytes(first.slice(0, size));
    }
    this.#wake();
    this.#tellEnd();
  }

  #mayRead(): boolean {
    return this.#unread.length > 0 && !this.#isHeld && !this.#isDestroyed;
  }

  #wake(): void {
    for (const look of this.#waiters.splice(0)) this.#world.after(CABLE_MS, look);
  }

  #tellEnd(): void {
    if (!this.#hearsEnd || this.#isEndTold || this.#isHeld || this.#isDestroyed || this.#unread.length > 0)
      return;
    this.#isEndTold = true;
    this.handlers?.onEnd();
    this.#closeWhenDone();
  }

  #end(): void {
    if (this.#isEnded || this.#isDestroyed) return;
    this.#isEnded = true;
    const far = this.#far();
    this.#world.after(CABLE_MS, () => far.#hearEnd());
    this.#closeWhenDone();
  }

  #hearEnd(): void {
    this.#hearsEnd = true;
    this.#tellEnd();
  }

  #closeWhenDone(): void {
    if (this.#isEnded && this.#isEndTold) this.#reset();
  }

  /** As the kernel does it: what was sent still arrives, then the end; the far end may not know that nobody reads. */
  #destroy(): void {
    if (this.#isDestroyed) return;
    if (!this.#isEnded) this.#end();
    this.#reset();
  }

  #reset(): void {
    this.#isDestroyed = true;
    this.#wake();
    this.#far().#wake();
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#world.after(0, () => this.handlers?.onClose());
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(chunks));
}

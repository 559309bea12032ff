// A clock that moves when told to, and a LAN of one socket: enough to hold the SIP door and look at it from all sides.
import { Buffer } from 'node:buffer';
import { type Ipv4, parseIpv4, parseSubnet, type Subnet } from '../../src/base/ipv4.ts';
import { type Mac, parseMac } from '../../src/base/mac.ts';
import type { World } from '../../src/base/world.ts';
import type { Lan, OnDatagram, Peer, TcpHandlers, TcpStream, UdpOptions } from '../../src/net/ports.ts';
import { createRegister, type Register } from '../../src/phones/register.ts';
import type { SipDoor } from '../../src/sip/pnp.ts';
import { openSip, type SipServer } from '../../src/sip/server.ts';
import type { PnpSite } from '../../src/site/site.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';

export interface Sent {
  readonly at: number;
  readonly text: string;
  readonly to: string;
}

export interface TestWorld extends World {
  /** Moves the clock, calling what is due on the way in its order. */
  advance(ms: number): void;
  /** How many timers are set. */
  timers(): number;
}

/** A TCP connection as its far end sees it. */
export interface Connection {
  readonly heard: string[];
  isOpen(): boolean;
  say(bytes: Uint8Array | string): void;
  hangUp(): void;
}

export interface Stage {
  readonly world: TestWorld;
  readonly register: Register;
  readonly sip: SipServer;
  readonly sent: Sent[];
  readonly events: PhoneEvent[];
  readonly opened: readonly UdpOptions[];
  /** A datagram reaches the door, by way of the group or sent to us alone; `from` as `address:port`. */
  deliver(bytes: Uint8Array | string, from: string, to?: 'group' | 'us'): void;
  /** Somebody connects over TCP. */
  connect(from: string): Connection;
  /** Of all that was told: the kinds. */
  kinds(): readonly string[];
}

export const SERVER = ip('10.1.0.1');
export const SUBNET = net('10.1.0.0/22');
const GROUP = ip('224.0.1.75');
/** The settings of a LAN that writes none. */
export const PROVISION: PnpSite = {
  mode: 'provision',
  rules: [],
  delay: 0,
  tcp: true,
  limits: { perSource: 20, total: 20_000 },
};

export function ip(text: string): Ipv4 {
  const address = parseIpv4(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
}

export function macOf(text: string): Mac {
  const mac = parseMac(text);
  if (mac === undefined) throw new Error(`${text} is no MAC`);
  return mac;
}

export function peer(text: string): Peer {
  const [address = '', port = ''] = text.split(':');
  return { address: ip(address), port: Number(port) };
}

function net(text: string): Subnet {
  const subnet = parseSubnet(text);
  if (subnet === undefined) throw new Error(`${text} is no subnet`);
  return subnet;
}

interface Due {
  readonly at: number;
  readonly action: () => void;
}

export function testWorld(): TestWorld {
  let now = 0;
  let seed = 1;
  const due = new Map<object, Due>();
  const next = (until: number): readonly [object, Due] | undefined => {
    let first: readonly [object, Due] | undefined;
    for (const one of due) if (one[1].at <= until && one[1].at < (first?.[1].at ?? Infinity)) first = one;
    return first;
  };
  return {
    now: () => now,
    random: () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 32;
    },
    after: (delay, action) => {
      const key = {};
      due.set(key, { at: now + delay, action });
      return () => due.delete(key);
    },
    timers: () => due.size,
    advance: (ms) => {
      const until = now + ms;
      for (let one = next(until); one !== undefined; one = next(until)) {
        const [key, { at, action }] = one;
        due.delete(key);
        now = at;
        action();
      }
      now = until;
    },
  };
}

/** The door opened on that LAN: every phone is told the same URL unless `changes` says otherwise. */
export async function openStage(changes: Partial<SipDoor> = {}): Promise<Stage> {
  const world = testWorld();
  const register = createRegister({ catalogue: { vendors: [] }, list: [] });
  const sent: Sent[] = [];
  const events: PhoneEvent[] = [];
  const opened: UdpOptions[] = [];
  const ears = new Map<Ipv4 | undefined, OnDatagram>();
  let accept: ((stream: TcpStream) => TcpHandlers) | undefined;
  const lan: Lan = {
    interface: 'lan0',
    address: SERVER,
    subnet: SUBNET,
    openUdp: async (options, onDatagram) => {
      opened.push(options);
      ears.set(options.address, onDatagram);
      return await Promise.resolve({
        port: options.port,
        address: options.address,
        send: (bytes, to) => {
          // The kernel would send from the address of the group.
          if (options.group !== undefined) throw new Error('sent by the socket of the group');
          sent.push({ at: world.now(), text: Buffer.from(bytes).toString('latin1'), to: show(to) });
        },
        close: async () => {
          ears.delete(options.address);
          await Promise.resolve();
        },
      });
    },
    listenHttp: async () => await Promise.reject(new Error('no HTTP here')),
    listenTcp: async ({ port }, onStream) => {
      accept = onStream;
      return await Promise.resolve({ port, close: async () => await Promise.resolve() });
    },
    dialTcp: async () => await Promise.reject(new Error('no way out')),
  };
  const sip = await openSip({
    lan,
    world,
    register,
    site: { pnp: PROVISION },
    tell: (event) => events.push(event),
    urlFor: () => 'http://10.1.0.1/',
    isProbe: () => false,
    notifyStyleFor: () => 'rfc',
    takesPush: () => false,
    ...changes,
  });
  return {
    world,
    register,
    sip,
    sent,
    events,
    opened,
    deliver: (bytes, from, to = 'group') =>
      ears.get(to === 'group' ? GROUP : SERVER)?.(bytesOf(bytes), peer(from)),
    connect: (from) => {
      if (accept === undefined) throw new Error('nobody listens');
      return connection(accept, peer(from));
    },
    kinds: () => events.map(({ kind }) => kind),
  };
}

/** The other end of a stream, which the door hears at once. */
function connection(accept: (stream: TcpStream) => TcpHandlers, far: Peer): Connection {
  const heard: string[] = [];
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    handlers.onClose();
  };
  const handlers: TcpHandlers = accept({
    near: { address: SERVER, port: 5060 },
    far,
    send: async (bytes) => {
      if (isOpen) heard.push(Buffer.from(bytes).toString('latin1'));
      return await Promise.resolve(isOpen);
    },
    hold: () => undefined,
    go: () => undefined,
    end: () => queueMicrotask(close),
    destroy: () => queueMicrotask(close),
  });
  return {
    heard,
    isOpen: () => isOpen,
    say: (bytes) => {
      if (isOpen) handlers.onBytes(bytesOf(bytes));
    },
    hangUp: close,
  };
}

function bytesOf(bytes: Uint8Array | string): Uint8Array {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
}

function show({ address, port }: Peer): string {
  return `${[24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')}:${port}`;
}

/** What a phone answers to that request: its Via, From, To, Call-ID and CSeq under this status line. */
export function answerTo(request: Sent | undefined, status = '200 OK'): string {
  const lines = (request?.text ?? '').split('\r\n\r\n')[0]?.split('\r\n') ?? [];
  const echoed = lines.filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
  return [`SIP/2.0 ${status}`, ...echoed, '', ''].join('\r\n');
}

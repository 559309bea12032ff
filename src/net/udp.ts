// Opens every UDP socket. The one home of dgram-as-promised, used for what it does well: bind and close as promises,
// datagrams by callback. Never its `recv` or iteration: they drop what arrives while their caller is busy.
import type { BindOptions, RemoteInfo } from 'node:dgram';
import { DgramAsPromised, type SocketAsPromised } from 'dgram-as-promised';
import { errnoOf, Fault } from '../base/fault.ts';
import { ANY, BROADCAST, ipv4FromNumber, showIpv4 } from '../base/ipv4.ts';
import type { Cancel, Closable } from '../base/world.ts';
import { addressGone } from './bind-fault.ts';
import { gather } from './gather.ts';
import type { OnDatagram, Peer, UdpOptions, UdpSocket } from './ports.ts';
import { keepJoined } from './rejoin.ts';
import { interfaceIndex, type Kept, tend } from './tend.ts';
import { type Bound, bindOnLan, type Ground, orFault, placeOf, type Wanted, type Way } from './ways.ts';

export interface RealUdpSocket extends UdpSocket {
  readonly way: Way;
}

/** What one UDP door asked for, and the LAN it stands on. */
interface Door {
  readonly ground: Ground;
  readonly options: UdpOptions;
  readonly onDatagram: OnDatagram;
}

/** One opening of the door: its sockets, the first of which sends. */
interface Opening extends Closable {
  readonly way: Way;
  readonly speaker: SocketAsPromised;
}

interface Datagram {
  readonly bytes: Uint8Array;
  readonly to: Peer;
}

/** Asked for; the kernel caps it at net.core.rmem_max. The default holds 166 small datagrams: no power-on storm. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

/** Opens a socket on the LAN and keeps it open when the interface is replaced. Rejects with a Fault. */
export async function openUdp(
  ground: Ground,
  options: UdpOptions,
  onDatagram: OnDatagram,
): Promise<RealUdpSocket> {
  const door = { ground, options, onDatagram };
  const first = await open(door);
  const kept = await keep(door, first);
  let isClosed = false;
  const onTrouble = (error: Error): void => {
    if (errnoOf(error) === 'ENODEV') kept.suspect();
    options.onTrouble(error);
  };
  // One for all datagrams: servers send thousands a second.
  const onSent = (error: Error | null): void => {
    if (error !== null) onTrouble(error);
  };
  const outbox = gather<Datagram>(({ bytes, to }) => {
    const speaker = kept.resource?.speaker;
    if (speaker === undefined) return options.onTrouble(interfaceAway(ground));
    try {
      // Not the promised `send`: it answers with the error of some earlier datagram, which it stored, and then does
      // not send at all.
      speaker.socket.send(bytes, to.port, showIpv4(to.address), onSent);
    } catch (error) {
      // Port 0, for example: anyone may write it into a datagram as its source.
      onTrouble(error instanceof Error ? error : new Error(String(error)));
    }
  });
  return {
    way: first.way,
    port: first.speaker.address().port,
    address: peerOf(first.speaker.address()).address,
    send: (bytes, to) => {
      if (!isClosed) outbox.put({ bytes, to });
    },
    close: async () => {
      isClosed = true;
      outbox.flush();
      await kept.close();
    },
  };
}

async function keep(door: Door, first: Opening): Promise<Kept<Opening>> {
  const { ground, options } = door;
  // A port of the kernel's choice cannot be had again, and lives for one conversation.
  if (options.port === 0) return { resource: first, suspect: () => undefined, close: first.close };
  return await tend(first, {
    world: ground.world,
    index: async () => await interfaceIndex(ground.interface),
    open: async () => await open(door),
    onTrouble: options.onTrouble,
  });
}

async function open(door: Door): Promise<Opening> {
  const { ground, options } = door;
  const wanted: Wanted = {
    transport: 'udp',
    port: options.port,
    address: options.address ?? ANY,
    purpose: options.purpose,
    shared: options.shared === true,
    hearsAll: options.port !== 0 && (options.address === undefined || options.address === options.group),
  };
  const bound = await bindOnLan(ground, wanted);
  const sockets: SocketAsPromised[] = [];
  let leave = (): void => undefined;
  const close = async (): Promise<void> => {
    leave();
    for (const socket of sockets.splice(0).reverse()) await socket.close();
  };
  try {
    for (const place of placesOf(bound, door)) {
      sockets.push(await orFault(placeOf(ground, wanted), async () => await openOne(door, place)));
    }
    if (bound.way === 'device') bound.alone();
    const [speaker] = sockets;
    if (speaker === undefined) throw new Error('no place to bind');
    leave = joinGroup(sockets, door);
    if (options.port !== 0) warnOfSmallBuffer(speaker, ground);
    return { way: bound.way, speaker, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Where Node binds. A plain socket on our address sends by our interface and hears what is sent to us alone; a second
 * one hears what is sent to all, or to the group.
 */
function placesOf(bound: Bound, { ground, options }: Door): readonly BindOptions[] {
  if (bound.way !== 'plain') return [{ fd: bound.descriptor }];
  const { port } = options;
  const own = { port, address: showIpv4(options.address ?? ground.address) };
  if (port === 0 || options.address !== undefined) return [own];
  return [own, { port, address: showIpv4(options.group ?? BROADCAST) }];
}

async function openOne({ options, onDatagram }: Door, place: BindOptions): Promise<SocketAsPromised> {
  const socket = DgramAsPromised.createSocket(
    {
      type: 'udp4',
      reuseAddr: options.shared === true,
      // Addresses only, so nothing needs looking up: saves a turn of the loop for each datagram.
      lookup: (address, _options, callback) => callback(null, address, 4),
      ...(options.port === 0 ? {} : { recvBufferSize: RECEIVE_BUFFER }),
    },
    (bytes, from) => onDatagram(bytes, peerOf(from)),
  );
  try {
    await socket.bind(place);
    socket.setBroadcast(true);
  } catch (error) {
    await socket.close();
    throw error;
  }
  socket.socket.on('error', options.onTrouble);
  return socket;
}

/** Joins the group on our interface; without its address the kernel would take that of the default route. */
function joinGroup(sockets: readonly SocketAsPromised[], { ground, options }: Door): Cancel {
  if (options.group === undefined) return () => undefined;
  const ours = showIpv4(ground.address);
  try {
    for (const socket of sockets) socket.setMulticastInterface(ours).setMulticastTTL(1);
    // The last one: of the plain pair, the one that hears the group.
    const member = sockets.at(-1);
    const membership = { group: showIpv4(options.group), near: ours };
    member?.addMembership(membership.group, ours);
    if (member === undefined) return () => undefined;
    return keepJoined(ground.world, member, membership, options.onTrouble);
  } catch (error) {
    throw addressGone(ground, error);
  }
}

/** The kernel writes addresses in one form only; reading them by hand is quicker than by the rules for what people write. */
function peerOf({ address, port }: Pick<RemoteInfo, 'address' | 'port'>): Peer {
  let value = 0;
  let part = 0;
  for (let at = 0; at < address.length; at++) {
    const digit = address.charCodeAt(at) - 48;
    if (digit >= 0) part = part * 10 + digit;
    else {
      value = value * 256 + part;
      part = 0;
    }
  }
  return { address: ipv4FromNumber(value * 256 + part), port };
}

function warnOfSmallBuffer(socket: SocketAsPromised, ground: Ground): void {
  const got = socket.getRecvBufferSize();
  if (got >= RECEIVE_BUFFER) return;
  ground.onWarning(
    `the kernel holds only ${Math.round(got / 1024)} kB of waiting datagrams: when many phones start at once, some ` +
      `must ask twice; mend it by: sysctl -w net.core.rmem_max=${RECEIVE_BUFFER}`,
  );
}

function interfaceAway(ground: Ground): Fault {
  const { interface: name } = ground;
  return new Fault(
    'interface-away',
    `the interface ${name} is away`,
    'it is used again as soon as it is back',
  );
}

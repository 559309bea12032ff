// Keeps watch on one LAN for other servers of one kind: asks, listens, finds out whose box it is, tells. What the
// guards of DHCP and PnP have in common; what to ask and how to read the answers is theirs.
import { errnoOf, Fault, messageOf } from '../base/fault.ts';
import { broadcastOf, type Ipv4, isWithin } from '../base/ipv4.ts';
import { type Mac, macFromBytes } from '../base/mac.ts';
import type { Cancel, Closable, Millis, World } from '../base/world.ts';
import type { DoorName, Tell } from '../timeline/event.ts';
import {
  type ForeignServer,
  type LookoutInput,
  type LookoutOutput,
  QUIET,
  stepLookout,
} from '../timeline/lookout.ts';
import type { Lan, Peer, UdpOptions, UdpSocket } from './ports.ts';
import { createTimers, type Timers } from './timers.ts';

export interface SentryParts {
  readonly lan: Lan;
  readonly world: World;
  readonly tell: Tell;
  /** ms between looks; undefined: after the first look only while there is something to look for. */
  readonly every: number | undefined;
  /** Servers that may be here. */
  readonly allow: 'any' | ReadonlySet<Ipv4>;
  /** Whether nothing is offered while a foreign server is here. */
  readonly stops: boolean;
  readonly neighbourOf: (address: Ipv4) => Promise<Mac | undefined>;
  readonly makerOf: (mac: Mac) => string | undefined;
}

/** A kind of server, and how it is looked for. */
export interface Watch {
  readonly door: DoorName;
  readonly socket: Pick<UdpOptions, 'port' | 'purpose' | 'shared'>;
  /** Begins the sentence that says why nobody is looked for. */
  readonly without: string;
  /** Whom to ask. */
  readonly to: Peer;
  /** The question of one look; `port` is where we hear. */
  readonly question: (port: number) => Uint8Array;
  /** Who sent this, and whom it gave an address; undefined when it comes from no server. */
  readonly read: (bytes: Uint8Array, from: Peer) => Sighting | undefined;
}

export interface Sighting {
  readonly server: Ipv4;
  readonly phone?: Mac | undefined;
}

export interface Sentry extends Closable {
  /** Whether the first look goes on. */
  isNew(): boolean;
  foreign(): readonly ForeignServer[];
  /** A phone says that it chose that server. */
  named(server: Ipv4, phone: Mac): void;
}

const LOOK_MS = 1000;
/** One lost datagram must not hide a server, least of all at the start. */
const FIRST_ASKS: readonly Millis[] = [0, 300, 700];
const LATER_ASKS: readonly Millis[] = [0, 300];
/** While a server is here that stops all offers, somebody waits for its end: ms between looks. */
const SOON = 10_000;
/** While one is here that does no harm to us. */
const AT_LEISURE = 60_000;
/** ms between a look and one that a rumour asks for. */
const RUMOUR_REST = 10_000;
/** Where nobody answers: it makes the kernel ask for the hardware address. */
const DISCARD_PORT = 9;
/** When the kernel is asked for the hardware address, ms after the one before. */
const NEIGHBOUR_WAITS: readonly Millis[] = [50, 250];

interface Post {
  readonly parts: SentryParts;
  readonly watch: Watch;
  readonly timers: Timers;
  readonly troubled: Set<string>;
  lookout: typeof QUIET;
  socket: UdpSocket | undefined;
  isOpen: boolean;
  isFirst: boolean;
  isLooking: boolean;
  lookedAt: Millis;
  cancelNext: Cancel;
  cancelWake: Cancel;
}

/** Begins with a look at once. Where the port cannot be had that is told, and only what phones say is known. */
export async function openSentry(parts: SentryParts, watch: Watch): Promise<Sentry> {
  const post: Post = {
    parts,
    watch,
    timers: createTimers(parts.world),
    troubled: new Set(),
    lookout: QUIET,
    socket: undefined,
    isOpen: true,
    isFirst: true,
    isLooking: false,
    lookedAt: 0,
    cancelNext: () => undefined,
    cancelWake: () => undefined,
  };
  // Where everybody may be here there is nobody to look for, and no port is taken from anyone.
  if (parts.allow !== 'any') post.socket = await openSocket(post);
  if (post.socket !== undefined) look(post);
  return {
    isNew: () => post.isFirst && post.isLooking,
    foreign: () => [...post.lookout.servers.values()],
    named: (server, phone) => {
      if (isForeign(post, server)) take(post, { kind: 'named', server, phone });
    },
    close: async () => {
      post.isOpen = false;
      post.isLooking = false;
      post.timers.clear();
      const { socket } = post;
      post.socket = undefined;
      await socket?.close();
    },
  };
}

/** A hardware address that no maker gives: locally administered (IEEE 802c), of one station. */
export function inventMac({ random }: World): Mac {
  const bytes = Uint8Array.from({ length: 6 }, () => Math.floor(random() * 256));
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return macFromBytes(bytes) as Mac;
}

async function openSocket(post: Post): Promise<UdpSocket | undefined> {
  const { parts, watch } = post;
  const onTrouble = (error: Error): void => tellFault(post, error);
  try {
    return await parts.lan.openUdp({ ...watch.socket, onTrouble }, (bytes, from) => hear(post, bytes, from));
  } catch (error) {
    onTrouble(error instanceof Error ? error : new Error(String(error)));
    return undefined;
  }
}

function hear(post: Post, bytes: Uint8Array, from: Peer): void {
  if (from.address === post.parts.lan.address) return;
  const sighting = post.watch.read(bytes, from);
  if (sighting === undefined || !isForeign(post, sighting.server)) return;
  take(post, { kind: 'heard', source: from.address, ...sighting });
}

function isForeign({ parts: { lan, allow } }: Post, server: Ipv4): boolean {
  return server !== lan.address && allow !== 'any' && !allow.has(server);
}

function take(post: Post, input: LookoutInput): void {
  if (!post.isOpen) return;
  const now = post.parts.world.now();
  const { next, outputs, wakeAt } = stepLookout(now, post.lookout, input);
  const isNews = next.servers.size !== post.lookout.servers.size;
  post.lookout = next;
  post.cancelWake();
  if (wakeAt !== undefined) {
    post.cancelWake = post.timers.after(wakeAt - now, () => take(post, { kind: 'tick' }));
  }
  if (isNews) lookLater(post);
  for (const output of outputs) perform(post, output);
}

function perform(post: Post, output: LookoutOutput): void {
  const { world, tell, stops } = post.parts;
  const { door } = post.watch;
  const at = world.now();
  switch (output.kind) {
    case 'meet':
      meet(post, output).catch((error: unknown) => tellFault(post, error));
      break;
    case 'look':
      if (at - post.lookedAt >= RUMOUR_REST) look(post);
      break;
    case 'found': {
      const { server, hardware, maker, caught } = output.server;
      tell({ kind: 'foreign-server', at, door, server, hardware, maker, caught: [...caught], stops });
      break;
    }
    case 'caught':
      tell({ kind: 'caught-elsewhere', at, mac: output.phone, server: output.server });
      break;
    case 'gone':
      tell({ kind: 'foreign-server-gone', at, door, server: output.server });
      break;
  }
}

function look(post: Post): void {
  const { socket, timers, watch, parts } = post;
  if (socket === undefined || post.isLooking) return;
  const since = parts.world.now();
  post.cancelNext();
  post.isLooking = true;
  post.lookedAt = since;
  const question = watch.question(socket.port);
  const ask = (): void => socket.send(question, watch.to);
  for (const delay of post.isFirst ? FIRST_ASKS : LATER_ASKS) {
    if (delay === 0) ask();
    else timers.after(delay, ask);
  }
  timers.after(LOOK_MS, () => {
    post.isFirst = false;
    post.isLooking = false;
    take(post, { kind: 'looked', since });
    lookLater(post);
  });
}

/** Sets the time of the next look anew: what was found may bring it near. */
function lookLater(post: Post): void {
  post.cancelNext();
  if (post.isLooking) return;
  const { every, stops, world } = post.parts;
  const near = stops ? SOON : AT_LEISURE;
  const pace = post.lookout.servers.size > 0 ? Math.min(every ?? near, near) : every;
  if (pace === undefined) return;
  post.cancelNext = post.timers.after(post.lookedAt + pace - world.now(), () => look(post));
}

/** Finds out the hardware address, which the kernel knows once it has something to send there. */
async function meet(
  post: Post,
  { server, source }: { readonly server: Ipv4; readonly source: Ipv4 },
): Promise<void> {
  const { neighbourOf, makerOf } = post.parts;
  const address = [source, server].find((one) => isNeighbour(post.parts.lan, one));
  let hardware: Mac | undefined;
  if (address !== undefined) {
    post.socket?.send(new Uint8Array(), { address, port: DISCARD_PORT });
    for (const delay of NEIGHBOUR_WAITS) {
      await post.timers.pause(delay);
      hardware = await neighbourOf(address).catch(() => undefined);
      if (hardware !== undefined) break;
    }
  }
  take(post, { kind: 'met', server, hardware, maker: hardware && makerOf(hardware) });
}

/** Whether it is a host of our subnet: nothing is sent anywhere else. */
function isNeighbour({ subnet, address: ours }: Lan, address: Ipv4): boolean {
  const isHost = address !== ours && address !== subnet.network && address !== broadcastOf(subnet);
  return isHost && isWithin(subnet, address);
}

/** Once for each kind of trouble: phones are served all the same. */
function tellFault(post: Post, error: unknown): void {
  const known = error instanceof Fault ? error : undefined;
  const code = known?.code ?? errnoOf(error) ?? 'guard-failed';
  if (!post.isOpen || post.troubled.has(code)) return;
  post.troubled.add(code);
  const hint = known?.hint ?? 'phones are served all the same; look at the log if this repeats';
  const message = `${post.watch.without}: ${messageOf(error)}`;
  post.parts.tell({ kind: 'fault', at: post.parts.world.now(), code, message, hint });
}

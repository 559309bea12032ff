// The TFTP door: requests at port 69; each transfer goes on at a port of its own (RFC 1350 section 4).
import { fromLatin1, type WireError } from '../base/bytes.ts';
import { errnoOf, Fault, messageOf } from '../base/fault.ts';
import { type Ipv4, isWithin } from '../base/ipv4.ts';
import type { Closable, Millis, World } from '../base/world.ts';
import { type FileDesk, showPeer } from '../files/desk.ts';
import { nameFromBytes } from '../files/resolve.ts';
import type { Lan, Peer, UdpSocket } from '../net/ports.ts';
import type { Tell } from '../timeline/event.ts';
import type { Reason } from '../timeline/reason.ts';
import { ETHERNET, type Limits } from './negotiate.ts';
import { decodePacket, encodePacket, type TftpOption, type TftpPacket, type TftpRequest } from './packet.ts';
import { errorFor, unknownMode } from './policy.ts';
import { openTransferPort, type TransferPort } from './serve.ts';
import type { TransferInput } from './transfer.ts';

/** How much is served at a time. Requests beyond it are met with silence: phones come again by themselves. */
export interface TftpLimits extends Limits {
  readonly transfers: number;
  readonly perAddress: number;
}

export interface TftpDoor {
  readonly lan: Lan;
  readonly desk: FileDesk;
  readonly world: World;
  readonly tell: Tell;
  readonly limits?: Partial<TftpLimits>;
}

const TFTP_PORT = 69;
/** Phones fetch one file at a time; a whole shelf of them may sit behind one address in a test. */
const LIMITS: TftpLimits = { ...ETHERNET, transfers: 6000, perAddress: 1100 };
/** One word a second about each kind of trouble. */
const TOLD_EVERY = 1000;
const MOST_KINDS_OF_TROUBLE = 5000;

/** A request that is being served, from its arrival to the end of its transfer. */
interface Session {
  readonly request: TftpRequest;
  readonly from: Peer;
  /** Set once the file is found and a port is open. */
  port?: TransferPort | undefined;
  /** How it was ended, perhaps before there was a port. */
  stopped?: TransferInput | undefined;
}

interface Door extends TftpDoor {
  readonly limits: TftpLimits;
  /** All that cost us something, also the stopped ones whose file is still looked for. */
  readonly busy: Set<Session>;
  /** The live one of each phone's address and port. */
  readonly sessions: Map<string, Session>;
  /** How many of the busy ones. */
  readonly perAddress: Map<Ipv4, number>;
  readonly toldAt: Map<string, Millis>;
  /** Sends from port 69: refusals before a transfer exists. */
  readonly send: (bytes: Uint8Array, to: Peer) => void;
}

/**
 * Opens the door; closing it ends all transfers. Rejects with a Fault when port 69 cannot be had; after that all
 * trouble is told, none thrown.
 */
export async function openTftpServer(parts: TftpDoor): Promise<Closable> {
  let socket: UdpSocket | undefined;
  const door: Door = {
    ...parts,
    limits: { ...LIMITS, ...parts.limits },
    busy: new Set(),
    sessions: new Map(),
    perAddress: new Map(),
    toldAt: new Map(),
    send: (bytes, to) => socket?.send(bytes, to),
  };
  const onTrouble = (error: Error): void => tellFault(door, error);
  socket = await door.lan.openUdp({ port: TFTP_PORT, purpose: 'TFTP', onTrouble }, (bytes, from) => {
    try {
      onDatagram(door, bytes, from);
    } catch (error) {
      tellFault(door, error);
    }
  });
  return {
    close: async () => {
      const open = socket;
      socket = undefined;
      const closing = [...door.busy].map(async (session) => {
        stop(door, session, { kind: 'stop', why: 'unboxd was stopped' });
        await session.port?.close();
      });
      await Promise.all(closing);
      await open?.close();
    },
  };
}

function onDatagram(door: Door, bytes: Uint8Array, from: Peer): void {
  // Nothing goes off the LAN: a forged source must not make us its tool.
  if (!isWithin(door.lan.subnet, from.address)) return;
  const decoded = decodePacket(bytes);
  if (!decoded.ok) {
    tellGarbled(door, from, { bytes, error: decoded.error });
    return;
  }
  const request = decoded.value;
  // RFC 1350 section 2: an ERROR is never answered; DATA and ACK at this port belong to nobody.
  if (request.kind === 'rrq' || request.kind === 'wrq') onRequest(door, request, from);
}

function onRequest(door: Door, request: TftpRequest, from: Peer): void {
  const { busy, sessions, perAddress, limits } = door;
  const before = sessions.get(peerKey(from));
  if (before !== undefined) {
    // Left alive, the old transfer would send its blocks into the new one.
    if (isSame(before.request, request)) before.port?.feed({ kind: 'request-again' });
    else stop(door, before, { kind: 'request-other' });
    // Still alive: it has been answered, or will be.
    if (sessions.has(peerKey(from))) return;
  }
  if (request.kind === 'wrq') {
    refuse(door, { request, from, because: 'writing-not-served', answer: errorFor('writing-not-served') });
  } else if (request.mode !== 'octet' && request.mode !== 'netascii') {
    refuse(door, { request, from, because: 'mode-not-served', answer: unknownMode(request.mode) });
  } else if (busy.size >= limits.transfers || (perAddress.get(from.address) ?? 0) >= limits.perAddress) {
    tellBusy(door, request, from);
  } else {
    const session = enter(door, request, from);
    serve(door, session).catch((error: unknown) => {
      leave(door, session);
      tellFault(door, error);
    });
  }
}

/** Options count too: a phone that our OACK did not please asks again without them. */
function isSame(a: TftpRequest, b: TftpRequest): boolean {
  return a.kind === b.kind && a.filename === b.filename && a.mode === b.mode && hasOptions(a, b.options);
}

function hasOptions({ options }: TftpRequest, others: readonly TftpOption[]): boolean {
  return (
    options.length === others.length &&
    others.every(({ name, value }, at) => options[at]?.name === name && options[at].value === value)
  );
}

/** Registers the session at once, so that a repeated request finds it while the file is looked for. */
function enter({ busy, sessions, perAddress }: Door, request: TftpRequest, from: Peer): Session {
  const session: Session = { request, from };
  busy.add(session);
  sessions.set(peerKey(from), session);
  perAddress.set(from.address, (perAddress.get(from.address) ?? 0) + 1);
  return session;
}

/** Makes room for others. */
function leave({ busy, sessions, perAddress }: Door, session: Session): void {
  if (!busy.delete(session)) return;
  const { from } = session;
  if (sessions.get(peerKey(from)) === session) sessions.delete(peerKey(from));
  const left = (perAddress.get(from.address) ?? 1) - 1;
  if (left === 0) perAddress.delete(from.address);
  else perAddress.set(from.address, left);
}

/** Ends the session: now, or as soon as its port is open. */
function stop({ sessions }: Door, session: Session, how: TransferInput): void {
  session.stopped ??= how;
  if (sessions.get(peerKey(session.from)) === session) sessions.delete(peerKey(session.from));
  session.port?.feed(how);
}

async function serve(door: Door, session: Session): Promise<void> {
  const { lan, world, desk, limits } = door;
  const { request, from: peer } = session;
  const answer = await desk.ask({ door: 'tftp', name: nameOf(request), from: peer });
  if (answer.kind === 'refused') {
    if (session.stopped === undefined) door.send(encodePacket(errorFor(answer.because)), peer);
    leave(door, session);
    return;
  }
  session.port = await openTransferPort({
    ...{ lan, world, request, peer, answer, limits },
    onGarbled: (bytes, error) => tellGarbled(door, peer, { bytes, error }),
    onTrouble: (error) => tellFault(door, error),
    onEnded: () => leave(door, session),
  });
  // It may have been stopped while its file was looked for or its port was being opened.
  session.port.feed(session.stopped ?? { kind: 'start' });
}

interface Refused {
  readonly request: TftpRequest;
  readonly from: Peer;
  readonly because: Reason;
  readonly answer: TftpPacket;
}

/** Each request is answered; one word a second about each sender is enough. */
function refuse(door: Door, { request, from, because, answer }: Refused): void {
  if (mayTell(door, `${because} ${from.address}`)) {
    const seen = { at: door.world.now(), from: showPeer(from) };
    door.tell({ ...seen, kind: 'refused', door: 'tftp', file: nameOf(request), because });
  }
  door.send(encodePacket(answer), from);
}

function tellBusy(door: Door, request: TftpRequest, from: Peer): void {
  if (!mayTell(door, 'busy')) return;
  const seen = { at: door.world.now(), from: showPeer(from) };
  door.tell({ ...seen, kind: 'refused', door: 'tftp', file: nameOf(request), because: 'too-busy' });
}

interface Garbage {
  readonly bytes: Uint8Array;
  readonly error: WireError;
}

function tellGarbled(door: Door, from: Peer, { bytes, error }: Garbage): void {
  if (!mayTell(door, `garbled ${from.address}`)) return;
  const seen = { at: door.world.now(), from: showPeer(from) };
  const what = { because: error.code, offset: error.at, bytes: bytes.length };
  door.tell({ ...seen, kind: 'garbled', door: 'tftp', ...what });
}

function tellFault(door: Door, error: unknown): void {
  const known = error instanceof Fault ? error : undefined;
  const code = known?.code ?? errnoOf(error) ?? 'tftp-failed';
  if (!mayTell(door, code)) return;
  const hint = known?.hint ?? 'phones ask again by themselves; look at the log if this repeats';
  door.tell({ at: door.world.now(), kind: 'fault', code, message: `TFTP: ${messageOf(error)}`, hint });
}

/** Lets one word a second through about each. */
function mayTell({ world, toldAt }: Door, about: string): boolean {
  const now = world.now();
  const last = toldAt.get(about);
  if (last !== undefined && now - last < TOLD_EVERY) return false;
  // Forged addresses must not fill the memory; forgetting costs one word too many.
  if (toldAt.size >= MOST_KINDS_OF_TROUBLE) toldAt.clear();
  toldAt.set(about, now);
  return true;
}

function nameOf(request: TftpRequest): string {
  return nameFromBytes(fromLatin1(request.filename));
}

function peerKey(peer: Peer): string {
  return `${peer.address}:${peer.port}`;
}

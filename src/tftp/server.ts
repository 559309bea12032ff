// The TFTP door: hears requests and opens a transfer for each; what is refused is answered at once.
import type { Closable, Millis, World } from '../base/world.ts';
import type { FileDesk } from '../files/desk.ts';
import type { Lan, Peer, UdpSocket } from '../net/ports.ts';
import { TFTP_DEFAULTS, type TftpSettings } from '../site/tftp-door.ts';
import type { Tell } from '../timeline/event.ts';
import { createPlaces, type Places } from './limits.ts';
import { type Line, type Lines, openLines, singleLine } from './lines.ts';
import { blksizeFor, type Limits, sizeAnnounced } from './negotiate.ts';
import {
  blockOfAck,
  createDataWriter,
  decodePacket,
  encodePacket,
  type TftpPacket,
  type TftpRequest,
} from './packet.ts';
import {
  errorFor,
  fitted,
  isForged,
  isServedMode,
  type Refusal,
  UNKNOWN_TID,
  unknownMode,
} from './policy.ts';
import { createLoad, type Load } from './rto.ts';
import { openRead } from './serve.ts';
import { openWrite } from './take.ts';
import { isSame, keyOf, nameOf, type Session, type Talk, type TalkParts } from './talk.ts';
import { createTeller, type Teller } from './tell.ts';
import { createWheel, type Wheel } from './wheel.ts';

export interface TftpDoor {
  readonly lan: Lan;
  readonly desk: FileDesk;
  readonly world: World;
  readonly tell: Tell;
  readonly settings?: Partial<TftpSettings> | undefined;
  /** Of the interface, where it is known. */
  readonly mtu?: number | undefined;
}

const ETHERNET_MTU = 1500;
/** ERROR 5 goes to strangers this often at most, ms. */
const STRANGERS_EVERY = 1000;
const STOPPED = 'unboxd was stopped';

interface Door {
  readonly parts: TftpDoor;
  readonly limits: Limits;
  readonly places: Places<Session>;
  /** The live one of each phone's address and port. */
  readonly sessions: Map<number, Session>;
  readonly teller: Teller;
  readonly wheel: Wheel;
  readonly load: Load;
  readonly data: TalkParts['data'];
  readonly lines: () => Lines;
  /** Where requests come in and refusals go out. */
  readonly front: Line;
  strangerAt: Millis | undefined;
}

/**
 * Opens the door; closing it ends all transfers. Rejects with a Fault when its port, or all of those for transfers,
 * cannot be had; after that all trouble is told, none thrown.
 */
export async function openTftpServer(parts: TftpDoor): Promise<Closable> {
  const { lan, world } = parts;
  const settings: TftpSettings = { ...TFTP_DEFAULTS, ...parts.settings };
  const opened: { socket?: UdpSocket; lines?: Lines } = {};
  const teller = createTeller(parts);
  const onTrouble = (error: Error): void => teller.trouble(error);
  const door: Door = {
    parts,
    limits: limitsOf(settings, parts.mtu ?? ETHERNET_MTU),
    places: createPlaces({ transfers: settings.maxTransfers, perAddress: settings.perAddress }),
    sessions: new Map(),
    teller,
    wheel: createWheel(world),
    load: createLoad(),
    data: createDataWriter(),
    lines: () => {
      if (opened.lines === undefined) throw new Error('the ports for transfers are not open');
      return opened.lines;
    },
    front: { send: (bytes, to) => opened.socket?.send(bytes, to) },
    strangerAt: undefined,
  };
  const hears =
    (hear: typeof onRequests) =>
    (line: Line, bytes: Uint8Array, from: Peer): void => {
      try {
        hear(door, line, { bytes, from });
      } catch (error) {
        teller.trouble(error);
      }
    };
  const atFront = hears(settings.singlePort ? onAll : onRequests);
  const front = { port: settings.port, purpose: 'TFTP', onTrouble };
  const socket = await lan.openUdp(front, (bytes, from) => {
    // Who asks before the other ports are open asks again.
    if (opened.lines !== undefined) atFront(door.front, bytes, from);
  });
  opened.socket = socket;
  try {
    opened.lines = settings.singlePort
      ? singleLine(door.front, world)
      : await openLines({ lan, world, ports: settings.ports, onDatagram: hears(onTransfers), onTrouble });
  } catch (error) {
    await socket.close();
    throw error;
  }
  return { close: async () => await close(door, opened) };
}

function limitsOf(settings: TftpSettings, mtu: number): Limits {
  const { blksize, windowsize, clampToMtu, refuseOptions } = settings;
  const largest = clampToMtu ? Math.min(blksize, blksizeFor(mtu)) : blksize;
  return { blksize: largest, windowsize, refused: new Set(refuseOptions) };
}

async function close(door: Door, opened: { socket?: UdpSocket; lines?: Lines }): Promise<void> {
  const { socket, lines } = opened;
  delete opened.socket;
  const open = new Set([...door.places.taken, ...door.sessions.values()]);
  for (const session of open) stop(door, session, (talk) => talk.stop(STOPPED));
  for (const { talk } of open) await talk?.settled();
  door.wheel.close();
  await lines?.close();
  await socket?.close();
}

interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: Peer;
}

/** Where requests are heard and nothing else. */
function onRequests(door: Door, _line: Line, { bytes, from }: Datagram): void {
  // Nothing goes off the LAN: a forged source must not make us its tool.
  if (isForged(from, door.parts.lan)) return;
  const decoded = decodePacket(bytes);
  if (!decoded.ok) door.teller.garbled(from, { bytes, error: decoded.error });
  // RFC 1350 section 2: an ERROR is never answered; DATA and ACK at this port belong to nobody.
  else if (decoded.value.kind === 'rrq' || decoded.value.kind === 'wrq') {
    onRequest(door, decoded.value, { bytes, from });
  }
}

/** Everything through one port. */
function onAll(door: Door, line: Line, datagram: Datagram): void {
  const isRequest = datagram.bytes[0] === 0 && (datagram.bytes[1] === 1 || datagram.bytes[1] === 2);
  (isRequest || datagram.bytes.length < 2 ? onRequests : onTransfers)(door, line, datagram);
}

/** Where transfers go on. */
function onTransfers(door: Door, line: Line, { bytes, from }: Datagram): void {
  const session = door.sessions.get(keyOf(from));
  const talk = session?.line === line ? session.talk : undefined;
  const block = blockOfAck(bytes);
  if (talk !== undefined && block !== undefined) {
    talk.hear({ kind: 'ack', block });
    return;
  }
  const decoded = decodePacket(bytes);
  if (talk === undefined) {
    if (decoded.ok) onStranger(door, line, { packet: decoded.value, from });
  } else if (decoded.ok) talk.hear(decoded.value);
  else door.teller.garbled(from, { bytes, error: decoded.error });
}

/** Tells whoever talks to a transfer that is not theirs: nobody off the LAN, no ERROR (never answered), not often. */
function onStranger(door: Door, line: Line, { packet, from }: { packet: TftpPacket; from: Peer }): void {
  if (packet.kind === 'error' || isForged(from, door.parts.lan)) return;
  // Late words of a transfer that went well, or of one that the phone has left for another: an ERROR could hurt that.
  const key = keyOf(from);
  if (door.sessions.has(key) || door.lines().isLate(key, line)) return;
  const now = door.parts.world.now();
  if (door.strangerAt !== undefined && now - door.strangerAt < STRANGERS_EVERY) return;
  door.strangerAt = now;
  line.send(encodePacket(UNKNOWN_TID), from);
}

function onRequest(door: Door, request: TftpRequest, { bytes, from }: Datagram): void {
  const { sessions, places, teller, parts } = door;
  const key = keyOf(from);
  const before = sessions.get(key);
  if (before !== undefined) {
    // Left alive, the old transfer would send its blocks into the new one.
    if (isSame(before.request, request)) before.talk?.again();
    else stop(door, before, (talk) => talk.other());
    // Still alive: it has been answered, or will be.
    if (sessions.has(key)) return;
  }
  if (!isServedMode(request.mode)) {
    teller.refused(from, nameOf(request), 'mode-not-served');
    door.front.send(encodePacket(fitted(unknownMode(request.mode), bytes.length)), from);
    return;
  }
  const now = parts.world.now();
  const { isFree, oldest } = places.room(from.address, now);
  if (!isFree) {
    // Who still waits for its file cannot leave its place: the disk is at work for it. And silence is the answer, for
    // phones come again by themselves, and on an ERROR many go on without the file.
    if (oldest?.talk === undefined) {
      teller.busy(from, nameOf(request));
      return;
    }
    stop(door, oldest, (talk) => talk.stop('its place was needed by others'));
  }
  const line = door.lines().pick(key);
  const session: Session = { request, asked: bytes.length, from, key, line, since: now };
  // At once, so that a repeated request finds it while the file is looked for.
  places.enter(session);
  sessions.set(key, session);
  serve(door, session).catch((error: unknown) => {
    leave(door, session);
    teller.trouble(error);
  });
}

/** Ends the session: now, or as soon as it has begun. */
function stop({ sessions }: Door, session: Session, how: (talk: Talk) => void): void {
  session.stopped ??= how;
  if (sessions.get(session.key) === session) sessions.delete(session.key);
  if (session.talk !== undefined) how(session.talk);
}

/** Nothing of it is left. */
function leave({ sessions, places }: Door, session: Session): void {
  places.leave(session);
  if (sessions.get(session.key) === session) sessions.delete(session.key);
}

async function serve(door: Door, session: Session): Promise<void> {
  const { request, from } = session;
  const { desk } = door.parts;
  const ask = { door: 'tftp', name: nameOf(request), from } as const;
  if (request.kind === 'rrq') {
    const answer = await desk.ask(ask);
    if (answer.kind === 'refused') refuse(door, session, answer);
    else begin(session, openRead(talkParts(door, session), answer));
    return;
  }
  // netascii is longer on the wire than on the disk: what is announced there says nothing.
  const length = request.mode === 'octet' ? sizeAnnounced(request.options) : undefined;
  const upload = await desk.upload({ ...ask, length });
  if (upload.kind === 'refused') refuse(door, session, upload);
  else begin(session, openWrite(talkParts(door, session), upload));
}

function refuse(door: Door, session: Session, refusal: Refusal): void {
  const { asked, from } = session;
  // Who is told to wait is told by silence: it asks again, and an ERROR would send it on without the file.
  const isSilent = session.stopped !== undefined || refusal.because === 'too-busy';
  if (!isSilent) door.front.send(encodePacket(fitted(errorFor(refusal), asked)), from);
  leave(door, session);
}

/** It may have been stopped while its file was looked for. */
function begin(session: Session, talk: Talk): void {
  session.talk = talk;
  if (session.stopped === undefined) talk.start();
  else session.stopped(talk);
}

function talkParts(door: Door, session: Session): TalkParts {
  const { places, wheel, load, limits, data, teller, parts } = door;
  const { line, request, asked, from: peer, key } = session;
  return {
    world: parts.world,
    wheel,
    load,
    limits,
    data,
    line,
    request,
    asked,
    peer,
    onTrouble: (error) => teller.trouble(error),
    onConfirmed: () => places.confirm(session),
    onDone: (isComplete) => {
      if (!places.taken.has(session)) return;
      places.leave(session);
      door.lines().over(key, line, isComplete);
    },
    onOver: () => leave(door, session),
  };
}

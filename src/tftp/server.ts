// The TFTP door: requests at port 69, each transfer at a port of its own (RFC 1350 section 4).
import { fromLatin1, type WireError } from '../base/bytes.ts';
import { errnoOf, Fault, messageOf } from '../base/fault.ts';
import { type Ipv4, isWithin, showIpv4 } from '../base/ipv4.ts';
import type { Cancel, Closable, Millis, World } from '../base/world.ts';
import type { FileAnswer, FileDesk } from '../files/desk.ts';
import { nameFromBytes } from '../files/resolve.ts';
import type { Lan, Peer, UdpSocket } from '../net/ports.ts';
import type { Tell } from '../timeline/event.ts';
import { ETHERNET, negotiate } from './negotiate.ts';
import { toNetascii } from './netascii.ts';
import { decodePacket, encodePacket, type TftpRequest } from './packet.ts';
import { errorFor, UNKNOWN_TID, unknownMode } from './policy.ts';
import {
  openTransfer,
  stepTransfer,
  type Transfer,
  type TransferInput,
  type TransferOutput,
} from './transfer.ts';

export interface TftpDoor {
  readonly lan: Lan;
  readonly desk: FileDesk;
  readonly world: World;
  readonly tell: Tell;
}

const TFTP_PORT = 69;
const MOST_TRANSFERS = 6000;
/** Phones fetch one file at a time; a whole shelf of them may sit behind one address in a test. */
const MOST_PER_ADDRESS = 1100;
/** One word a second about each kind of trouble. */
const TOLD_EVERY = 1000;

/** A request that is being served, from its arrival to the end of its transfer. */
interface Session {
  readonly peer: Peer;
  readonly request: TftpRequest;
  feed(input: TransferInput): void;
  close(): void;
}

interface Serving extends TftpDoor {
  readonly sessions: Map<string, Session>;
  readonly perAddress: Map<Ipv4, number>;
  readonly toldAt: Map<string, Millis>;
  /** Sends from port 69: refusals before a transfer exists. */
  readonly send: (bytes: Uint8Array, to: Peer) => void;
}

/** Opens the door. Rejects with a Fault when port 69 cannot be had; after that all trouble is told, none thrown. */
export async function openTftpServer(door: TftpDoor): Promise<Closable> {
  let socket: UdpSocket | undefined;
  const serving: Serving = {
    ...door,
    sessions: new Map(),
    perAddress: new Map(),
    toldAt: new Map(),
    send: (bytes, to) => socket?.send(bytes, to),
  };
  const onTrouble = (error: Error): void => tellFault(serving, error);
  socket = await door.lan.openUdp({ port: TFTP_PORT, purpose: 'TFTP', onTrouble }, (bytes, from) => {
    try {
      onRequest(serving, bytes, from);
    } catch (error) {
      tellFault(serving, error);
    }
  });
  return {
    close: async () => {
      const open = socket;
      socket = undefined;
      for (const session of serving.sessions.values()) session.close();
      await open?.close();
    },
  };
}

function onRequest(serving: Serving, bytes: Uint8Array, from: Peer): void {
  const { lan, sessions } = serving;
  // Nothing goes off the LAN: a forged source must not make us its tool.
  if (!isWithin(lan.subnet, from.address)) return;
  const decoded = decodePacket(bytes);
  if (!decoded.ok) {
    tellGarbled(serving, from, { bytes, error: decoded.error });
    return;
  }
  const request = decoded.value;
  // RFC 1350 section 2: an ERROR is never answered; DATA and ACK at this port belong to nobody.
  if (request.kind !== 'rrq' && request.kind !== 'wrq') return;
  const key = peerKey(from);
  const before = sessions.get(key);
  if (before !== undefined && isSame(before.request, request)) {
    before.feed({ kind: 'request-again' });
    return;
  }
  // Another name from the same port: the phone has given the old transfer up.
  before?.feed({ kind: 'error', code: 0, message: 'it asked for another file from the same port' });
  const atAddress = serving.perAddress.get(from.address) ?? 0;
  if (request.kind === 'wrq') refuseWrite(serving, request, from);
  else if (request.mode !== 'octet' && request.mode !== 'netascii') {
    serving.send(encodePacket(unknownMode(request.mode)), from);
  } else if (sessions.size >= MOST_TRANSFERS || atAddress >= MOST_PER_ADDRESS)
    tellBusy(serving, request, from);
  else serve(serving, request, from);
}

function isSame(a: TftpRequest, b: TftpRequest): boolean {
  return a.kind === b.kind && a.filename === b.filename && a.mode === b.mode;
}

/** Registers the session at once, so that a repeated request finds it; the file is looked for meanwhile. */
function serve(serving: Serving, request: TftpRequest, peer: Peer): void {
  const { sessions, perAddress, desk } = serving;
  const key = peerKey(peer);
  const state: { open: boolean; running?: Running } = { open: true };
  const close = (): void => {
    if (!state.open) return;
    state.open = false;
    sessions.delete(key);
    const left = (perAddress.get(peer.address) ?? 1) - 1;
    if (left === 0) perAddress.delete(peer.address);
    else perAddress.set(peer.address, left);
    state.running?.stop();
  };
  sessions.set(key, {
    peer,
    request,
    // Before the transfer runs there is nothing to repeat; an error then just ends it.
    feed: (input) => {
      if (state.running !== undefined) state.running.feed(input);
      else if (input.kind === 'error') close();
    },
    close,
  });
  perAddress.set(peer.address, (perAddress.get(peer.address) ?? 0) + 1);

  const begin = async (): Promise<void> => {
    const answer = await desk.ask({ door: 'tftp', name: nameOf(request), from: peer });
    if (!state.open) return;
    if (answer.kind === 'refused') {
      serving.send(encodePacket(errorFor(answer.because)), peer);
      close();
      return;
    }
    state.running = await run(serving, { request, peer, answer, close });
    // It may have been closed while its socket was being opened.
    if (!isOpen(state)) state.running.stop();
  };
  begin().catch((error: unknown) => {
    tellFault(serving, error);
    close();
  });
}

function isOpen(state: { readonly open: boolean }): boolean {
  return state.open;
}

interface Running {
  feed(input: TransferInput): void;
  /** Ends it without a word to the phone. */
  stop(): void;
}

interface RunParts {
  readonly request: TftpRequest;
  readonly peer: Peer;
  readonly answer: Extract<FileAnswer, { kind: 'file' }>;
  readonly close: () => void;
}

/** Opens the transfer's own port and performs what its machine says. */
async function run(serving: Serving, { request, peer, answer, close }: RunParts): Promise<Running> {
  const { lan, world } = serving;
  const content = request.mode === 'netascii' ? toNetascii(answer.content) : answer.content;
  const negotiated = negotiate({ options: request.options, size: content.length, limits: ETHERNET });
  let transfer: Transfer = openTransfer(negotiated, content.length, world.now());
  let cancel: Cancel = () => undefined;
  let open = true;

  const socket = await lan.openUdp(
    // A phone that is switched off answers with ICMP; the machine gives up by itself.
    { port: 0, purpose: 'a TFTP transfer', onTrouble: () => undefined },
    (bytes, from) => {
      if (from.address === peer.address && from.port === peer.port) onPacket(bytes);
      else if (isWithin(lan.subnet, from.address) && mayTell(serving, `stranger ${socket.port}`)) {
        socket.send(encodePacket(UNKNOWN_TID), from);
      }
    },
  );

  const onPacket = (bytes: Uint8Array): void => {
    const decoded = decodePacket(bytes);
    if (!decoded.ok) {
      tellGarbled(serving, peer, { bytes, error: decoded.error });
      return;
    }
    const packet = decoded.value;
    if (packet.kind === 'ack') feed({ kind: 'ack', block: packet.block });
    else if (packet.kind === 'error') feed({ kind: 'error', code: packet.code, message: packet.message });
  };
  const feed = (input: TransferInput): void => {
    if (!open) return;
    const { next, outputs, wakeAt } = stepTransfer(world.now(), transfer, input);
    transfer = next;
    cancel();
    if (wakeAt !== undefined)
      cancel = world.after(Math.max(0, wakeAt - world.now()), () => feed({ kind: 'tick' }));
    for (const output of outputs) perform(output);
  };
  const perform = (output: TransferOutput): void => {
    switch (output.kind) {
      case 'oack':
        socket.send(encodePacket(output), peer);
        return;
      case 'data': {
        const data = content.subarray(output.offset, output.offset + output.length);
        socket.send(encodePacket({ kind: 'data', block: output.block, data }), peer);
        return;
      }
      case 'ended':
        answer.ended(output);
        stop();
        close();
    }
  };
  const stop = (): void => {
    if (!open) return;
    open = false;
    cancel();
    if (!transfer.ended) answer.ended({ complete: false, bytes: 0, why: 'unboxd was stopped' });
    socket.close().catch((error: unknown) => tellFault(serving, error));
  };
  feed({ kind: 'start' });
  return { feed, stop };
}

function refuseWrite(serving: Serving, request: TftpRequest, from: Peer): void {
  const because = 'writing-not-served';
  const seen = { at: serving.world.now(), from: showPeer(from) };
  serving.tell({ ...seen, kind: 'refused', door: 'tftp', file: nameOf(request), because });
  serving.send(encodePacket(errorFor(because)), from);
}

/** Silence, so that phones come again by themselves; told once a second. */
function tellBusy(serving: Serving, request: TftpRequest, from: Peer): void {
  if (!mayTell(serving, 'busy')) return;
  const seen = { at: serving.world.now(), from: showPeer(from) };
  serving.tell({ ...seen, kind: 'refused', door: 'tftp', file: nameOf(request), because: 'too-busy' });
}

interface Garbage {
  readonly bytes: Uint8Array;
  readonly error: WireError;
}

function tellGarbled(serving: Serving, from: Peer, { bytes, error }: Garbage): void {
  if (!mayTell(serving, `garbled ${from.address}`)) return;
  const seen = { at: serving.world.now(), from: showPeer(from) };
  serving.tell({
    ...seen,
    kind: 'garbled',
    door: 'tftp',
    because: error.code,
    offset: error.at,
    bytes: bytes.length,
  });
}

function tellFault(serving: Serving, error: unknown): void {
  const known = error instanceof Fault ? error : undefined;
  const code = known?.code ?? errnoOf(error) ?? 'tftp-failed';
  if (!mayTell(serving, code)) return;
  const hint = known?.hint ?? 'phones ask again by themselves; look at the log if this repeats';
  serving.tell({ at: serving.world.now(), kind: 'fault', code, message: `TFTP: ${messageOf(error)}`, hint });
}

/** Lets one word a second through about each. */
function mayTell({ world, toldAt }: Serving, about: string): boolean {
  const now = world.now();
  const last = toldAt.get(about);
  if (last !== undefined && now - last < TOLD_EVERY) return false;
  if (toldAt.size >= 5000) toldAt.clear();
  toldAt.set(about, now);
  return true;
}

function nameOf(request: TftpRequest): string {
  return nameFromBytes(fromLatin1(request.filename));
}

function peerKey(peer: Peer): string {
  return `${peer.address}:${peer.port}`;
}

function showPeer(peer: Peer): string {
  return `${showIpv4(peer.address)}:${peer.port}`;
}

// One transfer at a port of its own (RFC 1350 section 4): performs what its machine says until it has ended.
import type { WireError } from '../base/bytes.ts';
import { isWithin } from '../base/ipv4.ts';
import type { Cancel, Closable, Millis, World } from '../base/world.ts';
import type { FileAnswer } from '../files/desk.ts';
import type { Lan, OnDatagram, Peer, UdpSocket } from '../net/ports.ts';
import { type Limits, negotiate } from './negotiate.ts';
import { toNetascii } from './netascii.ts';
import { decodePacket, encodePacket, type TftpPacket, type TftpRequest } from './packet.ts';
import { UNKNOWN_TID } from './policy.ts';
import { openTransfer, stepTransfer, type TransferInput, type TransferOutput } from './transfer.ts';

export interface Serving {
  readonly lan: Lan;
  readonly world: World;
  readonly request: TftpRequest;
  readonly peer: Peer;
  readonly answer: Extract<FileAnswer, { kind: 'file' }>;
  readonly limits: Limits;
  readonly onGarbled: (bytes: Uint8Array, error: WireError) => void;
  readonly onTrouble: (error: unknown) => void;
  /** Called once, as the first thing when the transfer has ended. */
  readonly onEnded: () => void;
}

/** The owner of the port. It closes by itself when the transfer ends; `close` waits for that. */
export interface TransferPort extends Closable {
  /** Nothing is sent before `start` is fed. */
  feed(input: TransferInput): void;
}

/** ERROR 5 goes to strangers this often at most, ms. */
const STRANGERS_EVERY = 1000;

/**
 * Opens the transfer's port. Rejects with the Fault of the port. In every case `answer.ended` is called exactly once:
 * here when there is no port, else when the transfer ends.
 */
export async function openTransferPort(serving: Serving): Promise<TransferPort> {
  const { world, request, peer, answer } = serving;
  // Sliced and never copied: all phones that fetch the same file share its bytes.
  const content = request.mode === 'netascii' ? toNetascii(answer.content) : answer.content;
  const negotiated = negotiate({ options: request.options, size: content.length, limits: serving.limits });
  let transfer = openTransfer(negotiated, content.length, world.now());
  let cancel: Cancel = () => undefined;
  let closed: Promise<void> | undefined;

  const socket = await openSocket(serving, (packet) => {
    if (packet.kind === 'ack') feed({ kind: 'ack', block: packet.block });
    else if (packet.kind === 'error') feed({ kind: 'error', code: packet.code, message: packet.message });
  });
  const feed = (input: TransferInput): void => {
    const { next, outputs, wakeAt } = stepTransfer(world.now(), transfer, input);
    transfer = next;
    cancel();
    if (wakeAt !== undefined) {
      cancel = world.after(Math.max(0, wakeAt - world.now()), () => feed({ kind: 'tick' }));
    }
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
      case 'ended': {
        serving.onEnded();
        closed = socket.close().catch(serving.onTrouble);
        const { complete, bytes, why } = output;
        tellEnded(serving, { complete, bytes, why });
      }
    }
  };
  return {
    feed,
    close: async () => {
      feed({ kind: 'stop', why: 'unboxd was stopped' });
      await closed;
    },
  };
}

async function openSocket(serving: Serving, onPacket: (packet: TftpPacket) => void): Promise<UdpSocket> {
  const { lan, peer } = serving;
  const strangers = strangerWatch(serving);
  const onDatagram: OnDatagram = (bytes, from) => {
    const decoded = decodePacket(bytes);
    const isOwn = from.address === peer.address && from.port === peer.port;
    if (isOwn && decoded.ok) onPacket(decoded.value);
    else if (isOwn && !decoded.ok) serving.onGarbled(bytes, decoded.error);
    else if (decoded.ok && strangers.mayTell(decoded.value, from)) {
      socket.send(encodePacket(UNKNOWN_TID), from);
    }
  };
  // A phone that is switched off answers with ICMP; the machine gives up by itself.
  const options = { port: 0, purpose: 'a TFTP transfer', onTrouble: () => undefined };
  const socket = await lan.openUdp(options, onDatagram).catch((error: unknown) => {
    tellEnded(serving, { complete: false, bytes: 0, why: 'no port could be opened for it' });
    throw error;
  });
  return socket;
}

/** Whom to tell that this transfer is not theirs: nobody off the LAN, no ERROR (it is never answered), not often. */
function strangerWatch({ lan, world }: Serving): { mayTell(packet: TftpPacket, from: Peer): boolean } {
  let toldAt: Millis | undefined;
  return {
    mayTell: (packet, from) => {
      if (packet.kind === 'error' || !isWithin(lan.subnet, from.address)) return false;
      const now = world.now();
      if (toldAt !== undefined && now - toldAt < STRANGERS_EVERY) return false;
      toldAt = now;
      return true;
    },
  };
}

/** Trouble of those who are told must not stop the transfers of others. */
function tellEnded(
  { answer, onTrouble }: Serving,
  outcome: { readonly complete: boolean; readonly bytes: number; readonly why?: string | undefined },
): void {
  try {
    answer.ended(outcome);
  } catch (error) {
    onTrouble(error);
  }
}

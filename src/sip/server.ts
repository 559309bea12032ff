// The SIP door: phones that ask by multicast, by unicast or over TCP (PnP), and wake-ups.
// Decode here; recognise, decide, encode, tell in pnp.ts.
import type { Mac } from '../base/mac.ts';
import type { Closable } from '../base/world.ts';
import type { Peer } from '../net/ports.ts';
import { createTimers } from '../net/timers.ts';
import { createClueReader } from './clues.ts';
import { createFloodGate } from './floods.ts';
import { hearMessage, isAdmitted, passes } from './hear.ts';
import { createInbox } from './inbox.ts';
import { type WakeOutcome, type WakeRequest, wakePhone } from './notifier.ts';
import { createPending } from './pending.ts';
import type { Answering, SipDoor } from './pnp.ts';
import type { Ingress } from './policy.ts';
import { pushUrl } from './push.ts';
import { createServerTable } from './server-table.ts';
import { openSipSockets, SIP_PORT, type SipSockets } from './sockets.ts';
import { listenSip } from './tcp.ts';
import { createTold } from './told.ts';
import type { ClientEnd } from './transaction.ts';

export interface SipServer extends Closable {
  /** Wakes a phone, also where PnP is off. Rejects with a Fault for addresses off the LAN. */
  wake(request: WakeRequest): Promise<WakeOutcome>;
  /** Tells a phone its URL unasked. Rejects with a Fault that says why it cannot be told. */
  push(mac: Mac, until?: AbortSignal): Promise<ClientEnd>;
}

/** Phones ask and answer in 300 to 700 bytes. What is answered is kept for 32 s, so its length must have an end. */
const LONGEST_MESSAGE = 4096;
/** What strangers can make us remember: SUBSCRIBEs, and the NOTIFYs that follow them. */
const MOST_TRANSACTIONS = 5000;

/** Opens the door. Rejects with a Fault when port 5060 cannot be had; after that all trouble is told, none thrown. */
export async function openSip(door: SipDoor): Promise<SipServer> {
  const { lan, world, site } = door;
  let isOpen = true;
  let sockets: SipSockets | undefined;
  const send = (bytes: Uint8Array, to: Peer): void => sockets?.send(bytes, to);
  // A NOTIFY cut off by our closing is not one that a phone left unanswered.
  const told = createTold({
    world,
    tell: (event) => {
      if (isOpen) door.tell(event);
    },
  });
  const answering: Answering = {
    ...door,
    tell: told.tell,
    told,
    server: { address: lan.address, port: SIP_PORT },
    send,
    timers: createTimers(world),
    delayed: new Set(),
    transactions: createServerTable({ most: MOST_TRANSACTIONS }),
    pending: createPending({ world, most: MOST_TRANSACTIONS }),
    // Wake-ups are our own doing and need no bound: who starts a storm paces it.
    wakes: createPending({ world, most: Number.POSITIVE_INFINITY }),
    gate: createFloodGate({
      get perSource() {
        return site.pnp.limits.perSource;
      },
      get total() {
        return site.pnp.limits.total;
      },
    }),
    readClues: createClueReader(),
  };
  const inbox = createInbox<Datagram>({
    world,
    handle: (datagram) => answerDatagram(answering, datagram),
    onShed: ([first, ...others]) => {
      if (first === undefined) return;
      const detail = others.length === 0 ? undefined : `and ${others.length} more`;
      told.silence({ from: first.from, about: 'asked-too-late' }, { because: 'asked-too-late', detail });
    },
  });
  const doors: Closable[] = [inbox, answering.pending, answering.wakes];
  try {
    sockets = await openSipSockets({
      lan,
      onDatagram: (bytes, from, ingress) => sort(answering, inbox.put, { bytes, from, ingress }),
      onTrouble: told.fault,
    });
    doors.push(sockets);
    if (site.pnp.tcp && site.pnp.mode !== 'off') doors.push(await listenSip(answering));
  } catch (error) {
    for (const one of doors.reverse()) await one.close();
    throw error;
  }
  return {
    wake: async (request) => {
      const { wakes: pending, server, tell } = answering;
      return await wakePhone({ ...door.wakeable, pending, send, lan, server, world, tell }, request);
    },
    push: async (mac, until) => await pushUrl(answering, mac, until),
    close: async () => {
      isOpen = false;
      answering.timers.clear();
      for (const one of doors) await one.close();
      sockets = undefined;
    },
  };
}

interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: Peer;
  readonly ingress: Ingress;
}

/**
 * What costs little is done at once: answers of phones, which end what we would send again, and the refusal of whoever
 * sends too much. The rest waits its turn.
 */
function sort(door: Answering, put: (datagram: Datagram) => void, datagram: Datagram): void {
  const { bytes, from } = datagram;
  const isAnswer = isResponse(bytes);
  // Without a question of ours there is no answer: whoever sends one all the same is not read.
  const isAwaited = isAnswer ? door.pending.size + door.wakes.size > 0 : door.site.pnp.mode !== 'off';
  if (!isAwaited) return;
  if (bytes.length > LONGEST_MESSAGE) {
    door.told.garbled(from, { because: 'too-long', offset: LONGEST_MESSAGE, bytes: bytes.length });
    return;
  }
  if (isAnswer) {
    if (passes(door, from, door.gate.admitAnswer(door.world.now()))) answerDatagram(door, datagram);
  } else if (isAdmitted(door, from)) {
    put(datagram);
  }
}

/** `SIP/`, with which no method begins. */
function isResponse(bytes: Uint8Array): boolean {
  return bytes[0] === 0x53 && bytes[1] === 0x49 && bytes[2] === 0x50 && bytes[3] === 0x2f;
}

function answerDatagram(door: Answering, { bytes, from, ingress }: Datagram): void {
  const send = (answer: Uint8Array): void => door.send(answer, from);
  hearMessage(door, bytes, { from, ingress, carrier: 'datagrams', send });
}

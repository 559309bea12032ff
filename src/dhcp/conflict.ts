// Looks whether somebody uses an address before it is offered (RFC 2131 section 4.4.1). Not by ICMP, which phones and
// PCs with firewalls leave unanswered: a datagram to the address makes the kernel ask by ARP, and its table shows who
// answered.
import { errnoOf } from '../base/fault.ts';
import { broadcastOf, type Ipv4, isWithin, showIpv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Cancel, Closable, Millis, World } from '../base/world.ts';
import type { Lan, UdpSocket } from '../net/ports.ts';

export interface ConflictParts {
  readonly lan: Lan;
  readonly world: World;
  /** Who has answered the kernel, by dotted address. */
  readonly neighbours: () => Promise<ReadonlyMap<string, Mac>>;
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Who answers for the address. It may be the asker itself, or a former holder that has left since: the kernel
 * remembers for a while. `unchecked`: nothing can be said, which is no reason to keep a phone waiting.
 */
export type ConflictAnswer = Mac | 'free' | 'unchecked';

export interface ConflictCheck extends Closable {
  /** Within 200 ms; at once for addresses off our subnet, and when too many are being looked at. */
  probe(address: Ipv4): Promise<ConflictAnswer>;
}

/** Every address asked for takes a place in the kernel's table, which has 128 before it starts to clear up. */
const MOST_PROBES = 64;
const DISCARD_PORT = 9;
/** When the table is read, ms after the probe. Whoever is there answers within one or two. */
const LOOKS: readonly Millis[] = [3, 8, 16, 30, 60, 100, 150];
/** Probes that began at different moments share their looks. */
const SHORTEST_REST = 3;
/** After it a silent address is free. With the rest before it, 200 ms at the most. */
const LAST_LOOK = 198;
/** Said by ICMP, or by the kernel for want of an answer: about one address, and no trouble of ours. */
const PEER_TROUBLE = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'EHOSTDOWN']);
/** The same trouble meets every probe. */
const TROUBLE_TOLD_EVERY = 1000;
const NOTHING = new Uint8Array();

interface Probe {
  readonly dotted: string;
  readonly startedAt: Millis;
  readonly promise: Promise<ConflictAnswer>;
  readonly answer: (answer: ConflictAnswer) => void;
}

interface Check extends ConflictParts {
  readonly probes: Map<Ipv4, Probe>;
  socket: UdpSocket | undefined;
  isLooking: boolean;
  lookedAt: Millis;
  sufferedAt: Millis;
  cancel: Cancel;
}

/** Opens the check. Rejects with a Fault when it can have no socket; after that trouble goes to `onTrouble`. */
export async function openConflictCheck(parts: ConflictParts): Promise<ConflictCheck> {
  const check: Check = {
    ...parts,
    probes: new Map(),
    socket: undefined,
    isLooking: false,
    lookedAt: Number.NEGATIVE_INFINITY,
    sufferedAt: Number.NEGATIVE_INFINITY,
    cancel: () => undefined,
  };
  check.socket = await parts.lan.openUdp(
    { port: 0, purpose: 'the address check', onTrouble: (error) => suffer(check, error) },
    () => undefined,
  );
  return {
    probe: async (address) => await (check.probes.get(address)?.promise ?? begin(check, address)),
    close: async () => {
      check.cancel();
      const { socket } = check;
      check.socket = undefined;
      giveUp(check);
      await socket?.close();
    },
  };
}

function begin(check: Check, address: Ipv4): Promise<ConflictAnswer> | ConflictAnswer {
  const { lan, probes, socket, world } = check;
  if (socket === undefined || probes.size >= MOST_PROBES || !isCheckable(lan, address)) return 'unchecked';
  let answer: Probe['answer'] = () => undefined;
  const promise = new Promise<ConflictAnswer>((settle) => {
    answer = settle;
  });
  probes.set(address, { dotted: showIpv4(address), startedAt: world.now(), promise, answer });
  socket.send(NOTHING, { address, port: DISCARD_PORT });
  lookLater(check);
  return promise;
}

/** Only hosts of our subnet answer ARP here, and nothing is sent anywhere else. */
function isCheckable({ subnet, address: ours }: Lan, address: Ipv4): boolean {
  if (!isWithin(subnet, address) || address === ours) return false;
  return subnet.prefix > 30 || (address !== subnet.network && address !== broadcastOf(subnet));
}

/** One timer for all: the next look that any probe is due for. */
function lookLater(check: Check): void {
  check.cancel();
  if (check.isLooking || check.probes.size === 0) return;
  const now = check.world.now();
  const due = Math.min(...[...check.probes.values()].map((probe) => nextLook(probe, check.lookedAt)));
  const at = Math.max(due, check.lookedAt + SHORTEST_REST);
  check.cancel = check.world.after(Math.max(0, at - now), () => {
    look(check).catch((error: unknown) => suffer(check, error));
  });
}

function nextLook({ startedAt }: Probe, lookedAt: Millis): Millis {
  const next = LOOKS.find((delay) => startedAt + delay > lookedAt);
  return startedAt + (next ?? LAST_LOOK);
}

async function look(check: Check): Promise<void> {
  const { probes, world } = check;
  const now = world.now();
  check.isLooking = true;
  check.lookedAt = now;
  try {
    const neighbours = await check.neighbours();
    for (const [address, probe] of probes) {
      const mac = neighbours.get(probe.dotted);
      // `now` is of before the reading: what began since has not had its time.
      if (mac === undefined && now - probe.startedAt < LAST_LOOK) continue;
      probes.delete(address);
      probe.answer(mac ?? 'free');
    }
  } finally {
    check.isLooking = false;
  }
  lookLater(check);
}

/** What was not sent asks nobody, and a table that cannot be read shows nobody: silence proves nothing then. */
function suffer(check: Check, error: unknown): void {
  if (PEER_TROUBLE.has(errnoOf(error) ?? '')) return;
  giveUp(check);
  const now = check.world.now();
  if (now - check.sufferedAt < TROUBLE_TOLD_EVERY) return;
  check.sufferedAt = now;
  check.onTrouble(error);
}

function giveUp({ probes }: Check): void {
  for (const { answer } of probes.values()) answer('unchecked');
  probes.clear();
}

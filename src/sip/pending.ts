// The client side of the SIP door: every NOTIFY that waits for a phone's answer, its retransmissions and its end. Many
// thousands at a time go by one timer, since pauses of one length end in the order in which they began.
import { printable } from '../base/bytes.ts';
import type { Cancel, Closable, Millis, World } from '../base/world.ts';
import type { SipResponse } from './message.ts';
import {
  type Carrier,
  type ClientEnd,
  type ClientMachine,
  type ClientStep,
  clientKey,
  openClient,
  stepClient,
} from './transaction.ts';

export interface PendingParts {
  readonly world: World;
  /** How many may wait at a time; beyond it the oldest counts as unanswered. */
  readonly most: number;
}

export interface PendingNotify {
  /** By which its answer is known: `clientKey` of the request. */
  readonly key: string;
  readonly carrier: Carrier;
  readonly send: () => void;
  /** Called once. The reason phrase in `end` is safe to print; `response` is the final one as it came. */
  readonly onEnd: (end: ClientEnd, response?: SipResponse) => void;
}

/** Closing ends everything that waits as unanswered, and what comes later at once. */
export interface Pending extends Closable {
  /** Sends at once, and again by timer E. Cancelled, it is not sent again and ends as unanswered. */
  begin(notify: PendingNotify): Cancel;
  /** Whether the response belongs to one of these. */
  hear(response: SipResponse): boolean;
  readonly size: number;
}

interface Waiting {
  readonly notify: PendingNotify;
  machine: ClientMachine;
  wakeAt: Millis;
  tries: number;
  isOver: boolean;
}

/** Those that wait equally long, in the order in which they are due. */
interface Lane {
  readonly longest: number;
  queue: Waiting[];
  first: number;
}

/** Timer E is one of these (RFC 3261 section 17.1.2.2); streams wait for timer F only. */
const PAUSES = [500, 1000, 2000, 4000, Number.POSITIVE_INFINITY];
/** Those that are over hold their request until the lane is cut. */
const MOST_DONE = 128;

export function createPending({ world, most }: PendingParts): Pending {
  const live = new Map<string, Waiting>();
  const lanes: readonly Lane[] = PAUSES.map((longest) => ({ longest, queue: [], first: 0 }));
  let cancel: Cancel | undefined;
  let timerAt = Number.POSITIVE_INFINITY;
  let isOpen = true;

  const perform = (one: Waiting, step: ClientStep, response?: SipResponse): void => {
    one.machine = step.next;
    for (const output of step.outputs) {
      if (output.kind === 'send') {
        one.tries += 1;
        one.notify.send();
      } else {
        end(one, output, response);
      }
    }
    if (step.wakeAt !== undefined && !one.isOver) wait(one, step.wakeAt);
  };
  /**
   * Departure from RFC 3261 section 17.1.2.2: the transaction is forgotten at its end and not after timer K, which
   * exists to absorb a response that comes again. A response without a transaction is dropped here anyway.
   */
  const end = (one: Waiting, how: ClientEnd, response?: SipResponse): void => {
    one.isOver = true;
    live.delete(one.notify.key);
    one.notify.onEnd(how, response);
  };
  const giveUp = (one: Waiting): void => {
    if (!one.isOver) end(one, { kind: 'unanswered', tries: one.tries });
  };
  const wait = (one: Waiting, wakeAt: Millis): void => {
    if (one.wakeAt === wakeAt) return;
    one.wakeAt = wakeAt;
    const pause = wakeAt - world.now();
    const lane = lanes.find(({ longest }) => pause <= longest);
    if (lane === undefined) return;
    skipOver(lane);
    lane.queue.push(one);
    arm(wakeAt);
  };
  const arm = (at: Millis): void => {
    if (at >= timerAt) return;
    cancel?.();
    timerAt = at;
    cancel = world.after(Math.max(0, at - world.now()), tick);
  };
  const tick = (): void => {
    cancel = undefined;
    timerAt = Number.POSITIVE_INFINITY;
    const now = world.now();
    for (const lane of lanes) runDue(lane, now);
    for (const lane of lanes) {
      const head = skipOver(lane);
      if (head !== undefined) arm(head.wakeAt);
    }
  };
  const runDue = (lane: Lane, now: Millis): void => {
    for (let head = skipOver(lane); head !== undefined && head.wakeAt <= now; head = skipOver(lane)) {
      lane.first += 1;
      perform(head, stepClient(now, head.machine, { kind: 'tick' }));
    }
  };
  const endOldest = (): void => {
    const [oldest] = live.values();
    if (oldest !== undefined) giveUp(oldest);
  };

  return {
    begin: (notify) => {
      if (!isOpen) {
        notify.onEnd({ kind: 'unanswered', tries: 0 });
        return () => undefined;
      }
      if (live.size >= most) endOldest();
      const step = openClient(world.now(), notify.carrier);
      const one: Waiting = { notify, machine: step.next, wakeAt: Number.NaN, tries: 0, isOver: false };
      live.set(notify.key, one);
      perform(one, step);
      return () => giveUp(one);
    },
    hear: (response) => {
      const one = live.get(clientKey(response) ?? '');
      if (one === undefined) return false;
      const { status } = response;
      const reason = printable(response.reason, 64);
      perform(one, stepClient(world.now(), one.machine, { kind: 'response', status, reason }), response);
      return true;
    },
    get size() {
      return live.size;
    },
    close: async () => {
      isOpen = false;
      cancel?.();
      while (live.size > 0) endOldest();
      await Promise.resolve();
    },
  };
}

/** The first one that still waits; those answered meanwhile are let go. */
function skipOver(lane: Lane): Waiting | undefined {
  while (lane.queue[lane.first]?.isOver === true) lane.first += 1;
  if (lane.first >= MOST_DONE) {
    lane.queue = lane.queue.slice(lane.first);
    lane.first = 0;
  }
  return lane.queue[lane.first];
}

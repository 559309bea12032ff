// Datagrams that go out together, at the end of the turn of the loop in which they were handed over.
import type { Peer } from './ports.ts';

interface Outbox {
  put(bytes: Uint8Array, to: Peer): void;
  /** Sends what waits: now, and not at the end of the turn. */
  flush(): void;
}

/**
 * Between hearing and answering, a peer that has nothing to do falls asleep, and the next datagram must wake it: the
 * dearest part of a send between two processors. Answers to all that a turn has heard, one behind the other, wake it
 * once.
 */
export function createOutbox(send: (bytes: Uint8Array, to: Peer) => void): Outbox {
  let waiting: { readonly bytes: Uint8Array; readonly to: Peer }[] = [];
  const flush = (): void => {
    const due = waiting;
    waiting = [];
    for (const { bytes, to } of due) send(bytes, to);
  };
  return {
    put: (bytes, to) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ bytes, to });
    },
    flush,
  };
}

// What one turn of the loop brings goes out together, at its end.
export interface Gathering<Item> {
  put(item: Item): void;
  /** Hands over what waits: now, and not at the end of the turn. */
  flush(): void;
}

/**
 * For answers on the wire: `send`, which must not throw, is called for each, in order. Between hearing and answering, a
 * peer that has nothing to do falls asleep, and the next packet must wake it: the dearest part of a send between two
 * processors. Answers to all that a turn has heard, one behind the other, wake it once.
 */
export function gather<Item>(send: (item: Item) => void): Gathering<Item> {
  let waiting: Item[] = [];
  const flush = (): void => {
    const due = waiting;
    waiting = [];
    due.forEach(send);
  };
  return {
    put: (item) => {
      if (waiting.push(item) === 1) setImmediate(flush);
    },
    flush,
  };
}

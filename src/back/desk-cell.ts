// The desk of the present site behind a desk that stays: doors and transfers go on while what is served changes.
import type { Closable } from '../base/world.ts';
import type { FileDesk } from '../files/desk.ts';
import type { OpenedDesk } from '../files/open.ts';
import type { Desk } from '../files/serve.ts';

/** A desk as it stands in the cell: with its gates, and what the one after it takes over. */
export interface Standing {
  readonly desk: Desk & FileDesk;
  readonly bare: Pick<OpenedDesk, 'kept' | 'close'>;
}

export interface DeskCell extends Closable {
  readonly desk: Desk & FileDesk;
  readonly standing: () => Standing;
  /** What is asked for from now on comes from there; transfers under way end with the bytes they began with. */
  put(next: Standing): void;
}

export function createDeskCell(first: Standing): DeskCell {
  let now = first;
  return {
    desk: {
      prepare: async (phone, name) => await now.desk.prepare(phone, name),
      digest: async (phone, name) => await now.desk.digest(phone, name),
      explain: async (phone) => await now.desk.explain(phone),
      ask: async (ask) => await now.desk.ask(ask),
      upload: async (ask) => await now.desk.upload(ask),
      list: async (ask) => await now.desk.list(ask),
    },
    standing: () => now,
    put: (next) => {
      now = next;
    },
    close: async () => await now.bare.close(),
  };
}

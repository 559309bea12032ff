// The desk of the present site behind a desk that stays: doors and transfers go on while what is served changes.
import type { Closable } from '../base/world.ts';
import type { FileAnswer, FileDesk, FileOutcome, Upload } from '../files/desk.ts';
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
  /** We are about to go: what breaks off from now on is our doing, and no phone's. */
  stop(why: string): void;
}

export function createDeskCell(first: Standing): DeskCell {
  let now = first;
  let stopped: string | undefined;
  const truly = (outcome: FileOutcome): FileOutcome =>
    stopped === undefined || outcome.complete || outcome.unchanged === true
      ? outcome
      : { ...outcome, why: stopped };
  const served = (answer: FileAnswer): FileAnswer =>
    answer.kind === 'refused' ? answer : { ...answer, ended: (outcome) => answer.ended(truly(outcome)) };
  const taken = (upload: Upload): Upload => ({
    ...upload,
    abandon: async (why) => await upload.abandon(stopped ?? why),
  });
  return {
    desk: {
      prepare: async (phone, name) => await now.desk.prepare(phone, name),
      digest: async (phone, name) => await now.desk.digest(phone, name),
      explain: async (phone) => await now.desk.explain(phone),
      ask: async (ask) => served(await now.desk.ask(ask)),
      upload: async (ask) => {
        const upload = await now.desk.upload(ask);
        return upload.kind === 'refused' ? upload : taken(upload);
      },
      list: async (ask) => await now.desk.list(ask),
    },
    standing: () => now,
    put: (next) => {
      now = next;
    },
    stop: (why) => {
      stopped = why;
    },
    close: async () => await now.bare.close(),
  };
}

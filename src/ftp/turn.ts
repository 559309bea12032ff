// What an FTP session knows, and what a step of it may do. Policy: the words for session.ts, verbs.ts and files.ts.
import type { Millis } from '../base/world.ts';
import type { FileAnswer, ListedFile, Proof, Refused, Upload } from '../files/desk.ts';
import type { Peer } from '../net/ports.ts';
import { type Account, accountsOf } from '../site/accounts.ts';
import type { Reason } from '../timeline/reason.ts';
import { type Command, encodeReply } from './packet.ts';

export type ServedFile = Extract<FileAnswer, { readonly kind: 'file' }>;

/** How the client wants its data connections: to a port of ours, or from us to a port of its own. */
export type DataWay = { readonly kind: 'passive' } | { readonly kind: 'active'; readonly to: Peer };

/** What a session is busy with; commands wait meanwhile. `id` tells a late answer from the one that is wanted. */
export type Job =
  | { readonly kind: 'sign-in'; readonly password: string; readonly at: Millis }
  | { readonly kind: 'listen'; readonly extended: boolean }
  | { readonly kind: 'look'; readonly id: number; readonly verb: LookVerb; readonly name: string }
  | { readonly kind: 'ask'; readonly id: number; readonly name: string; readonly rest: number }
  | { readonly kind: 'ask-upload'; readonly id: number }
  | {
      readonly kind: 'list';
      readonly id: number;
      readonly form: ListForm;
      readonly folder: string;
      /** The one entry that is wanted, when the path turned out to be no folder. */
      readonly only?: string | undefined;
    }
  | { readonly kind: 'connect'; readonly load: Load; readonly until: Millis }
  | { readonly kind: 'move'; readonly until: Millis };

export type LookVerb = 'SIZE' | 'MDTM' | 'MLST';
export type ListForm = 'LIST' | 'NLST' | 'MLSD' | 'STAT';

/** What goes over a data connection. */
export type Load =
  | { readonly kind: 'file'; readonly file: ServedFile; readonly content: Uint8Array }
  | { readonly kind: 'listing'; readonly content: Uint8Array }
  | { readonly kind: 'upload'; readonly upload: Upload; readonly isText: boolean };

export interface Session {
  /** Of the control connection: PASV tells the near address, whatever other addresses we have. */
  readonly near: Peer;
  readonly far: Peer;
  readonly openedAt: Millis;
  /** Of USER, until PASS has come. */
  readonly user: string | undefined;
  readonly isIn: boolean;
  /** The accounts that user and password fit. */
  readonly accounts: readonly Account[];
  readonly failures: number;
  /** Where it stands: `/` or `/a/b`. */
  readonly folder: string;
  readonly type: 'A' | 'I';
  /** Of REST, for the next command. */
  readonly rest: number;
  /** Of ALLO, for the next upload. */
  readonly length: number | undefined;
  readonly way: DataWay | undefined;
  /** After EPSV ALL nothing else may open data connections (RFC 2428 section 4). */
  readonly onlyEpsv: boolean;
  readonly job: Job | undefined;
  readonly waiting: readonly Command[];
  readonly lastId: number;
  /** When it last did something. */
  readonly activeAt: Millis;
  readonly isOver: boolean;
}

/** What a session lives among. */
export interface Around {
  readonly accounts: readonly Account[];
  /** Whoever is none of the accounts is let in too. */
  readonly anonymous: boolean;
  /** ms after which a silent session is closed. */
  readonly idle: number;
  /** How often somebody at that address was wrong about a password lately. */
  readonly failures: number;
}

export type Input =
  | { readonly kind: 'open' }
  | ({ readonly kind: 'command' } & Command)
  | { readonly kind: 'too-long' }
  | { readonly kind: 'tick' }
  /** The client sends no more; what it asked for it may still read. */
  | { readonly kind: 'end' }
  /** The control connection is gone. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'shut'; readonly why: string }
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'no-port' }
  | { readonly kind: 'stranger'; readonly from: Peer }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: FileAnswer }
  | { readonly kind: 'upload'; readonly id: number; readonly upload: Upload | Refused }
  | { readonly kind: 'listed'; readonly id: number; readonly files: readonly ListedFile[] | undefined }
  | { readonly kind: 'data-open' }
  | { readonly kind: 'data-failed'; readonly why: string }
  | { readonly kind: 'moved' }
  /** All is sent, or taken and kept. */
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly refused: Refused }
  | { readonly kind: 'broken' };

export type Effect =
  | { readonly kind: 'reply'; readonly bytes: Uint8Array }
  /** Give back what is there of data connections, then listen on a port. */
  | { readonly kind: 'listen' }
  | { readonly kind: 'connect'; readonly way: DataWay }
  | { readonly kind: 'move'; readonly load: Load }
  /** Ends a transfer that is under way and gives back the data connection or the port. */
  | { readonly kind: 'drop-data'; readonly why: string }
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly name: string;
      readonly proof: Proof;
      readonly look: boolean;
    }
  | {
      readonly kind: 'ask-upload';
      readonly id: number;
      readonly name: string;
      readonly proof: Proof;
      readonly append: boolean;
      readonly length: number | undefined;
    }
  | { readonly kind: 'ask-list'; readonly id: number; readonly folder: string; readonly proof: Proof }
  /** Something of the desk's is not wanted any more. */
  | { readonly kind: 'give-back'; readonly what: ServedFile | Upload; readonly why: string }
  | { readonly kind: 'wrong-password' }
  | { readonly kind: 'tell'; readonly because: Reason; readonly detail?: string | undefined }
  /** Sends what is left, then closes the control connection. */
  | { readonly kind: 'close' };

/** One step in the making. */
export interface Turn {
  readonly now: Millis;
  readonly around: Around;
  readonly effects: Effect[];
  session: Session;
}

export function reply(turn: Turn, code: number, text: string | readonly string[]): undefined {
  turn.effects.push({ kind: 'reply', bytes: encodeReply(code, text) });
}

export function change(turn: Turn, changes: Partial<Session>): undefined {
  turn.session = { ...turn.session, ...changes };
}

/** A number that no job had before. */
export function nextId(turn: Turn): number {
  const lastId = turn.session.lastId + 1;
  change(turn, { lastId });
  return lastId;
}

/** What the session may show for a name: an account counts for its own folder only, by its own password. */
export function proofFor({ around, session }: Turn, name: string): Proof {
  const needed = accountsOf(around.accounts, name);
  const fits = session.accounts.find((account) => needed.includes(account));
  return { account: fits?.user };
}

/** Ends the session, whatever it is busy with. */
export function leave(turn: Turn, why: string): undefined {
  dropJob(turn, why);
  change(turn, { isOver: true, waiting: [] });
  turn.effects.push({ kind: 'close' });
}

/** Gives everything back that the job holds. */
export function dropJob(turn: Turn, why: string): undefined {
  const { job, way } = turn.session;
  if (job?.kind === 'connect' && job.load.kind !== 'listing') {
    const what = job.load.kind === 'file' ? job.load.file : job.load.upload;
    turn.effects.push({ kind: 'give-back', what, why });
  }
  if (way !== undefined || job?.kind === 'listen') turn.effects.push({ kind: 'drop-data', why });
  change(turn, { job: undefined, way: undefined });
}

// The commands for files: the desk is asked, a data connection comes about, bytes move.
import type { FileAnswer, ListedFile, Refused, Upload } from '../files/desk.ts';
import { becauseOf } from '../timeline/reason.ts';
import { factLine, listLine } from './listing.ts';
import { listingBytes, showMoment } from './packet.ts';
import { folderFrom, nameFrom, splitName } from './paths.ts';
import { LARGEST_TEXT, toWire } from './text.ts';
import {
  change,
  type Job,
  type ListForm,
  type Load,
  type LookVerb,
  nextId,
  proofFor,
  reply,
  type ServedFile,
  type Turn,
} from './turn.ts';
import type { Verb } from './verbs.ts';

/** Data connections must come about in that time. */
const CONNECT_MS = 30_000;
/** A phone that writes its flash reads nothing for a minute. */
export const STALL_MS = 120_000;

export const FILE_VERBS: Readonly<Record<string, Verb>> = {
  RETR: (turn, argument) => {
    if (!isReady(turn, 'RETR', argument)) return;
    const name = nameFrom(turn.session.folder, argument);
    const id = nextId(turn);
    change(turn, { job: { kind: 'ask', id, name, rest: turn.session.rest } });
    turn.effects.push({ kind: 'ask', id, name, proof: proofFor(turn, name), look: false });
  },
  STOR: (turn, argument) => store(turn, 'STOR', argument),
  APPE: (turn, argument) => store(turn, 'APPE', argument),
  SIZE: (turn, argument) => look(turn, 'SIZE', argument),
  MDTM: (turn, argument) => look(turn, 'MDTM', argument),
  MLST: (turn, argument) => {
    if (argument !== '') return look(turn, 'MLST', argument);
    const { folder } = turn.session;
    reply(turn, 250, ['this is it:', `type=dir; ${folder}`, 'that is all']);
  },
  LIST: (turn, argument) => list(turn, 'LIST', argument),
  NLST: (turn, argument) => list(turn, 'NLST', argument),
  MLSD: (turn, argument) => list(turn, 'MLSD', argument),
};

function isReady(turn: Turn, verb: string, argument: string): boolean {
  if (argument === '') reply(turn, 501, `${verb} needs a name`);
  else if (turn.session.way === undefined) reply(turn, 425, 'PASV, EPSV, PORT or EPRT comes first');
  else return true;
  return false;
}

function store(turn: Turn, verb: 'STOR' | 'APPE', argument: string): undefined {
  if (!isReady(turn, verb, argument)) return;
  const { session } = turn;
  if (session.rest > 0) return reply(turn, 554, 'writing begins at 0; to go on with a file, use APPE');
  const name = nameFrom(session.folder, argument);
  const id = nextId(turn);
  const { length } = session;
  change(turn, { job: { kind: 'ask-upload', id }, length: undefined });
  const append = verb === 'APPE';
  turn.effects.push({ kind: 'ask-upload', id, name, proof: proofFor(turn, name), append, length });
}

function look(turn: Turn, verb: LookVerb, argument: string): undefined {
  if (argument === '') return reply(turn, 501, `${verb} needs a name`);
  const name = nameFrom(turn.session.folder, argument);
  const id = nextId(turn);
  change(turn, { job: { kind: 'look', id, verb, name } });
  turn.effects.push({ kind: 'ask', id, name, proof: proofFor(turn, name), look: true });
}

/** Begins a listing; also that of STAT, which goes over the control connection (RFC 959 section 4.1.3). */
export function list(turn: Turn, form: ListForm, argument: string): undefined {
  // Clients write options of ls before the name: "-la".
  const path = argument.replace(/^(\s*-\S*)+\s*/, '');
  if (form !== 'STAT' && turn.session.way === undefined)
    return reply(turn, 425, 'PASV, EPSV, PORT or EPRT comes first');
  const folder = folderFrom(turn.session.folder, path).slice(1);
  askList(turn, { form, folder });
}

function askList(
  turn: Turn,
  wanted: Pick<Extract<Job, { kind: 'list' }>, 'form' | 'folder' | 'only'>,
): undefined {
  const id = nextId(turn);
  const { folder } = wanted;
  change(turn, { job: { kind: 'list', id, ...wanted } });
  turn.effects.push({ kind: 'ask-list', id, folder, proof: proofFor(turn, folder) });
}

/** The desk's answer to RETR, or to a look at size and date. */
export function answered(
  turn: Turn,
  { id, answer }: { readonly id: number; readonly answer: FileAnswer },
): undefined {
  const { job } = turn.session;
  const isWanted = (job?.kind === 'ask' || job?.kind === 'look') && job.id === id;
  if (!isWanted) {
    if (answer.kind === 'file') giveBack(turn, answer, 'the phone did not wait for it');
    return;
  }
  change(turn, { job: undefined });
  if (answer.kind === 'refused') return refuse(turn, answer);
  if (job.kind === 'look') return tellFacts(turn, job, answer);
  const content = contentFor(turn, answer);
  if (content === undefined) {
    giveBack(turn, answer, 'it asked in TYPE A, which is for texts: TYPE I carries so large a file');
    return reply(turn, 550, 'too large for TYPE A: use TYPE I');
  }
  if (job.rest > content.length) {
    giveBack(turn, answer, `it wanted to go on at byte ${job.rest} of ${content.length}`);
    return reply(turn, 554, `the file has ${content.length} bytes`);
  }
  const left = content.subarray(job.rest);
  const mode = turn.session.type === 'A' ? 'ASCII' : 'BINARY';
  // Clients read the size in parentheses.
  reply(turn, 150, `Opening ${mode} mode data connection for ${job.name} (${left.length} bytes).`);
  connect(turn, { kind: 'file', file: answer, content: left });
}

/** A firmware is no text: to put CR into one would break the phone that has forgotten TYPE I. */
function contentFor({ session }: Turn, { role, content }: ServedFile): Uint8Array | undefined {
  if (session.type === 'I' || role === 'firmware') return content;
  return content.length > LARGEST_TEXT ? undefined : toWire(content);
}

function tellFacts(turn: Turn, { verb, name }: Extract<Job, { kind: 'look' }>, file: ServedFile): undefined {
  const { modified } = file;
  if (verb === 'MLST') {
    const bytes = file.content.length;
    const facts = factLine({ name: `/${name}`, bytes, modified, isDirectory: false });
    return reply(turn, 250, ['this is it:', facts, 'that is all']);
  }
  if (verb === 'MDTM')
    return modified === undefined
      ? reply(turn, 550, 'it has no date: it is made when it is asked for')
      : reply(turn, 213, showMoment(modified));
  // RFC 3659 section 4: the bytes that a transfer of the present TYPE would have.
  const content = contentFor(turn, file);
  if (content === undefined) reply(turn, 550, 'too large for TYPE A: use TYPE I');
  else reply(turn, 213, String(content.length));
}

/** The desk's answer to STOR or APPE. */
export function uploadAnswered(
  turn: Turn,
  { id, upload }: { readonly id: number; readonly upload: Upload | Refused },
): undefined {
  const { job, type } = turn.session;
  if (job?.kind !== 'ask-upload' || job.id !== id) {
    if (upload.kind === 'accepted') giveBack(turn, upload, 'the phone did not wait');
    return;
  }
  change(turn, { job: undefined });
  if (upload.kind === 'refused') return refuse(turn, upload, 'writing');
  reply(turn, 150, 'send it');
  connect(turn, { kind: 'upload', upload, isText: type === 'A' });
}

/** The desk's answer to a listing. A path that is no folder may be a file in one. */
export function listed(
  turn: Turn,
  { id, files }: { readonly id: number; readonly files: readonly ListedFile[] | undefined },
): undefined {
  const { job } = turn.session;
  if (job?.kind !== 'list' || job.id !== id) return;
  const { form, folder, only } = job;
  change(turn, { job: undefined });
  if (files === undefined && only === undefined && folder !== '') {
    const { folder: above, last } = splitName(folder);
    return askList(turn, { form, folder: above, only: last });
  }
  const found = only === undefined ? files : files?.filter(({ name }) => name === only);
  if (found === undefined || (only !== undefined && found.length === 0))
    return reply(turn, 550, 'there is no such folder');
  const lines = found.map((file) => lineOf(form, file, turn.now));
  if (form === 'STAT') return reply(turn, 213, ['this is there:', ...lines, 'that is all']);
  reply(turn, 150, 'here it comes');
  connect(turn, { kind: 'listing', content: listingBytes(lines) });
}

function lineOf(form: ListForm, file: ListedFile, now: number): string {
  if (form === 'NLST') return file.name;
  return form === 'MLSD' ? factLine(file) : listLine(file, now);
}

function connect(turn: Turn, load: Load): undefined {
  const { way } = turn.session;
  if (way === undefined) return;
  change(turn, { job: { kind: 'connect', load, until: turn.now + CONNECT_MS } });
  turn.effects.push({ kind: 'connect', way });
}

/** The data connection is there: bytes may move. */
export function connected(turn: Turn): undefined {
  const { job } = turn.session;
  if (job?.kind !== 'connect') return;
  change(turn, { job: { kind: 'move', until: turn.now + STALL_MS } });
  turn.effects.push({ kind: 'move', load: job.load });
}

function giveBack(turn: Turn, what: ServedFile | Upload, why: string): undefined {
  turn.effects.push({ kind: 'give-back', what, why });
}

/** The reply for a refusal of the desk (RFC 959 section 4.2.2). */
export function refuse(turn: Turn, refused: Refused, what: 'reading' | 'writing' = 'reading'): undefined {
  const { because, detail, retryAfter } = refused;
  const text = detail ?? becauseOf(because);
  const later = retryAfter === undefined ? '' : `; come again in ${retryAfter} s`;
  reply(turn, codeOf(because, what), `${text}${later}`);
}

function codeOf(because: string, what: 'reading' | 'writing'): number {
  if (NOT_IN.has(because)) return 530;
  if (because === 'too-busy') return 450;
  if (because === 'disk-full') return 452;
  if (NO_ROOM.has(because)) return 552;
  return what === 'writing' && because === 'name-not-allowed' ? 553 : 550;
}

/** Reasons by name: the files rooms have more than this room needs to know. */
const NOT_IN: ReadonlySet<string> = new Set(['sign-in-needed', 'account-needed', 'wrong-password']);
const NO_ROOM: ReadonlySet<string> = new Set(['upload-too-large', 'upload-quota-used']);

// One FTP session: a step machine. Commands wait while one is worked off; only ABOR and STAT do not.
import { showIpv4 } from '../base/ipv4.ts';
import type { Millis } from '../base/world.ts';
import type { Peer } from '../net/ports.ts';
import { answered, connected, FILE_VERBS, list, listed, refuse, STALL_MS, uploadAnswered } from './files.ts';
import { type Command, showHostPort } from './packet.ts';
import { accountsFor, MOST_FAILURES } from './sign-in.ts';
import {
  type Around,
  change,
  dropJob,
  type Effect,
  type Input,
  leave,
  reply,
  type Session,
  type Turn,
} from './turn.ts';
import { ALIASES, NOT_SERVED, NOT_TAKEN, OPEN_VERBS, SIMPLE_VERBS } from './verbs.ts';

export interface SessionStep {
  readonly next: Session;
  readonly effects: readonly Effect[];
  /** Step again then with a tick, unless something happens before. */
  readonly wakeAt: Millis | undefined;
}

/** Time to sign in. */
const SIGN_IN_MS = 60_000;
/** Commands sent ahead; a client needs two or three. */
const MOST_WAITING = 64;

export function openSession(near: Peer, far: Peer, now: Millis): Session {
  return {
    near,
    far,
    openedAt: now,
    user: undefined,
    isIn: false,
    accounts: [],
    failures: 0,
    folder: '/',
    type: 'A', // RFC 959 section 3.1.1
    rest: 0,
    length: undefined,
    way: undefined,
    onlyEpsv: false,
    job: undefined,
    waiting: [],
    lastId: 0,
    activeAt: now,
    isOver: false,
  };
}

/** The session after something happened, and what is to be done. */
export function stepSession(now: Millis, session: Session, input: Input, around: Around): SessionStep {
  const turn: Turn = { now, around, effects: [], session };
  take(turn, input);
  timeOut(turn);
  workOff(turn);
  return { next: turn.session, effects: turn.effects, wakeAt: wakeAtOf(turn) };
}

function take(turn: Turn, input: Input): undefined {
  if (input.kind !== 'tick') change(turn, { activeAt: turn.now });
  switch (input.kind) {
    case 'open':
      return reply(turn, 220, 'files for phones');
    case 'command':
      return hear(turn, input);
    case 'too-long':
      return hear(turn, { verb: TOO_LONG, argument: '' });
    case 'end':
      return hear(turn, { verb: END, argument: '' });
    case 'gone':
      dropJob(turn, 'the control connection was closed');
      return change(turn, { isOver: true, waiting: [] });
    case 'shut':
      return shut(turn, input.why);
    case 'listening':
      return listening(turn, input.port);
    case 'no-port':
      if (turn.session.job?.kind !== 'listen') return;
      change(turn, { job: undefined });
      return reply(turn, 425, 'no port is free for a data connection');
    case 'stranger':
      return void turn.effects.push({
        kind: 'tell',
        because: 'data-elsewhere',
        detail: `${showIpv4(input.from.address)} connected to its data port`,
      });
    case 'answer':
      return answered(turn, input);
    case 'upload':
      return uploadAnswered(turn, input);
    case 'listed':
      return listed(turn, input);
    case 'data-open':
      return connected(turn);
    case 'data-failed':
      return noData(turn, input.why);
    case 'moved':
      if (turn.session.job?.kind === 'move')
        change(turn, { job: { kind: 'move', until: turn.now + STALL_MS } });
      return;
    case 'done':
      if (finishMove(turn)) reply(turn, 226, 'done');
      return;
    case 'broken':
      if (finishMove(turn)) reply(turn, 426, 'the data connection was closed before the end');
      return;
    case 'refused':
      if (finishMove(turn)) refuse(turn, input.refused, 'writing');
      return;
    case 'tick':
      return;
  }
}

/** Lines that are no commands wait in the same queue, in their order. */
const TOO_LONG = '(too long)';
const END = '(end)';

function hear(turn: Turn, { verb, argument }: Command): undefined {
  const { session } = turn;
  if (session.isOver) return;
  if (verb === 'ABOR' && session.job !== undefined && session.job.kind !== 'sign-in') return abort(turn);
  if (session.job?.kind === 'move' && verb === 'STAT') return reply(turn, 213, 'a transfer is under way');
  if (session.waiting.length >= MOST_WAITING) return shut(turn, 'too many commands at a time');
  change(turn, { waiting: [...session.waiting, { verb, argument }] });
}

/** RFC 959 section 4.1.3: the transfer ends with 426, the ABOR itself with 226. */
function abort(turn: Turn): undefined {
  const { job } = turn.session;
  const isTransfer = job?.kind === 'move' || job?.kind === 'connect';
  dropJob(turn, 'the phone took it back (ABOR)');
  reply(turn, 426, isTransfer ? 'the transfer was taken back' : 'the command was taken back');
  reply(turn, 226, 'ok');
}

function workOff(turn: Turn): undefined {
  for (;;) {
    const { job, waiting, isOver } = turn.session;
    const [command, ...rest] = waiting;
    if (job?.kind === 'sign-in' && turn.now >= job.at) {
      signIn(turn, job.password);
      continue;
    }
    if (command === undefined || job !== undefined || isOver) return;
    change(turn, { waiting: rest });
    perform(turn, command);
  }
}

function perform(turn: Turn, { verb, argument }: Command): undefined {
  const name = ALIASES[verb] ?? verb;
  const { isIn } = turn.session;
  const isRest = name === 'REST';
  const open = own(OPEN_VERBS, name);
  const known = own(SIMPLE_VERBS, name) ?? own(FILE_VERBS, name);
  if (name === END) leave(turn, 'the phone closed the control connection');
  else if (name === TOO_LONG) reply(turn, 500, 'the line is too long');
  else if (open !== undefined) open(turn, argument);
  else if (NOT_SERVED.has(name)) reply(turn, 502, `${name} is not served`);
  else if (name === 'STAT') status(turn, argument);
  else if (name === 'ABOR') reply(turn, 226, 'nothing was under way');
  else if (known === undefined && !NOT_TAKEN.has(name))
    reply(turn, 500, 'no such command; HELP names those there are');
  else if (!isIn) reply(turn, 530, 'sign in first, with USER and PASS');
  else if (known === undefined) reply(turn, 550, 'files here are changed by the installer only');
  else known(turn, argument);
  // REST counts for the command after it (RFC 3659 section 5.3); those in between that set up the transfer keep it.
  if (!isRest && !KEEPS_REST.has(name)) change(turn, { rest: 0 });
}

/** Not what every object has: `constructor` is no command. */
function own<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

const KEEPS_REST: ReadonlySet<string> = new Set([
  'PASV',
  'EPSV',
  'PORT',
  'EPRT',
  'TYPE',
  'SIZE',
  'MDTM',
  'NOOP',
  'ABOR',
]);

function status(turn: Turn, argument: string): undefined {
  const { session } = turn;
  if (argument !== '' && session.isIn) return list(turn, 'STAT', argument);
  const who = session.isIn ? `signed in as ${session.user ?? ''}` : 'not signed in';
  reply(turn, 211, ['files for phones', who, `type ${session.type}, mode S, structure F`, 'that is all']);
}

function listening(turn: Turn, port: number): undefined {
  const { job, near } = turn.session;
  if (job?.kind !== 'listen') {
    turn.effects.push({ kind: 'drop-data', why: 'it is not wanted any more' });
    return;
  }
  change(turn, { job: undefined, way: { kind: 'passive' } });
  if (job.extended) return reply(turn, 229, `Entering Extended Passive Mode (|||${port}|)`);
  reply(turn, 227, `Entering Passive Mode (${showHostPort({ address: near.address, port })}).`);
}

function noData(turn: Turn, why: string): undefined {
  if (turn.session.job?.kind !== 'connect') return;
  dropJob(turn, `no data connection came about: ${why}`);
  reply(turn, 425, `no data connection came about: ${why}`);
}

/** Whether there was a transfer; its data connection is spent. */
function finishMove(turn: Turn): boolean {
  if (turn.session.job?.kind !== 'move') return false;
  change(turn, { job: undefined, way: undefined });
  return true;
}

function shut(turn: Turn, why: string): undefined {
  if (turn.session.isOver) return;
  reply(turn, 421, `${why}: good bye`);
  leave(turn, why);
}

function timeOut(turn: Turn): undefined {
  const { now, session } = turn;
  const { job } = session;
  if (session.isOver) return;
  if (job?.kind === 'connect' && now >= job.until) return noData(turn, 'nobody connected in time');
  if (job?.kind === 'move' && now >= job.until) {
    dropJob(turn, 'nothing moved for two minutes');
    return reply(turn, 426, 'nothing moved for too long');
  }
  if (!session.isIn && now >= session.openedAt + SIGN_IN_MS && job === undefined)
    return shut(turn, 'nobody signed in');
  if (job === undefined && now >= session.activeAt + turn.around.idle)
    shut(turn, 'nothing was asked for too long');
}

function signIn(turn: Turn, password: string): undefined {
  const { session, around } = turn;
  const accounts = accountsFor({ user: session.user ?? '', password }, around);
  change(turn, { job: undefined });
  if (accounts !== undefined) {
    // In the root, whatever its folder: a name is the same at every door.
    change(turn, { isIn: true, accounts, folder: '/', failures: 0 });
    return reply(turn, 230, 'you are in');
  }
  const failures = session.failures + 1;
  change(turn, { user: undefined, failures });
  turn.effects.push({ kind: 'wrong-password' }, { kind: 'tell', because: 'wrong-password' });
  reply(turn, 530, 'user name or password is wrong');
  if (failures >= MOST_FAILURES) shut(turn, 'wrong too often');
}

function wakeAtOf({ session, around }: Turn): Millis | undefined {
  const { job } = session;
  if (session.isOver) return undefined;
  if (job?.kind === 'sign-in') return job.at;
  if (job?.kind === 'connect' || job?.kind === 'move') return job.until;
  if (job !== undefined) return undefined; // the desk or the kernel answers
  const idle = session.activeAt + around.idle;
  return session.isIn ? idle : Math.min(idle, session.openedAt + SIGN_IN_MS);
}

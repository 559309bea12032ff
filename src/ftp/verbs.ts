// The commands that need neither the desk nor a data connection (RFC 959, 2389, 2428, 3659).
import { showIpv4 } from '../base/ipv4.ts';
import { type HostPort, parseExtended, parseHostPort, quoted } from './packet.ts';
import { folderFrom } from './paths.ts';
import { waitFor } from './sign-in.ts';
import { change, dropJob, leave, reply, type Turn } from './turn.ts';

/** Ends in a reply or a job; `undefined` and not `void`, so that it may end with the call that does so. */
export type Verb = (turn: Turn, argument: string) => undefined;

/** Those that anybody may use who has not signed in. */
export const OPEN_VERBS: Readonly<Record<string, Verb>> = {
  USER: (turn, user) => {
    if (user === '') return reply(turn, 501, 'USER needs a name');
    change(turn, { user, isIn: false, accounts: [] });
    reply(turn, 331, 'now the password');
  },
  PASS: (turn, password) => {
    if (turn.session.user === undefined) return reply(turn, 503, 'USER comes first');
    change(turn, {
      job: { kind: 'sign-in', password, at: turn.now + waitFor(turn.around.failures) },
    });
  },
  ACCT: (turn) => reply(turn, 202, 'not needed here'),
  QUIT: (turn) => {
    reply(turn, 221, 'good bye');
    leave(turn, 'the phone said good bye');
  },
  REIN: (turn) => {
    dropJob(turn, 'the phone began anew');
    change(turn, { user: undefined, isIn: false, accounts: [], folder: '/', type: 'A', rest: 0 });
    reply(turn, 220, 'begin anew');
  },
  NOOP: (turn) => reply(turn, 200, 'ok'),
  SYST: (turn) => reply(turn, 215, 'UNIX Type: L8'),
  FEAT: (turn) => reply(turn, 211, FEATURES),
  HELP: (turn) => reply(turn, 214, HELP),
  OPTS: (turn, argument) => {
    if (/^utf-?8( on)?$/i.test(argument)) return reply(turn, 200, 'names are UTF-8');
    if (/^mlst\b/i.test(argument)) return reply(turn, 200, 'MLST OPTS type;size;modify;');
    reply(turn, 501, 'no such option');
  },
};

const FEATURES = [
  'these are served:',
  ...['EPRT', 'EPSV', 'MDTM', 'MLST type*;size*;modify*;', 'PASV', 'REST STREAM', 'SIZE', 'TVFS', 'UTF8'],
  'that is all',
];

const HELP = [
  'these commands are served:',
  'USER PASS ACCT QUIT REIN NOOP SYST FEAT HELP OPTS STAT TYPE MODE STRU ALLO',
  'PASV EPSV PORT EPRT RETR STOR APPE REST ABOR SIZE MDTM',
  'CWD CDUP PWD XCWD XCUP XPWD LIST NLST MLSD MLST',
  'files for phones are here; what phones may write is set by the vendor files',
];

/** Those for who has signed in. */
export const SIMPLE_VERBS: Readonly<Record<string, Verb>> = {
  TYPE: (turn, argument) => {
    const wanted = argument.trim().toUpperCase();
    if (wanted === 'A' || wanted === 'A N') change(turn, { type: 'A' });
    else if (wanted === 'I' || wanted === 'L 8') change(turn, { type: 'I' });
    else return reply(turn, 504, 'TYPE A and TYPE I are served');
    reply(turn, 200, `type is ${wanted}`);
  },
  MODE: (turn, argument) =>
    /^s$/i.test(argument.trim()) ? reply(turn, 200, 'mode is S') : reply(turn, 504, 'MODE S is served'),
  STRU: (turn, argument) =>
    /^f$/i.test(argument.trim()) ? reply(turn, 200, 'structure is F') : reply(turn, 504, 'STRU F is served'),
  ALLO: (turn, argument) => {
    const length = /^(\d{1,15})( R \d+)?$/i.exec(argument.trim())?.[1];
    if (length === undefined) return reply(turn, 501, 'ALLO needs a number of bytes');
    change(turn, { length: Number(length) });
    reply(turn, 200, 'ok');
  },
  REST: (turn, argument) => {
    if (!/^\d{1,15}$/.test(argument.trim())) return reply(turn, 501, 'REST needs a number of bytes');
    change(turn, { rest: Number(argument) });
    reply(turn, 350, `the next transfer begins at ${Number(argument)}`);
  },
  PWD: (turn) => reply(turn, 257, `${quoted(turn.session.folder)} is the folder`),
  // The folder need not be there: the name of a phone's file is found by its last part, as over TFTP and HTTP.
  CWD: (turn, argument) => {
    if (argument === '') return reply(turn, 501, 'CWD needs a folder');
    const folder = folderFrom(turn.session.folder, argument);
    if (folder.length > LONGEST_FOLDER) return reply(turn, 550, 'the name is too long');
    change(turn, { folder });
    reply(turn, 250, `${quoted(folder)} is the folder`);
  },
  CDUP: (turn) => {
    change(turn, { folder: folderFrom(turn.session.folder, '..') });
    reply(turn, 250, `${quoted(turn.session.folder)} is the folder`);
  },
  PASV: (turn, argument) => {
    if (turn.session.onlyEpsv) return reply(turn, 503, 'EPSV ALL was said');
    if (argument.trim() !== '') return reply(turn, 501, 'PASV takes nothing');
    listen(turn, false);
  },
  EPSV: (turn, argument) => {
    const wanted = argument.trim().toUpperCase();
    if (wanted === 'ALL') {
      change(turn, { onlyEpsv: true });
      return reply(turn, 200, 'only EPSV from now on');
    }
    // RFC 2428 section 3: protocol 1 is IPv4, and the code 522 names those that are known.
    if (wanted === '' || wanted === '1') listen(turn, true);
    else reply(turn, 522, 'only IPv4 is served (1)');
  },
  PORT: (turn, argument) => active(turn, 'PORT', parseHostPort(argument)),
  EPRT: (turn, argument) => active(turn, 'EPRT', parseExtended(argument)),
};

const LONGEST_FOLDER = 512;

function listen(turn: Turn, extended: boolean): undefined {
  change(turn, { way: undefined, job: { kind: 'listen', extended } });
  turn.effects.push({ kind: 'listen' });
}

/** RFC 2577 section 3: we connect to nobody but the one who asks, and to no port of a service. */
function active(turn: Turn, verb: string, to: HostPort | 'other-protocol' | undefined): undefined {
  const { far, onlyEpsv, way } = turn.session;
  if (onlyEpsv) return reply(turn, 503, 'EPSV ALL was said');
  if (to === 'other-protocol') return reply(turn, 522, 'only IPv4 is served (1)');
  if (to === undefined) return reply(turn, 501, `${verb} is not written like that`);
  if (to.address !== far.address) {
    turn.effects.push({
      kind: 'tell',
      because: 'data-elsewhere',
      detail: `${showIpv4(to.address)}:${to.port}`,
    });
    return reply(turn, 504, 'data goes to your own address only');
  }
  if (to.port < LOWEST_PORT) return reply(turn, 504, 'data goes to ports from 1024 on');
  if (way?.kind === 'passive') turn.effects.push({ kind: 'drop-data', why: `${verb} took its place` });
  change(turn, { way: { kind: 'active', to } });
  reply(turn, 200, 'ok');
}

const LOWEST_PORT = 1024;

/** Names by which old clients call the same (RFC 775), as phones in the field do. */
export const ALIASES: Readonly<Record<string, string>> = { XPWD: 'PWD', XCWD: 'CWD', XCUP: 'CDUP' };

/** Known to the RFCs and not for a server of files for phones. */
export const NOT_TAKEN: ReadonlySet<string> = new Set([
  'DELE',
  'RMD',
  'XRMD',
  'MKD',
  'XMKD',
  'RNFR',
  'RNTO',
  'STOU',
  'MFMT',
]);
export const NOT_SERVED: ReadonlySet<string> = new Set([
  'SITE',
  'SMNT',
  'AUTH',
  'ADAT',
  'PROT',
  'PBSZ',
  'CCC',
  'CONF',
  'ENC',
  'MIC',
  'LANG',
  'HOST',
  'CLNT',
]);

// The FTP door: off unless the settings say otherwise, for phones that know nothing better.
import { isWithin } from '../base/ipv4.ts';
import type { Closable } from '../base/world.ts';
import { showPeer } from '../files/desk.ts';
import type { TcpHandlers, TcpStream } from '../net/ports.ts';
import type { Reason } from '../timeline/reason.ts';
import { DEAF } from './pipe.ts';
import { createGuesses } from './sign-in.ts';
import { type FtpParts, openTalk, type Talk, turnAway } from './talk.ts';

/** A phone needs one or two; this leaves room for a client with several at a time. */
const PER_ADDRESS = 16;
/** A session that has asked nothing for so long makes room for another, when there is none. */
const MAY_GO_AFTER = 20_000;

/** Serves files and takes uploads over FTP on the LAN. Rejects with a Fault when the port cannot be had. */
export async function openFtpServer(parts: FtpParts): Promise<Closable> {
  const { lan, world, settings, tell } = parts;
  const guesses = createGuesses();
  const talks = new Map<TcpStream, Talk>();
  const onTrouble = (error: Error): void => {
    const hint = 'phones ask again by themselves; look at the log if this repeats';
    tell({ at: world.now(), kind: 'fault', code: 'ftp-trouble', message: error.message, hint });
  };
  const refuse = (stream: TcpStream, because: Reason, why: string): TcpHandlers => {
    const seen = { at: world.now(), from: showPeer(stream.far), door: 'ftp' } as const;
    tell({ ...seen, kind: 'no-answer-given', because });
    turnAway(stream, why);
    world.after(1000, () => stream.destroy());
    return DEAF;
  };

  const accept = (stream: TcpStream): TcpHandlers => {
    const { address } = stream.far;
    if (!isWithin(lan.subnet, address))
      return refuse(stream, 'sender-off-the-lan', 'this address is not served');
    const alike = [...talks.keys()].filter(({ far }) => far.address === address).length;
    if (alike >= PER_ADDRESS) return refuse(stream, 'too-busy', 'too many connections of yours');
    if (talks.size >= settings.maxSessions && !makeRoom(talks, world.now()))
      return refuse(stream, 'too-busy', 'too many connections');
    const talk = openTalk({ ...parts, guesses, onTrouble, onOver: () => talks.delete(stream) }, stream);
    talks.set(stream, talk);
    return talk.handlers;
  };
  const listener = await lan.listenTcp({ port: settings.port, purpose: 'FTP', onTrouble }, accept);
  return { close: async () => await listener.close() };
}

/** Ends the session that has been silent for the longest, if it was long enough. */
function makeRoom(talks: Map<TcpStream, Talk>, now: number): boolean {
  const idle = [...talks]
    .map(([stream, talk]) => ({ stream, talk, since: talk.idleSince() ?? Number.POSITIVE_INFINITY }))
    .sort((a, b) => a.since - b.since)[0];
  if (idle === undefined || now - idle.since < MAY_GO_AFTER) return false;
  idle.talk.shut('another client needs the place');
  talks.delete(idle.stream);
  return true;
}

// One control connection: feeds the session with what happens and performs what it says.
import type { Cancel, Millis, World } from '../base/world.ts';
import type { FileDesk } from '../files/desk.ts';
import { showPeer } from '../files/desk.ts';
import type { Lan, TcpHandlers, TcpStream } from '../net/ports.ts';
import type { Account } from '../site/accounts.ts';
import type { FtpSettings } from '../site/ftp-door.ts';
import type { Tell } from '../timeline/event.ts';
import { encodeReply, NOTHING_READ, readCommands } from './packet.ts';
import { openPipe } from './pipe.ts';
import { openSession, stepSession } from './session.ts';
import type { Guesses } from './sign-in.ts';
import type { Effect, Input, ServedFile } from './turn.ts';

export interface FtpParts {
  readonly lan: Lan;
  readonly desk: FileDesk;
  readonly accounts: readonly Account[];
  readonly settings: FtpSettings;
  readonly world: World;
  readonly tell: Tell;
}

export interface TalkParts extends FtpParts {
  readonly guesses: Guesses;
  readonly onTrouble: (error: Error) => void;
  /** Called once, when the connection is gone. */
  readonly onOver: () => void;
}

export interface Talk {
  readonly handlers: TcpHandlers;
  /** Since when nothing was asked; undefined while something is under way. */
  idleSince(): Millis | undefined;
  /** Ends it with 421 and a reason. */
  shut(why: string): void;
}

/** Replies that a client has not read; beyond them it is not listened to. */
const MOST_UNREAD = 32;
const LAST_WORD_MS = 5000;

export function openTalk(parts: TalkParts, stream: TcpStream): Talk {
  const { world, desk, accounts, settings, guesses, tell } = parts;
  const { far } = stream;
  let session = openSession(stream.near, far, world.now());
  let reading = NOTHING_READ;
  let unread = 0;
  let isStepping = false;
  let alarm: Cancel = () => undefined;
  const inbox: Input[] = [];

  // What an effect brings about at once waits until the effects before it are done.
  const feed = (input: Input): void => {
    inbox.push(input);
    if (isStepping) return;
    isStepping = true;
    for (let one = inbox.shift(); one !== undefined; one = inbox.shift()) step(one);
    isStepping = false;
  };
  const step = (input: Input): void => {
    const { anonymous, idle } = settings;
    const failures = guesses.count(world.now(), far.address);
    const { next, effects, wakeAt } = stepSession(world.now(), session, input, {
      accounts,
      anonymous,
      idle,
      failures,
    });
    session = next;
    alarm();
    if (wakeAt !== undefined) alarm = world.after(wakeAt - world.now(), () => feed({ kind: 'tick' }));
    for (const effect of effects) perform(effect);
  };
  const pipe = openPipe({ ...parts, far, ports: settings.passivePorts, feed });
  const say = async (bytes: Uint8Array): Promise<void> => {
    unread += 1;
    if (unread === MOST_UNREAD) stream.hold();
    await stream.send(bytes);
    unread -= 1;
    if (unread === MOST_UNREAD - 1) stream.go();
  };
  const perform = (effect: Effect): void => {
    switch (effect.kind) {
      case 'reply':
        void say(effect.bytes);
        return;
      case 'listen':
        pipe.listen();
        return;
      case 'connect':
        pipe.connect(effect.way);
        return;
      case 'move':
        pipe.move(effect.load);
        return;
      case 'drop-data':
        pipe.drop(effect.why);
        return;
      case 'ask':
      case 'ask-upload':
      case 'ask-list':
        void ask(effect);
        return;
      case 'give-back':
        giveBack(effect);
        return;
      case 'wrong-password':
        guesses.note(world.now(), far.address);
        return;
      case 'tell': {
        const { because, detail } = effect;
        const seen = { at: world.now(), from: showPeer(far), door: 'ftp' } as const;
        tell({ ...seen, kind: 'no-answer-given', because, detail });
        return;
      }
      case 'close':
        stream.end();
        world.after(LAST_WORD_MS, () => stream.destroy());
    }
  };
  const ask = async (effect: Extract<Effect, { kind: 'ask' | 'ask-upload' | 'ask-list' }>): Promise<void> => {
    const { id, proof } = effect;
    const who = { door: 'ftp', from: far, proof } as const;
    if (effect.kind === 'ask') {
      const { name, look } = effect;
      feed({ kind: 'answer', id, answer: await desk.ask({ ...who, name, look }) });
    } else if (effect.kind === 'ask-upload') {
      const { name, append, length } = effect;
      feed({ kind: 'upload', id, upload: await desk.upload({ ...who, name, append, length }) });
    } else feed({ kind: 'listed', id, files: await desk.list({ ...who, name: effect.folder }) });
  };

  feed({ kind: 'open' });
  return {
    handlers: {
      onBytes: (bytes) => {
        const { next, heard } = readCommands(reading, bytes);
        reading = next;
        for (const one of heard) feed(one);
      },
      onEnd: () => feed({ kind: 'end' }),
      onClose: () => {
        feed({ kind: 'gone' });
        alarm();
        parts.onOver();
      },
    },
    idleSince: () => (session.job === undefined ? session.activeAt : undefined),
    shut: (why) => feed({ kind: 'shut', why }),
  };
}

/** What the desk gave and nobody wants any more. */
function giveBack({ what, why }: Extract<Effect, { kind: 'give-back' }>): void {
  if (what.kind === 'accepted') void what.abandon(why);
  else ended(what, why);
}

function ended(file: ServedFile, why: string): void {
  file.ended({ complete: false, bytes: 0, why });
}

/** To a client for which there is no room. */
export function turnAway(stream: TcpStream, why: string): void {
  void stream.send(encodeReply(421, `${why}: come again later`));
  stream.end();
}

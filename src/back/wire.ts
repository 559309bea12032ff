// The wire between the main thread and that of the file doors: calls with answers, and words that need none.
import { errnoOf, Fault, messageOf } from '../base/fault.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { FileAsk, Recognise } from '../files/desk.ts';
import type { Partials } from '../files/render.ts';
import type { Desk } from '../files/serve.ts';
import type { PhoneEvent } from '../timeline/event.ts';
import type { FileSite } from './doors.ts';

/** The site as it crosses. Templates by their texts: parsed ones hold functions. */
export type SiteData = Omit<FileSite, 'templates'> & { readonly templates: readonly TemplateText[] };

interface TemplateText {
  readonly key: string;
  readonly file: string;
  readonly text: string;
  readonly partials: Partials;
}

/** What the thread of the doors does when it is asked. */
export type DoorsEnd = Desk & {
  /** Opens all doors, or rejects with a Fault and has none open. */
  open(): Promise<void>;
  close(): Promise<void>;
  /** Makes ready what another site wants, or rejects with a Fault and nothing has changed. */
  renew(site: SiteData): Promise<void>;
  /** What was made ready last holds from now on. */
  adopt(): void;
  /** What was made ready last is given back. */
  discard(): Promise<void>;
  /** Answers as soon as everything before it is done. */
  ping(): void;
  /** Leases on these addresses changed hands. */
  moved(addresses: readonly Ipv4[]): void;
};

/** What the main thread does when it is asked. */
export interface KeeperEnd {
  readonly recognise: Recognise;
  /** Phones that asked and were known already. */
  spoke(asks: readonly FileAsk[]): void;
  tell(event: PhoneEvent): void;
  warn(message: string): void;
}

/** Methods by name; arguments and values cross as structured clones. */
type Methods<End> = { readonly [Name in keyof End]: (...args: never[]) => unknown };

/** Without `id`, no answer is wanted. */
type Message =
  | { readonly name: string; readonly args: readonly unknown[]; readonly id?: number }
  | { readonly answers: number; readonly value: unknown }
  | { readonly answers: number; readonly trouble: Trouble };

/** An error as it crosses: a clone of a Fault would have lost its code and its hint. */
interface Trouble {
  readonly message: string;
  readonly code: string | undefined;
  readonly hint: string | undefined;
}

export interface Wire<Theirs extends Methods<Theirs>> {
  /** Rejects with the Fault or the error of the other end, or with that of `cut`. */
  call<Name extends keyof Theirs & string>(
    name: Name,
    ...args: Parameters<Theirs[Name]>
  ): Promise<Awaited<ReturnType<Theirs[Name]>>>;
  say<Name extends keyof Theirs & string>(name: Name, ...args: Parameters<Theirs[Name]>): void;
  /** The same, but it may wait a few milliseconds for more: each crossing costs both threads. */
  mention<Name extends keyof Theirs & string>(name: Name, ...args: Parameters<Theirs[Name]>): void;
  /** The other end is gone: calls reject, those that wait and those to come. */
  cut(error: Error): void;
}

/** As much of a MessagePort as a Worker has too. */
interface Port {
  on(event: 'message', listener: (messages: readonly Message[]) => void): unknown;
  postMessage(messages: readonly Message[]): void;
}

/** The other end works off in one go what crossed together: the main thread must soon be free again for addresses. */
const MOST_TOGETHER = 64;
/** What is mentioned waits so long, ms. */
const LINGER = 5;

interface Call {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** One end of the wire; `ours` is what the other may ask for. Order is kept. */
export function openWire<Theirs extends Methods<Theirs>, Ours extends Methods<Ours>>(
  port: Port,
  ours: Ours,
): Wire<Theirs> {
  const calls = new Map<number, Call>();
  let lastId = 0;
  let broken: Error | undefined;
  // What is said in one turn of the loop crosses together: each crossing wakes the other thread.
  let unsent: Message[] = [];
  let isDue = false;
  let lingering: NodeJS.Timeout | undefined;
  const flush = (): void => {
    const messages = unsent;
    unsent = [];
    isDue = false;
    clearTimeout(lingering);
    lingering = undefined;
    if (messages.length === 0) return;
    try {
      port.postMessage(messages);
    } catch {
      // One of them cannot be cloned: the others must not go with it.
      messages.forEach(alone);
    }
  };
  const alone = (message: Message): void => {
    try {
      port.postMessage([message]);
    } catch (error) {
      const id = 'id' in message ? message.id : undefined;
      if (id !== undefined) failed(id, error);
      else if ('answers' in message)
        port.postMessage([{ answers: message.answers, trouble: troubleOf(error) }]);
      else throw error;
    }
  };
  const failed = (id: number, error: unknown): void => {
    calls.get(id)?.reject(error instanceof Error ? error : new Error(messageOf(error)));
    calls.delete(id);
  };
  const post = (message: Message): void => {
    const count = unsent.push(message);
    if (!isDue) setImmediate(flush);
    isDue = true;
    if (count === MOST_TOGETHER) flush();
  };
  const postLater = (message: Message): void => {
    const count = unsent.push(message);
    if (!isDue) lingering ??= setTimeout(flush, LINGER);
    if (count === MOST_TOGETHER) flush();
  };

  const answer = async (id: number, asked: () => unknown): Promise<void> => {
    try {
      post({ answers: id, value: await asked() });
    } catch (error) {
      post({ answers: id, trouble: troubleOf(error) });
    }
  };
  const hear = (message: Message): void => {
    if ('answers' in message) {
      const call = calls.get(message.answers);
      calls.delete(message.answers);
      if ('trouble' in message) call?.reject(errorOf(message.trouble));
      else call?.resolve(message.value as never);
      return;
    }
    const asked = (): unknown => ours[message.name as keyof Ours](...(message.args as never[]));
    if (message.id === undefined) asked();
    else void answer(message.id, asked);
  };
  port.on('message', (messages) => messages.forEach(hear));
  return {
    call: async (name, ...args) =>
      await new Promise<never>((resolve, reject) => {
        if (broken !== undefined) return reject(broken);
        lastId += 1;
        calls.set(lastId, { resolve, reject });
        post({ name, args, id: lastId });
      }),
    say: (name, ...args) => post({ name, args }),
    mention: (name, ...args) => postLater({ name, args }),
    cut: (error) => {
      broken = error;
      for (const { reject } of calls.values()) reject(error);
      calls.clear();
    },
  };
}

function troubleOf(error: unknown): Trouble {
  const hint = error instanceof Fault ? error.hint : undefined;
  return { message: messageOf(error), code: error instanceof Fault ? error.code : errnoOf(error), hint };
}

function errorOf({ message, code, hint }: Trouble): Error {
  if (code !== undefined && hint !== undefined) return new Fault(code, message, hint);
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

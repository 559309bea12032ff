// The file doors in a thread of their own: phones that fetch files are not felt by those that ask for addresses.
import { Worker } from 'node:worker_threads';
import { Fault, messageOf } from '../base/fault.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { Cancel, Closable, World } from '../base/world.ts';
import type { Asker } from '../files/desk.ts';
import { monotonic } from '../net/world.ts';
import type { PhoneEvent } from '../timeline/event.ts';
import type { FileDoors, FileKeeper, FileSite } from './doors.ts';
import { type DoorsEnd, type KeeperEnd, openWire, type SiteData, type Wire } from './wire.ts';
import type { ThreadData } from './worker.ts';

export interface ThreadParts extends FileKeeper {
  readonly site: FileSite;
  /** The LAN, as `openLan` is told of it. */
  readonly ground: ThreadData['ground'];
  readonly world: World;
  readonly onWarning: (message: string) => void;
  /** The program of the thread; tests have others. */
  readonly entry?: URL;
}

/** Beside this file, and as this file in JavaScript or in TypeScript; in a package all files stand side by side. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? 'worker.ts' : 'worker.js', import.meta.url);
/** A thread that died is started again after this many ms; each time it dies soon, after twice as many. */
const SOONEST = 500;
const LATEST = 60_000;
/** A thread that serves a storm of files on a small machine answers in a second. */
const PATIENCE = 8_000;
/** systemd waits longer, but whoever stops us shall not. */
const CLOSING = 3_000;

interface Thread extends Closable {
  readonly wire: Wire<DoorsEnd>;
  readonly moved: (address: Ipv4) => void;
  /** Why it is no more. */
  readonly ended: Promise<Fault>;
}

/** Opens the doors in a thread and keeps it alive. Rejects with the Fault of the door that cannot be opened. */
export async function openFileThread(parts: ThreadParts): Promise<FileDoors> {
  const { world, tell } = parts;
  let current = parts;
  let thread = await start(parts);
  let isClosed = false;
  let delay = SOONEST;
  let cancel: Cancel = () => undefined;
  let starting: Promise<void> = Promise.resolve();

  const watch = (since: number): void => {
    void thread.ended.then((fault) => {
      if (isClosed) return;
      if (world.now() - since > LATEST) delay = SOONEST;
      again(fault);
    });
  };
  const again = ({ code, message, hint }: Fault): void => {
    tell({ at: world.now(), kind: 'fault', code, message, hint });
    cancel = world.after(delay, () => {
      starting = restart();
    });
    delay = Math.min(2 * delay, LATEST);
  };
  /** The settings were changed while it started. */
  const catchUp = async (site: FileSite): Promise<void> => {
    await thread.wire.call('renew', siteData(site));
    thread.wire.say('adopt');
  };
  const restart = async (): Promise<void> => {
    try {
      // The descriptors that systemd handed over went with the thread that had them.
      const { site } = current;
      thread = await start({ ...current, ground: { ...current.ground, inherited: new Map() } });
      if (current.site !== site) await catchUp(current.site);
      watch(world.now());
    } catch (error) {
      if (!isClosed) again(error instanceof Fault ? error : died(error));
    }
  };

  watch(world.now());
  const adopt = (site: FileSite): void => {
    // Also for the thread that takes its place when this one dies.
    current = { ...current, site };
    thread.wire.say('adopt');
  };
  return {
    renew: async (site) => {
      await thread.wire.call('renew', siteData(site));
      return { commit: () => adopt(site), undo: async () => await thread.wire.call('discard') };
    },
    answers: async () => {
      // A thread that died has been told of, and another one is on its way.
      await inTime(
        world,
        thread.wire.call('ping').catch(() => undefined),
        PATIENCE,
      );
    },
    desk: {
      prepare: async (phone, name) => await thread.wire.call('prepare', phone && askerOf(phone), name),
      digest: async (phone, name) => await thread.wire.call('digest', phone && askerOf(phone), name),
      explain: async (phone) => await thread.wire.call('explain', askerOf(phone)),
    },
    moved: (address) => thread.moved(address),
    close: async () => {
      isClosed = true;
      cancel();
      await starting;
      await thread.close();
    },
  };
}

async function start(parts: ThreadParts): Promise<Thread> {
  const { recognise, onWarning } = parts;
  const worker = new Worker(parts.entry ?? ENTRY, { workerData: dataOf(parts) });
  const ended = new Promise<Fault>((resolve) => {
    worker.once('error', (error) => resolve(died(error)));
    worker.once('exit', (code) => resolve(died(`code ${code}`)));
  });
  const wire = openWire<DoorsEnd, KeeperEnd>(worker, {
    recognise: async (ask) => {
      const phone = await recognise(ask);
      if (phone !== undefined) known.add(ask.from.address);
      return phone && askerOf(phone);
    },
    spoke: (asks) => {
      for (const ask of asks) void recognise(ask).catch((error: unknown) => onWarning(messageOf(error)));
    },
    tell: (event) => told(parts, event),
    warn: onWarning,
  });
  void ended.then(wire.cut);
  /** Addresses of which the thread may remember who is there. */
  const known = new Set<Ipv4>();
  let untold: Ipv4[] = [];
  const moved = (address: Ipv4): void => {
    // Most leases are of phones that have not asked for any file yet.
    if (!known.delete(address)) return;
    if (untold.push(address) > 1) return;
    setImmediate(() => {
      wire.say('moved', untold);
      untold = [];
    });
  };
  const close = async (): Promise<void> => {
    // A thread that is dead has closed its sockets already, and for one that hangs nobody waits.
    await inTime(parts.world, wire.call('close'), CLOSING).catch(() => undefined);
    await worker.terminate();
  };
  try {
    await wire.call('open');
    return { wire, ended, close, moved };
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}

/** Trouble of those who are told must not stop the daemon for others. */
function told({ tell, onWarning }: ThreadParts, event: PhoneEvent): void {
  try {
    tell(event);
  } catch (error) {
    onWarning(`an event of the file doors was lost: ${messageOf(error)}`);
  }
}

/** What the work comes to, or a Fault when it takes longer than `limit` ms. */
async function inTime<Value>(world: World, work: Promise<Value>, limit: number): Promise<Value> {
  let cancel: Cancel = () => undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const hint = 'see what it was doing: journalctl -u unboxd -n 50; restart unboxd';
    const fault = new Fault('file-doors-silent', 'the thread that serves files does not answer', hint);
    cancel = world.after(limit, () => reject(fault));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}

function dataOf({ site, ground, world }: ThreadParts): ThreadData {
  return { site: siteData(site), ground, clockStart: world.now() - monotonic() };
}

function siteData(site: FileSite): SiteData {
  const templates = [...site.templates].map(([key, { file, text, partials }]) => ({
    ...{ key, file, text, partials },
  }));
  return { ...site, templates };
}

/** Of a phone as little as is needed: what crosses is copied. */
function askerOf({ mac, identity, listed, held, tokens }: Asker): Asker {
  return { mac, identity, listed, held, tokens };
}

function died(why: unknown): Fault {
  return new Fault(
    'file-doors-died',
    `the thread that serves files ended (${messageOf(why)})`,
    'it is started again by itself; if this repeats, report it with the log',
    why,
  );
}

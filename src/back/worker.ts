// The thread of the file doors: sockets, the files folder, rendering, hashing. Who asks it learns from the main thread.
import { setImmediate as breath } from 'node:timers/promises';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Recognise } from '../files/desk.ts';
import { parseTemplate } from '../files/render.ts';
import { type LanOptions, openLan } from '../net/lan.ts';
import { lowerFileThread } from '../net/priority.ts';
import { realWorld } from '../net/world.ts';
import type { Tell } from '../timeline/event.ts';
import { type Acquaintance, createAcquaintance } from './acquaintance.ts';
import { type FileDoors, type FileSite, openFileDoors, type Renewal } from './doors.ts';
import { type DoorsEnd, type KeeperEnd, openWire, type SiteData } from './wire.ts';

/** What the thread is given at its start; it crosses as a structured clone. */
export interface ThreadData {
  readonly site: SiteData;
  readonly ground: Omit<LanOptions, 'world' | 'onWarning' | 'deviceSockets'>;
  /** So that its clock shows what the clock of the main thread shows. */
  readonly clockStart: number;
}

/** The main thread works off in one go what came together: it must soon be free again for addresses. */
const MOST_AT_ONCE = 64;

if (parentPort !== null) serveFiles(parentPort, workerData as ThreadData);

function serveFiles(port: MessagePort, { site, ground, clockStart }: ThreadData): void {
  lowerFileThread();
  const world = realWorld(clockStart);
  let doors: FileDoors | undefined;
  let renewed: { readonly renewal: Renewal; readonly catalogue: FileSite['catalogue'] } | undefined;
  const desk = () => {
    if (doors === undefined) throw new Error('the file doors are not open');
    return doors.desk;
  };
  const wire = openWire<KeeperEnd, DoorsEnd>(port, {
    open: async () => {
      const lan = openLan({ ...ground, world, onWarning: (message) => wire.say('warn', message) });
      doors = await openFileDoors({ site: parsed(site), lan, world, recognise, tell });
    },
    close: async () => {
      await doors?.close();
      // Transfers that this cut off are told of by the last words of their sockets.
      await breath();
      acquaintance.flush();
    },
    renew: async (next) => {
      if (doors === undefined) throw new Error('the file doors are not open');
      renewed = { renewal: await doors.renew(parsed(next)), catalogue: next.catalogue };
    },
    adopt: () => {
      renewed?.renewal.commit();
      acquaintance.flush();
      // Who was known by the phone list of before is asked for anew.
      if (renewed !== undefined) acquaintance = met(renewed.catalogue);
      renewed = undefined;
    },
    discard: async () => {
      const { renewal } = renewed ?? {};
      renewed = undefined;
      await renewal?.undo();
    },
    ping: () => undefined,
    // Not that of today: a reload may put another in its place.
    moved: (addresses) => {
      for (const address of addresses) acquaintance.moved(address);
    },
    prepare: async (phone, name) => await desk().prepare(phone, name),
    digest: async (phone, name) => await desk().digest(phone, name),
    explain: async (phone) => await desk().explain(phone),
  });

  const tell: Tell = (event) => wire.mention('tell', event);
  const inLine = openGate(MOST_AT_ONCE);
  const met = (catalogue: FileSite['catalogue']): Acquaintance =>
    createAcquaintance({
      catalogue,
      world,
      recognise: async (ask) => await inLine(async () => await wire.call('recognise', ask)),
      spoke: (asks) => wire.mention('spoke', asks),
    });
  let acquaintance = met(site.catalogue);
  const recognise: Recognise = async (ask) => await acquaintance.recognise(ask);
}

/** Lets so many through at a time; others wait in a line. */
function openGate(most: number): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let inside = 0;
  const line: (() => void)[] = [];
  return async (work) => {
    if (inside === most) await new Promise<void>((go) => line.push(go));
    else inside += 1;
    try {
      return await work();
    } finally {
      // Who comes next takes the place.
      const next = line.shift();
      if (next === undefined) inside -= 1;
      else next();
    }
  };
}

function parsed(site: SiteData): FileSite {
  const templates = new Map(
    site.templates.map(({ key, file, text, partials }) => {
      const template = parseTemplate(file, text, partials);
      // It was read once already, by the main thread.
      if (!template.ok) throw new Error(`${file}: ${template.error.message}`);
      return [key, template.value] as const;
    }),
  );
  return { ...site, templates };
}

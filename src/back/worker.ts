// The thread of the file doors: sockets, the files folder, rendering, hashing. Who asks it learns from the main thread.
import { getPriority, setPriority } from 'node:os';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Templates } from '../files/layers.ts';
import { type Partials, parseTemplate } from '../files/render.ts';
import { type LanOptions, openLan } from '../net/lan.ts';
import { realWorld } from '../net/world.ts';
import type { PhoneEvent, Tell } from '../timeline/event.ts';
import { createAcquaintance } from './acquaintance.ts';
import { type FileDoors, type FileSite, openFileDoors } from './doors.ts';
import { type DoorsEnd, type KeeperEnd, openWire } from './wire.ts';

/** What the thread is given at its start; it crosses as a structured clone. */
export interface ThreadData {
  /** Templates by their texts: parsed ones hold functions. */
  readonly site: Omit<FileSite, 'templates'> & { readonly templates: readonly TemplateText[] };
  readonly ground: Omit<LanOptions, 'world' | 'onWarning' | 'deviceSockets'>;
  /** So that its clock shows what the clock of the main thread shows. */
  readonly clockStart: number;
}

interface TemplateText {
  readonly key: string;
  readonly file: string;
  readonly text: string;
  readonly partials: Partials;
}

/** More niceness than the main thread has: where the processor is short, addresses come before files. */
const NICER = 10;
/** The main thread works off in one go what came together: it must soon be free again for addresses. */
const MOST_AT_ONCE = 64;

if (parentPort !== null) serveFiles(parentPort, workerData as ThreadData);

function serveFiles(port: MessagePort, { site, ground, clockStart }: ThreadData): void {
  // Elsewhere than on Linux this would be that of the whole process.
  if (process.platform === 'linux') setPriority(Math.min(19, getPriority() + NICER));
  const world = realWorld(clockStart);
  let doors: FileDoors | undefined;
  const desk = () => {
    if (doors === undefined) throw new Error('the file doors are not open');
    return doors.desk;
  };
  const wire = openWire<KeeperEnd, DoorsEnd>(port, {
    open: async () => {
      const lan = openLan({ ...ground, world, onWarning: (message) => wire.say('warn', message) });
      const templates = parsed(site.templates);
      doors = await openFileDoors({ site: { ...site, templates }, lan, world, recognise, tell });
    },
    close: async () => {
      await doors?.close();
      flush();
      acquaintance.flush();
    },
    moved: (addresses) => addresses.forEach(acquaintance.moved),
    prepare: async (phone, name) => await desk().prepare(phone, name),
    digest: async (phone, name) => await desk().digest(phone, name),
    explain: async (phone) => await desk().explain(phone),
  });

  // What happens in one turn of the loop goes out together, and before anything else is asked.
  let untold: PhoneEvent[] = [];
  const flush = (): void => {
    if (untold.length > 0) wire.say('tell', untold);
    untold = [];
  };
  const tell: Tell = (event) => {
    const count = untold.push(event);
    if (count === 1) setImmediate(flush);
    if (count === MOST_AT_ONCE) flush();
  };
  const inLine = openGate(MOST_AT_ONCE);
  const acquaintance = createAcquaintance({
    catalogue: site.catalogue,
    world,
    recognise: async (ask) =>
      await inLine(async () => {
        flush();
        return await wire.call('recognise', ask);
      }),
    spoke: (asks) => wire.say('spoke', asks),
  });
  const { recognise } = acquaintance;
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

function parsed(texts: readonly TemplateText[]): Templates {
  return new Map(
    texts.map(({ key, file, text, partials }) => {
      const template = parseTemplate(file, text, partials);
      // It was read once already, by the main thread.
      if (!template.ok) throw new Error(`${file}: ${template.error.message}`);
      return [key, template.value];
    }),
  );
}

// The real thread and its real doors on loopback, given another site: transfers go on, ports come and go, and what is
// cut off by the end is told.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { FileDoors, FileSite } from '../../src/back/doors.ts';
import { openFileThread, type ThreadParts } from '../../src/back/thread.ts';
import { subnetOf } from '../../src/base/ipv4.ts';
import { parseTemplate } from '../../src/files/render.ts';
import { realWorld } from '../../src/net/world.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { catalogue } from '../fakes/vendors.ts';
import { A1, freePort, HOST, listening, PHONE, portOf, program, REAL } from './kit.ts';

const OWN = '/02ac3e000001.cfg';
/** More than the buffers of a connection hold. */
const LONG = 20_000_000;
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

interface Wanted {
  readonly http: number | 'off';
  readonly text: string;
  /** The folder of static files. */
  readonly filesRoot?: string;
}

/** A folder with a long file in it. */
async function longFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'unboxd-renew-'));
  undo.push(async () => await rm(folder, { recursive: true }));
  await writeFile(join(folder, 'long.bin'), 'o'.repeat(LONG));
  return folder;
}

function siteOf({ http, text, filesRoot }: Wanted): FileSite {
  const template = parseTemplate('phone.cfg', text);
  if (!template.ok) throw new Error(template.error.message);
  return {
    catalogue,
    templates: new Map([['acme/phone.cfg', template.value]]),
    doors: { tftp: 'off', http, https: 'off', httpsLegacy: 'off', ftp: 'off', accounts: [] },
    url: 'http://{server}/',
    server: HOST,
    filesRoot,
  };
}

async function opened(wanted: Wanted, more: Partial<ThreadParts> = {}) {
  const events: PhoneEvent[] = [];
  const waiting: (() => void)[] = [];
  const doors = await openFileThread({
    site: siteOf(wanted),
    ground: { interface: 'lo', address: HOST, subnet: subnetOf(HOST, 8) },
    recognise: async () => await Promise.resolve(PHONE),
    tell: (event) => {
      events.push(event);
      for (const go of waiting.splice(0)) go();
    },
    world: realWorld(),
    onWarning: () => undefined,
    entry: REAL,
    ...more,
  });
  undo.push(doors.close);
  const told = async (kind: 'fetched', file: string): Promise<PhoneEvent> => {
    for (;;) {
      const found = events.find((event) => event.kind === kind && event.file === file);
      if (found !== undefined) return found;
      await new Promise<void>((go) => waiting.push(go));
    }
  };
  return { doors, events, told };
}

async function renewed(doors: FileDoors, wanted: Wanted): Promise<void> {
  const { commit } = await doors.renew(siteOf(wanted));
  commit();
  // What was said before it is done when this is answered.
  await doors.answers?.();
}

/** The beginning of an answer: nothing more is read until somebody does. */
async function begun(port: number, path = OWN): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      response.pause();
      resolve(response);
    });
    request.on('error', reject);
  });
}

async function restOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

test('what is asked for next is of the new site; what is under way ends as it began', async () => {
  const http = await freePort();
  const { doors, told } = await opened({ http, text: 'old', filesRoot: await longFile() });
  const slow = await begun(http, '/long.bin');
  await renewed(doors, { http, text: 'new for {{ sip_user }}' });
  expect(await restOf(await begun(http))).toBe('new for 101');
  expect(await restOf(slow)).toBe('o'.repeat(LONG));
  expect(await told('fetched', 'long.bin')).toMatchObject({ mac: A1, bytes: LONG });
  expect(Buffer.from(await contentOf(doors)).toString()).toBe('new for 101');
});

async function contentOf({ desk }: FileDoors): Promise<Uint8Array> {
  const made = await desk.prepare(PHONE, OWN);
  return made.kind === 'file' ? made.content : expect.fail(made.because);
}

test('a door moves to another port: the old one hears nobody new and ends what it began', async () => {
  const [old, fresh] = [await freePort(), await freePort()];
  const { doors } = await opened({ http: old, text: 'old', filesRoot: await longFile() });
  const slow = await begun(old, '/long.bin');
  await renewed(doors, { http: fresh, text: 'new' });
  expect(await restOf(await begun(fresh))).toBe('new');
  await expect(begun(old)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(await restOf(slow)).toBe('o'.repeat(LONG));
  await renewed(doors, { http: 'off', text: 'new' });
  await expect(begun(fresh)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a port that cannot be had changes nothing', async () => {
  const http = await freePort();
  const { doors } = await opened({ http, text: 'as it was' });
  const other = await listening(0);
  undo.push(async () => await new Promise((done) => other.close(done)));
  const port = portOf(other);
  await expect(doors.renew(siteOf({ http: port, text: 'new' }))).rejects.toMatchObject({
    code: 'port-taken',
  });
  expect(await restOf(await begun(http))).toBe('as it was');
});

test('what was made ready and is not wanted is given back', async () => {
  const [http, fresh] = [await freePort(), await freePort()];
  const { doors } = await opened({ http, text: 'as it was' });
  const { undo: back } = await doors.renew(siteOf({ http: fresh, text: 'new' }));
  await back();
  await expect(begun(fresh)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(await restOf(await begun(http))).toBe('as it was');
});

test('a transfer that our end cuts off is told, and as our doing', async () => {
  const http = await freePort();
  const { doors, events } = await opened({ http, text: 'old', filesRoot: await longFile() });
  const slow = await begun(http, '/long.bin');
  await doors.close();
  expect(events.at(-1)).toMatchObject({
    kind: 'transfer-ended-early',
    mac: A1,
    of: LONG,
    why: 'unboxd was stopped',
  });
  await expect(restOf(slow)).rejects.toThrow('aborted');
});

/** Opens, and is then lost in its thoughts. */
const LOST = program(`
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', (said) => {
    for (const { name, id } of [said].flat()) {
      if (name !== 'open') for (;;);
      parentPort.postMessage([{ answers: id }]);
    }
  });
`);

test('a thread that hangs is found out, and nobody waits for it at the end', async () => {
  const delays: number[] = [];
  const real = realWorld();
  // Time that is waited for in vain is cut short.
  const world = {
    ...real,
    after: (delay: number, action: () => void) => {
      delays.push(delay);
      return real.after(delay / 50, action);
    },
  };
  const { doors } = await opened({ http: 'off', text: '' }, { world, entry: LOST });
  await expect(doors.answers?.()).rejects.toMatchObject({ code: 'file-doors-silent' });
  await doors.close();
  expect(delays).toEqual([8000, 3000]);
});

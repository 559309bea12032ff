// The real thread with its real doors on loopback, and threads that misbehave.
import { afterEach, expect, test } from 'vitest';
import type { FileDoors } from '../../src/back/doors.ts';
import { openFileThread, type ThreadParts } from '../../src/back/thread.ts';
import { Fault } from '../../src/base/fault.ts';
import { subnetOf } from '../../src/base/ipv4.ts';
import type { FileAsk } from '../../src/files/desk.ts';
import { parseTemplate } from '../../src/files/render.ts';
import { realWorld } from '../../src/net/world.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { catalogue } from '../fakes/vendors.ts';
import { A1, fetched, freePort, HOST, PHONE, program, REAL } from './kit.ts';

const opened: FileDoors[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function thread({ http = 80, ...more }: Partial<ThreadParts> & { readonly http?: number }) {
  const events: PhoneEvent[] = [];
  const asks: FileAsk[] = [];
  const waiting: (() => void)[] = [];
  const template = parseTemplate('phone.cfg', 'user={{ sip_user }} at {{ url }}\n');
  if (!template.ok) throw new Error(template.error.message);
  const doors = await openFileThread({
    site: {
      catalogue,
      templates: new Map([['acme/phone.cfg', template.value]]),
      doors: { tftp: 'off', http, https: 'off', httpsLegacy: 'off', ftp: 'off', accounts: [] },
      url: 'http://{server}/',
      server: HOST,
    },
    ground: { interface: 'lo', address: HOST, subnet: subnetOf(HOST, 8) },
    recognise: async (ask) => {
      asks.push(ask);
      for (const go of waiting.splice(0)) go();
      return await Promise.resolve(PHONE);
    },
    tell: (event) => {
      events.push(event);
      for (const go of waiting.splice(0)) go();
    },
    world: realWorld(),
    onWarning: () => undefined,
    ...more,
  });
  opened.push(doors);
  /** Resolves when so many events were told. */
  const told = async (count: number): Promise<readonly PhoneEvent[]> => {
    while (events.length < count) await new Promise<void>((go) => waiting.push(go));
    return events;
  };
  /** Resolves when so many asks were heard of: those answered from memory come a moment later. */
  const heard = async (count: number): Promise<readonly FileAsk[]> => {
    while (asks.length < count) await new Promise<void>((go) => waiting.push(go));
    return asks;
  };
  return { doors, asks, told, heard };
}

test('a phone is recognised here, its file made and sent there, and the events come back in order', async () => {
  const http = await freePort();
  const { doors, heard, told } = await thread({ http, entry: REAL });
  expect(await fetched(http, '/02ac3e000001.cfg')).toBe('200 user=101 at http://127.0.0.1/\n');
  expect(await fetched(http, '/02ac3e000001-local.cfg')).toMatch(/^404 /);
  expect((await heard(2)).map(({ door, name }) => [door, name])).toEqual([
    ['http', '/02ac3e000001.cfg'],
    ['http', '/02ac3e000001-local.cfg'],
  ]);
  const [first, second] = await told(2);
  expect(first).toMatchObject({ kind: 'fetched', mac: A1, role: 'own', file: '02ac3e000001.cfg', bytes: 30 });
  expect(second).toMatchObject({ kind: 'refused', mac: A1, because: 'optional-file' });
  // One clock for both threads.
  expect(Math.abs((first?.at ?? 0) - Date.now())).toBeLessThan(5000);

  const made = await doors.desk.prepare(PHONE, '02ac3e000001.cfg');
  if (made.kind === 'refuse') throw new Error(made.because);
  expect(Buffer.from(made.content).toString()).toBe('user=101 at http://127.0.0.1/\n');
  expect(await doors.desk.digest(PHONE, '02AC3E000001.cfg')).toBe(made.digest);
  const files = await doors.desk.explain(PHONE);
  expect(files.find(({ role }) => role === 'own')).toMatchObject({ gets: { content: { length: 30 } } });

  await doors.close();
  await expect(fetched(http, '/02ac3e000001.cfg')).rejects.toThrow('ECONNREFUSED');
});

test('a taken port is the Fault that it is in one thread', async () => {
  const http = await freePort();
  await thread({ http, entry: REAL });
  const error = await thread({ http, entry: REAL }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Fault);
  expect(error).toMatchObject({
    code: 'port-taken',
    message: `TCP port ${http} is taken`,
    hint: `see who has it: ss -ltnp 'sport = :${http}'`,
  });
});

/** Opens at once; dies when it is asked for a file. */
const MORTAL = program(`
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', ([{ name, id }]) => {
    if (name === 'prepare') throw new Error('boom');
    parentPort.postMessage([{ answers: id, value: name }]);
  });
`);

async function turn(): Promise<void> {
  await new Promise((done) => setImmediate(done));
}

test('a thread that dies is told as a fault and started again, at first soon, then later', async () => {
  const delays: number[] = [];
  const real = realWorld();
  const world: ThreadParts['world'] = {
    ...real,
    after: (delay, action) => {
      delays.push(delay);
      return real.after(0, action);
    },
  };
  const { doors, told } = await thread({ entry: MORTAL, world });
  for (const count of [1, 2, 3]) {
    const lost = await doors.desk.prepare(PHONE, 'x').catch((thrown: unknown) => thrown);
    expect(lost).toMatchObject({
      code: 'file-doors-died',
      message: expect.stringContaining('(boom)') as string,
    });
    const events = await told(count);
    expect(events.at(-1)).toMatchObject({ kind: 'fault', code: 'file-doors-died' });
    // Until it is there again, the answer is the same Fault.
    while ((await doors.desk.digest(PHONE, 'x').catch(() => 'not yet')) !== 'digest') await turn();
  }
  expect(delays).toEqual([500, 1000, 2000]);
});

test('a thread that cannot even begin fails the opening', async () => {
  const entry = program("throw new Error('no such module');");
  await expect(thread({ entry })).rejects.toThrow('the thread that serves files ended (no such module)');
});

test('closing twice, or when the thread has died, does nothing', async () => {
  const { doors, told } = await thread({ entry: MORTAL });
  await expect(doors.desk.prepare(PHONE, 'x')).rejects.toThrow('boom');
  await told(1);
  await doors.close();
  await doors.close();
});

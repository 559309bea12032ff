import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Closable } from '../../src/base/world.ts';
import type { Appliance, PhoneLine, ResyncLine } from '../../src/control/api.ts';
import type { Care } from '../../src/control/care.ts';
import { controlClient } from '../../src/control/client.ts';
import { openControl } from '../../src/control/server.ts';

let folder = '';
let open: Closable | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-control-'));
});
afterEach(async () => {
  await open?.close();
  open = undefined;
  await rm(folder, { recursive: true });
});

const line: PhoneLine = {
  mac: '02:ac:3e:00:00:01',
  listed: true,
  stage: 'proven',
  sentence: 'has its own file',
};

const appliance: Appliance = {
  phones: async () => await Promise.resolve([line]),
  story: (mac) =>
    mac === 'nonsense' ? undefined : [{ at: 1, kind: 'x', sentence: mac ?? 'trouble', event: {} }],
  explain: async () => await Promise.reject(new Error('no luck')),
  file: async (mac, name) =>
    await Promise.resolve(name === 'a b.cfg' ? Buffer.from(mac) : 'there is no such file'),
  explainDhcp: ({ hex }) =>
    hex === ''
      ? 'these bytes are no DHCP message'
      : { mac: hex, type: 'discover', scores: [], outcome: 'fine', options: [], notAsked: [], notThere: [] },
  importLeases: async (leases) => await Promise.resolve({ taken: leases.length, skipped: [] }),
  leases: async () => await Promise.resolve([]),
  resync: async (order, say) => {
    say({ sentence: `woke ${order.mac} ${order.reboot} ${order.patience}` });
    await Promise.resolve();
    say({ sentence: 'confirmed', verdict: 'confirmed' });
  },
  watch: (show) => {
    show(line);
    return () => undefined;
  },
};

async function opened() {
  const path = join(folder, 'deep', 'control.sock');
  open = await openControl(path, appliance);
  return { path, client: controlClient(path) };
}

test('what the appliance offers comes through the socket, which is for user and group only', async () => {
  const { path, client } = await opened();
  expect(await client.get('/v1/phones')).toEqual([line]);
  expect(await client.get('/v1/trouble')).toMatchObject([{ sentence: 'trouble' }]);
  expect(await client.get('/v1/phones/02%3Aac/story')).toMatchObject([{ sentence: '02:ac' }]);
  expect(Buffer.from(await client.bytes('/v1/phones/x/file?name=a%20b.cfg')).toString()).toBe('x');
  expect((await stat(path)).mode & 0o777).toBe(0o660);
});

test('a resync streams its steps and its verdict', async () => {
  const { client } = await opened();
  const lines: ResyncLine[] = [];
  const body = { mac: 'm', reboot: true, patience: 5 };
  await client.lines<ResyncLine>({ method: 'POST', path: '/v1/resync', body }, (one) => lines.push(one));
  expect(lines).toEqual([{ sentence: 'woke m true 5' }, { sentence: 'confirmed', verdict: 'confirmed' }]);
});

test('watching ends when the watcher says so', async () => {
  const { client } = await opened();
  const stop = new AbortController();
  const lines: PhoneLine[] = [];
  await client.lines<PhoneLine>({ method: 'GET', path: '/v1/watch', until: stop.signal }, (one) => {
    lines.push(one);
    stop.abort();
  });
  expect(lines).toEqual([line]);
});

test.each([
  { path: '/v1/phones/nonsense/story', says: 'that is no MAC' },
  { path: '/v1/phones/x/file?name=b', says: 'there is no such file' },
  { path: '/v1/nothing', says: 'GET /v1/nothing is not part of the API' },
  { path: '/v1/phones/x/explain', says: 'no luck' },
  { path: '/v1/phones/%zz/story', says: 'URI malformed' },
])('$path is refused with a sentence', async ({ path, says }) => {
  const { client } = await opened();
  await expect(client.get(path)).rejects.toMatchObject({ code: 'refused', message: says });
});

test('a path that begins as a host does is refused, and the daemon lives on', async () => {
  const { client } = await opened();
  await expect(client.get('//')).rejects.toMatchObject({ code: 'refused' });
  expect(await client.get('/v1/health')).toEqual({ ok: true });
});

test('who hangs up before a restore is safe on disk does not keep the daemon from starting anew', async () => {
  const path = join(folder, 'control.sock');
  let arrived: () => void = () => undefined;
  const restoring = new Promise<void>((told) => (arrived = told));
  let startAnew: () => void = () => undefined;
  const anew = new Promise<void>((told) => (startAnew = told));
  let laid: () => void = () => undefined;
  const onDisk = new Promise<void>((told) => (laid = told));
  const care: Pick<Care, 'restore' | 'startAnew'> = {
    restore: async () => {
      arrived();
      await onDisk;
      return { made: 1, by: '1', records: 1 };
    },
    startAnew,
  };
  open = await openControl(path, appliance, care as Care);
  const call = request({ socketPath: path, path: '/v1/restore', method: 'POST' });
  call.on('error', () => undefined);
  call.end('backup');
  await restoring;
  const gone = new Promise<void>((told) => call.once('close', told));
  call.destroy();
  await gone;
  // Answered on another connection after the first is gone for the daemon too.
  expect(await controlClient(path).get('/v1/health')).toEqual({ ok: true });
  laid();
  await anew;
});

test('a resync order that is no JSON is refused and the daemon lives on', async () => {
  const { client } = await opened();
  const odd = { toJSON: () => undefined };
  await client.lines({ method: 'POST', path: '/v1/resync', body: odd }, () => undefined);
  expect(await client.get('/v1/health')).toEqual({ ok: true });
});

test('no daemon is a sentence, with what to do', async () => {
  await expect(controlClient(join(folder, 'none')).get('/v1/phones')).rejects.toMatchObject({
    code: 'no-daemon',
    hint: expect.stringContaining('unboxd serve') as string,
  });
});

test('a socket left over from a crash is replaced, one that lives is not', async () => {
  const path = join(folder, 'control.sock');
  await writeFile(path, '');
  open = await openControl(path, appliance);
  await expect(openControl(path, appliance)).rejects.toMatchObject({ code: 'control-taken' });
});

// Files that are there and yet do not go out: without the right to read them, or asked for without a transfer.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import type { Shelf } from '../../src/files/disk.ts';
import { createDesk } from '../../src/files/serve.ts';
import { answerWith } from '../../src/http/policy.ts';
import { refusal } from '../../src/http/refusal.ts';
import { errorFor } from '../../src/tftp/policy.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { fakeWorld } from '../fakes/world.ts';
import { A1, A2, address, catalogue, deskIn, templates } from './kit.ts';

const OWN = '02ac3e000001.cfg';

function deskWhereReading(error: Error) {
  const events: PhoneEvent[] = [];
  const fails = async (): Promise<never> => await Promise.reject(error);
  const shelf: Shelf = { find: fails, list: async () => await Promise.resolve(undefined) };
  const phone = { mac: A1, identity: { vendor: 'acme', model: 'A10', by: '', conflicts: [] } };
  const desk = createDesk({
    ...{ catalogue, templates: templates(), shelf, lan: { address: address('10.99.0.1') } },
    ...{ urlFor: () => 'http://10.99.0.1/', world: fakeWorld() },
    recognise: async () => await Promise.resolve(phone),
    tell: (event) => events.push(event),
  });
  const from = { address: address('10.99.0.50'), port: 4000 };
  return { desk, phone, events, ask: async () => await desk.ask({ door: 'tftp', name: OWN, from }) };
}

test.each([
  { what: 'the file', error: new Fault('file-unreadable', `${OWN} may not be read`, 'chmod') },
  { what: 'its folder', error: Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' }) },
])(
  'no right to read $what: "no access", told as such, and the phone is not told that there is none',
  async ({ error }) => {
    const { ask, events, desk, phone } = deskWhereReading(error);
    expect(await ask()).toMatchObject({ kind: 'refused', because: 'no-access' });
    expect(events).toMatchObject([{ kind: 'refused', because: 'no-access', mac: A1, file: OWN }]);
    expect(events).toHaveLength(1);
    expect(await desk.prepare(phone, OWN)).toEqual({ kind: 'refuse', because: 'no-access' });
    expect(errorFor({ because: 'no-access' }).code).toBe(2);
    expect(refusal({ because: 'no-access' }).status).toBe(403);
  },
);

test('a broken disk stays a fault', async () => {
  const { ask, events } = deskWhereReading(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }));
  expect(await ask()).toMatchObject({ because: 'disk-trouble' });
  expect(events).toMatchObject([{ kind: 'fault', code: 'file-unreadable' }]);
  // Later, and not "no such file": that would be believed.
  expect(refusal({ because: 'disk-trouble' })).toMatchObject({
    status: 503,
    headers: { 'retry-after': '10' },
  });
  expect(errorFor({ because: 'disk-trouble' }).code).toBe(0);
});

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unboxd-access-'));
});
afterEach(async () => await rm(root, { recursive: true }));

const ROM = 'firmware/acme/A10/2.0/a10.rom';

/** Room for one phone at a time. */
async function deskWithFirmware() {
  await mkdir(join(root, 'firmware/acme/A10/2.0'), { recursive: true });
  await writeFile(join(root, ROM), Buffer.alloc(300_000, 7));
  const made = await deskIn(root, { files: { firmware: 'firmware', firmwareAtOnce: 1 } });
  made.lease(A1, '10.99.0.51');
  made.lease(A2, '10.99.0.52');
  const first = async (more = {}) => await made.ask(ROM, '10.99.0.51', more);
  const second = async () => await made.ask(ROM, '10.99.0.52');
  return { ...made, first, second };
}

test('HEAD takes no place, begins nothing and tells nothing of a transfer', async () => {
  const { first, second, events } = await deskWithFirmware();
  for (let count = 0; count < 5; count += 1) {
    const got = answerWith(await first({ look: true }), { method: 'HEAD', headers: {} });
    expect([got.status, got.headers['content-length'], got.sent]).toEqual([200, '300000', undefined]);
  }
  expect(events.filter(({ kind }) => ['fetching', 'fetched', 'refused'].includes(kind))).toEqual([]);
  expect((await second()).kind).toBe('file');
});

test.each([
  { what: '304', header: 'if-none-match', status: 304 },
  { what: '412', header: 'if-match', status: 412 },
  { what: '416', header: 'range', status: 416 },
])('$what gives its place back as soon as it is answered', async ({ header, status }) => {
  const { first, second } = await deskWithFirmware();
  const answer = await first();
  if (answer.kind !== 'file') return expect.fail(answer.because);
  const value =
    { 304: `"${answer.digest.slice(0, 32)}"`, 412: '"other"', 416: 'bytes=300000-' }[status] ?? '';
  const got = answerWith(answer, { method: 'GET', headers: { [header]: value } });
  expect(got.status).toBe(status);
  expect(await second()).toMatchObject({ kind: 'refused', because: 'too-busy' });
  got.sent?.({ complete: true, bytes: 0 });
  expect((await second()).kind).toBe('file');
});

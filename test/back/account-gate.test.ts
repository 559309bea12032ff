import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { gateDesk } from '../../src/back/account-gate.ts';
import { openFileDoors } from '../../src/back/doors.ts';
import { subnetOf } from '../../src/base/ipv4.ts';
import type { FileDesk, Proof } from '../../src/files/desk.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { catalogue } from '../fakes/vendors.ts';
import { fakeWorld } from '../fakes/world.ts';
import { PHONE, writingDesk } from '../http/door.ts';
import { PHONE as A10, HOST } from './kit.ts';

const ACCOUNTS = [
  { folder: 'T23G_1', user: 'anna', password: 'x', methods: ['basic'] },
  { folder: 'T23G_2', user: 'bert', password: 'y', methods: ['basic'] },
] as const;

function gated(accounts: Parameters<typeof gateDesk>[1]['accounts'] = ACCOUNTS) {
  const { desk, asks, uploads } = writingDesk();
  const events: PhoneEvent[] = [];
  const bare: FileDesk = { ...desk, list: async () => await Promise.resolve([]) };
  const tell = (event: PhoneEvent): void => void events.push(event);
  const gate = gateDesk(bare, { accounts, world: fakeWorld(), tell });
  const ask = (name: string, proof?: Proof) => ({ door: 'tftp', name, from: PHONE, proof }) as const;
  return { bare, gate, ask, asks, uploads, events };
}

test.each([
  { name: 'a.cfg', account: undefined, may: true },
  { name: 'T23G_1/a.cfg', account: undefined, may: false },
  { name: '/t23g_1//a.cfg', account: undefined, may: false },
  { name: 'T23G_1/a.cfg', account: 'anna', may: true },
  { name: 'T23G_1/a.cfg', account: 'bert', may: false },
  { name: 'x/../T23G_2/a.cfg', account: 'anna', may: false },
])('$name with the account $account: $may', async ({ name, account, may }) => {
  const { gate, ask, asks, uploads, events } = gated();
  const asked = ask(name, account === undefined ? undefined : { account });
  await gate.ask(asked);
  await gate.upload(asked);
  expect([asks.length, uploads.length]).toEqual(may ? [1, 1] : [0, 0]);
  expect(await gate.list(asked)).toEqual(may ? [] : undefined);
  const told = { kind: 'refused', door: 'tftp', because: 'sign-in-needed' };
  expect(events).toMatchObject(may ? [] : [told, told]);
});

test('without accounts the desk is as it was', () => {
  const { bare, gate } = gated([]);
  expect(gate).toBe(bare);
});

test.each([
  { name: 'A10_1/a.cfg', gets: 'a.cfg' },
  { name: '$PN_1/a.cfg', gets: 'name-not-allowed' },
  { name: '/x/..//{model}_1/a.cfg', gets: 'name-not-allowed' },
  { name: '$PN_2/a.cfg', gets: 'a.cfg' },
])('no placeholder leads behind a password: $name gets $gets', async ({ name, gets }) => {
  const root = await mkdtemp(join(tmpdir(), 'unboxd-gate-'));
  onTestFinished(async () => await rm(root, { recursive: true }));
  for (const folder of ['A10_1', 'A10_2']) {
    await mkdir(join(root, folder));
    await writeFile(join(root, folder, 'a.cfg'), 'x=1\n');
  }
  const off = { tftp: 'off', http: 'off', https: 'off', httpsLegacy: 'off', ftp: 'off' } as const;
  const accounts = [{ folder: 'A10_1', user: 'anna', password: 'x', methods: ['basic'] }] as const;
  const none = async (): Promise<never> => await Promise.reject(new Error('no door is open'));
  const { desk } = await openFileDoors({
    site: {
      ...{ catalogue, templates: new Map(), filesRoot: root, doors: { ...off, accounts } },
      ...{ url: 'http://{server}/', server: HOST },
    },
    lan: {
      ...{ interface: 'lo', address: HOST, subnet: subnetOf(HOST, 8) },
      ...{ openUdp: none, listenHttp: none, listenTcp: none, dialTcp: none },
    },
    ...{ world: fakeWorld(), recognise: none, tell: () => undefined },
  });
  const one = await desk.prepare(A10, name);
  expect(one.kind === 'file' ? one.name.split('/').at(-1) : one.because).toBe(gets);
});

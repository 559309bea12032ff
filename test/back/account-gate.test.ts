import { expect, test } from 'vitest';
import { gateDesk } from '../../src/back/account-gate.ts';
import type { FileDesk, Proof } from '../../src/files/desk.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import { fakeWorld } from '../fakes/world.ts';
import { PHONE, writingDesk } from '../http/door.ts';

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

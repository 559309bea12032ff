// A whole boot per vendor, from unknown MAC to proven, in virtual time: read aloud what the installer would see.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { stagingLan } from './staging.ts';

const opened: { close(): Promise<void> }[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function staging(options: Parameters<typeof stagingLan>[0] = {}) {
  const lan = await stagingLan(options);
  opened.push(lan);
  return lan;
}

/** Settings and list in a folder of their own. */
async function written(settings: string, list?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'unboxd-story-'));
  folders.push(folder);
  await writeFile(join(folder, 'unboxd.yaml'), settings);
  if (list !== undefined) await writeFile(join(folder, 'phones.csv'), list);
  return join(folder, 'unboxd.yaml');
}

test('a factory-fresh Yealink reaches its configuration without a hand on it', async () => {
  const lan = await staging();
  const phone = await lan.plug({ mac: '00:15:65:aa:bb:cc', vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(60_000);
  expect(phone.story()).toMatchSnapshot();
  expect(await lan.line('00:15:65:aa:bb:cc')).toMatchObject({
    stage: 'proven',
    model: 'T46S',
    address: '10.99.0.128',
  });
});

test('a Fanvil, told by DHCP and PnP alike', async () => {
  const lan = await staging();
  const phone = await lan.plug({ mac: '0c:38:3e:aa:bb:cc', vendor: 'fanvil', model: 'C62' });
  await lan.world.advance(60_000);
  expect(phone.story()).toMatchSnapshot();
  expect(await lan.line('0c:38:3e:aa:bb:cc')).toMatchObject({ stage: 'proven', vendor: 'Fanvil' });
});

test('a Flyingvoice that is told a TFTP URL', async () => {
  const file = await written("vendors: { flyingvoice: { url: 'tftp://{server}/' } }\n");
  const lan = await staging({ file });
  const phone = await lan.plug({ mac: '00:21:f2:aa:bb:cc', vendor: 'flyingvoice', model: 'FIP13G' });
  await lan.world.advance(60_000);
  expect(phone.story()).toMatchSnapshot();
  expect(await lan.line('00:21:f2:aa:bb:cc')).toMatchObject({ stage: 'proven', vendor: 'Flyingvoice' });
});

test('a Cisco MPP, which knows DHCP only', async () => {
  const lan = await staging();
  const phone = await lan.plug({ mac: '00:56:2b:aa:bb:cc', vendor: 'cisco', model: 'CP-6841-3PCC' });
  await lan.world.advance(60_000);
  expect(phone.story()).toMatchSnapshot();
  expect(await lan.line('00:56:2b:aa:bb:cc')).toMatchObject({ stage: 'proven', model: 'CP-6841-3PCC' });
});

test('a hundred and twenty phones at once: every one proven, each with an address of its own', async () => {
  const lan = await staging();
  const macs = Array.from({ length: 120 }, (_, index) => `001565${index.toString(16).padStart(6, '0')}`);
  for (const mac of macs) await lan.plug({ mac, vendor: 'yealink', model: 'T42S' });
  await lan.world.advance(120_000);
  const lines = await lan.appliance.phones();
  expect(lines.filter(({ stage }) => stage === 'proven')).toHaveLength(macs.length);
  expect(new Set(lines.map(({ address }) => address)).size).toBe(macs.length);
});

test('a full pool: those without an address are told why, in the table', async () => {
  const file = await written('lans:\n  - interface: lan0\n    dhcp: { pool: 10.99.0.50-10.99.0.51 }\n');
  const lan = await staging({ file });
  for (const n of [1, 2, 3]) await lan.plug({ mac: `00156500000${n}`, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(100_000);
  const stages = (await lan.appliance.phones()).map(({ stage }) => stage).sort();
  expect(stages).toEqual(['asking', 'proven', 'proven']);
  await lan.world.advance(400_000);
  const left = (await lan.appliance.phones()).find(({ stage }) => stage !== 'proven');
  expect(left?.sentence).toContain('no address of the pool is free');
});

test('no answer leaves for a lease that is not on disk; when the disk is back, the phone boots', async () => {
  const lan = await staging();
  lan.memory.failing = true;
  await lan.plug({ mac: '00:15:65:aa:bb:cc', vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(20_000);
  expect((await lan.line('00:15:65:aa:bb:cc'))?.address).toBeUndefined();
  const troubles = (lan.appliance.story(undefined) ?? []).concat(lan.appliance.story('001565aabbcc') ?? []);
  expect(troubles.some(({ kind }) => kind === 'fault')).toBe(true);
  lan.memory.failing = false;
  await lan.world.advance(120_000);
  expect(await lan.line('00:15:65:aa:bb:cc')).toMatchObject({ stage: 'proven' });
});

test('after a restart the lease and the proof are still there, and the phone keeps its address', async () => {
  const lan = await staging();
  const mac = '00:15:65:aa:bb:cc';
  const { phone } = await lan.plug({ mac, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(60_000);
  const before = await lan.line(mac);
  await phone.close();
  await lan.restart();
  expect(await lan.line(mac)).toMatchObject({ stage: 'proven', address: before?.address, model: 'T46S' });
  await lan.plug({ mac, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(60_000);
  expect(await lan.line(mac)).toMatchObject({ stage: 'proven', address: before?.address });
});

test('a woken phone fetches again, and only that confirms it', async () => {
  const lan = await staging();
  const mac = '00:15:65:aa:bb:cc';
  await lan.plug({ mac, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(60_000);
  const said: (string | undefined)[] = [];
  const done = lan.appliance.resync({ mac, reboot: false, patience: 60_000 }, ({ verdict }) =>
    said.push(verdict),
  );
  await lan.world.advance(30_000);
  await done;
  expect(said.at(-1)).toBe('confirmed');
});

test('a phone that challenges wake-ups is said to want a password', async () => {
  const lan = await staging();
  const mac = '00:56:2b:aa:bb:cc';
  await lan.plug({ mac, vendor: 'cisco', model: 'CP-6841-3PCC' });
  await lan.world.advance(60_000);
  const said: (string | undefined)[] = [];
  const done = lan.appliance.resync({ mac, reboot: false, patience: 60_000 }, ({ verdict }) =>
    said.push(verdict),
  );
  await lan.world.advance(60_000);
  await done;
  expect(said.at(-1)).toBe('wants-password');
});

test('nothing ever leaves for an address off the LAN', async () => {
  const lan = await staging();
  for (const n of [1, 2, 3]) await lan.plug({ mac: `00156500000${n}`, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(60_000);
  const places = new Set(lan.lan.wire.map(({ to }) => (to.address >>> 8) * 256));
  expect(lan.lan.wire.length).toBeGreaterThan(20);
  for (const place of places) expect([0x0a630000, 0xe0000100, 0xffffff00]).toContain(place);
});

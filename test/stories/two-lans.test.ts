// A staging LAN and an office LAN in one daemon, in virtual time: what is shared, and what keeps to its own side.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { awaitLans } from '../../src/cli/late-lans.ts';
import { checkOrder } from '../../src/control/storms-api.ts';
import { OFFICE, SERVER, stagingLan } from './staging.ts';

const DESK = { mac: '00:15:65:aa:bb:01', vendor: 'yealink', model: 'T46S' } as const;
const CLERK = { mac: '00:15:65:aa:bb:02', vendor: 'yealink', model: 'T46S', into: 'lan1' } as const;
const SETTINGS = 'lans: [{ interface: lan0 }, { interface: lan1, dhcp: { lease: 10m } }]\n';
const LOG = { warn: (message: unknown) => void warned.push(String(message)) };
const warned: string[] = [];

const opened: { close(): Promise<void> }[] = [];
let folder = '';
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  await rm(folder, { recursive: true });
  warned.splice(0);
});

const write = async (settings: string): Promise<void> =>
  await writeFile(join(folder, 'unboxd.yaml'), settings);

async function twoLans(settings = SETTINGS) {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-story-'));
  await write(settings);
  const lan = await stagingLan({ file: join(folder, 'unboxd.yaml'), office: true });
  opened.push(lan);
  return lan;
}

test('phones on both are proven, each by the addresses and URLs of its LAN', async () => {
  const lan = await twoLans();
  const desk = await lan.plug(DESK);
  const clerk = await lan.plug(CLERK);
  await lan.world.advance(60_000);
  expect(await lan.line(DESK.mac)).toMatchObject({ stage: 'proven', address: '10.99.0.128' });
  expect(await lan.line(CLERK.mac)).toMatchObject({ stage: 'proven', address: '10.98.0.128' });
  expect(desk.story().join()).toContain('http://10.99.0.1/');
  expect(desk.story().join()).not.toContain('10.98.');
  expect(clerk.story().join()).toContain('http://10.98.0.1/');
  expect(clerk.story().join()).not.toContain('10.99.');
  expect((await lan.appliance.leases()).map((line) => [line.address, line.interface])).toEqual([
    ['10.98.0.128', 'lan1'],
    ['10.99.0.128', 'lan0'],
  ]);
  const explained = await Promise.all([DESK, CLERK].map(async ({ mac }) => await lan.appliance.explain(mac)));
  expect(explained.map((one) => [one?.lan, one?.url])).toEqual([
    ['lan0 (10.99.0.1)', 'http://10.99.0.1/'],
    ['lan1 (10.98.0.1)', 'http://10.98.0.1/'],
  ]);
  const metrics = await lan.appliance.metrics?.();
  expect(metrics).toContain('unboxd_leases{state="bound"} 2\n');
  expect(metrics).toContain('unboxd_door_open{door="dhcp",interface="lan1"} 1\n');
  expect(metrics).toContain('unboxd_pool_taken_addresses{pool="10.98.0.128-10.98.0.254",class=""} 1\n');
});

test('nothing for one LAN goes out on the other', async () => {
  const lan = await twoLans();
  await lan.plug(CLERK);
  const quiet = lan.lan.wire.length;
  await lan.world.advance(60_000);
  expect(await lan.line(CLERK.mac)).toMatchObject({ stage: 'proven' });
  expect(lan.lan.wire.slice(quiet)).toEqual([]);
});

test('a phone that is plugged over is told, and gets an address of the other LAN', async () => {
  const lan = await twoLans('lans: [{ interface: lan0 }, { interface: lan1 }]\n');
  const before = await lan.plug(DESK);
  await lan.world.advance(60_000);
  await before.phone.close();
  const after = await lan.plug({ ...DESK, into: 'lan1' });
  await lan.world.advance(60_000);
  const story = after.story();
  expect(story).toContain(
    'is on lan1 now, and its address 10.99.0.128 is of lan0: it was plugged over, or is on the wrong LAN',
  );
  expect(await lan.line(DESK.mac)).toMatchObject({ stage: 'proven', address: '10.98.0.128' });
  expect((await lan.appliance.explain(DESK.mac))?.url).toBe('http://10.98.0.1/');
  // Its first lease runs on until it ends; of both the one that runs longer says where it is.
  await lan.restart();
  expect(await lan.line(DESK.mac)).toMatchObject({ address: '10.98.0.128' });
});

test('the file of a phone is not given to its address on the wrong LAN', async () => {
  const lan = await twoLans();
  await lan.plug(CLERK);
  await lan.world.advance(60_000);
  const ask = async (wire: typeof lan.lan, to: typeof SERVER) =>
    await wire.http(
      { address: to, port: 80 },
      {
        method: 'GET',
        target: '/001565aabb02.cfg',
        headers: {},
        from: { address: parseIpv4('10.98.0.128') ?? expect.fail(), port: 40_000 },
      },
    );
  const [right, wrong] = [await ask(lan.office, OFFICE), await ask(lan.lan, SERVER)];
  expect([right.status, wrong.status]).toEqual([200, 403]);
});

test('both keep their leases over a restart', async () => {
  const lan = await twoLans();
  await lan.plug(DESK);
  await lan.plug(CLERK);
  await lan.world.advance(60_000);
  const before = await lan.appliance.leases();
  await lan.restart();
  expect(await lan.appliance.leases()).toEqual(before.map((line) => ({ ...line, hostname: undefined })));
});

test('a storm wakes phones on both, each by its LAN', async () => {
  const lan = await twoLans();
  await lan.plug(DESK);
  await lan.plug(CLERK);
  await lan.world.advance(60_000);
  const storms = lan.appliance.storms ?? expect.fail();
  const order = checkOrder({ selection: { all: true }, patience: 30_000 });
  const started = await storms.start(order);
  if (typeof started === 'string') expect.fail(started);
  await lan.world.advance(60_000);
  expect(storms.list().map(({ mode, counts }) => ({ mode, counts }))).toEqual([
    { mode: 'done', counts: { confirmed: 2 } },
  ]);
});

test('a phone that is on neither is not woken, with the sentence as ever', async () => {
  const lan = await twoLans();
  const said: string[] = [];
  const order = { mac: '0c:38:3e:aa:bb:09', reboot: false, patience: 1000 };
  await lan.appliance.resync(order, ({ sentence }) => said.push(sentence));
  expect(said).toEqual(['not woken: it has no address on this LAN']);
});

test('leases that are taken over find their LAN', async () => {
  const lan = await twoLans();
  const expires = lan.world.now() + 3_600_000;
  const taken = await lan.appliance.importLeases([
    { address: '10.98.0.130', mac: '00:15:65:00:00:01', expires },
    { address: '10.99.0.130', mac: '00:15:65:00:00:02', expires },
    { address: '10.97.0.130', mac: '00:15:65:00:00:03', expires },
  ]);
  expect(taken.taken).toBe(2);
  expect(taken.skipped.map(({ address }) => address)).toEqual(['10.97.0.130']);
  expect((await lan.appliance.leases()).map((line) => `${line.address} ${line.interface}`)).toEqual([
    '10.98.0.130 lan1',
    '10.99.0.130 lan0',
  ]);
});

test('a reload changes each LAN, and says what waits for a restart', async () => {
  const lan = await twoLans();
  await write('lans: [{ interface: lan0, dhcp: { lease: 5m } }, { interface: lan1, dhcp: { mode: off } }]\n');
  expect(await lan.reload()).toMatchObject({
    done: true,
    changes: ['settings: lans.lan0.dhcp.lease, lans.lan1.dhcp.lease'],
    needsRestart: ['lans.lan1.dhcp.mode'],
  });
  await write(
    'lans: [{ interface: lan0, dhcp: { lease: 5m } }, { interface: lan1, dhcp: { pool: 10.97.0.1-10.97.0.9 } }]\n',
  );
  expect(await lan.reload()).toMatchObject({ done: false, mistakes: [{ line: 1 }, { line: 1 }] });
  await write('lans: [{ interface: lan0 }]\n');
  expect(await lan.reload()).toMatchObject({ needsRestart: ['lans (lan1 was taken out)'] });
  const clerk = await lan.plug(CLERK);
  await lan.world.advance(60_000);
  expect(clerk.story().join()).toContain('got the address 10.98.0.128 for 60 min');
});

test('a LAN that is away stops no other, keeps its leases, and is served when it is back', async () => {
  const lan = await twoLans();
  await lan.plug(CLERK);
  await lan.world.advance(60_000);
  lan.takeAway('lan1');
  await lan.restart();
  const { app } = lan;
  const trouble = () => lan.appliance.story(undefined)?.map(({ sentence }) => sentence);
  expect(trouble()).toEqual(['the phones on lan1 are not served: lan1 is down (ip link set lan1 up)']);
  await lan.plug(DESK);
  await lan.world.advance(60_000);
  expect(await lan.line(DESK.mac)).toMatchObject({ stage: 'proven' });
  expect((await lan.appliance.leases()).map(({ address }) => address)).toEqual([
    '10.98.0.128',
    '10.99.0.128',
  ]);

  const late = awaitLans({
    ...{ app, world: lan.world, load: lan.load, log: LOG as never },
    look: lan.facts,
    tlsFor: async () => await Promise.resolve(undefined),
  });
  await lan.world.advance(12_000);
  expect(app.served().lans.map((one) => one.interface)).toEqual(['lan0']);
  lan.takeAway();
  // The settings are read from the disk, which takes no virtual time.
  for (let turn = 0; turn < 100 && app.served().away.length > 0; turn++) {
    await lan.world.advance(5_000);
    await lan.load();
  }
  await late.close();
  expect(app.served().lans.map((one) => one.interface)).toEqual(['lan0', 'lan1']);
  expect(trouble()?.at(-1)).toBe('phones are served again: the interface lan1 is back');
  expect((await lan.appliance.leases()).map((line) => `${line.address} ${line.interface}`)).toEqual([
    '10.98.0.128 lan1',
    '10.99.0.128 lan0',
  ]);
  const clerk = await lan.plug({ ...CLERK, mac: '00:15:65:aa:bb:03' });
  await lan.world.advance(60_000);
  expect(clerk.story().join()).toContain('got the address 10.98.0.129');
  expect(warned).toEqual([]);
});

test('with all of them away nothing is served, and the first says why', async () => {
  const lan = await twoLans();
  lan.takeAway('lan0', 'lan1');
  await expect(lan.load()).rejects.toThrow('lan0 is down');
});

// A reload in the middle of everything: leases, a transfer, a storm and the phones of a list that changes, in virtual time.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { checkOrder } from '../../src/control/storms-api.ts';
import { decodePacket, encodePacket } from '../../src/tftp/packet.ts';
import { SERVER, stagingLan } from './staging.ts';

const DESK = '00:15:65:aa:bb:cc';
const HALL = '00:15:65:aa:bb:dd';
const opened: { close(): Promise<void> }[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A LAN with those files, and a way to change them. */
async function staging(files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'unboxd-reload-'));
  folders.push(folder);
  const write = async (changed: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(changed)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
  };
  await write(files);
  const lan = await stagingLan({ file: join(folder, 'unboxd.yaml') });
  opened.push(lan);
  return { ...lan, appliance: () => lan.appliance, write };
}

const LIST = 'mac,vendor,model,label,sip_user,sip_password,sip_server\n';
const SETTINGS = 'phones: phones.csv\n';

test('a phone whose row changes is stale until it comes again; its lease and its proof stay', async () => {
  const lan = await staging({
    'unboxd.yaml': SETTINGS,
    'phones.csv': `${LIST}${DESK},yealink,T46S,desk,101,pw,10.99.0.1\n`,
  });
  await lan.plug({ mac: DESK, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(60_000);
  expect(await lan.line(DESK)).toMatchObject({ stage: 'proven', label: 'desk', address: '10.99.0.128' });
  const [lease] = await lan.appliance().leases();

  await lan.write({
    'phones.csv': `${LIST}${DESK},yealink,T46S,hall,202,pw,10.99.0.1\n${HALL},yealink,T46S,door,303,pw,10.99.0.1\n`,
  });
  expect(await lan.reload()).toEqual({
    done: true,
    changes: ['phone list: 1 added (001565aabbdd), 1 changed (001565aabbcc)'],
    needsRestart: [],
    mistakes: [],
  });
  expect(await lan.line(DESK)).toMatchObject({ stage: 'stale', label: 'hall', address: '10.99.0.128' });
  expect(await lan.line(HALL)).toMatchObject({ listed: true, label: 'door', vendor: 'Yealink' });
  expect(await lan.appliance().leases()).toEqual([lease]);

  await lan.write({ 'phones.csv': `${LIST}${DESK},yealink,T46S,desk,101,pw,10.99.0.1\n` });
  expect((await lan.reload()).changes).toEqual([
    'phone list: 1 changed (001565aabbcc), 1 removed (001565aabbdd)',
  ]);
  // Back to the bytes that it has, and the other one had never come.
  expect(await lan.line(DESK)).toMatchObject({ stage: 'proven', label: 'desk' });
  expect(await lan.line(HALL)).toBeUndefined();
});

test('with one mistake nothing changes, and every mistake is told with its line', async () => {
  const lan = await staging({
    'unboxd.yaml': SETTINGS,
    'phones.csv': `${LIST}${DESK},yealink,T46S,desk,101,pw,10.99.0.1\n`,
  });
  await lan.write({
    'unboxd.yaml': 'phones: phones.csv\nprovisioning: { url: "gopher://x" }\ndoors: { http: 8080 }\n',
    'phones.csv': `${LIST}${DESK},yealink,T46S,hall,202,pw,10.99.0.1\nnonsense,yealink,T46S,x,1,pw,10.99.0.1\n`,
  });
  const answer = await lan.reload();
  expect(answer).toMatchObject({ done: false, changes: [], needsRestart: [] });
  const places = answer.mistakes.map(({ file, line }) => `${basename(file)}:${line}`);
  expect(places.sort()).toEqual(['phones.csv:3', 'unboxd.yaml:2']);
  expect(await lan.line(DESK)).toMatchObject({ label: 'desk' });
  const file = await lan.appliance().file(DESK, `${DESK.replaceAll(':', '')}.cfg`);
  expect(Buffer.from(file).toString()).toContain('101');
});

test('another pool, another URL: who holds an address keeps it, who comes gets one of the new ones', async () => {
  const lan = await staging({
    'unboxd.yaml': 'lans: [{ interface: lan0, dhcp: { pool: 10.99.0.50-10.99.0.59 } }]\n',
  });
  await lan.plug({ mac: DESK, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(60_000);
  expect(await lan.line(DESK)).toMatchObject({ address: '10.99.0.50' });
  await lan.write({
    'unboxd.yaml':
      'lans: [{ interface: lan0, dhcp: { pool: 10.99.0.200-10.99.0.209 } }]\nprovisioning: { url: "http://{server}/v2/" }\n',
  });
  expect((await lan.reload()).changes).toEqual([
    'settings: lans.0.dhcp.pool.first, lans.0.dhcp.pool.last, provisioning.url',
  ]);
  const late = await lan.plug({ mac: HALL, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(60_000);
  const leases = (await lan.appliance().leases()).map(({ address, state }) => `${address} ${state}`);
  expect(leases).toEqual(['10.99.0.50 bound', '10.99.0.200 bound']);
  expect(late.story().join('\n')).toContain('http://10.99.0.1/v2/');
  expect((await lan.appliance().explain(DESK))?.url).toBe('http://10.99.0.1/v2/');
});

test('rules for PnP hold from the next question on', async () => {
  const rules = 'rules: [{ vendor: yealink, do: ignore }]';
  const lan = await staging({ 'unboxd.yaml': 'lans: [{ interface: lan0, dhcp: { mode: companion } }]\n' });
  await lan.plug({ mac: DESK, vendor: 'yealink', model: 'T46S' });
  await lan.write({
    'unboxd.yaml': `lans: [{ interface: lan0, dhcp: { mode: companion }, pnp: { mode: provision, ${rules} } }]\n`,
  });
  expect((await lan.reload()).changes).toEqual(['settings: lans.0.pnp.rules']);
  await lan.world.advance(10_000);
  const told = (lan.appliance().story(DESK) ?? []).map(({ kind }) => kind);
  expect(told).toContain('no-answer-given');
  expect(told).not.toContain('told-url');
});

test('what needs a restart stays as it is and is named; all else holds', async () => {
  const lan = await staging({ 'unboxd.yaml': 'lans: [{ interface: lan0 }]\n' });
  await lan.write({
    'unboxd.yaml': [
      'lans: [{ interface: lan0, dhcp: { mode: companion, lease: 2h }, pnp: off }]',
      'doors: { tftp: off, http: 8080 }',
      'control: { socket: /run/other.sock }',
      '',
    ].join('\n'),
  });
  const answer = await lan.reload();
  expect(answer.needsRestart).toEqual([
    'lans.0.pnp.mode',
    'lans.0.dhcp.mode',
    'doors.tftp',
    'control.socket',
  ]);
  expect(answer.changes).toEqual(['settings: lans.0.dhcp.lease, doors.http']);
  await lan.plug({ mac: DESK, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(10_000);
  const [lease] = await lan.appliance().leases();
  expect((lease?.expires ?? 0) - lan.world.now()).toBeGreaterThan(7_000_000);
  const request = { method: 'GET', target: '/x', headers: {}, from: { address: SERVER, port: 40_000 } };
  expect((await lan.lan.http({ address: SERVER, port: 8080 }, request)).status).toBe(404);
  await expect(lan.lan.http({ address: SERVER, port: 80 }, request)).rejects.toThrow('refused');
});

test('a transfer under way ends with the bytes it began with; the next one has the new ones', async () => {
  const lan = await staging({
    'unboxd.yaml': 'files: { root: old }\n',
    'old/note.bin': 'o'.repeat(1200),
    'new/note.bin': 'n'.repeat(700),
  });
  const fetch = tftpReader(lan);
  const first = await fetch.begin('note.bin');
  expect(await first.next()).toBe('o'.repeat(512));
  await lan.write({ 'unboxd.yaml': 'files: { root: new }\n' });
  expect((await lan.reload()).changes).toEqual(['settings: files.root']);
  const second = await fetch.begin('note.bin');
  expect([await first.next(), await second.next()]).toEqual(['o'.repeat(512), 'n'.repeat(512)]);
  expect([await first.next(), await second.next()]).toEqual(['o'.repeat(176), 'n'.repeat(188)]);
});

/** Fetches by TFTP, block by block, as slowly as the test wants. */
function tftpReader({ lan, world }: Awaited<ReturnType<typeof staging>>) {
  const host = lan.host(() => parseIpv4('10.99.0.20') ?? expect.fail());
  const begin = async (filename: string) => {
    const heard: { readonly bytes: Uint8Array; readonly port: number }[] = [];
    const options = { port: 0, purpose: 'test', onTrouble: () => undefined };
    const socket = await host.openUdp(options, (bytes, from) => heard.push({ bytes, port: from.port }));
    const request = encodePacket({ kind: 'rrq', filename, mode: 'octet', options: [] });
    let answer = () => socket.send(request, { address: SERVER, port: 69 });
    return {
      next: async (): Promise<string> => {
        heard.splice(0);
        answer();
        // The disk is a real one: it takes turns of the loop, and no virtual time.
        for (let turns = 0; turns < 5000 && heard.length === 0; turns += 1) {
          await new Promise<void>((done) => setImmediate(done));
          await world.advance(0.5);
        }
        const { bytes, port } = heard[0] ?? expect.fail('nothing came');
        const packet = decodePacket(bytes);
        if (!packet.ok || packet.value.kind !== 'data') throw new Error(JSON.stringify(packet));
        const { block, data } = packet.value;
        answer = () => socket.send(encodePacket({ kind: 'ack', block }), { address: SERVER, port });
        return Buffer.from(data).toString();
      },
    };
  };
  return { begin };
}

test('a storm goes on over a reload: every phone is woken once, by the list as it is then', async () => {
  const macs = Array.from({ length: 6 }, (_, index) => `00:15:65:aa:bb:0${index}`);
  const rows = macs
    .map((mac, index) => `${mac},yealink,T46S,desk ${index},${100 + index},pw,10.99.0.1\n`)
    .join('');
  const lan = await staging({ 'unboxd.yaml': SETTINGS, 'phones.csv': LIST + rows });
  for (const mac of macs) await lan.plug({ mac, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(120_000);
  const storms = lan.appliance().storms ?? expect.fail();
  const storm = await storms.start(checkOrder({ selection: { all: true }, perSecond: 1, patience: 30_000 }));
  if (typeof storm === 'string') throw new Error(storm);
  await lan.world.advance(2_500);
  await lan.write({ 'phones.csv': LIST + rows.replaceAll('desk', 'hall') });
  expect((await lan.reload()).changes).toEqual(['phone list: 6 changed']);
  await lan.world.advance(120_000);
  expect(storms.list()).toMatchObject([{ id: storm.id, mode: 'done', phones: 6 }]);
  const woken = macs.map((mac) => {
    const events = (lan.appliance().story(mac) ?? []).filter(({ kind }) => kind === 'woken');
    return events.length;
  });
  expect(woken).toEqual([1, 1, 1, 1, 1, 1]);
});

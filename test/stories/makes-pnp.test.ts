// The makes that ask by PnP, and those close to them: phones that nobody listed, from unknown MAC to proven; and what
// each is told that asks by multicast in the words of public traces.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { unsealAs } from '../../src/seal/forms.ts';
import { DIALECTS, onWire } from '../sip/dialects.ts';
import { SERVER, stagingLan } from './staging.ts';

let close: (() => Promise<void>) | undefined;
let folder: string | undefined;
afterEach(async () => {
  await close?.();
  if (folder !== undefined) await rm(folder, { recursive: true });
  folder = undefined;
});

/** The daemon with that phone list. */
async function staging(list?: string) {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-makes-'));
  const phones = join(folder, 'phones.csv');
  if (list !== undefined) await writeFile(phones, list);
  const lan = await stagingLan(list === undefined ? {} : { phones });
  close = lan.close;
  return lan;
}

test.each([
  { mac: '00:04:13:aa:bb:cc', vendor: 'snom', model: 'D345', named: 'Snom' },
  { mac: 'c0:74:ad:aa:bb:cc', vendor: 'grandstream', model: 'GRP2612W', named: 'Grandstream' },
  { mac: '00:1f:c1:aa:bb:cc', vendor: 'htek', model: 'UC924', named: 'Htek' },
  { mac: '7c:2f:80:aa:bb:cc', vendor: 'gigaset', model: 'N870 IP PRO', named: 'Gigaset' },
  { mac: '3c:28:a6:aa:bb:cc', vendor: 'alcatel', model: 'M3', named: 'Alcatel-Lucent' },
])('$named $model, factory-fresh and in no list', async ({ mac, vendor, model, named }) => {
  const lan = await staging();
  const phone = await lan.plug({ mac, vendor, model });
  await lan.world.advance(60_000);
  expect(phone.story()).toMatchSnapshot();
  expect(await lan.line(mac)).toMatchObject({ stage: 'proven', vendor: named, model });
});

const GROUP = { address: parseIpv4('224.0.1.75') ?? expect.fail(), port: 5060 };
const PHONE = parseIpv4('10.99.0.77') ?? expect.fail();

/** What a stranger is told that asks so, and as whom the table shows it. Traces are moved to this LAN. */
async function asked(mac: string, trace: string) {
  const text = trace.replaceAll(/\b10\.1\.\d+\.\d+/g, '10.99.0.77');
  const port = Number(/^Via: SIP\/2\.0\/UDP 10\.99\.0\.77:(\d+)/m.exec(text)?.[1]);
  const lan = await staging();
  const heard: string[] = [];
  const socket = await lan.lan
    .host(() => PHONE)
    .openUdp({ port, purpose: 'a phone', onTrouble: () => undefined }, (bytes) =>
      heard.push(Buffer.from(bytes).toString('latin1')),
    );
  socket.send(onWire(text), GROUP);
  await lan.world.advance(300);
  const notify = heard.find((message) => message.startsWith('NOTIFY ')) ?? expect.fail(heard.join('\n'));
  const line = await lan.line(mac);
  await socket.close();
  return { url: notify.slice(notify.indexOf('\r\n\r\n') + 4), is: [line?.vendor, line?.model] };
}

describe('a fleet of five makes that nobody listed', () => {
  test.each([
    ['805ec0000000', 'yealink', 'T46S', '66.86.0.15', 'Yealink SIP-T46S 66.86.0.15', 'Yealink', 'T46S'],
    ['0c383e000001', 'Fanvil', 'VOIP PHONE', '2.4.2', 'Fanvil X4U 2.4.2', 'Fanvil', 'X4U'],
    [
      '0021f2000002',
      'flyingvoice',
      'FIP12WP',
      '0.7.34',
      'Flyingvoice FIP12WP V0.7.34',
      'Flyingvoice',
      'FIP12WP',
    ],
    ['000413000003', 'OEM', 'OEM', '10.1.54', 'snomD345/10.1.54', 'Snom', 'D345'],
    [
      'c074ad000004',
      'Grandstream',
      'GRP2612W',
      '1.0.5.67',
      'Grandstream GRP2612W 1.0.5.67',
      'Grandstream',
      'GRP2612W',
    ],
  ])('%s says vendor="%s" and model="%s"', async (mac, vendor, model, version, userAgent, ...is) => {
    const text = `SUBSCRIBE sip:MAC%3a${mac}@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 10.99.0.77:5062;branch=z9hG4bK-1;rport
From: <sip:MAC%3a${mac}@224.0.1.75>;tag=1
To: <sip:MAC%3a${mac}@224.0.1.75>
Call-ID: 1@10.99.0.77
CSeq: 1 SUBSCRIBE
Contact: <sip:MAC%3a${mac}@10.99.0.77:5062>
Max-Forwards: 70
User-Agent: ${userAgent}
Expires: 0
Event: ua-profile;profile-type="device";vendor="${vendor}";model="${model}";version="${version}"
Accept: application/url
Content-Length: 0

`;
    expect(await asked(mac, text)).toEqual({ url: 'http://10.99.0.1/', is });
  });
});

describe('in the words of traces', () => {
  test.each([
    { of: 'Snom 370', vendor: 'Snom', model: '370' },
    { of: 'Snom 7.x as printed', vendor: 'Snom', model: undefined },
    { of: 'Snom M700', vendor: 'Snom', model: 'M700' },
    { of: 'Gigaset Maxwell', vendor: 'Gigaset', model: 'Maxwell 3' },
    { of: 'Grandstream GRP2612W', vendor: 'Grandstream', model: 'GRP2612W' },
    { of: 'Htek', vendor: 'Htek', model: 'UC924' },
  ])('$of is $vendor $model', async ({ of, vendor, model }) => {
    const { mac, text } = DIALECTS.find(({ phone }) => phone.startsWith(of)) ?? expect.fail(of);
    expect(await asked(mac ?? '', text)).toEqual({ url: 'http://10.99.0.1/', is: [vendor, model] });
  });
});

describe('a listed phone', () => {
  test.each([
    { mac: '00:04:13:aa:bb:cc', vendor: 'snom', model: 'D785' },
    // Its account answers the challenge.
    { mac: 'c0:74:ad:aa:bb:cc', vendor: 'grandstream', model: 'GRP2614' },
    { mac: '00:1f:c1:aa:bb:cc', vendor: 'htek', model: 'UC926' },
    { mac: '7c:2f:80:aa:bb:cc', vendor: 'gigaset', model: 'N670 IP PRO' },
    { mac: '3c:28:a6:aa:bb:cc', vendor: 'alcatel', model: 'M5' },
  ])('$vendor $model is woken and fetches again, and restarts', async ({ mac, vendor, model }) => {
    const lan = await staging(
      `mac,vendor,model,sip_server,sip_user,sip_password\n${mac},${vendor},${model},10.99.0.5,101,hush\n`,
    );
    await lan.plug({ mac, vendor, model });
    await lan.world.advance(60_000);
    for (const reboot of [false, true]) {
      const said: (string | undefined)[] = [];
      const done = lan.appliance.resync({ mac, reboot, patience: 60_000 }, ({ verdict }) =>
        said.push(verdict),
      );
      await lan.world.advance(60_000);
      await done;
      expect(said.at(-1)).toBe('confirmed');
    }
  });

  test('a Grandstream with a key gets its file sealed, and nothing else', async () => {
    const mac = 'c0:74:ad:aa:bb:cc';
    const lan = await staging(
      `mac,vendor,model,sip_server,sip_user,sip_password,seal_key\n${mac},grandstream,GRP2614,10.99.0.5,101,hush,GrandKey\n`,
    );
    await lan.plug({ mac, vendor: 'grandstream', model: 'GRP2614' });
    await lan.world.advance(60_000);
    const from = { address: parseIpv4((await lan.line(mac))?.address ?? '') ?? expect.fail(), port: 40_000 };
    const get = async (target: string) => {
      const headers = { 'user-agent': 'Grandstream Model HW GRP2614 SW 1.0.5.15 DevId c074adaabbcc' };
      const request = { method: 'GET', target, headers, from };
      return (await lan.lan.http({ address: SERVER, port: 80 }, request)).body ?? expect.fail('no body');
    };
    const opened = unsealAs(await get('/cfgc074adaabbcc.xml'), {
      form: 'openssl',
      key: Buffer.from('GrandKey'),
      digest: 'md5',
    });
    const text = opened.ok ? Buffer.from(opened.value.content).toString() : expect.fail(opened.error);
    expect(text).toContain('<P34>hush</P34>');
    expect(text).toContain('<P1359>GrandKey</P1359>');
    expect(Buffer.from(await get('/cfggrp2614.xml')).toString()).toMatch(/^<\?xml/);
  });
});

// The makes that come by DHCP alone: a whole boot of each, from the option in its maker's form to its own file.
import { afterEach, expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { AUDIOCODES_440HD, onWire } from '../sip/dialects.ts';
import { stagingLan } from './staging.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

test.each([
  { vendor: 'poly', model: 'VVX 500', mac: '00:04:f2:82:e8:24', name: 'Poly' },
  { vendor: 'mitel', model: '6867i', mac: '00:08:5d:16:10:de', name: 'Mitel' },
  { vendor: 'audiocodes', model: '440HD', mac: '00:90:8f:60:2a:ac', name: 'AudioCodes' },
  { vendor: 'panasonic', model: 'KX-HDV130', mac: '00:80:f0:c8:c3:81', name: 'Panasonic' },
  { vendor: 'avaya', model: 'J179', mac: 'c8:1f:ea:83:e8:5a', name: 'Avaya' },
  { vendor: 'vtech', model: 'VSP726', mac: '00:12:2a:aa:bb:cc', name: 'VTech' },
  { vendor: 'spa', model: 'SPA504G', mac: '00:0e:08:21:03:aa', name: 'Cisco SPA' },
])('a factory-fresh $name $model', async ({ vendor, model, mac, name }) => {
  const lan = await stagingLan();
  opened.push(lan);
  const phone = await lan.plug({ mac, vendor, model });
  await lan.world.advance(60_000);
  expect(phone.story()).toMatchSnapshot();
  expect(await lan.line(mac)).toMatchObject({ stage: 'proven', vendor: name, model });
});

test('an AudioCodes that asks by PnP says no MAC: its lease says whose question it is', async () => {
  const lan = await stagingLan();
  opened.push(lan);
  const mac = '00:90:8f:60:2a:ac';
  await lan.plug({ mac, vendor: 'audiocodes', model: '440HD' });
  await lan.world.advance(60_000);
  const address = (await lan.line(mac))?.address ?? expect.fail('no address');
  const heard: string[] = [];
  const own = parseIpv4(address) ?? expect.fail(address);
  const socket = await lan.lan
    .host(() => own)
    .openUdp({ port: 5077, purpose: 'a phone', onTrouble: () => undefined }, (bytes) =>
      heard.push(Buffer.from(bytes).toString('latin1')),
    );
  // The phone of the story holds port 5060 itself.
  const question = AUDIOCODES_440HD.text.replaceAll('10.1.2.37:5060', `${address}:5077`);
  socket.send(onWire(question), { address: parseIpv4('224.0.1.75') ?? expect.fail(), port: 5060 });
  await lan.world.advance(300);
  await socket.close();
  const notify = heard.find((message) => message.startsWith('NOTIFY ')) ?? expect.fail(heard.join('\n'));
  expect(notify.slice(notify.indexOf('\r\n\r\n') + 4)).toBe('http://10.99.0.1/');
  expect(await lan.line(mac)).toMatchObject({ vendor: 'AudioCodes', model: '440HD' });
});

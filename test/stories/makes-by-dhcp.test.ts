// The makes that come by DHCP alone: a whole boot of each, from the option in its maker's form to its own file.
import { afterEach, expect, test } from 'vitest';
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

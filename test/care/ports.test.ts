// Which ports doctor tries, and where: what one of several LANs wants is tried on that one.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { portFacts } from '../../src/care/facts-ports.ts';
import { wantedPorts } from '../../src/care/gather.ts';
import type { OtherLan } from '../../src/care/survey.ts';
import { loadDeviceSockets } from '../../src/net/device-socket.ts';
import { loadSite } from '../../src/site/load.ts';
import { lan } from './kit.ts';

const DOORS = ['TFTP', 'HTTP'];
const one = (name: string, modes: Partial<OtherLan> = {}): OtherLan => {
  return { mode: 'full', pnp: 'provision', lan: { ...lan, name }, ...modes };
};
const trouble = { message: 'no link', hint: 'plug in' };

test.each<{ what: string; lans: readonly OtherLan[]; purposes: readonly string[]; dhcp?: readonly string[] }>(
  [
    { what: 'no LAN', lans: [], purposes: ['DHCP', 'TFTP', 'SIP PnP', 'HTTP'], dhcp: [] },
    { what: 'one that is off', lans: [one('a', { mode: 'off', pnp: 'off' })], purposes: DOORS },
    {
      what: 'off on the first, on on the second',
      lans: [one('a', { mode: 'off', pnp: 'off' }), one('b', { mode: 'companion' })],
      purposes: ['DHCP', 'TFTP', 'SIP PnP', 'HTTP'],
      dhcp: ['b'],
    },
    {
      what: 'one that cannot be used',
      lans: [one('a', { lan: { ...lan, name: 'a', trouble } }), one('b', { pnp: 'off' })],
      purposes: ['DHCP', 'TFTP', 'SIP PnP', 'HTTP'],
      dhcp: ['b'],
    },
  ],
)('ports of $what', async ({ lans, purposes, dhcp }) => {
  const loaded = await loadSite({ facts: () => undefined });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const wanted = wantedPorts(loaded.value, lans);
  expect(wanted.map(({ purpose }) => purpose)).toEqual(purposes);
  expect(wanted.find(({ purpose }) => purpose === 'DHCP')?.interfaces).toEqual(dhcp);
});

test('the interface on which a port is not free is named where there are several', async () => {
  expect(await loadDeviceSockets()).not.toBeTypeOf('string');
  const taken = createSocket('udp4');
  taken.bind(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address();
  const look = async (...interfaces: readonly string[]) => {
    const [facts] = await portFacts([{ transport: 'udp', port, purpose: 'TFTP', interfaces }], undefined);
    return facts;
  };
  try {
    expect(await look('lo')).toMatchObject({ outcome: 'taken', holders: [{ pid: process.pid }] });
    expect(await look('lo')).not.toHaveProperty('on');
    expect(await look('lo', 'nonesuch')).toMatchObject({ outcome: 'taken', on: 'lo' });
  } finally {
    taken.close();
  }
  expect(await look('lo')).toMatchObject({ outcome: 'free', holders: [] });
  expect(await look('lo', 'nonesuch')).toMatchObject({ outcome: 'failed', on: 'nonesuch' });
});

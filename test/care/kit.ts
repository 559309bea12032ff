// A machine on which all is well, as doctor finds it.
import type { LanFacts, MachineFacts, PortFacts, Survey } from '../../src/care/survey.ts';

export const NOW = Date.UTC(2027, 0, 31, 12);
export const DAY = 86_400_000;
export const BIND = new Set(['NET_BIND_SERVICE']);

export const machine: MachineFacts = {
  node: '20.19.2',
  uid: 0,
  user: 'root',
  capabilities: BIND,
  unprivilegedFrom: 1024,
  clock: { now: NOW, isSynchronised: true, hasBattery: false },
  buffer: { granted: 4_194_304, most: 4_194_304 },
};
export const lan: LanFacts = {
  name: 'eth1',
  where: '10.20.0.1/22',
  twins: [],
  multicast: true,
  strangers: [],
  notLooked: [],
};
export const dhcp: PortFacts = {
  transport: 'udp',
  port: 67,
  purpose: 'DHCP',
  outcome: 'free',
  holders: [],
  isOurs: false,
  lost: 0,
};
export const healthy: Survey = {
  machine,
  ports: [dhcp],
  lan,
  interfaces: ['eth0 (192.0.2.2)', 'eth1 (10.20.0.1)'],
  mode: 'full',
  pnp: 'provision',
  state: { path: '/s', exists: true, isWritable: true, owner: 'root', free: 8e9, kind: 'disk', flush: 1.25 },
  files: [],
  certificates: [],
  control: '/run/c.sock',
  daemon: { kind: 'none' },
};

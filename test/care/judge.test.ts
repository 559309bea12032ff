// Every finding of `unboxd doctor`: what is found, how it is judged, what is said.
import { expect, test } from 'vitest';
import { judge, verdict } from '../../src/care/judge.ts';
import type { LanFacts, MachineFacts, PortFacts, Survey } from '../../src/care/survey.ts';
import { BIND, DAY, dhcp, healthy, lan, machine, NOW } from './kit.ts';

const running = { kind: 'runs', version: '1.2.3', pid: 7, since: NOW, run: 'a' } as const;

test('a healthy machine: every line is ok, nothing to mend, exit code 0', () => {
  const findings = judge(healthy);
  expect(findings.map(({ topic, state, sentence }) => `${state} ${topic}: ${sentence}`)).toEqual([
    'ok settings: the settings have no mistakes',
    'ok daemon: no unboxd answers at /run/c.sock',
    'ok node: Node 20.19.2',
    'ok capabilities: root has CAP_NET_BIND_SERVICE',
    'ok clock: the clock says 2027-01-31 12:00 UTC',
    'ok buffer: the kernel lets a socket hold 4096 KiB of waiting datagrams',
    'ok interface: eth1 is up, with link and 10.20.0.1/22',
    'ok multicast: what is sent to the PnP group 224.0.1.75 is heard on eth1',
    'ok others: no other DHCP or PnP server answers on eth1',
    'ok ports: UDP port 67 (DHCP) is free',
    'ok disk: 8000 MB are free for /s',
    'ok disk: a small write to /s takes 1.3 ms to be on the disk',
  ]);
  expect(findings.filter(({ mend }) => mend !== undefined)).toEqual([]);
  expect(verdict(findings)).toBe(0);
});

const withMachine = (change: Partial<MachineFacts>): Partial<Survey> => ({
  machine: { ...machine, ...change },
});
const withLan = (change: Partial<LanFacts>): Partial<Survey> => ({ lan: { ...lan, ...change } });
const withPort = (change: Partial<PortFacts>): Partial<Survey> => ({ ports: [{ ...dhcp, ...change }] });
const withState = (change: Partial<Survey['state']>): Partial<Survey> => ({
  state: { ...healthy.state, ...change },
});
const file = (role: 'key' | 'secret' | 'settings' | 'socket', mode: number, isReadable = true) => ({
  files: [{ path: '/f', what: 'the file', role, mode, isReadable, owner: 'root', group: 'root' }],
});
const certificate = (change: {
  notBefore?: number;
  notAfter?: number;
  renews?: boolean;
}): Partial<Survey> => ({
  certificates: [
    {
      path: '/c.pem',
      what: 'the server certificate',
      notBefore: 0,
      notAfter: NOW + 90 * DAY,
      renews: true,
      ...change,
    },
  ],
});
const nobody = { user: 'pi', capabilities: new Set<string>() };
const unit = { path: '/u', capabilities: BIND, isEnabled: true, user: 'unboxd' };

test.each<[string, Partial<Survey>, string, string]>([
  [
    'mistakes',
    { mistakes: { first: 'a.yaml:3: wrong', count: 3, check: 'unboxd check' } },
    'bad',
    'a.yaml:3: wrong (and 2 more)',
  ],
  ['a daemon', { daemon: running }, 'ok', 'unboxd 1.2.3 runs as process 7'],
  ['a daemon of others', { daemon: { kind: 'forbidden' } }, 'warn', 'this user may not ask it'],
  ['an older daemon', { daemon: { kind: 'other' } }, 'warn', 'of another version'],
  ['an enabled unit that does not run', withMachine({ unit }), 'warn', 'although its unit is enabled'],
  ['an old Node', withMachine({ node: '18.20.4' }), 'bad', 'Node 18.20.4 is older than 20.19.0'],
  ['a Node a little too old', withMachine({ node: '20.18.9' }), 'bad', 'older than'],
  ['a newer Node', withMachine({ node: '22.1.0' }), 'ok', 'Node 22.1.0'],
  ['no capability', withMachine(nobody), 'bad', 'CAP_NET_BIND_SERVICE is missing'],
  ['the unit gives it', withMachine({ ...nobody, unit }), 'ok', 'the unit /u gives CAP_NET_BIND_SERVICE'],
  [
    'the unit does not',
    withMachine({ unit: { ...unit, capabilities: new Set() } }),
    'bad',
    'the unit /u does not give',
  ],
  ['ports for everybody', withMachine({ ...nobody, unprivilegedFrom: 0 }), 'ok', 'pi needs no capability'],
  [
    'a clock of 1970',
    withMachine({ clock: { ...machine.clock, now: 0 } }),
    'bad',
    'the clock says 1970-01-01 00:00 UTC',
  ],
  [
    'a clock of the future',
    withMachine({ clock: { ...machine.clock, now: Date.UTC(2070, 0) } }),
    'bad',
    'cannot be',
  ],
  [
    'a clock that went back',
    withMachine({ clock: { ...machine.clock, written: NOW + DAY } }),
    'warn',
    'at 2027-02-01 12:00',
  ],
  [
    'a clock that nobody sets',
    withMachine({ clock: { ...machine.clock, isSynchronised: false } }),
    'warn',
    'no battery',
  ],
  [
    'a small buffer',
    withMachine({ buffer: { granted: 212_992, most: 212_992 } }),
    'warn',
    '208 KiB of waiting datagrams (net.core.rmem_max is 212992), 4096 KiB are wanted',
  ],
  [
    'lost datagrams',
    { ...withPort({ isOurs: true, lost: 12 }), daemon: running },
    'warn',
    '12 datagrams were lost',
  ],
  ['no interface named', { lan: undefined }, 'bad', 'this machine has eth0 (192.0.2.2), eth1 (10.20.0.1)'],
  [
    'no link',
    withLan({ trouble: { message: 'the interface eth1 has no link', hint: 'plug in' } }),
    'bad',
    'has no link',
  ],
  [
    'no pinning, another LAN',
    withMachine({ cannotPin: 'no koffi' }),
    'bad',
    'the LAN of eth0 (192.0.2.2) would be served too',
  ],
  [
    'no pinning, one LAN',
    { ...withMachine({ cannotPin: 'no koffi' }), interfaces: ['eth1 (10.20.0.1)'] },
    'warn',
    'do not connect',
  ],
  ['a twin', withLan({ twins: ['wlan0'] }), 'warn', 'wlan0 has an address in the same subnet as eth1'],
  ['deaf', withLan({ multicast: false }), 'bad', 'is not heard on eth1'],
  [
    'not tried',
    withLan({ multicast: undefined, multicastTrouble: 'no koffi' }),
    'warn',
    'not tried on eth1: no koffi',
  ],
  [
    'another DHCP server',
    withLan({ strangers: [{ door: 'dhcp', who: '10.20.0.9' }] }),
    'bad',
    'another DHCP server answers: 10.20.0.9',
  ],
  [
    'the same, as companion',
    { ...withLan({ strangers: [{ door: 'dhcp', who: '10.20.0.9' }] }), mode: 'companion' },
    'ok',
    'beside which unboxd works',
  ],
  [
    'another PnP server',
    withLan({ strangers: [{ door: 'pnp', who: '10.20.0.9' }] }),
    'warn',
    'another PnP server answers: 10.20.0.9',
  ],
  [
    'nobody looked',
    withLan({ notLooked: ['others are not looked for: no permission'] }),
    'warn',
    'no permission',
  ],
  [
    'our port',
    { ...withPort({ outcome: 'taken', isOurs: true }), daemon: running },
    'ok',
    'UDP port 67 (DHCP) is held by the running unboxd',
  ],
  [
    'a taken port',
    withPort({ outcome: 'taken', holders: [{ pid: 812, name: 'dnsmasq' }] }),
    'bad',
    'UDP port 67 (DHCP) is taken by dnsmasq (process 812)',
  ],
  [
    'taken on one of several LANs',
    withPort({ outcome: 'taken', on: 'eth2' }),
    'bad',
    'UDP port 67 (DHCP) on eth2 is taken by a process',
  ],
  [
    'taken by somebody',
    withPort({ outcome: 'taken', holders: [{}] }),
    'bad',
    'taken by a process that this user may not see',
  ],
  [
    'not permitted',
    { ...withPort({ outcome: 'forbidden' }), ...withMachine(nobody) },
    'bad',
    'nobody has it, and pi may not try it',
  ],
  [
    'not permitted to us, but to the unit',
    { ...withPort({ outcome: 'forbidden' }), ...withMachine({ ...nobody, unit }) },
    'ok',
    'pi may not try it',
  ],
  ['failed', withPort({ outcome: 'failed', detail: 'odd' }), 'bad', 'cannot be opened: odd'],
  ['no state yet', withState({ exists: false }), 'ok', 'will be made at the first start'],
  ['a state of nobody', withState({ isWritable: false }), 'bad', 'no lease could be kept'],
  [
    'a state of another user',
    { ...withState({ isWritable: false, owner: 'unboxd' }), ...withMachine({ ...nobody, unit }) },
    'warn',
    '/s belongs to unboxd; pi may not look into it',
  ],
  ['a full disk', withState({ free: 5e6 }), 'bad', 'only 5000 kB are free for /s'],
  ['little room', withState({ free: 5e7 }), 'warn', '50 MB are free'],
  ['no more files', withState({ freeFiles: 5 }), 'bad', 'only 5 more files'],
  ['memory', withState({ kind: 'tmpfs' }), 'warn', '/s lies on a tmpfs'],
  [
    'a slow card',
    withState({ flush: 180 }),
    'warn',
    'takes 180 ms to be on the disk; every address waits for that',
  ],
  ['a dying card', withState({ flush: 1800 }), 'bad', 'takes 1800 ms'],
  ['an open key', file('key', 0o640), 'bad', '/f may be read by others'],
  ['a closed key', file('key', 0o600), 'ok', '/f is for its owner only'],
  ['an open list', file('secret', 0o644), 'warn', 'passwords stand in it'],
  ['an open socket', file('socket', 0o666), 'warn', 'may command the daemon'],
  [
    'settings that the unit may not read',
    { ...file('settings', 0o640), ...withMachine({ unit }) },
    'bad',
    'unboxd may not read the file /f',
  ],
  ['closed settings', file('settings', 0o600, false), 'bad', 'root may not read the file /f'],
  [
    'a dead certificate',
    certificate({ notAfter: NOW - DAY }),
    'bad',
    'ran out on 2027-01-30: phones refuse it',
  ],
  [
    'a dying certificate',
    certificate({ notAfter: NOW + DAY, renews: false }),
    'warn',
    'runs out on 2027-02-01',
  ],
  ['an unborn certificate', certificate({ notBefore: NOW + DAY }), 'bad', 'is not valid before 2027-02-01'],
  ['a good certificate', certificate({}), 'ok', 'is valid until 2027-05-01'],
])('%s', (_what, change, state, says) => {
  const findings = judge({ ...healthy, ...change });
  const found = findings.filter(({ sentence }) => sentence.includes(says));
  expect(found, findings.map(({ sentence }) => sentence).join('\n')).toHaveLength(1);
  expect(found[0]?.state).toBe(state);
});

test('whatever is not ok says what mends it', () => {
  const all = judge({
    ...healthy,
    ...withMachine({ ...nobody, node: '18.0.0', cannotPin: 'x', clock: { ...machine.clock, now: 0 } }),
    ...withLan({ twins: ['x'], multicast: false, strangers: [{ door: 'pnp', who: 'x' }], notLooked: ['x'] }),
    ...withState({ free: 1, kind: 'overlay', flush: 100 }),
    ...certificate({ notAfter: 1 }),
    ...file('key', 0o777),
  });
  const bad = all.filter(({ state }) => state !== 'ok');
  expect(bad.length).toBeGreaterThan(10);
  expect(bad.filter(({ mend }) => mend === undefined)).toEqual([]);
});

test('the exit code is that of the worst', () => {
  const of = (...states: readonly ('bad' | 'ok' | 'warn')[]) =>
    verdict(states.map((state) => ({ topic: 't', state, sentence: 's' })));
  expect([of(), of('ok'), of('ok', 'warn'), of('warn', 'bad', 'ok')]).toEqual([0, 0, 2, 1]);
});

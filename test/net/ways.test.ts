import { expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { ANY } from '../../src/base/ipv4.ts';
import { bindFault } from '../../src/net/bind-fault.ts';
import type { DeviceSockets } from '../../src/net/device-socket.ts';
import { bindOnLan, type Ground, type Wanted } from '../../src/net/ways.ts';
import { fakeWorld } from '../fakes/world.ts';

const DHCP: Wanted = {
  transport: 'udp',
  port: 67,
  address: ANY,
  purpose: 'DHCP',
  shared: false,
  hearsAll: true,
};
const HTTP: Wanted = {
  transport: 'tcp',
  port: 80,
  address: ANY,
  purpose: 'HTTP',
  shared: false,
  hearsAll: false,
};

const pinning: DeviceSockets = { open: () => 42, keepAlone: () => undefined };

interface Case {
  readonly when: string;
  readonly wanted?: Wanted;
  readonly inherited?: readonly string[];
  readonly device?: DeviceSockets;
  readonly mayBePlain?: boolean;
  readonly gives: string;
  readonly warns?: boolean;
}

const CASES: readonly Case[] = [
  { when: 'sockets can be pinned', device: pinning, mayBePlain: true, gives: 'device' },
  { when: 'systemd hands the port over', device: pinning, inherited: ['udp-67'], gives: 'systemd' },
  { when: 'systemd hands another port over', device: pinning, inherited: ['udp-69'], gives: 'device' },
  { when: 'nothing pins, but there is one LAN', mayBePlain: true, gives: 'plain', warns: true },
  { when: 'nothing pins and there are two LANs', gives: 'cannot-pin' },
  { when: 'nothing pins HTTP, which is bound to our address anyway', wanted: HTTP, gives: 'plain' },
];

test.each(CASES)(
  '$when: $gives',
  async ({ wanted = DHCP, inherited = [], device, mayBePlain = false, gives, warns = false }) => {
    const warnings: string[] = [];
    const ground: Ground = {
      interface: 'eth1',
      address: ANY,
      world: fakeWorld(),
      inherited: new Map(inherited.map((name, index) => [name, 3 + index])),
      deviceSockets: async () => await Promise.resolve(device ?? 'koffi is not here'),
      mayBePlain: () => mayBePlain,
      onWarning: (message) => warnings.push(message),
    };
    const outcome = await bindOnLan(ground, wanted).then(
      (bound) => bound.way,
      (error: unknown) => (error instanceof Fault ? error.code : error),
    );
    expect(outcome).toBe(gives);
    expect(warnings).toHaveLength(warns ? 1 : 0);
    expect(ground.inherited.has('udp-67')).toBe(false);
  },
);

test.each([
  { errno: 'EADDRINUSE', code: 'port-taken', says: 'UDP port 67 is taken', hint: "ss -lunp 'sport = :67'" },
  {
    errno: 'EACCES',
    code: 'no-permission',
    says: 'no permission to bind UDP port 67 for DHCP',
    hint: 'run as root',
  },
  { errno: 'EPERM', code: 'no-permission', says: 'no permission', hint: 'CAP_NET_BIND_SERVICE' },
  { errno: 'ENODEV', code: 'no-interface', says: 'there is no interface eth9', hint: 'this machine has lo' },
  {
    errno: 'EADDRNOTAVAIL',
    code: 'address-gone',
    says: 'eth9 does not have the address 0.0.0.0',
    hint: 'ip address',
  },
  { errno: 'EMFILE', code: 'too-many-files', says: 'no descriptor', hint: 'LimitNOFILE' },
  {
    errno: 'EIO',
    code: 'socket-failed',
    says: 'cannot open UDP port 67 on eth9 for DHCP: it broke',
    hint: 'doctor',
  },
])('$errno is told as $code', ({ errno, code, says, hint }) => {
  const cause = Object.assign(new Error('it broke'), { code: errno });
  const fault = bindFault({ ...DHCP, interface: 'eth9' }, cause);
  expect(fault).toMatchObject({ code, cause });
  expect(fault.message).toContain(says);
  expect(fault.hint).toContain(hint);
});

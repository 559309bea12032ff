import { expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { parseIpv4, parseSubnet } from '../../src/base/ipv4.ts';
import {
  findInterface,
  type InterfaceTable,
  listInterfaces,
  pickInterface,
} from '../../src/net/interfaces.ts';

const address = parseIpv4('10.99.1.1') ?? expect.fail();
const subnet = parseSubnet('10.99.1.0/24') ?? expect.fail();

const TABLE: InterfaceTable = {
  usable: [{ name: 'eth1', address, subnet, loopback: false }],
  states: new Map([
    ['eth1', 'up'],
    ['eth2', 'down'],
    ['eth3', 'no-link'],
    ['eth4', 'up'],
  ]),
};

test('an interface that is up and has an address is found', () => {
  expect(pickInterface('eth1', TABLE)).toMatchObject({ address, subnet });
});

test.each([
  { name: 'eth9', code: 'no-interface', hint: 'this machine has eth1 (10.99.1.1)' },
  { name: 'eth2', code: 'interface-down', hint: 'ip link set eth2 up' },
  { name: 'eth3', code: 'no-link', hint: 'plug in the cable' },
  { name: 'eth4', code: 'no-address', hint: 'ip address add 10.20.0.1/22 dev eth4' },
])('$name cannot be served: $code', ({ name, code, hint }) => {
  try {
    pickInterface(name, TABLE);
    expect.fail('no Fault');
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    expect(error).toMatchObject({ code, hint: expect.stringContaining(hint) as unknown });
    expect((error as Fault).message).toContain(name);
  }
});

test('this machine has a loopback interface', () => {
  expect(listInterfaces()).toContainEqual({ name: 'lo', ...findInterface('lo'), loopback: true });
});

// The network interfaces of this machine, and what is wrong when the one to serve cannot be used.
import { readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { Fault } from '../base/fault.ts';
import { type Ipv4, parseIpv4, parseSubnet, type Subnet, showIpv4 } from '../base/ipv4.ts';

/** An interface that is up and has an IPv4 address; where it has several, the first. */
export interface InterfaceFacts {
  readonly name: string;
  readonly address: Ipv4;
  readonly subnet: Subnet;
  readonly loopback: boolean;
}

/** What this machine has: the usable interfaces, and the state of every one by name. */
export interface InterfaceTable {
  readonly usable: readonly InterfaceFacts[];
  readonly states: ReadonlyMap<string, LinkState>;
}

/** `no-link`: switched on, but no cable or nobody at its other end. */
export type LinkState = 'down' | 'no-link' | 'up';

const SYS_NET = '/sys/class/net';
/** IFF_UP of linux/if.h. */
const IS_UP = 1;

/** Every interface that is up and has an IPv4 address. */
export function listInterfaces(): readonly InterfaceFacts[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) => {
    const first = addresses.find(({ family }) => family === 'IPv4');
    const address = parseIpv4(first?.address ?? '');
    const subnet = parseSubnet(first?.cidr ?? '');
    if (first === undefined || address === undefined || subnet === undefined) return [];
    return [{ name, address, subnet, loopback: first.internal }];
  });
}

/** Our address on an interface and its subnet. Throws a Fault that says why there is none. */
export function findInterface(name: string): { readonly address: Ipv4; readonly subnet: Subnet } {
  return pickInterface(name, { usable: listInterfaces(), states: linkStates() });
}

/** The pure half of `findInterface`. */
export function pickInterface(name: string, table: InterfaceTable): InterfaceFacts {
  const found = table.usable.find((one) => one.name === name);
  if (found !== undefined) return found;
  switch (table.states.get(name)) {
    case undefined:
      throw noSuchInterface(name, table.usable);
    case 'down':
      throw new Fault(
        'interface-down',
        `the interface ${name} is down`,
        `switch it on: ip link set ${name} up`,
      );
    case 'no-link':
      throw new Fault(
        'no-link',
        `the interface ${name} has no link`,
        'plug in the cable, and see that the switch at its other end has power',
      );
    case 'up':
      throw new Fault(
        'no-address',
        `the interface ${name} has no IPv4 address`,
        `give it one: ip address add 10.20.0.1/22 dev ${name}`,
      );
  }
}

export function noSuchInterface(name: string, usable: readonly InterfaceFacts[], cause?: unknown): Fault {
  const known = usable.map((one) => `${one.name} (${showIpv4(one.address)})`).join(', ');
  const hint = `this machine has ${known || 'no interface with an address'}`;
  return new Fault('no-interface', `there is no interface ${name}`, hint, cause);
}

function linkStates(): ReadonlyMap<string, LinkState> {
  return new Map(namesInSys().map((name) => [name, linkState(name)]));
}

function namesInSys(): readonly string[] {
  try {
    return readdirSync(SYS_NET);
  } catch {
    // Without /sys a down interface is told as one that does not exist: all that is lost is the better hint.
    return [];
  }
}

function linkState(name: string): LinkState {
  const flags = Number(fileIn(name, 'flags') ?? '0');
  if ((flags & IS_UP) === 0) return 'down';
  return fileIn(name, 'carrier') === '0' ? 'no-link' : 'up';
}

function fileIn(name: string, file: string): string | undefined {
  try {
    return readFileSync(`${SYS_NET}/${name}/${file}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

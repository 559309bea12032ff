// The DHCP door on a LAN in memory, with a phone's socket beside it; storing and looking wait for the test.
import { toHex } from '../../src/base/bytes.ts';
import { ANY, BROADCAST, type Ipv4, showIpv4 } from '../../src/base/ipv4.ts';
import type { Mac } from '../../src/base/mac.ts';
import type { Closable } from '../../src/base/world.ts';
import { messageType } from '../../src/dhcp/clues.ts';
import type { Lease, LeaseChange } from '../../src/dhcp/lease-table.ts';
import { createLeaseTable } from '../../src/dhcp/leases.ts';
import { type DhcpMessage, decodePacket, encodePacket } from '../../src/dhcp/packet.ts';
import { type DhcpDoor, openDhcpServer } from '../../src/dhcp/server.ts';
import type { Peer, UdpOptions } from '../../src/net/ports.ts';
import type { ListedPhone } from '../../src/phones/phone.ts';
import { createRegister } from '../../src/phones/register.ts';
import type { DhcpSite } from '../../src/site/site.ts';
import type { PhoneEvent } from '../../src/timeline/event.ts';
import type { Reason } from '../../src/timeline/reason.ts';
import { fakeLan } from '../fakes/lan.ts';
import { fakeWorld } from '../fakes/world.ts';
import { ip, lanSite, provisioning, type Said, said, vendor } from './kit.ts';

/** A commit that waits until the test lets it go, well or badly. */
interface Commit {
  readonly changes: readonly LeaseChange[];
  readonly done: () => void;
  readonly fail: (error: Error) => void;
}

/** A look at an address that waits until the test says who answers. */
interface Look {
  readonly address: string;
  readonly finds: (found: Mac | 'free' | 'unchecked') => void;
  readonly fails: (error: Error) => void;
}

export interface BenchParts {
  readonly dhcp?: Partial<DhcpSite>;
  readonly stored?: (now: number) => readonly Lease[];
  readonly list?: readonly ListedPhone[];
  /** Stores at once. */
  readonly stores?: boolean;
  readonly door?: Partial<DhcpDoor>;
}

export interface Bench {
  readonly door: DhcpDoor;
  readonly server: Closable;
  readonly events: PhoneEvent[];
  readonly commits: Commit[];
  readonly looks: Look[];
  /** What the guard says and hears. */
  readonly guard: { objection: Reason | undefined; readonly probes: Set<Mac>; readonly heard: string[] };
  now(): number;
  /** A message of a phone by broadcast, heard and settled. */
  ask(what: Said, frame?: Partial<DhcpMessage>): Promise<void>;
  /** The same from a relay at its address. */
  relay(from: Peer, what: Said): Promise<void>;
  hear(bytes: Uint8Array): Promise<void>;
  trouble(error: Error): void;
  advance(ms: number): Promise<void>;
  /** What the door sent so far, as `ack 10.20.0.50 to 255.255.255.255:68`. */
  sent(): readonly string[];
  replies(): readonly DhcpMessage[];
  kinds(): readonly string[];
}

/** Opens the door, with a phone at port 68. */
export async function openBench(parts: BenchParts = {}): Promise<Bench> {
  const { dhcp = {}, stored = () => [], list = [], stores = false } = parts;
  const world = fakeWorld();
  const site = lanSite(dhcp);
  const wire = fakeLan(world, site.subnet);
  const [events, commits, looks]: [PhoneEvent[], Commit[], Look[]] = [[], [], []];
  const guard: Bench['guard'] = { objection: undefined, probes: new Set(), heard: [] };
  let options: UdpOptions | undefined;
  const port = wire.host(() => site.address);
  const door: DhcpDoor = {
    port: {
      ...port,
      openUdp: async (wanted, onDatagram) => {
        options = wanted;
        return await port.openUdp(wanted, onDatagram);
      },
    },
    lan: site,
    provisioning,
    register: createRegister({ catalogue: { vendors: [vendor()] }, list, remembered: [] }),
    leases: createLeaseTable(
      site,
      stored(world.now()),
      list.map(({ mac, address }) => ({ client: mac, address })),
    ),
    commit: (changes) =>
      new Promise<void>((done, fail) => {
        commits.push({ changes, done, fail });
        if (stores) done();
      }),
    probe: (address) =>
      new Promise((finds, fails) => {
        looks.push({ address: showIpv4(address), finds, fails });
      }),
    guard: {
      objection: () => guard.objection,
      isProbe: (mac) => guard.probes.has(mac),
      heard: (server: Ipv4, mac: Mac) => guard.heard.push(`${showIpv4(server)} by ${mac}`),
    },
    world,
    tell: (event) => events.push(event),
    urlFor: () => 'http://10.20.0.1/',
    ...parts.door,
  };
  const server = await openDhcpServer(door);
  const phone = await wire.host(() => ANY).openUdp(socketAt(68), () => {});
  const heard = async (): Promise<void> => await world.advance(1);
  const replies = (): readonly DhcpMessage[] =>
    wire.wire
      .filter(({ from }) => from.address === site.address)
      .map(({ bytes }) => {
        const read = decodePacket(bytes);
        if (!read.ok) throw new Error(`the door sent garbage: ${toHex(bytes)}`);
        return read.value;
      });
  return {
    ...{ door, server, events, commits, looks, guard, replies },
    now: () => world.now(),
    ask: async (what, frame = {}) => {
      phone.send(encodePacket({ ...said(what), ...frame }).bytes, { address: BROADCAST, port: 67 });
      await heard();
    },
    relay: async (from, what) => {
      const socket = await wire.host(() => from.address).openUdp(socketAt(from.port), () => {});
      socket.send(encodePacket(said({ giaddr: showIpv4(from.address), ...what })).bytes, {
        address: site.address,
        port: 67,
      });
      await heard();
      await socket.close();
    },
    hear: async (bytes) => {
      phone.send(bytes, { address: BROADCAST, port: 67 });
      await heard();
    },
    trouble: (error) => options?.onTrouble(error),
    advance: async (ms) => await world.advance(ms),
    sent: () => {
      const to = wire.wire.filter(({ from }) => from.address === site.address).map((each) => each.to);
      return replies().map((message, at) => shown(message, to[at] ?? { address: ANY, port: 0 }));
    },
    kinds: () => events.map(({ kind }) => kind),
  };
}

function socketAt(port: number): UdpOptions {
  return { port, purpose: 'a test', onTrouble: () => {} };
}

function shown({ options, yiaddr }: DhcpMessage, to: Peer): string {
  return `${messageType(options)} ${showIpv4(yiaddr)} to ${showIpv4(to.address)}:${to.port}`;
}

export const SELECT: Said = {
  type: 'request',
  server: '10.20.0.1',
  requested: '10.20.0.50',
  asks: [1, 66],
};
export const EVERYONE = '255.255.255.255:68';
export const ACK = `ack 10.20.0.50 to ${EVERYONE}`;
export const RELAY: Peer = { address: ip('10.20.0.2'), port: 67 };

// One served interface with real sockets.
import type { Ipv4, Subnet } from '../base/ipv4.ts';
import type { World } from '../base/world.ts';
import { type DeviceSockets, loadDeviceSockets } from './device-socket.ts';
import { findInterface, listInterfaces } from './interfaces.ts';
import type { HttpOptions, Lan, OnDatagram, PlainAnswer, PlainRequest, UdpOptions } from './ports.ts';
import { dialTcp, listenTcp } from './stream.ts';
import type { Inherited } from './systemd.ts';
import { type HttpListener, listenHttp } from './tcp.ts';
import { openUdp, type RealUdpSocket } from './udp.ts';
import type { Ground } from './ways.ts';

export interface LanOptions {
  readonly interface: string;
  readonly world: World;
  /** Given together; without them the interface says. A phone that has no address yet gives ANY and 0.0.0.0/0. */
  readonly address?: Ipv4;
  readonly subnet?: Subnet;
  /** Sockets handed over by systemd. */
  readonly inherited?: Inherited;
  /** The user's word that plain sockets are good enough although this machine has other LANs. */
  readonly allowPlain?: boolean;
  /** Told once for each thing to know. */
  readonly onWarning?: (message: string) => void;
  readonly deviceSockets?: () => Promise<DeviceSockets | string>;
}

export interface RealLan extends Lan {
  openUdp(options: UdpOptions, onDatagram: OnDatagram): Promise<RealUdpSocket>;
  listenHttp(
    options: HttpOptions,
    answer: (request: PlainRequest) => Promise<PlainAnswer>,
  ): Promise<HttpListener>;
}

/** The LAN at an interface of this machine. Throws a Fault when the interface cannot be used; opens nothing yet. */
export function openLan(options: LanOptions): RealLan {
  const { address, subnet } = factsOf(options);
  const load = options.deviceSockets ?? loadDeviceSockets;
  let loading: Promise<DeviceSockets | string> | undefined;
  const ground: Ground = {
    interface: options.interface,
    address,
    world: options.world,
    inherited: options.inherited ?? new Map<string, number>(),
    deviceSockets: async () => {
      loading ??= load();
      return await loading;
    },
    mayBePlain: () => options.allowPlain === true || isOnlyLan(),
    onWarning: once(options.onWarning ?? (() => undefined)),
  };
  return {
    interface: options.interface,
    address,
    subnet,
    openUdp: async (udp, onDatagram) => await openUdp(ground, udp, onDatagram),
    listenHttp: async (http, answer) => await listenHttp(ground, http, answer),
    listenTcp: async (tcp, accept) => await listenTcp(ground, tcp, accept),
    dialTcp: async (dial, handlers) => await dialTcp(ground, dial, handlers),
  };
}

function factsOf({ interface: name, address, subnet }: LanOptions): {
  readonly address: Ipv4;
  readonly subnet: Subnet;
} {
  return address === undefined || subnet === undefined ? findInterface(name) : { address, subnet };
}

function isOnlyLan(): boolean {
  return listInterfaces().filter(({ loopback }) => !loopback).length <= 1;
}

/** Every socket of the LAN meets the same trouble; it is told by the first. */
export function once(tell: (message: string) => void): (message: string) => void {
  const told = new Set<string>();
  return (message) => {
    if (told.has(message)) return;
    told.add(message);
    tell(message);
  };
}

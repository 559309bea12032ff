// Sockets pinned to one interface by SO_BINDTODEVICE, which Node itself cannot do: DHCP on the staging LAN must
// neither hear nor answer the office LAN. The one home of koffi, which is optional: see ways.ts for the other ways.
import { getSystemErrorName } from 'node:util';
import { messageOf } from '../base/fault.ts';
import { ipv4Bytes } from '../base/ipv4.ts';
import { bindFault, type Place } from './bind-fault.ts';

export interface DeviceSocketOptions extends Place {
  /** UDP only: other sockets may have the port too. */
  readonly shared: boolean;
  /** TCP only: bound for a connection of ours, not listening. */
  readonly dials?: boolean;
}

export interface DeviceSockets {
  /** A bound (TCP: listening) descriptor, the caller's to close. Throws a Fault. */
  open(options: DeviceSocketOptions): number;
  /** Takes back the SO_REUSEADDR which libuv sets on a UDP descriptor given to it: with it, a second server with
   * the same setting could take the port along with us, and nobody would be told. */
  keepAlone(descriptor: number): void;
}

interface Libc {
  socket(family: number, type: number, protocol: number): number;
  setsockopt(descriptor: number, level: number, name: number, value: Uint8Array, length: number): number;
  bind(descriptor: number, address: Uint8Array, length: number): number;
  listen(descriptor: number, backlog: number): number;
  close(descriptor: number): number;
  errno(): number;
}

// Of Linux; the same on x86, ARM and RISC-V.
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BROADCAST = 6;
const SO_BINDTODEVICE = 25;
const BACKLOG = 511;

/** The maker of pinned sockets, or a reason (a clause, for a longer sentence) why this machine has none. */
export async function loadDeviceSockets(): Promise<DeviceSockets | string> {
  if (process.platform !== 'linux') return `${process.platform} cannot pin a socket to an interface`;
  let libc: Libc;
  try {
    libc = await loadLibc();
  } catch (error) {
    return `the optional package koffi does not load (${messageOf(error)})`;
  }
  return {
    open: (options) => open(libc, options),
    keepAlone: (descriptor) => {
      libc.setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, int(0), 4);
    },
  };
}

async function loadLibc(): Promise<Libc> {
  const koffi = await import('koffi');
  // What Node itself is linked with: the same for glibc and musl, whatever the file is called.
  const c = koffi.load(null);
  return {
    socket: c.func('int socket(int, int, int)'),
    setsockopt: c.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    bind: c.func('int bind(int, const void *, uint32_t)'),
    listen: c.func('int listen(int, int)'),
    close: c.func('int close(int)'),
    errno: () => koffi.errno(),
  };
}

function open(libc: Libc, options: DeviceSocketOptions): number {
  const { transport, shared } = options;
  const isTcp = transport === 'tcp';
  const check = (step: string, outcome: number): number => {
    if (outcome < 0) throw bindFault(options, systemError(step, libc.errno()));
    return outcome;
  };
  const set = (name: number, value: Uint8Array): void => {
    check('setsockopt', libc.setsockopt(descriptor, SOL_SOCKET, name, value, value.length));
  };
  const type = (isTcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const descriptor = check('socket', libc.socket(AF_INET, type, 0));
  try {
    set(SO_BINDTODEVICE, Buffer.from(`${options.interface}\0`));
    if (!isTcp) set(SO_BROADCAST, int(1));
    // TCP: a restart must not wait for the last connections to be forgotten. UDP: this would hide a taken port.
    if (isTcp || shared) set(SO_REUSEADDR, int(1));
    const address = socketAddress(options);
    check('bind', libc.bind(descriptor, address, address.length));
    if (isTcp && options.dials !== true) check('listen', libc.listen(descriptor, BACKLOG));
    return descriptor;
  } catch (error) {
    libc.close(descriptor);
    throw error;
  }
}

/** An error in the form of Node's own, so that one place reads both. */
function systemError(step: string, errno: number): Error {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`${step} ${code}`), { code, errno: -errno, syscall: step });
}

/** struct sockaddr_in: the family in the machine's byte order, port and address in network order. */
function socketAddress({ address, port }: Place): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(new Uint8Array(Uint16Array.of(AF_INET).buffer));
  new DataView(bytes.buffer).setUint16(2, port);
  bytes.set(ipv4Bytes(address), 4);
  return bytes;
}

/** An int in the machine's byte order. */
function int(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}

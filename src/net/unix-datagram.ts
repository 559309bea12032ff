// Datagrams to a unix socket, which Node has no sockets for: systemd listens for them.
import { getSystemErrorName } from 'node:util';

// Of Linux; the same on x86, ARM and RISC-V.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** sun_path of struct sockaddr_un. */
const LONGEST_PATH = 107;

/** What sends to that socket; `@` stands for the zero byte of an abstract one (unix(7)). Rejects where it cannot be. */
export async function loadDatagramSender(path: string): Promise<(bytes: Uint8Array) => void> {
  const koffi = await import('koffi');
  const c = koffi.load(null);
  const socket: (family: number, type: number, protocol: number) => number =
    c.func('int socket(int, int, int)');
  const sendto: (...args: readonly unknown[]) => number = c.func(
    'intptr_t sendto(int, const void *, size_t, int, const void *, uint32_t)',
  );
  const address = socketAddress(path);
  // One for the life of the process: systemd reads who sent it from the kernel.
  const descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw new Error(`socket ${getSystemErrorName(-koffi.errno())}`);
  return (bytes) => {
    // A full queue, or a systemd that starts anew, is no trouble of ours: there will be another word.
    sendto(descriptor, bytes, bytes.length, MSG_NOSIGNAL, address, address.length);
  };
}

/** struct sockaddr_un: the family in the machine's byte order, then the path. */
function socketAddress(path: string): Uint8Array {
  const name = Buffer.from(path);
  if (name.length > LONGEST_PATH) throw new Error(`the path ${path} is too long for a socket`);
  if (path.startsWith('@')) name[0] = 0;
  // An abstract name ends where the address ends, the other kind with a zero byte.
  const end = path.startsWith('@') ? [] : [new Uint8Array(1)];
  return Buffer.concat([new Uint8Array(Uint16Array.of(AF_UNIX).buffer), name, ...end]);
}

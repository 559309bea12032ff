// Why a socket could not be had, in words for the person at the terminal.
import { errnoOf, Fault, messageOf } from '../base/fault.ts';
import { type Ipv4, showIpv4 } from '../base/ipv4.ts';
import { listInterfaces, noSuchInterface } from './interfaces.ts';

export type Transport = 'tcp' | 'udp';

export interface Place {
  readonly transport: Transport;
  readonly interface: string;
  readonly address: Ipv4;
  readonly port: number;
  /** "DHCP", "HTTP": what the socket is for. */
  readonly purpose: string;
}

/** Turns an error of socket, setsockopt, bind or listen into a Fault. */
export function bindFault(place: Place, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const { transport, port } = place;
  const named = `${transport.toUpperCase()} port ${port}`;
  switch (errnoOf(error) ?? 'unknown') {
    case 'EADDRINUSE':
      return new Fault('port-taken', `${named} is taken`, whoHasIt(transport, port), error);
    case 'EACCES':
    case 'EPERM':
      return new Fault(
        'no-permission',
        `no permission to bind ${named} for ${place.purpose}`,
        HOW_TO_PERMIT,
        error,
      );
    case 'ENODEV':
      return noSuchInterface(place.interface, listInterfaces(), error);
    case 'EADDRNOTAVAIL':
      return addressGone(place, error);
    case 'EMFILE':
    case 'ENFILE':
      return new Fault(
        'too-many-files',
        `no descriptor is left for ${named}`,
        'raise LimitNOFILE= of the unit',
        error,
      );
    default:
      return otherwise(named, place, error);
  }
}

const HOW_TO_PERMIT =
  'run as root, or let systemd give AmbientCapabilities=CAP_NET_BIND_SERVICE (the unit in systemd/ does), ' +
  'or: setcap cap_net_bind_service=+ep "$(readlink -f "$(command -v node)")"';

function whoHasIt(transport: Transport, port: number): string {
  const kind = transport === 'udp' ? '-lunp' : '-ltnp';
  return `see who has it: ss ${kind} 'sport = :${port}'`;
}

/** The address was taken from the interface, or is not there yet after it was plugged in. */
export function addressGone(place: Pick<Place, 'address' | 'interface'>, cause: unknown): Fault {
  const address = showIpv4(place.address);
  const hint = `see what it has: ip address show dev ${place.interface}`;
  return new Fault(
    'address-gone',
    `the interface ${place.interface} does not have the address ${address}`,
    hint,
    cause,
  );
}

function otherwise(named: string, place: Place, error: unknown): Fault {
  const message = `cannot open ${named} on ${place.interface} for ${place.purpose}: ${messageOf(error)}`;
  return new Fault('socket-failed', message, 'unboxd doctor looks at the sockets one by one', error);
}

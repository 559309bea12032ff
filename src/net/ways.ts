// The ways to a socket on one interface, best first: handed over by systemd, pinned by ourselves, or plain.
import { Fault } from '../base/fault.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { World } from '../base/world.ts';
import { bindFault, type Place } from './bind-fault.ts';
import type { DeviceSocketOptions, DeviceSockets } from './device-socket.ts';
import type { Inherited } from './systemd.ts';

/** `device`: pinned by SO_BINDTODEVICE. `systemd`: handed over. `plain`: pinned by nothing. */
export type Way = 'device' | 'plain' | 'systemd';

/** What every socket of a LAN stands on. */
export interface Ground {
  readonly interface: string;
  readonly address: Ipv4;
  readonly world: World;
  readonly inherited: Inherited;
  readonly deviceSockets: () => Promise<DeviceSockets | string>;
  /** Plain sockets are good enough: the user says so, or there is no other LAN to harm. */
  readonly mayBePlain: () => boolean;
  readonly onWarning: (message: string) => void;
}

export type Bound =
  /** `alone` is to be called once Node has the descriptor. */
  | { readonly way: 'device'; readonly descriptor: number; readonly alone: () => void }
  | { readonly way: 'systemd'; readonly descriptor: number }
  | { readonly way: 'plain' };

export interface Wanted extends Omit<DeviceSocketOptions, 'interface'> {
  /** It hears broadcasts or a group: a plain one would hear those of every LAN of this machine. */
  readonly hearsAll: boolean;
}

/**
 * A descriptor bound as wanted, or the leave to bind plainly. Throws a Fault.
 * systemd comes first although pinning is the normal case: the port that it opened for us would be taken for us too.
 */
export async function bindOnLan(ground: Ground, wanted: Wanted): Promise<Bound> {
  const name = `${wanted.transport}-${wanted.port}`;
  const inherited = ground.inherited.get(name);
  if (inherited !== undefined) {
    ground.inherited.delete(name);
    return { way: 'systemd', descriptor: inherited };
  }
  const device = await ground.deviceSockets();
  if (typeof device !== 'string') {
    const descriptor = device.open({ ...wanted, interface: ground.interface });
    const alone = (): void => {
      if (!wanted.shared) device.keepAlone(descriptor);
    };
    return { way: 'device', descriptor, alone };
  }
  if (wanted.hearsAll && !ground.mayBePlain()) throw cannotPin(ground, wanted, device);
  if (wanted.hearsAll) ground.onWarning(plainWarning(ground, device));
  return { way: 'plain' };
}

/** The place of a socket on its LAN, for telling why it could not be had. */
export function placeOf(ground: Ground, wanted: Omit<Place, 'interface'>): Place {
  return { ...wanted, interface: ground.interface };
}

/** Runs what opens a socket, turning its errors into Faults. */
export async function orFault<Value>(place: Place, open: () => Promise<Value>): Promise<Value> {
  try {
    return await open();
  } catch (error) {
    throw bindFault(place, error);
  }
}

function cannotPin(ground: Ground, wanted: Wanted, because: string): Fault {
  return new Fault(
    'cannot-pin',
    `${wanted.purpose} cannot be kept to ${ground.interface}: ${because}, and this machine has other LANs`,
    'npm install koffi, or let systemd open the sockets (systemd/), or --allow-plain where no other LAN can be harmed',
  );
}

function plainWarning(ground: Ground, because: string): string {
  return `sockets are not pinned to ${ground.interface}: ${because}; do not connect this machine to another LAN`;
}

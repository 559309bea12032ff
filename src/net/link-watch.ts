// Tells when the interface that is served cannot be used, and when it can again. The sockets mend themselves (tend.ts);
// without this nobody would say why all phones fall silent at once.
import { Fault } from '../base/fault.ts';
import { type Ipv4, type Subnet, showIpv4, showSubnet } from '../base/ipv4.ts';
import type { Cancel, Closable, World } from '../base/world.ts';
import type { Tell } from '../timeline/event.ts';

export interface LinkWatchParts {
  readonly interface: string;
  /** What is served there. */
  readonly address: Ipv4;
  readonly subnet: Subnet;
  /** Throws a Fault that says why the interface cannot be used. */
  readonly look: (name: string) => { readonly address: Ipv4; readonly subnet: Subnet };
  readonly world: World;
  readonly tell: Tell;
}

/** As often as sockets are looked after: what is told of the one is true of the others a moment later. */
const LOOK_EVERY = 2000;

/** Looks from now on. Each change is told once. */
export function watchLink(parts: LinkWatchParts): Closable {
  const { world, tell } = parts;
  /** Undefined while all is well. */
  let told: string | undefined;
  let cancel: Cancel = () => undefined;
  const look = (): void => {
    const fault = troubleOf(parts);
    if (fault !== undefined && fault.code !== told)
      tell({ kind: 'fault', at: world.now(), code: fault.code, message: fault.message, hint: fault.hint });
    if (fault === undefined && told !== undefined)
      tell({ kind: 'interface-back', at: world.now(), interface: parts.interface });
    told = fault?.code;
    cancel = world.after(LOOK_EVERY, look);
  };
  cancel = world.after(LOOK_EVERY, look);
  return {
    close: async () => {
      cancel();
      await Promise.resolve();
    },
  };
}

function troubleOf({ interface: name, address, subnet, look }: LinkWatchParts): Fault | undefined {
  try {
    const now = look(name);
    if (now.address === address && showSubnet(now.subnet) === showSubnet(subnet)) return undefined;
    return addressChanged(name, `${showIpv4(address)}, ${showSubnet(subnet)}`, now);
  } catch (error) {
    if (error instanceof Fault)
      return new Fault(error.code, `no phone is served: ${error.message}`, error.hint);
    throw error;
  }
}

function addressChanged(
  name: string,
  served: string,
  now: { readonly address: Ipv4; readonly subnet: Subnet },
): Fault {
  const has = `${showIpv4(now.address)}, ${showSubnet(now.subnet)}`;
  return new Fault(
    'address-changed',
    `the interface ${name} has another address (${has}) than the one that is served (${served})`,
    'give it back, or restart unboxd to serve the new one',
  );
}

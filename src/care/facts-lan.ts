// Looks at the interface to serve and around on its LAN: address, multicast, other servers.
import { Fault, messageOf } from '../base/fault.ts';
import { type Ipv4, ipv4FromNumber, isWithin, type Subnet, showIpv4 } from '../base/ipv4.ts';
import { type Mac, showMac } from '../base/mac.ts';
import { type Closable, openAll, type World } from '../base/world.ts';
import { openGuard } from '../dhcp/guard.ts';
import { findInterface, listInterfaces } from '../net/interfaces.ts';
import { openLan } from '../net/lan.ts';
import { neighbourOf } from '../net/neighbours.ts';
import type { Lan } from '../net/ports.ts';
import { type Makers, makerOf } from '../phones/makers.ts';
import { openPnpGuard } from '../sip/guard.ts';
import type { PhoneEvent } from '../timeline/event.ts';
import type { LanFacts, Stranger } from './survey.ts';

/** sip.mcast.net, where phones ask for PnP (RFC 3261 section 10.2.6). */
const GROUP = ipv4FromNumber(0xe000014b);
/** The guards ask for a second and need some of another to find out whose box it is. */
const LOOK_MS = 1600;
/** A datagram to ourselves needs no wire. */
const ECHO_MS = 2000;
const ECHO = Buffer.from('unboxd doctor hears itself');

export interface LanQuestion {
  readonly name: string;
  readonly world: World;
  readonly makers: Makers;
  /** Which kinds of other servers to look for. */
  readonly doors: readonly Stranger['door'][];
  /** Why sockets cannot be pinned: then multicast cannot be tried. */
  readonly cannotPin?: string | undefined;
  /** Told by the running daemon, which keeps looking; absent: this looks once itself. */
  readonly trouble?: readonly PhoneEvent[] | undefined;
  /** Subnets of our other LANs: their servers are told of there. */
  readonly elsewhere?: readonly Subnet[] | undefined;
}

/** What this interface is like and who else serves there. Sends a few datagrams on it, and on no other. */
export async function lanFacts(question: LanQuestion): Promise<LanFacts> {
  const { name, world, trouble, cannotPin } = question;
  const nothing = { name, twins: [], strangers: [], notLooked: [] };
  try {
    const facts = findInterface(name);
    const lan = openLan({ interface: name, world, ...facts });
    const [multicast, others] = await Promise.all([
      cannotPin === undefined ? hearsGroup(lan, world) : { multicastTrouble: cannotPin },
      trouble === undefined
        ? lookAround(lan, question)
        : { strangers: strangersOf(trouble.filter(isHere(question))), notLooked: [] },
    ]);
    const where = `${showIpv4(facts.address)}/${facts.subnet.prefix}`;
    return {
      ...nothing,
      address: facts.address,
      where,
      twins: twinsOf(name, facts.subnet),
      ...multicast,
      ...others,
    };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ...nothing, trouble: { message: error.message, hint: error.hint } };
  }
}

function isHere({ elsewhere = [] }: LanQuestion): (event: PhoneEvent) => boolean {
  return (event) => !('server' in event) || !elsewhere.some((subnet) => isWithin(subnet, event.server));
}

function twinsOf(name: string, subnet: Subnet): readonly string[] {
  return listInterfaces()
    .filter((other) => other.name !== name && isWithin(subnet, other.address))
    .map((other) => other.name);
}

/** Sends a datagram to the group and waits for it: the kernel must have joined there, and no firewall be in the way. */
async function hearsGroup(lan: Lan, world: World): Promise<Pick<LanFacts, 'multicast' | 'multicastTrouble'>> {
  let told: (heard: boolean) => void = () => undefined;
  const answer = new Promise<boolean>((done) => {
    told = done;
  });
  let trouble: string | undefined;
  const onTrouble = (error: Error): void => {
    trouble = messageOf(error);
  };
  try {
    const options = { port: 0, group: GROUP, purpose: 'a try of multicast', onTrouble };
    const socket = await lan.openUdp(options, (bytes) => {
      if (ECHO.equals(bytes)) told(true);
    });
    let cancel = world.after(ECHO_MS, () => {
      // Where this machine stood still, the datagram is there, and read in this turn.
      cancel = world.after(0, () => told(false));
    });
    socket.send(ECHO, { address: GROUP, port: socket.port });
    const multicast = await answer;
    cancel();
    await socket.close();
    return { multicast, multicastTrouble: trouble };
  } catch (error) {
    return { multicastTrouble: messageOf(error) };
  }
}

/** One look by the guards of the daemon. Nothing is taken from the servers that answer. */
export async function lookAround(
  lan: Lan,
  { world, makers, doors }: Pick<LanQuestion, 'doors' | 'makers' | 'world'>,
): Promise<Pick<LanFacts, 'notLooked' | 'strangers'>> {
  const events: PhoneEvent[] = [];
  const parts = {
    lan,
    world,
    tell: (event: PhoneEvent) => void events.push(event),
    every: undefined,
    neighbourOf,
    makerOf: (mac: Mac) => makerOf(makers, mac),
  };
  const openers: Readonly<Record<Stranger['door'], () => Promise<Closable>>> = {
    dhcp: async () => await openGuard({ ...parts, allow: new Set(), stops: false }),
    pnp: async () => await openPnpGuard(parts),
  };
  const guards = await openAll(doors.map((door) => openers[door]));
  if (doors.length > 0) await new Promise<void>((done) => world.after(LOOK_MS, () => world.after(0, done)));
  await guards.close();
  const notLooked = events.flatMap((event) => (event.kind === 'fault' ? [event.message] : []));
  return { strangers: strangersOf(events), notLooked };
}

/** Those that are still there after the last event. */
function strangersOf(events: readonly PhoneEvent[]): readonly Stranger[] {
  const there = new Map<string, Stranger>();
  for (const event of events) {
    if (event.kind !== 'foreign-server' && event.kind !== 'foreign-server-gone') continue;
    const { door, server } = event;
    if (door !== 'dhcp' && door !== 'pnp') continue;
    const key = `${door} ${server}`;
    if (event.kind === 'foreign-server-gone') there.delete(key);
    else there.set(key, { door, who: whoIs(server, event.hardware, event.maker) });
  }
  return [...there.values()];
}

function whoIs(server: Ipv4, hardware: Mac | undefined, maker: string | undefined): string {
  const known = [hardware === undefined ? undefined : showMac(hardware), maker].filter(
    (one) => one !== undefined,
  );
  return known.length === 0 ? showIpv4(server) : `${showIpv4(server)} (${known.join(', ')})`;
}

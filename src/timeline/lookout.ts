// Who else serves this LAN: other DHCP servers, other PnP responders. What was heard goes in; who is foreign, who is
// gone and what is worth telling comes out.
import type { Ipv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';

export interface ForeignServer {
  /** As it names itself. */
  readonly server: Ipv4;
  /** Where its datagrams come from: where it names an address of elsewhere, this one is on our wire. */
  readonly source: Ipv4;
  readonly hardware?: Mac | undefined;
  readonly maker?: string | undefined;
  /** The phones that were seen to obey it. */
  readonly caught: ReadonlySet<Mac>;
  readonly heardAt: Millis;
}

/** What is known of the LAN at one moment. */
export interface Lookout {
  readonly servers: ReadonlyMap<Ipv4, Watched>;
  /** Servers that phones named and nobody heard. */
  readonly rumours: ReadonlyMap<Ipv4, Rumour>;
}

interface Watched extends ForeignServer {
  /** When a phone last named it. */
  readonly namedAt: Millis;
  /** Looks in a row without a sign of it. */
  readonly missed: number;
  /** What the installer was last told; absent until its hardware address was asked for. */
  readonly told?: { readonly at: Millis; readonly caught: number; readonly hardware: Mac | undefined };
}

interface Rumour {
  readonly caught: ReadonlySet<Mac>;
  readonly missed: number;
}

export type LookoutInput =
  /** A message of its own; `phone` is whom it gave an address. */
  | {
      readonly kind: 'heard';
      readonly server: Ipv4;
      readonly source: Ipv4;
      readonly phone?: Mac | undefined;
    }
  /** A phone said that it chose this server. */
  | { readonly kind: 'named'; readonly server: Ipv4; readonly phone: Mac }
  /** The answer to `meet`, also when nothing could be found out. */
  | {
      readonly kind: 'met';
      readonly server: Ipv4;
      readonly hardware?: Mac | undefined;
      readonly maker?: string | undefined;
    }
  /** A look that began at `since` is over. */
  | { readonly kind: 'looked'; readonly since: Millis }
  | { readonly kind: 'tick' };

export type LookoutOutput =
  /** Its hardware address is wanted: `met` is to follow. */
  | { readonly kind: 'meet'; readonly server: Ipv4; readonly source: Ipv4 }
  /** A look now would tell whether a rumour is true. */
  | { readonly kind: 'look' }
  | { readonly kind: 'found'; readonly server: ForeignServer }
  | { readonly kind: 'caught'; readonly server: Ipv4; readonly phone: Mac }
  | { readonly kind: 'gone'; readonly server: Ipv4 };

export interface LookoutStep {
  readonly next: Lookout;
  readonly outputs: readonly LookoutOutput[];
  /** When a `tick` is due. */
  readonly wakeAt?: Millis | undefined;
}

/** One of many servers is as much trouble as all of them, so what a flood invents is not kept. */
const MOST_SERVERS = 32;
const MOST_CAUGHT = 200;
/** One lost answer is not the end of a server. */
const MISSES_UNTIL_GONE = 2;
const TOLD_EVERY = 10_000;
const NOBODY: ReadonlySet<Mac> = new Set();

export const QUIET: Lookout = { servers: new Map(), rumours: new Map() };

export function stepLookout(now: Millis, lookout: Lookout, input: LookoutInput): LookoutStep {
  const { next, outputs } = stepInput(now, lookout, input);
  return announce(now, next, outputs);
}

type Half = Pick<LookoutStep, 'next' | 'outputs'>;

function stepInput(now: Millis, lookout: Lookout, input: LookoutInput): Half {
  switch (input.kind) {
    case 'heard':
      return hear(now, lookout, input);
    case 'named':
      return lookout.servers.has(input.server) ? nameKnown(now, lookout, input) : nameUnheard(lookout, input);
    case 'met':
      return meet(now, lookout, input);
    case 'looked':
      return endLook(lookout, input.since);
    case 'tick':
      return { next: lookout, outputs: [] };
  }
}

type InputOf<Kind extends LookoutInput['kind']> = Extract<LookoutInput, { readonly kind: Kind }>;

function hear(now: Millis, lookout: Lookout, { server, source, phone }: InputOf<'heard'>): Half {
  const known = lookout.servers.get(server);
  if (known === undefined && lookout.servers.size >= MOST_SERVERS) return { next: lookout, outputs: [] };
  const before: Watched = known ?? {
    server,
    source,
    caught: lookout.rumours.get(server)?.caught ?? NOBODY,
    heardAt: now,
    namedAt: Number.NEGATIVE_INFINITY,
    missed: 0,
  };
  const { caught, outputs } = caughtBy(server, before.caught, phone);
  const rumours = new Map(lookout.rumours);
  rumours.delete(server);
  const servers = withOne(lookout.servers, server, { ...before, source, heardAt: now, missed: 0, caught });
  return {
    next: { servers, rumours },
    outputs: known === undefined ? [...outputs, { kind: 'meet', server, source }] : outputs,
  };
}

/**
 * A name is a weak sign. It makes no server foreign: a phone may carry a server of elsewhere in its memory, and one
 * datagram of a fool must not stop all offers. So it is a reason to look, and for a server that was heard before it
 * puts off the end, since a server with an empty pool answers no look and still holds its phones.
 */
function nameKnown(now: Millis, lookout: Lookout, { server, phone }: InputOf<'named'>): Half {
  const known = lookout.servers.get(server);
  if (known === undefined) return { next: lookout, outputs: [] };
  const { caught, outputs } = caughtBy(server, known.caught, phone);
  const servers = withOne(lookout.servers, server, { ...known, namedAt: now, caught });
  return { next: { ...lookout, servers }, outputs };
}

function nameUnheard(lookout: Lookout, { server, phone }: InputOf<'named'>): Half {
  const rumours = new Map(lookout.rumours);
  const before = rumours.get(server);
  const { caught, outputs } = caughtBy(server, before?.caught ?? NOBODY, phone);
  // The one named last stands last, so that the oldest makes room.
  rumours.delete(server);
  const [oldest] = rumours.keys();
  if (rumours.size >= MOST_SERVERS && oldest !== undefined) rumours.delete(oldest);
  rumours.set(server, { caught, missed: 0 });
  return { next: { ...lookout, rumours }, outputs: [...outputs, { kind: 'look' }] };
}

function caughtBy(
  server: Ipv4,
  before: ReadonlySet<Mac>,
  phone: Mac | undefined,
): { readonly caught: ReadonlySet<Mac>; readonly outputs: readonly LookoutOutput[] } {
  if (phone === undefined || before.has(phone) || before.size >= MOST_CAUGHT) {
    return { caught: before, outputs: [] };
  }
  return { caught: new Set([...before, phone]), outputs: [{ kind: 'caught', server, phone }] };
}

function meet(now: Millis, lookout: Lookout, { server, hardware, maker }: InputOf<'met'>): Half {
  const known = lookout.servers.get(server);
  if (known === undefined) return { next: lookout, outputs: [] };
  const met: Watched = hardware === undefined ? known : { ...known, hardware, maker };
  if (known.told !== undefined) {
    return { next: { ...lookout, servers: withOne(lookout.servers, server, met) }, outputs: [] };
  }
  // The first word waits for the hardware address, by which the box is found.
  return {
    next: { ...lookout, servers: withOne(lookout.servers, server, toldAt(now, met)) },
    outputs: [{ kind: 'found', server: met }],
  };
}

/** Who gave no sign since the look began has missed it. */
function endLook(lookout: Lookout, since: Millis): Half {
  const servers = new Map<Ipv4, Watched>();
  const outputs: LookoutOutput[] = [];
  for (const [server, known] of lookout.servers) {
    const missed = missedBy(known, since);
    if (missed < MISSES_UNTIL_GONE) {
      servers.set(server, { ...known, missed });
      const { told, hardware, source } = known;
      if (told !== undefined && hardware === undefined) outputs.push({ kind: 'meet', server, source });
    } else if (known.told !== undefined) {
      outputs.push({ kind: 'gone', server });
    }
  }
  const rumours = new Map<Ipv4, Rumour>();
  for (const [server, rumour] of lookout.rumours) {
    const missed = rumour.missed + 1;
    if (missed < MISSES_UNTIL_GONE) rumours.set(server, { ...rumour, missed });
  }
  return { next: { servers, rumours }, outputs };
}

function missedBy({ heardAt, namedAt, missed }: Watched, since: Millis): number {
  if (heardAt >= since) return 0;
  return namedAt >= since ? missed : missed + 1;
}

/** Tells again of servers with news: a phone more, or the hardware address at last. Not more than once in 10 s each. */
function announce(now: Millis, lookout: Lookout, before: readonly LookoutOutput[]): LookoutStep {
  const outputs = [...before];
  let { servers } = lookout;
  let wakeAt: Millis | undefined;
  for (const known of lookout.servers.values()) {
    if (!hasNews(known)) continue;
    const due = (known.told?.at ?? now) + TOLD_EVERY;
    if (due <= now) {
      servers = withOne(servers, known.server, toldAt(now, known));
      outputs.push({ kind: 'found', server: known });
    } else {
      wakeAt = Math.min(due, wakeAt ?? due);
    }
  }
  return { next: { ...lookout, servers }, outputs, wakeAt };
}

function hasNews({ told, caught, hardware }: Watched): boolean {
  return told !== undefined && (caught.size > told.caught || hardware !== told.hardware);
}

function toldAt(now: Millis, known: Watched): Watched {
  return { ...known, told: { at: now, caught: known.caught.size, hardware: known.hardware } };
}

function withOne(
  servers: ReadonlyMap<Ipv4, Watched>,
  server: Ipv4,
  known: Watched,
): ReadonlyMap<Ipv4, Watched> {
  return new Map([...servers, [server, known]]);
}

// The thread of the file doors remembers for a moment who is at an address, so that not every file of a phone costs a
// question to the main thread. Only what cannot teach anything new is answered from memory, and the main thread learns
// of it soon after.
import type { Ipv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Millis, World } from '../base/world.ts';
import type { Asker, FileAsk, Recognise } from '../files/desk.ts';
import { cleanName, macInName } from '../files/resolve.ts';
import { identify } from '../phones/identify.ts';
import type { Identity } from '../phones/phone.ts';
import type { Catalogue } from '../phones/vendor.ts';

/** What another door learned of a phone meanwhile counts after this many ms. */
const REMEMBERED = 2000;
/** The main thread hears this often, in ms, who spoke: by then most phones have all their files. */
const TOLD_EVERY = 500;
const MOST_ADDRESSES = 20_000;
const MOST_NAMES = 5_000;

export interface AcquaintanceParts {
  readonly catalogue: Catalogue;
  readonly world: World;
  /** The question to the main thread. */
  readonly recognise: Recognise;
  /** Tells the main thread of those who asked and were answered from memory. */
  readonly spoke: (asks: readonly FileAsk[]) => void;
}

export interface Acquaintance {
  readonly recognise: Recognise;
  /** The lease on an address changed hands. */
  moved(address: Ipv4): void;
  /** Tells the main thread at once what it does not know yet. */
  flush(): void;
}

interface Met {
  readonly asker: Asker;
  readonly until: Millis;
}

/** Who was met at an address under one User-Agent. */
interface Here {
  /** A lease speaks for every name, ... */
  leased: Met | undefined;
  /** ... a name for itself, by the MAC that it holds. */
  readonly named: Map<Mac | undefined, Met>;
}

/** What a name says by itself. */
interface Named {
  readonly mac: Mac | undefined;
  readonly identity: Identity;
}

export function createAcquaintance(parts: AcquaintanceParts): Acquaintance {
  const { catalogue, world } = parts;
  const met = new Map<Ipv4, Map<string | undefined, Here>>();
  const names = new Map<string, Named>();
  /** How often a lease moved: an answer from before that is not kept. */
  let moves = 0;
  let untold = new Map<Mac, FileAsk>();

  const namedBy = (asked: string): Named => {
    const known = names.get(asked);
    if (known !== undefined) return known;
    const cleaned = cleanName(asked);
    const name = cleaned.ok ? cleaned.value : '';
    const identity = identify(catalogue, [{ kind: 'file-name', text: name }]);
    const named = { mac: macInName(catalogue, name), identity };
    if (names.size >= MOST_NAMES) names.clear();
    names.set(asked, named);
    return named;
  };

  const hereOf = ({ from: { address }, userAgent }: FileAsk): Here => {
    if (met.size >= MOST_ADDRESSES) met.clear();
    const there = met.get(address) ?? new Map<string | undefined, Here>();
    if (there.size >= MOST_NAMES) there.clear();
    const here = there.get(userAgent) ?? { leased: undefined, named: new Map<Mac | undefined, Met>() };
    if (here.named.size >= MOST_NAMES) here.named.clear();
    met.set(address, there.set(userAgent, here));
    return here;
  };

  const remembered = (ask: FileAsk): Asker | undefined => {
    if (ask.proof?.certificate !== undefined) return undefined;
    const here = met.get(ask.from.address)?.get(ask.userAgent);
    const found = here?.leased ?? here?.named.get(namedBy(ask.name).mac);
    if (found === undefined || found.until <= world.now()) return undefined;
    const { token } = ask.proof ?? {};
    if (token !== undefined && token.mac !== found.asker.mac) return undefined;
    return addsNothing(namedBy(ask.name).identity, found.asker.identity) ? found.asker : undefined;
  };

  const remember = (ask: FileAsk, asker: Asker): void => {
    if (ask.proof?.certificate !== undefined) return;
    const isLeased = asker.held === 'here';
    // By a token alone nobody is known to those who show none.
    if (ask.proof?.token !== undefined && !isLeased) return;
    const { mac } = namedBy(ask.name);
    // Without a lease the latest word counts, and only the main thread hears all that is said.
    if (!isLeased && mac !== asker.mac) return;
    const here = hereOf(ask);
    const one = { asker, until: world.now() + REMEMBERED };
    if (isLeased) here.leased = one;
    else here.named.set(mac, one);
  };

  const flush = (): void => {
    if (untold.size === 0) return;
    parts.spoke([...untold.values()]);
    untold = new Map();
  };
  /** Of a phone that asks for many files in a row, the last is told. */
  const note = (ask: FileAsk, { mac }: Asker): void => {
    const { door, name, from, userAgent } = ask;
    // Of two addresses both are told, in their order.
    const before = untold.get(mac)?.from.address ?? from.address;
    if (before !== from.address) flush();
    if (untold.size === 0) world.after(TOLD_EVERY, flush);
    // Whoever spoke last comes last.
    untold.delete(mac);
    untold.set(mac, { door, name, from, userAgent });
  };

  return {
    recognise: async (ask) => {
      const known = remembered(ask);
      if (known !== undefined) {
        note(ask, known);
        return known;
      }
      flush();
      const before = moves;
      const asker = await parts.recognise(ask);
      if (asker !== undefined && moves === before) remember(ask, asker);
      return asker;
    },
    moved: (address) => {
      moves += 1;
      met.delete(address);
    },
    flush,
  };
}

/** Whether a file name says nothing that is not known of the phone already. */
function addsNothing(said: Identity, known: Identity): boolean {
  if (said.vendor === undefined) return true;
  return said.vendor === known.vendor && (said.model === undefined || said.model === known.model);
}

// LANs that were away when the daemon started: looked for until they can be served.
import type { App } from '../app.ts';
import { Fault, messageOf } from '../base/fault.ts';
import type { Log } from '../base/log.ts';
import type { Result } from '../base/result.ts';
import type { Cancel, Closable, World } from '../base/world.ts';
import { type Mistake, showMistake } from '../base/yaml-text.ts';
import type { HttpOptions } from '../net/ports.ts';
import { withLan } from '../site/lans.ts';
import type { LoadedSite } from '../site/load.ts';

export interface LateLansParts {
  readonly app: Pick<App, 'served' | 'join'>;
  readonly world: World;
  /** Throws a Fault while that interface cannot be used. */
  readonly look: (name: string) => unknown;
  /** Reads the settings anew. May reject with a Fault. */
  readonly load: () => Promise<Result<LoadedSite, readonly Mistake[]>>;
  /** The certificates must name the address on that LAN too. */
  readonly tlsFor: (site: LoadedSite) => Promise<HttpOptions['tls']>;
  readonly log: Log;
}

/** Phones whose switch comes up after us wait so long at the most, ms. */
const LOOK_EVERY = 5_000;
/** Where the interface is there and the doors cannot be had, all settings are read at each try: twice as long each time. */
const LATEST = 60_000;

/** Looks from now on; does nothing where no LAN is away. */
export function awaitLans(parts: LateLansParts): Closable {
  const { app, world, log } = parts;
  let isOpen = true;
  let cancel: Cancel = () => undefined;
  let looking: Promise<void> = Promise.resolve();
  let told = '';
  let delay = LOOK_EVERY;
  /** The same trouble every five seconds is told once. */
  const tell = (message: string): void => {
    if (message !== told) log.warn(message);
    told = message;
  };
  const look = async (): Promise<void> => {
    const away = app.served().away.filter((one) => isHere(parts, one.interface));
    if (away.length === 0) {
      delay = LOOK_EVERY;
      return;
    }
    delay = Math.min(2 * delay, LATEST);
    const loaded = await parts.load();
    if (!loaded.ok) {
      const [first] = loaded.error;
      if (first !== undefined) tell(`a LAN that was away is not served yet: ${showMistake(first)}`);
      return;
    }
    for (const lan of loaded.value.lans) {
      if (!isOpen || away.every((one) => one.interface !== lan.interface)) continue;
      await app.join(lan, await parts.tlsFor(withLan(app.served(), lan)));
      told = '';
      delay = LOOK_EVERY;
    }
  };
  const next = (): void => {
    if (!isOpen || app.served().away.length === 0) return;
    cancel = world.after(delay, () => {
      looking = look()
        .catch((error: unknown) => {
          const hint = error instanceof Fault ? `; ${error.hint}` : '';
          tell(`a LAN that was away is not served yet: ${messageOf(error)}${hint}`);
        })
        .finally(next);
    });
  };
  next();
  return {
    close: async () => {
      isOpen = false;
      cancel();
      await looking;
    },
  };
}

function isHere({ look }: LateLansParts, name: string): boolean {
  try {
    look(name);
    return true;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

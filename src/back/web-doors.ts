// The doors for HTTP and HTTPS, one a port. A reload may open others, let some go, or show another certificate.
import { isDeepStrictEqual } from 'node:util';
import { Fault } from '../base/fault.ts';
import { type Closable, openAll, type World } from '../base/world.ts';
import type { FileDesk } from '../files/desk.ts';
import { openHttpServer } from '../http/server.ts';
import type { Lan, TlsDoor, WebListener } from '../net/ports.ts';
import type { Tell } from '../timeline/event.ts';
import type { FileSite, Renewal } from './doors.ts';

export interface WebDoorsParts {
  readonly lan: Lan;
  readonly desk: Pick<FileDesk, 'ask' | 'upload'>;
  /** The site as it is now: accounts and vendor files are looked up at each request. */
  readonly site: () => FileSite;
  readonly world: World;
  readonly tell: Tell;
}

export interface WebDoors extends Closable {
  /** Opens what that site wants beyond what is open. Rejects with a Fault, nothing changed. */
  renew(site: FileSite): Promise<Renewal>;
}

/** A transfer over a door that is let go may take so long; firmware to a slow phone does. */
const DRAIN_MS = 600_000;

interface Wanted {
  readonly port: number;
  readonly tls: TlsDoor | undefined;
}

interface Open extends Closable {
  readonly port: number;
  /** Of the present certificate. */
  tls: TlsDoor | undefined;
  readonly listener: WebListener;
}

/** Opens the doors that the site wants. Rejects with a Fault, none left open, when one of them cannot be opened. */
export async function openWebDoors(parts: WebDoorsParts, site: FileSite): Promise<WebDoors> {
  const { world } = parts;
  /** Let go: they hear nobody new. */
  const leaving = new Set<WebListener>();
  let open: readonly Open[] = [];

  const retire = (listener: WebListener): void => {
    leaving.add(listener);
    const cancel = world.after(DRAIN_MS, () => void listener.close());
    // Where there is no gentle way, there is none.
    const gone = listener.retire?.() ?? listener.close();
    void gone.finally(() => {
      cancel();
      leaving.delete(listener);
    });
  };
  const renew = async (next: FileSite): Promise<Renewal> => {
    const wanted = wantedBy(next);
    const isWanted = ({ port }: Open): boolean => wanted.some((one) => one.port === port);
    const fresh: Open[] = [];
    const missing = wanted.filter((one) => !isOpen(open, one));
    const opened = await openAll(
      missing.map((one) => async () => {
        const door = await openOne(parts, one);
        fresh.push(door);
        return door;
      }),
    );
    return {
      commit: () => {
        for (const door of open.filter(isWanted)) showCertificate(door, wanted);
        for (const door of open) if (!isWanted(door)) retire(door.listener);
        open = [...open.filter(isWanted), ...fresh];
      },
      undo: async () => await opened.close(),
    };
  };

  const first = await renew(site);
  first.commit();
  return {
    renew,
    close: async () => {
      for (const { listener } of open) await listener.close();
      for (const listener of [...leaving]) await listener.close();
    },
  };
}

function wantedBy({ doors, tls }: FileSite): readonly Wanted[] {
  const { http, https, httpsLegacy } = doors;
  return [
    ...(http === 'off' ? [] : [{ port: http, tls: undefined }]),
    ...(https === 'off' ? [] : [{ port: https.port, tls }]),
    ...(httpsLegacy === 'off' ? [] : [{ port: httpsLegacy, tls: tls && { ...tls, isLegacy: true } }]),
  ];
}

/** Two doors at one port cannot be told apart while one goes and the other comes. */
function isOpen(open: readonly Open[], { port, tls }: Wanted): boolean {
  const there = open.find((one) => one.port === port);
  if (there === undefined) return false;
  if ((there.tls === undefined) === (tls === undefined) && there.tls?.isLegacy === tls?.isLegacy) return true;
  const hint = 'restart unboxd, or give the door another port';
  throw new Fault('door-changes-kind', `port ${port} is open for another kind of door`, hint);
}

async function openOne(parts: WebDoorsParts, { port, tls }: Wanted): Promise<Open> {
  const { lan, desk, world, tell, site } = parts;
  const current = { tls };
  const listener = await openHttpServer({
    ...{ lan, desk, world, tell, port },
    get tls() {
      return current.tls;
    },
    get accounts() {
      return site().doors.accounts;
    },
    get catalogue() {
      return site().catalogue;
    },
  });
  return {
    ...{ port, listener, close: async () => await listener.close() },
    get tls() {
      return current.tls;
    },
    set tls(next) {
      current.tls = next;
    },
  };
}

function showCertificate(door: Open, wanted: readonly Wanted[]): void {
  const tls = wanted.find(({ port }) => port === door.port)?.tls;
  if (tls === undefined || isDeepStrictEqual(tls, door.tls)) return;
  door.tls = tls;
  door.listener.renew?.(tls);
}

// What is around the doors of the daemon: systemd is told that it is ready and lives, and it looks after its own state.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Closable, World } from '../base/world.ts';
import type { Care } from '../control/care.ts';
import { controlClient } from '../control/client.ts';
import { HOME } from '../net/home.ts';
import { feedWatchdog, openNotify, watchdogTime } from '../net/systemd.ts';
import { layRestore } from '../store/backup.ts';
import type { OpenedState } from '../store/state.ts';

export interface ServiceParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly world: World;
  /** The control socket: what answers there is fed with the same loop as the phones. */
  readonly control: string;
  /** One line for `systemctl status`. */
  readonly status: string;
}

export interface Service extends Closable {
  /** Other settings are looked at. */
  reloading(): void;
  /** We serve, and what. */
  ready(status: string): void;
  /** The process ends: what is still to do is done by the time that systemd grants for that, then it kills. */
  stopping(): void;
}

/** To be opened last: all doors are open. Does nothing where no systemd listens. */
export async function openService({ env, pid, world, control, status }: ServiceParts): Promise<Service> {
  const notify = await openNotify(env);
  const ready = (what: string): void => notify(`READY=1\nSTATUS=${what.replaceAll(/\s+/g, ' ')}`);
  ready(status);
  const limit = watchdogTime(env, pid);
  const client = controlClient(control);
  const isHealthy = async (): Promise<boolean> =>
    (await client.get<{ readonly ok: boolean }>('/v1/health')).ok;
  const watchdog = limit === undefined ? undefined : feedWatchdog({ world, notify, limit, isHealthy });
  return {
    // sd_notify(3): Type=notify-reload wants the moment, so that an older READY=1 is not taken for the end of this.
    reloading: () => notify(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    ready,
    stopping: () => notify('STOPPING=1\nSTATUS=stopping'),
    close: async () => await watchdog?.close(),
  };
}

export interface CareParts {
  readonly pid: number;
  readonly now: () => number;
  /** The state folder, and what is open in it. */
  readonly folder: string;
  readonly state: Pick<OpenedState, 'backup'>;
  readonly reload: Care['reload'];
}

/** What the daemon offers for its own care; `anew` resolves when it is to be opened again with a restored state. */
export function createCare({
  pid,
  now,
  folder,
  state,
  reload,
}: CareParts): Care & { readonly anew: Promise<'anew'> } {
  const { version } = JSON.parse(readFileSync(new URL('package.json', HOME), 'utf8')) as { version: string };
  let startAnew: () => void = () => undefined;
  const anew = new Promise<'anew'>((told) => {
    startAnew = () => told('anew');
  });
  return {
    daemon: { version, pid, since: now(), run: randomUUID() },
    backup: async () => await state.backup({ made: Date.now(), by: version }),
    restore: async (bytes) => {
      const { made, by, records } = await layRestore(folder, 'what was sent', bytes);
      return { made, by, records };
    },
    reload,
    startAnew: () => startAnew(),
    anew,
  };
}

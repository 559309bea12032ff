// What systemd and the daemon say to each other: sockets that it opened for us (sd_listen_fds(3)), and that we are
// ready, alive and stopping (sd_notify(3)).
import { Fault, messageOf } from '../base/fault.ts';
import type { Cancel, Closable, Millis, World } from '../base/world.ts';
import { loadDatagramSender } from './unix-datagram.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Descriptors by name, `udp-67` or `tcp-80`. Whoever opens one takes it out: it can be used once. */
export type Inherited = Map<string, number>;

const FIRST_DESCRIPTOR = 3;

/**
 * Reads LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES. The socket units name their sockets by
 * `FileDescriptorName=udp-67`; descriptors meant for another process, or without a name, are left alone.
 */
export function systemdSockets(env: Env, pid: number): Inherited {
  const { LISTEN_PID: listener, LISTEN_FDS: count, LISTEN_FDNAMES: names = '' } = env;
  const inherited: Inherited = new Map();
  if (Number(listener) !== pid || !/^\d{1,3}$/.test(count ?? '')) return inherited;
  for (const [index, name] of names.split(':').slice(0, Number(count)).entries()) {
    const isOurs = /^(udp|tcp)-\d{1,5}$/.test(name) && !inherited.has(name);
    if (isOurs) inherited.set(name, FIRST_DESCRIPTOR + index);
  }
  return inherited;
}

/** Says it to systemd: `READY=1`, `STATUS=...`. Does nothing where nobody listens. */
export type Notify = (state: string) => void;

/**
 * The way to systemd's socket, or none where the unit has no Type=notify. Rejects with a Fault where systemd waits for
 * a word that cannot be said: it would end the daemon after a minute, and nobody would know why.
 */
export async function openNotify(env: Env): Promise<Notify> {
  const { NOTIFY_SOCKET: path } = env;
  if (path === undefined || path === '') return () => undefined;
  try {
    const send = await loadDatagramSender(path);
    return (state) => send(Buffer.from(state));
  } catch (error) {
    const hint =
      'npm install koffi; or tell systemd not to wait, by systemctl edit unboxd: ' +
      '[Service] Type=exec NotifyAccess=none WatchdogSec=0';
    throw new Fault(
      'cannot-notify',
      `systemd cannot be told that we are ready: ${messageOf(error)}`,
      hint,
      error,
    );
  }
}

/** After how many ms without a sign of life systemd ends us; undefined where it does not watch us. */
export function watchdogTime(env: Env, pid: number): Millis | undefined {
  const { WATCHDOG_USEC: microseconds = '', WATCHDOG_PID: watched } = env;
  if (watched !== undefined && Number(watched) !== pid) return undefined;
  return /^[1-9]\d*$/.test(microseconds) ? Number(microseconds) / 1000 : undefined;
}

interface WatchdogParts {
  readonly world: World;
  readonly notify: Notify;
  readonly limit: Millis;
  /** Whether work gets done; what it rejects with counts as no. */
  readonly isHealthy: () => Promise<boolean>;
}

/** In each limit there is time for a check that fails and for another one. */
const CHECKS_PER_LIMIT = 3;

/**
 * Tells systemd that we are alive as long as work gets done. A timer alone would go on ticking in a daemon that answers
 * nobody: each sign of life is the answer to a check, and a check that is not done in time gives none.
 */
export function feedWatchdog({ world, notify, limit, isHealthy }: WatchdogParts): Closable {
  const pace = limit / CHECKS_PER_LIMIT;
  let isOpen = true;
  let cancel: Cancel = () => undefined;
  const check = async (): Promise<void> => {
    const began = world.now();
    const healthy = await isHealthy().catch(() => false);
    const took = world.now() - began;
    if (!isOpen) return;
    if (healthy && took <= pace) notify('WATCHDOG=1');
    cancel = world.after(Math.max(0, pace - took), () => void check());
  };
  void check();
  return {
    close: async () => {
      isOpen = false;
      cancel();
      await Promise.resolve();
    },
  };
}

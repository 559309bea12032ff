// Sockets that systemd opened for us (sd_listen_fds(3)): the way without native code and without capabilities.

/** Descriptors by name, `udp-67` or `tcp-80`. Whoever opens one takes it out: it can be used once. */
export type Inherited = Map<string, number>;

const FIRST_DESCRIPTOR = 3;

/**
 * Reads LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES. The socket units name their sockets by
 * `FileDescriptorName=udp-67`; descriptors meant for another process, or without a name, are left alone.
 */
export function systemdSockets(env: Readonly<Record<string, string | undefined>>, pid: number): Inherited {
  const { LISTEN_PID: listener, LISTEN_FDS: count, LISTEN_FDNAMES: names = '' } = env;
  const inherited: Inherited = new Map();
  if (Number(listener) !== pid || !/^\d{1,3}$/.test(count ?? '')) return inherited;
  for (const [index, name] of names.split(':').slice(0, Number(count)).entries()) {
    const isOurs = /^(udp|tcp)-\d{1,5}$/.test(name) && !inherited.has(name);
    if (isOurs) inherited.set(name, FIRST_DESCRIPTOR + index);
  }
  return inherited;
}

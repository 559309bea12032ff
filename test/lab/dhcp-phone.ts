// A phone played by udhcpc: its MAC, the lease it gets, and what its hook saw of it.
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Lab, type Running, until } from './lab.ts';

/** Where the phone stands, and as whom. */
export interface Plug {
  readonly namespace: string;
  readonly interface: string;
  readonly mac: string;
}

/** What the hook of udhcpc saw, by name. */
export type Seen = Readonly<Record<string, string>>;

const HOOK = resolve('test/lab/dhcp-hook.sh');

/** The interface as that of a phone just unboxed. */
export async function plugIn(lab: Lab, plug: Plug): Promise<void> {
  await lab.run(plug.namespace, ['ip', 'address', 'flush', 'dev', plug.interface]);
  await lab.run(plug.namespace, ['ip', 'link', 'set', plug.interface, 'address', plug.mac]);
}

/** One lease for a phone just plugged in; fails with what udhcpc wrote when it gets none within 5 s. */
export async function leaseOf(lab: Lab, plug: Plug, ...more: readonly string[]): Promise<Seen> {
  await plugIn(lab, plug);
  const client = udhcpc(lab, plug, '-q', ...more);
  if ((await client.ended) !== 0) throw new Error(client.output());
  return await seenBy(lab, plug);
}

/** A phone that stays: SIGUSR1 makes it renew, SIGUSR2 release. Resolves when it has its lease. */
export async function staying(lab: Lab, plug: Plug, ...more: readonly string[]): Promise<Running> {
  await plugIn(lab, plug);
  await rm(envOf(lab, plug), { force: true });
  const client = udhcpc(lab, plug, ...more);
  await until(
    async () => Object.keys(await seenBy(lab, plug)).length > 1,
    'a lease of udhcpc',
    client.output,
  );
  return client;
}

/** What the hook wrote last; nothing before the first lease. */
export async function seenBy(lab: Lab, plug: Plug): Promise<Seen> {
  const lines = (await readFile(envOf(lab, plug), 'utf8').catch(() => '')).trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** What makes udhcpc ask for these options beside those that it always asks for. */
export function asking(...options: readonly string[]): readonly string[] {
  return options.flatMap((option) => ['-O', option]);
}

function udhcpc(lab: Lab, plug: Plug, ...more: readonly string[]): Running {
  const argv = ['udhcpc', '-i', plug.interface, '-f', '-n', '-t', '5', '-T', '1', '-s', HOOK, ...more];
  return lab.start(plug.namespace, argv, { LEASE: envOf(lab, plug) });
}

function envOf(lab: Lab, { namespace, interface: name }: Plug): string {
  return join(lab.folder, `${namespace}-${name}.env`);
}

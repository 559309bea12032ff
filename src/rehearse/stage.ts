// A private network for rehearsals and lab tests: namespaces joined by veth pairs, seen by nobody else. One helper
// process holds all of it and ends when our end of its standard input closes, so that even a kill -9 of us leaves
// nothing behind. Works as an ordinary user where user namespaces are allowed.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../base/fault.ts';
import type { Closable } from '../base/world.ts';

/** A cable between two namespaces; those named are made. */
export interface StageLink {
  readonly host: string;
  readonly interface: string;
  /** With its prefix length: `10.99.1.1/24`. */
  readonly address: string;
  readonly peer: string;
  readonly peerInterface: string;
  /** Absent for a phone that asks for its address. */
  readonly peerAddress?: string;
}

export interface Stage extends Closable {
  /** Of the helper process. */
  readonly pid: number;
  /**
   * What to spawn so that `argv` runs in a namespace, in the folder that we were in when the stage was opened.
   * The process has the pid that spawn gives. Closing the stage kills whatever still runs there.
   */
  command(namespace: string, argv: readonly string[]): readonly string[];
}

interface Tools {
  readonly unshare: string;
  readonly nsenter: string;
  readonly ip: string;
}

/** Searched after PATH: ordinary users often do not have the last two there. */
const MORE_PLACES = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];
const PACKAGES = 'apt-get install iproute2 util-linux';

/** Opens the namespaces of all links. Rejects with a Fault when this machine does not allow it. */
export async function openStage(options: { readonly links: readonly StageLink[] }): Promise<Stage> {
  const script = scriptOf(options.links);
  const tools = findTools();
  const asUser = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  // Detached: the Ctrl-C that stops the rehearsal must not take the network away before its daemon has closed.
  const helper = spawn(
    tools.unshare,
    [...asUser, '--net', '--mount', '/bin/sh', '-c', script, 'stage', tools.ip],
    {
      detached: true,
      env: { PATH: MORE_PLACES.join(':') },
    },
  );
  const gone = new Promise<void>((done) => {
    helper.once('exit', () => done());
    helper.once('error', () => done());
  });
  await ready(helper);
  const pid = helper.pid ?? 0;
  const enter = asUser.length === 0 ? [] : ['--user', '--preserve-credentials'];
  const prefix = [tools.nsenter, '--target', String(pid), ...enter, '--net', '--mount', '--wd', tools.ip];
  return {
    pid,
    command: (namespace, argv) => [...prefix, 'netns', 'exec', namespace, ...argv],
    close: async () => {
      helper.stdin.end();
      await gone;
    },
  };
}

/** The full path of a command, also one for administrators that an ordinary user's PATH leaves out. */
export function findCommand(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), ...MORE_PLACES];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findTools(): Tools {
  const [unshare, nsenter, ip] = ['unshare', 'nsenter', 'ip'].map(findCommand);
  if (unshare !== undefined && nsenter !== undefined && ip !== undefined) return { unshare, nsenter, ip };
  const hint = process.platform === 'linux' ? PACKAGES : 'run it on Linux, a virtual machine will do';
  throw new Fault('stage-tools', 'a private network needs the commands unshare, nsenter and ip', hint);
}

/** Resolves when the network stands. */
async function ready(helper: ChildProcessWithoutNullStreams): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (cause?: unknown): void => reject(notAllowed(said, cause));
    helper.once('error', fail);
    // After its output, so that the Fault has its words.
    helper.once('close', () => fail());
    helper.stdin.on('error', () => undefined); // it ended before us: told by 'close'
    helper.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    helper.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('ready')) resolve();
    });
  });
}

function notAllowed(said: string, cause: unknown): Fault {
  const because = said.trim().split('\n')[0] ?? '';
  const message = `this machine does not allow a private network${because === '' ? '' : ` (${because})`}`;
  return new Fault('stage-refused', message, `${howToAllow()}, or run as root`, cause);
}

function howToAllow(): string {
  const settings = [
    { path: 'kernel/apparmor_restrict_unprivileged_userns', bad: '1', good: '0' },
    { path: 'kernel/unprivileged_userns_clone', bad: '0', good: '1' },
    { path: 'user/max_user_namespaces', bad: '0', good: '1000' },
  ];
  const inTheWay = settings.filter(({ path, bad }) => sysctl(path) === bad);
  if (inTheWay.length === 0) return 'in a container, start it with --privileged';
  return inTheWay.map(({ path, good }) => `sysctl -w ${path.replace('/', '.')}=${good}`).join(', ');
}

function sysctl(path: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${path}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** What the helper runs; `$1` is the ip command. Its /run is its own, so the names of namespaces are private too. */
export function scriptOf(links: readonly StageLink[]): string {
  const namespaces = [...new Set(links.flatMap(({ host, peer }) => [host, peer]))];
  const [first = ''] = namespaces;
  return [
    'set -e',
    'mount -t tmpfs tmpfs /run',
    ...namespaces.flatMap((name) => [`$1 netns add ${word(name)}`, `$1 -n ${name} link set lo up`]),
    ...links.flatMap(cable),
    `$1 netns exec ${first} true`,
    'echo ready',
    'while read -r line; do :; done',
    // Nobody reads on: what runs in the namespaces would keep them alive.
    ...namespaces.map(
      (name) => `for pid in $($1 netns pids ${name}); do kill -9 $pid 2>/dev/null || true; done`,
    ),
  ].join('\n');
}

function cable(link: StageLink): readonly string[] {
  const { host, peer } = link;
  const near = word(link.interface);
  const far = word(link.peerInterface);
  const peerAddress =
    link.peerAddress === undefined ? [] : [`$1 -n ${peer} address add ${word(link.peerAddress)} dev ${far}`];
  return [
    `$1 -n ${host} link add ${near} type veth peer name ${far} netns ${peer}`,
    `$1 -n ${host} address add ${word(link.address)} dev ${near}`,
    ...peerAddress,
    `$1 -n ${peer} link set ${far} up`,
    `$1 -n ${host} link set ${near} up`,
    // The kernel shows a link as up a moment after it is.
    `for try in $(seq 100); do $1 -n ${host} link show ${near} | grep -q 'state UP' && break; sleep 0.02; done`,
  ];
}

/** The script is text for a shell: only what needs no quoting goes in. */
function word(text: string): string {
  if (!/^[\w./-]{1,32}$/.test(text) || text.startsWith('-')) throw new Error(`not fit for a stage: ${text}`);
  return text;
}

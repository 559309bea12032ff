import { setImmediate as breath } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { type App, type AppParts, openApp } from '../../app.ts';
import { openFileThread } from '../../back/thread.ts';
import { Fault } from '../../base/fault.ts';
import { showIpv4, showSubnet } from '../../base/ipv4.ts';
import { type Log, openLog } from '../../base/log.ts';
import { err, type Result } from '../../base/result.ts';
import { type Closable, openAll, type World } from '../../base/world.ts';
import { type Mistake, showMistake } from '../../base/yaml-text.ts';
import { createReload, type ReloadAnswer, reloadSentences } from '../../control/reload.ts';
import { openPress } from '../../control/render-offline.ts';
import { openControl } from '../../control/server.ts';
import { findInterface, listInterfaces } from '../../net/interfaces.ts';
import { once, openLan } from '../../net/lan.ts';
import { neighbourOf, readNeighbours } from '../../net/neighbours.ts';
import { lowerHelpers } from '../../net/priority.ts';
import { type Inherited, systemdSockets } from '../../net/systemd.ts';
import { realWorld } from '../../net/world.ts';
import { type LoadedSite, loadSite } from '../../site/load.ts';
import type { LanSite } from '../../site/site.ts';
import { openState } from '../../store/state.ts';
import { openTokenKey } from '../../store/token-key.ts';
import { openTls } from '../certificates.ts';
import { type Command, type Flag, type Flags, type Terminal, textFlag } from '../command.ts';
import { awaitLans } from '../late-lans.ts';
import { tellMistakes } from '../mistakes.ts';
import { createCare, openService, type Service } from '../service.ts';

/** The flags by which `serve` and `check` find the settings. */
export const SITE_FLAGS: readonly Flag[] = [
  { flags: '--config <file>', what: 'settings (unboxd.yaml); without it all defaults hold' },
  {
    flags: '--interface <name>',
    what: 'the LAN to serve, and no other; of several in the settings this one',
  },
  { flags: '--phones <csv>', what: 'the phone list' },
];

/** `unboxd serve`: the daemon. */
export const serve: Command = {
  name: 'serve',
  summary: 'serve phones on one LAN or several: addresses, URLs, files (the daemon)',
  flags: [
    ...SITE_FLAGS,
    { flags: '--state <dir>', what: 'where leases are kept (default /var/lib/unboxd)' },
    { flags: '--control <path>', what: 'socket for the other commands (default /run/unboxd/control.sock)' },
    { flags: '--allow-plain', what: 'serve even where the interface cannot be pinned (one LAN only!)' },
  ],
  examples: ['unboxd serve --interface eth1', 'unboxd serve --config /etc/unboxd/unboxd.yaml'],
  run: async ({ flags, terminal }) => {
    lowerHelpers();
    // Threads that give way must not be waited for: small tidyings are done alone.
    setFlagsFromString('--no-parallel-scavenge');
    const hangups = hangupsOf(terminal);
    const loaded = await loadServed(flags);
    if (!loaded.ok) return tellMistakes(terminal, loaded.error);
    let served = loaded.value;
    const stopped = new Promise<'stop'>((stop) => terminal.onStop(() => stop('stop')));
    for (;;) {
      const running = await open(served, { flags, terminal });
      // Thousands of leases a second leave much garbage; a small machine has better use for the memory than V8, which
      // lets the heap double before it clears up. Costs some 10 % of the processor at full load. Not before the thread
      // of the file doors stands: it would be left a nursery of 1 MB, and spend a third of its time on clearing it.
      setFlagsFromString('--optimize-for-size');
      hangups.follow(() => void running.reload());
      const why = await Promise.race([stopped, running.anew]);
      hangups.follow(undefined);
      served = running.served();
      // The sockets that systemd handed over are closed for good: it opens new ones when it starts us again.
      const isLast = why === 'stop' || terminal.env['LISTEN_FDS'] !== undefined;
      if (isLast) running.stopping();
      await running.close();
      if (isLast) return why === 'stop' ? 0 : 1;
    }
  },
};

/** Each SIGHUP is heard by whoever follows; the next one hears of those that came while nobody did. */
function hangupsOf(terminal: Terminal) {
  let listener: (() => void) | undefined;
  let isDue = false;
  terminal.onHangup?.(() => {
    isDue = listener === undefined;
    listener?.();
  });
  return {
    follow: (next: (() => void) | undefined): void => {
      listener = next;
      if (isDue) next?.();
      isDue = isDue && next === undefined;
    },
  };
}

/**
 * How the interface is, where it is here: settings may be looked at on another machine than the one they are for, and
 * an interface that is not here is left out.
 */
export function factsHere(): (name: string) => ReturnType<typeof findInterface> | undefined {
  const here = new Set(listInterfaces().map(({ name }) => name));
  return (name) => (here.has(name) ? findInterface(name) : undefined);
}

/** What the flags of `serve` and `check` ask `loadSite` for. */
export function siteRequest(flags: Flags) {
  return {
    file: textFlag(flags, 'config'),
    interface: textFlag(flags, 'interface'),
    phones: textFlag(flags, 'phones'),
    state: textFlag(flags, 'state'),
    control: textFlag(flags, 'control'),
  };
}

/** The settings for the LANs that are here, or their mistakes. */
async function loadServed(flags: Flags): Promise<Result<LoadedSite, readonly Mistake[]>> {
  const loaded = await loadSite({ ...siteRequest(flags), facts: findInterface });
  if (!loaded.ok) return loaded;
  if (loaded.value.lans.length === 0) throw noInterface();
  return loaded;
}

/** As strict as `unboxd check`: no phone shall be the first to find a mistake in its file. */
async function loadChecked(flags: Flags): Promise<Result<LoadedSite, readonly Mistake[]>> {
  const loaded = await loadServed(flags);
  if (!loaded.ok) return loaded;
  const mistakes = await (await openPress(loaded.value)).mistakes(breath);
  return mistakes.length === 0 ? loaded : err(mistakes);
}

interface Running extends Closable {
  /** The settings as they are now. */
  readonly served: () => LoadedSite;
  readonly reload: () => Promise<unknown>;
  /** Said before the close that ends the process; after another one all is opened again. */
  readonly stopping: () => void;
  readonly anew: Promise<'anew'>;
}

async function open(first: LoadedSite, call: { flags: Flags; terminal: Terminal }): Promise<Running> {
  const { flags, terminal } = call;
  const log = await openLog({ level: first.logLevel, doors: first.logDoors, pretty: terminal.isTty });
  const world = realWorld();
  // A LAN is opened twice, here and in the thread of the file doors, and both meet the same trouble.
  const onWarning = once((message) => log.warn(message));
  const groundOf = grounds(call, { world, onWarning, first: first.lans[0]?.interface });
  // Each opener uses what those before it opened; closing goes the other way round.
  let state: Awaited<ReturnType<typeof openState>> | undefined;
  let app: App | undefined;
  let cared: ReturnType<typeof createCare> | undefined;
  let service: Service | undefined;
  const tlsFor = async (site: LoadedSite) => await openTls(site, { now: world.now(), warn: onWarning });
  const reload = createReload({
    file: textFlag(flags, 'config') ?? 'the command line',
    load: async () => await loadChecked(flags),
    served: () => opened(app).served(),
    renew: async ({ site }) => await opened(app).renew(site, await tlsFor(site)),
    onBegin: () => service?.reloading(),
    onEnd: (answer) => {
      logReload(log, answer);
      service?.ready(opening(opened(app).served()));
    },
  });
  const care = (): ReturnType<typeof createCare> => {
    const parts = { pid: terminal.pid, now: world.now, folder: first.state, reload };
    cared ??= createCare({ ...parts, state: opened(state) });
    return cared;
  };
  const running = await openAll([
    async () => {
      state = await openState(first.state);
      return state.state;
    },
    async () => {
      const tls = await tlsFor(first);
      const tokenKey = first.files.tokens === undefined ? undefined : await openTokenKey(first.state);
      app = await openApp({
        ...{ site: first, groundOf, world, log, tls, tokenKey, neighbourOf },
        ...opened(state),
        linkFacts: findInterface,
      });
      return app;
    },
    async () =>
      await Promise.resolve(
        awaitLans({
          app: opened(app),
          world,
          look: findInterface,
          load: async () => await loadChecked(flags),
          tlsFor,
          log,
        }),
      ),
    async () => await openControl(first.controlSocket, opened(app).appliance, care()),
    async () => {
      const { env, pid } = terminal;
      const status = opening(opened(app).served());
      service = await openService({ env, pid, world, control: first.controlSocket, status });
      return service;
    },
  ]);
  log.info(opening(opened(app).served()));
  return {
    ...running,
    reload,
    stopping: () => service?.stopping(),
    served: () => opened(app).served(),
    anew: care().anew,
  };
}

function logReload(log: Log, answer: ReloadAnswer): void {
  if (answer.done) log.info(`reloaded: ${reloadSentences(answer).join('; ')}`);
  for (const mistake of answer.mistakes) log.warn(showMistake(mistake));
  if (!answer.done) log.warn('not reloaded: nothing was changed, for these mistakes');
}

function opened<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('opened out of order');
  return part;
}

interface GroundParts {
  readonly world: World;
  readonly onWarning: (message: string) => void;
  /** The LAN that gets the sockets of systemd: their names do not say for which interface they are. */
  readonly first: string | undefined;
}

/** Each LAN has sockets, a table of neighbours and a thread of file doors of its own. */
function grounds(
  { flags, terminal }: { readonly flags: Flags; readonly terminal: Terminal },
  { world, onWarning, first }: GroundParts,
): AppParts['groundOf'] {
  const handedOver = systemdSockets(terminal.env, terminal.pid);
  return ({ interface: name, address, subnet }) => {
    const inherited: Inherited = name === first ? handedOver : new Map<string, number>();
    const ground = { interface: name, address, subnet, inherited, allowPlain: flags['allowPlain'] === true };
    return {
      lan: openLan({ ...ground, world, onWarning }),
      neighbours: async () => await readNeighbours(name),
      openFiles: async (files) => await openFileThread({ ...files, ground, world, onWarning }),
    };
  };
}

function opening(site: LoadedSite): string {
  const { doors } = site;
  const files = [
    `TFTP ${doors.tftp === 'off' ? 'off' : 'on'}`,
    `HTTP ${doors.http}`,
    ...(doors.https === 'off' ? [] : [`HTTPS ${doors.https.port}`]),
    ...(doors.ftp === 'off' ? [] : [`FTP ${doors.ftp.port}`]),
  ];
  const lans = site.lans.map(openingOf);
  const [first] = lans;
  const where =
    lans.length === 1 && first !== undefined
      ? `${first}, ${files.join(', ')}`
      : [...lans, files.join(', ')].join('; ');
  const away = site.away.map((lan) => `; not served: ${lan.interface}, tried again`);
  return `serving ${where}; ${site.phones.length} phones listed${away.join('')}`;
}

function openingOf({ interface: name, address, subnet, dhcp: { mode, pool }, pnp }: LanSite): string {
  const range = mode === 'full' ? ` ${showIpv4(pool.first)}-${showIpv4(pool.last)}` : '';
  return `${name} (${showIpv4(address)}, ${showSubnet(subnet)}): DHCP ${mode}${range}, PnP ${pnp.mode}`;
}

function noInterface(): Fault {
  const known = listInterfaces()
    .map(({ name, address }) => `${name} (${showIpv4(address)})`)
    .join(', ');
  const hint = `name the staging LAN: unboxd serve --interface NAME; this machine has ${known || 'none with an address'}`;
  return new Fault('no-interface', 'no interface to serve is named', hint);
}

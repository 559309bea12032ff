import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { type App, openApp } from '../../app.ts';
import { openFileThread } from '../../back/thread.ts';
import { Fault } from '../../base/fault.ts';
import { showIpv4, showSubnet } from '../../base/ipv4.ts';
import { openLog } from '../../base/log.ts';
import { openAll } from '../../base/world.ts';
import { openControl } from '../../control/server.ts';
import { findInterface, listInterfaces } from '../../net/interfaces.ts';
import { once, openLan } from '../../net/lan.ts';
import { neighbourOf, readNeighbours } from '../../net/neighbours.ts';
import { systemdSockets } from '../../net/systemd.ts';
import { realWorld } from '../../net/world.ts';
import { type LoadedSite, loadSite } from '../../site/load.ts';
import type { LanSite } from '../../site/site.ts';
import { openState } from '../../store/state.ts';
import { type Command, type Flag, type Flags, type Terminal, textFlag } from '../command.ts';
import { tellMistakes } from '../mistakes.ts';

/** The flags by which `serve` and `check` find the settings. */
export const SITE_FLAGS: readonly Flag[] = [
  { flags: '--config <file>', what: 'settings (unboxd.yaml); without it all defaults hold' },
  { flags: '--interface <name>', what: 'the LAN to serve; nothing is served on any other' },
  { flags: '--phones <csv>', what: 'the phone list' },
];

/** `unboxd serve`: the daemon. */
export const serve: Command = {
  name: 'serve',
  summary: 'serve phones on one LAN: addresses, URLs, files (the daemon)',
  flags: [
    ...SITE_FLAGS,
    { flags: '--state <dir>', what: 'where leases are kept (default /var/lib/unboxd)' },
    { flags: '--control <path>', what: 'socket for the other commands (default /run/unboxd/control.sock)' },
    { flags: '--allow-plain', what: 'serve even where the interface cannot be pinned (one LAN only!)' },
  ],
  examples: ['unboxd serve --interface eth1', 'unboxd serve --config /etc/unboxd/unboxd.yaml'],
  run: async ({ flags, terminal }) => {
    // Thousands of leases a second leave much garbage; a small machine has better use for the memory than V8, which
    // lets the heap double before it clears up. Costs some 5 % of the processor at full load.
    setFlagsFromString('--optimize-for-size');
    const loaded = await loadSite({ ...siteRequest(flags), facts: findInterface });
    if (!loaded.ok) return tellMistakes(terminal, loaded.error);
    const site = loaded.value;
    if (site.lan === undefined) throw noInterface();
    const stopped = new Promise<void>((stop) => terminal.onStop(stop));
    const running = await open(site, site.lan, { flags, terminal });
    await stopped;
    await running.close();
    return 0;
  },
};

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

async function open(site: LoadedSite, lanSite: LanSite, call: { flags: Flags; terminal: Terminal }) {
  const { flags, terminal } = call;
  const log = await openLog({ level: site.logLevel, pretty: terminal.isTty });
  const world = realWorld();
  const { interface: name, address, subnet } = lanSite;
  const inherited = systemdSockets(terminal.env, terminal.pid);
  const ground = { interface: name, address, subnet, inherited, allowPlain: flags['allowPlain'] === true };
  // The LAN is opened twice, here and in the thread of the file doors, and both meet the same trouble.
  const onWarning = once((message) => log.warn(message));
  const lan = openLan({ ...ground, world, onWarning });
  // Each opener uses what those before it opened; closing goes the other way round.
  let state: Awaited<ReturnType<typeof openState>> | undefined;
  let app: App | undefined;
  const running = await openAll([
    async () => {
      state = await openState(site.state);
      return state.state;
    },
    async () => {
      const tls =
        site.doors.https === 'off' ? undefined : await serverCertificate(site, lanSite, world.now());
      app = await openApp({
        ...{ site, lanSite, lan, world, log, tls, neighbourOf },
        ...opened(state),
        neighbours: async () => await readNeighbours(lanSite.interface),
        openFiles: async (files) => await openFileThread({ ...files, ground, world, onWarning }),
      });
      return app;
    },
    async () => await openControl(site.controlSocket, opened(app).appliance),
  ]);
  log.info(opening(site, lanSite));
  return running;
}

/** The certificate for this LAN, made and kept in the state folder; installers find the CA beside it. */
async function serverCertificate(site: LoadedSite, lan: LanSite, now: number) {
  // Loaded where it is needed: it takes a tenth of the daemon's memory.
  const { openCertificates } = await import('../../certs/folder.ts');
  const names = { names: ['unboxd'], addresses: [showIpv4(lan.address)] };
  const { server } = await openCertificates(join(site.state, 'certs'), names, now);
  return server;
}

function opened<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('opened out of order');
  return part;
}

function opening(site: LoadedSite, lan: LanSite): string {
  const { mode, pool } = lan.dhcp;
  const range = mode === 'full' ? ` ${showIpv4(pool.first)}-${showIpv4(pool.last)}` : '';
  const doors = [
    `DHCP ${mode}${range}`,
    `PnP ${lan.pnp}`,
    `TFTP ${site.doors.tftp}`,
    `HTTP ${site.doors.http}`,
  ];
  const where = `${lan.interface} (${showIpv4(lan.address)}, ${showSubnet(lan.subnet)})`;
  return `serving ${where}: ${doors.join(', ')}; ${site.phones.length} phones listed`;
}

function noInterface(): Fault {
  const known = listInterfaces()
    .map(({ name, address }) => `${name} (${showIpv4(address)})`)
    .join(', ');
  const hint = `name the staging LAN: unboxd serve --interface NAME; this machine has ${known || 'none with an address'}`;
  return new Fault('no-interface', 'no interface to serve is named', hint);
}

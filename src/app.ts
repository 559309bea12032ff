// Opens the world and wires the doors: the only file that knows them all.
// Server(door, decide(register, site)), one timeline; the doors for files may stand in a thread of their own.

import { type FileDoors, type FileDoorsParts, openFileDoors } from './back/doors.ts';
import type { Ipv4 } from './base/ipv4.ts';
import type { Log } from './base/log.ts';
import { type Mac, parseMac } from './base/mac.ts';
import { type Closable, openAll, type World } from './base/world.ts';
import type { Appliance } from './control/api.ts';
import { createAppliance } from './control/appliance.ts';
import { createDhcpDesk } from './control/dhcp.ts';
import { type Metrics, openMetrics, timeCommits } from './control/metrics.ts';
import { createStorms, type StormKeeper } from './control/storms.ts';
import { createTeller } from './control/teller.ts';
import { type ConflictCheck, openConflictCheck } from './dhcp/conflict.ts';
import { type Guard, openGuard } from './dhcp/guard.ts';
import type { LeaseTable } from './dhcp/lease-table.ts';
import { createLeaseTable } from './dhcp/leases.ts';
import { openDhcpServer } from './dhcp/server.ts';
import { createRecogniser } from './files/recognise.ts';
import type { HttpOptions, Lan } from './net/ports.ts';
import { makerOf } from './phones/makers.ts';
import { bindAddress, createRegister, type Register } from './phones/register.ts';
import { createUrlFor, type urlFor } from './phones/url.ts';
import { vendorOf } from './phones/vendor.ts';
import { openPnpGuard, type PnpGuard } from './sip/guard.ts';
import { openSip, type SipServer } from './sip/server.ts';
import type { LoadedSite } from './site/load.ts';
import type { LanSite } from './site/site.ts';
import type { State, Stored } from './store/state.ts';
import { createTally } from './timeline/counts.ts';
import type { Tell } from './timeline/event.ts';
import { createTimeline } from './timeline/journal.ts';
import { rememberedProgress } from './timeline/progress.ts';

export interface AppParts {
  readonly site: LoadedSite;
  readonly lanSite: LanSite;
  readonly lan: Lan;
  readonly state: State;
  readonly stored: Stored;
  readonly world: World;
  readonly log: Log;
  /** Needed when the HTTPS door is on. */
  readonly tls?: HttpOptions['tls'];
  readonly neighbourOf: (address: Ipv4) => Promise<Mac | undefined>;
  /** Who answers for addresses of the LAN, by dotted address. */
  readonly neighbours: () => Promise<ReadonlyMap<string, Mac>>;
  /** Opens the doors for files elsewhere than in this thread. */
  readonly openFiles?: (parts: Omit<FileDoorsParts, 'lan' | 'world'>) => Promise<FileDoors>;
}

/** Everything running on one LAN. Closing gives the sockets back; the state is the caller's. */
export interface App extends Closable {
  readonly appliance: Appliance;
}

/** Opens all doors. Rejects with a Fault, nothing left open, when one of them cannot be opened. */
export async function openApp(parts: AppParts): Promise<App> {
  const { site, lanSite, lan, stored, world, log } = parts;
  const { state, commits } = timeCommits(parts.state);
  const { catalogue, provisioning } = site;
  const timeline = createTimeline(
    stored.phones.map(({ mac, ownFile }) => [mac, rememberedProgress(mac, ownFile)]),
    (mac) => register.phones.has(mac),
  );
  const tally = createTally();
  timeline.follow(tally.add);
  const leases = createLeaseTable(lanSite, stored.leases, [
    ...site.phones.map(({ mac, address }) => ({ client: mac, address })),
    ...site.places.map(({ key, address }) => ({ client: key, address })),
  ]);
  state.follow(() => leases.leases.values());
  const register = rememberPhones(site, stored, leases, world);
  const tell = createTeller({ state, register, log, tell: timeline.tell });
  const url = createUrlFor({ url: provisioning.url, server: lanSite.address, catalogue });
  const openFiles = parts.openFiles ?? (async (files) => await openFileDoors({ ...files, lan, world }));
  const common = { lan, site: lanSite, register, world, tell, urlFor: url };

  const opened: {
    sip?: SipServer;
    files?: FileDoors;
    pnpGuard?: PnpGuard;
    guard?: Guard;
    metrics?: Metrics;
  } = {};
  const doors = await openAll([
    ...(lanSite.dhcp.mode === 'off'
      ? []
      : dhcpDoors({ ...parts, state, register, leases, tell, urlFor: url, opened })),
    ...(lanSite.pnp.mode === 'off' || lanSite.dhcp.guard.isOff
      ? []
      : [async () => (opened.pnpGuard = await openPnpGuard({ ...watchParts(parts), tell }))]),
    async () => {
      opened.sip = await openSip({
        ...common,
        isProbe: (mac) => opened.pnpGuard?.isProbe(mac) === true,
        wakeable: { via: site.wake.via, served: lanSite.dhcp.relayed.map(({ subnet }) => subnet) },
        notifyStyleFor: (phone) => vendorOf(catalogue, phone.identity.vendor)?.pnp.notify ?? 'rfc',
        takesPush: (phone) => vendorOf(catalogue, phone.identity.vendor)?.pnp.push === true,
      });
      return opened.sip;
    },
    async () => {
      const recognise = createRecogniser({ register, neighbourOf: parts.neighbourOf, world, tell });
      opened.files = await openFiles({ site: fileSite(parts), recognise, tell });
      return opened.files;
    },
    async () => {
      const shown = { site, lanSite, leases, tally, commits, world };
      opened.metrics = await openMetrics({ ...shown, appliance: () => appliance });
      return opened.metrics;
    },
  ]);
  const { sip, files } = opened;
  if (sip === undefined || files === undefined) throw new Error('openAll did not open all');
  timeline.follow((event) => {
    if (event.kind === 'leased' || event.kind === 'released' || event.kind === 'declined')
      files.moved?.(event.address);
  });

  let storms: StormKeeper | undefined;
  const appliance = createAppliance({
    register,
    timeline,
    desk: files.desk,
    leases,
    lan: lanSite,
    provisioning,
    urlFor: url,
    world,
    wake: sip.wake,
    push: sip.push,
    waking: site.wake,
    storms: (stages) => {
      storms = createStorms({
        ...{ world, timeline, register, stages, state, wake: sip.wake, waking: site.wake },
        stored: stored.storms,
      });
      return storms;
    },
    dhcp: createDhcpDesk({
      ...{ lan: lanSite, provisioning, register, leases, urlFor: url, world, commit: state.commit },
      objection: () => opened.guard?.objection(),
    }),
  });
  if (stored.cut > 0) {
    const hint = 'nothing to do: the last record was not complete, so no phone was answered on it';
    tell({
      kind: 'fault',
      at: world.now(),
      code: 'journal-cut',
      message: `${stored.cut} torn bytes cut off the journal`,
      hint,
    });
  }
  // Storms rest first: a wake-up that our closing cuts off is not one that a phone left unanswered.
  const close = async (): Promise<void> => {
    await storms?.close();
    await doors.close();
  };
  return { appliance: { ...appliance, metrics: opened.metrics?.text }, close };
}

function fileSite({ site, lanSite, tls }: AppParts): FileDoorsParts['site'] {
  const { catalogue, templates, filesRoot, doors, provisioning } = site;
  // Where another server gives the addresses, a phone's own word must do.
  const bind = site.files.bind ?? (lanSite.dhcp.mode === 'full' ? 'lease' : 'claim');
  const files = { ...site.files, bind };
  return {
    catalogue,
    templates,
    filesRoot,
    files,
    doors,
    url: provisioning.url,
    server: lanSite.address,
    tls,
  };
}

/** What those need who look for other servers. */
function watchParts({ lan, lanSite, world, neighbourOf, site }: AppParts) {
  const { every } = lanSite.dhcp.guard;
  return { lan, world, every, neighbourOf, makerOf: (mac: Mac) => makerOf(site.makers, mac) };
}

/** What a URL can speak of. */
type Named = Parameters<typeof urlFor>[0]['phone'];

interface DhcpParts extends AppParts {
  /** Where the guard is put when it is open. */
  readonly opened: { guard?: Guard };
  readonly register: Register;
  readonly leases: LeaseTable;
  readonly tell: Tell;
  readonly urlFor: (phone: Named) => string | undefined;
}

/** What looks around before the door opens, and the door. */
function dhcpDoors(parts: DhcpParts): readonly (() => Promise<Closable>)[] {
  const { lan, lanSite, world, tell, register, leases, urlFor, state, opened } = parts;
  const { guard: settings, conflictCheck } = lanSite.dhcp;
  let check: ConflictCheck | undefined;
  const openers = {
    guard: async () => {
      const isFull = lanSite.dhcp.mode === 'full';
      // Beside a companion another server is what is wanted.
      const allow = isFull ? settings.allow : 'any';
      opened.guard = await openGuard({ ...watchParts(parts), tell, allow, stops: isFull });
      return opened.guard;
    },
    check: async () => {
      const { neighbours } = parts;
      const onTrouble = (error: unknown): void =>
        parts.log.warn({ error: String(error) }, 'the address check failed');
      check = await openConflictCheck({ lan, world, neighbours, onTrouble });
      return check;
    },
    door: async () =>
      await openDhcpServer({
        port: lan,
        lan: lanSite,
        provisioning: parts.site.provisioning,
        register,
        leases,
        commit: state.commit,
        probe: async (address) => (await check?.probe(address)) ?? 'unchecked',
        guard: {
          objection: () => opened.guard?.objection(),
          isProbe: (mac) => opened.guard?.isProbe(mac) === true,
          heard: (server, mac) => opened.guard?.heard(server, mac),
        },
        world,
        tell,
        urlFor,
      }),
  };
  return [
    ...(settings.isOff ? [] : [openers.guard]),
    ...(conflictCheck ? [openers.check] : []),
    openers.door,
  ];
}

function rememberPhones(site: LoadedSite, stored: Stored, leases: LeaseTable, world: World): Register {
  const holders = [...leases.leases.values()].flatMap(({ state, expires, client, mac, address }) => {
    const holder = mac ?? parseMac(client);
    return state === 'bound' && expires > world.now() && holder !== undefined
      ? [{ mac: holder, address }]
      : [];
  });
  const known = new Set(stored.phones.map(({ mac }) => mac));
  const register = createRegister({
    catalogue: site.catalogue,
    list: site.phones,
    remembered: [
      ...stored.phones,
      ...holders.filter(({ mac }) => !known.has(mac)).map(({ mac }) => ({ mac, clues: [] })),
    ],
  });
  for (const { mac, address } of holders) bindAddress(register, mac, address);
  return register;
}

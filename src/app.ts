// Opens the world and wires the doors: the only file that knows them all.
// Server(door, decide(register, site)), one timeline, one desk for files.

import { type Ipv4, showIpv4 } from './base/ipv4.ts';
import type { Log } from './base/log.ts';
import { type Mac, showMac } from './base/mac.ts';
import { type Closable, openAll, type World } from './base/world.ts';
import type { Appliance } from './control/api.ts';
import { createAppliance } from './control/appliance.ts';
import { createLeaseTable, type LeaseTable } from './dhcp/leases.ts';
import { openDhcpServer } from './dhcp/server.ts';
import { openShelf, type Shelf } from './files/disk.ts';
import { createDesk } from './files/serve.ts';
import { openHttpServer } from './http/server.ts';
import type { HttpOptions, Lan } from './net/ports.ts';
import type { Phone } from './phones/phone.ts';
import { bindAddress, createRegister, type Register } from './phones/register.ts';
import { urlFor } from './phones/url.ts';
import { vendorOf } from './phones/vendor.ts';
import { openSip, type SipServer } from './sip/server.ts';
import type { LoadedSite } from './site/load.ts';
import type { LanSite } from './site/site.ts';
import type { State } from './store/state.ts';
import { openTftpServer } from './tftp/server.ts';
import type { PhoneEvent, Tell } from './timeline/event.ts';
import { createTimeline } from './timeline/journal.ts';
import { rememberedProgress } from './timeline/progress.ts';
import { isNormal } from './timeline/reason.ts';
import { sentence } from './timeline/sentence.ts';

export interface AppParts {
  readonly site: LoadedSite;
  readonly lanSite: LanSite;
  readonly lan: Lan;
  readonly state: State;
  readonly world: World;
  readonly log: Log;
  /** Needed when the HTTPS door is on. */
  readonly tls?: HttpOptions['tls'];
  readonly neighbourOf: (address: Ipv4) => Promise<Mac | undefined>;
}

/** Everything running on one LAN. Closing gives the sockets back; the state is the caller's. */
export interface App extends Closable {
  readonly appliance: Appliance;
}

/** Opens all doors. Rejects with a Fault, nothing left open, when one of them cannot be opened. */
export async function openApp(parts: AppParts): Promise<App> {
  const { site, lanSite, lan, state, world, log } = parts;
  const { catalogue, provisioning } = site;
  const timeline = createTimeline(
    state.phones.map(({ mac, ownFile }) => [mac, rememberedProgress(mac, ownFile)]),
  );
  const leases = createLeaseTable(lanSite, state.leases);
  const register = rememberPhones(site, state, leases, world);
  const tell = teller({ state, register, log, tell: timeline.tell });
  const url = (phone: Phone): string | undefined =>
    urlFor({ url: provisioning.url, server: lanSite.address, catalogue, phone });
  const shelf = site.filesRoot === undefined ? EMPTY_SHELF : openShelf(site.filesRoot);
  const desk = createDesk({
    register,
    templates: site.templates,
    shelf,
    lan: lanSite,
    urlFor: url,
    neighbourOf: parts.neighbourOf,
    world,
    tell,
  });
  const common = { lan, site: lanSite, register, world, tell, urlFor: url };

  let sip: SipServer | undefined;
  const doors = await openAll([
    ...(lanSite.dhcp.mode === 'off'
      ? []
      : [async () => await openDhcpServer({ ...common, provisioning, leases, commit: state.commit })]),
    async () => {
      sip = await openSip({
        ...common,
        notifyStyleFor: (phone) => vendorOf(catalogue, phone.identity.vendor)?.pnp.notify ?? 'rfc',
      });
      return sip;
    },
    ...(site.doors.tftp === 'off' ? [] : [async () => await openTftpServer({ lan, desk, world, tell })]),
    ...(site.doors.http === 'off' ? [] : [webDoor(site.doors.http)]),
    ...(site.doors.https === 'off' ? [] : [webDoor(site.doors.https, parts.tls)]),
  ]);
  function webDoor(port: number, tls?: HttpOptions['tls']): () => Promise<Closable> {
    return async () => await openHttpServer({ lan, port, tls, desk, world, tell });
  }

  const appliance = createAppliance({
    register,
    timeline,
    desk,
    leases,
    lan: lanSite,
    provisioning,
    urlFor: url,
    world,
    wake: async (request) => {
      if (sip === undefined) throw new Error('the SIP door is not open');
      return await sip.wake(request);
    },
  });
  if (state.cut > 0) {
    const hint = 'nothing to do: the last record was not complete, so no phone was answered on it';
    tell({
      kind: 'fault',
      at: world.now(),
      code: 'journal-cut',
      message: `${state.cut} torn bytes cut off the journal`,
      hint,
    });
  }
  return { appliance, close: doors.close };
}

const EMPTY_SHELF: Shelf = { find: async () => await Promise.resolve(undefined) };

function rememberPhones(site: LoadedSite, state: State, leases: LeaseTable, world: World): Register {
  const holders = [...leases.leases.values()].filter(
    ({ state: is, expires }) => is === 'bound' && expires > world.now(),
  );
  const known = new Set(state.phones.map(({ mac }) => mac));
  const register = createRegister({
    catalogue: site.catalogue,
    list: site.phones,
    remembered: [
      ...state.phones,
      ...holders.filter(({ mac }) => !known.has(mac)).map(({ mac }) => ({ mac, clues: [] })),
    ],
  });
  for (const { mac, address } of holders) bindAddress(register, mac, address);
  return register;
}

/** Timeline first, then the log; and what must outlive a restart goes to the state. */
function teller(parts: { state: State; register: Register; log: Log; tell: Tell }): Tell {
  const { state, register, log, tell } = parts;
  return (event) => {
    tell(event);
    logEvent(log, event);
    if (event.kind !== 'fetched' || event.role !== 'own' || event.mac === undefined) return;
    const { mac, file, digest, bytes, at } = event;
    const clues = [...(register.phones.get(mac)?.clues.values() ?? [])];
    state.notePhone({ mac, clues, ownFile: { file, digest, bytes, at } }).catch((error: unknown) => {
      log.error({ error: String(error) }, 'the proof of a phone could not be stored');
    });
  };
}

function logEvent(log: Log, event: PhoneEvent): void {
  const level = levelOf(event);
  // A flood makes thousands of events: what nobody reads is not put into words.
  if (!log.isLevelEnabled(level)) return;
  const { kind, at: _loggedAlready, mac, ...rest } = event;
  const { from } = rest;
  const address = 'address' in rest && rest.address !== undefined ? { address: showIpv4(rest.address) } : {};
  const who = mac === undefined ? (from ?? 'unboxd') : showMac(mac);
  log[level]({ event: kind, mac: mac && showMac(mac), ...rest, ...address }, `${who} ${sentence(event)}`);
}

/** What every healthy boot contains is for those who look closely. */
function levelOf(event: PhoneEvent): 'debug' | 'info' | 'error' {
  if (event.kind === 'fault') return 'error';
  if (event.kind === 'garbled') return 'debug';
  return event.kind === 'refused' && isNormal(event.because) ? 'debug' : 'info';
}
